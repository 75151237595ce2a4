//! How to reach the site behind the gate.

use std::path::PathBuf;
use std::time::Duration;

use http::uri::{Authority, Scheme};

/// One upstream, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host and port to connect to.
    pub authority: Authority,
    /// Sent as `Host`; `None` passes on what the visitor asked for, as legacy sites expect.
    pub host_header: Option<String>,
    /// PEM file of the authority that signed the site's certificate; `None` trusts the machine's own list.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for a connection (default 3 s).
    pub connect_timeout: Duration,
    /// Longest wait for the head of a response (default 60 s).
    pub response_timeout: Duration,
    /// Longest silence inside a response body other than an event stream (default 60 s).
    pub idle_timeout: Duration,
    /// Requests under way at once over all workers; more wait up to 3 s, then get 503 (default 1024).
    pub max_connections: usize,
}
