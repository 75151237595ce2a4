//! The YAML as a tree in which every value knows its place; the limits on what a file may make the gate hold.
//!
//! Hostile or broken files cost a bounded amount: depth, number of values and aliases are counted while the parser's
//! events come in, before anything more is built (promise 30).

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::excerpt::quoted;
use super::fault::{Place, Report};
use super::syntax;

const DEEPEST: usize = 32;
/// Values in one file, aliases written out.
const MOST_VALUES: usize = 100_000;

/// One value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// Values in it, itself included.
    values: usize,
    /// Levels in it, itself included.
    height: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// `plain` is text without quotes, which may mean a number, true, false or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) place: Place,
}

/// Reads the file's one document. `None`: a fault that hides everything after it has been reported.
pub(super) fn read(text: &str, report: &mut Report) -> Option<Node> {
    let parser = Parser::new_from_str(text);
    Builder { text, parser, report, anchors: HashMap::new(), values: 0 }.document().ok()
}

/// A fault was reported and nothing after it can be read.
struct Reported;

struct Builder<'r, 't, 's> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    report: &'r mut Report<'s>,
    anchors: HashMap<usize, Node>,
    values: usize,
}

impl<'t> Builder<'_, 't, '_> {
    fn document(mut self) -> Result<Node, Reported> {
        self.next()?;
        let (start, _) = self.next()?;
        if start == Event::StreamEnd {
            return Err(self.empty());
        }
        let first = self.next()?;
        let root = self.node(first, &Arc::default(), 1)?;
        if matches!(&root.kind, Kind::Scalar { text, .. } if text.is_empty()) {
            return Err(self.empty());
        }
        self.next()?;
        let (end, span) = self.next()?;
        if end != Event::StreamEnd {
            let second = place(&Arc::default(), span);
            self.report.fault(&second, "a second document starts here", "keep one document: take out the '---'");
        }
        Ok(root)
    }

    fn empty(&mut self) -> Reported {
        let place = Place { line: 1, column: 1, width: 1, ..Place::default() };
        let hint = "write at least 'sites:' with one site: its hosts and its upstream";
        self.report.fault(&place, "the file is empty", hint);
        Reported
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Reported> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                syntax::report(self.text, &error, self.report);
                Err(Reported)
            }
            // The document's shape asks for no event after the stream's end.
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, (event, span): (Event<'t>, Span), path: &Arc<str>, depth: usize) -> Result<Node, Reported> {
        let place = place(path, span);
        self.count(1, &place)?;
        self.check_depth(depth, &place)?;
        let (anchor, kind) = match event {
            Event::Alias(anchor) => return self.alias(anchor, &place, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &place);
                (anchor, Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain })
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &place);
                (anchor, Kind::List(self.items(path, depth)?))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &place);
                (anchor, Kind::Map(self.entries(path, depth)?))
            }
            _ => {
                self.report.fault(&place, "a value is missing here", "write one, or take the key out");
                return Err(Reported);
            }
        };
        let node = Node::new(place, kind);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(&mut self, path: &Arc<str>, depth: usize) -> Result<Vec<Node>, Reported> {
        let mut items = Vec::new();
        loop {
            let next = self.next()?;
            if next.0 == Event::SequenceEnd {
                items.shrink_to_fit();
                return Ok(items);
            }
            items.push(self.node(next, &format!("{path}[{}]", items.len()).into(), depth + 1)?);
        }
    }

    fn entries(&mut self, path: &Arc<str>, depth: usize) -> Result<Vec<(Key, Node)>, Reported> {
        let mut entries = Vec::new();
        let mut lines = HashMap::new();
        loop {
            let next = self.next()?;
            if next.0 == Event::MappingEnd {
                entries.shrink_to_fit();
                return Ok(entries);
            }
            let key = self.key(next, path)?;
            let value = self.next()?;
            let value = self.node(value, &key.place.path, depth + 1)?;
            match lines.get(&key.name) {
                None => {
                    lines.insert(key.name.clone(), key.place.line);
                    entries.push((key, value));
                }
                Some(line) => self.report.fault(
                    &key.place,
                    format!("{} is written twice", quoted(&key.name)),
                    format!("take one of them out: the first is on line {line}"),
                ),
            }
        }
    }

    fn key(&mut self, (event, span): (Event<'t>, Span), path: &Arc<str>) -> Result<Key, Reported> {
        let Event::Scalar(name, ..) = event else {
            self.report.fault(&place(path, span), "a key is one word here", "write 'key: value'");
            return Err(Reported);
        };
        let shown = quoted(&name);
        let shown = shown.trim_matches('\'');
        let path = if path.is_empty() { shown.to_owned() } else { format!("{path}.{shown}") };
        Ok(Key { place: place(&path.into(), span), name: name.into_owned() })
    }

    /// An alias stands for a copy of what it names, so it is counted like one: nine lines of nine aliases each would
    /// otherwise become billions of values.
    fn alias(&mut self, anchor: usize, place: &Place, depth: usize) -> Result<Node, Reported> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            self.report.fault(place, "an alias inside the value that it names", "write the value out");
            return Err(Reported);
        };
        self.count(node.values, place)?;
        self.check_depth(depth + node.height - 1, place)?;
        Ok(node)
    }

    fn count(&mut self, values: usize, place: &Place) -> Result<(), Reported> {
        self.values += values;
        if self.values <= MOST_VALUES {
            return Ok(());
        }
        let message = format!("more than {MOST_VALUES} values, aliases written out");
        self.report.fault(place, message, "use fewer aliases, or several gates with a file each");
        Err(Reported)
    }

    fn check_depth(&mut self, depth: usize, place: &Place) -> Result<(), Reported> {
        if depth <= DEEPEST {
            return Ok(());
        }
        // The path of a value this deep says nothing that the line does not.
        let place = Place { path: Arc::default(), ..place.clone() };
        self.report.fault(&place, format!("nested deeper than {DEEPEST} levels"), "no key needs more than six levels");
        Err(Reported)
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, place: &Place) {
        if let Some(tag) = tag {
            let message =
                format!("the YAML tag {} has no meaning here", quoted(&format!("{}{}", tag.handle, tag.suffix)));
            self.report.fault(place, message, "take it out; text that starts with '!' goes in quotes");
        }
    }
}

impl Node {
    fn new(mut place: Place, kind: Kind) -> Self {
        let (mut values, mut height) = (1, 0);
        let children: Vec<&Self> = match &kind {
            Kind::Scalar { .. } => Vec::new(),
            Kind::List(items) => items.iter().collect(),
            Kind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
        };
        for child in children {
            values += child.values;
            height = height.max(child.height);
        }
        if let Kind::Map(entries) = &kind
            && let Some((first, _)) = entries.first()
            && (first.place.line, first.place.column) == (place.line, place.column)
        {
            place.width = first.place.width;
        }
        Self { place, kind, values, height: height + 1 }
    }
}

fn place(path: &Arc<str>, span: Span) -> Place {
    let (start, end) = (span.start, span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()).max(1) } else { 1 };
    Place { path: Arc::clone(path), line: start.line().max(1), column: start.col() + 1, width }
}
