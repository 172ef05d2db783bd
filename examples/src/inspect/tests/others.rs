//! Links, content, push, configuration, whole HTTP messages.

use super::{context, found, kind, read, wire};

#[test]
fn a_mobile_link_is_told_without_its_message() {
    let finding = found("mobile-links/provision_title_redirect.txt");
    assert!(finding.of_name("does").starts_with("opens one message"));
    assert_eq!(finding.of_name("title"), "Golden test");
    assert_eq!(finding.verdict, Some(true));
    assert!(!format!("{finding:?}").contains("9d2f41c8"), "{finding:?}");
    let mut context = context();
    context.show_secrets = true;
    let shown = read(&wire("mobile-links/provision_title_redirect.txt"), &context);
    assert!(shown.of_name("message").contains("9d2f41c8"));
    assert!(found("mobile-links/start_custom.txt").of_name("app") != "personal");
    found("mobile-links/title_newline.txt").complained("line break");
    found("mobile-links/redirect_javascript.txt").complained("redirect");
    assert_eq!(kind(b"https://h.example.test/"), "");
    assert_eq!(kind(b"javascript://h/"), "");
}

#[test]
fn content_is_told_by_its_kind_and_size() {
    assert!(
        found("content-provider/request_prov.json")
            .of_name("for")
            .contains("card")
    );
    assert_eq!(
        found("content-provider/request_snake.json").dialect,
        ["[messaging.content]\nrequest = [{ move = \"/content_id\", to = \"/contentId\" }]"]
    );
    found("content-provider/request_empty.json").complained("not empty");
    found("content-provider/request_twice.json").complained("more than once");
    let finding = found("content-provider/response_front_back.json");
    assert_eq!(finding.of_name("front"), "image/jpeg, 134 bytes");
    assert!(finding.of_name("back").starts_with("compact JWS"));
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert_eq!(
        found("content-provider/response_auth_image_bare.json").dialect,
        ["[messaging.content]\nimage_form = \"bare\""]
    );
    found("content-provider/response_200_no_data.json").complained("no content");
    let broken = wire("content-provider/response_front.json").replace("/9j/", "AAAA");
    read(&broken, &context()).complained("JPEG");
}

#[test]
fn push_messages_and_devices_are_told_and_tokens_are_not() {
    assert_eq!(found("push/message_auth.json").of_name("type"), "AUTH");
    found("push/message_unknown_type.json").remarked("documented types");
    found("push/message_no_pushid.json").complained("pushId");
    let finding = found("push/device_ios.json");
    assert_eq!(finding.of_name("system"), "iOS");
    assert!(finding.of_name("device token").contains("--show-secrets"));
    found("push/device_no_os.json").complained("OS");
}

#[test]
fn the_configuration_of_api_users_is_told_without_its_keys() {
    for file in [
        "generated_kebab.yml",
        "generated_camel.yml",
        "application.yml",
        "flow_style.yml",
    ] {
        let finding = found(&format!("clients/{file}"));
        assert!(finding.kind.starts_with("API users"), "{file}: {finding:?}");
        assert_eq!(finding.verdict, Some(true), "{file}");
        assert!(!format!("{finding:?}").contains("0f1e2d3c4b5a6978"), "{file}");
    }
    found("clients/comment_differs.yml").remarked("another key");
    found("clients/generated_kebab.yml").remarked("generator's own");
    found("clients/three_groups.yml").remarked("not all of one group");
    found("clients/bad_key_twice.yml").complained("twice");
    found("clients/bad_anchor_bomb.yml").complained("");
}

#[test]
fn a_whole_request_tells_its_command_and_hides_its_key() {
    let head = wire("startpinreset/request_head.http");
    let body = wire("startpinreset/callback_approved.json").replace("\"commandType\"", "\"x\"");
    let head = head.replace("/command/", "/callback/");
    let finding = read(&format!("{}\r\n\r\n{body}", head.trim_end()), &context());
    assert_eq!(finding.kind, "callback or state of a command: startpinreset");
    assert_eq!(finding.of_name("API user"), "golden-client");
    assert!(!format!("{finding:?}").contains("Z29sZGVu"), "{finding:?}");
    let finding = found("requests/poll.http");
    assert!(finding.of_name("looks like").starts_with("a poll"));
    let finding = read(
        "POST /x HTTP/1.1\r\nAuthorization: Basic canary\r\n\r\n??",
        &context(),
    );
    assert_eq!(finding.of_name("authenticates by"), "HTTP Basic (not shown)");
    finding.complained("not recognised");
}

#[test]
fn what_is_shown_cannot_move_the_cursor() {
    let text = r#"{"commandId":"1","commandType":"PING","state":"SUCCESS","response":{"deviceinfo":{"operatingsystem":"a\u001b[2Jb\u202ec\nd"}}}"#;
    let finding = read(text, &context());
    assert_eq!(finding.of_name("operatingsystem"), "a\\u{1b}[2Jb\\u{202e}c\\nd");
}
