//! What an inline script gives the rest of its page: the functions it declares and the queues and commands it sets up, by
//! name. Once it is held the guard puts something that does nothing in their place, so that whoever calls them goes on.
//!
//! A reader of names, not of JavaScript: it follows brackets, strings and comments, and takes a regular expression for
//! whatever its characters look like. A name too many is a global that nobody asks for; one too few is an error in the
//! console.

use super::banner;

/// No snippet gives more.
const MOST_NAMES: usize = 12;
/// Longer than this no one writes a name.
const LONGEST_NAME: usize = 64;
/// What is followed by a bracket and is no function of the script's making, or must stay what it is.
const NEVER: [&str; 10] = ["if", "for", "while", "switch", "catch", "function", "return", "script", "$", "jQuery"];

/// The mark of a held script: its purpose, and the names behind it. What another tool's banner gives stays away for good.
pub(super) fn with_names(purpose: String, script: &[u8]) -> String {
    if purpose == banner::MARK {
        return purpose;
    }
    [purpose.as_str()].into_iter().chain(defined(script)).collect::<Vec<_>>().join(" ")
}

/// The names, in the order found, each once.
fn defined(script: &[u8]) -> Vec<&str> {
    let mut reader = Reader { script, names: Vec::new(), depth: 0, arguments: None, last: [Token::Start; 3] };
    let mut at = 0;
    while at < script.len() && reader.names.len() < MOST_NAMES {
        at = reader.next(at);
    }
    reader.names
}

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'s> {
    Start,
    Word(&'s str),
    Mark(u8),
}

struct Reader<'s> {
    script: &'s [u8],
    names: Vec<&'s str>,
    /// Open brackets of any kind.
    depth: usize,
    /// The depth of the arguments of a function that is called where it stands.
    arguments: Option<usize>,
    /// The last three tokens, the newest last.
    last: [Token<'s>; 3],
}

impl<'s> Reader<'s> {
    /// Reads what stands at `at`; where to go on.
    fn next(&mut self, at: usize) -> usize {
        let rest = &self.script[at..];
        match rest[0] {
            b'/' if rest.starts_with(b"//") => at + memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            b'/' if rest.starts_with(b"/*") => at + memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
            quote @ (b'"' | b'\'' | b'`') => self.string(at, quote),
            byte if is_word(byte) => self.word(at),
            byte if byte.is_ascii_whitespace() => at + 1,
            byte => {
                self.mark(byte);
                at + 1
            }
        }
    }

    /// In quotes: makes a command of the word in front of its bracket, or is itself a name that a snippet is given.
    fn string(&mut self, at: usize, quote: u8) -> usize {
        let inside = &self.script[at + 1..];
        let end = end_of(inside, quote);
        match self.last {
            [before, Token::Word(name), Token::Mark(b'(')] if self.depth == 1 && before != Token::Mark(b'.') => {
                self.add(name);
            }
            _ if self.arguments == Some(self.depth) => self.add(name_in(&inside[..end])),
            _ => {}
        }
        self.push(Token::Mark(quote));
        at + 1 + end + 1
    }

    fn word(&mut self, at: usize) -> usize {
        let length = self.script[at..].iter().position(|byte| !is_word(*byte)).unwrap_or(self.script.len() - at);
        let word = name_in(&self.script[at..at + length]);
        if self.depth == 0 && self.last[2] == Token::Word("function") {
            self.add(word);
        } else if word == "function" {
            self.assigned();
        }
        self.push(Token::Word(word));
        at + length
    }

    /// `name = {…}`, `name = function`: not what is one of something else's.
    fn assigned(&mut self) {
        if let [before, Token::Word(name), Token::Mark(b'=')] = self.last
            && self.depth == 0
            && before != Token::Mark(b'.')
        {
            self.add(name);
        }
    }

    fn mark(&mut self, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => {
                if byte == b'{' {
                    self.assigned();
                }
                if byte == b'(' && self.depth <= 1 && matches!(self.last[2], Token::Mark(b')' | b'}')) {
                    self.arguments = Some(self.depth + 1);
                }
                // `queue = queue || []`
                match self.last {
                    [Token::Word(name), Token::Mark(b'|'), Token::Mark(b'|')] if byte == b'[' && self.depth == 0 => {
                        self.add(name);
                    }
                    _ => {}
                }
                self.depth += 1;
            }
            b')' | b']' | b'}' => {
                self.arguments = self.arguments.filter(|depth| *depth != self.depth);
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        self.push(Token::Mark(byte));
    }

    fn push(&mut self, token: Token<'s>) {
        self.last = [self.last[1], self.last[2], token];
    }

    fn add(&mut self, name: &'s str) {
        let fits = !name.is_empty() && !name.as_bytes()[0].is_ascii_digit();
        if fits && !NEVER.contains(&name) && !self.names.contains(&name) {
            self.names.push(name);
        }
    }
}

/// Where the string ends; one without an end goes to the end of its text.
fn end_of(inside: &[u8], quote: u8) -> usize {
    let mut from = 0;
    while let Some(found) = memchr::memchr2(quote, b'\\', &inside[from..]) {
        if inside[from + found] == quote {
            return from + found;
        }
        from = (from + found + 2).min(inside.len());
    }
    inside.len()
}

/// The whole of it as a name; nothing where it is none.
fn name_in(text: &[u8]) -> &str {
    let fits = text.len() <= LONGEST_NAME && text.iter().all(|byte| is_word(*byte));
    if fits { std::str::from_utf8(text).unwrap_or_default() } else { "" }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(script: &str) -> Vec<&str> {
        defined(script.as_bytes())
    }

    #[test]
    fn what_the_snippets_of_trackers_set_up() {
        let analytics = "(function(i,s,o,g,r,a,m){i['GoogleAnalyticsObject']=r;i[r]=i[r]||function(){\n(i[r].q=i[r].q||[]).push(arguments)}\
                         })(window,document,'script','//www.google-analytics.com/analytics.js','ga');\nga('create', 'UA-1-1', 'auto');";
        assert_eq!(names(analytics), ["ga"]);
        assert_eq!(names("var _gaq = _gaq || []; _gaq.push(['_setAccount', 'UA-1']);"), ["_gaq"]);
        assert_eq!(names("var _paq = window._paq = window._paq || [];\n_paq.push(['trackPageView']);"), ["_paq"]);
        let container = "(function(w,d,s,l,i){w[l]=w[l]||[];})(window,document,'script','dataLayer','GTM-1');";
        assert_eq!(names(container), ["dataLayer"]);
        let gtag = "window.dataLayer = window.dataLayer || [];\nfunction gtag(){dataLayer.push(arguments);}\ngtag('js', new Date());";
        assert_eq!(names(gtag), ["dataLayer", "gtag"]);
        let pixel = "!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){}}(window, document,'script',\
                     'https://connect.facebook.net/en_US/fbevents.js');\nfbq('init', '1');";
        assert_eq!(names(pixel), ["fbq"]);
        let share = "var a2a_config=a2a_config||{},wpa2a={done:false,script_load:function(){var a=document.createElement('script')}}; init = function () {};";
        assert_eq!(names(share), ["wpa2a", "init"]);
        assert_eq!(names("function addObserver() {\nif (window['VK']) { function inner() {} }\n}\n"), ["addObserver"]);
    }

    #[test]
    fn what_is_no_name_of_its_own() {
        for script in [
            "if ('a' in window) { track('x') }",
            "$('#a').click(); jQuery('b');",
            "document.write('<p>'); a.b('c');",
            "// function x() {}\n/* function y() {} */ 'function z() {}'",
            "x.y = {}; x.push('a'); x.z = function () {};",
            "(function () { function inner() {} go('x') })();",
        ] {
            assert_eq!(names(script), [""; 0], "{script}");
        }
    }

    #[test]
    fn nothing_is_read_past_the_end_and_not_for_ever() {
        for script in ["'", "'\\", "/*", "//", "(((((", ")))))", "f('", "\u{e4}('x')", "function", "function 1x(){}"] {
            names(script);
        }
        let many: String =
            (0..1000).flat_map(|at| ["function f".to_owned(), at.to_string(), "(){}\n".to_owned()]).collect();
        assert_eq!(names(&many).len(), MOST_NAMES);
        assert_eq!(names(&format!("function {}(){{}}", "x".repeat(65))), [""; 0]);
    }
}
