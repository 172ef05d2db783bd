//! Registrations that break one rule of the ceremony, made from a good one of the simulator's authenticator: what the local check says and
//! what the simulated access point says. One of the two must refuse each, in its own words.

mod around;
mod inside;
mod parts;

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use smartid::core::{Outgoing, ServiceUrl};
use smartid::{ReqwestTransport, Transport, UserId};
use smartid_da::fido::preflight::{self, Preflight};
use smartid_da::fido::{CreationOptions, GetOptions, Registration};
use smartid_tests::{Setup, World};

use parts::Parts;

struct Judges {
    world: World,
}

impl Judges {
    async fn new() -> Self {
        Self {
            world: World::start(Setup::default()).await,
        }
    }

    /// What the local check says, then what the access point says.
    async fn say(&self, change: &dyn Fn(&mut Parts)) -> (String, String) {
        self.world.sim.remove_credentials_of("alice");
        let da = self.world.smartid.digital_access().unwrap();
        let options = da
            .call(&GetOptions::new(UserId::new("alice").unwrap()))
            .await
            .unwrap();
        let made = self.world.sim.desktop().register(options.raw()).unwrap();
        let mut parts = Parts::of(&Registration::parse(&made).unwrap());
        change(&mut parts);
        let written = parts.written();
        (local(&options, &written), self.post(written).await)
    }

    async fn post(&self, body: String) -> String {
        let transport = ReqwestTransport::builder()
            .root_pem(self.world.sim.ca_pem().as_bytes())
            .build()
            .unwrap();
        let base = ServiceUrl::parse("da.url", &self.world.sim.da_base_url()).unwrap();
        let token = HeaderValue::try_from(format!("Bearer {}", self.world.sim.da_token())).unwrap();
        let request = Outgoing::new(Method::POST, "fido/credentials".to_owned())
            .query("userId", "alice")
            .header(header::AUTHORIZATION, token)
            .body("application/json", body);
        transport.send(&base, request).await.unwrap();
        self.world.sim.records().last().unwrap().code.clone().unwrap()
    }
}

fn local(options: &CreationOptions, written: &str) -> String {
    let registration = match Registration::parse(written) {
        Ok(registration) => registration,
        Err(error) => return error.name().to_owned(),
    };
    match preflight::check(options, &registration, &Preflight::new()) {
        Ok(checked) if checked.lints.is_empty() => "ok".to_owned(),
        Ok(checked) => format!("ok, odd: {}", checked.lints[0].at),
        Err(error) => error.name().to_owned(),
    }
}

#[tokio::test]
async fn each_broken_rule_is_refused_here_or_there_by_its_own_word() {
    let judges = Judges::new().await;
    let mut refused = 0;
    for row in around::around().into_iter().chain(inside::inside()) {
        let (local, server) = judges.say(&row.change).await;
        assert_eq!(
            (local.as_str(), server.as_str()),
            (row.local, row.server),
            "{}",
            row.name
        );
        let stored = judges.world.sim.credentials_of("alice").len();
        assert_eq!(stored, usize::from(server == "stored"), "{}", row.name);
        let taken = local.starts_with("ok") && server == "stored";
        assert_eq!(
            taken,
            TAKEN.contains(&row.name),
            "{}: {local}, {server}",
            row.name
        );
        refused += usize::from(!taken);
    }
    assert!(refused >= 60, "{refused}");
}

/// What both take: the good ones, and what no rule of the ceremony forbids a relying party to take. A format that it does not know tells it
/// nothing; members that it did not ask for may be passed over.
const TAKEN: [&str; 16] = [
    "good",
    "RSA: good",
    "flags: ED, unsolicited",
    "format: empty",
    "format: zero inside",
    "format: long",
    "format: control characters",
    "format: android-key without statement",
    "object: epAtt",
    "object: ep as text",
    "json: attachment unknown",
    "json: prf secret",
    "json: appid",
    "json: transports twice",
    "json: transports many",
    "key: Ed25519 not on the curve",
];

/// One octet changed, in each format: the simulator refuses what the other verifiers refuse (`peers_webauthn`).
#[tokio::test]
async fn a_changed_octet_is_refused_by_the_access_point_in_every_format() {
    use smartid_tests::peers::{CHANGES, Change};
    let judges = Judges::new().await;
    let da = judges.world.smartid.digital_access().unwrap();
    for format in ["none", "packed", "packed-x5c", "fido-u2f"] {
        judges.world.sim.reconfigure(|config| {
            config.da.attestation = "direct".to_owned();
            config.desktop.attestation = serde_json::from_value(json!(format)).unwrap();
        });
        for change in CHANGES {
            let options = da
                .call(&GetOptions::new(UserId::new("alice").unwrap()))
                .await
                .unwrap();
            let made = judges.world.sim.desktop().register(options.raw()).unwrap();
            let registration: Value = serde_json::from_str(&made).unwrap();
            let Some(copy) = change.copy(&json!({"registration": registration})) else {
                assert_eq!((format, change), ("none", Change::Signature));
                continue;
            };
            let written = copy["registration"].to_string();
            assert_eq!(
                local(&options, &written),
                change.our_word(),
                "{format} {change:?}"
            );
            let word = match change {
                Change::Signature => "attestation_signature",
                Change::Challenge => "challenge_unknown",
                Change::RpIdHash => "rp_id_hash",
                Change::Origin => "origin",
                Change::Type => "client_data_type",
                Change::UserPresence => "user_presence",
                Change::AttestedData => "authenticator_data",
                Change::CredentialId if format == "none" => "credential_id_mismatch",
                _ => "attestation_signature",
            };
            assert_eq!(judges.post(written).await, word, "{format} {change:?}");
            assert!(judges.world.sim.credentials_of("alice").is_empty());
        }
    }
}
