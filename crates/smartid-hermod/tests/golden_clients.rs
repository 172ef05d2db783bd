//! Every golden client configuration.
#![cfg(feature = "yaml")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;

use common::side::{Client, Sample, samples};
use common::{golden, runtime, text};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Head, Inbound, MemoryInbox};
use smartid_hermod::ApiKey;
use smartid_hermod::clients::{
    ApiClient, ClientList, MAX_CLIENTS, MAX_YAML, Nesting, Spelling, UserPassword, YamlOptions,
};
use smartid_hermod::content::MemoryContent;

fn pair(pair: &Option<UserPassword>) -> Option<String> {
    let join = |pair: &UserPassword| format!("{}:{}", pair.user(), pair.password().expose());
    pair.as_ref().map(join)
}

fn assert_is(read: &ApiClient, wanted: &Client, name: &str) {
    assert_eq!(read.api_key.client_id(), wanted.id, "{name}");
    assert_eq!(read.api_key.header_value().expose(), wanted.api_key, "{name}");
    let same = ApiKey::new(wanted.id.clone(), wanted.key.clone()).unwrap();
    assert_eq!(same.header_value().expose(), wanted.api_key, "{name}");
    assert_eq!(read.group, wanted.group, "{name}");
    assert_eq!(read.callback_url, wanted.callback_url, "{name}");
    assert_eq!(
        pair(&read.callback_basic_auth),
        wanted.callback_basic_auth,
        "{name}"
    );
    assert_eq!(read.content_provider_url, wanted.content_provider_url, "{name}");
    assert_eq!(
        pair(&read.content_provider_basic_auth),
        wanted.content_provider_basic_auth,
        "{name}"
    );
}

/// The entries that the index tells, made by hand.
fn made(sample: &Sample) -> ClientList {
    let auth = |text: &Option<String>| text.as_deref().and_then(UserPassword::parse);
    let client = |wanted: &Client| {
        let key = ApiKey::new(wanted.id.clone(), wanted.key.clone()).unwrap();
        let mut client = ApiClient::new(key);
        if let Some(group) = &wanted.group {
            client = client.group(group.clone());
        }
        if let Some(url) = &wanted.callback_url {
            client = client.callbacks_at(url.clone(), auth(&wanted.callback_basic_auth));
        }
        if let Some(url) = &wanted.content_provider_url {
            client = client.content_at(url.clone(), auth(&wanted.content_provider_basic_auth));
        }
        client
    };
    ClientList::new(sample.clients.iter().map(client).collect())
}

#[test]
fn every_golden_text_is_read_or_refused_as_it_says() {
    let (mut read, mut refused) = (0, 0);
    for sample in samples("clients") {
        let name = &sample.file;
        let text = text(&format!("clients/{name}"));
        match ClientList::read(&text) {
            Err(error) => {
                assert!(sample.allows("refused"), "{name}: {error}");
                let shown = format!("{error} {error:?}");
                for secret in ["0f1e2d3c", "9b74c989", "golden", "Passw0rd", "Unauthorized"] {
                    assert!(!shown.contains(secret), "{name}: {shown}");
                }
                refused += 1;
            }
            Ok(list) => {
                assert!(sample.allows("read"), "{name}");
                assert_eq!(list.clients.len(), sample.clients.len(), "{name}");
                for (client, wanted) in list.clients.iter().zip(&sample.clients) {
                    assert_is(client, wanted, name);
                    assert!(list.client(&wanted.id).is_some(), "{name}");
                }
                let shown = format!("{list:?}");
                for secret in ["0f1e2d3c", "Passw0rd", "pass", "1111", "http"] {
                    assert!(!shown.contains(secret), "{name}: {shown}");
                }
                read += 1;
            }
        }
    }
    assert_eq!((read, refused), (35, 12));
}

/// What was let pass leaves a lint, and nothing else does.
#[test]
fn only_what_is_odd_leaves_a_lint() {
    for sample in samples("clients").iter().filter(|sample| sample.expect == "read") {
        let name = &sample.file;
        let list = ClientList::read(&text(&format!("clients/{name}"))).unwrap();
        let lints: Vec<String> = list.lints.iter().map(ToString::to_string).collect();
        let wanted: &[&str] = match name.as_str() {
            "generated_camel_tabs.yml" | "generated_kebab_four_spaces.yml" => {
                &["allowed-clients: the text is indented as no YAML is; it was read as it was meant"]
            }
            "comment_differs.yml" => {
                &["allowed-clients[0]: the comment above it holds another key; client-id and key count"]
            }
            "comment_other_client.yml" => &[
                "allowed-clients[0]: the comment above it holds the X-Api-Key of another client; client-id and key count",
            ],
            "unknown_keys.yml" => &[
                "allowed-clients[0]: line 3 has a member that is not known",
                "allowed-clients[0]: line 4 has a member that is not known",
            ],
            _ => &[],
        };
        assert_eq!(lints, wanted, "{name}");
    }
}

/// Spelling, nesting and comments of a golden text.
fn options(name: &str, text: &str) -> YamlOptions {
    let spelling = if text.contains("clientId") {
        Spelling::Camel
    } else {
        Spelling::Kebab
    };
    let nesting = match name {
        "allowed_clients.yml" | "allowed_clients_camel.yml" => Nesting::AllowedClients,
        _ => Nesting::List,
    };
    YamlOptions::new()
        .spelling(spelling)
        .nesting(nesting)
        .comments(text.contains('#'))
}

#[test]
fn what_the_generator_writes_is_written_byte_for_byte() {
    // Those that the index names, and the others that have the generator's own form.
    let further = [
        "generated_group.yml",
        "generated_content_provider.yml",
        "generated_content_provider_camel.yml",
        "every_key.yml",
        "two_clients.yml",
        "allowed_clients.yml",
        "allowed_clients_camel.yml",
        "three_groups.yml",
        "key_with_colons.yml",
    ];
    let mut written = 0;
    for sample in samples("clients") {
        let name = sample.file.as_str();
        if !sample.writes && !further.contains(&name) {
            continue;
        }
        let wanted = text(&format!("clients/{name}"));
        let yaml = made(&sample).expose_yaml(&options(name, &wanted));
        assert_eq!(yaml.expose(), wanted, "{name}");
        written += 1;
    }
    assert_eq!(written, 3 + further.len());
}

#[test]
fn every_list_that_was_read_is_written_and_read_again_in_every_form() {
    for sample in samples("clients")
        .iter()
        .filter(|sample| !sample.clients.is_empty())
    {
        let name = &sample.file;
        let list = ClientList::read(&text(&format!("clients/{name}"))).unwrap();
        for spelling in [Spelling::Kebab, Spelling::Camel] {
            for nesting in [Nesting::List, Nesting::AllowedClients, Nesting::Application] {
                for comments in [true, false] {
                    let options = YamlOptions::new()
                        .spelling(spelling)
                        .nesting(nesting)
                        .comments(comments);
                    let yaml = list.expose_yaml(&options);
                    let again =
                        ClientList::read(yaml.expose()).unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert!(again.lints.is_empty(), "{name}: {:?}", again.lints);
                    assert_eq!(again.clients.len(), sample.clients.len(), "{name}");
                    for (client, wanted) in again.clients.iter().zip(&sample.clients) {
                        assert_is(client, wanted, name);
                    }
                }
            }
        }
    }
}

fn status(inbound: &dyn Inbound, path: &str, pair: Option<&str>) -> StatusCode {
    let mut headers = HeaderMap::new();
    if let Some(pair) = pair {
        let value = format!("Basic {}", encode(Flavour::Standard, pair.as_bytes()));
        headers.insert("authorization", HeaderValue::from_str(&value).unwrap());
    }
    match inbound.admit(&Head::new(Method::POST, path, headers)) {
        Ok(_) => StatusCode::OK,
        Err(reply) => reply.status,
    }
}

#[test]
fn an_entry_makes_a_client_and_receivers_that_know_messaging() {
    let list = ClientList::read(&text("clients/every_key.yml")).unwrap();
    let client = list.client("golden-client").unwrap();
    let hermod = client.hermod(common::BASE);
    assert!(format!("{hermod:?}").contains("golden-client"));
    let source = || Arc::new(MemoryContent::new(Arc::new(runtime())));

    let callbacks = client.callback_receiver(Arc::new(MemoryInbox::new()), Arc::new(runtime()));
    let callbacks = callbacks.build().unwrap();
    let content = client.content_receiver(source()).build().unwrap();
    let (callback, other) = ("hermod:test-Passw0rd", "hermod:other-Passw0rd");
    for (pair, status_of_callback, status_of_content) in [
        (Some(callback), StatusCode::OK, StatusCode::UNAUTHORIZED),
        (Some(other), StatusCode::UNAUTHORIZED, StatusCode::OK),
        (None, StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(
            status(&callbacks, "/smartid/callback/sign", pair),
            status_of_callback
        );
        assert_eq!(status(&content, "/images/getcontent", pair), status_of_content);
    }
    let reader = client.callback_reader().build().unwrap();
    assert!(!format!("{reader:?} {callbacks:?} {content:?} {client:?}").contains("Passw0rd"));

    // An entry without user and password does not make an open receiver by itself.
    let list = ClientList::read(&text("clients/generated_minimal.yml")).unwrap();
    let client = &list.clients[0];
    assert!(client.callback_reader().build().is_err());
    assert!(
        client
            .callback_receiver(Arc::new(MemoryInbox::new()), Arc::new(runtime()))
            .build()
            .is_err()
    );
    assert!(client.content_receiver(source()).build().is_err());
    assert!(
        client
            .content_receiver(source())
            .danger_without_auth()
            .build()
            .is_ok()
    );
}

fn entry(further: &str) -> String {
    format!("- client-id: a\n  key: b\n{further}")
}

#[test]
fn what_could_be_meant_in_two_ways_is_refused_with_its_line() {
    let error = |text: &str| match ClientList::read(text) {
        Err(error) => error,
        Ok(list) => panic!("{text:?} was read: {list:?}"),
    };
    for (text, line) in [
        (entry("  callback-url: http://a\n  callbackUrl: http://b\n"), 4),
        (entry("  group: a\n  group: a\n"), 4),
        (entry("  <<: *x\n").replace("- client", "- &x\n  client"), 4),
        (entry("  callback-basic-auth: nobody\n"), 3),
        (entry("  callback-basic-auth: ':p'\n"), 3),
        (entry("  content-provider-basic-auth: 'u:'\n"), 3),
        (entry("  group: [a]\n"), 3),
        (entry("  group: {a: b}\n"), 3),
        (entry("  group: !!int 7\n"), 3),
        (entry("  group: \"a\\nb\"\n"), 3),
        (entry("  group: |\n    a\n    b\n"), 4),
        ("- client-id: a\n  key: ~\n".to_owned(), 1),
        ("- client-id: a\n  key: ''\n".to_owned(), 1),
        ("- x\n".to_owned(), 1),
        (format!("{}{}", entry(""), entry("")), 3),
        (format!("allowed-clients: x\n{}", ""), 1),
        (
            format!("{}---\n{}", entry(""), entry("").replace("id: a", "id: c")),
            4,
        ),
    ] {
        let found = error(&text);
        assert_eq!(found.line, Some(line), "{text:?}: {found}");
        assert!(found.to_string().contains(&format!("line {line}")), "{found}");
    }
    let nested = |entry: &str| entry.replace('\n', "\n  ");
    for text in [
        "",
        "# nothing",
        "allowed-client: []",
        "hermod: {allowed: []}",
        "- client-id: a\n key: b",
        &format!(
            "allowed-clients:\n  {}\nallowedClients:\n  {}",
            nested(&entry("")),
            nested(&entry("")).replace("id: a", "id: c")
        ),
        &format!("a: &a\n  {}\nallowed-clients: *a", nested(&entry(""))),
    ] {
        error(text);
    }
}

#[test]
fn sizes_are_bounded() {
    let entries = |count: usize| -> String {
        (0..count)
            .map(|n| format!("- {{client-id: c{n}, key: k}}\n"))
            .collect()
    };
    assert_eq!(
        ClientList::read(&entries(MAX_CLIENTS)).unwrap().clients.len(),
        MAX_CLIENTS
    );
    assert!(ClientList::read(&entries(MAX_CLIENTS + 1)).is_err());
    let long = |length: usize| format!("{}#{}", entry(""), "x".repeat(length));
    let room = MAX_YAML - entry("").len() - 1;
    assert!(ClientList::read(&long(room)).is_ok());
    assert!(ClientList::read(&long(room + 1)).is_err());
}

/// Only the rest of a configuration may refer to itself: it is not read.
#[test]
fn a_configuration_with_other_things_in_it_is_read() {
    let text = format!(
        "%YAML 1.2\n---\nspring: &x\n  a: [1, 2]\nother: *x\n---\napplication.hermod:\n  allowedClients:\n    {}\n...\n",
        entry("").trim_end().replace('\n', "\n    ")
    );
    assert_eq!(ClientList::read(&text).unwrap().clients.len(), 1);
    assert!(
        ClientList::read("allowed-clients: []")
            .unwrap()
            .clients
            .is_empty()
    );
    let empty = ClientList::default();
    for nesting in [Nesting::List, Nesting::AllowedClients, Nesting::Application] {
        let yaml = empty.expose_yaml(&YamlOptions::new().nesting(nesting));
        assert!(
            ClientList::read(yaml.expose()).unwrap().clients.is_empty(),
            "{nesting:?}"
        );
    }
}

#[test]
fn addresses_that_are_none_and_comments_that_are_no_key_leave_a_lint() {
    let lints = |text: &str| ClientList::read(text).unwrap().lints.len();
    assert_eq!(lints(&entry("  callback-url: ftp://a\n")), 1);
    assert_eq!(lints(&entry("  content-provider-url: <url>\n")), 1);
    assert_eq!(lints(&format!("# X-Api-Key: canary\n{}", entry(""))), 1);
    assert_eq!(lints(&format!("#x-api-key:YTpi\n{}", entry(""))), 0);
    // A comment belongs to the entry below it, and only to that.
    let two = format!(
        "# X-Api-Key: YTpi\n{}{}",
        entry("  group: g\n"),
        entry("").replace("id: a", "id: c")
    );
    assert_eq!(lints(&two), 0);
    let after = format!(
        "{}# X-Api-Key: YTpi\n{}",
        entry(""),
        entry("").replace("id: a", "id: c")
    );
    assert_eq!(lints(&after), 1);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        values in prop::collection::vec(("[^:\\p{Cc}]{1,20}", "[^\\p{Cc}]{1,40}", "[^\\p{Cc}]{1,20}", "[^:\\p{Cc}]{1,20}"), 1..4),
        camel: bool, comments: bool,
    ) {
        let clients: Vec<ApiClient> = values
            .iter()
            .enumerate()
            .map(|(n, (id, text, group, user))| {
                let key = ApiKey::new(format!("{id}{n}"), text.clone()).unwrap();
                ApiClient::new(key)
                    .group(group.clone())
                    .callbacks_at(format!("https://h/{text}"), Some(UserPassword::new(user.clone(), text.clone())))
            })
            .collect();
        let spelling = if camel { Spelling::Camel } else { Spelling::Kebab };
        let options = YamlOptions::new().spelling(spelling).comments(comments);
        let yaml = ClientList::new(clients.clone()).expose_yaml(&options);
        let read = ClientList::read(yaml.expose()).unwrap();
        prop_assert!(read.lints.is_empty());
        prop_assert_eq!(read.clients.len(), clients.len());
        for (one, other) in read.clients.iter().zip(&clients) {
            let (key, same) = (one.api_key.header_value(), other.api_key.header_value());
            prop_assert_eq!(key.expose(), same.expose());
            prop_assert_eq!(&one.group, &other.group);
            prop_assert_eq!(&one.callback_url, &other.callback_url);
            prop_assert_eq!(pair(&one.callback_basic_auth), pair(&other.callback_basic_auth));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".*", pieces in prop::collection::vec("[-:#&*!|>?{}\\[\\],\"'%@` \\n\\ta-c~<]{0,12}", 0..12), cut in 0_usize..400) {
        let _ = ClientList::read(&text);
        let pieces = pieces.concat();
        let _ = ClientList::read(&pieces);
        let mut good = golden("clients/every_key.yml");
        good.truncate(cut);
        let good = String::from_utf8(good).unwrap();
        let _ = ClientList::read(&format!("{good}{pieces}"));
        let _ = ClientList::read(&format!("{pieces}\n{good}"));
    }
}
