//! The generator's text as web pages and mails print it: indented by tabs, or with members deeper than the first one of their entry.
//! YAML takes neither. It is only tried where the text as it is cannot be read, and lines stay lines, so that numbers of lines hold.

/// The text with such lines moved; `None` when there are none.
pub(super) fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 64);
    // Where the members of the entry should begin, while the first line behind its first one is awaited.
    let mut awaited: Option<usize> = None;
    // Lines that begin here or deeper are moved, and by how much.
    let mut moved: Option<(usize, usize)> = None;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - rest.len();
        let lead: String = line.chars().take(indent).collect();
        // A tab stands for one level.
        let indent = lead.replace('\t', "  ").len();
        let quiet = rest.trim_end().is_empty() || rest.starts_with('#');
        if !quiet {
            if let Some(column) = awaited.take() {
                moved = (indent > column).then(|| (indent, indent - column));
            }
            if moved.is_some_and(|(from, _)| indent < from) {
                moved = None;
            }
        }
        let by = moved.filter(|(from, _)| indent >= *from).map_or(0, |(_, by)| by);
        out.extend(std::iter::repeat_n(' ', indent - by));
        out.push_str(rest);
        if let Some(first) = rest.strip_prefix("- ") {
            let member = first.trim_start();
            let has_value = member
                .split_once(": ")
                .is_some_and(|(_, value)| !value.trim().is_empty());
            if has_value {
                awaited = Some(indent - by + rest.len() - member.len());
            }
        }
    }
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_and_deep_members_are_moved_and_nothing_else_is() {
        for text in [
            "",
            "- a: b\n  c: d\n",
            "x:\n  - a: b\n    c: d\n",
            "- a:\n    b: c\n",
            "a: b\n    c",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
        for (text, wanted) in [
            ("- a: b\n\tc: d\n", "- a: b\n  c: d\n"),
            ("\t- a: b\r\n\t\tc: d", "  - a: b\r\n    c: d"),
            (
                "- a: b\n    # x\n    c: d\n      e\n    f: g\n- a: b\n  c: d\n",
                "- a: b\n    # x\n  c: d\n    e\n  f: g\n- a: b\n  c: d\n",
            ),
            ("-   a: b\n      c: d", "-   a: b\n    c: d"),
        ] {
            assert_eq!(repaired(text).as_deref(), Some(wanted), "{text}");
        }
    }
}
