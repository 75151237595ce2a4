//! Where the gate listens and what it puts up with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// The public side, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// At least one.
    pub listeners: Vec<Listener>,
    /// Limits of every listener.
    pub limits: Limits,
    /// Worker threads, each with its own connections (default: one per core).
    pub workers: usize,
}

/// One listening address.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// Certificates, the first one for clients that name no host; empty is plain HTTP.
    pub tls: Vec<Certificate>,
    /// Peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; from anyone else they are dropped.
    pub trusted_proxies: Vec<IpNet>,
    /// Answers every request with a redirect to https.
    pub redirect_to_https: bool,
}

/// A certificate chain and its private key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Limits (PROMISES.md 13, 15).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; past this new ones wait unaccepted (default 10,000).
    pub connections: usize,
    /// Bytes of a request's head (default 64 KiB) → 431.
    pub header_bytes: usize,
    /// Bytes of a request's target (default 8 KiB) → 414.
    pub uri_bytes: usize,
    /// Bytes of a request's body (default 256 MiB) → 413.
    pub body_bytes: u64,
    /// TLS handshake (default 10 s).
    pub handshake: Duration,
    /// From the first byte of a head to its last, and idle keep-alive (default 30 s).
    pub header: Duration,
    /// Longest silence in a request body, and longest stall of a client that does not read (default 60 s).
    pub idle: Duration,
    /// How long requests under way may take to end after SIGTERM (default 10 s).
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_bytes: 64 * 1024,
            uri_bytes: 8 * 1024,
            body_bytes: 256 * 1024 * 1024,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            idle: Duration::from_mins(1),
            drain: Duration::from_secs(10),
        }
    }
}
