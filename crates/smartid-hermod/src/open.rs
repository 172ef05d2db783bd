//! Words of the wire of which not all are known: the known ones have names, any other is kept and sent as it is.

/// An enum of known words and [`Other`](Self), with text, `Display` and serde.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)+
            /// Another word, sent as it is.
            Other(String),
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
        }

        impl From<&str> for $name {
            /// Letter case counts.
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$word,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text: String = serde::Deserialize::deserialize(deserializer)?;
                Ok(Self::from(text.as_str()))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use crate::commands::provision::Usage;

    #[test]
    fn what_is_not_known_is_kept() {
        assert_eq!(Usage::from("SIG"), Usage::Signature);
        for text in ["SIG", "sig", "", "\u{e5}\""] {
            let json = serde_json::to_string(text).unwrap();
            let word: Usage = serde_json::from_str(&json).unwrap();
            assert_eq!((word.as_str(), word.to_string()), (text, text.to_owned()));
            assert_eq!(serde_json::to_string(&word).unwrap(), json);
        }
        assert!(serde_json::from_str::<Usage>("1").is_err());
    }
}
