//! My account: a login with an anti-forgery cookie and field, the page behind it, and the way out.

use http::{StatusCode, header};

use super::council::Council;
use super::listen::Visit;
use super::pages::{Page, escape};
use super::reply::Reply;
use super::seal::random_text;

const TOKEN_COOKIE: &str = "__RequestVerificationToken";
const LOGIN_COOKIE: &str = ".ASPXAUTH";
const NAME: &str = "resident";
const PASSWORD: &str = "ambleford";

/// The member's page; whoever is not signed in is sent to sign in.
pub(super) fn page(council: &Council, visit: &Visit) -> Reply {
    let ticket = visit.cookie(LOGIN_COOKIE).and_then(|ticket| council.seal.open("login", ticket));
    let Some(name) = ticket else {
        return Reply::redirect("/account/login.aspx?ReturnUrl=%2faccount%2fdefault.aspx");
    };
    let content = council.pages.fill(include_str!("site/account.html"), &[("name", &escape(&name))]);
    Reply::html(council.pages.page(Page::new("My account", &content))).with(header::PRAGMA, "no-cache")
}

/// GET shows the form, POST signs in.
pub(super) fn login(council: &Council, visit: &Visit) -> Reply {
    if !visit.is_post() {
        return form(council, visit, "");
    }
    let token = visit.cookie(TOKEN_COOKIE).unwrap_or_default();
    if !council.seal.verify("antiforgery", token, &visit.posted(TOKEN_COOKIE)) {
        return form(council, visit, "The anti-forgery cookie is missing or does not fit.")
            .status(StatusCode::BAD_REQUEST);
    }
    if visit.posted("UserName") != NAME || visit.posted("Password") != PASSWORD {
        return form(council, visit, "We do not know that user name and password.");
    }
    let ticket = council.seal.close("login", NAME);
    Reply::redirect("/account/default.aspx").set_cookie(&format!("{LOGIN_COOKIE}={ticket}; path=/; HttpOnly"))
}

fn form(council: &Council, visit: &Visit, problem: &str) -> Reply {
    let known = visit.cookie(TOKEN_COOKIE);
    let token = known.map_or_else(random_text, str::to_owned);
    let problem = if problem.is_empty() { String::new() } else { format!("<div class=\"problem\">{problem}</div>\n") };
    let field = council.seal.mark("antiforgery", &token);
    let content = council.pages.fill(include_str!("site/login.html"), &[("problem", &problem), ("token", &field)]);
    let reply = Reply::html(council.pages.page(Page::new("Sign in", &content)));
    match known {
        Some(_) => reply,
        None => reply.set_cookie(&format!("{TOKEN_COOKIE}={token}; path=/; HttpOnly")),
    }
}

/// Signs out by POST only: a link or a prefetch must not.
pub(super) fn logout(visit: &Visit) -> Reply {
    let reply = Reply::redirect("/default.aspx");
    if !visit.is_post() {
        return reply;
    }
    reply.set_cookie(&format!("{LOGIN_COOKIE}=; expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/; HttpOnly"))
}
