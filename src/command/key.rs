//! The file with the key that signs the choice cookie: 64 hexadecimal digits, readable by the gate alone.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::consent::Key;

/// Reads the key, or makes one on the first start. The error names the file and what to do, never its content.
pub(super) fn read_or_make(file: &Path) -> Result<Key, String> {
    match fs::read_to_string(file) {
        Ok(text) => parse(&text).ok_or_else(|| {
            format!(
                "{}: no signing key: 64 hexadecimal digits are expected; restore the file, or remove it to have a \
                     new key made (every visitor is then asked again)",
                file.display()
            )
        }),
        Err(fault) if fault.kind() == ErrorKind::NotFound => {
            make(file).map_err(|fault| format!("{}: the signing key cannot be made: {fault}", file.display()))
        }
        Err(fault) => Err(format!("{}: the signing key cannot be read: {fault}", file.display())),
    }
}

/// Reads the key where one must be there.
pub(super) fn read(file: &Path) -> Result<Key, String> {
    if file.exists() {
        return read_or_make(file);
    }
    let text = "the signing key is not here: run the command where the gate runs, or write the whole path in the YAML";
    Err(format!("{}: {text}", file.display()))
}

fn make(file: &Path) -> io::Result<Key> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|fault| io::Error::other(fault.to_string()))?;
    let text = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    // `create_new`: of two gates that start at once, one makes the key and the other fails and is started again.
    let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    made.write_all(text.as_bytes())?;
    made.write_all(b"\n")?;
    made.sync_all()?;
    Ok(Key::new(bytes))
}

fn parse(text: &str) -> Option<Key> {
    let text = text.trim();
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(Key::new(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gate.key");
        read_or_make(&file).unwrap();
        let made = fs::read_to_string(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        read_or_make(&file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), made);
    }

    #[test]
    fn a_damaged_key_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gate.key");
        for content in ["secret", "", &"g".repeat(64), &"+f".repeat(32)] {
            fs::write(&file, content).unwrap();
            let fault = read_or_make(&file).unwrap_err();
            assert!(fault.contains("gate.key") && (content.is_empty() || !fault.contains(content)), "{fault}");
        }
    }
}
