//! The control page: a person opens links on a device, sees what would be signed, and decides.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod devices;

use common::{Bench, Receiver};
use devices::{
    ALICE, command_id, destination, entry, mobile_link, provision, sign_params, signer, std64, to_link,
    to_user,
};
use serde_json::json;

/// A bench whose devices ask on the page.
async fn bench() -> (Bench, Receiver, Page) {
    let (bench, receiver) = Bench::with_receiver("[control]\nenabled = true").await;
    let page = Page {
        url: bench.sim.control_url().unwrap().to_owned(),
        http: bench.http.clone(),
    };
    (bench, receiver, page)
}

struct Page {
    url: String,
    http: reqwest::Client,
}

fn hidden(page: &str, name: &str) -> String {
    page.split(&format!("name=\"{name}\" value=\""))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name}: {page}"))
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
}

impl Page {
    async fn text(&self) -> String {
        self.http
            .get(&self.url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// The page as soon as it shows this.
    async fn showing(&self, what: &str) -> String {
        for _ in 0..2000 {
            let page = self.text().await;
            if page.contains(what) {
                return page;
            }
        }
        panic!("the page never shows {what}");
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let paste = self.http.get(format!("{}link", self.url)).send().await.unwrap();
        let secret = hidden(&paste.text().await.unwrap(), "secret");
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("secret", &secret);
        for (name, value) in fields {
            form.append_pair(name, value);
        }
        let request = self.http.post(format!("{}{path}", self.url)).body(form.finish());
        request.send().await.unwrap().status().as_u16()
    }

    /// Decides about the first question.
    async fn decide(&self, shows: &str, persona: &str) {
        let page = self.showing(shows).await;
        let number = hidden(&page, "number");
        assert_eq!(
            self.post("decide", &[("number", &number), ("persona", persona)])
                .await,
            303
        );
    }
}

#[tokio::test]
async fn a_person_looks_at_what_the_phone_shows_and_decides() {
    let (bench, mut receiver, page) = bench().await;
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    assert!(page.text().await.contains("No message waits for a decision"));
    // The link as it stands in a QR code, pasted by hand.
    let fields = [
        ("link", mobile_link(&sent)),
        ("device", "Mobile App 1".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(page.post("open", &fields).await, 303);
    page.decide("Example Smart ID", "approves").await;
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "SUCCESS"
    );
    page.showing("<td>Work phone</td>").await;

    // From now on messages wait on the page, because nobody said that the phone is to answer by itself.
    let mut params = sign_params("jws", "ES256", &["Pay <b>10</b> euro"]);
    params["params"]["description"] = json!([
        entry("requester", "Example Bank"),
        {"content_type": "image/png", "content_encoding": "base64", "data": std64(b"PNG"), "key": "auth_image", "description": "Compare", "visible": true},
        {"content_type": "image/svg+xml", "content_encoding": "base64", "data": std64(b"<svg/>"), "key": "x", "description": "x", "visible": true},
    ]);
    let sent = bench
        .command("sign", to_user(ALICE, "signCommand", params.clone()))
        .await;
    let shown = page.showing("&lt;b&gt;10").await;
    assert!(!shown.contains("<b>10") && !shown.contains("<svg"));
    assert!(shown.contains("Example Bank") && shown.contains("6 bytes of image/svg+xml"));
    assert!(shown.contains(&format!("src=\"data:image/png;base64,{}\"", std64(b"PNG"))));
    assert!(receiver.none_waits());
    page.decide("to be signed", "declines").await;
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "REJECTED"
    );
    // Two at once, decided in the other order.
    let mut sent = Vec::new();
    for text in ["first", "second"] {
        let params = sign_params("jws", "ES256", &[text]);
        sent.push(command_id(
            &bench.command("sign", to_user(ALICE, "signCommand", params)).await,
        ));
        page.showing(&format!("<pre>{text}</pre>")).await;
    }
    let number = hidden(
        page.text()
            .await
            .split("<pre>first</pre>")
            .nth(1)
            .unwrap()
            .split("<pre>second")
            .nth(1)
            .unwrap(),
        "number",
    );
    assert_eq!(
        page.post("decide", &[("number", &number), ("persona", "cancels")])
            .await,
        303
    );
    assert_eq!(receiver.next_of(&sent[1]).await.json()["state"], "CANCELLED");
    page.decide("<pre>first</pre>", "approves").await;
    assert_eq!(receiver.next_of(&sent[0]).await.json()["state"], "SUCCESS");
    // What has been decided is decided.
    for (fields, status) in [
        ([("number", number.as_str()), ("persona", "approves")], 404),
        ([("number", "x"), ("persona", "approves")], 404),
        ([("number", "1"), ("persona", "asleep")], 400),
    ] {
        assert_eq!(page.post("decide", &fields).await, status);
    }
}

#[tokio::test]
async fn the_desktop_app_asks_too() {
    let (bench, mut receiver, page) = bench().await;
    let sent = bench
        .command(
            "sign",
            to_link(
                "signCommand",
                sign_params("pkcs7", "CKM_SHA256_RSA_PKCS", &["text to sign"]),
            ),
        )
        .await;
    let link = destination(&sent, "uri");
    assert_eq!(
        page.post("open", &[("link", &link), ("device", "nothing")]).await,
        400
    );
    assert_eq!(
        page.post("open", &[("link", &link), ("persona", "asleep")]).await,
        400
    );
    let listed = page.text().await;
    assert_eq!(
        hidden(
            &listed.split("<h2>Links").nth(1).unwrap().replace("&#39;", "'"),
            "link"
        ),
        link
    );
    assert_eq!(page.post("open", &[("link", &link), ("device", "")]).await, 303);
    page.decide("text to sign", "cancels").await;
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "CANCELLED"
    );
    assert!(page.text().await.contains("No link waits"));
}

#[tokio::test]
async fn a_phone_may_answer_by_itself_beside_the_page() {
    let (bench, mut receiver) =
        Bench::with_receiver("[control]\nenabled = true\n[mobile]\nauto = true").await;
    devices::enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    receiver.next().await;
    let params = sign_params("jws", "ES256", &["x"]);
    let sent = bench.command("sign", to_user(ALICE, "signCommand", params)).await;
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "SUCCESS"
    );
}
