//! The guard: the one script of the gate, first in the head of every page, that keeps the verdicts while the page runs.
//!
//! The code is made from the modules in `script/` by `tests/tools/build-script` and committed; a test of the browser
//! suite fails when it is stale. With a site's rules for one set of granted purposes it becomes an asset whose name says
//! both, so that any node of a cluster can make it from its name alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::Place;
use super::html::Html;
use crate::consent::PurposeSet;

/// A function of the rules, without the call.
const CODE: &str = include_str!("script/gate.min.js");
/// What its name begins with, under the reserved prefix.
pub const GUARD_PREFIX: &str = "guard-";
/// 64 bits of the hash: enough that no two contents share a name.
const NAME_BYTES: usize = 8;

/// The guard for one site and one set of granted purposes.
#[derive(Debug)]
pub struct Guard {
    /// `guard-XX<hash>.js`, XX being the set.
    pub name: String,
    plain: Vec<u8>,
    gzip: OnceLock<Vec<u8>>,
    brotli: OnceLock<Vec<u8>>,
}

impl Guard {
    /// Puts rules (JSON, ASCII) into the code.
    pub fn new(granted: PurposeSet, rules: &str) -> Self {
        let plain = format!("({})({rules});", CODE.trim_end()).into_bytes();
        let mut name = format!("{GUARD_PREFIX}{:02x}", granted.bits());
        for byte in &Sha256::digest(&plain)[..NAME_BYTES] {
            let _ = write!(name, "{byte:02x}");
        }
        name.push_str(".js");
        Self { name, plain, gzip: OnceLock::new(), brotli: OnceLock::new() }
    }

    /// The script.
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The script as gzip (RFC 1952), made when it is first asked for.
    pub fn gzip(&self) -> &[u8] {
        self.gzip.get_or_init(|| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            let written = encoder.write_all(&self.plain).and_then(|()| encoder.finish());
            written.expect("memory takes everything")
        })
    }

    /// The script as brotli (RFC 7932), made when it is first asked for.
    pub fn brotli(&self) -> &[u8] {
        const QUALITY: u32 = 9;
        self.brotli.get_or_init(|| {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, QUALITY, 18);
            encoder.write_all(&self.plain).expect("memory takes everything");
            encoder.into_inner()
        })
    }
}

/// The set of purposes that an asset's name speaks of; `None` for what is no guard's name.
pub fn guard_set(name: &str) -> Option<PurposeSet> {
    let rest = name.strip_prefix(GUARD_PREFIX)?.strip_suffix(".js")?;
    let is_hex = rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let set = rest.get(..2).filter(|_| is_hex && rest.len() == 2 + 2 * NAME_BYTES)?;
    u8::from_str_radix(set, 16).ok().map(PurposeSet::from_bits)
}

/// How the guard is called for in a page.
#[derive(Clone, Copy, Debug)]
pub struct GuardTag<'a> {
    /// [`Guard::name`].
    pub name: &'a str,
    /// The visitor has chosen, whatever they chose.
    pub decided: bool,
    /// The nonce without which the page's own policy would refuse it.
    pub nonce: Option<&'a str>,
    /// The module that tells what is written on this page view, where it is sampled.
    pub seen: Option<&'a str>,
}

/// The tag that stands first in the head. Not `async` nor `defer`: nothing of the page may run before it.
pub fn guard_tag(place: &Place<'_>, tag: GuardTag<'_>) -> Vec<u8> {
    let mut html = Html::default();
    html.raw("<script").attribute("src", &place.own(tag.name));
    if let Some(nonce) = tag.nonce {
        html.attribute("nonce", nonce);
    }
    if let Some(seen) = tag.seen {
        html.attribute("data-seen", seen);
    }
    html.raw(if tag.decided { " data-decided" } else { "" }).raw("></script>");
    html.into_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::notice::Language;
    use crate::notice::testing::{config, place};

    #[test]
    fn the_code_is_one_function_in_ascii() {
        assert!(CODE.is_ascii(), "a page's charset is not ours");
        assert!(CODE.starts_with("e=>{"), "it is called with the rules");
        assert!(!CODE.contains("</script") && !CODE.contains("<!--"));
    }

    #[test]
    fn the_name_says_the_set_and_the_content() {
        let guard = Guard::new(PurposeSet::from_bits(5), "{\"p\":\"/.consent\"}");
        assert!(guard.plain().ends_with(b")({\"p\":\"/.consent\"});"));
        assert_eq!(guard.name, format!("guard-05{:.16x}.js", Sha256::digest(guard.plain()))[..].to_owned());
        assert_eq!(guard_set(&guard.name), Some(PurposeSet::from_bits(5)));
        assert_ne!(guard.name, Guard::new(PurposeSet::from_bits(5), "{}").name);
        for name in
            ["guard-.js", "guard-0g0123456789abcdef.js", "guard-050123456789abcde.js", "notice-05.css", "guard-\u{fc}"]
        {
            assert_eq!(guard_set(name), None, "{name}");
        }
    }

    #[test]
    fn compressed_it_is_the_same() {
        let guard = Guard::new(PurposeSet::ESSENTIAL, "{}");
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(guard.gzip()).read_to_end(&mut back).expect("gzip");
        assert_eq!(back, guard.plain());
        back.clear();
        brotli::Decompressor::new(guard.brotli(), 4096).read_to_end(&mut back).expect("brotli");
        assert_eq!(back, guard.plain());
    }

    #[test]
    fn the_tag_names_its_host_and_what_it_must() {
        let config = config();
        let place = place(&config, Language::English);
        let tag = GuardTag { name: "guard-01.js", decided: false, nonce: None, seen: None };
        assert_eq!(guard_tag(&place, tag), b"<script src=\"//www.example.gov.uk/.consent/guard-01.js\"></script>");
        let tag = GuardTag { decided: true, nonce: Some("a\"b"), seen: Some("seen-01.js"), ..tag };
        let written = String::from_utf8(guard_tag(&place, tag)).expect("ASCII");
        let ends = " nonce=\"a&quot;b\" data-seen=\"seen-01.js\" data-decided></script>";
        assert!(written.ends_with(ends), "{written}");
    }
}
