//! What a template has to keep: it is rendered in every language and state, and measured by the built-in notice.
//!
//! The built-in notice is the list of what is required, so that nothing can be added there and forgotten here. What a
//! template may write is a short list of plain elements: no script, no inline style, nothing that hides, nothing from
//! elsewhere. That values cannot break out of their places is seen by rendering them at their worst.

use super::Config;
use super::address::Place;
use super::banner::{Banner, BannerState, built_in, done};
use super::exempt;
use super::html::Html;
use super::outline::{Node, Outline};
use super::purpose::AskedPurpose;
use super::strings::Strings;
use super::template::{Flaw, Template};

mod allowed;
mod answers;
mod trials;

use allowed::forbidden;
use answers::answers;
pub use trials::Site;
use trials::{Grounds, Trial};

/// Markup, quotes, spaces and the template's own signs.
const WORST: &str = "\"><img src=x onerror=1>' x=1 </div></template></form>{{ 1 }}{% x %}&quot;<!--";

/// Each flaw once, with where it was first seen.
pub(super) fn flaws(template: &Template, source: &str, site: &Site) -> Vec<Flaw> {
    let mut flaws: Vec<(String, Flaw)> = Vec::new();
    let mut add = |what: String, flaw: Flaw| {
        if !flaws.iter().any(|(known, _)| *known == what) {
            flaws.push((what, flaw));
        }
    };
    let grounds = Grounds::new(site, source);
    for language in &site.config.languages {
        for trial in grounds.trials(*language) {
            match tried(template, &trial) {
                Ok(found) => found.into_iter().for_each(|(what, needle)| {
                    let line = needle.and_then(|needle| line_of(source, &needle));
                    add(what.clone(), Flaw { line, what: format!("{what} ({trial})") });
                }),
                Err(flaw) => add(flaw.what.clone(), Flaw { what: format!("{} ({trial})", flaw.what), ..flaw }),
            }
        }
    }
    flaws.into_iter().map(|(_, flaw)| flaw).collect()
}

/// What is wrong, and what to look for in the template.
type Found = Vec<(String, Option<String>)>;

fn tried(template: &Template, trial: &Trial) -> Result<Found, Flaw> {
    let view = &trial.view;
    let rendered = template.render(view).map_err(|error| Flaw::of(&error))?;
    let made = match Outline::of(&ascii(&rendered)) {
        Ok(made) => made,
        Err(what) => return Ok(vec![(what.to_owned(), None)]),
    };
    if breaks_out(template, trial, &made)? {
        return Ok(vec![(
            "a value is not in quotes, or not escaped: it could break out of its place".to_owned(),
            None,
        )]);
    }
    let mut markup = Html::default();
    built_in(&mut markup, view, Strings::of(view.place.language));
    let usual = Outline::of(&markup.into_string()).expect("the built-in notice is whole");
    let mut found = forbidden(&made, &usual, view);
    let missing = [controls(&made, &usual), answers(&made, &usual), links(&made, &usual), sentences(&made, view)];
    found.extend(missing.into_iter().flatten().map(|what| (what, None)));
    Ok(found)
}

fn ascii(rendered: &str) -> String {
    let mut html = Html::default();
    html.rendered(rendered);
    html.into_string()
}

/// The form, its hidden fields, the heading and the message that is announced.
fn controls(made: &Outline, usual: &Outline) -> Vec<String> {
    let mut missing = Vec::new();
    let forms = |outline: &Outline| outline.tagged("form").map(|node| node.attributes.clone()).collect::<Vec<_>>();
    let same = |one: &[(String, String)], other: &[(String, String)]| other.iter().all(|pair| one.contains(pair));
    match (forms(made).as_slice(), forms(usual).as_slice()) {
        ([], []) => {}
        ([one], [other]) if same(one, other) => {}
        (_, []) => missing.push("a form stands where nothing is asked".to_owned()),
        _ => missing.push(
            "one form is needed: <form method=\"post\" action=\"{{ action }}\" accept-charset=\"utf-8\" target=\"_self\">"
                .to_owned(),
        ),
    }
    let fields = |outline: &Outline| {
        let inside = outline.tagged("input").map(|node| (outline.inside(node, "form"), node.attributes.clone()));
        inside.collect::<Vec<_>>()
    };
    if fields(made) != fields(usual) {
        missing.push("the form needs {{ fields }} in it, once, and no other <input>".to_owned());
    }
    for (tag, role, what) in [
        ("h2", None, "a heading is missing: <h2>{{ heading }}</h2>"),
        ("div", Some("alert"), "one message is needed: <div role=\"alert\"> with {{ said }} in it"),
    ] {
        let texts = |outline: &Outline| {
            let fits = outline.tagged(tag).filter(|node| node.value("role") == role);
            fits.filter(|node| !node.text.trim().is_empty()).count()
        };
        let everywhere = made.nodes.iter().filter(|node| role.is_some() && node.value("role") == role).count();
        if (tag == "h2" && texts(usual) > texts(made)) || (role.is_some() && everywhere != texts(usual)) {
            missing.push(what.to_owned());
        }
    }
    missing
}

/// The way to the cookies page, and the one that hides the message.
fn links(made: &Outline, usual: &Outline) -> Vec<String> {
    let lacks = usual.tagged("a").filter(|link| {
        let fits = |other: &Node| {
            !other.text.trim().is_empty() && link.attributes.iter().all(|pair| other.attributes.contains(pair))
        };
        !made.tagged("a").any(fits)
    });
    let named = |link: &Node| match link.value("class") {
        Some("hide") => "a link is missing: <a href=\"{{ back }}\" class=\"hide\" target=\"_self\">{{ hide }}</a>",
        _ => "a link to the cookies page is missing: <a href=\"{{ cookies }}\">",
    };
    lacks.map(|link| named(link).to_owned()).collect()
}

/// What cannot be agreed to unless it was read (A12, B3), and what was done.
fn sentences(made: &Outline, view: &Banner) -> Vec<String> {
    let strings = Strings::of(view.place.language);
    let read = words(&made.text);
    let lacks = |sentence: &str| !read.contains(&words(sentence));
    let mut missing = Vec::new();
    if view.state != BannerState::Ask {
        let said = done(view, strings);
        let announced = made.nodes.iter().find(|node| node.value("role") == Some("alert"));
        if announced.is_some_and(|node| !words(&node.text).contains(&words(&said))) {
            missing.push("the message does not say {{ said }}".to_owned());
        }
        return missing;
    }
    for asked in view.asked {
        if lacks(&asked.wish(strings)) {
            missing.push("a purpose is not named: {{ purpose.wish }} of each of purposes".to_owned());
        }
        if asked.third_parties.iter().any(|name| lacks(name)) {
            missing.push("another organisation is not named: {{ third_parties }}".to_owned());
        }
    }
    if exempt::mentions(view.place.exempt, strings).iter().any(|sentence| lacks(sentence)) {
        missing.push("what is used without consent is not named: each of exempt".to_owned());
    }
    missing
}

/// White space is the template's.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether other elements or attributes come about when every value that can be is at its worst.
fn breaks_out(template: &Template, trial: &Trial, made: &Outline) -> Result<bool, Flaw> {
    let view = &trial.view;
    let organisation = view.place.config.organisation.as_ref().map(|_| WORST.to_owned());
    let config = Config { service: WORST.to_owned(), organisation, ..view.place.config.clone() };
    let (names, path): (&[&str], _) = (&[WORST], format!("/{WORST}"));
    let asked = view.asked.iter().map(|asked| AskedPurpose {
        // A template may say more of a purpose that it knows.
        name: if trial.own { asked.name } else { WORST },
        third_parties: if asked.third_parties.is_empty() { &[] } else { names },
        ..*asked
    });
    let asked: Vec<_> = asked.collect();
    let place = Place { config: &config, return_to: &path, ..view.place };
    let rendered = template.render(&Banner { place, asked: &asked, state: view.state }).map_err(|e| Flaw::of(&e))?;
    Ok(Outline::of(&ascii(&rendered)).map_or(true, |worst| worst.shape() != made.shape()))
}

fn line_of(source: &str, needle: &str) -> Option<usize> {
    let at = source.to_ascii_lowercase().find(&needle.to_ascii_lowercase())?;
    Some(source[..at].matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Purpose;
    use crate::notice::Language;
    use crate::notice::testing::{config, mirrored};
    use crate::notice::{Look, Style, logo};

    const EXAMPLE: &str = include_str!("../../config/notice.example.html");

    fn all_languages() -> Config {
        let logo = logo(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()).ok();
        let languages = vec![Language::English, Language::Welsh, mirrored()];
        Config { languages, style: Style::new(Look { logo, ..Look::default() }), ..config() }
    }

    /// A site with two purposes beside the built-in ones.
    fn site(config: &Config) -> Site<'_> {
        let asked =
            vec![(Purpose::ANALYTICS, "analytics"), (Purpose::MARKETING, "video"), (Purpose::MARKETING, "weather")];
        Site { config, host: "www.ynysfor.example", prefix: "/-/cookies", asked }
    }

    /// What is said of the example with one thing changed in it.
    fn said_of(from: &str, to: &str) -> Vec<String> {
        assert!(EXAMPLE.contains(from), "the example has no {from}");
        let flaws = match Template::new(&EXAMPLE.replacen(from, to, 1), &site(&config())) {
            Ok(_) => Vec::new(),
            Err(flaws) => flaws,
        };
        let line = |flaw: &Flaw| flaw.line.map_or_else(String::new, |line| format!("{line}: "));
        flaws.iter().map(|flaw| format!("{}{}", line(flaw), flaw.what)).collect()
    }

    /// An element's tag, attributes and text.
    type Said = (String, Vec<(String, String)>, String);

    /// Elements, attributes and text, without the white space between them.
    fn whole(html: &str) -> (Vec<Said>, String) {
        let outline = Outline::of(html).expect("whole");
        let text = words(&outline.text);
        let node = |node: Node| {
            let mut attributes = node.attributes;
            attributes.sort();
            (node.tag, attributes, words(&node.text).replace(' ', ""))
        };
        (outline.nodes.into_iter().map(node).collect(), text.replace(' ', ""))
    }

    #[test]
    fn the_example_is_the_built_in_notice() {
        let config = all_languages();
        let site = site(&config);
        let template = Template::new(EXAMPLE, &site).expect("no flaw");
        for language in &config.languages {
            for trial in Grounds::new(&site, EXAMPLE).trials(*language) {
                let mut usual = Html::default();
                built_in(&mut usual, &trial.view, Strings::of(*language));
                let made = ascii(&template.render(&trial.view).expect("rendered"));
                assert_eq!(whole(&made), whole(&usual.into_string()), "{trial}");
            }
        }
    }

    #[test]
    fn whatever_is_required_is_missed() {
        for (from, to, what) in [
            ("<h2>{{ heading }}</h2>", "", "a heading is missing"),
            ("{{ fields }}", "", "the form needs {{ fields }} in it"),
            ("{{ fields }}", "{{ fields }}{{ fields }}", "the form needs {{ fields }} in it, once"),
            ("method=\"post\"", "method=\"get\"", "one form is needed"),
            ("action=\"{{ action }}\"", "action=\"https://elsewhere.example/\"", "one form is needed"),
            (" target=\"_self\">", ">", "one form is needed"),
            (
                "value=\"reject\"",
                "value=\"later\"",
                "the form needs one <button type=\"submit\" name=\"choice\" value=\"reject\"",
            ),
            (
                "value=\"reject\" class=\"button\"",
                "value=\"reject\" class=\"button small\"",
                "with these attributes alone",
            ),
            ("{{ reject }}", "<b>{{ reject }}</b>", "plain words alone"),
            ("{{ reject }}", " ", "the reject button must say {{ reject }}"),
            ("{{ reject }}", "&#8203;", "the reject button must say {{ reject }}"),
            ("{{ reject }}", "\u{202e}{{ reject }}", "the reject button must say {{ reject }}"),
            ("{{ accept }}", "{{ reject }}", "the accept button must say {{ accept }}"),
            ("{{ accept }}", "Yes, {{ accept }}", "the accept button must say {{ accept }}"),
            ("<a href=\"{{ cookies }}\">{{ view_cookies }}</a>", "", "a link to the cookies page is missing"),
            ("{{ view_cookies }}</a>", "</a>", "a link to the cookies page is missing"),
            ("<li>{{ purpose.wish }}</li>", "<li>{{ purpose.name }}</li>", "a purpose is not named"),
            ("<p>{{ also }}</p>", "", "a purpose is not named"),
            ("<p>{{ third_parties }}</p>", "", "another organisation is not named"),
            ("<p>{{ sentence }}</p>", "", "what is used without consent is not named"),
            (" role=\"alert\"", "", "one message is needed"),
            ("{{ said }}", "Thank you.", "the message does not say {{ said }}"),
            (" class=\"hide\"", "", "a link is missing: <a href=\"{{ back }}\" class=\"hide\""),
            ("<a href=\"{{ cookies }}\">{{ change[1] }}</a>", "", "a link to the cookies page is missing"),
        ] {
            let said = said_of(from, to);
            assert!(said.iter().any(|said| said.contains(what)), "{from} -> {to}: {said:?}");
        }
    }

    #[test]
    fn one_answer_is_not_easier_than_the_other() {
        let reject = "<button type=\"submit\" name=\"choice\" value=\"reject\" class=\"button\">{{ reject }}</button>";
        let said = said_of(reject, &format!("<p>{reject}</p>"));
        assert!(said[0].contains("side by side"), "{said:?}");
        let said = said_of(reject, &format!("{reject}{}", reject.replace("reject", "accept")));
        assert!(said[0].contains("needs one <button") && said[0].contains("\"accept\""), "{said:?}");
        for between in ["</div><div>", "<br><br>", "<p>or</p>", "<ul><li>a</li></ul>", "or", "&nbsp;", "<wbr>"] {
            let said = said_of("{{ accept }}</button>", &format!("{{{{ accept }}}}</button>{between}"));
            assert!(said[0].contains("side by side"), "{between}: {said:?}");
        }
        let turned = EXAMPLE.replace("accept", "x").replace("reject", "accept").replace("x\" class", "reject\" class");
        let flaws =
            Template::new(&turned.replace("{{ x }}", "{{ reject }}"), &site(&config())).expect_err("the other order");
        assert!(flaws.iter().any(|flaw| flaw.what.contains("side by side")), "{flaws:?}");
    }

    #[test]
    fn what_runs_hides_or_comes_from_elsewhere_is_refused_with_its_line() {
        for (to, what) in [
            ("<p>{{ essential }}</p><script>1</script>", "14: <script> may not stand in a notice"),
            ("<p onclick=\"1\">{{ essential }}</p>", "14: onclick= may not stand on <p>"),
            ("<p style=\"color: red\">{{ essential }}</p>", "14: style= may not stand on <p>"),
            ("<style>p {}</style>", "14: <style> may not stand in a notice"),
            ("<details><p>{{ essential }}</p></details>", "14: <details> may not stand in a notice"),
            ("<svg></svg>", "14: <svg> may not stand in a notice"),
            ("<img src=\"https://elsewhere.example/a.png\" alt=\"\">", "<img> may show {{ logo.address }} alone"),
            ("<p hidden>{{ essential }}</p>", "14: hidden= may not stand on <p>"),
            ("<p aria-hidden=\"true\">a</p>", "14: aria-hidden= may not stand on <p>"),
            ("<p class=\"unseen\">a</p>", "14: class=\"unseen\" may not stand on <p> here"),
            ("<p class=\"note SKIP\">a</p>", "class=\"SKIP\" may not stand"),
            ("<div class=\"placeholder\">a</div>", "class=\"placeholder\" may not stand"),
            ("<div class=\"footer buttons\">a</div>", "class=\"footer\" may not stand"),
            ("<div class=\"logo\">a</div>", "class=\"logo\" may not stand on <div>"),
            ("<a class=\"button\" href=\"https://elsewhere.example/\">a</a>", "class=\"button\" may not stand on <a>"),
            ("<a class=\"hide\" href=\"https://elsewhere.example/\">a</a>", "class=\"hide\" may not stand on <a>"),
            ("<bdo dir=\"rtl\">a</bdo>", "<bdo> may not stand in a notice"),
            ("<p>a\u{202e}b</p>", "14: U+202E is a character that nobody sees"),
            ("<p>&#8203;</p>", "U+200B is a character that nobody sees"),
            ("<p role=\"none\">a</p>", "role=\"none\" may not stand"),
            ("<a href=\"javascript:1\">a</a>", "a link needs the whole address"),
            ("<a href=\"/privacy\">a</a>", "a link needs the whole address"),
        ] {
            let said = said_of("<p>{{ essential }}</p>", to);
            assert!(said.iter().any(|said| said.contains(what)), "{to}: {said:?}");
        }
    }

    #[test]
    fn what_would_take_the_page_apart_is_refused() {
        for to in
            ["<div>", "</div>", "</template>", "</div></div></template>", "<p>", "<textarea>", "<!--", "<a href='"]
        {
            let said = said_of("<p>{{ essential }}</p>", to);
            assert!(!said.is_empty(), "{to}");
        }
        let said = said_of("<p>{{ essential }}</p>", "</div>");
        assert!(said[0].starts_with("an element is not closed, or closed twice (state ask, language en"), "{said:?}");
    }

    #[test]
    fn a_value_cannot_break_out_of_its_place() {
        for (from, to) in [
            ("<h2>{{ heading }}</h2>", "<h2 title={{ heading }}>{{ heading }}</h2>"),
            ("<h2>{{ heading }}</h2>", "{% autoescape false %}<h2>{{ heading }}</h2>{% endautoescape %}"),
            ("alt=\"{{ logo.name }}\"", "alt={{ logo.name }}"),
        ] {
            let flaws = Template::new(&EXAMPLE.replacen(from, to, 1), &site(&all_languages())).expect_err(to);
            assert!(flaws.iter().any(|flaw| flaw.what.contains("break out")), "{to}: {flaws:?}");
        }
        let said = said_of("<h2>{{ heading }}</h2>", "<h2>{{ heading|safe }}</h2>");
        assert!(said[0].contains("safe"), "{said:?}");
    }

    #[test]
    fn a_template_that_knows_the_usual_trials_is_tried_where_it_will_stand() {
        for (condition, seen) in [
            ("\"www.example.gov.uk\" not in action", "this site's own pages"),
            ("\"ynysfor\" in action", "this site's own pages"),
            ("\"/-/\" in action", "this site's own pages"),
            ("\"bins\" not in cookies", "this site's own pages"),
            ("purposes[0].name == \"weather\"", "the purpose 'weather' alone"),
            ("purposes | length == 3", "all of this site's purposes"),
            ("purposes | length == 3 and purposes[1].name == \"video\"", "all of this site's purposes"),
        ] {
            let wrong = format!("<h2>{{% if {condition} %}}<script>1</script>{{% endif %}}");
            let said = said_of("<h2>", &wrong);
            let found = said.iter().any(|said| said.contains("<script> may not") && said.contains(seen));
            assert!(found, "{condition}: {said:?}");
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let said = said_of("{{ essential }}", "{{ esential }}");
        assert!(said[0].starts_with("14: undefined value"), "{said:?}");
        let said = said_of("{{ essential }}", "{% if %}");
        assert!(said[0].starts_with("14: syntax error"), "{said:?}");
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let said = said_of("{{ essential }}", endless);
        assert!(said[0].contains("runs too long"), "{said:?}");
        let said = said_of("{{ essential }}", "{% include 'other.html' %}");
        assert!(!said.is_empty());
    }

    #[test]
    fn what_is_right_may_look_otherwise() {
        let welsh = "{% if language == 'cy' %}<p>Croeso \u{175}.</p>{% else %}<p class=\"note\">Hello.</p>{% endif %}";
        assert_eq!(said_of("<p>{{ essential }}</p>", welsh), [""; 0]);
        let known =
            "{% for purpose in purposes %}{% if purpose.name == 'weather' %}<p>Rain.</p>{% endif %}{% endfor %}<h2>";
        assert_eq!(said_of("<h2>", known), [""; 0]);
        assert_eq!(said_of("{{ accept }}", "\n  {{ accept }}\n"), [""; 0]);
        assert_eq!(said_of("<h2>", "\r\n<h2 id=\"cookies\">"), [""; 0]);
    }
}
