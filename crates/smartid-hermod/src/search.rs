//! Looks through a whole report for something whose place is not published.

use smartid_core::json;

/// How deep and how wide a report is searched.
const MAX_DEPTH: usize = 8;
const MAX_NODES: usize = 512;

/// What `look` finds among the objects, lists and texts of a JSON text, in their order, with its JSON pointer. What is found is not
/// searched further, and two are enough: one that is not alone does not count.
pub(crate) fn search<'a, T>(text: &'a str, look: impl FnMut(&'a str) -> Option<T>) -> Vec<(String, T)> {
    let mut search = Search {
        look,
        found: Vec::new(),
        nodes: 0,
    };
    search.walk(text, &mut String::new(), 0);
    search.found
}

struct Search<T, F> {
    look: F,
    found: Vec<(String, T)>,
    nodes: usize,
}

impl<'a, T, F: FnMut(&'a str) -> Option<T>> Search<T, F> {
    fn walk(&mut self, text: &'a str, at: &mut String, depth: usize) {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES || self.found.len() > 1 {
            return;
        }
        if let Some(found) = (self.look)(text) {
            self.found.push((at.clone(), found));
            return;
        }
        let children: Vec<(String, &'a str)> = if text.starts_with('{') {
            json::members(text).unwrap_or_default()
        } else if text.starts_with('[') {
            let items = json::items(text).unwrap_or_default().into_iter();
            items
                .enumerate()
                .map(|(index, item)| (index.to_string(), item))
                .collect()
        } else {
            return;
        };
        for (name, child) in children {
            if child.starts_with(['{', '[', '"']) {
                let length = at.len();
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                self.walk(child, at, depth + 1);
                at.truncate(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let found = search(text, |text| (text == "\"x\"").then_some(()));
        found.into_iter().map(|(at, ())| at).collect()
    }

    #[test]
    fn places_are_told_and_two_are_enough() {
        assert_eq!(places("\"x\""), [""]);
        assert_eq!(places(r#"{"a/b":[1,{"~":"x"}]}"#), ["/a~1b/1/~0"]);
        assert_eq!(places(r#"["x","x","x"]"#), ["/0", "/1"]);
        assert!(places(r#"{"x":"y","z":7}"#).is_empty());
    }

    #[test]
    fn what_is_deep_or_wide_is_not_searched() {
        let nested = |depth: usize| format!("{}\"x\"{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(places(&nested(MAX_DEPTH)).len(), 1);
        assert!(places(&nested(MAX_DEPTH + 1)).is_empty());
        assert!(places(&nested(1_000_000)).is_empty());
        let wide = |count: usize| format!("[{}\"x\"]", "\"y\",".repeat(count));
        assert_eq!(places(&wide(MAX_NODES - 2)).len(), 1);
        assert!(places(&wide(MAX_NODES - 1)).is_empty());
    }
}
