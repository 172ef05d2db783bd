//! Why a properties file is refused: the line and the reason, and nothing of what stands there. A service's file may hold secrets.

use crate::ast::mapping::MappingError;
use crate::attribute::{Attribute, AttributeError};

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ast.properties{}: {problem}", shown(*.line))]
#[non_exhaustive]
pub struct PropertiesError {
    line: Option<usize>,
    problem: PropertiesProblem,
}

fn shown(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

impl PropertiesError {
    pub(super) fn new(problem: PropertiesProblem) -> Self {
        Self { line: None, problem }
    }

    pub(super) fn at(line: usize, problem: PropertiesProblem) -> Self {
        Self {
            line: Some(line),
            problem,
        }
    }

    /// Where the line begins, counted from 1; `None` when it is about the whole file.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &PropertiesProblem {
        &self.problem
    }
}

/// What is wrong with a properties file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertiesProblem {
    /// The file is larger than 1 MiB.
    #[error("the file is larger than 1 MiB")]
    TooLarge,
    /// It has more than 50 000 lines.
    #[error("there are more than 50000 lines")]
    TooManyLines,
    /// A line, with what continues it, is longer than 64 KiB. A comment may be.
    #[error("the line is longer than 64 KiB")]
    LineTooLong,
    /// There are more than 4096 mappings.
    #[error("there are more than 4096 mappings")]
    TooManyMappings,
    /// The file is not text in UTF-8 or ISO-8859-1: it holds NUL.
    #[error("the file is not text (UTF-16 is not read: save it as UTF-8)")]
    NotText,
    /// `\u` without four hexadecimal digits. Java refuses the whole file.
    #[error("\\u must have four hexadecimal digits")]
    Escape,
    /// What stands between `ast.valuetarget.` and `.value` is no attribute.
    #[error("behind ast.valuetarget. stands no attribute: {0}")]
    Attribute(#[from] AttributeError),
    /// A target that does not end with `.value`.
    #[error("the target has no .value at its end")]
    NoValue,
    /// A target without the second equals sign, with which it would be switched off.
    #[error("the equals sign behind .value is missing; with nothing behind it the attribute is switched off")]
    NoEquals,
    /// What should be a header's name is none, or one that means something to HTTP.
    #[error(transparent)]
    Header(#[from] MappingError),
    /// A handler maps an attribute under two keys, to different headers. Which of them the service takes is not known.
    #[error("{attribute} was mapped otherwise in line {first}, under another key")]
    #[non_exhaustive]
    Twice {
        /// The attribute.
        attribute: Attribute,
        /// The other line.
        first: usize,
    },
}
