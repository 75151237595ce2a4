//! What a tag or a running script asks for: the address, the page's own host, and the kind of thing.

use url::Url;

/// One request that something on a page would make.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// Absolute, of scheme http, https, ws or wss.
    pub url: &'r Url,
    /// The host of the page that asks.
    pub own: &'r str,
    /// What is asked for. Filter lists tell one from another; nothing else here does.
    pub kind: Kind,
}

/// The kinds of thing that filter lists tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `$script`
    Script,
    /// `$image`
    Image,
    /// `$stylesheet`
    Stylesheet,
    /// `$subdocument`
    Frame,
    /// `$xmlhttprequest`, also what `fetch` asks for.
    Xhr,
    /// `$ping`: beacons and `<a ping>`.
    Ping,
    /// `$websocket`
    Websocket,
    /// `$media`
    Media,
    /// `$font`
    Font,
    /// `$object`: plug-ins.
    Object,
    /// None of these: a manifest, a connection opened ahead.
    Other,
    /// Nobody can say: what is held as any kind of thing is held.
    #[default]
    Any,
}
