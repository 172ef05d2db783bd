//! How we know what a setting's default says: a guess must be told from a fact when an installation does not answer as expected.

/// How we know a fact about the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tag {
    /// The vendor says so.
    Documented,
    /// Seen in third-party code that talks to the product.
    Observed,
    /// Our conclusion; the reason is given with it.
    Inferred,
    /// Not known; the default is a placeholder.
    Unknown,
}

impl Tag {
    /// The tag as it stands in the evidence table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a default comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The setting, as a dotted TOML key.
    pub key: &'static str,
    /// How we know.
    pub tag: Tag,
    /// The vendor's page and the reason.
    pub source: &'static str,
    /// What the setting means.
    pub meaning: &'static str,
}

impl Evidence {
    /// One row of a client's evidence table.
    #[must_use]
    pub const fn new(key: &'static str, tag: Tag, source: &'static str, meaning: &'static str) -> Self {
        Self {
            key,
            tag,
            source,
            meaning,
        }
    }
}
