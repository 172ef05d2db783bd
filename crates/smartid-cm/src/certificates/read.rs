//! Reads certificates by their bytes: PKCS #7, bare certificates, PEM, base64 of either, and archives of them.
//!
//! DER is documented and a media type is sent, but labels are written by servlets and changed by what stands in front of them, so
//! neither is asked. Everything has a cap: the bytes come from outside.

use bytes::Bytes;
use smartid_core::base64::{Flavour, decode_lenient};
use smartid_trust::cms::SignedData;
use smartid_trust::{Certificate, Reason};

use super::CertificatesError;

/// The longest answer that is read, in bytes.
pub(super) const MAX_LEN: usize = 4 * 1024 * 1024;
/// The most certificates of one answer.
pub(super) const MAX_CERTIFICATES: usize = 128;
/// The most sections of a PEM text, of whatever label.
const MAX_SECTIONS: usize = 1024;

/// What certificates are written in.
enum Kind {
    Der,
    Zip,
    Pem,
    Base64(Bytes),
    Other,
}

/// DER, and BER, begin with a SEQUENCE.
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// An archive begins with a file, or with its end when it has none.
const ARCHIVES: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
const BEGIN: &str = "-----BEGIN ";
/// What stands before a PEM section's label in a text whose first letters are another text.
const MAX_PREAMBLE: usize = 64 * 1024;

/// Nothing that is meant here is shorter than 128 bytes; a text may begin with the digit 0, which is the same octet.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.first() == Some(&SEQUENCE) && bytes.get(1).is_some_and(|length| *length >= 0x80)
        || ARCHIVES.iter().any(|start| bytes.starts_with(start))
}

fn kind(bytes: &Bytes) -> Kind {
    if ARCHIVES.iter().any(|start| bytes.starts_with(start)) {
        return Kind::Zip;
    }
    if is_binary(bytes) {
        return Kind::Der;
    }
    let text = bytes.trim_ascii_start();
    if text
        .first()
        .is_none_or(|first| matches!(first, b'<' | b'{' | b'['))
    {
        return Kind::Other;
    }
    let preamble = text.get(..text.len().min(MAX_PREAMBLE)).unwrap_or_default();
    if preamble
        .windows(BEGIN.len())
        .any(|window| window == BEGIN.as_bytes())
    {
        return Kind::Pem;
    }
    // Any number of letters is base64 of something; only what is one of the above when it is decoded counts.
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= 2 * MAX_LEN => match decode_lenient(Flavour::Standard, text.trim()) {
            Ok((decoded, _)) if is_binary(&decoded) => Kind::Base64(decoded.into()),
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// Whether these bytes can be certificates, and not a document or a page.
pub(crate) fn looks_like_certificates(bytes: &Bytes) -> bool {
    !matches!(kind(bytes), Kind::Other)
}

/// What was read.
#[derive(Default)]
pub(super) struct Found {
    pub(super) certificates: Vec<Certificate>,
    pub(super) unreadable: usize,
}

type Read = Result<(), CertificatesError>;

const fn bad(what: &'static str) -> CertificatesError {
    CertificatesError::Unreadable(what)
}

/// Reads all.
pub(super) fn read(bytes: &Bytes) -> Result<Found, CertificatesError> {
    let mut found = Found::default();
    match kind(bytes) {
        Kind::Zip => archive(bytes, &mut found)?,
        Kind::Base64(decoded) if ARCHIVES.iter().any(|start| decoded.starts_with(start)) => {
            archive(&decoded, &mut found)?;
        }
        other => found.of_kind(bytes, other)?,
    }
    match (found.certificates.is_empty(), found.unreadable) {
        (false, _) => Ok(found),
        (true, 0) => Err(bad("there is no certificate among them")),
        (true, _) => Err(bad("the certificate in them cannot be read")),
    }
}

impl Found {
    /// What is no archive.
    fn of_kind(&mut self, bytes: &Bytes, kind: Kind) -> Read {
        if bytes.len() > MAX_LEN && !matches!(kind, Kind::Base64(_)) {
            return Err(bad("they are too long"));
        }
        match kind {
            Kind::Der => self.der(bytes.clone()),
            Kind::Pem => self.pem(&String::from_utf8_lossy(bytes)),
            Kind::Base64(decoded) => self.der(decoded),
            Kind::Zip | Kind::Other => Err(bad("they are neither PKCS #7 nor X.509, PEM or ZIP")),
        }
    }

    fn add(&mut self, certificate: Option<Certificate>) -> Read {
        match certificate {
            // The same again says nothing.
            Some(certificate) if self.certificates.contains(&certificate) => return Ok(()),
            Some(certificate) => self.certificates.push(certificate),
            None => self.unreadable += 1,
        }
        if self.certificates.len() + self.unreadable > MAX_CERTIFICATES {
            return Err(bad("there are more than 128"));
        }
        Ok(())
    }

    /// One element, or several one behind the other.
    fn der(&mut self, mut rest: Bytes) -> Read {
        loop {
            let length = element(&rest).unwrap_or(rest.len());
            self.element(&rest.split_to(length))?;
            // A line end, or the fill of a buffer, is no reason to lose a certificate.
            if rest.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace()) {
                return Ok(());
            }
            if rest.first() != Some(&SEQUENCE) {
                return Err(bad("something else follows the certificates"));
            }
        }
    }

    fn element(&mut self, bytes: &Bytes) -> Read {
        if inner_tag(bytes) != Some(OBJECT_IDENTIFIER) {
            return self.add(Certificate::from_der(bytes.clone()).ok());
        }
        let message = SignedData::parse(bytes.clone()).map_err(|refusal| match refusal.reason() {
            Reason::TooLarge => bad("there are more than 128"),
            Reason::NotSignedData => bad("the message is no PKCS #7 of certificates"),
            _ => bad("the PKCS #7 is not well formed"),
        })?;
        // That the message has a signer too is not asked: certificates are believed for their own signatures, or not at all.
        for der in message.danger_unverified().certificates_der() {
            self.add(Certificate::from_der(der.clone()).ok())?;
        }
        Ok(())
    }

    fn pem(&mut self, text: &str) -> Read {
        let mut rest = text;
        let mut sections = 0;
        while let Some((_, after)) = rest.split_once(BEGIN) {
            sections += 1;
            if sections > MAX_SECTIONS {
                return Err(bad("the PEM text has more than 1024 sections"));
            }
            let cut = || bad("a PEM section does not end");
            let (label, after) = after.split_once("-----").ok_or_else(cut)?;
            let end = format!("-----END {label}-----");
            let (inside, behind) = after.split_once(&end).ok_or_else(cut)?;
            rest = behind;
            // A private key is passed over before it is decoded.
            if [
                "CERTIFICATE",
                "X509 CERTIFICATE",
                "PKCS7",
                "CMS",
                "PKCS #7 SIGNED DATA",
            ]
            .contains(&label)
            {
                let letters: String = inside.lines().filter(|line| !line.contains(':')).collect();
                match decode_lenient(Flavour::Standard, &letters) {
                    Ok((der, _)) => self.element(&der.into())?,
                    Err(_) => self.add(None)?,
                }
            }
        }
        Ok(())
    }
}

/// Tag, length and contents of a definite length; `None` for every other beginning.
fn element(bytes: &[u8]) -> Option<usize> {
    let (header, contents) = header(bytes)?;
    header.checked_add(contents?).filter(|end| *end <= bytes.len())
}

/// How long tag and length are, and the length unless it is indefinite.
fn header(bytes: &[u8]) -> Option<(usize, Option<usize>)> {
    let first = usize::from(*bytes.get(1)?);
    match first {
        0x80 => Some((2, None)),
        0..0x80 => Some((2, Some(first))),
        _ => {
            let octets = bytes.get(2..2 + (first & 0x7f))?;
            if octets.len() > 4 {
                return None;
            }
            let length = octets
                .iter()
                .fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
            Some((2 + octets.len(), Some(length)))
        }
    }
}

/// What the first thing inside is: an object identifier in PKCS #7, a sequence in a certificate.
fn inner_tag(bytes: &[u8]) -> Option<u8> {
    bytes.get(header(bytes)?.0).copied()
}

#[cfg(not(feature = "zip"))]
fn archive(_: &Bytes, _: &mut Found) -> Read {
    Err(CertificatesError::ZipFeature)
}

#[cfg(feature = "zip")]
fn archive(bytes: &Bytes, found: &mut Found) -> Read {
    super::archive::members(bytes, |member| {
        let kind = kind(&member);
        if matches!(kind, Kind::Zip | Kind::Other) {
            // A text for people; an archive inside an archive.
            return Ok(());
        }
        match found.of_kind(&member, kind) {
            // One broken file does not hide the others; a cap does.
            Err(_) if found.certificates.len() + found.unreadable < MAX_CERTIFICATES => {
                found.unreadable += 1;
                Ok(())
            }
            other => other,
        }
    })
}

/// `SEQUENCE { SEQUENCE { INTEGER 1, ...`: an attribute certificate of version 2, the only one that is issued (RFC 5755 4.1).
const VERSION_2: [u8; 3] = [2, 1, 1];

/// The attribute certificate in an answer: bare, as PEM, or in PKCS #7.
pub(crate) fn attribute_certificate(bytes: &Bytes) -> Option<Bytes> {
    let der = match kind(bytes) {
        _ if bytes.len() > MAX_LEN => return None,
        Kind::Der => bytes.clone(),
        Kind::Base64(decoded) => decoded,
        Kind::Pem => {
            let text = String::from_utf8_lossy(bytes);
            let (_, after) = text.split_once(BEGIN)?;
            let (label, after) = after.split_once("-----")?;
            let (inside, _) = after.split_once(&format!("-----END {label}-----"))?;
            let known = ["ATTRIBUTE CERTIFICATE", "PKCS7", "CMS"].contains(&label);
            decode_lenient(Flavour::Standard, inside)
                .ok()
                .filter(|_| known)?
                .0
                .into()
        }
        Kind::Zip | Kind::Other => return None,
    };
    if inner_tag(&der) == Some(OBJECT_IDENTIFIER) {
        let message = SignedData::parse(der).ok()?;
        let [one] = message.danger_unverified().attribute_certificates_der() else {
            return None;
        };
        return Some(one.clone());
    }
    let whole = der.slice(..element(&der)?);
    let rest = der.slice(whole.len()..);
    let info = whole.get(header(&whole)?.0..)?;
    let version = info.get(header(info)?.0..)?;
    let is_one = info.first() == Some(&SEQUENCE)
        && version.starts_with(&VERSION_2)
        && rest.iter().all(u8::is_ascii_whitespace)
        && Certificate::from_der(whole.clone()).is_err();
    is_one.then_some(whole)
}
