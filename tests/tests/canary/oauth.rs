//! Tokens and a portal session, good and bad: the client secret in each form, the tokens, the cookies, and servers that tell them back.

use std::sync::Arc;

use smartid::da::fido::GetOptions;
use smartid::da::oauth::{ClientAuthentication, OAuthBuilder, OAuthClient, Revocation};
use smartid::da::portal::{AccessPoint, Portal, PortalApi, PortalSession};
use smartid::{DaAuth, DigitalAccess, ReqwestTransport, SecretString, TokioRuntime, Transport, UserId};
use smartid_core::Runtime;
use smartid_core::base64::{Flavour, encode};
use smartid_sim::{Fault, FaultKind, Route, Sim, SimConfig};

use crate::{Seen, echo, page};

const SECRET: &str = "canary client+secret/2b9c";
const ENCODED: &str = "canary+client%2Bsecret%2F2b9c";
const PARAMETER: &str = "canary-parameter-of-a-token-request";
const SCOPE: &str = "WS";

/// An answer that tells the secret and a cookie back where they would be shown.
fn told_back(status: u16, cookie: &str) -> FaultKind {
    let secret = format!("{SECRET} {ENCODED} {PARAMETER} {cookie}");
    let body = format!(
        r#"{{"error":"{ENCODED}","error_description":"wrong: {secret}","error_uri":"https://u:{ENCODED}@h.example.test/{ENCODED}?{PARAMETER}","message":"{cookie}"}}"#
    );
    let text = if status == 400 { body } else { secret };
    let mut fault = FaultKind::body("application/json", text);
    if let FaultKind::Respond { status: code, .. } = &mut fault {
        *code = status;
    }
    fault
}

fn faults(cookie: &str) -> Vec<FaultKind> {
    let token = r#"{"access_token":"canary-token-of-a-bad-answer","token_type":"mac","expires_in":60}"#;
    let cut = r#"{"access_token":"canary-token-of-a-bad-answer","token_t"#;
    vec![
        echo(400),
        echo(302),
        echo(200),
        page(),
        told_back(400, cookie),
        told_back(401, cookie),
        told_back(500, cookie),
        FaultKind::redirect(302, format!("/{ENCODED}/x?{cookie}")),
        FaultKind::body("application/json", token),
        FaultKind::body("application/json", cut),
        FaultKind::LostReply,
        FaultKind::TruncatedBody,
    ]
}

fn transport(sim: &Sim) -> Arc<dyn Transport> {
    let builder = ReqwestTransport::builder().root_pem(sim.ca_pem().as_bytes());
    Arc::new(builder.build().unwrap())
}

fn settings(sim: &Sim, authentication: ClientAuthentication) -> OAuthBuilder {
    OAuthClient::builder(sim.da_token_url(), "idm", authentication)
        .scope(SCOPE)
        .parameter("resource", PARAMETER)
        .revoke_endpoint(sim.da_revoke_url())
}

pub(crate) async fn run(seen: &mut Seen) {
    let text = format!("[da]\nauth = 'oauth'\n[[da.oauth.clients]]\nid = 'idm'\nsecret = '{SECRET}'\n");
    let config = SimConfig::from_toml(&text).unwrap();
    let sim = Sim::builder().config(config).start().await.unwrap();
    for secret in [SECRET, ENCODED, PARAMETER, "canary-token-of-a-bad-answer"] {
        seen.plant(secret);
    }
    seen.plant(&encode(Flavour::Standard, format!("idm:{ENCODED}").as_bytes()));
    let secret = || SecretString::new(SECRET);
    for authentication in [
        ClientAuthentication::basic(secret()),
        ClientAuthentication::body(secret()),
    ] {
        tokens(seen, &sim, authentication).await;
    }
    session(seen, &sim).await;
}

async fn tokens(seen: &mut Seen, sim: &Sim, authentication: ClientAuthentication) {
    seen.debug(&authentication);
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::new());
    let builder = settings(sim, authentication);
    seen.debug(&builder);
    let tokens = builder.build(transport(sim), Arc::clone(&runtime)).unwrap();
    let auth = DaAuth::provider(Arc::new(tokens.clone()));
    let da = DigitalAccess::builder(sim.da_base_url(), auth)
        .build(transport(sim), runtime)
        .unwrap();
    let call = GetOptions::new(UserId::new("alice").unwrap());
    for fault in faults("no-cookie") {
        sim.faults().inject(Fault::new(Route::DaToken, fault));
        let error = da.call(&call).await.unwrap_err();
        seen.debug(&error);
        seen.text(&error.to_string());
    }
    da.call(&call).await.unwrap();
    let token = tokens.access_token().await.unwrap();
    seen.plant(token.token().expose());
    seen.debug(&token);
    seen.debug(&tokens);
    let revocation = Revocation::access_token(token.token().clone());
    seen.debug(&revocation);
    for fault in faults(token.token().expose()) {
        sim.faults().inject(Fault::new(Route::DaToken, fault));
        if let Err(error) = tokens.revoke(revocation.clone()).await {
            seen.debug(&error);
            seen.text(&error.to_string());
        }
    }
    tokens.revoke(revocation).await.unwrap();
}

async fn session(seen: &mut Seen, sim: &Sim) {
    let cookie = sim.da_session_of("alice", "Password").unwrap();
    let value = cookie.split_once('=').unwrap().1.to_owned();
    seen.plant(&value);
    let api = PortalApi::new(AccessPoint::parse(sim.da_origin()).unwrap());
    let session = PortalSession::from_header(&SecretString::new(&*cookie)).unwrap();
    let portal = Portal::builder(api, session)
        .build(transport(sim), Arc::new(TokioRuntime::new()))
        .unwrap();
    seen.debug(&portal);
    seen.debug(&portal.me().await.unwrap());
    for fault in faults(&value) {
        sim.faults().inject(Fault::new(Route::DaMe, fault).times(3));
        for outcome in [
            portal.me().await.map(|_| ()),
            portal.set_attributes([("a", "b")]).await,
        ] {
            if let Err(error) = outcome {
                seen.debug(&error);
                seen.text(&error.to_string());
            }
        }
        sim.faults().clear();
    }
    seen.debug(&portal.session());
}
