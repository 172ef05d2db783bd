//! The words that a record uses.

use crate::open::open_words;

open_words! {
    /// What Certificate Manager thinks of a certificate (the first two seen in public third-party code:
    /// Keyfactor/nexus-certificate-manager-caplugin, which tolerates words of other products as well).
    ///
    /// It is not the whole truth: an expired certificate stays active, see [`Validity`].
    CertificateStatus {
        /// Not revoked.
        Active = "active",
        /// Revoked, or on hold: the reason tells which.
        Revoked = "revoked",
    }
}

open_words! {
    /// Where now lies in a certificate's validity (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin).
    Validity {
        /// Within it.
        Valid = "valid",
        /// Behind it.
        Expired = "expired",
        /// Before it.
        NotYetValid = "notYetValid",
    }
}

open_words! {
    /// Whose certificate it is (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin).
    SubjectType {
        /// An end entity: a person or a thing.
        EndEntity = "EE",
        /// A certificate authority.
        Ca = "CA",
    }
}

open_words! {
    /// A column of the extended search, into which a procedure's input view copies what it is told to (seen in public third-party code:
    /// Keyfactor/nexus-certificate-manager-caplugin).
    ///
    /// Certificate Manager does not tell by which procedure a certificate was issued; whoever needs to know has the input view copy it
    /// into one of these.
    ExtendedField {
        /// The first.
        Field1 = "field1",
        /// The second.
        Field2 = "field2",
        /// The third.
        Field3 = "field3",
        /// The fourth.
        Field4 = "field4",
        /// The fifth.
        Field5 = "field5",
        /// The sixth.
        Field6 = "field6",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_letter_case_and_kept_when_they_are_not() {
        assert_eq!(CertificateStatus::from("REVOKED"), CertificateStatus::Revoked);
        assert_eq!(Validity::from("NotYetValid"), Validity::NotYetValid);
        assert_eq!(SubjectType::from("ca").as_str(), "CA");
        let other = CertificateStatus::from("Aktiv-3");
        assert_eq!(other.to_string(), "Aktiv-3");
        assert_ne!(other, CertificateStatus::Active);
    }
}
