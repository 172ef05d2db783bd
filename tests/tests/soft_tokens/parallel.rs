//! Many tokens at a time on one client: nobody gets another's keys, and opening them stalls nobody.

use std::collections::BTreeSet;
use std::time::Duration;

use smartid::SecretString;
use smartid::trust::pkcs12::Pkcs12Policy;
use smartid_tests::certificates::{CmWorld, ask};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_tokens_at_a_time_are_fifty_keys() {
    const TOKENS: usize = 50;
    for mode in ["caller", "vro"] {
        let world = CmWorld::with(&format!(
            "[cm.signing]\nmode = '{mode}'\n[cm.soft_tokens]\niterations = 1000\nmac_iterations = 1000"
        ))
        .await;
        let mut running = JoinSet::new();
        for number in 0..TOKENS {
            let cm = world.cm.clone();
            running.spawn(async move {
                let password = SecretString::new(format!("password of token {number}"));
                let mut request = ask(&format!("Token {number}"));
                request.password = password.clone();
                let issued = cm.write(&request).await.unwrap();
                let policy = Pkcs12Policy::default();
                let opened = issued.token.open_on(&**cm.runtime(), &password, &policy).await;
                (number, issued, opened.unwrap())
            });
        }
        let mut keys = BTreeSet::new();
        let mut certids = BTreeSet::new();
        let all = tokio::time::timeout(Duration::from_secs(120), running.join_all());
        for (number, issued, opened) in all.await.unwrap() {
            world.check_token(&opened, &format!("CN=Token {number},C=SE"));
            keys.insert(opened.the_one_key().unwrap().pkcs8_der().expose().to_vec());
            let certid = issued.certid.unwrap();
            let stored = world.sim.cm().certificate(certid.as_str()).unwrap();
            let leaf = opened.keys()[0].certificate().unwrap();
            assert_eq!(stored.der.as_deref(), Some(&**leaf.der()), "its own certid");
            certids.insert(certid.as_str().to_owned());
        }
        assert_eq!((keys.len(), certids.len()), (TOKENS, TOKENS), "{mode}");
        assert_eq!(world.sim.cm().soft_tokens().len(), TOKENS, "{mode}");
    }
}
