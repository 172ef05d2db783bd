//! Reads the service's own `ast.properties`, so that one file configures both sides.
//!
//! Documented are lines of the form `handler.<x>.formatFields.<k> = ast.valuetarget.<attribute>.value = <header>`, that an empty right side
//! switches a default off, and that others override or extend (vendor page: AST support in Certificate Manager). That the file is a Java
//! properties file is inferred from its name; so a key that stands there twice counts as its last line says. All that is no such line is
//! passed over, and told of; what is one and cannot be understood is an error, because a mapping that only the service understands is a
//! certificate with something missing.

mod error;
mod java;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use error::{PropertiesError, PropertiesProblem};
use java::Pairs;

use super::mapping::AttributeHeaders;
use crate::attribute::Attribute;

/// The largest file in bytes.
const MAX_FILE: usize = 1024 * 1024;

/// The most mappings.
const MAX_MAPPINGS: usize = 4096;

/// What the right side of a mapping begins with.
const TARGET: &str = "ast.valuetarget.";

/// The mappings of a service, handler by handler.
///
/// ```
/// use smartid_cm::Attribute;
/// use smartid_cm::ast::AstProperties;
///
/// let file = "\
/// start = true
/// handler.0.formatFields.4 = ast.valuetarget.countryname.value =
/// handler.0.formatFields.5 = ast.valuetarget.localityname.value = myheader
/// ";
/// let properties = AstProperties::parse(file)?;
/// let headers = properties.headers("0");
/// assert!(headers.is_off(&Attribute::COUNTRY_NAME));
/// assert_eq!(headers.header(&Attribute::LOCALITY_NAME).unwrap(), "myheader");
/// // A handler that the file does not map has the documented default.
/// assert_eq!(properties.headers("1").header(&Attribute::COUNTRY_NAME).unwrap(), "country");
/// assert_eq!(properties.passed_over()[0].line, 1);
///
/// let wrong = AstProperties::parse("handler.0.formatFields.5 = ast.valuetarget.title.value = my header").unwrap_err();
/// assert_eq!(wrong.line(), Some(1));
/// # Ok::<(), smartid_cm::ast::PropertiesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AstProperties {
    handlers: BTreeMap<String, AttributeHeaders>,
    default: AttributeHeaders,
    passed_over: Vec<PassedOver>,
}

/// A line that does not count here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedOver {
    /// Where it begins, counted from 1.
    pub line: usize,
    /// Why it does not count.
    pub why: PassedOverReason,
}

/// Why a line does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassedOverReason {
    /// Its key is not `handler.<x>.formatFields.<k>`: a setting that is none of ours.
    OtherKey,
    /// It is a format line, and no mapping of a header.
    OtherFormat,
    /// A later line has the same key, and in a properties file the last one counts.
    Superseded,
    /// The file begins with a byte order mark. It was passed over here; a Java program may take it for a part of the first key.
    ByteOrderMark,
}

impl AstProperties {
    /// Reads a whole file, in UTF-8 or ISO-8859-1: up to 1 MiB, 50 000 lines of up to 64 KiB, and 4096 mappings.
    ///
    /// # Errors
    /// [`PropertiesError`] with the number of the line. Nothing of what stands in the file is shown but names of attributes and of headers.
    pub fn parse(file: impl AsRef<[u8]>) -> Result<Self, PropertiesError> {
        let file = file.as_ref();
        if file.len() > MAX_FILE {
            return Err(PropertiesError::new(PropertiesProblem::TooLarge));
        }
        if let Some(at) = file.iter().position(|octet| *octet == 0) {
            let before = file.get(..at).unwrap_or_default();
            let line = 1 + before.iter().filter(|octet| **octet == b'\n').count();
            return Err(PropertiesError::at(line, PropertiesProblem::NotText));
        }
        let text = text(file);
        let mut properties = Self::default();
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => {
                properties.pass_over(1, PassedOverReason::ByteOrderMark);
                rest
            }
            None => &text,
        };
        let lines = properties.format_lines(text)?;
        properties.map(lines)?;
        properties.passed_over.sort_by_key(|passed| passed.line);
        Ok(properties)
    }

    /// The mapping of a handler, by its `<x>`. What the file does not name has the documented default.
    #[must_use]
    pub fn headers(&self, handler: &str) -> &AttributeHeaders {
        self.handlers.get(handler).unwrap_or(&self.default)
    }

    /// The handlers that the file maps, by their `<x>`, with their mappings.
    pub fn handlers(&self) -> impl Iterator<Item = (&str, &AttributeHeaders)> {
        self.handlers
            .iter()
            .map(|(handler, headers)| (handler.as_str(), headers))
    }

    /// The lines that do not count here, in their order; comments and empty lines are not among them. Worth a look when a mapping is
    /// missing: a slip of the pen in a key makes it another setting.
    #[must_use]
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    fn pass_over(&mut self, line: usize, why: PassedOverReason) {
        self.passed_over.push(PassedOver { line, why });
    }

    /// The format lines that are mappings, by handler and key; of several with one key the last.
    fn format_lines<'a>(&mut self, text: &'a str) -> Result<FormatLines<'a>, PropertiesError> {
        let mut lines = FormatLines::new();
        for pair in Pairs::of(text) {
            let pair = pair.map_err(|bad| PropertiesError::at(bad.line, bad.problem))?;
            let Some((handler, key)) = handler_and_key(&pair.key) else {
                self.pass_over(pair.line, PassedOverReason::OtherKey);
                continue;
            };
            let place = (handler.to_owned(), key.to_owned());
            if let Some((line, _)) = lines.insert(place, (pair.line, pair.value)) {
                self.pass_over(line, PassedOverReason::Superseded);
            }
            if lines.len() > MAX_MAPPINGS {
                return Err(PropertiesError::at(pair.line, PropertiesProblem::TooManyMappings));
            }
        }
        Ok(lines)
    }

    fn map(&mut self, lines: FormatLines<'_>) -> Result<(), PropertiesError> {
        let mut by_line: Vec<_> = lines.into_iter().collect();
        by_line.sort_by_key(|(_, (line, _))| *line);
        let mut mapped: BTreeMap<(String, Attribute), (usize, String)> = BTreeMap::new();
        for ((handler, _), (line, value)) in by_line {
            let at = |problem| PropertiesError::at(line, problem);
            let Some((attribute, header)) = mapping(&value).map_err(at)? else {
                self.pass_over(line, PassedOverReason::OtherFormat);
                continue;
            };
            let place = (handler.clone(), attribute.clone());
            if let Some((first, other)) = mapped.get(&place) {
                if !other.eq_ignore_ascii_case(header) {
                    let first = *first;
                    return Err(at(PropertiesProblem::Twice { attribute, first }));
                }
                continue;
            }
            mapped.insert(place, (line, header.to_owned()));
            let headers = self.handlers.entry(handler).or_default();
            match header {
                "" => headers.switch_off(attribute),
                header => headers.set(attribute, header).map_err(|error| at(error.into()))?,
            }
        }
        Ok(())
    }
}

/// By handler and key: the line, and the format line.
type FormatLines<'a> = BTreeMap<(String, String), (usize, Cow<'a, str>)>;

/// UTF-8 where it is that, ISO-8859-1 otherwise. It makes no difference to a mapping, which is ASCII.
fn text(file: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(file) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(file.iter().map(|octet| char::from(*octet)).collect()),
    }
}

/// `<x>` and `<k>` of `handler.<x>.formatFields.<k>`.
fn handler_and_key(key: &str) -> Option<(&str, &str)> {
    let (handler, key) = key.strip_prefix("handler.")?.split_once(".formatFields.")?;
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (plain(handler) && plain(key)).then_some((handler, key))
}

/// Attribute and header of a format line. `None`: it is a format line of another kind.
fn mapping(line: &str) -> Result<Option<(Attribute, &str)>, PropertiesProblem> {
    let spaces = [' ', '\t', '\u{c}'];
    let (target, header) = match line.split_once('=') {
        Some((target, header)) => (target, Some(header.trim_matches(spaces))),
        None => (line, None),
    };
    let Some(target) = target.trim_matches(spaces).strip_prefix(TARGET) else {
        return Ok(None);
    };
    let attribute = match (target.strip_suffix(".value"), header) {
        (Some(attribute), Some(header)) => (Attribute::new(attribute)?, header),
        (Some(_), None) => return Err(PropertiesProblem::NoEquals),
        (None, Some(_)) if !target.contains('.') => return Err(PropertiesProblem::NoValue),
        // Something else about this target.
        (None, _) => return Ok(None),
    };
    Ok(Some(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(file: &str) -> (Option<usize>, PropertiesProblem) {
        let error = AstProperties::parse(file).unwrap_err();
        (error.line(), error.problem().clone())
    }

    #[test]
    fn lines_that_do_not_count_are_told() {
        let file = "start = true\n\
            handler.0.formatfields.1 = ast.valuetarget.title.value = t\n\
            handler.0.formatFields.2 = modules = CertificateReader\n\
            handler.0.formatFields.3 = ast.valuetarget.title.value = not a header\n\
            handler.0.formatFields.3 = ast.valuetarget.title.value = t\n";
        let properties = AstProperties::parse(format!("\u{feff}{file}")).unwrap();
        let told: Vec<_> = properties
            .passed_over()
            .iter()
            .map(|passed| (passed.line, passed.why))
            .collect();
        assert_eq!(
            told,
            [
                (1, PassedOverReason::ByteOrderMark),
                (1, PassedOverReason::OtherKey),
                (2, PassedOverReason::OtherKey),
                (3, PassedOverReason::OtherFormat),
                (4, PassedOverReason::Superseded),
            ]
        );
        assert_eq!(properties.handlers().count(), 1);
        assert_eq!(properties.headers("0").header(&Attribute::TITLE).unwrap(), "t");
    }

    #[test]
    fn an_attribute_under_two_keys_must_say_the_same() {
        let same = "handler.0.formatFields.1 = ast.valuetarget.title.value = t\n\
            handler.0.formatFields.2 = ast.valuetarget.Title.value = T\n";
        assert_eq!(AstProperties::parse(same).unwrap().handlers().count(), 1);
        let (line, problem) = refused(&same.replace("= T\n", "=\n"));
        assert_eq!(line, Some(2));
        let PropertiesProblem::Twice { attribute, first, .. } = problem else {
            panic!("{problem:?}");
        };
        assert_eq!((attribute, first), (Attribute::TITLE, 1));
        // Another handler may say something else.
        let two = same.replace("handler.0.formatFields.2", "handler.1.formatFields.2");
        assert_eq!(
            AstProperties::parse(two.replace("= T\n", "=\n"))
                .unwrap()
                .handlers()
                .count(),
            2
        );
    }

    #[test]
    fn sizes_and_counts_have_an_end() {
        let line = |n: usize| format!("handler.0.formatFields.{n} = ast.valuetarget.a{n}.value = h{n}\n");
        let file = |count: usize| (0..count).map(line).collect::<String>();
        assert_eq!(
            AstProperties::parse(file(4096))
                .unwrap()
                .headers("0")
                .as_map()
                .len(),
            4097
        );
        assert_eq!(
            refused(&file(4097)),
            (Some(4097), PropertiesProblem::TooManyMappings)
        );
        assert_eq!(
            refused(&"#".repeat(MAX_FILE + 1)),
            (None, PropertiesProblem::TooLarge)
        );
        assert!(AstProperties::parse("#".repeat(MAX_FILE)).is_ok());
        assert_eq!(refused("# a\n# \0\n"), (Some(2), PropertiesProblem::NotText));
    }

    #[test]
    fn an_error_shows_nothing_of_the_file() {
        for line in [
            "handler.0.formatFields.1 = ast.valuetarget.title.value = can ary",
            "handler.0.formatFields.1 = ast.valuetarget.can ary.value = x",
            "handler.0.formatFields.1 = ast.valuetarget.canary = x",
            "canary = \\u00",
        ] {
            let error = AstProperties::parse(format!("x.password = canary\n{line}")).unwrap_err();
            assert_eq!(error.line(), Some(2));
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("ary"), "{shown}");
        }
    }
}
