//! Parameters of forms and queries, read strictly: a name that stands twice is no parameter but an attempt to be read in two ways
//! (RFC 6749 3.1 and 3.2 forbid it).

use crate::net::message::Request;

/// So many bytes of a form are read.
const MAX_FORM: usize = 64 * 1024;

/// So many parameters are read.
const MAX_PARAMETERS: usize = 100;

/// Why a form cannot be used; the word for the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    ContentType,
    TooLarge,
    Repeated,
}

impl Unreadable {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::ContentType => "form_content_type",
            Self::TooLarge => "form_too_large",
            Self::Repeated => "parameter_repeated",
        }
    }
}

/// Names and values, each name once.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    fn read(text: &[u8]) -> Result<Self, Unreadable> {
        if text.len() > MAX_FORM {
            return Err(Unreadable::TooLarge);
        }
        let all: Vec<(String, String)> = url::form_urlencoded::parse(text)
            .into_owned()
            .take(MAX_PARAMETERS + 1)
            .collect();
        if all.len() > MAX_PARAMETERS {
            return Err(Unreadable::TooLarge);
        }
        for (at, (name, _)) in all.iter().enumerate() {
            if all.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(Unreadable::Repeated);
            }
        }
        Ok(Self(all))
    }

    /// The body of a POST.
    pub(super) fn body(request: &Request) -> Result<Self, Unreadable> {
        let is_form = request
            .header("content-type")
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| {
                value
                    .trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !is_form {
            return Err(Unreadable::ContentType);
        }
        Self::read(&request.body)
    }

    /// The query.
    pub(super) fn query(request: &Request) -> Result<Self, Unreadable> {
        Self::read(request.query.as_deref().unwrap_or_default().as_bytes())
    }

    /// A parameter; one without a value counts as absent (RFC 6749 3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once_and_empty_is_absent() {
        let form = Form::read(b"a=1&b=%2B+x&c=").map_err(Unreadable::code).unwrap();
        assert_eq!(
            (form.get("a"), form.get("b"), form.get("c")),
            (Some("1"), Some("+ x"), None)
        );
        assert_eq!(Form::read(b"a=1&a=1").err(), Some(Unreadable::Repeated));
        let many: String = (0..101).map(|number| format!("p{number}=1&")).collect();
        assert_eq!(Form::read(many.as_bytes()).err(), Some(Unreadable::TooLarge));
        assert_eq!(
            Form::read(&vec![b'a'; MAX_FORM + 1]).err(),
            Some(Unreadable::TooLarge)
        );
    }
}
