//! Digital Access as a client of messaging: its own entry there, and what it makes of refusals.

use super::personal::{begin, bench, code, command, end};
use crate::browser::Browser;
use crate::devices::{ALICE, enrol, signer};
use serde_json::{Value, json};
use smartid_sim::config::DaUser;
use smartid_sim::{Fault, FaultKind, Route};

#[tokio::test]
async fn a_user_who_may_not_looks_like_one_whose_app_is_silent() {
    let (bench, _receiver) = bench("[mobile]\nauto = false").await;
    let mut carol = DaUser::new("carol").attribute("mail", ALICE);
    carol.personal_enabled = false;
    bench.sim.put_user(carol);
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let mut browser = Browser::new(&bench);
    let mut pages = Vec::new();
    for (user, reason) in [
        ("nobody", "user_unknown"),
        ("carol", "user_unknown"),
        ("bob", "messaging_refused"),
        ("%40tmp", "user_unknown"),
    ] {
        let wait = begin(&mut browser, "Personal%20Mobile", Some(user), "/").await;
        pages.push(end(&mut browser, &wait).await.text);
        assert_eq!(code(&bench, "/wa/auth/wait"), reason, "{user}");
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    let page = browser.get("/wa/auth?authmech=Personal%20Mobile").await;
    assert_eq!(browser.submit(&page, "username=").await.status, 400);
    // Messaging that cannot be reached, or does not say anything of use.
    for (fault, reason) in [
        (FaultKind::Reset, "messaging_unreachable"),
        (FaultKind::DeepJson { depth: 500 }, "messaging_unreadable"),
        (FaultKind::TruncatedBody, "messaging_unreadable"),
    ] {
        bench.sim.faults().inject(Fault::new(Route::HermodCommand, fault));
        let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
        assert_eq!(end(&mut browser, &wait).await.status, 403);
        assert_eq!(code(&bench, "/wa/auth/wait"), reason);
    }
}

#[tokio::test]
async fn a_callback_may_be_faster_than_the_answer_to_the_command() {
    let (bench, _receiver) = bench("").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::HermodCommand, FaultKind::CallbackBeforeReply));
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    assert_eq!(end(&mut browser, &wait).await.status, 303);
}

#[tokio::test]
async fn digital_access_is_a_client_of_its_own() {
    let toml = "[mobile]\nauto = false\n[[hermod.api_users]]\nclient-id = \"idm\"\ngroup = \"shared\"\n\
        [da.personal]\nclient_id = \"portal\"\nclient_key = \"secret\"\nclient_group = \"shared\"\ncallback_path = \"/cb\"\n\
        callback_password = false\nmessaging_user_attribute = \"uid\"\npicture = \"content-id\"\npicture_path = \"/pictures\"\n";
    let (bench, _receiver) = bench(toml).await;
    enrol(&bench, &bench.sim.mobile(), "alice", &[signer(None)]).await;
    let entry = bench.sim.api_user("portal").unwrap();
    assert_eq!(
        (
            entry.key.as_str(),
            entry.group.as_str(),
            entry.callback_basic_auth
        ),
        ("secret", "shared", None)
    );
    assert_eq!(
        entry.callback_url.unwrap(),
        format!("{}/cb", bench.sim.da_origin())
    );
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    let posted = command(&bench);
    assert_eq!(posted["commandHeader"]["to"], json!(["alice"]));
    let picture = &posted["authCommand"]["params"]["description"][1];
    assert_eq!(picture["content_type"], "application/hermod+content-id");
    let content = format!("{}/pictures/getcontent", bench.sim.da_origin());
    let fetch = async |id: &str| {
        let body = json!({"contentId": id}).to_string();
        bench.http.post(&content).body(body).send().await.unwrap()
    };
    let data: Value = serde_json::from_str(
        &fetch(picture["data"].as_str().unwrap())
            .await
            .text()
            .await
            .unwrap(),
    )
    .unwrap();
    assert!(
        browser
            .get(&wait)
            .await
            .text
            .contains(data["data"][0]["data"].as_str().unwrap())
    );
    for unknown in [
        "AUTH:",
        "AUTH:x",
        "",
        picture["data"].as_str().unwrap().trim_start_matches("AUTH:"),
    ] {
        assert_eq!(fetch(unknown).await.status(), 404);
    }
    bench.sim.mobile().check().await.unwrap();
    assert_eq!(end(&mut browser, &wait).await.status, 303);
    assert_eq!(code(&bench, "/cb/callback/authenticate"), "callback_accepted");
    bench
        .sim
        .reconfigure(|config| config.da.personal.picture = smartid_sim::config::PictureStyle::None);
    begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    assert_eq!(
        command(&bench)["authCommand"]["params"]["description"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Of another group, it does not reach Identity Manager's phones.
    let (bench, _receiver) =
        self::bench("[mobile]\nauto = false\n[da.personal]\nclient_group = \"alone\"").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    end(&mut browser, &wait).await;
    assert_eq!(code(&bench, "/wa/auth/wait"), "messaging_refused");
}
