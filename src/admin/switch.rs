//! `POST /api/sites/NAME/off` and `/on`: the quickest way back. Until the YAML changes: what counts for longer stands
//! there.
//!
//! Another site's page can make a browser post here, but not with a header of its own making: that needs this listener's
//! leave (CORS), which it never gives. The listener's own rule on names keeps out who points a name at this address.

use http::{HeaderMap, Method, StatusCode};

use super::View;

/// What a request to switch has to carry.
const MARK: &str = "x-consentgate";

/// The answer; `None` where the request is no such thing.
pub(super) fn switched(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    view: &View,
) -> Option<(StatusCode, &'static str)> {
    let (name, word) = path.strip_prefix("/api/sites/")?.rsplit_once('/')?;
    let off = match word {
        "off" => true,
        "on" => false,
        _ => return None,
    };
    if method != Method::POST {
        return Some((StatusCode::METHOD_NOT_ALLOWED, "to be posted\n"));
    }
    let from = headers.get("sec-fetch-site").map_or(b"none".as_slice(), |line| line.as_bytes());
    if !headers.contains_key(MARK) || !matches!(from, b"none" | b"same-origin") {
        return Some((StatusCode::FORBIDDEN, "send the header X-Consentgate: switch\n"));
    }
    if !(view.switch)(name, off) {
        return Some((StatusCode::NOT_FOUND, "no such site\n"));
    }
    let said = if off {
        "off: everything passes, until /on, a change of the YAML or a restart; write 'mode: off' to keep it so\n"
    } else {
        "on: as the YAML has it\n"
    };
    Some((StatusCode::OK, said))
}
