//! YAML as a tree of text. The parser's own tree guesses types (`no` would be a truth value, `0017` a number) and expands references;
//! this one does neither, and is bounded in depth and size, so that no document is larger than its text.

use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::TScalarStyle;

/// Deeper than any configuration.
const MAX_DEPTH: usize = 64;

/// More than any configuration has.
const MAX_NODES: usize = 50_000;

#[derive(Debug)]
pub(super) struct Node {
    /// The line on which it begins, counted from 1.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Text(String),
    /// Nothing, or `null` without quotes.
    Nothing,
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// A reference to another part of the document, which is never followed, or a type that is no text.
    Foreign,
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The last line on which something of it begins.
    pub(super) fn last_line(&self) -> usize {
        let inner = match &self.kind {
            Kind::List(items) => items.last().map(Self::last_line),
            Kind::Map(pairs) => pairs.last().map(|(_, value)| value.last_line()),
            _ => None,
        };
        inner.unwrap_or_default().max(self.line)
    }
}

/// The documents of a text, or the line at which it cannot be read.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, (usize, &'static str)> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut roots = Vec::new();
    let mut count = 0;
    loop {
        let (event, mark) = parser
            .next_token()
            .map_err(|error| (error.marker().line(), "is no YAML"))?;
        let line = mark.line();
        count += 1;
        if count > MAX_NODES {
            return Err((line, "has too many parts"));
        }
        let complete = match event {
            Event::StreamEnd => return Ok(roots),
            Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => continue,
            Event::SequenceStart(_, _) | Event::MappingStart(_, _) if open.len() >= MAX_DEPTH => {
                return Err((line, "is nested too deeply"));
            }
            Event::SequenceStart(_, _) => {
                open.push(Open::new(line, false));
                continue;
            }
            Event::MappingStart(_, _) => {
                open.push(Open::new(line, true));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(ended) => ended.close(),
                None => return Err((line, "is no YAML")),
            },
            Event::Alias(_) => Node {
                line,
                kind: Kind::Foreign,
            },
            Event::Scalar(text, style, _, tag) => Node {
                line,
                kind: scalar(text, style, tag.as_ref()),
            },
        };
        match open.last_mut() {
            Some(outer) => outer.items.push(complete),
            None => roots.push(complete),
        }
    }
}

fn scalar(text: String, style: TScalarStyle, tag: Option<&Tag>) -> Kind {
    let is_text = |tag: &Tag| tag.suffix == "str" && tag.handle == "tag:yaml.org,2002:";
    match tag {
        Some(tag) if !is_text(tag) => Kind::Foreign,
        None if style == TScalarStyle::Plain
            && ["", "~", "null", "Null", "NULL"].contains(&text.as_str()) =>
        {
            Kind::Nothing
        }
        _ => Kind::Text(text),
    }
}

/// A list or map that has begun; of a map, names and values by turns.
struct Open {
    line: usize,
    map: bool,
    items: Vec<Node>,
}

impl Open {
    fn new(line: usize, map: bool) -> Self {
        Self {
            line,
            map,
            items: Vec::new(),
        }
    }

    fn close(self) -> Node {
        let kind = if self.map {
            let mut items = self.items.into_iter();
            let mut pairs = Vec::new();
            while let (Some(name), Some(value)) = (items.next(), items.next()) {
                pairs.push((name, value));
            }
            Kind::Map(pairs)
        } else {
            Kind::List(self.items)
        };
        Node {
            line: self.line,
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_text_that_stands_there() {
        let text = "[no, 0017, 1e9, 1.0, 'null', null, ~, , !!str 7, !!int 7, 2020-01-01, \"a\\u00e5\"]";
        let roots = documents(&text.replace(", ,", ", null,")).unwrap();
        let Kind::List(items) = &roots[0].kind else {
            panic!()
        };
        let read: Vec<Option<&str>> = items.iter().map(Node::text).collect();
        let wanted = [
            "no",
            "0017",
            "1e9",
            "1.0",
            "null",
            "",
            "",
            "",
            "7",
            "",
            "2020-01-01",
            "a\u{e5}",
        ];
        assert_eq!(
            read,
            wanted.map(|text| Some(text).filter(|text| !text.is_empty()))
        );
        assert!(matches!(items[9].kind, Kind::Foreign) && matches!(items[5].kind, Kind::Nothing));
    }

    #[test]
    fn depth_and_number_of_parts_are_bounded() {
        let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
        assert!(documents(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(
            documents(&nested(MAX_DEPTH + 1)).unwrap_err().1,
            "is nested too deeply"
        );
        assert!(documents(&"- ".repeat(MAX_DEPTH + 1)).is_err());
        assert!(documents(&"- a\n".repeat(MAX_NODES / 2)).is_ok());
        assert_eq!(
            documents(&"- a\n".repeat(MAX_NODES)).unwrap_err().1,
            "has too many parts"
        );
    }

    #[test]
    fn references_are_not_followed() {
        let roots = documents("a: &a [x, x]\nb: [*a, *a]").unwrap();
        let Kind::Map(pairs) = &roots[0].kind else {
            panic!()
        };
        let Kind::List(items) = &pairs[1].1.kind else {
            panic!()
        };
        assert!(items.iter().all(|item| matches!(item.kind, Kind::Foreign)));
    }
}
