//! The provider's keys: made when they are first wanted, rotated by command; a former key stays in the set for a while, as tokens that
//! it has signed do.

use serde_json::{Value, json};

use super::super::Da;
use crate::SimError;
use crate::config::DaOidcConfig;
use crate::pki::{Key, KeyKind, SigAlg};
use crate::sync::lock;

#[derive(Clone)]
pub(super) struct ProviderKey {
    pub(super) kid: String,
    pub(super) key: Key,
    alg: SigAlg,
}

/// The newest last.
#[derive(Default)]
pub(in crate::da) struct ProviderKeys {
    own: Vec<ProviderKey>,
    decoys: Vec<ProviderKey>,
}

/// The algorithm of ID tokens.
pub(crate) fn alg(config: &DaOidcConfig) -> Option<SigAlg> {
    let alg = SigAlg::all().find(|alg| alg.name() == config.id_token_alg)?;
    matches!(alg, SigAlg::Es256 | SigAlg::Rs256 | SigAlg::Ps256).then_some(alg)
}

impl Da {
    fn make_key(&self, alg: SigAlg) -> Result<ProviderKey, SimError> {
        let kind = if alg == SigAlg::Es256 {
            KeyKind::P256
        } else {
            KeyKind::Rsa2048
        };
        let key = match self.peers.get() {
            Some(peers) => peers.keys.source().key(kind)?,
            None => Key::generate(kind)?,
        };
        Ok(ProviderKey {
            kid: self.random.uuid("provider-key"),
            key,
            alg,
        })
    }

    /// The key that signs now.
    pub(super) fn signing_key(&self, config: &DaOidcConfig) -> Result<ProviderKey, SimError> {
        let alg = alg(config).unwrap_or(SigAlg::Es256);
        let mut keys = lock(&self.provider_keys);
        if let Some(key) = keys.own.iter().rev().find(|key| key.alg == alg) {
            return Ok(key.clone());
        }
        let key = self.make_key(alg)?;
        keys.own.push(key.clone());
        Ok(key)
    }

    /// A key that nobody has published.
    pub(super) fn foreign_key(&self, config: &DaOidcConfig) -> Result<Key, SimError> {
        Ok(self.make_key(alg(config).unwrap_or(SigAlg::Es256))?.key)
    }

    /// A new key signs from now on; gives its id.
    pub(in crate::da) fn rotate_key(&self, config: &DaOidcConfig) -> Result<String, SimError> {
        let key = self.make_key(alg(config).unwrap_or(SigAlg::Es256))?;
        let kid = key.kid.clone();
        lock(&self.provider_keys).own.push(key);
        Ok(kid)
    }

    /// The key set (RFC 7517 5).
    pub(super) fn key_set(&self, config: &DaOidcConfig) -> Result<Value, SimError> {
        self.signing_key(config)?;
        let alg = alg(config).unwrap_or(SigAlg::Es256);
        let mut keys = lock(&self.provider_keys);
        while keys.decoys.len() < config.decoy_keys {
            let decoy = self.make_key(alg)?;
            keys.decoys.push(decoy);
        }
        let decoys = keys.decoys.iter().take(config.decoy_keys);
        let own = keys.own.iter().rev().filter(|key| key.alg == alg);
        let shown: Vec<Value> = decoys
            .chain(own.take(config.former_keys.saturating_add(1)))
            .map(|one| {
                let mut jwk = one.key.jwk(config.key_ids.then_some(&one.kid));
                // The key's own algorithm is not the one that it is used with.
                crate::json::put(&mut jwk, "/alg", json!(one.alg.name()));
                jwk
            })
            .collect();
        Ok(json!({"keys": shown}))
    }
}
