//! Words of the wire of which not all are known.
//!
//! A list of words in public third-party code is a list of what its author has met, so every such type keeps a word that it does not
//! know.

/// An enum of known words, read in any letter case, that keeps any other word as it came.
macro_rules! open_words {
    ($(#[$meta:meta])* $name:ident { $($(#[$word_meta:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_meta])* $word,)+
            /// Another one, as it came.
            Other(std::borrow::Cow<'static, str>),
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)+
                    Self::Other(text) => text,
                }
            }

            /// From the word on the wire, in any letter case.
            #[must_use]
            pub fn from_name(name: &str) -> Self {
                $(if name.eq_ignore_ascii_case($text) {
                    return Self::$word;
                })+
                Self::Other(std::borrow::Cow::Owned(name.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::from_name(name)
            }
        }
    };
}

pub(crate) use open_words;
