//! Authenticator data (WebAuthn 6.1; protocol notes: digital-access 1.5). Read strictly: nothing may follow, and what a flag promises
//! must be there.

use ciborium::Value;

use super::cbor;

pub(crate) const UP: u8 = 0x01;
pub(crate) const UV: u8 = 0x04;
pub(crate) const BE: u8 = 0x08;
pub(crate) const BS: u8 = 0x10;
pub(crate) const AT: u8 = 0x40;
pub(crate) const ED: u8 = 0x80;

#[derive(Clone, Debug)]
pub(crate) struct AuthData {
    pub(crate) rp_id_hash: [u8; 32],
    pub(crate) flags: u8,
    pub(crate) sign_count: u32,
    pub(crate) attested: Option<Attested>,
}

#[derive(Clone, Debug)]
pub(crate) struct Attested {
    pub(crate) aaguid: [u8; 16],
    pub(crate) credential_id: Vec<u8>,
    /// The COSE key as it stands in the data.
    pub(crate) public_key_cose: Vec<u8>,
    pub(crate) public_key: Value,
}

impl AuthData {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut attested = None;
        if flags & AT != 0 {
            let (aaguid, after) = rest.split_first_chunk::<16>()?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let (id, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            let (public_key, after_key) = cbor::read_prefix(after)?;
            let key_length = after.len().checked_sub(after_key.len())?;
            attested = Some(Attested {
                aaguid: *aaguid,
                credential_id: id.to_vec(),
                public_key_cose: after.get(..key_length)?.to_vec(),
                public_key,
            });
            rest = after_key;
        }
        if flags & ED != 0 {
            let (extensions, after) = cbor::read_prefix(rest)?;
            // Names of extensions are texts.
            if !extensions.as_map()?.iter().all(|(name, _)| name.is_text()) {
                return None;
            }
            rest = after;
        }
        rest.is_empty().then(|| Self {
            rp_id_hash: *rp_id_hash,
            flags: *flags,
            sign_count: u32::from_be_bytes(*count),
            attested,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_flags_must_agree() {
        let mut plain = vec![0_u8; 37];
        assert!(AuthData::read(&plain).is_some());
        assert!(AuthData::read(&plain[..36]).is_none());
        plain.push(0);
        assert!(AuthData::read(&plain).is_none(), "nothing may follow");
        plain.pop();
        plain[32] = AT;
        assert!(AuthData::read(&plain).is_none(), "AT promises attested data");
        plain[32] = ED;
        assert!(AuthData::read(&plain).is_none(), "ED promises extensions");
        plain.push(0xa0);
        assert!(AuthData::read(&plain).is_some());
        plain[37] = 0x01;
        assert!(AuthData::read(&plain).is_none(), "extensions are a map");
        plain.truncate(37);
        plain.extend([0xa1, 0x01, 0xf5]);
        assert!(AuthData::read(&plain).is_none(), "of texts");
    }
}
