//! Which sites an audit is of: those of the command line, and those of a list.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::audit::ListUsed;

use super::audit::{Fault, at};

/// Each once, in their order, and the list by what anybody can tell it from another.
pub(super) fn sites(named: &[Url], list: Option<&Path>) -> Result<(Vec<Url>, Option<ListUsed>), Fault> {
    let mut sites = named.to_vec();
    let mut used = None;
    if let Some(file) = list {
        let text = at(file, fs::read_to_string(file))?;
        let of_list = listed(file, &text)?;
        used = Some(ListUsed {
            file: file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned(),
            sha256: crate::ledger::hex(&Sha256::digest(&text)),
            sites: u32::try_from(of_list.len()).unwrap_or(u32::MAX),
        });
        sites.extend(of_list);
    }
    if let Some(wrong) = sites.iter().find(|url| !matches!(url.scheme(), "http" | "https") || url.host().is_none()) {
        return Err(Fault::new(format!(
            "{wrong}: write the whole address of a site, such as https://www.example.gov.uk/"
        )));
    }
    let mut seen = std::collections::HashSet::new();
    sites.retain(|url| seen.insert(url.to_string()));
    Ok((sites, used))
}

/// A line is an address, or a row whose first cell is one; `#` begins a comment. A heading may come first.
fn listed(file: &Path, text: &str) -> Result<Vec<Url>, Fault> {
    let mut sites = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let cell = line.split(',').next().unwrap_or_default().trim().trim_matches('"');
        if cell.is_empty() || cell.starts_with('#') {
            continue;
        }
        let url = if cell.contains("://") { Url::parse(cell) } else { Url::parse(&format!("https://{cell}/")) };
        match url {
            Ok(url) if url.host_str().is_some_and(|host| host.contains(['.', ':']) || host == "localhost") => {
                sites.push(url);
            }
            _ if number == 1 => {}
            _ => return Err(Fault::new(format!("{}:{number}: {cell:?} is no address of a site", file.display()))),
        }
    }
    Ok(sites)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_sites_are_read_with_their_places() {
        let file = Path::new("sites.csv");
        let urls = listed(file, "url,name\nhttps://a.gov.uk/x,A\n# note\n\nb.gov.uk\n").unwrap();
        assert_eq!(urls.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://a.gov.uk/x", "https://b.gov.uk/"]);
        assert_eq!(
            listed(file, "a.gov.uk\nnothing here\n").unwrap_err().to_string(),
            "sites.csv:2: \"nothing here\" is no address of a site"
        );
    }
}
