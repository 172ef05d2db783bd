//! From entries to text, as the generator writes it.

use smartid_core::SecretString;

use super::read::MEMBERS;
use super::{ApiClient, UserPassword};

/// How names of members are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spelling {
    /// `client-id`, for messaging 3.x (documented).
    #[default]
    Kebab,
    /// `clientId`, for messaging 2.x (documented).
    Camel,
}

/// What stands around the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nesting {
    /// Nothing: the list alone, as the generator prints it.
    #[default]
    List,
    /// `allowed-clients:`.
    AllowedClients,
    /// `application:`, `hermod:`, `allowed-clients:`, as a file of its own.
    Application,
}

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct YamlOptions {
    spelling: Spelling,
    nesting: Nesting,
    comments: bool,
}

impl Default for YamlOptions {
    fn default() -> Self {
        Self {
            spelling: Spelling::Kebab,
            nesting: Nesting::List,
            comments: true,
        }
    }
}

impl YamlOptions {
    /// As the generator of 3.x writes: kebab spelling, the list alone, with the comments.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the spelling.
    #[must_use]
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// Sets what stands around the entries.
    #[must_use]
    pub fn nesting(mut self, nesting: Nesting) -> Self {
        self.nesting = nesting;
        self
    }

    /// Whether the generator's comments are written, the one with the ready `X-Api-Key` among them.
    #[must_use]
    pub fn comments(mut self, comments: bool) -> Self {
        self.comments = comments;
        self
    }

    fn name(self, (kebab, camel): (&'static str, &'static str)) -> &'static str {
        match self.spelling {
            Spelling::Kebab => kebab,
            Spelling::Camel => camel,
        }
    }
}

pub(super) fn list(clients: &[ApiClient], options: &YamlOptions) -> SecretString {
    let list = options.name(("allowed-clients", "allowedClients"));
    let (around, indent) = match options.nesting {
        Nesting::List => (String::new(), ""),
        Nesting::AllowedClients => (format!("{list}:\n"), "  "),
        Nesting::Application => (format!("application:\n  hermod:\n    {list}:\n"), "      "),
    };
    // An empty list has to say so.
    let mut text = match (clients.is_empty(), around.strip_suffix('\n')) {
        (true, around) => format!(
            "{}[]\n",
            around.map(|around| format!("{around} ")).unwrap_or_default()
        ),
        (false, _) => around,
    };
    for client in clients {
        entry(&mut text, client, indent, *options);
    }
    SecretString::new(text)
}

fn entry(text: &mut String, client: &ApiClient, indent: &str, options: YamlOptions) {
    let ApiClient {
        api_key,
        group,
        callback_url,
        callback_basic_auth,
        content_provider_url,
        content_provider_basic_auth,
    } = client;
    let pair = |pair: &Option<UserPassword>| {
        let join =
            |pair: &UserPassword| SecretString::new(format!("{}:{}", pair.user(), pair.password().expose()));
        pair.as_ref().map(join)
    };
    let plain = |plain: &Option<String>| plain.clone().map(SecretString::new);
    let values = [
        Some(SecretString::new(api_key.client_id())),
        Some(api_key.key().clone()),
        plain(group),
        pair(callback_basic_auth),
        plain(callback_url),
        plain(content_provider_url),
        pair(content_provider_basic_auth),
    ];
    let comment = |name: &str| match name {
        "callback-basic-auth" => Some("optional user:password for basic authentication in callbacks"),
        "callback-url" => Some("callback URL base for this client"),
        _ => None,
    };
    if options.comments {
        line(text, indent, "# X-Api-Key: ", api_key.header_value().expose());
    }
    let mut mark = "- ";
    for (name, value) in MEMBERS.into_iter().zip(&values) {
        let Some(value) = value else { continue };
        if let Some(comment) = comment(name.0).filter(|_| options.comments) {
            line(text, indent, "  # ", comment);
        }
        text.push_str(indent);
        text.push_str(mark);
        text.push_str(options.name(name));
        text.push_str(": ");
        scalar(text, value.expose());
        text.push('\n');
        mark = "  ";
    }
}

fn line(text: &mut String, indent: &str, mark: &str, rest: &str) {
    for part in [indent, mark, rest, "\n"] {
        text.push_str(part);
    }
}

/// A value, in quotes wherever a reader of YAML 1.1 or 1.2 could take it for something else than text.
fn scalar(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~'
            | '\u{a0}'..='\u{2027}'
            | '\u{202f}'..='\u{d7ff}'
            | '\u{e000}'..='\u{fefe}'
            | '\u{ff00}'..='\u{fffd}' => out.push(c),
            _ => {
                let code = u32::from(c);
                let (mark, width) = if code > 0xFFFF { ('U', 8) } else { ('u', 4) };
                out.push('\\');
                out.push(mark);
                for place in (0..width).rev() {
                    out.push(char::from_digit(code >> (place * 4) & 15, 16).unwrap_or('0'));
                }
            }
        }
    }
    out.push('"');
}

fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let numeric = |byte: u8| byte.is_ascii_digit() || b"_.:+-eE".contains(&byte);
    let based = ["0x", "0X", "0o", "0b"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:@+=%".contains(&byte))
        && !text.ends_with(':')
        && !text.bytes().all(numeric)
        && !based
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_taken_for_something_else_is_quoted() {
        for text in [
            "golden-client",
            "user:password",
            "https://h.example.test:20400/a_b",
            "0f1e2d",
            "nobody",
            "e.x",
        ] {
            assert!(is_plain(text), "{text}");
        }
        for text in [
            "",
            "no",
            "NULL",
            "On",
            "0017",
            "1e9",
            "1.5",
            "12:30",
            "0x1f",
            "2020-01-01",
            "a b",
            "a: b",
            "a #b",
            "a:",
            "-a",
            "'a",
            "<a>",
            "é",
        ] {
            assert!(!is_plain(text), "{text}");
        }
        let mut out = String::new();
        scalar(&mut out, "a\"\\\n\u{85}\u{feff}\u{1f600}å");
        assert_eq!(out, "\"a\\\"\\\\\\u000a\\u0085\\ufeff\\U0001f600å\"");
    }
}
