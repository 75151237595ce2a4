//! `notice.template`: what the operator puts in place of the notice's inside, once nothing required is missing in it.

use super::super::excerpt::quoted;
use super::super::written::{self, Found};
use super::Resolver;
use super::style::read;
use crate::notice::{self, Flaw, LONGEST_TEMPLATE, Template};

const HINT: &str = "config/notice.example.html has everything that is required; docs/notice.md says what it is";

impl Resolver<'_, '_> {
    /// `site`: where it will stand, whose languages it has to speak and whose purposes it has to name.
    pub(super) fn template(&mut self, written: &written::Site, site: &notice::Site) -> Option<Template> {
        let file = written.notice.as_ref()?.1.template.as_ref()?;
        let source = self.source(file)?;
        match Template::new(&source, site) {
            Ok(template) => Some(template),
            Err(flaws) => {
                for flaw in &flaws {
                    self.flaw(file, flaw, &source);
                }
                None
            }
        }
    }

    fn flaw(&mut self, file: &Found<String>, Flaw { line, what }: &Flaw, source: &str) {
        let text = line.and_then(|line| source.lines().nth(line - 1)).map(|text| quoted(text.trim()));
        let place = match (line, text) {
            (Some(line), Some(text)) => format!(", line {line}, {text}"),
            _ => String::new(),
        };
        self.fault(file, format!("{}{place}: {what}", file.1), HINT);
    }

    fn source(&mut self, file: &Found<String>) -> Option<String> {
        let path = self.folder.join(&file.1);
        self.report.watch(&path);
        let problem = match read(&path, LONGEST_TEMPLATE) {
            Ok(content) if content.len() > LONGEST_TEMPLATE => {
                format!("is longer than {} KiB", LONGEST_TEMPLATE / 1024)
            }
            Ok(content) => match String::from_utf8(content) {
                Ok(source) => return Some(source),
                Err(_) => "is not UTF-8".to_owned(),
            },
            Err(error) => {
                let hint =
                    "the path is relative to the folder of the YAML file; the gate's user must be able to read it";
                self.fault(file, format!("cannot be read: {error}"), hint);
                return None;
            }
        };
        self.fault(file, problem, HINT);
        None
    }
}
