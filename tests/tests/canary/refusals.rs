//! Messaging that says no, and tells back what it was told; callers who present other secrets; texts that cannot be read.

use smartid::core::Head;
use smartid::hermod::clients::ClientList;
use smartid::hermod::commands::{Cancel, CommandStatus, Ping, Raw};
use smartid::hermod::wait::PollPolicy;
use smartid::hermod::{CommandReport, MobileLink, PlugoutLink};
use smartid::{ApiKey, SecretString};
use smartid_sim::{Fault, FaultKind, Route, RoutePattern};
use std::time::Duration;

use crate::messaging::{bench, sent};
use crate::{API_KEY, Seen, echo, page};

pub(crate) async fn run(seen: &mut Seen) {
    calls(seen).await;
    callers(seen).await;
    texts(seen);
}

/// Each call, answered by what tells the secrets back.
async fn calls(seen: &mut Seen) {
    let bench = bench("").await;
    let user = &bench.user;
    let header = user.hermod.header();
    let first = user.send(&header, &Ping::new(header.clone())).await;
    sent(seen, &bench, &first);
    let id = first.answer.command_id.clone();
    for kind in [
        echo(400),
        echo(401),
        echo(302),
        echo(200),
        page(),
        FaultKind::LostReply,
        FaultKind::TruncatedBody,
        FaultKind::DeepJson { depth: 5000 },
    ] {
        for route in [Route::HermodCommand, Route::HermodPoll, Route::HermodCancel] {
            bench.sim.faults().clear();
            bench
                .sim
                .faults()
                .inject(Fault::new(RoutePattern::route(route), kind.clone()).times(0));
            let error = match route {
                Route::HermodCommand => user.hermod.call(&Ping::new(user.hermod.header())).await.err(),
                Route::HermodPoll => user.hermod.call(&CommandStatus::new(id.clone())).await.err(),
                _ => user.hermod.call(&Cancel::new(id.clone())).await.err(),
            };
            if let Some(error) = error {
                seen.debug(&(
                    &error,
                    error.to_string(),
                    error.summary().to_string(),
                    error.advice(),
                ));
            }
            if route == Route::HermodCommand {
                let raw = user.hermod.call(&Raw::new("ping", "{}")).await;
                seen.debug(&raw);
            }
        }
        // A wait that polls, and is told that.
        let policy = PollPolicy::default()
            .with_interval(Duration::from_millis(100), Duration::from_millis(100))
            .with_give_up_after(1);
        bench.sim.faults().clear();
        let fault = Fault::new(RoutePattern::route(Route::HermodPoll), kind);
        bench.sim.faults().inject(fault.times(0));
        let mut states = user.hermod.states(&*user.inbox, &first.pending, &policy);
        let change = tokio::time::timeout(Duration::from_secs(20), states.next()).await;
        seen.debug(&change);
    }
}

/// Those who call us with other passwords, bodies and paths.
async fn callers(seen: &mut Seen) {
    let bench = bench("").await;
    let user = &bench.user;
    for secret in ["canary-other-password-12", "canary-body-of-a-stranger"] {
        seen.plant(secret);
    }
    let url = bench.sim.api_user("idm").unwrap().callback_url.unwrap();
    bench
        .sim
        .set_callback(&url, Some(("hermod", "canary-other-password-12")));
    let header = user.hermod.header();
    let pinging = user.send(&header, &Ping::new(header.clone())).await;
    bench.sim.desktop().open(&pinging.link()).await.unwrap();
    assert_eq!(user.called(1).await[0].status, 401);
    let mut headers = http::HeaderMap::new();
    let pair = smartid_core::base64::encode(
        smartid_core::base64::Flavour::Standard,
        format!("hermod:{}", smartid_tests::CALLBACK_PASSWORD).as_bytes(),
    );
    headers.insert("authorization", format!("Basic {pair}").parse().unwrap());
    let head = Head::new(http::Method::POST, "/callback/ping", headers);
    for body in [
        r#"{"pin":"canary-body-of-a-stranger"}"#,
        "canary-body-of-a-stranger",
        r#"{"commandId":"1","commandId":"canary-body-of-a-stranger"}"#,
        r#"{"commandId":"1","state":"FAILED","error":{"code":"X","message":"token=canary-body-of-a-stranger"}}"#,
    ] {
        seen.debug(&user.callbacks.read(&head, body.as_bytes()));
        seen.debug(&CommandReport::read(body.into(), user.hermod.dialect()));
        use smartid::core::Inbound;
        seen.debug(&user.callbacks.receive(&head, body.into()).await);
        seen.debug(&user.provider.receive(&head, body.into()).await);
    }
    seen.debug(&(&user.callbacks, user.callbacks.counters(), &head));
}

/// What cannot be read is not quoted.
fn texts(seen: &mut Seen) {
    for secret in ["canary-link-token-8f", "canary-client-key-2b"] {
        seen.plant(secret);
    }
    for link in [
        "com.nexusgroup.plugout:///?url=http%3a%2f%2fh.example.test%2fms%2fb&token=canary-link-token-8f",
        "com.nexusgroup.plugout:///?token=canary-link-token-8f&token=canary-link-token-8f",
        "personal://h.example.test/ms/canary-link-token-8f#x",
        "personal://start?redirect=canary-link-token-8f",
    ] {
        let (plugout, mobile) = (PlugoutLink::parse(link), MobileLink::parse(link));
        seen.debug(&(&plugout, &mobile));
        seen.text(&format!(
            "{:?} {:?}",
            plugout.err().map(|e| e.to_string()),
            mobile.err().map(|e| e.to_string())
        ));
    }
    let yaml =
        "- client-id: idm\n  key: canary-client-key-2b\n  callback-basic-auth: hermod:canary-client-key-2b\n";
    let read = ClientList::read(yaml).unwrap();
    seen.debug(&read);
    for broken in [
        format!("{yaml}  group: [canary-client-key-2b"),
        yaml.replace("client-id: idm\n  ", ""),
    ] {
        let read = ClientList::read(&broken);
        seen.text(&format!("{:?}", read.as_ref().err().map(ToString::to_string)));
        seen.debug(&read);
    }
    seen.debug(&ApiKey::from_token(SecretString::new("canary-client-key-2b")));
    seen.debug(&ApiKey::new("a:b", SecretString::new(API_KEY)));
}
