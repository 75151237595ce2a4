//! How far an audit is, on a terminal; in a file or a pipe nothing.

use std::io::{self, IsTerminal as _};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use url::Url;

use crate::audit::Progress;

/// What somebody sees who waits for it: on a terminal a bar for all sites and one for each that is looked at.
pub(super) struct Shown {
    bars: Option<(MultiProgress, ProgressBar)>,
}

/// A site's own line.
pub(super) struct Bar(Option<ProgressBar>);

impl Shown {
    pub(super) fn new(sites: usize) -> Self {
        let bars = io::stderr().is_terminal().then(|| {
            let all = MultiProgress::new();
            let style = ProgressStyle::with_template("{elapsed_precise} {bar:40} {pos} of {len} sites");
            let bar = all
                .add(ProgressBar::new(sites as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())));
            (all, bar)
        });
        Self { bars }
    }

    pub(super) fn begin(&self, site: &Url) -> Bar {
        Bar(self.bars.as_ref().map(|(all, _)| {
            let style = ProgressStyle::with_template("  {prefix} {pos} of {len} pages, {msg}");
            let bar = all.add(ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())));
            bar.with_prefix(site.to_string())
        }))
    }

    pub(super) fn ended(&self) {
        if let Some((_, bar)) = &self.bars {
            bar.inc(1);
        }
    }
}

impl Bar {
    pub(super) fn at(&self, at: Progress) {
        if let Some(bar) = &self.0 {
            bar.set_length(at.of as u64);
            bar.set_position(at.done as u64);
            bar.set_message(at.phase.name());
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
