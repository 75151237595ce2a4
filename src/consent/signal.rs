//! Signals a browser sends by itself.

/// Reads `Sec-GPC` (Global Privacy Control): on when any of the lines is exactly `1`, anything else is ignored.
///
/// The header itself is never taken out of a request: "HTTP intermediaries MUST NOT remove a Sec-GPC header set to '1'".
pub fn gpc<'v>(lines: impl IntoIterator<Item = &'v [u8]>) -> bool {
    lines.into_iter().any(|line| line == b"1")
}

#[cfg(test)]
mod tests {
    use super::gpc;

    #[test]
    fn only_an_exact_one_counts() {
        assert!(gpc([b"1".as_slice()]));
        assert!(gpc([b"0".as_slice(), b"1"]));
        assert!(!gpc([b"true".as_slice(), b" 1", b"11", b""]));
        assert!(!gpc([]));
    }
}
