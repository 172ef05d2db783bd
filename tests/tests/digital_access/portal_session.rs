//! A person's portal session against the simulated access point: who that is, attributes, and where it ends.

use std::sync::Arc;
use std::time::Duration;

use smartid_core::{SecretString, Transport};
use smartid_da::portal::{AccessPoint, Portal, PortalApi, PortalSession};
use smartid_da::{DaRefusal, DaRefusalKind};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use smartid_sim::{Sim, SimClock, SimConfig};

async fn world(switches: &str) -> (Sim, Portal) {
    let sim = Sim::builder()
        .config(SimConfig::from_toml(switches).unwrap())
        .clock(SimClock::manual())
        .start()
        .await
        .unwrap();
    let cookies = sim.da_session_of("alice", "Password").unwrap();
    let portal = portal(&sim, &cookies);
    (sim, portal)
}

fn portal(sim: &Sim, cookies: &str) -> Portal {
    let transport = ReqwestTransport::builder()
        .root_pem(sim.ca_pem().as_bytes())
        .build()
        .unwrap();
    let transport: Arc<dyn Transport> = Arc::new(transport);
    let api = PortalApi::new(AccessPoint::parse(sim.da_origin()).unwrap());
    let session = PortalSession::from_header(&SecretString::new(cookies)).unwrap();
    Portal::builder(api, session)
        .build(transport, Arc::new(TokioRuntime::new()))
        .unwrap()
}

#[tokio::test]
async fn the_user_is_known_and_sets_what_is_not_of_the_storage() {
    let (sim, portal) = world("").await;
    let user = portal.me().await.unwrap();
    assert_eq!(user.text("mail"), Some("alice@example.test"));
    assert_eq!(user.text("locale"), None);
    portal
        .set_attributes([("locale", "sv"), ("note", "a \"b\" å\n")])
        .await
        .unwrap();
    let user = portal.me().await.unwrap();
    assert_eq!(
        (user.text("locale"), user.text("note")),
        (Some("sv"), Some("a \"b\" å\n"))
    );

    // What a certificate is mapped by is not the user's to set; nothing of the call is done.
    let error = portal
        .set_attributes([("locale", "de"), ("mail", "bob@example.test")])
        .await
        .unwrap_err();
    let refusal: &DaRefusal = error.refusal().unwrap();
    assert_eq!(refusal.kind(), &DaRefusalKind::Forbidden);
    assert_eq!(
        refusal.detail(),
        Some("An attribute belongs to the user storage.")
    );
    let user = portal.me().await.unwrap();
    assert_eq!(
        (user.text("locale"), user.text("mail")),
        (Some("sv"), Some("alice@example.test"))
    );

    let error = portal
        .set_attributes([("x", "y".repeat(5000))])
        .await
        .unwrap_err();
    let refusal: &DaRefusal = error.refusal().unwrap();
    assert!(
        matches!(refusal.kind(), DaRefusalKind::Rejected { .. }),
        "{error}"
    );
    assert_eq!(sim.da_sessions(), 1);
}

#[tokio::test]
async fn a_session_that_has_ended_is_told_in_each_form() {
    for switch in ["redirect", "login-page", "401"] {
        let (sim, portal) = world(&format!("[da.session]\nme_unauthenticated = '{switch}'")).await;
        portal.me().await.unwrap();
        sim.advance(Duration::from_secs(3600));
        for error in [
            portal.me().await.unwrap_err(),
            portal.set_attributes([("a", "b")]).await.unwrap_err(),
            self::portal(&sim, "WASESSION=guess").me().await.unwrap_err(),
        ] {
            let refusal: &DaRefusal = error.refusal().unwrap();
            assert!(refusal.is_not_authenticated(), "{switch}: {error}");
            let DaRefusalKind::NotAuthenticated { redirect, .. } = refusal.kind() else {
                panic!("{error}")
            };
            assert_eq!(redirect.is_some(), switch == "redirect", "{error}");
        }
    }
}
