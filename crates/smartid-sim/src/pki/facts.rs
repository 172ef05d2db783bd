//! What a certificate says about its holder, by the names that configurations use for it.

use super::Certificate;
use super::csr::OID_SAN;
use super::der::{self, Reader};
use super::name;

/// 1.3.6.1.4.1.311.20.2.3
const UPN: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03];

impl Certificate {
    /// The values of an attribute: `subjectaltname-emailaddress`, `-dnsname`, `-uri` or `-upn`, or an attribute of the subject in any
    /// letter case, such as `cn`, `serialnumber`, `uid` or `e`. `None` when the name is not known (protocol notes: digital-access 4.3;
    /// the first is D, `cn` is D for a sibling method, the others I).
    pub(crate) fn attribute(&self, wanted: &str) -> Option<Vec<String>> {
        let wanted = wanted.to_ascii_lowercase();
        if let Some(kind) = wanted.strip_prefix("subjectaltname-") {
            let tag = match kind {
                "emailaddress" => 0x81,
                "dnsname" => 0x82,
                "uri" => 0x86,
                "upn" => 0xa0,
                _ => return None,
            };
            return Some(self.alternatives(tag).unwrap_or_default());
        }
        let short = match wanted.as_str() {
            "e" | "email" | "mail" => "emailaddress",
            "givenname" => "gn",
            "surname" => "sn",
            known @ ("cn" | "sn" | "gn" | "serialnumber" | "c" | "l" | "st" | "o" | "ou" | "title"
            | "uid" | "dc" | "emailaddress") => known,
            _ => return None,
        };
        let all = name::attributes(self.subject_der()).unwrap_or_default();
        Some(
            all.into_iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(short))
                .map(|(_, value)| value)
                .collect(),
        )
    }

    /// Alternative names with this tag.
    fn alternatives(&self, tag: u8) -> Option<Vec<String>> {
        let extension = self.extension(OID_SAN)?;
        let mut names = der::only(&extension.value, der::SEQUENCE)?.reader();
        let mut out = Vec::new();
        while !names.is_empty() {
            let name = names.next()?;
            if name.tag != tag {
                continue;
            }
            if tag == 0xa0 {
                out.extend(principal(name.reader()));
            } else {
                out.push(std::str::from_utf8(name.content).ok()?.to_owned());
            }
        }
        Some(out)
    }
}

/// A user principal name inside `otherName`.
fn principal(mut parts: Reader<'_>) -> Option<String> {
    if parts.expect(der::OID)?.content != UPN {
        return None;
    }
    let value = parts.expect(0xa0)?.reader().next()?;
    std::str::from_utf8(value.content).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::{Key, KeyKind, Profile, SigAlg, TestCa, Validity, csr};
    use super::*;

    #[test]
    fn attributes_go_by_their_names() {
        let key = Key::generate(KeyKind::P256).unwrap();
        let mail = ["a@example.test", "b@example.test"];
        let request = csr::make(
            "C=SE,serialNumber=12,CN=Anna,UID=u1,E=e@example.test",
            &mail,
            &key,
            SigAlg::Es256,
        )
        .unwrap();
        let ca = TestCa::new(1, 0).unwrap();
        let certificate = ca
            .issue(&request, Profile::Signing, Validity::days(0, 1))
            .unwrap();
        let read = |name: &str| certificate.attribute(name);
        assert_eq!(read("subjectaltname-emailaddress").unwrap(), mail);
        assert_eq!(read("SubjectAltName-EmailAddress").unwrap(), mail);
        assert_eq!(read("subjectaltname-dnsname").unwrap(), Vec::<String>::new());
        assert_eq!(read("subjectaltname-upn").unwrap(), Vec::<String>::new());
        for (name, value) in [
            ("cn", "Anna"),
            ("serialnumber", "12"),
            ("uid", "u1"),
            ("e", "e@example.test"),
            ("C", "SE"),
        ] {
            assert_eq!(read(name).unwrap(), [value], "{name}");
        }
        for unknown in [
            "",
            "subjectaltname-",
            "subjectaltname-x400",
            "nickname",
            "OID.2.5.4.3",
        ] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
        let bare = ca
            .issue_for_key("CN=x", &key, Profile::Signing, Validity::days(0, 1))
            .unwrap();
        assert_eq!(
            bare.attribute("subjectaltname-uri").unwrap(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_principal_name_is_read() {
        let value = der::tlv(0xa0, &[&der::tlv(0x0c, &[b"anna@example.test"])]);
        let inside = [der::oid(UPN), value.clone()].concat();
        assert_eq!(
            principal(Reader::new(&inside)).as_deref(),
            Some("anna@example.test")
        );
        let other = [der::oid(&[0x2a, 0x03]), value].concat();
        assert_eq!(principal(Reader::new(&other)), None);
        assert_eq!(principal(Reader::new(&[0x06])), None);
    }
}
