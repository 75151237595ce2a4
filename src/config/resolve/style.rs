//! `notice.style`: colours that can be told apart, and a logo that can do no harm.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::super::excerpt::quoted;
use super::super::written::{self, Colours, Found, Key};
use super::Resolver;
use crate::notice::{self, Asset, Colour, Corners, FooterPlace, LONGEST_LOGO, Look, Palette, Part, Poor};

impl Resolver<'_, '_> {
    pub(super) fn style(&mut self, written: Option<&written::Notice>) -> notice::Style {
        let Some(Found(_, style)) = written.and_then(|notice| notice.style.as_ref()) else {
            return notice::Style::default();
        };
        let corners = style.corners.as_ref().map(|found| found.1);
        let footer = style.footer.as_ref().map(|found| found.1);
        notice::Style::new(Look {
            light: style.colours.as_ref().map(|found| self.palette(Palette::LIGHT, found)),
            dark: style.dark.as_ref().map(|found| self.palette(Palette::DARK, found)),
            corners: if matches!(corners, Some(written::Corners::Square)) { Corners::Square } else { Corners::Rounded },
            footer: match footer {
                None | Some(written::FooterPlace::Start) => FooterPlace::Start,
                Some(written::FooterPlace::Centre) => FooterPlace::Centre,
                Some(written::FooterPlace::End) => FooterPlace::End,
            },
            logo: style.logo.as_ref().and_then(|file| self.logo(file)),
        })
    }

    fn palette(&mut self, built_in: Palette, written: &Found<Colours>) -> Palette {
        let before = self.report.len();
        let palette = Part::ALL.into_iter().fold(built_in, |palette, part| match self.colour(key(&written.1, part)) {
            Some(colour) => palette.with(part, colour),
            None => palette,
        });
        // A colour that could not be read has its fault already: its stand-in is not to be measured.
        if self.report.len() == before {
            palette.poor().for_each(|poor| self.poor(&poor, &palette, &written.1));
        }
        palette
    }

    fn colour(&mut self, key: &Key<String>) -> Option<Colour> {
        let found = key.as_ref()?;
        let colour = Colour::parse(&found.1);
        if colour.is_none() {
            let hint = "write # and six hexadecimal digits in quotes, such as \"#0f4c81\"";
            self.fault(found, format!("{} is not a colour", quoted(&found.1)), hint);
        }
        colour
    }

    /// Where both are written it stands at the one in front; one of the two is, for the built-in ones go together.
    fn poor(&mut self, poor: &Poor, palette: &Palette, written: &Colours) {
        let Some(found) = key(written, poor.front).as_ref().or(key(written, poor.back).as_ref()) else { return };
        let named = |part: Part| {
            let built_in = if key(written, part).is_some() { "" } else { " (built-in)" };
            format!("{} {}{built_in}", part.key(), palette.colour(part))
        };
        // Cut, not rounded: 4.499 is no 4.5.
        let ratio = (poor.ratio * 100.0).floor() / 100.0;
        let message = format!("{} on {} has a contrast of {ratio:.2}:1", named(poor.front), named(poor.back));
        self.fault(
            found,
            message,
            format!("make one of the two lighter or darker: it needs {}:1 (WCAG 2.2 AA)", poor.least),
        );
    }

    fn logo(&mut self, file: &Found<String>) -> Option<Asset> {
        let path = self.folder.join(&file.1);
        self.report.watch(&path);
        let content = match read(&path, LONGEST_LOGO) {
            Ok(content) => content,
            Err(error) => {
                let hint =
                    "the path is relative to the folder of the YAML file; the gate's user must be able to read it";
                self.fault(file, format!("cannot be read: {error}"), hint);
                return None;
            }
        };
        notice::logo(content)
            .map_err(|problem| {
                self.fault(
                    file,
                    problem,
                    "a logo is a PNG, or an SVG of shapes alone: no script, no address elsewhere",
                );
            })
            .ok()
    }
}

fn key(colours: &Colours, part: Part) -> &Key<String> {
    match part {
        Part::Background => &colours.background,
        Part::Text => &colours.text,
        Part::Link => &colours.link,
        Part::Button => &colours.button,
        Part::ButtonText => &colours.button_text,
        Part::Focus => &colours.focus,
    }
}

/// One byte more than allowed is enough to see that there is more: the file may be a device without an end.
pub(super) fn read(path: &Path, longest: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(longest as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
