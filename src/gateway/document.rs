//! What happens to a body: passed, rewritten, or passed behind a fence because it could not be.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    LAST_MODIFIED, LINK, LOCATION,
};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt;
use url::Url;

use crate::catalogue;
use crate::consent::{Choice, PurposeSet};
use crate::html::{
    self, Abandoned, Asked, Charset, Coding, Document, Footer, Job, Notice, Rewriter, detect, is_blank, looks_like_html,
};
use crate::notice::{self, Banner, BannerState, LeftOut};
use crate::upstream;

use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Csp, embed, fence, guard, pages, report, worker};

/// How much of a page is looked at before its head leaves: browsers look this far for a charset.
const LOOK: usize = 1024;
/// How many blank lines may stand in front of a page. What has more is no page that anybody wrote.
const LONGEST_BLANK: usize = 64 * 1024;

/// What the head of a response says about rewriting its body.
enum Treatment {
    /// Not a page, or nothing to do.
    Pass,
    /// A page, if its first bytes look like one.
    Rewrite(Coding),
    /// A page that cannot be rewritten.
    Fence(Abandoned),
}

/// Decides on the body in enforce mode.
pub(super) async fn enforce(visit: &Arc<Visit>, response: Response<upstream::Body>) -> Result<Response<Body>, Problem> {
    let (mut head, body) = response.into_parts();
    let document = is_document(visit, head.status, &head.headers);
    if document || visit.starts_worker || is_page_for_a_script(visit, &head.headers) {
        keep_private(&mut head.headers);
    }
    if document || (visit.starts_worker && visit.site.config.csp != Csp::Fence) {
        fence::state(visit, &mut head.headers);
    }
    if worker::is_guarded(visit, head.status, &head.headers) {
        fence::admit(visit, &mut head.headers);
        forget_length(&mut head.headers);
        return Ok(worker::guarded(visit, Response::from_parts(head, body)));
    }
    let treatment = if document { treatment(head.status, &head.headers) } else { Treatment::Pass };
    let body = match treatment {
        Treatment::Pass => Body::site(body),
        Treatment::Fence(why) => {
            fence::raise(visit, &mut head.headers, why);
            Body::site(body)
        }
        Treatment::Rewrite(_) if visit.method == Method::HEAD => {
            forget_length(&mut head.headers);
            Body::site(body)
        }
        Treatment::Rewrite(coding) => {
            let (first, rest) = look(body, coding).await?;
            rewrite(visit, &mut head.headers, coding, (first, rest))
        }
    };
    Ok(Response::from_parts(head, body))
}

/// Looks at the body in observe mode; what leaves is what came.
pub(super) async fn observe(visit: &Visit, response: Response<upstream::Body>) -> Result<Response<Body>, Problem> {
    let (mut head, body) = response.into_parts();
    let document = is_document(visit, head.status, &head.headers) && visit.method != Method::HEAD;
    // The one thing that observe mode adds, and only where the site's configuration asks for it in so many words.
    if document && visit.site.config.csp == Csp::Learn {
        fence::state(visit, &mut head.headers);
    }
    let treatment = if document { treatment(head.status, &head.headers) } else { Treatment::Pass };
    let body = match treatment {
        Treatment::Pass => Body::site(body),
        Treatment::Fence(why) => {
            report::not_rewritten(visit, why);
            Body::site(body)
        }
        Treatment::Rewrite(coding) => {
            let (first, rest) = look(body, coding).await?;
            let judged = looks_like_html(visit.asked, Document::of(&head.headers), &first.decoded)
                && detect(&content_types(&head.headers), &first.decoded) != Charset::Other;
            match Rewriter::observe(coding, job(visit, None, None)) {
                Ok(rewriter) if judged => Body::observed(first.raw, rest, rewriter, report::of_page(visit)),
                _ => Body::peeked(first.raw, rest),
            }
        }
    };
    Ok(Response::from_parts(head, body))
}

pub(super) fn is_document(visit: &Visit, status: StatusCode, headers: &HeaderMap) -> bool {
    let bodyless = status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    // A redirect is followed, its body shown to nobody: a confirmation in it would be lost.
    let redirects =
        is_followed(status) && headers.get(LOCATION).is_some_and(|to| !to.as_bytes().trim_ascii().is_empty());
    let is_html = || Document::of(headers) != Document::No;
    visit.asked.may_be_document() && !bodyless && !redirects && is_html() && !is_download(headers)
}

/// The statuses after which browsers go on (Fetch standard, "redirect status"), if they are told where to: the body of
/// any other is shown, and so is that of a redirect to nowhere.
pub(super) fn is_followed(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Handed over as the site wrote it, because the request says that no page is wanted. Kept by a cache, the visitor's own
/// or one in front, it would be shown as a page to whoever comes next.
fn is_page_for_a_script(visit: &Visit, headers: &HeaderMap) -> bool {
    !visit.asked.may_be_document() && matches!(Document::of(headers), Document::Html | Document::Xhtml)
}

/// A file to be saved is no page, and has to be the file it is (B12). Two lines that might differ are no word.
fn is_download(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_DISPOSITION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let disposition = line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    disposition.trim_ascii().eq_ignore_ascii_case(b"attachment")
}

fn treatment(status: StatusCode, headers: &HeaderMap) -> Treatment {
    if matches!(Document::of(headers), Document::Xhtml | Document::Xml) {
        return Treatment::Fence(Abandoned::Xml);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        return Treatment::Fence(Abandoned::Partial);
    }
    if no_transform(headers) {
        return Treatment::Fence(Abandoned::NoTransform);
    }
    Coding::of(headers).map_or_else(Treatment::Fence, Treatment::Rewrite)
}

/// All of them: browsers differ in which they take.
fn content_types(headers: &HeaderMap) -> Vec<u8> {
    headers.get_all(CONTENT_TYPE).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b", "[..])
}

/// RFC 9111 section 5.2.2.6. The gate acts for the site and might transform all the same (RFC 9110 section 7.7); by
/// default it keeps its hands off the body, and the fence stands instead (promise 26).
fn no_transform(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    let mut directives = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

/// The beginning of a body: as it came, and decoded as far as that goes.
struct First {
    raw: VecDeque<Bytes>,
    decoded: Vec<u8>,
}

/// Waits for the first bytes of a page, no more than it takes to see what it is. Some sites write pages of blank lines
/// first: there, and only there, more is looked at.
async fn look(mut body: upstream::Body, coding: Coding) -> Result<(First, upstream::Body), Problem> {
    let mut first = First { raw: VecDeque::new(), decoded: Vec::new() };
    for most in [LOOK, LONGEST_BLANK] {
        let (mut preview, mut pushed) = (coding.preview(), 0);
        first.decoded.clear();
        while first.decoded.len() < most && !preview.failed() && !says_enough(&first.decoded) {
            if pushed == first.raw.len() {
                let Some(frame) = body.frame().await else { break };
                first.raw.push_back(frame.map_err(Problem::Broken)?.into_data().unwrap_or_default());
            }
            first.decoded.extend(preview.push(&first.raw[pushed], most - first.decoded.len()));
            pushed += 1;
        }
        if preview.failed() || !is_blank(&first.decoded) {
            break;
        }
    }
    Ok((first, body))
}

/// The body has begun: no charset can be said any more, and a page that pauses here need not wait.
fn says_enough(first: &[u8]) -> bool {
    let text = first.trim_ascii_start();
    let began = first.len() > LOOK && !text.is_empty();
    began || memchr::memmem::find(first, b"<body").is_some() || memchr::memmem::find(first, b"<BODY").is_some()
}

fn rewrite(visit: &Arc<Visit>, headers: &mut HeaderMap, coding: Coding, body: (First, upstream::Body)) -> Body {
    let (first, rest) = body;
    let pass = |first: First, rest| Body::peeked(first.raw, rest);
    if !looks_like_html(visit.asked, Document::of(headers), &first.decoded) {
        // JSON by a wrong label, a script's fragment, or a coding that is none: on a script the fence has no effect,
        // and a browser that shows it as a page after all is held back by it.
        if !first.raw.is_empty() && Document::of(headers) == Document::Html {
            let undecodable = first.decoded.is_empty();
            fence::raise(visit, headers, if undecodable { Abandoned::Decode } else { Abandoned::NotAPage });
        }
        return pass(first, rest);
    }
    let charset = detect(&content_types(headers), &first.decoded);
    let Charset::Ascii { from_meta } = charset else {
        fence::raise(visit, headers, Abandoned::Charset);
        return pass(first, rest);
    };
    let (banner, confirms) = banner(visit);
    let (head, placeholder) = (Some(guard::tag(visit)), Some(embed::placeholder(visit)));
    let (csp, cookies) = (Some(fence::of_meta(visit)), Some(pages::embedded(visit)));
    let job = Job { head, placeholder, csp, cookies, ..job(visit, banner, footer(visit)) };
    match Rewriter::new(coding, job) {
        Ok(rewriter) => {
            fence::admit(visit, headers);
            forget_length(headers);
            say_charset(headers, from_meta);
            if confirms {
                super::choose::confirmed(visit, headers);
            }
            Body::rewritten(first.raw, rest, rewriter, report::of_page(visit)).measured(&visit.site.traffic)
        }
        Err(why) => {
            fence::raise(visit, headers, why);
            pass(first, rest)
        }
    }
}

/// Takes hints to held addresses out of the head, whatever the body is: a browser follows them before it has read it.
pub(super) fn hold_links(visit: &Visit, headers: &mut HeaderMap) {
    if !headers.contains_key(LINK) {
        return;
    }
    let findings = html::hold_links(headers, &visit.site.policy, visit.granted, &address(visit));
    report::hints(visit, &findings);
}

/// Where the visitor is.
pub(super) fn address(visit: &Visit) -> Url {
    let address = format!("{}://{}{}", visit.scheme(), visit.host, visit.target);
    Url::parse(&address).unwrap_or_else(|_| Url::parse("http://localhost/").expect("a constant address"))
}

fn job(visit: &Visit, notice: Option<Notice>, footer: Option<Footer>) -> Job {
    let (policy, address) = (Arc::clone(&visit.site.policy), address(visit));
    Job {
        policy,
        granted: visit.granted,
        address,
        head: None,
        placeholder: None,
        csp: None,
        cookies: None,
        notice,
        footer,
    }
}

/// The banner for this page: asking, confirming a choice just made, or none. `true`: it confirms.
fn banner(visit: &Arc<Visit>) -> (Option<Notice>, bool) {
    if visit.asked == Asked::Frame {
        return (None, false);
    }
    let state = match &visit.visitor.choice {
        Some(choice) if choice.fresh => confirmation(visit, choice),
        _ if visit.undecided() != PurposeSet::ESSENTIAL => BannerState::Ask,
        _ => return (None, false),
    };
    let visit = Arc::clone(visit);
    let notice = move |page_language: Option<&str>| {
        let third_parties = pages::third_parties(&visit.site);
        let about =
            if state == BannerState::Ask { visit.undecided() } else { visit.site.policy.purposes().by_consent() };
        let asked = &pages::asked(&visit.site, &third_parties, about);
        if state == BannerState::Ask && !visit.audits {
            visit.site.traffic.asked(visit.arrives, visit.now);
        }
        notice::banner(&Banner { place: visit.place(page_language), asked, state })
    };
    (Some(Box::new(notice)), state != BannerState::Ask)
}

fn confirmation(visit: &Visit, choice: &Choice) -> BannerState {
    let purposes = visit.site.policy.purposes();
    let asked = choice.decided.both(purposes.by_consent());
    if choice.decides_now(purposes.until_objected(), purposes) {
        BannerState::Saved
    } else if visit.has_agreed() && choice.granted.covers(asked) {
        BannerState::Accepted
    } else if visit.has_agreed() {
        BannerState::Saved
    } else {
        BannerState::Rejected
    }
}

/// The way to the cookies page at the end of every page: to change one's mind must stay as easy as to make it up (A13).
fn footer(visit: &Arc<Visit>) -> Option<Footer> {
    if visit.asked == Asked::Frame {
        return None;
    }
    let visit = Arc::clone(visit);
    Some(Box::new(move |ending| {
        let left_out = missed(&visit, ending.left_out);
        notice::footer(&visit.place(ending.language), visit.has_agreed(), ending.linked, &left_out)
    }))
}

/// What the visitor lacks and agreeing would bring: on a path where a purpose stays held whatever is agreed to, nothing.
fn missed<'v>(visit: &'v Visit, left_out: &html::LeftOut) -> Vec<LeftOut<'v>> {
    let (purposes, could) = (visit.site.policy.purposes(), visit.grantable());
    let missed = left_out.iter().filter(|(company, purpose)| could.contains(*purpose) && catalogue::is_seen(company));
    missed.map(|&(company, purpose)| LeftOut { company, purpose, name: purposes.name(purpose) }).collect()
}

/// The page depends on the visitor's choice: no shared cache may keep it, and the back button must not bring back
/// what has been withdrawn since (promise 24, REQUIREMENTS C15).
fn keep_private(headers: &mut HeaderMap) {
    let no_transform = no_transform(headers);
    let value = if no_transform { "private, no-store, no-transform" } else { "private, no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
    for name in ["surrogate-control", "cdn-cache-control", "expires"] {
        headers.remove(name);
    }
}

/// What was true of the site's bytes is not true of the rewritten page (promise 23).
fn forget_length(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
        headers.remove(name);
    }
    for name in ["content-md5", "digest", "content-digest", "repr-digest"] {
        headers.remove(HeaderName::from_static(name));
    }
}

/// What only a `<meta>` said is said in the head too: an insertion cannot push it out of reach there (promise 8).
fn say_charset(headers: &mut HeaderMap, from_meta: Option<&'static str>) {
    let Some(charset) = from_meta else { return };
    if let Ok(value) = HeaderValue::from_str(&format!("text/html; charset={charset}")) {
        headers.insert(CONTENT_TYPE, value);
    }
}
