//! Certificates as bytes, in the form that `Accept` asks for (protocol notes: cm 4.3): PKCS #7 by default, one certificate, a chain in PEM
//! of any length, or an archive.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::errors::{GENERAL, Refusal};
use crate::config::{CmConfig, CmDownloadConfig, UnknownAccept};
use crate::net::message::{Reply, Request};
use crate::pki::{cms, der, pem};

/// A form of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Pkcs7,
    Pkix,
    /// With the number of certificates above the first, if it is limited.
    Chain(Option<usize>),
    Zip,
}

impl Format {
    /// The best of what the caller takes.
    pub(super) fn asked(config: &CmDownloadConfig, request: &Request) -> Result<Self, Refusal> {
        let all: Vec<&str> = request
            .headers
            .get_all("accept")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect();
        let mut best: Option<(u16, Self)> = None;
        for range in &all {
            let Some((weight, format)) = Self::read(config, range)? else {
                continue;
            };
            if weight > 0 && best.is_none_or(|(so_far, _)| weight > so_far) {
                best = Some((weight, format));
            }
        }
        match best {
            Some((_, format)) => Ok(format),
            None if all.is_empty() || config.unknown_accept == UnknownAccept::Default => Ok(Self::Pkcs7),
            None => Err(Refusal::Page(406, "accept")),
        }
    }

    /// One media range with its weight in thousandths.
    fn read(config: &CmDownloadConfig, range: &str) -> Result<Option<(u16, Self)>, Refusal> {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut weight, mut depth) = (1000, None);
        for part in parts {
            match part.split_once('=') {
                Some(("q" | "Q", value)) => {
                    let quality = value.parse().unwrap_or(0.0_f32).clamp(0.0, 1.0);
                    weight = if quality >= 1.0 { 1000 } else { thousandths(value) };
                }
                Some(("depth", value)) => {
                    let number: usize = super::values::number("depth", value.trim_matches('"'))?;
                    let above = if config.depth_counts_leaf {
                        number.checked_sub(1)
                    } else {
                        Some(number)
                    };
                    depth = Some(above.ok_or_else(|| Refusal::value("depth", "depth must be at least 1"))?);
                }
                _ => (),
            }
        }
        Ok(Some(match kind.as_str() {
            "application/pkcs7-mime" | "*/*" | "application/*" => (weight, Self::Pkcs7),
            "application/pkix-cert" => (weight, Self::Pkix),
            "application/pem-certificate-chain" => (weight, Self::Chain(depth)),
            "application/zip" => (weight, Self::Zip),
            _ => return Ok(None),
        }))
    }

    /// The answer with a certificate and those above it.
    pub(super) fn reply(self, config: &CmConfig, certid: &str, chain: &[Vec<u8>]) -> Result<Reply, Refusal> {
        let reply = match self {
            Self::Pkcs7 => Reply::text(200, &config.download.pkcs7_content_type, certs_only(chain)),
            Self::Pkix => {
                let leaf = chain.first().cloned().unwrap_or_default();
                Reply::text(200, "application/pkix-cert", leaf)
            }
            Self::Chain(above) => {
                let count = above.map_or(usize::MAX, |above| above.saturating_add(1));
                let text: String = chain
                    .iter()
                    .take(count)
                    .map(|der| pem("CERTIFICATE", der))
                    .collect();
                Reply::text(200, "application/pem-certificate-chain", text)
            }
            Self::Zip => Reply::text(200, "application/zip", archive(&config.download, chain)?),
        };
        Ok(if config.download.certid_header {
            reply.with_header(&config.wire.certid_header_name, certid)
        } else {
            reply
        })
    }
}

/// `0.75` as 750.
fn thousandths(text: &str) -> u16 {
    let digits = text.split_once('.').map_or("", |(_, digits)| digits);
    let padded: String = digits.chars().chain("000".chars()).take(3).collect();
    padded.parse().unwrap_or(0)
}

/// `SignedData` without content and without signers (RFC 5652 5.1), whose certificates are a set: their order says nothing.
pub(super) fn certs_only(chain: &[Vec<u8>]) -> Vec<u8> {
    let signed_data = der::seq(&[
        &der::number(1),
        &der::tlv(der::SET, &[]),
        &der::seq(&[&der::oid(cms::OID_DATA)]),
        &der::set_of(0xa0, chain),
        &der::tlv(der::SET, &[]),
    ]);
    der::seq(&[&der::oid(cms::OID_SIGNED_DATA), &der::context(0, &[&signed_data])])
}

fn archive(config: &CmDownloadConfig, chain: &[Vec<u8>]) -> Result<Vec<u8>, Refusal> {
    let failed = |_| Refusal::new(GENERAL, "zip", "the archive cannot be made");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (der, number) in chain.iter().zip(1_u32..) {
        let name = config.zip_member.replace("{n}", &number.to_string());
        archive
            .start_file(name, SimpleFileOptions::default())
            .map_err(failed)?;
        let content = if config.zip_pem {
            pem("CERTIFICATE", der).into_bytes()
        } else {
            der.clone()
        };
        archive
            .write_all(&content)
            .map_err(|error| failed(error.into()))?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn asked(accept: &[&str]) -> Option<Format> {
        let mut headers = http::HeaderMap::new();
        for value in accept {
            headers.append("accept", value.parse().unwrap());
        }
        let request = Request {
            method: "GET".into(),
            path: "/".into(),
            query: None,
            headers,
            body: Bytes::new(),
            too_large: false,
            peer: None,
            from: None,
        };
        let config = CmDownloadConfig {
            unknown_accept: UnknownAccept::NotAcceptable,
            ..CmDownloadConfig::default()
        };
        Format::asked(&config, &request).ok()
    }

    #[test]
    fn accept_is_read_with_weights() {
        assert_eq!(asked(&[]), Some(Format::Pkcs7));
        assert_eq!(asked(&["*/*"]), Some(Format::Pkcs7));
        assert_eq!(asked(&["application/PKIX-cert"]), Some(Format::Pkix));
        assert_eq!(asked(&["text/html, application/zip;q=0.5"]), Some(Format::Zip));
        assert_eq!(
            asked(&["*/*;q=0.1, application/pkix-cert;q=0.2"]),
            Some(Format::Pkix)
        );
        assert_eq!(
            asked(&["application/zip;q=0.25", "application/pkix-cert;q=0.3"]),
            Some(Format::Pkix)
        );
        assert_eq!(
            asked(&["application/pem-certificate-chain"]),
            Some(Format::Chain(None))
        );
        assert_eq!(
            asked(&["application/pem-certificate-chain;depth=2"]),
            Some(Format::Chain(Some(1)))
        );
        assert_eq!(
            asked(&["application/pem-certificate-chain; depth=\"1\""]),
            Some(Format::Chain(Some(0)))
        );
        for wrong in [
            "application/pem-certificate-chain;depth=0",
            "application/pem-certificate-chain;depth=x",
            "text/html",
            "application/zip;q=0",
        ] {
            assert_eq!(asked(&[wrong]), None, "{wrong}");
        }
    }
}
