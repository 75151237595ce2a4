//! What a tag is by its own attributes: a script that runs, a sheet that applies, a link that fetches.

use super::attributes::StartTag;

/// Does this script run? Data blocks and templates do not (HTML standard, "prepare the script element").
pub(super) fn runs(tag: StartTag<'_>) -> bool {
    let Some(mime) = tag.value("type").or_else(|| tag.value("language").map(|name| format!("text/{name}").into()))
    else {
        return true;
    };
    let mime = mime.trim().to_ascii_lowercase();
    let essence = mime.split(';').next().unwrap_or_default().trim();
    mime.is_empty()
        // The last two are lists of addresses that browsers fetch, or fetch instead of others.
        || matches!(essence, "module" | "importmap" | "speculationrules")
        || essence.contains("javascript")
        || essence.contains("ecmascript")
        // Internet Explorer's own, and that of what is encoded for it.
        || essence.contains("vbscript")
        || matches!(essence, "text/vbs" | "text/jscript" | "text/jscript.encode" | "text/livescript" | "text/")
}

/// An import map or speculation rules.
pub(super) fn is_list(tag: StartTag<'_>) -> bool {
    let mime = tag.value("type").unwrap_or_default();
    ["importmap", "speculationrules"].iter().any(|kind| mime.trim().eq_ignore_ascii_case(kind))
}

/// Is what stands in this `style` CSS? Without a type it is; preprocessors' text is nothing to a browser.
pub(super) fn is_sheet(tag: StartTag<'_>) -> bool {
    tag.value("type").is_none_or(|mime| {
        let essence = mime.split(';').next().unwrap_or_default().trim();
        essence.is_empty() || essence.eq_ignore_ascii_case("text/css")
    })
}

/// Does a tag of this name show a page of its own?
pub(super) fn shows_pages(name: &str) -> bool {
    ["iframe", "frame", "object", "embed", "fencedframe", "portal"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Does this `animate` or `set` change an address?
pub(super) fn animates_address(tag: StartTag<'_>) -> bool {
    tag.value("attributename").is_some_and(|name| {
        let name = name.trim().to_ascii_lowercase();
        name.ends_with("href") || matches!(&*name, "src" | "data" | "action" | "formaction" | "values" | "to" | "from")
    })
}

/// Does this `param` of an `object` name an address?
pub(super) fn is_address_parameter(tag: StartTag<'_>) -> bool {
    const NAMES: [&str; 12] =
        ["movie", "src", "url", "data", "filename", "href", "source", "file", "code", "codebase", "archive", "baseurl"];
    tag.value("name").is_some_and(|name| NAMES.iter().any(|known| name.trim().eq_ignore_ascii_case(known)))
}

/// Does a `link` of this `rel` make the browser fetch or connect?
pub(super) fn fetches(rel: &str) -> bool {
    const FETCHING: [&str; 21] = [
        "stylesheet",
        "preload",
        "prefetch",
        "preconnect",
        "dns-prefetch",
        "modulepreload",
        "prerender",
        "icon",
        "apple-touch-icon",
        "apple-touch-icon-precomposed",
        "apple-touch-startup-image",
        "compression-dictionary",
        "mask-icon",
        "fluid-icon",
        "manifest",
        "import",
        // Firefox fetches the next page of a series, Chrome what describes a search, older browsers the next two.
        "next",
        "search",
        "subresource",
        "serviceworker",
        "monetization",
    ];
    rel.split_ascii_whitespace().any(|token| FETCHING.iter().any(|known| token.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(raw: &str) -> StartTag<'_> {
        StartTag::new(raw.as_bytes())
    }

    #[test]
    fn scripts_run_by_their_type() {
        for raw in [
            "<script>",
            "<script type=''>",
            "<script type=module>",
            "<script type='Text/JavaScript; x'>",
            "<script language=VBScript>",
            "<script type=text/vbscript>",
            "<script language=JScript.Encode>",
            "<script type=importmap>",
            "<script type=application/x-ecmascript>",
        ] {
            assert!(runs(tag(raw)), "{raw}");
        }
        for raw in ["<script type=text/plain>", "<script type=application/ld+json>", "<script type=text/template>"] {
            assert!(!runs(tag(raw)), "{raw}");
        }
        assert!(is_list(tag("<script type=' SpeculationRules'>")) && !is_list(tag("<script type=module>")));
    }

    #[test]
    fn sheets_links_animations_and_parameters() {
        assert!(is_sheet(tag("<style>")) && is_sheet(tag("<style type='text/CSS; charset=x' media=print>")));
        assert!(!is_sheet(tag("<style type=text/less>")) && !is_sheet(tag("<style type=text/plain>")));
        assert!(fetches("shortcut ICON") && fetches("next") && !fetches("canonical") && !fetches("license"));
        assert!(animates_address(tag("<set attributeName='xlink:href'>")) && !animates_address(tag("<set to=x>")));
        assert!(is_address_parameter(tag("<param name=Movie>")) && !is_address_parameter(tag("<param name=loop>")));
        assert!(shows_pages("IFRAME") && !shows_pages("img"));
    }
}
