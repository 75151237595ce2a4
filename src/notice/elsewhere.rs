//! The page on which a third party shows what is embedded here, as far as the embed's own address tells.
//!
//! Only re-arranged, never asked for: a video's number, a map's middle, the page a plug-in was made for. What cannot be
//! told leads to the embed's address itself.

use url::Url;

/// Where a plain link to this embed leads.
pub(super) fn own_page(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let page = match url.host_str().unwrap_or_default().trim_start_matches("www.") {
        "youtube.com" | "youtube-nocookie.com" => youtube(&url),
        "player.vimeo.com" => vimeo(&url),
        "google.com" | "google.co.uk" | "maps.google.com" | "maps.google.co.uk" => google_maps(&url),
        "facebook.com" => value(&url, "href").filter(|page| is_facebook(page)),
        "platform.twitter.com" => twitter(&url),
        "open.spotify.com" | "instagram.com" => without_embed(&url),
        _ => None,
    };
    page.unwrap_or_else(|| url.into())
}

/// `/embed/ID` is a video, `/embed/videoseries?list=ID` a list of them.
fn youtube(url: &Url) -> Option<String> {
    let id = url.path().strip_prefix("/embed/").filter(|id| is_word(id))?;
    match value(url, "list").filter(|list| is_word(list)) {
        Some(list) if id == "videoseries" => Some(format!("https://www.youtube.com/playlist?list={list}")),
        _ if id == "videoseries" => None,
        _ => Some(format!("https://www.youtube.com/watch?v={id}")),
    }
}

/// A video that is not listed carries a second number, `h`.
fn vimeo(url: &Url) -> Option<String> {
    let id = url.path().strip_prefix("/video/").filter(|id| is_number(id))?;
    let unlisted = value(url, "h").filter(|hash| is_word(hash)).map_or_else(String::new, |hash| format!("/{hash}"));
    Some(format!("https://vimeo.com/{id}{unlisted}"))
}

/// A search by its words, or a map by its middle: `!2d` is its longitude and `!3d` its latitude.
fn google_maps(url: &Url) -> Option<String> {
    url.path().starts_with("/maps").then_some(())?;
    if let Some(words) = value(url, "q") {
        return Url::parse_with_params("https://www.google.com/maps/search/?api=1", [("query", words)])
            .ok()
            .map(Into::into);
    }
    let map = value(url, "pb")?;
    let part = |mark: &str| {
        let found = map.split('!').find_map(|part| part.strip_prefix(mark))?;
        found.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')).then_some(found)
    };
    let (longitude, latitude) = (part("2d")?, part("3d")?);
    Some(format!("https://www.google.com/maps/@?api=1&map_action=map&center={latitude}%2C{longitude}"))
}

fn twitter(url: &Url) -> Option<String> {
    let id = value(url, "id").filter(|id| is_number(id))?;
    Some(format!("https://twitter.com/i/status/{id}"))
}

fn is_facebook(page: &str) -> bool {
    let host = Url::parse(page).ok().filter(|page| page.scheme() == "https");
    host.as_ref().and_then(Url::host_str).is_some_and(|host| host == "facebook.com" || host.ends_with(".facebook.com"))
}

/// `/embed/track/1` and `/p/1/embed/` are `/track/1` and `/p/1/` inside a frame.
fn without_embed(url: &Url) -> Option<String> {
    let rest = url.path().strip_prefix("/embed").or_else(|| url.path().trim_end_matches('/').strip_suffix("/embed"))?;
    let mut page = url.clone();
    page.set_path(rest);
    page.set_query(None);
    Some(page.into())
}

fn value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embed_leads_to_the_page_it_was_made_from() {
        for (embed, page) in [
            ("https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
            ("https://www.youtube-nocookie.com/embed/a-_1", "https://www.youtube.com/watch?v=a-_1"),
            ("https://www.youtube.com/embed/videoseries?list=PL1", "https://www.youtube.com/playlist?list=PL1"),
            ("https://player.vimeo.com/video/76979871?h=8272103f6e", "https://vimeo.com/76979871/8272103f6e"),
            ("https://player.vimeo.com/video/76979871", "https://vimeo.com/76979871"),
            (
                "https://www.google.com/maps/embed?pb=!1m18!1m12!1m3!1d2485.1!2d-3.181!3d51.484!2m3!1f0",
                "https://www.google.com/maps/@?api=1&map_action=map&center=51.484%2C-3.181",
            ),
            (
                "https://maps.google.com/maps?q=Town%20Hall&output=embed",
                "https://www.google.com/maps/search/?api=1&query=Town+Hall",
            ),
            (
                "https://www.facebook.com/plugins/page.php?href=https%3A%2F%2Fwww.facebook.com%2Fcouncil&tabs=timeline",
                "https://www.facebook.com/council",
            ),
            ("https://platform.twitter.com/embed/Tweet.html?id=20", "https://twitter.com/i/status/20"),
            ("https://open.spotify.com/embed/track/1?utm=x", "https://open.spotify.com/track/1"),
            ("https://www.instagram.com/p/1/embed/", "https://www.instagram.com/p/1"),
        ] {
            assert_eq!(own_page(embed), page);
        }
    }

    #[test]
    fn what_cannot_be_told_leads_to_the_address_itself() {
        for address in [
            "https://video.example/player?id=1",
            "https://www.youtube.com/embed/",
            "https://www.youtube.com/embed/a%22b",
            "https://www.google.com/maps/embed?pb=!2d1)!3d2",
            "https://www.facebook.com/plugins/page.php?href=https%3A%2F%2Fevil.example%2F",
            "https://www.facebook.com/plugins/page.php?href=javascript%3Aalert(1)",
            "https://platform.twitter.com/embed/Tweet.html?id=x",
        ] {
            assert_eq!(own_page(address), address);
        }
    }
}
