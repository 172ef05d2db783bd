//! What a signature is asked for: its format and the mechanism that makes it.

use smartid_trust::Refusal;
use smartid_trust::raw::RawMechanism;

use crate::open::open_enum;

open_enum! {
    /// `format`: what a signature comes as. `pkcs7` is a documented example (vendor page: Example: Personal Desktop Client signing), `jws`
    /// is published as `responseformat` and its support for signing is documented (vendor page: API parameters specific to Personal
    /// Desktop App 1.1). That the Desktop App also makes XML signatures and raw RSA ones is documented, their names are unknown: which
    /// names mean which form in an answer is a setting, `answers.signature.formats`.
    SignatureFormat {
        /// CMS SignedData.
        Pkcs7 = "pkcs7",
        /// JWS.
        Jws = "jws",
        /// A bare signature (unknown name).
        Raw = "raw",
        /// An XML signature (unknown name). It is handed on and not verified.
        XmlDsig = "xmldsig",
    }
}

open_enum! {
    /// `mechanism`: how a signature is made, by the name of a PKCS #11 mechanism (documented example, vendor page: Example: Personal
    /// Desktop Client signing) or, for JWS, of a JWS algorithm (inferred from `responsemechanism`).
    SignatureMechanism {
        /// RSA PKCS #1 v1.5 with SHA-256: the one that is published.
        Sha256RsaPkcs = "CKM_SHA256_RSA_PKCS",
        /// RSA PKCS #1 v1.5 with SHA-384.
        Sha384RsaPkcs = "CKM_SHA384_RSA_PKCS",
        /// RSA PKCS #1 v1.5 with SHA-512.
        Sha512RsaPkcs = "CKM_SHA512_RSA_PKCS",
        /// RSA-PSS with SHA-256.
        Sha256RsaPkcsPss = "CKM_SHA256_RSA_PKCS_PSS",
        /// RSA PKCS #1 v1.5 over a DigestInfo that the caller sends.
        RsaPkcs = "CKM_RSA_PKCS",
        /// ECDSA with SHA-256.
        EcdsaSha256 = "CKM_ECDSA_SHA256",
        /// ECDSA with SHA-384.
        EcdsaSha384 = "CKM_ECDSA_SHA384",
        /// ECDSA with SHA-512.
        EcdsaSha512 = "CKM_ECDSA_SHA512",
        /// JWS: RSA PKCS #1 v1.5 with SHA-256.
        Rs256 = "RS256",
        /// JWS: ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
    }
}

impl SignatureMechanism {
    /// What it is for a verifier.
    ///
    /// # Errors
    /// As [`RawMechanism::from_name`].
    pub fn meaning(&self) -> Result<RawMechanism, Refusal> {
        RawMechanism::from_name(self.as_str())
    }
}
