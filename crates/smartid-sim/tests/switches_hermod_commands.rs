//! Each switch of the commands besides FIDO, of mailboxes, and of the template for API users, changed by its TOML key, and what then
//! differs on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use common::Bench;
use raw_device::{Device, PROFILE, USER, body, commands, mid, provision, sign};
use serde_json::{Value, json};

#[tokio::test]
async fn every_verb_may_go_by_other_names() {
    for (verb, wrapper, kind, mut command) in commands() {
        let toml = format!(
            "[hermod.verbs.{verb}]\npath = \"other/{verb}\"\nwrapper = \"otherCommand\"\ncommand_type = \"OTHER\"\n\
             callback = \"{verb}-done\"\nkeep_open = true\nextra_members = [\"tenant\"]"
        );
        let (bench, mut receiver) = Bench::with_receiver(&toml).await;
        command["tenant"] = json!({"free": 1});
        let sent = bench
            .command(
                &format!("other/{verb}"),
                body(&["@tmp"], "otherCommand", command.clone()),
            )
            .await;
        assert_eq!(sent.status, 200, "{verb} {}", sent.text);
        assert_eq!(
            bench
                .command(verb, body(&["@tmp"], "otherCommand", command.clone()))
                .await
                .status,
            404
        );
        let sent = sent.json();
        assert_eq!(sent["commandType"], "OTHER");
        let device = Device::open(&bench, &sent).await;
        let message = device.fetch(&mid(&sent, 0)).await.json();
        assert_eq!(
            (&message["type"], &message["keepOpen"]),
            (&json!("OTHER"), &json!(true))
        );
        assert_eq!(message["command"]["otherCommand"], command);
        device.answer(&mid(&sent, 0), &json!({"state": "SUCCESS"})).await;
        assert_eq!(receiver.next().await.path, format!("/hook/callback/{verb}-done"));

        // The defaults: the names of the table, an app that leaves but for the first half of a PIN reset, no further member.
        let (bench, mut receiver) = Bench::with_receiver("").await;
        assert_eq!(
            bench
                .command(verb, body(&["@tmp"], wrapper, command.clone()))
                .await
                .status,
            400
        );
        command.as_object_mut().unwrap().remove("tenant");
        let sent = bench
            .command(verb, body(&["@tmp"], wrapper, command))
            .await
            .json();
        assert_eq!(
            (&sent["commandType"], &sent["state"]),
            (&json!(kind), &json!("IN_PROGRESS"))
        );
        let device = Device::open(&bench, &sent).await;
        let message = device.fetch(&mid(&sent, 0)).await.json();
        assert_eq!(message["keepOpen"], json!(verb == "startpinreset"));
        device.answer(&mid(&sent, 0), &json!({"state": "REJECTED"})).await;
        let callback = receiver.next().await;
        assert_eq!(callback.path, format!("/hook/callback/{verb}"));
        let callback = callback.json();
        assert_eq!(
            (&callback["state"], &callback["externalId"]),
            (&json!("REJECTED"), &json!("e-1"))
        );
        assert_eq!(callback["commandType"], kind);
        assert!(callback.get("response").is_none());
    }
    // Two commands under one path are told apart by their member.
    let bench = Bench::from_toml("[hermod.verbs.delete]\npath = \"provision\"").await;
    let sent = bench
        .command(
            "provision",
            body(
                &["@tmp"],
                "deleteCommand",
                json!({"userid": "u", "confirmation": true}),
            ),
        )
        .await;
    assert_eq!(sent.json()["commandType"], "DELETE");
    let sent = bench
        .command("provision", body(&["@tmp"], "provCommand", provision("u")))
        .await;
    assert_eq!(sent.json()["commandType"], "PROV");
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_at_the_start() {
    for (toml, word) in [
        ("[hermod.verbs.sign]\npath = \"\"", "hermod.verbs"),
        ("[hermod.verbs.sign]\npath = \"/sign\"", "hermod.verbs"),
        ("[hermod.verbs.sign]\nwrapper = \"commandHeader\"", "hermod.verbs"),
        ("[hermod.delete]\nstatus = 99", "hermod.delete.status"),
        (
            "[hermod.mailbox]\nunknown_status = 0",
            "hermod.mailbox.unknown_status",
        ),
        (
            "[hermod.mailbox]\nanswer_pointer = \"data\"",
            "hermod.mailbox.answer_pointer",
        ),
        ("[hermod]\nattestation_keys = [\"{}\"]", "hermod.attestation_keys"),
        (
            "[[hermod.mailbox.existing]]\nuser = \"u\"",
            "hermod.mailbox.existing",
        ),
        (
            "[[hermod.mailbox.existing]]\nuser = \"u\"\nprofile = \"p\"\nclient_id = \"x\"",
            "hermod.mailbox.existing",
        ),
    ] {
        let config = smartid_sim::SimConfig::from_toml(toml).unwrap();
        let error = smartid_sim::Sim::builder()
            .config(config)
            .start()
            .await
            .unwrap_err();
        assert!(error.to_string().contains(word), "{toml} {error}");
    }
    for toml in [
        "[hermod.verbs.sign]\nname = \"x\"",
        "[hermod.verbs.unlock]\npath = \"x\"",
        "[hermod.mailbox]\nto_default_user = [\"unlock\"]",
        "[hermod.mailbox]\nfan_out = \"some\"",
        "[hermod]\ncheck_answers = true",
    ] {
        assert!(smartid_sim::SimConfig::from_toml(toml).is_err(), "{toml}");
    }
}

#[tokio::test]
async fn bodies_may_be_read_leniently() {
    let toml = r#"
        [hermod.body]
        lenient_types = true
        any_admin_key = true
        entry_encodings = ["hex", ""]
        max_filter_depth = 1
        [hermod.body.values]
        driver = ["vsc"]
        drivertype = ["ctk"]
        operation = ["unblock"]
        deviceinfo = ["true"]
    "#;
    let bench = Bench::from_toml(toml).await;
    let mut number = provision("u");
    number["nonce"] = json!(7);
    number["profile"]["keygenrequests"][0]["keytypeprios"][0]["keylength"] = json!(2048);
    number["profile"]["keygenrequests"][0]["certreq"] = json!(null);
    let (mut hex, mut deep) = (sign(), sign());
    hex["params"]["tbs"] = json!([{"content_type": "t", "content_encoding": "hex", "data": "zz"}, {"content_type": "t", "data": "plain"}]);
    hex["params"]["description"] = json!([]);
    deep["params"] = hex["params"].clone();
    deep["params"]["filter"] = json!({"op": "not", "value": {"op": "eq", "value": 1}});
    let driver = |driver: Value| json!({"driver": driver});
    let named = json!({"driver": {"Name": "vsc"}});
    let pem = json!({"certificates": [{"certificate": "-----BEGIN CERTIFICATE-----"}]});
    for (verb, wrapper, command, status) in [
        ("certificate", "certCommand", pem, 200),
        ("startpinreset", "spinCommand", named, 200),
        ("provision", "provCommand", number, 200),
        ("ping", "pingCommand", json!({"deviceinfo": true}), 200),
        ("ping", "pingCommand", json!({"deviceinfo": "false"}), 400),
        (
            "startpinreset",
            "spinCommand",
            driver(json!({"name": "vsc", "type": "ctk"})),
            200,
        ),
        (
            "startpinreset",
            "spinCommand",
            driver(json!("{\"Name\":\"vsc\",\"Type\":\"ctk\"}")),
            200,
        ),
        ("startpinreset", "spinCommand", driver(json!("vsc")), 400),
        (
            "startpinreset",
            "spinCommand",
            driver(json!({"Name": "vsc", "Type": "pkcs11"})),
            400,
        ),
        (
            "startpinreset",
            "spinCommand",
            json!({"profileid": "p", "operation": "unblock"}),
            200,
        ),
        (
            "startpinreset",
            "spinCommand",
            json!({"profileid": "p", "operation": "pinreset"}),
            400,
        ),
        (
            "endpinreset",
            "epinCommand",
            json!({"encryptednonce": "x", "newadminkey": "any"}),
            200,
        ),
        (
            "delete",
            "deleteCommand",
            json!({"userid": "u", "confirmation": "true"}),
            200,
        ),
        (
            "delete",
            "deleteCommand",
            json!({"userid": "u", "confirmation": "yes"}),
            400,
        ),
        ("sign", "signCommand", hex, 200),
        ("sign", "signCommand", deep, 400),
        ("sign", "signCommand", sign(), 400),
    ] {
        let answer = bench
            .command(verb, body(&["@tmp"], wrapper, command.clone()))
            .await;
        assert_eq!(answer.status, status, "{verb} {command} {}", answer.text);
    }
    // Unknown members, at every depth.
    let bench = Bench::from_toml("[hermod]\nrefuse_unknown_members = false").await;
    let mut free = sign();
    free["params"]["tbs"][0]["more"] = json!(1);
    free["params"]["filter"]["more"] = json!(1);
    assert_eq!(
        bench
            .command("sign", body(&["@tmp"], "signCommand", free))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn deletions_may_be_meant_otherwise() {
    let silent = || body(&[], "deleteCommand", json!({"userid": USER}));
    let toml = "[hermod.delete]\nmissing_confirmation = \"mailbox\"\nstatus = 202\ncallback = true";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    bench.enrol("idm", USER, PROFILE).await;
    receiver.next().await;
    let answer = bench.command("delete", silent()).await;
    assert_eq!((answer.status, &answer.json()["state"]), (202, &json!("SUCCESS")));
    let callback = receiver.next().await;
    assert_eq!(
        (callback.path.as_str(), &callback.json()["commandId"]),
        ("/hook/callback/delete", &answer.json()["commandId"])
    );
    assert!(bench.sim.mailboxes().is_empty());
    let bench = Bench::from_toml("[hermod.delete]\nmissing_confirmation = \"device\"").await;
    bench.enrol("idm", USER, PROFILE).await;
    assert_eq!(
        bench.command("delete", silent()).await.json()["state"],
        "IN_PROGRESS"
    );
    assert_eq!(bench.sim.mailboxes()[0].waiting, 1);
    let bench = Bench::from_toml("[hermod.delete]\nstatus = 204").await;
    bench.enrol("idm", USER, PROFILE).await;
    let answer = bench
        .command(
            "delete",
            body(
                &[],
                "deleteCommand",
                json!({"userid": USER, "confirmation": false}),
            ),
        )
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

#[tokio::test]
async fn destinations_may_be_written_otherwise() {
    let toml = "[hermod.mailbox]\nto_profile_id = true\nto_default_user = [\"provision\", \"certificate\"]\n\
                narrow_to_profile = [\"certificate\"]\nunknown_status = 422";
    let bench = Bench::from_toml(toml).await;
    let (one, _) = bench.enrol("idm", USER, PROFILE).await;
    let (two, _) = bench.enrol("idm", USER, "two").await;
    let reached = async |verb: &str, wrapper: &str, to: &[&str], command: Value| {
        let answer = bench.command(verb, body(to, wrapper, command)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let list = answer.json()["destinations"].as_array().unwrap().clone();
        list.iter()
            .map(|one| one["bid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let certificate = |profile: &str| json!({"userid": USER, "profileid": profile, "certificates": [{"certificate": "MAA="}]});
    assert_eq!(
        reached("ping", "pingCommand", &["two"], json!({})).await,
        [two.as_str()]
    );
    assert_eq!(
        bench
            .command("ping", body(&["three"], "pingCommand", json!({})))
            .await
            .status,
        422
    );
    assert_eq!(
        reached("certificate", "certCommand", &[], certificate("two")).await,
        [two.as_str()]
    );
    assert_eq!(
        bench
            .command("certificate", body(&[USER], "certCommand", certificate("three")))
            .await
            .status,
        422
    );
    // An update goes to the user, a new profile to a box of its own; a deletion no longer knows its user.
    let mut update = provision(USER);
    update["profile"] = json!({"profileid": PROFILE});
    assert_eq!(
        reached("provision", "provCommand", &[], update).await,
        [one.as_str(), two.as_str()]
    );
    for (verb, wrapper, command) in [
        ("provision", "provCommand", provision(USER)),
        (
            "delete",
            "deleteCommand",
            json!({"userid": USER, "confirmation": true}),
        ),
    ] {
        let found = reached(verb, wrapper, &[], command).await;
        assert!(found.len() == 1 && ![&one, &two].contains(&&found[0]));
    }
    let both = json!({"userid": USER, "profileid": "two", "confirmation": true});
    assert_eq!(
        reached("delete", "deleteCommand", &[USER], both).await,
        [one.as_str(), two.as_str()]
    );
    let bench = Bench::from_toml("").await;
    bench.enrol("idm", USER, "two").await;
    assert_eq!(
        bench
            .command("ping", body(&["two"], "pingCommand", json!({})))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn mailboxes_may_exist_from_the_start() {
    let toml = r#"
        [[hermod.api_users]]
        client-id = "idm"
        key = "key-1"
        group = "g"
        [[hermod.api_users]]
        client-id = "alone"
        key = "two"
        [[hermod.mailbox.existing]]
        user = "u"
        profile = "p"
        bid = "b-1"
        session = "secret"
        [[hermod.mailbox.existing]]
        client_id = "alone"
        user = "u"
        profile = "p"
    "#;
    let bench = Bench::from_toml(toml).await;
    let boxes = bench.sim.mailboxes();
    assert_eq!(
        (
            boxes[0].bid.as_str(),
            boxes[0].group.as_str(),
            boxes[1].group.as_str()
        ),
        ("b-1", "g", "")
    );
    let sent = bench
        .command("ping", body(&["u"], "pingCommand", json!({})))
        .await
        .json();
    let app = Device::own(&bench, "b-1", "secret");
    assert_eq!(app.fetch(&mid(&sent, 0)).await.status, 200);
    // It outlives every command.
    bench.sim.advance(std::time::Duration::from_secs(100_000_000));
    assert_eq!(bench.sim.mailboxes().len(), 2);
    let config = format!("{:?}", smartid_sim::SimConfig::from_toml(toml).unwrap().hermod);
    assert!(!config.contains("secret") && !config.contains("key-1"));
}
