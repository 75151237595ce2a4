//! The YAML as it is written: the one place where its keys, their types and their descriptions stand.
//!
//! The JSON Schema is derived from these types and the file is checked against that schema, so an editor and the gate
//! say the same. Every value keeps the place it was found at.

#![allow(clippy::doc_markdown, reason = "the descriptions are shown by editors as plain text")]
#![allow(clippy::struct_field_names, reason = "the keys of the YAML are a contract")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::shape::PlaceId;

mod descriptions;
mod languages;
mod observe;
mod organisation;
mod proof;
mod purposes;
mod site;
mod style;

pub(super) use descriptions::*;
pub(super) use languages::*;
pub(super) use observe::*;
pub(super) use organisation::*;
pub(super) use proof::*;
pub(super) use purposes::*;
pub(super) use site::*;
pub(super) use style::*;

/// A value and where it was found. `shape` hands every value over as this pair.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::config) struct Found<T>(pub(in crate::config) PlaceId, pub(in crate::config) T);

/// A key that may be left out.
pub(in crate::config) type Key<T> = Option<Found<T>>;
/// A list that may be left out.
pub(in crate::config) type List<T> = Key<Vec<Found<T>>>;

/// In the schema a found value looks like the value.
impl<T: JsonSchema> JsonSchema for Found<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Consentgate's configuration. The smallest useful file names one site: its hosts and its upstream.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Consentgate")]
pub(in crate::config) struct File {
    /// Where visitors connect. Default: one listener on 0.0.0.0:8080.
    #[schemars(length(min = 1))]
    pub(in crate::config) listeners: List<Listener>,
    /// The admin listener (metrics, health, what was held): not for the public.
    pub(in crate::config) admin: Key<Admin>,
    /// The durable record of choices: the proof.
    pub(in crate::config) ledger: Key<Ledger>,
    /// What was really seen on the sites: cookies, third parties, tags.
    pub(in crate::config) inventory: Key<Inventory>,
    /// Something new on a site.
    pub(in crate::config) drift: Key<Drift>,
    /// Audits made by the gate itself. Default: none.
    pub(in crate::config) audit: Key<Audit>,
    /// The key the choice cookie is signed with, made on the first start with mode 0600. All nodes of a cluster share it.
    /// Relative to the working directory. Default: consentgate.key.
    #[schemars(length(min = 1))]
    pub(in crate::config) signing_key_file: Key<String>,
    /// Who is responsible for the sites; shown in the notice and on the cookies page.
    pub(in crate::config) organisation: Key<Organisation>,
    /// What the gate puts up with from a client.
    pub(in crate::config) limits: Key<Limits>,
    /// Worker threads. Default: one per core.
    #[schemars(range(min = 1, max = 1024))]
    pub(in crate::config) workers: Key<usize>,
    /// The websites behind the gate.
    #[schemars(required, length(min = 1))]
    pub(in crate::config) sites: List<Site>,
}

/// One listening address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Listener {
    /// IP address and port.
    #[schemars(required, example = "0.0.0.0:8080")]
    pub(in crate::config) address: Key<String>,
    /// A certificate and its key, or a list of them: the first is for clients that name no host. Left out: plain HTTP.
    pub(in crate::config) tls: Key<Tls>,
    /// Addresses (CIDR) of proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed. Default: none.
    #[schemars(example = ["10.0.0.0/24"])]
    pub(in crate::config) trusted_proxies: List<String>,
    /// Answer every request with a redirect to https. Default: false.
    pub(in crate::config) redirect_to_https: Key<bool>,
    /// Read the visitor's address from a PROXY header. Not in this version yet: only false is accepted.
    pub(in crate::config) proxy_protocol: Key<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::config) enum Tls {
    One(Certificate),
    Many(Vec<Found<Certificate>>),
}

/// A certificate chain and its private key. Paths are relative to the folder of this file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Certificate {
    /// PEM file with the chain, the site's own certificate first.
    #[schemars(required, length(min = 1), example = "tls/fullchain.pem")]
    pub(in crate::config) certificate: Key<String>,
    /// PEM file with the private key.
    #[schemars(required, length(min = 1), example = "tls/key.pem")]
    pub(in crate::config) key: Key<String>,
}

/// The admin listener.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Admin {
    /// IP address and port. One that other machines can reach needs token_file or client_ca. Default: 127.0.0.1:9901.
    #[schemars(example = "127.0.0.1:9901")]
    pub(in crate::config) address: Key<String>,
    /// File with the token (32 characters or more) that everyone has to show. Relative to the folder of this file. Default: none,
    /// and only this machine is answered.
    #[schemars(length(min = 1), example = "admin.token")]
    pub(in crate::config) token_file: Key<String>,
    /// A certificate and its key: https instead of plain HTTP. Default: none.
    pub(in crate::config) tls: Key<Certificate>,
    /// PEM file with the authority whose certificates let programs and people in; needs tls. Relative to the folder of this file.
    /// Default: none.
    #[schemars(length(min = 1), example = "tls/operators-ca.pem")]
    pub(in crate::config) client_ca: Key<String>,
}

/// Limits of every listener. Sizes are written as 64KiB or 256MiB, times as 500ms, 10s or 2m.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Limits {
    /// Open connections; more wait. Default: 10000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(in crate::config) connections: Key<usize>,
    /// The longest head of a request. Default: 64KiB.
    #[schemars(extend("type" = ["string", "integer"]), example = "64KiB")]
    pub(in crate::config) header_bytes: Key<String>,
    /// The longest address of a request. Default: 8KiB.
    #[schemars(extend("type" = ["string", "integer"]), example = "8KiB")]
    pub(in crate::config) uri_bytes: Key<String>,
    /// The longest body of a request, such as a form with files. Default: 256MiB.
    #[schemars(extend("type" = ["string", "integer"]), example = "256MiB")]
    pub(in crate::config) body_bytes: Key<String>,
    /// The longest TLS handshake. Default: 10s.
    #[schemars(example = "10s")]
    pub(in crate::config) handshake: Key<String>,
    /// The longest time for the head of a request, and an idle connection's life. Default: 30s.
    #[schemars(example = "30s")]
    pub(in crate::config) header: Key<String>,
    /// The longest silence in a request's body, and of a client that does not read. Default: 60s.
    #[schemars(example = "60s")]
    pub(in crate::config) idle: Key<String>,
    /// How long requests under way may take to end when the gate stops. Default: 10s.
    #[schemars(example = "10s")]
    pub(in crate::config) drain: Key<String>,
    /// How many choices come from one network (IPv4 /24, IPv6 /64). The organisation's own addresses are not counted.
    pub(in crate::config) choices: Key<Choices>,
}
