//! A switch that no test changes is a defect: every key of the configuration has to be written in some test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

const TESTS: &[&str] = &[
    include_str!("cm/ast.rs"),
    include_str!("cm/download.rs"),
    include_str!("cm/eui.rs"),
    include_str!("cm/gateway.rs"),
    include_str!("cm/inferred.rs"),
    include_str!("cm/issue.rs"),
    include_str!("cm/operations.rs"),
    include_str!("cm/push.rs"),
    include_str!("cm/revoke.rs"),
    include_str!("cm/search.rs"),
    include_str!("cm/servlets.rs"),
    include_str!("cm/signing.rs"),
    include_str!("cm/soft_tokens.rs"),
    include_str!("cm/tls.rs"),
    include_str!("cm/wire.rs"),
    include_str!("da_front.rs"),
    include_str!("da_front_ast.rs"),
    include_str!("da/logins.rs"),
    include_str!("da/oauth.rs"),
    include_str!("da/oauth_hostile.rs"),
    include_str!("da/oidc.rs"),
    include_str!("da/oidc_hostile.rs"),
    include_str!("da/personal.rs"),
    include_str!("da/personal_client.rs"),
    include_str!("da/personal_hostile.rs"),
    include_str!("da/portal.rs"),
    include_str!("device_desktop.rs"),
    include_str!("device_hostile.rs"),
    include_str!("device_mobile.rs"),
    include_str!("device_page.rs"),
    include_str!("device_personas.rs"),
    include_str!("device_pin_reset.rs"),
    include_str!("faults.rs"),
    include_str!("flow.rs"),
    include_str!("program.rs"),
    include_str!("hermod_api_users.rs"),
    include_str!("hermod_content.rs"),
    include_str!("hermod_mailboxes.rs"),
    include_str!("switches_callback.rs"),
    include_str!("switches_cards.rs"),
    include_str!("switches_da.rs"),
    include_str!("switches_desktop.rs"),
    include_str!("switches_device.rs"),
    include_str!("switches_graph.rs"),
    include_str!("switches_hermod.rs"),
    include_str!("switches_hermod_answers.rs"),
    include_str!("switches_hermod_commands.rs"),
    include_str!("switches_listen.rs"),
];

fn leaves(table: &toml::Table, path: &str, out: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) if !inner.is_empty() && key != "extensions" => {
                leaves(inner, &format!("{path}{key}."), out);
            }
            _ => out.push(format!("{path}{key}")),
        }
    }
}

#[test]
fn every_key_is_changed_by_a_test() {
    let mut config = smartid_sim::SimConfig::default();
    // What is absent by default has to be named here to be seen.
    config.seed = Some(1);
    config.hermod.public_url = Some("u".into());
    config.hermod.first_command_id = Some(1);
    config.hermod.api_users = vec![smartid_sim::config::ApiUser::new("a", "b")];
    config.da.options_raw = Some("r".into());
    config.desktop.origin = Some("o".into());
    config.mobile.auto = Some(true);
    config.cm.search.empty_from = Some(1);
    config.cm.rate.retry_after_seconds = Some(1);
    let text = toml::to_string(&config).unwrap();
    let mut keys = Vec::new();
    leaves(&text.parse().unwrap(), "", &mut keys);
    assert!(keys.len() > 100, "{}", keys.len());
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| {
            let name = key.rsplit('.').next().unwrap();
            // As a key in TOML text, or as a field.
            let written = [
                format!("{name} ="),
                format!(".{name}"),
                format!("{name}]]"),
                format!("{name}]"),
                format!("{name}("),
            ];
            !TESTS
                .iter()
                .any(|test| written.iter().any(|form| test.contains(form.as_str())))
        })
        .collect();
    assert!(missing.is_empty(), "no test changes {missing:?}");
}
