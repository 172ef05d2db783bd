//! An enveloping XML signature (W3C XML Signature 1.1): the signed bytes stand as base64 in an `Object` of the signature. It is written
//! in the form that canonicalisation (Canonical XML 1.0) would give, so what is digested is the text itself. That the Desktop App signs
//! XML is documented, what it signs is not (protocol notes: hermod 3.4); an envelope around any bytes is the least assumption.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Refusal;
use crate::pki::{Digest, Key, SigAlg};

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";

fn algorithm(alg: SigAlg) -> Option<&'static str> {
    Some(match alg {
        SigAlg::Rs256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        SigAlg::Rs384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        SigAlg::Rs512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        SigAlg::Ps256 => "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        SigAlg::Ps384 => "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
        SigAlg::Ps512 => "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
        SigAlg::Es256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        SigAlg::Es384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        SigAlg::Es512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        SigAlg::Rs1 | SigAlg::EdDsa => return None,
    })
}

fn digest_name(digest: Digest) -> &'static str {
    match digest {
        Digest::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        Digest::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        Digest::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
        Digest::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
    }
}

/// Signs `content`. `broken` spoils the signature value.
pub(super) fn sign(
    content: &[u8],
    key: &Key,
    alg: SigAlg,
    chain: &[Vec<u8>],
    broken: bool,
) -> Result<String, Refusal> {
    let name = algorithm(alg)
        .ok_or_else(|| Refusal::new("MECHANISM_NOT_SUPPORTED", "no XML signature with SHA-1"))?;
    let inside = BASE64_STANDARD.encode(content);
    let object = |namespace: &str| {
        format!("<Object{namespace} Encoding=\"{DSIG}base64\" Id=\"tbs\">{inside}</Object>")
    };
    // A part that is digested by itself carries the namespace that it has from the whole.
    let namespace = format!(" xmlns=\"{DSIG}\"");
    let digest = BASE64_STANDARD.encode(alg.digest().of(object(&namespace).as_bytes()));
    let signed_info = |namespace: &str| {
        format!(
            "<SignedInfo{namespace}><CanonicalizationMethod Algorithm=\"{C14N}\"></CanonicalizationMethod>\
             <SignatureMethod Algorithm=\"{name}\"></SignatureMethod><Reference URI=\"#tbs\">\
             <DigestMethod Algorithm=\"{}\"></DigestMethod><DigestValue>{digest}</DigestValue></Reference></SignedInfo>",
            digest_name(alg.digest())
        )
    };
    let mut signature = key.sign(alg, signed_info(&namespace).as_bytes())?;
    if broken {
        super::flaw::break_bytes(&mut signature);
    }
    let certificates: String = chain
        .iter()
        .map(|der| {
            format!(
                "<X509Certificate>{}</X509Certificate>",
                BASE64_STANDARD.encode(der)
            )
        })
        .collect();
    let key_info = if certificates.is_empty() {
        String::new()
    } else {
        format!("<KeyInfo><X509Data>{certificates}</X509Data></KeyInfo>")
    };
    Ok(format!(
        "<Signature{namespace}>{}<SignatureValue>{}</SignatureValue>{key_info}{}</Signature>",
        signed_info(""),
        BASE64_STANDARD.encode(signature),
        object(""),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::KeyKind;

    fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
        text.split(start).nth(1).unwrap().split(end).next().unwrap()
    }

    #[test]
    fn the_parts_belong_together() {
        for kind in [KeyKind::P256, KeyKind::P384] {
            let key = Key::generate(kind).unwrap();
            let alg = key.default_alg();
            for broken in [false, true] {
                let xml = sign(b"text", &key, alg, &[vec![1]], broken).unwrap();
                let namespace = format!(" xmlns=\"{DSIG}\"");
                let object = format!("<Object{namespace} {}", between(&xml, "<Object ", "</Signature>"));
                let digest = BASE64_STANDARD.encode(alg.digest().of(object.as_bytes()));
                assert_eq!(between(&xml, "<DigestValue>", "<"), digest);
                let info = format!(
                    "<SignedInfo{namespace}>{}</SignedInfo>",
                    between(&xml, "<SignedInfo>", "</SignedInfo>")
                );
                let value = BASE64_STANDARD
                    .decode(between(&xml, "<SignatureValue>", "<"))
                    .unwrap();
                let verdict = key.public_key().verify_jose(alg, info.as_bytes(), &value);
                assert_eq!(verdict.is_err(), broken);
                assert!(xml.contains("dGV4dA==") && xml.contains("<X509Certificate>AQ=="));
            }
        }
        let key = Key::generate(KeyKind::P256).unwrap();
        assert!(
            !sign(b"", &key, SigAlg::Es256, &[], false)
                .unwrap()
                .contains("KeyInfo")
        );
        assert!(sign(b"", &key, SigAlg::Rs1, &[], false).is_err());
    }
}
