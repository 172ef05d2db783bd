//! Why evidence was refused.
//!
//! Each check that can fail has a reason of its own, so that an operator learns which one it was, a test can demand it, and a metric
//! can count it. [`Reason::ALL`] lists them; the tests hold a vector for each.

use std::borrow::Cow;
use std::fmt;

use smartid_core::{Advice, Turn};

use crate::der::{DerError, Oid};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $turn:ident $sentence:literal $check:literal;)*) => {
        /// Why evidence was refused: one value for each check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// A short name for logs and metrics, stable across versions.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What was found, as an English sentence without a full stop.
            const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// Whose turn it is, and what to check.
            #[must_use]
            pub fn advice(self) -> Advice {
                match self { $(Self::$name => Advice::new(Turn::$turn, $check),)* }
            }
        }
    };
}

reasons! {
    // ---- any encoding

    /// The bytes are not of the form that was expected.
    Malformed "malformed" Vendor
        "the bytes are not well formed" "whether the bytes arrived whole, and which program made them";
    /// More bytes, or more parts, than the cap allows.
    TooLarge "too-large" Caller
        "there is more than the cap allows" "what was passed in, and whether the cap fits its purpose";

    // ---- any signature and key

    /// The signature algorithm is one that is not implemented, or broken by today's measure (SHA-1, MD5, DSA).
    AlgorithmUnknown "algorithm-unknown" Administrator
        "the signature algorithm is not implemented or no longer safe" "which algorithm the signer is set to use";
    /// The algorithm is implemented but is not on the verifier's list.
    AlgorithmNotAllowed "algorithm-not-allowed" Caller
        "the signature algorithm is not on the verifier's list"
        "the list of allowed algorithms against what the signer is set to use";
    /// The algorithm does not go with the type or the curve of the key.
    AlgorithmDoesNotFitKey "algorithm-does-not-fit-key" Administrator
        "the signature algorithm does not go with the key"
        "whether the right key is configured; a message made to deceive looks like this too";
    /// The key is of a type or on a curve that is not implemented.
    KeyUnsupported "key-unsupported" Administrator
        "keys of this type are not implemented"
        "the type of the signer's key: RSA, P-256, P-384, P-521 and Ed25519 are read";
    /// The key is too small: RSA below 2048 bits.
    KeyTooSmall "key-too-small" Administrator
        "the key is too small" "the size of the signer's key: RSA needs at least 2048 bits";
    /// The key is not a valid one: a point that is not on its curve, an exponent that cannot be.
    KeyInvalid "key-invalid" Administrator
        "the key is not a valid one" "where the key comes from: its numbers are not those of a key";
    /// The signature was not made by this key over these bytes.
    BadSignature "bad-signature" Administrator
        "the signature does not belong to this key and these bytes"
        "whether the message was changed on its way, and whether the key is the signer's";

    /// The mechanism signs a digest that the caller prepares, and what was sent to be signed is none.
    ContentNotPrepared "content-not-prepared" Caller
        "what was sent to be signed is not what the mechanism signs"
        "the mechanism: CKM_RSA_PKCS signs a DigestInfo, CKM_ECDSA and CKM_RSA_PKCS_PSS a digest; others take any content";

    // ---- JWS

    /// The text has not the three parts of a compact JWS.
    JwsParts "jws-parts" Vendor
        "the text is not of three parts with a full stop between them"
        "whether the whole text arrived, and whether it is a signed message: five parts are an encrypted one";
    /// White space within or around a compact JWS.
    JwsWhiteSpace "jws-white-space" Caller
        "there is white space in the message" "what put it there: a line break from a file, a text that was wrapped";
    /// A part, or a number of a JWK, is not base64url in its one canonical form: no padding, no other alphabet, no stray bits.
    NotBase64Url "not-base64url" Vendor
        "a part is not canonical base64url" "whether the text arrived unchanged; it must have no padding and neither + nor /";
    /// A detached JWS was expected, but the message carries a payload of its own.
    JwsNotDetached "jws-not-detached" Caller
        "the message carries a payload although one was supplied" "whether the signer detaches the payload";
    /// The header is not a JSON object, or a member of it is of the wrong type.
    JwsHeader "jws-header" Vendor
        "the header is not what a JWS header must be" "which program made the message";
    /// A name stands twice in one JSON object.
    DuplicateMember "duplicate-member" Vendor
        "a name stands twice in one JSON object"
        "which program made it; readers differ in which of the two counts, so neither can be believed";
    /// `alg` is absent or no string.
    JwsAlgorithmMissing "jws-algorithm-missing" Vendor
        "the header names no algorithm" "which program made the message";
    /// `alg` is `none`: the message is not signed at all.
    JwsNotSigned "jws-not-signed" Administrator
        "the message says that it is not signed" "the signer's settings; a message made to deceive looks like this too";
    /// `alg` is of the HMAC family, or the key is symmetric: whoever can check such a message could have made it.
    JwsSymmetric "jws-symmetric" Administrator
        "the message or the key is for a shared secret, not for a signature"
        "the signer's settings; a message made to deceive looks like this too";
    /// `crit` is present: the message demands that extensions are understood, and none is.
    JwsCritical "jws-critical" Vendor
        "the header demands that an extension is understood" "which extension the signer uses, and whether it can be turned off";
    /// `b64` is present: the payload may not be encoded (RFC 7797), which is not implemented.
    JwsUnencodedPayload "jws-unencoded-payload" Vendor
        "the header has the option for a payload that is not encoded" "whether the signer can leave out the member b64";
    /// The header brings a key of its own, or says where to fetch one: `jwk`, `jku` or `x5u`.
    JwsKeySource "jws-key-source" Administrator
        "the message brings its own key, or says where to fetch one"
        "whether the signer's key can be configured here; a message made to deceive looks like this too";
    /// The header names no key that the policy can use: neither `kid` nor `x5c`, as the policy needs it.
    JwsNoKey "jws-no-key" Administrator
        "the message does not say which key it was signed with" "whether the signer puts kid or x5c into the header";
    /// No `kid`, and more than one key of the set could have made the signature.
    JwsKeyAmbiguous "jws-key-ambiguous" Administrator
        "the message does not say which of several keys it was signed with"
        "whether the signer puts kid into the header, or one key alone can be configured";
    /// No key of the set has the `kid` that the message names.
    JwsKeyUnknown "jws-key-unknown" Administrator
        "no configured key has the name that the message gives" "whether the signer's present key is configured here";
    /// A certificate in `x5c` is not standard base64 with padding.
    X5cEncoding "x5c-encoding" Vendor
        "a certificate in x5c is not base64" "which program made the message: x5c takes base64 with + and / and padding, no line breaks";
    /// `x5t#S256` is not the digest of the first certificate of `x5c`.
    X5tMismatch "x5t-mismatch" Vendor
        "the digest of the certificate in the header is not that of the certificate beside it" "which program made the message";
    /// An ECDSA or Ed25519 signature of a length that the algorithm does not have: one in ASN.1, one of another curve.
    JwsSignatureLength "jws-signature-length" Vendor
        "the signature has not the length that its algorithm has"
        "whether the signer writes ECDSA signatures as two numbers of fixed length and not in ASN.1";
    /// `typ` is not the one that was expected.
    JwsType "jws-type" Caller
        "the message is of another type" "whether this kind of message was expected here";
    /// The payload was signed, but is not JSON of the shape that was asked for.
    PayloadUnreadable "payload-unreadable" Vendor
        "the payload is not of the shape that was asked for" "the payload against what the program expects, at the path named";
    /// The text is not a JWK or a JWK set, or a member of the key is missing or of the wrong type.
    JwkMalformed "jwk-malformed" Administrator
        "the key is not a well-formed JWK" "whether the key was copied whole, and what exported it";
    /// `keystate` of the JWK is other than `active`.
    JwkNotActive "jwk-not-active" Administrator
        "the key is not in the state active" "whether a newer key was published";
    /// `use` or `key_ops` of the JWK does not allow verifying signatures.
    JwkUse "jwk-use" Administrator
        "the key is not published for signatures" "which key was configured: one for encryption does not verify";
    /// The JWK holds the private key too.
    JwkPrivate "jwk-private" Administrator
        "the key is published with its private half" "who has seen it: replace the key, and configure the public half alone";

    // ---- CMS

    /// The message is CMS of another type than SignedData: encrypted, or bare data.
    NotSignedData "not-signed-data" Vendor
        "the message is not SignedData" "which format was asked for: a signed message is expected, not an encrypted one";
    /// Nobody signed: the message carries certificates or content only.
    NoSigner "no-signer" Vendor
        "nobody signed the message" "whether this is the signed message and not a bundle of certificates";
    /// The message is detached and its content was not supplied.
    ContentMissing "content-missing" Caller
        "the message is detached and its content was not supplied" "where the content is, and supply it";
    /// The content that was supplied is not the one that is embedded.
    ContentDiffers "content-differs" Caller
        "the content that was supplied is not the one in the message" "which content belongs to this message";
    /// The content is not what the verifier expected to be signed.
    ContentUnexpected "content-unexpected" Caller
        "the signed content is not what was asked to be signed"
        "whether the message answers this request or another; a replayed signature looks like this";
    /// The signer's certificate is neither in the message nor among those supplied.
    SignerCertificateMissing "signer-certificate-missing" Administrator
        "the signer's certificate is neither in the message nor supplied"
        "whether the signer is set to include its certificate, or supply it";
    /// Several certificates answer to the signer's identifier, and more than one of them passes.
    SignerCertificateAmbiguous "signer-certificate-ambiguous" Administrator
        "several certificates pass as the signer's" "which of them is the signer's, and name it in the policy";
    /// The verifier named the certificates that may sign, and the signer's is none of them.
    SignerNotNamed "signer-not-named" Caller
        "the signer is none of those that the verifier named" "whose message this is, and the certificates that are configured";
    /// A signer whose signature the verifier demands has not signed.
    DemandedSignerMissing "demanded-signer-missing" Caller
        "a signer that the verifier demands has not signed" "whether the message is complete, and who was to sign";
    /// The signer names one digest algorithm and signs with another.
    DigestAlgorithmsDiffer "digest-algorithms-differ" Vendor
        "the signer names one digest algorithm and signs with another" "which program made the message";
    /// There are no signed attributes, though the verifier or the type of the content demands them.
    SignedAttributesMissing "signed-attributes-missing" Administrator
        "there are no signed attributes where they are demanded" "how the signer is set: with signed attributes";
    /// The content, of a signer without signed attributes, may be the signed attributes of another message.
    AttributesAsContent "attributes-as-content" Vendor
        "the content looks like the signed attributes of another message"
        "where the message comes from: it may be made of parts of another one";
    /// The signed attributes do not say the type of the content.
    ContentTypeMissing "content-type-missing" Vendor
        "the signed attributes do not say the type of the content" "which program made the message";
    /// The signed attributes say another type than the content has.
    ContentTypeDiffers "content-type-differs" Vendor
        "the signed attributes name another type than the content has" "whether the message was changed on its way";
    /// The signed attributes do not say the digest of the content.
    MessageDigestMissing "message-digest-missing" Vendor
        "the signed attributes do not say the digest of the content" "which program made the message";
    /// The signed attributes say another digest than the content has.
    MessageDigestDiffers "message-digest-differs" Administrator
        "the content has another digest than was signed"
        "whether the content was changed on its way, also in its line ends or its encoding";
    /// A signed attribute that must be there once is there twice.
    AttributeRepeated "attribute-repeated" Vendor
        "a signed attribute is there twice" "which program made the message";
    /// A signed attribute that must have one value has none or several.
    AttributeNotSingleValued "attribute-not-single-valued" Vendor
        "a signed attribute has no or several values" "which program made the message";
    /// The signing certificate attribute names another certificate than the signer's.
    SigningCertificateDiffers "signing-certificate-differs" Administrator
        "the signed attributes name another certificate than the signer's"
        "whether the certificate in the message was exchanged";

    // ---- certificates and paths

    /// No chain leads from the certificate to a configured root.
    UnknownIssuer "unknown-issuer" Administrator
        "no chain leads from the certificate to a configured root"
        "whether the root of the signer's CA is configured, and whether the message carries the intermediates";
    /// A chain verifier answered with a chain that does not begin with the certificate it was asked about.
    ChainAnswer "chain-answer" Caller
        "the chain verifier answered for another certificate" "the chain verifier that was plugged in";
    /// The certificate's key usage does not allow what the key was used for.
    KeyUsage "key-usage" Administrator
        "the certificate's key usage does not allow this" "which certificate was used: signing needs another than encryption";
    /// The certificate's extended key usage does not allow what the key was used for.
    ExtendedKeyUsage "extended-key-usage" Administrator
        "the certificate's extended key usage does not allow this"
        "which certificate was used, and whether the configured purpose is the right one";
    /// A certificate of the chain is not yet valid.
    NotYetValid "not-yet-valid" Administrator
        "a certificate of the chain is not yet valid" "the clocks, and when the certificate begins to be valid";
    /// A certificate of the chain has expired.
    Expired "expired" Administrator
        "a certificate of the chain has expired" "whether it has been renewed, and the clocks";
    /// A certificate's validity ends before it begins, or begins before 1970.
    ValidityInvalid "validity-invalid" Administrator
        "a certificate's validity ends before it begins, or begins before 1970" "how the CA makes its certificates";
    /// The certificate in question is a CA's.
    CaAsEndEntity "ca-as-end-entity" Administrator
        "the certificate in question is a CA's" "which certificate was used: a CA's key signs certificates and nothing else";
    /// An issuer in the chain is no CA (basic constraints), or a configured root is none.
    NotACa "not-a-ca" Administrator
        "a certificate that is no CA's was used as one" "which certificates are configured or were sent as intermediates";
    /// An issuer's key usage does not allow signing certificates.
    CaKeyUsage "ca-key-usage" Administrator
        "the key usage of a CA does not allow signing certificates" "how the CA's certificate was made";
    /// More CAs follow each other than one of them, or the verifier, allows.
    PathTooLong "path-too-long" Administrator
        "the chain is longer than is allowed" "the path length in the CA certificates";
    /// A name constraint of a CA is violated, or is of a form that is not processed.
    NameConstraint "name-constraint" Administrator
        "a name constraint of a CA is violated or cannot be processed"
        "the CA's name constraints; those on directory names, e-mail addresses and URIs need another chain verifier";
    /// A critical extension that is not processed.
    CriticalExtension "critical-extension" Administrator
        "a certificate has a critical extension that is not processed"
        "which extension it is; certificate policies need another chain verifier";
    /// A CA demands a policy that all certificates of the chain agree on, and there is none.
    NoValidPolicy "no-valid-policy" Administrator
        "a CA demands a certificate policy, and the chain has no valid one" "which policies the certificates of the chain assert";
    /// A certificate of the chain has unique identifiers, which nobody uses and which are not processed.
    UniqueIdentifiers "unique-identifiers" Administrator
        "a certificate of the chain has unique identifiers" "how the CA makes its certificates";
    /// A certificate of the chain is not of version 3.
    CertificateVersion "certificate-version" Administrator
        "a certificate of the chain is not of version 3" "how the certificate was made";
    /// The signature on a certificate of the chain is not its issuer's.
    BadChainSignature "bad-chain-signature" Administrator
        "the signature on a certificate of the chain is not its issuer's"
        "whether another CA has the same name, and whether the intermediates are current";
    /// A public key that is known to have been misused worldwide.
    Distrusted "distrusted" Administrator
        "a key of the chain is known to have been misused" "where this CA certificate comes from";
    /// No root is configured.
    NoRoots "no-roots" Caller
        "no root is configured" "the configuration: roots are named, never taken from the system";
    /// A certificate of the chain is on a revocation list.
    Revoked "revoked" Administrator
        "a certificate of the chain is revoked" "why it was revoked; the user needs another";
    /// The policy demands a revocation list, and none covers a certificate.
    RevocationUnknown "revocation-unknown" Administrator
        "no revocation list covers a certificate of the chain" "which lists are configured, and whether they are renewed";
    /// The only lists that cover a certificate are too old.
    CrlExpired "crl-expired" Administrator
        "the revocation list is too old" "whether the lists are renewed, and the clocks";
    /// The only lists that cover a certificate are from the future.
    CrlNotYetValid "crl-not-yet-valid" Administrator
        "the revocation list is from a later time" "the clocks, and whether a list of that time is at hand";
    /// No list of the issuer's name was signed by the issuer's key.
    CrlSignature "crl-signature" Administrator
        "no revocation list of this issuer was signed by its key" "where the lists come from, and whether the CA has changed its key";
    /// The issuer's key usage does not allow signing revocation lists.
    CrlSigner "crl-signer" Administrator
        "the key usage of the issuer does not allow signing revocation lists" "whether lists of this CA are signed by another key";
    /// A revocation list of a kind that is not processed.
    CrlUnsupported "crl-unsupported" Administrator
        "a revocation list is of a kind that is not processed" "that complete lists are configured, not deltas or indirect ones";

    // ---- PKCS #10

    /// A certification request of a version other than 0 (RFC 2986 4.1), and the policy does not accept it.
    RequestVersion "request-version" Vendor
        "the certification request is of a version that does not exist"
        "whether the device sends back the version of a template with that quirk; if so, the policy can accept version 2";
    /// A certification request that is signed with SHA-1, and the policy does not accept that.
    RequestSha1 "request-sha1" Vendor
        "the certification request is signed with SHA-1"
        "whether the device keeps the algorithm of a template that is signed with SHA-1: send a template signed with SHA-256";
    /// The template that was sent cannot be read, so that nothing can be compared with it.
    RequestTemplateUnreadable "request-template-unreadable" Caller
        "the template cannot be read, so that the request cannot be compared with it"
        "the template that was sent; the policy can accept a request that nothing is compared with";
    /// The subject of a certification request is not that of its template.
    RequestSubject "request-subject" Administrator
        "the subject is not that of the template"
        "whether the request answers this template; a device that names another person looks like this too";
    /// The alternative names of a certification request are not those of its template.
    RequestAltNames "request-alt-names" Administrator
        "the alternative names are not those of the template"
        "which names were added or left out: a device must not add names";
    /// A certification request asks for an extension that its template does not have, or has otherwise.
    RequestExtension "request-extension" Administrator
        "an extension was added, changed or left out that is not so in the template"
        "whether the extension that the message names is wanted; if so, the policy can allow it";
    /// A certification request has an attribute that its template does not have, or has otherwise.
    RequestAttribute "request-attribute" Administrator
        "an attribute was added or changed that is not so in the template"
        "whether the attribute that the message names is wanted; if so, the policy can allow it";
    /// The key of a certification request is not of the type or size that was asked for.
    RequestKey "request-key" Administrator
        "the key is not of the type or size that was asked for"
        "the key types that the device can make, and whether the configured ones are among them";
    /// A certification request came back with the throw-away key of its template.
    RequestThrowAwayKey "request-throw-away-key" Vendor
        "the key is the throw-away key of the template"
        "why the device made no key of its own: its private half is in nobody's hands, or in the wrong ones";
    /// A certification request has a key that is already in use.
    RequestKeyReused "request-key-reused" Administrator
        "the key is one that is already in use" "whether an old answer was sent again, and whether the device makes new keys";

    // ---- keys of our own

    /// There is no private key where one must be.
    NoKey "no-key" Caller
        "there is no private key" "whether the file or the token holds the key and not only certificates or a public key";
    /// There are several private keys and nothing says which is meant.
    SeveralKeys "several-keys" Caller
        "there are several private keys" "which one is meant: put it into a file of its own, or name it by its label or identifier";
    /// There is no certificate where one must be.
    NoCertificate "no-certificate" Caller
        "there is no certificate" "whether the signer's certificate was configured beside its key";
    /// None of the certificates is the key's.
    KeyCertificateMismatch "key-certificate-mismatch" Caller
        "no certificate belongs to the private key"
        "whether key and certificate are of the same pair; after a renewal both change";
    /// Several different certificates have the key.
    SeveralCertificates "several-certificates" Caller
        "several certificates have this private key" "which one is meant, and remove the older ones: a renewal may have kept the key";
    /// The key or the container is encrypted and no password was given.
    PasswordMissing "password-missing" Caller
        "it is encrypted and no password was given" "whether the password is configured";
    /// The password does not open the key or the container.
    WrongPassword "wrong-password" Caller
        "the password does not open it, or it was changed"
        "the password: upper and lower case, spaces at its ends, letters outside ASCII; and whether the file arrived unchanged";
    /// The key is encrypted in a way that is not implemented.
    KeyEncryptionUnsupported "key-encryption-unsupported" Caller
        "the private key is encrypted in a way that is not implemented"
        "the file; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in old.pem -out new.pem";
    /// The key is encrypted by PEM headers (`Proc-Type: 4,ENCRYPTED`), an old form with a weak key derivation.
    KeyEncryptionLegacy "key-encryption-legacy" Caller
        "the private key is encrypted by PEM headers, an old and weak form"
        "the file; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in old.pem -out new.pem";
    /// Deriving the decryption key would take more iterations than the cap allows, which keeps a processor busy for long.
    KdfIterations "kdf-iterations" Caller
        "opening it takes more work than the cap allows"
        "where the file comes from: made to keep a processor busy, or by a program with a high iteration count, for which the cap can be raised";
    /// It is no PKCS #12 container, or one that is made wrong.
    NotPkcs12 "not-pkcs12" Caller
        "it is no well-formed PKCS #12 container"
        "what the file is: a container begins with the octet 30; an error page, PEM or a bare certificate in its place looks like this";
    /// A PKCS #12 container ends before it is complete.
    ContainerTruncated "container-truncated" Caller
        "the PKCS #12 container ends before it is complete"
        "whether the file arrived whole: compare its size with the one at its source, and fetch it once more";
    /// A PKCS #12 container has no checksum.
    NoMac "no-mac" Caller
        "the PKCS #12 container has no checksum (MAC)"
        "which program made the file, and let it write one: without it nobody can tell whether the file was changed";
    /// A PKCS #12 container is protected in a way that is not implemented.
    ContainerUnsupported "container-unsupported" Caller
        "the PKCS #12 container is protected in a way that is not implemented"
        "the file; convert it with: openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12";
    /// A container was to be written under an empty password, and the caller did not say that this is meant.
    PasswordEmpty "password-empty" Caller
        "the password is empty" "the password: an empty one protects nothing, so it must be asked for";
    /// A container was to be written with fewer or more iterations than are sensible.
    IterationsOutOfRange "iterations-out-of-range" Caller
        "the number of iterations is not within its bounds"
        "the number: too few do not slow a guesser down, and of too many the owner's programs refuse to open the container";
    /// The system gave no random bytes.
    RandomUnavailable "random-unavailable" Administrator
        "the system gave no random bytes" "the system's source of randomness: nothing can be encrypted without it";
    /// The PKCS #11 module could not be loaded or does not answer.
    TokenModule "token-module" Administrator
        "the PKCS #11 module cannot be used"
        "the path of the module, whether it is built for this machine, and its own configuration";
    /// The token is not there.
    TokenMissing "token-missing" Administrator
        "the token is not there" "whether the card is in its reader, the service of the reader runs, and the token's name is right";
    /// Several tokens fit the selection.
    SeveralTokens "several-tokens" Caller
        "several tokens fit" "the selection: a serial number is unique";
    /// The token did not do what it was asked for.
    TokenFailed "token-failed" Administrator
        "the token did not do what it was asked for" "the card and its reader, and the code that the module answered";
    /// The token did not accept the PIN. It is not tried again.
    PinRefused "pin-refused" Caller
        "the token did not accept the PIN, which is not tried again" "the PIN; most cards lock after three wrong ones";
    /// The PIN is locked.
    PinLocked "pin-locked" Administrator
        "the PIN of the token is locked" "whether the officer can unblock it with the PUK, or needs another card";
    /// The token has one try left, and a PIN from a configuration does not get it.
    PinLastTry "pin-last-try" Administrator
        "the token has one try left, which a configured PIN is not spent on"
        "the PIN by hand, with the card's own program: that resets the counter";
    /// The algorithm is not one that the key can sign with.
    AlgorithmNotOffered "algorithm-not-offered" Caller
        "the key does not sign with this algorithm" "which algorithm is configured against the type of the key and what its token can do";
}

/// Evidence that was refused: the reason, and where it matters a detail.
///
/// ```
/// use smartid_trust::{Certificate, Reason};
///
/// let refusal = Certificate::from_der(b"not a certificate".to_vec()).unwrap_err();
/// assert_eq!(refusal.reason(), Reason::Malformed);
/// assert!(refusal.to_string().starts_with("the bytes are not well formed"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    detail: Cow<'static, str>,
    algorithm: Option<Oid>,
}

/// Longest detail, in bytes. Details name subjects and identifiers, which a stranger may make as long as he likes.
const MAX_DETAIL_LEN: usize = 512;

impl Refusal {
    /// A refusal with a detail: an algorithm, a part of the message, never content and never a secret. What exceeds 512 bytes is cut
    /// off. For implementations of the traits of this crate.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut detail = detail.into();
        if detail.len() > MAX_DETAIL_LEN {
            let start = (0..=MAX_DETAIL_LEN - 3).rev().find_map(|end| detail.get(..end));
            detail = format!("{}...", start.unwrap_or_default()).into();
        }
        Self {
            reason,
            detail,
            algorithm: None,
        }
    }

    /// Names the algorithm, or the type of content, that the refusal is about, for [`algorithm`](Self::algorithm).
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Oid) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The check that failed.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// What exactly, where the reason alone does not say it; may be empty.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The object identifier of the algorithm that is not implemented; the text has it too. Given for encrypted keys and PKCS #12
    /// containers ([`Reason::KeyEncryptionUnsupported`], [`Reason::ContainerUnsupported`]), there also of a type of content.
    #[must_use]
    pub const fn algorithm(&self) -> Option<&Oid> {
        self.algorithm.as_ref()
    }

    /// Whose turn it is, and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.reason.advice()
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason, "")
    }
}

impl From<DerError> for Refusal {
    fn from(DerError(what): DerError) -> Self {
        Self::new(Reason::Malformed, what)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.sentence())?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, "; check {}", self.reason.advice().check)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_in_kebab_case() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for code in codes {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{code}"
            );
        }
    }

    #[test]
    fn no_detail_is_long() {
        let detail = |text: String| Refusal::new(Reason::Malformed, text).detail().to_owned();
        assert_eq!(detail("x".repeat(512)).len(), 512);
        assert_eq!(detail("x".repeat(513)), format!("{}...", "x".repeat(509)));
        assert_eq!(
            detail("\u{e5}".repeat(300)),
            format!("{}...", "\u{e5}".repeat(254))
        );
    }

    #[test]
    fn a_refusal_says_what_and_what_to_check() {
        for reason in Reason::ALL {
            let text = Refusal::new(*reason, "detail").to_string();
            assert!(
                text.contains(reason.sentence()) && text.contains("(detail)") && text.contains("; check "),
                "{text}"
            );
            assert!(!text.ends_with('.') && text.is_ascii(), "{text}");
        }
    }
}
