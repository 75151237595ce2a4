//! The browser that all visitors share, and the profile each of them has in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::cookies::Memory;
use super::launch::{Chromium, Running};
use super::protocol::Fault;
use super::tab::Tab;

/// How a browser is used.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which, and how it is started.
    pub chromium: Chromium,
    /// The text of `axe.min.js`; without it nobody looks at the accessibility of notices.
    pub axe: Option<String>,
    /// The report's folder, for pictures.
    pub folder: Option<PathBuf>,
    /// It is started anew after so many pages: a browser grows.
    pub pages_each: usize,
}

/// The browser, started when it is needed.
pub struct Browsers {
    pub(super) settings: Settings,
    current: Mutex<Option<Arc<Running>>>,
    pages: AtomicUsize,
}

impl Browsers {
    /// None runs yet.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { settings, current: Mutex::default(), pages: AtomicUsize::new(0) })
    }

    /// Starts it, so that what is wrong with it is known before a site is looked at.
    pub async fn ready(&self) -> Result<(), String> {
        self.running().await.map(drop)
    }

    /// The one that runs. One that has done its pages ends with the last visitor that is still in it.
    pub(super) async fn running(&self) -> Result<Arc<Running>, String> {
        let mut current = self.current.lock().await;
        let worn = self.pages.load(Ordering::Relaxed) >= self.settings.pages_each.max(1);
        if let Some(running) = current.as_ref().filter(|running| !worn && !running.connection.has_ended()) {
            return Ok(Arc::clone(running));
        }
        *current = None;
        let running = Arc::new(Running::start(&self.settings.chromium).await?);
        self.pages.store(0, Ordering::Relaxed);
        *current = Some(Arc::clone(&running));
        Ok(running)
    }

    pub(super) fn one_page_more(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }
}

/// A visitor's own place in the browser: nothing of it outlives it.
pub(super) struct Profile {
    running: Arc<Running>,
    context: String,
    tab: Option<Tab>,
    pub(super) memory: Memory,
}

impl Profile {
    pub(super) async fn new(running: Arc<Running>) -> Result<Self, Fault> {
        let made =
            running.connection.call("", "Target.createBrowserContext", json!({ "disposeOnDetach": true })).await?;
        let context = made["browserContextId"].as_str().unwrap_or_default().to_owned();
        let never = json!({ "behavior": "deny", "browserContextId": context });
        running.connection.post("", "Browser.setDownloadBehavior", &never);
        Ok(Self { running, context, tab: None, memory: Memory::default() })
    }

    /// Its tab: the same one for all pages, as `sessionStorage` is kept for a tab.
    pub(super) async fn tab(&mut self) -> Result<&Tab, Fault> {
        let tab = match self.tab.take() {
            Some(tab) if !tab.log().crashed => tab,
            _ => Tab::open(&self.running, &self.context).await?,
        };
        Ok(self.tab.insert(tab))
    }

    /// After something went wrong in it.
    pub(super) fn close_tab(&mut self) {
        self.tab = None;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.running.connection.has_ended()
    }

    /// Every cookie it holds.
    pub(super) async fn jar(&self) -> Result<Vec<Value>, Fault> {
        let asked = json!({ "browserContextId": self.context });
        let mut answer = self.running.connection.call("", "Storage.getCookies", asked).await?;
        match answer["cookies"].take() {
            Value::Array(cookies) => Ok(cookies),
            _ => Ok(Vec::new()),
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        self.tab = None;
        let gone = json!({ "browserContextId": self.context });
        self.running.connection.post("", "Target.disposeBrowserContext", &gone);
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::audit::{Browsed, Phase, Visitor};

    #[tokio::test]
    async fn a_browser_is_started_anew_after_its_pages_and_after_its_end() {
        let chromium = Chromium { flags: vec!["--no-sandbox".into()], ..Chromium::default() };
        let browsers = Browsers::new(Settings { chromium, pages_each: 1, ..Settings::default() });
        let first = match browsers.running().await {
            Ok(first) => first,
            Err(why) => return eprintln!("NOT TESTED: {why}"),
        };
        assert!(Arc::ptr_eq(&first, &browsers.running().await.unwrap()));
        browsers.one_page_more();
        let second = browsers.running().await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && !first.connection.has_ended(), "who is in it may finish");

        let page = Url::parse("data:text/html,<h1>Bins</h1>").unwrap();
        let mut visitor = Browsed::new(Arc::clone(&browsers), &page);
        assert_eq!(visitor.visit(&page).await.gaps, Vec::<String>::new());
        let _ = second.connection.call("", "Browser.close", json!({})).await;
        let again = visitor.visit(&page).await;
        assert_eq!((again.gaps, again.phase), (Vec::new(), Phase::Untouched), "a new one takes its place");
        assert!(visitor.enter(Phase::Rejected, &page).await.unwrap_err().contains("no control was found that refuses"));
    }
}
