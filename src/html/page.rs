//! One page on its way through: read, judged, edited, sent on, chunk by chunk.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::consent::PurposeSet;
use crate::policy::Policy;

use super::Abandoned;
use super::editor::Editor;
use super::embed_here::Cookies;
use super::hold::{Finding, HeldTag, LeftOut};
use super::scan::{BodyTag, Event, Kind, Scanner};

/// Makes the notice for a page whose `<html lang>` is this; ASCII only, so that it fits any charset.
pub type Notice = Box<dyn FnOnce(Option<&str>) -> Vec<u8> + Send>;

/// Makes the footer, from what the page has shown of itself; ASCII only, as the notice.
pub type Footer = Box<dyn FnOnce(&Ending<'_>) -> Vec<u8> + Send>;

/// What is known of a page at its end.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'p> {
    /// Its `<html lang>`.
    pub language: Option<&'p str>,
    /// What was held in it with nothing standing in for it.
    pub left_out: &'p LeftOut,
    /// It has a link of its own to the cookies page, or shows it.
    pub linked: bool,
}

/// Makes what stands in for a held tag, in front of it; `None` where nothing should. ASCII only, as the notice.
pub type Placeholder = Arc<dyn Fn(&HeldTag) -> Option<Vec<u8>> + Send + Sync>;

/// Edits a policy that the page gives itself in a `<meta>`: from its text the insertions, by their place in it; ASCII only.
pub type Csp = Arc<dyn Fn(&str) -> Vec<(usize, String)> + Send + Sync>;

/// What a page is judged by.
pub struct Job {
    /// The site's rules.
    pub policy: Arc<Policy>,
    /// What may run for this visitor on this path.
    pub granted: PurposeSet,
    /// The page's own address.
    pub address: Url,
    /// Put first in the head, once.
    pub head: Option<Vec<u8>>,
    /// Stands in for what is held and would have been seen.
    pub placeholder: Option<Placeholder>,
    /// Edits what the page says in `<meta http-equiv="Content-Security-Policy">`.
    pub csp: Option<Csp>,
    /// The cookies page, for a page that has a place for it.
    pub cookies: Option<Cookies>,
    /// Put first in the body, once.
    pub notice: Option<Notice>,
    /// Put at the end of the body, once.
    pub footer: Option<Footer>,
}

/// What may follow the last `</body>`: `</html>`, white space, a late script. Where more follows, it was not the last.
const LONGEST_TAIL: usize = 2048;

/// A page being rewritten. Feed it decoded bytes; take what may leave.
pub struct Page {
    editor: Editor,
    scanner: Scanner,
    head: Option<Vec<u8>>,
    notice: Option<Notice>,
    footer: Option<Footer>,
    /// The last `</body>` so far: it waits for what follows, because the footer goes in front of it.
    body_end: Option<usize>,
}

impl Page {
    /// A page that has not begun.
    pub fn new(job: Job) -> Self {
        let Job { policy, granted, address, head, placeholder, csp, cookies, notice, footer } = job;
        let mut editor = Editor::new(policy, granted, address);
        (editor.placeholder, editor.csp) = (placeholder, csp);
        if let Some(Cookies { path, content }) = cookies {
            (editor.cookies_path, editor.cookies) = (Some(path), Some(content));
        }
        Self { editor, scanner: Scanner::page(), head, notice, footer, body_end: None }
    }

    /// Takes the next bytes of the page; what may leave is added to `out`.
    ///
    /// # Errors
    /// Why the rest of this page can never be judged: nothing more of it may be sent.
    pub fn push(&mut self, chunk: Bytes, out: &mut Vec<Bytes>) -> Result<(), Abandoned> {
        self.scanner.read_all(self.editor.may_have_banner(&chunk) || self.editor.may_link(&chunk));
        let events = self.scanner.feed(&chunk)?;
        self.editor.source.push(chunk);
        self.read(events)?;
        self.editor.limit_waiting()?;
        let limit = self.before_the_tail();
        self.editor.emit(limit, out);
        Ok(())
    }

    /// The page has ended: judges and adds what was held back.
    pub fn finish(mut self, out: &mut Vec<Bytes>) -> Result<Vec<Finding>, Abandoned> {
        // A tag that was begun and not ended is none to a browser: behind it, what is added here would end it.
        let last = self.scanner.understood();
        let events = self.scanner.end()?;
        self.read(events)?;
        self.editor.end()?;
        let end = self.editor.source.end();
        if end > 0 {
            let language = self.editor.language.clone();
            if let Some(notice) = self.notice.take() {
                self.editor.insert(last, notice(language.as_deref()));
            }
            if let Some(footer) = self.footer.take() {
                let Editor { left_out, linked, .. } = &self.editor;
                let ending = Ending { language: language.as_deref(), left_out, linked: *linked };
                let footer = footer(&ending);
                self.editor.insert(self.body_end.unwrap_or(last), footer);
            }
        }
        self.editor.emit(end, out);
        Ok(self.editor.findings)
    }

    /// What was held since the last call.
    pub fn findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.editor.findings)
    }

    fn read(&mut self, events: Vec<Event>) -> Result<(), Abandoned> {
        for event in events {
            match event {
                Event::Head { at } => self.editor.insert(at, self.head.take().unwrap_or_default()),
                Event::Body { tag, span } => self.body(tag, &span),
                Event::BodyEnd { at } => self.body_end = Some(at),
                event => {
                    if let Event::Start { kind: Kind::Html, span, .. } = &event {
                        self.editor.language = self.editor.value(span, "lang");
                    }
                    self.editor.event(event)?;
                }
            }
        }
        Ok(())
    }

    /// How much may leave: all that is understood, save what may turn out to be the page's end.
    fn before_the_tail(&mut self) -> usize {
        self.body_end = self.body_end.filter(|at| self.editor.source.end() - at <= LONGEST_TAIL);
        self.scanner.understood().min(self.body_end.unwrap_or(usize::MAX))
    }

    /// The notice stands first in the body; a frameset has no body for it.
    fn body(&mut self, tag: BodyTag, span: &Range<usize>) {
        let notice = self.notice.take().map(|notice| notice(self.editor.language.as_deref()));
        match (tag, notice) {
            (BodyTag::Body, Some(notice)) => self.editor.insert(span.end, notice),
            (BodyTag::Other, Some(notice)) => self.editor.insert(span.start, notice),
            (BodyTag::Frameset, _) => self.footer = None,
            (_, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::consent::Purpose;
    use crate::policy::Config;

    const SDK: &str = "<script src=\"//connect.facebook.net/en_GB/sdk.js\"></script>";
    const FILM: &str = "<iframe src=\"https://www.youtube.com/embed/x\"></iframe>";

    /// What the footer is told of a page that arrives in pieces whose findings are taken at once.
    fn left_out(html: &str, granted: PurposeSet) -> Vec<(&'static str, Purpose)> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let footer: Footer = Box::new(move |ending| {
            heard.lock().unwrap().extend(ending.left_out.iter().copied());
            Vec::new()
        });
        let frames: Placeholder = Arc::new(|tag| (tag.tag == "iframe").then(Vec::new));
        let config = Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() };
        let mut page = Page::new(Job {
            policy: Arc::new(Policy::new(&config).expect("no patterns")),
            granted,
            address: "https://www.example.gov.uk/".parse().unwrap(),
            head: None,
            placeholder: Some(frames),
            csp: None,
            cookies: None,
            notice: None,
            footer: Some(footer),
        });
        let mut out = Vec::new();
        for piece in html.as_bytes().chunks(7) {
            page.push(Bytes::copy_from_slice(piece), &mut out).unwrap();
            page.findings();
        }
        page.finish(&mut out).unwrap();
        std::mem::take(&mut *told.lock().unwrap())
    }

    #[test]
    fn the_footer_is_told_what_was_left_out_with_nothing_in_its_place() {
        let none = PurposeSet::ESSENTIAL;
        assert_eq!(left_out(&format!("<body>{SDK}{FILM}{SDK}</body>"), none), [("Facebook", Purpose::MARKETING)]);
        assert_eq!(left_out(FILM, none), []);
        let late = format!("<body></body></html>{SDK}");
        assert_eq!(left_out(&late, none), [("Facebook", Purpose::MARKETING)], "behind the end too");
        let text = "<script>new google.translate.TranslateElement({})</script>";
        assert_eq!(left_out(text, none), [("Google Translate", Purpose::PREFERENCES)]);
        let style = "<p style=\"background: url(https://i.ytimg.com/vi/x/0.jpg)\">";
        assert_eq!(left_out(style, none), [("YouTube", Purpose::MARKETING)]);
        let loader =
            "<script>s.src = '//staticw2.yotpo.com/x/widget.js'; go('//www.facebook.com/sharer.php?u=')</script>";
        assert_eq!(left_out(loader, none), [("Yotpo", Purpose::MARKETING)], "what it loads, not where it leads");
        let nested = format!("<noscript>{SDK}</noscript>");
        assert_eq!(left_out(&nested, none), [("Facebook", Purpose::MARKETING)]);
    }

    #[test]
    fn what_passes_or_only_hints_was_not_left_out() {
        let hint = "<link rel=\"preconnect\" href=\"https://platform.twitter.com\">";
        assert_eq!(left_out(hint, PurposeSet::ESSENTIAL), []);
        assert_eq!(left_out(SDK, PurposeSet::ESSENTIAL.with(Purpose::MARKETING)), []);
        assert_eq!(left_out("<script src=\"https://nobody.example/x.js\"></script>", PurposeSet::ESSENTIAL), []);
    }

    /// What the page becomes in pieces of this length, with a mark for what was put in.
    fn with_cookies(html: &str, piece: usize) -> String {
        let config = Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() };
        let content: Notice = Box::new(|language| format!("(page {})", language.unwrap_or("?")).into_bytes());
        let footer: Footer =
            Box::new(|ending| if ending.linked { b"(footer)".to_vec() } else { b"(footer, link)".to_vec() });
        let mut page = Page::new(Job {
            policy: Arc::new(Policy::new(&config).expect("no patterns")),
            granted: PurposeSet::ESSENTIAL,
            address: "https://www.example.gov.uk/cookies".parse().unwrap(),
            head: None,
            placeholder: None,
            csp: None,
            cookies: Some(Cookies { path: "/.consent/cookies".into(), content }),
            notice: None,
            footer: Some(footer),
        });
        let mut out = Vec::new();
        for piece in html.as_bytes().chunks(piece) {
            page.push(Bytes::copy_from_slice(piece), &mut out).unwrap();
        }
        page.finish(&mut out).unwrap();
        String::from_utf8(out.concat()).unwrap()
    }

    #[test]
    fn the_cookies_page_goes_into_its_place_once_however_the_page_is_cut() {
        let html = "<html lang=cy><body><h1>Cwcis</h1><div class=a id=\"consentgate-cookies\"></div><div id=consentgate-cookies></div></body>";
        for piece in 1..=html.len() {
            let expected = html.replacen("cookies\">", "cookies\">(page cy)", 1).replace("</body>", "(footer)</body>");
            assert_eq!(with_cookies(html, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_link_of_the_pages_own_is_noticed_however_the_page_is_cut() {
        let html = "<body><p>x</p><footer><a class=b href=\"/.consent/cookies\">Cwcis</a></footer></body>";
        for piece in 1..=html.len() {
            assert_eq!(with_cookies(html, piece), html.replace("</body>", "(footer)</body>"), "in pieces of {piece}");
        }
    }

    #[test]
    fn words_that_are_no_link_leave_the_footer_its_own() {
        for html in [
            "<body><script>let a = '<a href=/.consent/cookies>'</script></body>",
            "<body><!-- <a href=/.consent/cookies> --></body>",
            "<body><a href=/.consent/cookies/x>x</a></body>",
            "<body><noscript><a href=/.consent/cookies>x</a></noscript></body>",
        ] {
            for piece in [3, 4096] {
                assert!(with_cookies(html, piece).contains("(footer, link)"), "{html} in pieces of {piece}");
            }
        }
    }
}
