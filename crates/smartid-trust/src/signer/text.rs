//! Finds a private key and certificates in PEM texts.

use smartid_core::SecretString;

use super::key::SigningKey;
use super::{encrypted, read};
use crate::der::Reader;
use crate::pem::{self, Section};
use crate::{Certificate, Reason, Refusal};

/// Most letters of all texts together.
const MAX_TEXT_LEN: usize = 4 * 1024 * 1024;

fn sections<'a>(texts: &[&'a str]) -> Result<Vec<Section<'a>>, Refusal> {
    if texts.iter().map(|text| text.len()).sum::<usize>() > MAX_TEXT_LEN {
        return Err(Refusal::new(Reason::TooLarge, "PEM texts"));
    }
    let mut all = Vec::new();
    for text in texts {
        all.extend(pem::secret_sections(text)?);
    }
    Ok(all)
}

/// The one private key.
pub(super) fn key(texts: &[&str], password: Option<&SecretString>) -> Result<SigningKey, Refusal> {
    read_key(&sections(texts)?, password)
}

/// The one private key, and every certificate in order.
pub(super) fn key_and_certificates(
    texts: &[&str],
    password: Option<&SecretString>,
) -> Result<(SigningKey, Vec<Certificate>), Refusal> {
    let sections = sections(texts)?;
    let key = read_key(&sections, password)?;
    let certificates = sections
        .into_iter()
        // RFC 7468 5.1 names the other two labels as what old programs wrote.
        .filter(|section| {
            matches!(
                section.label,
                "CERTIFICATE" | "X509 CERTIFICATE" | "X.509 CERTIFICATE"
            )
        })
        .map(|section| Certificate::from_der(section.contents.to_vec()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((key, certificates))
}

fn read_key(sections: &[Section<'_>], password: Option<&SecretString>) -> Result<SigningKey, Refusal> {
    let mut keys = sections
        .iter()
        .filter(|section| section.label.ends_with("PRIVATE KEY"));
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) => key,
        (None, _) => return Err(Reason::NoKey.into()),
        (Some(_), Some(_)) => return Err(Reason::SeveralKeys.into()),
    };
    if key.encrypted_by_headers {
        return Err(Reason::KeyEncryptionLegacy.into());
    }
    match key.label {
        "PRIVATE KEY" => SigningKey::from_pkcs8_der(&key.contents),
        "ENCRYPTED PRIVATE KEY" => encrypted::open(&key.contents, password.ok_or(Reason::PasswordMissing)?),
        "RSA PRIVATE KEY" => read::rsa(&key.contents, false),
        "EC PRIVATE KEY" => {
            let mut parameters = sections.iter().filter(|section| section.label == "EC PARAMETERS");
            let curve = match (parameters.next(), parameters.next()) {
                (Some(parameters), None) => Some(read::named_curve(&mut Reader::new(&parameters.contents))?),
                _ => None,
            };
            read::sec1(&key.contents, curve)
        }
        other => Err(Refusal::new(Reason::KeyUnsupported, other.to_owned())),
    }
}
