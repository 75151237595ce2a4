//! Where a cookie is valid: with its name, what tells a browser which cookie is meant (C5).

/// The attributes a cookie was set with. A host-only cookie and one with `Domain` are two different cookies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `Domain`, lower-cased and without its leading dot; `None` is host-only.
    pub domain: Option<Box<str>>,
    /// `Path`, or the default path of the request that it answered.
    pub path: Box<str>,
    /// `Secure` was given.
    pub secure: bool,
    /// `Partitioned` was given: the cookie lives once per top-level site.
    pub partitioned: bool,
}

/// The path of a cookie that was set without `Path` (RFC 6265bis section 5.1.4): the folder of the request's path.
pub fn default_path(request_path: &str) -> &str {
    let path = request_path.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        Some(last) if last > 0 && path.starts_with('/') => &path[..last],
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::default_path;

    #[test]
    fn the_default_path_is_the_folder_of_the_request() {
        for (request, path) in [
            ("", "/"),
            ("*", "/"),
            ("a/b", "/"),
            ("/", "/"),
            ("/a", "/"),
            ("/a/", "/a"),
            ("/a/b", "/a"),
            ("/a/b/c.aspx?x=/y/z", "/a/b"),
        ] {
            assert_eq!(default_path(request), path, "{request}");
        }
    }
}
