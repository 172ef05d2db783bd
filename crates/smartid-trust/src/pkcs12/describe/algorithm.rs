//! The names of what stands in containers.

use std::fmt;

use crate::Oid;

/// An algorithm, a type of content or a type of bag: its object identifier, and its name where it has one here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Algorithm(Oid);

/// Identifier, name as its standard has it, and whether it is old: broken, or not written by default any more by OpenSSL 3 and Java 17.
const KNOWN: &[(&str, &str, bool)] = &[
    // RFC 7292 appendix C.
    ("1.2.840.113549.1.12.1.1", "pbeWithSHAAnd128BitRC4", true),
    ("1.2.840.113549.1.12.1.2", "pbeWithSHAAnd40BitRC4", true),
    ("1.2.840.113549.1.12.1.3", "pbeWithSHAAnd3-KeyTripleDES-CBC", true),
    ("1.2.840.113549.1.12.1.4", "pbeWithSHAAnd2-KeyTripleDES-CBC", true),
    ("1.2.840.113549.1.12.1.5", "pbeWithSHAAnd128BitRC2-CBC", true),
    ("1.2.840.113549.1.12.1.6", "pbeWithSHAAnd40BitRC2-CBC", true),
    // RFC 8018 appendix A.
    ("1.2.840.113549.1.5.1", "pbeWithMD2AndDES-CBC", true),
    ("1.2.840.113549.1.5.3", "pbeWithMD5AndDES-CBC", true),
    ("1.2.840.113549.1.5.4", "pbeWithMD2AndRC2-CBC", true),
    ("1.2.840.113549.1.5.6", "pbeWithMD5AndRC2-CBC", true),
    ("1.2.840.113549.1.5.10", "pbeWithSHA1AndDES-CBC", true),
    ("1.2.840.113549.1.5.11", "pbeWithSHA1AndRC2-CBC", true),
    ("1.2.840.113549.1.5.12", "PBKDF2", false),
    ("1.2.840.113549.1.5.13", "PBES2", false),
    ("1.2.840.113549.1.5.14", "PBMAC1", false),
    ("1.3.6.1.4.1.11591.4.11", "scrypt", false),
    ("1.2.840.113549.2.7", "HMAC-SHA1", true),
    ("1.2.840.113549.2.8", "HMAC-SHA224", false),
    ("1.2.840.113549.2.9", "HMAC-SHA256", false),
    ("1.2.840.113549.2.10", "HMAC-SHA384", false),
    ("1.2.840.113549.2.11", "HMAC-SHA512", false),
    ("1.2.840.113549.2.12", "HMAC-SHA512/224", false),
    ("1.2.840.113549.2.13", "HMAC-SHA512/256", false),
    ("1.3.14.3.2.7", "DES-CBC", true),
    ("1.2.840.113549.3.2", "RC2-CBC", true),
    ("1.2.840.113549.3.7", "DES-EDE3-CBC", true),
    ("1.2.840.113549.3.9", "RC5-CBC", true),
    ("2.16.840.1.101.3.4.1.2", "AES-128-CBC", false),
    ("2.16.840.1.101.3.4.1.22", "AES-192-CBC", false),
    ("2.16.840.1.101.3.4.1.42", "AES-256-CBC", false),
    ("2.16.840.1.101.3.4.1.6", "AES-128-GCM", false),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM", false),
    ("1.2.392.200011.61.1.1.1.2", "Camellia-128-CBC", false),
    ("1.2.392.200011.61.1.1.1.4", "Camellia-256-CBC", false),
    // Digests.
    ("1.2.840.113549.2.5", "MD5", true),
    ("1.3.14.3.2.26", "SHA-1", true),
    ("2.16.840.1.101.3.4.2.1", "SHA-256", false),
    ("2.16.840.1.101.3.4.2.2", "SHA-384", false),
    ("2.16.840.1.101.3.4.2.3", "SHA-512", false),
    ("2.16.840.1.101.3.4.2.4", "SHA-224", false),
    ("2.16.840.1.101.3.4.2.6", "SHA-512/256", false),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256", false),
    ("2.16.840.1.101.3.4.2.10", "SHA3-512", false),
    // Types of content (RFC 5652) and of bags (RFC 7292 4.2).
    ("1.2.840.113549.1.7.1", "data", false),
    ("1.2.840.113549.1.7.2", "signed data", false),
    ("1.2.840.113549.1.7.3", "enveloped data", false),
    ("1.2.840.113549.1.7.6", "encrypted data", false),
    ("1.2.840.113549.1.12.10.1.1", "key", false),
    ("1.2.840.113549.1.12.10.1.2", "encrypted key", false),
    ("1.2.840.113549.1.12.10.1.3", "certificate", false),
    ("1.2.840.113549.1.12.10.1.4", "CRL", false),
    ("1.2.840.113549.1.12.10.1.5", "secret", false),
    ("1.2.840.113549.1.12.10.1.6", "bags in a bag", false),
];

impl Algorithm {
    pub(super) const fn new(oid: Oid) -> Self {
        Self(oid)
    }

    /// The object identifier.
    #[must_use]
    pub const fn oid(&self) -> &Oid {
        &self.0
    }

    /// The name that its standard gives it, where it is known here.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.row().map(|(_, name, _)| *name)
    }

    /// Whether it is broken, or not written by default any more by OpenSSL 3 and Java 17. `false` also of what is not known.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.row().is_some_and(|(_, _, old)| *old)
    }

    fn row(&self) -> Option<&'static (&'static str, &'static str, bool)> {
        let text = self.0.to_string();
        KNOWN.iter().find(|(oid, _, _)| *oid == text)
    }
}

/// The name, or else the identifier.
impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Algorithm({self})")
    }
}
