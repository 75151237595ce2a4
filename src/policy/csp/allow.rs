//! The least edit of a site's policy under which the gate's own parts work.

use super::matching::Address;
use super::read::{Directive, Policy, policies};

/// The gate's own parts on one page, all on the page's own host.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// The visitor is known to use https.
    pub https: bool,
    /// Host and perhaps a port, as the visitor wrote them.
    pub authority: &'a str,
    /// This response's nonce: base64url of at least 128 random bits, on the script's and the stylesheet's tag.
    pub nonce: &'a str,
    /// The paths of the gate's scripts on the page: the guard, and what it loads itself.
    pub scripts: &'a [&'a str],
    /// The paths of the gate's stylesheets, where the page gets any.
    pub styles: &'a [&'a str],
    /// Where the gate's forms post to, where the page gets any.
    pub forms: &'a [&'a str],
    /// Where the gate's script asks and posts.
    pub connect: &'a [&'a str],
}

/// What to insert into a list of policies, in order of place, so that exactly the gate's own parts work under each.
///
/// A script and a stylesheet get the response's nonce. Where a list allows all that is inline by `'unsafe-inline'` alone, a
/// nonce would switch that off and break the site's own: there they get their exact address. `form-action` and `connect-src`
/// know no nonce: they get the exact addresses of the gate's endpoints. What is governed by `default-src` gets a directive
/// of its own with the same list, so that nothing else is widened.
pub fn allow(list: &[u8], own: &Own<'_>) -> Vec<(usize, String)> {
    let mut edits: Vec<_> = policies(list).flat_map(|policy| edits(&policy, own)).collect();
    // Of one place, in the order they were made.
    edits.sort_by_key(|(at, _)| *at);
    edits
}

fn edits(policy: &Policy<'_>, own: &Own<'_>) -> Vec<(usize, String)> {
    let lacking = |name: &'static str, paths: &[&str]| {
        let governing = policy.first_of(&[&format!("{name}-elem"), name, "default-src"])?;
        // Under `'strict-dynamic'` addresses and `'self'` count for nothing to a script: only the nonce does. For styles
        // it has no meaning.
        let nonces_only = name == "script-src" && governing.has("'strict-dynamic'");
        Some(with(governing, name, &element(governing, own, paths, nonces_only)?))
    };
    let connect = policy.first_of(&["connect-src", "default-src"]);
    let connect = connect.and_then(|list| Some(with(list, "connect-src", &addresses(list, own, own.connect)?)));
    // No fallback: without a directive of its own a form may go anywhere.
    let form = policy.first_of(&["form-action"]);
    let form = form.and_then(|list| Some(with(list, "form-action", &addresses(list, own, own.forms)?)));
    let elements = [lacking("script-src", own.scripts), lacking("style-src", own.styles)];
    elements.into_iter().chain([connect, form]).flatten().collect()
}

/// What a list lacks for scripts or stylesheets; `None` where it lacks nothing, or where nothing can be done.
fn element(list: &Directive<'_>, own: &Own<'_>, paths: &[&str], nonces_only: bool) -> Option<String> {
    let through = |path: &&str| !nonces_only && address(own, path).is_matched_by(list);
    if paths.iter().all(through) {
        return None;
    }
    if !nonces_only && allows_all_inline(list) {
        return addresses(list, own, paths);
    }
    Some(format!("'nonce-{}'", own.nonce))
}

/// `'unsafe-inline'` counts only as long as the list has neither a nonce nor a hash (CSP3, "does a source list allow all
/// inline behavior").
fn allows_all_inline(list: &Directive<'_>) -> bool {
    list.has("'unsafe-inline'") && !list.values.iter().any(|source| is_nonce_or_hash(source))
}

/// One that is not well formed is no nonce and no hash to a browser either.
fn is_nonce_or_hash(source: &str) -> bool {
    let inner = source.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let Some((kind, value)) = inner.and_then(|inner| inner.split_once('-')) else { return false };
    let kinds = ["nonce", "sha256", "sha384", "sha512"];
    let digits = value.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    kinds.iter().any(|known| kind.eq_ignore_ascii_case(known))
        && !digits.is_empty()
        && digits.bytes().all(fits)
        && value.len() - digits.len() <= 2
}

/// The exact addresses a list does not let through yet.
fn addresses(list: &Directive<'_>, own: &Own<'_>, paths: &[&str]) -> Option<String> {
    let missing = paths.iter().map(|path| address(own, path)).filter(|address| !address.is_matched_by(list));
    let sources: Vec<_> = missing.filter_map(|address| address.source()).collect();
    (!sources.is_empty()).then(|| sources.join(" "))
}

fn address<'a>(own: &Own<'a>, path: &'a str) -> Address<'a> {
    Address { https: own.https, authority: own.authority, path }
}

/// The list with one source more. `'none'` beside another source counts for nothing (CSP3, "does url match source list"),
/// so it may stay where it is; a copy does without it.
fn with(governing: &Directive<'_>, name: &str, source: &str) -> (usize, String) {
    if !governing.is("default-src") {
        return (governing.span.end, format!(" {source}"));
    }
    let sources = governing.values.iter().filter(|value| !value.eq_ignore_ascii_case("'none'"));
    let list = sources.fold(String::new(), |list, value| list + " " + value);
    (governing.span.end, format!("; {name}{list} {source}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: &str = "'nonce-r4nd0m'";
    const SCRIPT: &str = "www.example.gov.uk/.consent/guard-01.js";
    const STYLE: &str = "www.example.gov.uk/.consent/notice.css";
    const CONNECT: &str = "www.example.gov.uk/.consent/verdict www.example.gov.uk/.consent/choice";
    const FORM: &str = "www.example.gov.uk/.consent/choice";

    fn own() -> Own<'static> {
        Own {
            https: true,
            authority: "www.example.gov.uk",
            nonce: "r4nd0m",
            scripts: &["/.consent/guard-01.js"],
            styles: &["/.consent/notice.css"],
            forms: &["/.consent/choice"],
            connect: &["/.consent/verdict", "/.consent/choice"],
        }
    }

    fn applied(list: &str, own: &Own<'_>) -> String {
        let mut edited = list.to_owned();
        for (at, text) in allow(list.as_bytes(), own).into_iter().rev() {
            edited.insert_str(at, &text);
        }
        edited
    }

    /// What each policy becomes. `N`, `S`, `T`, `C` and `F` stand for the nonce, the exact addresses of script and
    /// stylesheet, those the script asks, and the form's.
    const POLICIES: [(&str, &str); 41] = [
        // Nothing governs our parts, or what governs lets them in: not a byte.
        ("", ""),
        ("frame-ancestors 'none'; base-uri 'self'", "frame-ancestors 'none'; base-uri 'self'"),
        ("default-src 'self'", "default-src 'self'"),
        ("default-src https:", "default-src https:"),
        ("default-src *; script-src *.example.gov.uk", "default-src *; script-src *.example.gov.uk"),
        ("script-src 'self' 'nonce-abc'", "script-src 'self' 'nonce-abc'"),
        ("script-src 'self' 'sha256-AAAA='", "script-src 'self' 'sha256-AAAA='"),
        ("default-src 'self'; form-action 'self'", "default-src 'self'; form-action 'self'"),
        ("upgrade-insecure-requests; img-src 'none'", "upgrade-insecure-requests; img-src 'none'"),
        ("img-src 'self'; font-src data:; frame-src 'none'", "img-src 'self'; font-src data:; frame-src 'none'"),
        // Never more for what forbids script as such: a sandbox and Trusted Types are the site's to decide on.
        ("sandbox", "sandbox"),
        ("sandbox allow-scripts; script-src 'self'", "sandbox allow-scripts; script-src 'self'"),
        (
            "require-trusted-types-for 'script'; trusted-types app",
            "require-trusted-types-for 'script'; trusted-types app",
        ),
        // One nonce where neither `'self'` nor a host lets the script in.
        ("script-src 'nonce-abc'", "script-src 'nonce-abc' N"),
        ("script-src 'sha384-AA+/=='", "script-src 'sha384-AA+/==' N"),
        ("script-src https://cdn.example", "script-src https://cdn.example N"),
        ("script-src 'none'", "script-src 'none' N"),
        ("script-src", "script-src N"),
        ("SCRIPT-SRC 'NONE' ; img-src *", "SCRIPT-SRC 'NONE' N ; img-src *"),
        // Under 'strict-dynamic' addresses count for nothing, `'self'` neither.
        (
            "script-src 'self' https: 'strict-dynamic' 'nonce-abc'",
            "script-src 'self' https: 'strict-dynamic' 'nonce-abc' N",
        ),
        ("script-src 'unsafe-inline' 'strict-dynamic'", "script-src 'unsafe-inline' 'strict-dynamic' N"),
        (
            "script-src 'strict-dynamic' 'nonce-a' 'unsafe-inline' https:; object-src 'none'; base-uri 'none'",
            "script-src 'strict-dynamic' 'nonce-a' 'unsafe-inline' https: N; object-src 'none'; base-uri 'none'",
        ),
        // A nonce would switch 'unsafe-inline' off: the exact address instead.
        ("script-src 'unsafe-inline' https://cdn.example", "script-src 'unsafe-inline' https://cdn.example S"),
        ("script-src 'unsafe-inline' 'nonce-'", "script-src 'unsafe-inline' 'nonce-' S"),
        ("script-src 'unsafe-inline' 'sha256-x y'", "script-src 'unsafe-inline' 'sha256-x y' S"),
        ("style-src 'unsafe-inline'", "style-src 'unsafe-inline' T"),
        // Already off: then a nonce changes nothing.
        ("script-src 'unsafe-inline' 'nonce-abc'", "script-src 'unsafe-inline' 'nonce-abc' N"),
        // The first of script-src-elem, script-src and default-src governs, alone.
        ("script-src 'self'; script-src-elem 'nonce-abc'", "script-src 'self'; script-src-elem 'nonce-abc' N"),
        ("script-src 'none'; script-src-elem 'self'", "script-src 'none'; script-src-elem 'self'"),
        ("script-src 'nonce-a'; script-src 'self'", "script-src 'nonce-a' N; script-src 'self'"),
        // What default-src governs gets its own list, so that images and the rest are widened by nothing.
        ("default-src 'none'", "default-src 'none'; script-src N; style-src N; connect-src C"),
        (
            "default-src https://cdn.example; img-src 'self';",
            "default-src https://cdn.example; script-src https://cdn.example N; style-src https://cdn.example N; connect-src https://cdn.example C; img-src 'self';",
        ),
        (
            "default-src 'unsafe-inline' data:",
            "default-src 'unsafe-inline' data:; script-src 'unsafe-inline' data: S; style-src 'unsafe-inline' data: T; connect-src 'unsafe-inline' data: C",
        ),
        (
            "default-src 'none'; script-src 'self'; style-src 'self'",
            "default-src 'none'; connect-src C; script-src 'self'; style-src 'self'",
        ),
        // Styles as scripts, save that 'strict-dynamic' says nothing about them.
        ("style-src 'nonce-abc'", "style-src 'nonce-abc' N"),
        ("style-src-elem 'none'; style-src 'self'", "style-src-elem 'none' N; style-src 'self'"),
        (
            "default-src 'self' 'strict-dynamic' 'nonce-a'",
            "default-src 'self' 'strict-dynamic' 'nonce-a'; script-src 'self' 'strict-dynamic' 'nonce-a' N",
        ),
        // The form and the questions know no nonce: the exact addresses of the gate's own endpoints.
        ("form-action 'none'", "form-action 'none' F"),
        ("form-action https://pay.example/", "form-action https://pay.example/ F"),
        ("connect-src 'none'", "connect-src 'none' C"),
        // Every policy of a list by itself.
        (
            "script-src 'self', script-src 'nonce-a'; connect-src 'self', default-src *",
            "script-src 'self', script-src 'nonce-a' N; connect-src 'self', default-src *",
        ),
    ];

    fn expected(short: &str) -> String {
        let long = |word: &str| match word.trim_end_matches([';', ',']) {
            "N" => word.replace('N', NONCE),
            "S" => word.replace('S', SCRIPT),
            "T" => word.replace('T', STYLE),
            "C" => word.replace('C', CONNECT),
            "F" => word.replace('F', FORM),
            _ => word.to_owned(),
        };
        short.split(' ').map(long).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_policy_gets_the_least_it_lacks() {
        for (policy, short) in POLICIES {
            assert_eq!(applied(policy, &own()), expected(short), "{policy}");
        }
    }

    #[test]
    fn an_edited_policy_lacks_nothing_any_more() {
        for (policy, _) in POLICIES {
            let edited = applied(policy, &own());
            // The next page's nonce is another one; everything else is there.
            let lacking = allow(edited.as_bytes(), &own());
            assert!(lacking.iter().all(|(_, text)| text.ends_with(NONCE)), "{edited}: {lacking:?}");
        }
    }

    #[test]
    fn every_edit_adds_one_nonce_or_exact_own_addresses_and_nothing_else() {
        for (policy, _) in POLICIES {
            for (_, text) in allow(policy.as_bytes(), &own()) {
                let known = policy.split([' ', ';', ',']).collect::<Vec<_>>();
                let added = text.split([' ', ';']).filter(|word| !word.is_empty() && !known.contains(word));
                let ours = [NONCE, SCRIPT, STYLE, FORM, "www.example.gov.uk/.consent/verdict"];
                let names = ["script-src", "style-src", "connect-src"];
                for word in added {
                    assert!(ours.contains(&word) || names.contains(&word), "{policy}: {word}");
                }
            }
        }
    }

    #[test]
    fn without_a_script_no_policy_is_edited_for_one() {
        let quiet = Own { scripts: &[], connect: &[], ..own() };
        assert_eq!(applied("script-src 'none'; connect-src 'none'", &quiet), "script-src 'none'; connect-src 'none'");
    }

    /// An IPv6 host is no source expression: `'self'` is the only way to name it, and that would be more than we may add.
    #[test]
    fn a_host_that_cannot_be_named_gets_a_nonce_or_nothing() {
        let own = Own { authority: "[::1]:8080", ..own() };
        assert_eq!(applied("script-src 'none'", &own), format!("script-src 'none' {NONCE}"));
        assert_eq!(
            applied("form-action 'none'; style-src 'unsafe-inline'", &own),
            "form-action 'none'; style-src 'unsafe-inline'"
        );
    }

    #[test]
    fn no_bytes_make_it_panic_and_every_place_is_between_characters() {
        for list in [
            "caf\u{e9} 'none'; script-src 'none'",
            "script-src \u{a0}x; style-src",
            ";,;script-src ,",
            "\u{feff}default-src",
        ] {
            for (at, _) in allow(list.as_bytes(), &own()) {
                assert!(list.is_char_boundary(at), "{list}");
            }
        }
        let _ = allow(b"\xff\xfe;script-src \x80, default-src 'none'", &own());
    }

    /// What governs each thing a page may do, before and after.
    fn governed(policy: &Policy<'_>) -> Vec<(String, Option<Vec<String>>)> {
        let chains: [&[&str]; 12] = [
            &["script-src-elem", "script-src", "default-src"],
            &["script-src-attr", "script-src", "default-src"],
            &["script-src", "default-src"],
            &["worker-src", "child-src", "script-src", "default-src"],
            &["style-src-elem", "style-src", "default-src"],
            &["style-src-attr", "style-src", "default-src"],
            &["connect-src", "default-src"],
            &["form-action"],
            &["img-src", "default-src"],
            &["frame-src", "child-src", "default-src"],
            &["object-src", "default-src"],
            &["base-uri"],
        ];
        let sources = |chain: &[&str]| {
            let list = policy.first_of(chain)?;
            let counted = list.values.iter().filter(|value| !value.eq_ignore_ascii_case("'none'"));
            Some(counted.map(ToString::to_string).collect::<Vec<_>>())
        };
        chains.iter().map(|chain| (chain[0].to_owned(), sources(chain))).collect()
    }

    proptest! {
        #[test]
        fn no_edit_ever_widens_anything_by_more_than_our_own(
            list in "(((default|script|style|connect|img|child|worker)-src|(script|style)-src-(elem|attr)|form-action|base-uri)(( |\t)('self'|'none'|'unsafe-inline'|'strict-dynamic'|'nonce-x'|'sha256-y='|https:|data:|[*][.]example[.]gov[.]uk|cdn[.]example/a)){0,3}[ ]?[;,]{0,2} ?){0,6}",
        ) {
            let edited = applied(&list, &own());
            let (before, after): (Vec<_>, Vec<_>) = (policies(list.as_bytes()).collect(), policies(edited.as_bytes()).collect());
            prop_assert_eq!(before.len(), after.len());
            let ours = [NONCE, SCRIPT, STYLE, FORM, "www.example.gov.uk/.consent/verdict"];
            for (before, after) in before.iter().zip(&after) {
                for ((what, old), (_, new)) in governed(before).into_iter().zip(governed(after)) {
                    let (Some(old), Some(new)) = (&old, &new) else {
                        prop_assert_eq!(&old, &new, "{}: {} became {}", what, list, edited);
                        continue;
                    };
                    let added: Vec<_> = new.iter().filter(|source| !old.contains(source)).collect();
                    prop_assert!(old.iter().all(|source| new.contains(source)), "{what}: {list} became {edited}");
                    prop_assert!(added.iter().all(|source| ours.contains(&source.as_str())), "{what}: {list} became {edited}");
                    // A nonce beside an 'unsafe-inline' that was in force would take it away.
                    let inline = |sources: &[String]| {
                        let has = |wanted: &str| sources.iter().any(|source| source == wanted);
                        has("'unsafe-inline'") && !sources.iter().any(|source| is_nonce_or_hash(source)) && !has("'strict-dynamic'")
                    };
                    if what != "worker-src" {
                        prop_assert_eq!(inline(old), inline(new), "{}: {} became {}", what, list, edited);
                    }
                }
            }
        }
    }
}
