//! Cookie and Set-Cookie, by bytes: split, judge by name, take out, expire.
//!
//! Synchronous, over `http::HeaderMap`: the caller brings the verdict as a function of a cookie's name, the time, and
//! where the request went. Fences 1 to 3 of the design.
//! It must never fold two lines into one, re-serialise what it keeps, or pass a line it could not read: what browsers
//! would not store, and what could hide a name, is held (REQUIREMENTS C1 to C12).
//! Header lines come from `gateway`; what was taken out, with the scope it was set with, goes back to it.

mod date;
mod expire;
mod pair;
mod request;
mod response;
mod scope;
mod set_cookie;

pub use date::cookie_date;
pub use expire::{MOST_LINES, Place, expire_all, expiries};
pub use request::{join, names, names_in, strip_request, values};
pub use response::{Held, Stripped, judge_response, set_cookies, strip_response};
pub use scope::{Scope, default_path};
pub use set_cookie::{LONGEST_LIFETIME, SameSite, SetCookie};
