//! A registration taken apart and put together again, octet by octet.

use serde_json::{Value, json};
use smartid_core::base64::{Flavour, encode};
use smartid_da::fido::{AttestationObject, Registration};

/// A registration taken apart.
pub(super) struct Parts {
    pub(super) client_data: String,
    pub(super) format: Vec<u8>,
    pub(super) statement: Vec<u8>,
    /// rpIdHash.
    pub(super) relying_party: Vec<u8>,
    pub(super) flags: u8,
    pub(super) count: u32,
    pub(super) aaguid: Vec<u8>,
    pub(super) id: Vec<u8>,
    pub(super) key: Vec<u8>,
    /// Behind the key.
    pub(super) behind: Vec<u8>,
    /// More members of the attestation object, and how many.
    pub(super) more: (u8, Vec<u8>),
    /// Members of the JSON that are set last, by pointer.
    pub(super) json: Vec<(&'static str, Value)>,
}

pub(super) fn head(major: u8, length: usize) -> Vec<u8> {
    let major = major << 5;
    match length {
        0..=23 => vec![major | u8::try_from(length).unwrap()],
        24..=255 => vec![major | 24, u8::try_from(length).unwrap()],
        _ => [&[major | 25][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    }
}

pub(super) fn bytes(value: &[u8]) -> Vec<u8> {
    [&head(2, value.len())[..], value].concat()
}

pub(super) fn text(value: &str) -> Vec<u8> {
    [&head(3, value.len())[..], value.as_bytes()].concat()
}

pub(super) fn int(value: i64) -> Vec<u8> {
    if value < 0 {
        head(1, usize::try_from(-1 - value).unwrap())
    } else {
        head(0, usize::try_from(value).unwrap())
    }
}

pub(super) fn map(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = head(5, members.len());
    for (name, value) in members {
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }
    out
}

pub(super) fn rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
    map(&[
        (int(1), int(3)),
        (int(3), int(-257)),
        (int(-1), bytes(n)),
        (int(-2), bytes(e)),
    ])
}

pub(super) fn okp(curve: i64, x: &[u8]) -> Vec<u8> {
    map(&[
        (int(1), int(1)),
        (int(3), int(-8)),
        (int(-1), int(curve)),
        (int(-2), bytes(x)),
    ])
}

pub(super) fn ec(curve: i64, x: &[u8], y: &[u8]) -> Vec<u8> {
    map(&[
        (int(1), int(2)),
        (int(3), int(-7)),
        (int(-1), int(curve)),
        (int(-2), bytes(x)),
        (int(-3), bytes(y)),
    ])
}

/// A modulus of 2048 bits.
pub(super) fn modulus() -> Vec<u8> {
    [&[0xc1][..], &[0x5b; 254], &[0x0d]].concat()
}

impl Parts {
    pub(super) fn of(registration: &Registration) -> Self {
        let object = AttestationObject::parse(registration.attestation_object()).unwrap();
        let data = object.authenticator_data().unwrap();
        let id = data.attested.unwrap().credential_id;
        Self {
            client_data: String::from_utf8(registration.client_data_json().to_vec()).unwrap(),
            format: text(&object.format),
            statement: object.statement.clone(),
            relying_party: data.rp_id_hash.to_vec(),
            flags: data.flags.0,
            count: data.sign_count,
            aaguid: object.auth_data[37..53].to_vec(),
            key: object.auth_data[55 + id.len()..].to_vec(),
            id,
            behind: Vec::new(),
            more: (0, Vec::new()),
            json: Vec::new(),
        }
    }

    pub(super) fn written(&self) -> String {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let auth_data = [
            &self.relying_party[..],
            &[self.flags],
            &self.count.to_be_bytes(),
            &self.aaguid,
            &length,
            &self.id,
            &self.key,
            &self.behind,
        ]
        .concat();
        let object = [
            &[0xa3 + self.more.0][..],
            &text("fmt"),
            &self.format,
            &text("attStmt"),
            &self.statement,
            &text("authData"),
            &bytes(&auth_data),
            &self.more.1,
        ]
        .concat();
        let id = encode(Flavour::Url, &self.id);
        let mut registration = json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "response": {
                "clientDataJSON": encode(Flavour::Url, self.client_data.as_bytes()),
                "attestationObject": encode(Flavour::Url, &object),
                "transports": ["usb"],
            },
            "clientExtensionResults": {},
        });
        for (place, value) in &self.json {
            let (parent, name) = place.rsplit_once('/').unwrap();
            registration.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        registration.to_string()
    }

    pub(super) fn client(&mut self, from: &str, to: &str) {
        let edited = self.client_data.replacen(from, to, 1);
        assert_ne!(edited, self.client_data, "{from}");
        self.client_data = edited;
    }
}

/// What is changed, and what the two say.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) local: &'static str,
    pub(super) server: &'static str,
    pub(super) change: Box<dyn Fn(&mut Parts)>,
}

macro_rules! row {
    ($name:literal, $local:literal, $server:literal, $change:expr) => {
        Row {
            name: $name,
            local: $local,
            server: $server,
            change: Box::new($change),
        }
    };
}

pub(super) use row;
