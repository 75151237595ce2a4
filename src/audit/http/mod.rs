//! A visitor without a browser: fast, everywhere, and blind to what scripts do.
//!
//! It sees the cookies of responses, what the tags of a page would make a browser ask, and notices that are in the HTML as
//! it comes and answered by a form. What a script sets is not seen, and the report says that it was not looked for.

mod client;
mod jar;
mod page;

use std::time::{SystemTime, UNIX_EPOCH};

use url::Url;

pub use client::{AGENT, Client};

use super::collect::without_query;
use super::{Control, NoticeSeen, Phase, RequestMet, Visit, Visitor};
use client::Ask;
use jar::Jar;
use page::{Button, Form};

/// One visitor.
pub struct Plain {
    client: Client,
    jar: Jar,
    phase: Phase,
}

impl Plain {
    /// A new visitor who has chosen nothing.
    pub fn new(client: Client) -> Self {
        Self { client, jar: Jar::default(), phase: Phase::Untouched }
    }

    async fn open(&mut self, url: &Url) -> (Visit, Vec<Form>) {
        let mut visit = Visit::new(url.clone(), self.phase);
        visit.cookies = self.jar.kept(url);
        let fetched = self.client.fetch(Ask { url, form: None, now: now() }, &mut self.jar).await;
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(fault) => {
                visit.gaps.push(fault);
                return (visit, Vec::new());
            }
        };
        visit.status = fetched.status.as_u16();
        visit.cookies.extend(fetched.cookies);
        let first = without_query(url);
        let hops = fetched.hops.into_iter().skip(1);
        visit.requests.extend(hops.map(|url| RequestMet { url, initiator: first.clone() }));
        visit.landed = fetched.url;
        let kind = fetched.headers.get(http::header::CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with(b"text/html") {
            return (visit, Vec::new());
        }
        let read = page::read(&fetched.body, &visit.landed);
        visit.links = read.links;
        visit.requests.extend(read.requests);
        visit.gaps.extend(read.gaps);
        visit.notice = notice(&read.forms);
        (visit, read.forms)
    }

    /// Presses the button that a form has for this.
    async fn press(&mut self, page: &Url, wish: Wish) -> Result<(), String> {
        let (visit, forms) = self.open(page).await;
        let found = forms.iter().find_map(|form| button(form, wish).map(|button| (form, button)));
        let (form, button) =
            found.ok_or_else(|| format!("{}: no form has a button that {}", without_query(page), wish.says()))?;
        let to = visit.landed.join(&form.action).map_err(|fault| format!("{}: {fault}", form.action))?;
        let ask = Ask { url: &to, form: Some(sent(form, button)), now: now() };
        let answered = self.client.fetch(ask, &mut self.jar).await?;
        if answered.status.is_success() {
            return Ok(());
        }
        Err(format!("{}: the choice was answered with {}", without_query(&to), answered.status))
    }
}

impl Visitor for Plain {
    async fn visit(&mut self, url: &Url) -> Visit {
        self.open(url).await.0
    }

    async fn enter(&mut self, phase: Phase, page: &Url) -> Result<(), String> {
        // Withdrawing goes on from what was agreed to; every other state begins with a new visitor.
        if phase != Phase::Withdrawn {
            self.jar = Jar::default();
        }
        self.phase = phase;
        match phase {
            Phase::Untouched => Ok(()),
            Phase::Rejected => self.press(page, Wish::Reject).await,
            Phase::Accepted => self.press(page, Wish::Accept).await,
            Phase::Withdrawn => self.press(page, Wish::Withdraw).await,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Accept,
    Reject,
    Withdraw,
}

impl Wish {
    fn says(self) -> &'static str {
        match self {
            Self::Accept => "agrees",
            Self::Reject => "refuses",
            Self::Withdraw => "takes back what was agreed to",
        }
    }

    /// How a button says it, in English and Welsh, at its beginning.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Accept => &["accept", "allow", "agree", "i agree", "yes", "derbyn"],
            Self::Reject => &["reject", "refuse", "decline", "deny", "no,", "no thanks", "gwrthod"],
            Self::Withdraw => &["withdraw", "take back", "tynnu'n ôl", "tynnu fy nghydsyniad"],
        }
    }

    fn value(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
        }
    }
}

/// A form about cookies has one; a form that asks something else ("Yes, sign me up") is left alone.
fn button(form: &Form, wish: Wish) -> Option<&Button> {
    let ours = |button: &&Button| button.name == "choice" && button.value == wish.value();
    if let Some(button) = form.buttons.iter().find(ours) {
        return Some(button);
    }
    let about_cookies = form.post && {
        let names = form.buttons.iter().flat_map(|button| [&button.name, &button.text]).chain([&form.action]);
        names.into_iter().any(|text| is_about_cookies(text))
    };
    let says = |button: &&Button| {
        let text = button.text.trim().to_lowercase();
        wish.words().iter().any(|word| text.starts_with(word))
    };
    form.buttons.iter().filter(|_| about_cookies).find(says)
}

/// The fields of a form that is sent by this button.
fn sent(form: &Form, button: &Button) -> String {
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    fields.extend_pairs(form.fields.iter().map(|(name, value)| (name, value)));
    if !button.name.is_empty() {
        fields.append_pair(&button.name, &button.value);
    }
    fields.finish()
}

fn is_about_cookies(text: &str) -> bool {
    let text = text.to_lowercase();
    ["cookie", "cwcis", "consent"].iter().any(|word| text.contains(word))
}

fn notice(forms: &[Form]) -> Option<NoticeSeen> {
    let control = |button: &Button| Control {
        text: button.text.split_whitespace().collect::<Vec<_>>().join(" "),
        element: button.element.into(),
        presses: 1,
        ..Control::default()
    };
    let withdraw = forms.iter().any(|form| button(form, Wish::Withdraw).is_some());
    let asking = forms.iter().find(|form| button(form, Wish::Accept).is_some());
    let asking = match asking {
        Some(form) => form,
        None if withdraw => {
            return Some(NoticeSeen { withdraw, found_by: "a form in the page".into(), ..NoticeSeen::default() });
        }
        None => return None,
    };
    let ours = asking.buttons.iter().any(|button| button.name == "choice" && button.value == "accept");
    Some(NoticeSeen {
        product: ours.then(|| "Consentgate".to_owned()),
        found_by: "a form in the page".into(),
        accept: button(asking, Wish::Accept).map(control),
        reject: button(asking, Wish::Reject).map(control),
        withdraw,
        ..NoticeSeen::default()
    })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(buttons: &[(&str, &str, &str)]) -> Form {
        let buttons = buttons.iter().map(|(name, value, text)| Button {
            name: (*name).into(),
            value: (*value).into(),
            text: (*text).into(),
            element: "button",
        });
        Form { action: "/".into(), post: true, fields: Vec::new(), buttons: buttons.collect() }
    }

    #[test]
    fn buttons_about_cookies_are_known_and_others_left_alone() {
        let gov = form(&[
            ("cookies[additional]", "yes", " Accept additional cookies"),
            ("cookies[additional]", "no", "Reject additional cookies"),
        ]);
        assert_eq!(button(&gov, Wish::Reject).map(|button| &*button.value), Some("no"));
        let welsh = form(&[("c", "1", "Derbyn cwcis ychwanegol"), ("c", "0", "Gwrthod cwcis ychwanegol")]);
        assert_eq!(button(&welsh, Wish::Accept).map(|button| &*button.value), Some("1"));
        let other = form(&[("newsletter", "yes", "Yes, sign me up"), ("newsletter", "no", "No thanks")]);
        assert!(button(&other, Wish::Accept).is_none() && notice(&[other]).is_none());
        let ours = notice(&[form(&[("choice", "accept", "Derbyn"), ("choice", "reject", "Gwrthod")])]).unwrap();
        assert_eq!(
            (ours.product.as_deref(), ours.reject.map(|control| control.text)),
            (Some("Consentgate"), Some("Gwrthod".into()))
        );
    }
}
