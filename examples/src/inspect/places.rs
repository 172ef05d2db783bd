//! Where something stands in a document, for the lines of a dialect.

use smartid::core::json;

/// How deep and how wide a document is searched.
const MAX_DEPTH: usize = 8;
const MAX_NODES: usize = 1000;

/// A value with the pointer that leads to it and the name of its member, which is empty in a list.
pub(super) struct Place<'a> {
    pub(super) at: String,
    pub(super) name: String,
    pub(super) raw: &'a str,
}

/// Every value below the top of a JSON text that `fits`, in their order. What fits is not looked into.
pub(super) fn find<'a>(text: &'a str, fits: impl Fn(&Place<'a>) -> bool) -> Vec<Place<'a>> {
    let mut found = Vec::new();
    let mut nodes = 0;
    walk(text, "", 0, &mut nodes, &fits, &mut found);
    found
}

fn walk<'a>(
    text: &'a str,
    at: &str,
    depth: usize,
    nodes: &mut usize,
    fits: &impl Fn(&Place<'a>) -> bool,
    found: &mut Vec<Place<'a>>,
) {
    let children: Vec<(String, String, &'a str)> = if text.starts_with('{') {
        let members = json::members(text).unwrap_or_default().into_iter();
        members
            .map(|(name, raw)| (name.replace('~', "~0").replace('/', "~1"), name, raw))
            .collect()
    } else if text.starts_with('[') {
        let items = json::items(text).unwrap_or_default().into_iter().enumerate();
        items
            .map(|(index, raw)| (index.to_string(), String::new(), raw))
            .collect()
    } else {
        return;
    };
    for (token, name, raw) in children {
        *nodes += 1;
        if depth > MAX_DEPTH || *nodes > MAX_NODES {
            return;
        }
        let at = format!("{at}/{token}");
        let place = Place { at, name, raw };
        if fits(&place) {
            found.push(place);
        } else {
            walk(raw, &place.at, depth + 1, nodes, fits, found);
        }
    }
}

/// A name without regard to letter case, hyphens and underscores.
pub(super) fn folded(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// The first value whose member has one of these names, which are folded.
pub(super) fn named<'a>(text: &'a str, names: &[&str]) -> Option<Place<'a>> {
    let fits = |place: &Place<'_>| place.raw != "null" && names.contains(&folded(&place.name).as_str());
    find(text, fits).into_iter().next()
}

/// What a JSON string says; `None` for another kind.
pub(super) fn text(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// A value for a person: a text without quotes, not too long.
pub(super) fn shown(raw: &str) -> String {
    shown_text(&text(raw).unwrap_or_else(|| raw.to_owned()))
}

/// As [`shown`], for a text that is decoded already.
pub(super) fn shown_text(text: &str) -> String {
    const SHOWN: usize = 120;
    let mut short: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_as_pointers_and_names_are_folded() {
        let text = r#"{"a/b":[1,{"Device_Info":{"x":null}}],"nonce":null}"#;
        let place = named(text, &["deviceinfo"]).unwrap();
        assert_eq!(
            (place.at.as_str(), place.raw),
            ("/a~1b/1/Device_Info", r#"{"x":null}"#)
        );
        assert!(named(text, &["nonce"]).is_none(), "null is nothing");
        let deep = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
        assert!(named(&deep, &["b"]).is_none());
        assert_eq!(shown(&format!("\"{}\"", "x".repeat(500))).chars().count(), 121);
    }
}
