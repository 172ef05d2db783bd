//! How texts of a search are compared with those of certificates: wildcards, case, names (protocol notes: cm 5.1; how the product
//! compares is not public).

use crate::config::CmSearchConfig;

/// Whether a text matches, `*` standing for anything when that is turned on.
pub(super) fn matcher(config: &CmSearchConfig, wanted: &str) -> impl Fn(&str) -> bool + Send + use<> {
    let (wildcards, ignore_case) = (config.wildcards, config.ignore_case);
    let fold = move |text: &str| {
        if ignore_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let wanted = fold(wanted);
    move |text: &str| {
        let text = fold(text);
        if wildcards {
            matches(&wanted, &text)
        } else {
            wanted == text
        }
    }
}

/// Whether a text fits a pattern with `*`, in time that does not run away.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    // Each part as early as it can be: what is left for the others is then the most.
    for part in parts {
        match left.find(part) {
            Some(at) => left = left.get(at.saturating_add(part.len())..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(tail)
}

/// A distinguished name without regard to blanks around its parts and to case.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        let mut quoted = false;
        text.split(|character: char| {
            quoted ^= character == '"';
            character == ',' && !quoted
        })
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            format!("{}={}", name.trim(), value.trim()).to_lowercase()
        })
        .collect()
    };
    parts(one) == parts(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, wanted) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("a*b*c", "aXbYbZc", true),
            ("*ab", "aab", true),
            ("*\u{e9}*", "x\u{e9}y", true),
            ("ab*ba", "aba", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn names_are_compared_part_by_part() {
        assert!(same_name("CN=A, O=\"x, y\", C=SE", "cn = a,O=\"X, y\",C=SE"));
        assert!(!same_name("CN=A, O=B", "O=B, CN=A"));
        assert!(!same_name("CN=A", "CN=A, O=B"));
    }
}
