//! What may differ between installations, as data.
//!
//! Much of the wire is inferred. An inference is therefore not code but a setting with our best guess as its default: a path, the name
//! of a wrapper, the place of a member, the spelling of a state. Each client has one `Dialect` value made of such settings; a TOML file
//! names only those that differ, and a name it does not know is an error. Where names are not enough, [`Edits`] move, set and remove
//! members of a body by JSON pointer; an operation without edits pays nothing for them.
//!
//! Each setting carries its [`Evidence`]: how we know it, and where that is written.

mod edits;
mod evidence;
mod settings;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use edits::{Edit, Edits};
pub use evidence::{Evidence, Tag};
pub use settings::{ReplyStatus, SuccessStatus, Verb};

/// A dialect file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialectError {
    /// The file is not TOML.
    #[error("the dialect is not TOML: {0}")]
    Syntax(String),
    /// A setting is unknown or has a value that cannot be used.
    #[error("dialect setting {key}: {problem}")]
    Setting {
        /// The dotted key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads a sparse TOML text over the defaults of a dialect.
///
/// Tables are merged, everything else is replaced. A key that the dialect does not have is an error that names it.
///
/// # Errors
/// [`DialectError`] with the key.
pub fn overlay<D: Serialize + DeserializeOwned + Default>(text: &str) -> Result<D, DialectError> {
    over_defaults(parse(text)?)
}

/// As [`overlay`], for one table of a file that holds several dialects. A file without that table gives the defaults.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
/// # #[serde(deny_unknown_fields)]
/// # struct Dialect { path: String }
/// use smartid_core::dialect::{overlay_section, sections};
///
/// let file = "[messaging]\npath = 'ping'";
/// assert_eq!(sections(file)?, ["messaging"]);
/// let dialect: Dialect = overlay_section(file, "messaging")?;
/// assert_eq!(dialect.path, "ping");
/// assert_eq!(overlay_section::<Dialect>(file, "digital_access")?, Dialect::default());
/// # Ok::<(), smartid_core::dialect::DialectError>(())
/// ```
///
/// # Errors
/// [`DialectError`] with the key.
pub fn overlay_section<D: Serialize + DeserializeOwned + Default>(
    text: &str,
    section: &str,
) -> Result<D, DialectError> {
    match parse(text)?.remove(section) {
        None => Ok(D::default()),
        Some(toml::Value::Table(table)) => over_defaults(table),
        Some(_) => Err(DialectError::Setting {
            key: section.to_owned(),
            problem: "must be a table".to_owned(),
        }),
    }
}

/// The names at the top of a TOML file, in the order of the alphabet: for refusing those that nobody reads.
///
/// # Errors
/// [`DialectError::Syntax`].
pub fn sections(text: &str) -> Result<Vec<String>, DialectError> {
    let mut names: Vec<String> = parse(text)?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(names)
}

fn parse(text: &str) -> Result<toml::Table, DialectError> {
    toml::from_str(text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        DialectError::Syntax(format!("line {line}: {}", error.message()))
    })
}

fn over_defaults<D: Serialize + DeserializeOwned + Default>(table: toml::Table) -> Result<D, DialectError> {
    let setting = |key: String, problem: String| DialectError::Setting { key, problem };
    json_has_it("", &toml::Value::Table(table.clone()))?;
    let overrides = serde_json::to_value(table).map_err(|error| DialectError::Syntax(error.to_string()))?;
    let mut merged = serde_json::to_value(D::default())
        .map_err(|error| setting(String::from("(defaults)"), error.to_string()))?;
    merge("", &mut merged, overrides)?;
    serde_path_to_error::deserialize(merged)
        .map_err(|error| setting(error.path().to_string(), error.inner().to_string()))
}

fn below(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// Refuses what TOML has and JSON has not: it would become an odd table, or null.
fn json_has_it(key: &str, value: &toml::Value) -> Result<(), DialectError> {
    let refused = |problem: &str| DialectError::Setting {
        key: key.to_owned(),
        problem: problem.to_owned(),
    };
    match value {
        toml::Value::Datetime(_) => Err(refused("must not be a date or time; write it as text, in quotes")),
        toml::Value::Float(number) if !number.is_finite() => Err(refused("must be a finite number")),
        toml::Value::Table(table) => table
            .iter()
            .try_for_each(|(name, value)| json_has_it(&below(key, name), value)),
        toml::Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| json_has_it(&format!("{key}[{index}]"), item)),
        _ => Ok(()),
    }
}

fn merge(key: &str, base: &mut serde_json::Value, over: serde_json::Value) -> Result<(), DialectError> {
    match (base, over) {
        (serde_json::Value::Object(base), serde_json::Value::Object(over)) => {
            for (name, value) in over {
                let key = below(key, &name);
                merge(&key, base.entry(name).or_insert(serde_json::Value::Null), value)?;
            }
        }
        // A list in its place would be read as the table's values in their order.
        (serde_json::Value::Object(_), _) => {
            return Err(DialectError::Setting {
                key: key.to_owned(),
                problem: "must be a table".to_owned(),
            });
        }
        (base, over) => *base = over,
    }
    Ok(())
}

/// Every setting of a dialect with its default value as JSON text, as dotted keys in the order of their names.
#[must_use]
pub fn settings<D: Serialize + Default>() -> Vec<(String, String)> {
    fn walk(prefix: &str, value: serde_json::Value, rows: &mut Vec<(String, String)>) {
        match value {
            serde_json::Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    walk(&below(prefix, &name), value, rows);
                }
            }
            value => rows.push((prefix.to_owned(), value.to_string())),
        }
    }
    let mut rows = Vec::new();
    walk(
        "",
        serde_json::to_value(D::default()).unwrap_or_default(),
        &mut rows,
    );
    rows
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;
    use serde::Deserialize;

    use super::*;
    use crate::incoming::Incoming;
    use crate::json::Pointer;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        create: Operation,
        states: Vec<String>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Operation {
        verb: Verb,
        path: crate::PathTemplate,
        success: SuccessStatus,
        request: Edits,
    }

    impl Default for Sample {
        fn default() -> Self {
            let create = Operation {
                verb: Verb::POST,
                path: "fido".parse().unwrap(),
                success: SuccessStatus::any_2xx(),
                request: Edits::default(),
            };
            Self {
                create,
                states: vec!["SUCCESS".into()],
            }
        }
    }

    #[test]
    fn a_sparse_file_changes_only_what_it_names() {
        assert_eq!(overlay::<Sample>("").unwrap(), Sample::default());
        let read: Sample = overlay(
            "states = ['OK']\n[create]\nverb = 'PUT'\nsuccess = [201, '2xx']\nrequest = [{ remove = '/a' }, { set = '/b', value = { c = 1 } }]",
        )
        .unwrap();
        assert_eq!(read.create.path.to_string(), "fido");
        assert_eq!(read.create.verb.method(), http::Method::PUT);
        assert_eq!(read.states, ["OK"]);
        assert_eq!(
            read.create
                .request
                .apply(Bytes::from_static(b"{\"a\":1}"))
                .unwrap(),
            r#"{"b":{"c":1}}"#
        );
    }

    #[test]
    fn mistakes_are_named_by_their_key() {
        for (text, key) in [
            ("stats = []", "stats"),
            ("[create]\npaht = 'x'", "create"),
            ("[create]\nverb = 'get'", "create.verb"),
            ("[create]\npath = '/x'", "create.path"),
            ("[create]\nsuccess = [99]", "create.success"),
            ("[create]\nsuccess = ['3xx']", "create.success"),
            ("[create]\nrequest = [{ set = '/a' }]", "create.request"),
            (
                "[create]\nrequest = [{ move = 'a', to = '/b' }]",
                "create.request",
            ),
            ("create = 7", "create must be a table"),
            ("[[create]]\nverb = 'PUT'", "create must be a table"),
            ("create = ['PUT', 'x', [200], []]", "create must be a table"),
            ("[create]\nsuccess = []", "create.success must not be empty"),
            ("states = [2026-07-01]", "states[0] must not be a date"),
            ("[create]\npath = 07:30:00", "create.path must not be a date"),
            (
                "[create]\nrequest = [{ set = '/a', value = { b = [1, 2026-07-01T10:00:00Z] } }]",
                "create.request[0].value.b[1] must not be a date",
            ),
            (
                "[create]\nrequest = [{ set = '/a', value = nan }]",
                "create.request[0].value must be a finite number",
            ),
            (
                "[create]\nsuccess = [-inf]",
                "create.success[0] must be a finite number",
            ),
        ] {
            match overlay::<Sample>(text) {
                Err(DialectError::Setting { key: found, problem }) => {
                    assert!(
                        format!("{found} {problem}").contains(key),
                        "{text:?}: {found}: {problem}"
                    );
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        match overlay::<Sample>("states = []\n= =") {
            Err(DialectError::Syntax(problem)) => assert!(problem.starts_with("line 2: "), "{problem}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn settings_are_listed_with_their_defaults() {
        let rows = settings::<Sample>();
        let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "create.path",
                "create.request",
                "create.success",
                "create.verb",
                "states"
            ]
        );
    }

    #[test]
    fn a_move_of_something_absent_changes_nothing() {
        let edits = Edits::new(vec![Edit::Move("/x".parse().unwrap(), "/y".parse().unwrap())]);
        assert_eq!(edits.apply(Bytes::from_static(b"{ }")).unwrap(), "{ }");
        let whole = Edits::new(vec![Edit::Move(
            Pointer::default(),
            "/publicKey".parse().unwrap(),
        )]);
        assert_eq!(
            whole.apply(Bytes::from_static(b"{\"a\": 1}")).unwrap(),
            "{\"publicKey\":{\"a\": 1}}"
        );
    }

    #[test]
    fn an_edit_that_does_not_fit_an_answer_leaves_the_others() {
        let edits: Edits = serde_json::from_str(
            r#"[{"move":"/data","to":"/result"},{"set":"/state/a","value":1},{"move":"/result","to":"/state/x"},{"remove":"/junk"}]"#,
        )
        .unwrap();
        let answer = |body: &'static str| {
            let body = Bytes::from_static(body.as_bytes());
            edits
                .apply_to_response(Incoming::new(StatusCode::OK, http::HeaderMap::new(), body))
                .body()
                .clone()
        };
        assert_eq!(
            answer(r#"{"data":[ 1 ],"state":"OK","junk":0}"#),
            r#"{"state":"OK","result":[ 1 ]}"#
        );
        assert_eq!(answer("[1, 2]"), "[1, 2]");
        let whole: Edits = serde_json::from_str(r#"[{"move":"","to":"/a"},{"set":"","value":7}]"#).unwrap();
        for page in ["<html>", "", "{"] {
            let incoming = Incoming::new(
                StatusCode::OK,
                http::HeaderMap::new(),
                Bytes::from_static(page.as_bytes()),
            );
            assert_eq!(whole.apply_to_response(incoming).body(), page);
            assert!(whole.apply(Bytes::from_static(page.as_bytes())).is_err());
        }
    }

    #[test]
    fn an_answer_that_is_no_json_is_left_to_its_reader() {
        let edits = Edits::new(vec![Edit::Remove("/x".parse().unwrap())]);
        let page = Incoming::new(
            StatusCode::OK,
            http::HeaderMap::new(),
            Bytes::from_static(b"<html>"),
        );
        assert_eq!(edits.apply_to_response(page).body(), "<html>");
    }
}
