//! `notice.template`: what the operator puts in place of the notice's inside, once nothing required is missing in it.

use super::super::written::{self, Found};
use super::Resolver;
use super::style::read;
use crate::notice::{self, Flaw, LONGEST_TEMPLATE, Template};

const HINT: &str = "config/notice.example.html has everything that is required; docs/notice.md says what it is";

impl Resolver<'_, '_> {
    /// `config`: the notice it stands in, whose languages it has to speak.
    pub(super) fn template(&mut self, written: Option<&written::Notice>, config: &notice::Config) -> Option<Template> {
        let file = written?.template.as_ref()?;
        let source = self.source(file)?;
        match Template::new(&source, config) {
            Ok(template) => Some(template),
            Err(flaws) => {
                flaws.iter().for_each(|flaw| self.flaw(file, flaw));
                None
            }
        }
    }

    fn flaw(&mut self, file: &Found<String>, Flaw { line, what }: &Flaw) {
        let line = line.map_or_else(String::new, |line| format!(", line {line}"));
        self.fault(file, format!("{}{line}: {what}", file.1), HINT);
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
