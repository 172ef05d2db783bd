//! Finds the values of elements in a web page: a scanner of start tags, not a parser of HTML.
//!
//! An answer for people is read by a program here, so what decides is what a browser would show: a comment is no element, nor is text in
//! a script or in another attribute's quotes. The scanner goes over the page once, keeps nothing but what was asked for, and takes any
//! text: a page that ends in the middle of a tag has no such tag. Tags, attributes and what has its own rules inside (scripts, text
//! areas) are told as the HTML standard's tokenizer tells them (section 13.2.5), without a tree.

use super::entities;

/// The white space of HTML.
const SPACE: [char; 5] = [' ', '\t', '\n', '\u{c}', '\r'];

/// Elements whose content has no tags inside but their own end.
const RAW: [&str; 8] = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
];

/// The attributes that are looked at.
const NAME: &str = "name";
const ID: &str = "id";
const VALUE: &str = "value";

/// Of every element whose `name` or `id` begins with `prefix`, in any letter case: its attribute `value`, or the text in it where it has
/// none. Entities are replaced; what is empty is left out.
pub(super) fn values(page: &str, prefix: &str) -> Vec<String> {
    let mut values = Vec::new();
    elements(page, |element| {
        let named = [element.get(NAME), element.get(ID)].into_iter().flatten();
        if named
            .into_iter()
            .any(|name| begins(&entities::replaced(name), prefix))
        {
            let value = entities::replaced(element.get(VALUE).unwrap_or(element.text));
            if !value.trim().is_empty() {
                values.push(value);
            }
        }
    });
    values
}

/// The rule of the scripts that this was seen in, which know nothing of elements: of each line that has a string in double quotes which
/// begins with `prefix`, the third such string. Comments are no lines.
pub(super) fn third_strings(page: &str, prefix: &str) -> Vec<String> {
    let mut rest = page;
    let mut lines = String::with_capacity(page.len());
    while let Some((before, comment)) = rest.split_once("<!--") {
        lines.push_str(before);
        rest = behind_comment(comment);
    }
    lines.push_str(rest);
    let third = |line: &str| {
        let pieces: Vec<&str> = line.split('"').take(MAX_PIECES).collect();
        // What stands behind the last quote is in none.
        let closed = pieces.len().saturating_sub(1);
        let mut strings = pieces.iter().take(closed).skip(1).step_by(2);
        let is_meant = strings.clone().any(|string| begins(string, prefix));
        strings
            .nth(2)
            .filter(|_| is_meant)
            .map(|string| (*string).to_owned())
    };
    lines.lines().filter_map(third).collect()
}

/// How many pieces of one line are looked at.
const MAX_PIECES: usize = 64;

/// What a person would read on the page, at most `limit` characters: no scripts, one space between words.
pub(super) fn text(page: &str, limit: usize) -> String {
    let mut shown = String::new();
    let mut left = limit;
    let mut words = |piece: &str| {
        let piece = entities::replaced(piece);
        let spaced = |letter: char| letter.is_whitespace() || letter.is_control();
        for word in piece.split(spaced).filter(|word| !word.is_empty()) {
            let letters = word.chars().chain([' ']).take(left);
            let before = shown.len();
            shown.extend(letters);
            left -= shown.get(before..).unwrap_or_default().chars().count();
        }
    };
    let behind = |rest: &str| rest.split('<').next().unwrap_or_default().to_owned();
    words(&behind(page));
    let mut rest = page;
    while let Some(next) = next_tag(rest, |element| {
        if !["script", "style"]
            .iter()
            .any(|tag| element.tag.eq_ignore_ascii_case(tag))
        {
            words(element.text);
        }
    }) {
        rest = next.rest;
        if next.is_end {
            words(&behind(rest));
        }
    }
    shown.trim_end().to_owned()
}

fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// A start tag, and the text up to the next tag, or up to its end where it has its own rules inside.
struct Element<'p> {
    tag: &'p str,
    attributes: Vec<(&'p str, &'p str)>,
    text: &'p str,
}

impl<'p> Element<'p> {
    /// The first attribute of this name, as in a browser.
    fn get(&self, name: &str) -> Option<&'p str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }
}

/// Where scanning goes on.
struct Next<'p> {
    rest: &'p str,
    /// Whether it stands behind an end tag or something that is no element.
    is_end: bool,
}

/// Hands over each element of a page in its order.
fn elements<'p>(page: &'p str, mut each: impl FnMut(&Element<'p>)) {
    let mut rest = page;
    while let Some(next) = next_tag(rest, &mut each) {
        rest = next.rest;
    }
}

/// Goes behind the next tag or comment; `None` at the end of the page, also when it ends within a tag.
fn next_tag<'p>(page: &'p str, mut each: impl FnMut(&Element<'p>)) -> Option<Next<'p>> {
    let (_, behind) = page.split_once('<')?;
    let is_letter = |text: &str| text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let end = |rest| Some(Next { rest, is_end: true });
    if let Some(comment) = behind.strip_prefix("!--") {
        return end(behind_comment(comment));
    }
    if let Some(tag) = behind.strip_prefix('/').filter(|tag| is_letter(tag)) {
        return end(start_tag(tag)?.1);
    }
    if behind.starts_with(['!', '?', '/']) {
        // A declaration, or what browsers take for a comment.
        return end(behind.split_once('>')?.1);
    }
    if !is_letter(behind) {
        return end(behind);
    }
    let (mut element, rest) = start_tag(behind)?;
    let raw = RAW.iter().find(|raw| element.tag.eq_ignore_ascii_case(raw));
    let rest = match raw {
        Some(raw) => {
            let (text, rest) = split_at_end_tag(rest, raw)?;
            element.text = text;
            rest
        }
        None if element.tag.eq_ignore_ascii_case("plaintext") => return None,
        None => {
            element.text = rest.split('<').next().unwrap_or_default();
            rest
        }
    };
    each(&element);
    let is_end = raw.is_some();
    Some(Next { rest, is_end })
}

/// What stands behind a comment whose beginning was taken off.
fn behind_comment(comment: &str) -> &str {
    for short in [">", "->"] {
        if let Some(rest) = comment.strip_prefix(short) {
            return rest;
        }
    }
    let mut rest = comment;
    while let Some((_, behind)) = rest.split_once("--") {
        // Of three hyphens the last two end it.
        rest = behind.trim_start_matches('-');
        if let Some(behind) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("!>")) {
            return behind;
        }
    }
    ""
}

/// A tag from its name on, and what stands behind it. `None`: the page ends within it.
fn start_tag(text: &str) -> Option<(Element<'_>, &str)> {
    let (tag, mut rest) = split(text, |letter| {
        SPACE.contains(&letter) || matches!(letter, '/' | '>')
    });
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|letter| SPACE.contains(&letter) || letter == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            let text = "";
            return Some((
                Element {
                    tag,
                    attributes,
                    text,
                },
                rest,
            ));
        }
        let (attribute, behind) = attribute(rest)?;
        rest = behind;
        // A tag may have thousands.
        let is_meant = [NAME, ID, VALUE]
            .iter()
            .any(|name| attribute.0.eq_ignore_ascii_case(name));
        if is_meant && attributes.len() < MAX_ATTRIBUTES {
            attributes.push(attribute);
        }
    }
}

/// How many attributes of the three names are kept of one tag.
const MAX_ATTRIBUTES: usize = 16;

/// Name and value of an attribute, and what stands behind it. `None`: the page ends within it.
fn attribute(text: &str) -> Option<((&str, &str), &str)> {
    // An equals sign in the first place is part of the name.
    let first = text.chars().next()?.len_utf8();
    let tail = text.get(first..)?;
    let length = tail
        .find(|letter| SPACE.contains(&letter) || matches!(letter, '/' | '>' | '='))
        .unwrap_or(tail.len());
    let (name, rest) = text.split_at_checked(first + length)?;
    let Some(value) = rest.trim_start_matches(SPACE).strip_prefix('=') else {
        return Some(((name, ""), rest));
    };
    let value = value.trim_start_matches(SPACE);
    for quote in ['"', '\''] {
        if let Some(inside) = value.strip_prefix(quote) {
            let (value, rest) = inside.split_once(quote)?;
            return Some(((name, value), rest));
        }
    }
    let (value, rest) = split(value, |letter| SPACE.contains(&letter) || letter == '>');
    Some(((name, value), rest))
}

fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    let at = text.find(ends).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// The text up to the end tag of this name, and what stands behind that. `None`: the page ends before.
fn split_at_end_tag<'p>(text: &'p str, tag: &str) -> Option<(&'p str, &'p str)> {
    text.match_indices("</").find_map(|(at, _)| {
        let (inside, end) = text.split_at_checked(at)?;
        let name = end.get(2..)?;
        let behind = name.get(tag.len()..)?;
        let is_it = begins(name, tag)
            && behind.starts_with(|letter| SPACE.contains(&letter) || matches!(letter, '/' | '>'));
        if !is_it {
            return None;
        }
        Some((inside, start_tag(name).map_or("", |(_, rest)| rest)))
    })
}
