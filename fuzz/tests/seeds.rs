//! Every seed through its target: the golden files, and cheap damages of them. A quick substitute for fuzzing where there is no nightly.

use std::path::Path;

use smartid_fuzz::{ast, certificates, messaging, oauth, oidc, trust};

/// A target with its function.
type Target = (&'static str, fn(&[u8]), &'static [&'static str]);

const TARGETS: &[Target] = &[
    (
        "oidc_document",
        oidc::oidc_document,
        &[
            "smartid-da/tests/golden/oidc/discovery",
            "smartid-da/tests/golden/oidc/issuers",
            "smartid-da/tests/golden/oidc/jwks",
        ],
    ),
    (
        "oidc_callback",
        oidc::oidc_callback,
        &["smartid-da/tests/golden/oidc/callbacks"],
    ),
    (
        "oidc_id_token",
        oidc::oidc_id_token,
        &["smartid-da/tests/golden/oidc/id-tokens"],
    ),
    (
        "plugout_link",
        smartid_fuzz::plugout_link,
        &["smartid-hermod/tests/golden/links"],
    ),
    (
        "hermod_response",
        smartid_fuzz::hermod_response,
        &["smartid-hermod/tests/golden/responses"],
    ),
    (
        "hermod_report",
        smartid_fuzz::hermod_report,
        &[
            "smartid-hermod/tests/golden/callbacks",
            "smartid-hermod/tests/golden/responses",
        ],
    ),
    (
        "callback",
        smartid_fuzz::callback,
        &["smartid-hermod/tests/golden/callbacks"],
    ),
    (
        "command_report",
        messaging::command_report,
        &[
            "smartid-hermod/tests/golden/callbacks",
            "smartid-hermod/tests/golden/provision",
            "smartid-hermod/tests/golden/certificate",
            "smartid-hermod/tests/golden/ping",
            "smartid-hermod/tests/golden/delete",
            "smartid-hermod/tests/golden/startpinreset",
        ],
    ),
    (
        "provision_answer",
        messaging::provision_answer,
        &["smartid-hermod/tests/golden/provision"],
    ),
    (
        "signature_answer",
        messaging::signature_answer,
        &[
            "smartid-hermod/tests/golden/sign",
            "smartid-hermod/tests/golden/authenticate",
        ],
    ),
    (
        "pin_reset_answer",
        messaging::pin_reset_answer,
        &[
            "smartid-hermod/tests/golden/startpinreset",
            "smartid-hermod/tests/golden/endpinreset",
        ],
    ),
    (
        "mobile_link",
        messaging::mobile_link,
        &[
            "smartid-hermod/tests/golden/mobile-links",
            "smartid-hermod/tests/golden/links",
        ],
    ),
    (
        "client_yaml",
        messaging::client_yaml,
        &["smartid-hermod/tests/golden/clients"],
    ),
    (
        "content_request",
        messaging::content_request,
        &["smartid-hermod/tests/golden/content-provider"],
    ),
    ("push", messaging::push, &["smartid-hermod/tests/golden/push"]),
    (
        "sign_command",
        messaging::sign_command,
        &[
            "smartid-hermod/tests/golden/sign",
            "smartid-hermod/tests/golden/authenticate",
        ],
    ),
    (
        "da_options",
        smartid_fuzz::da_options,
        &["smartid-da/tests/golden/options"],
    ),
    (
        "da_registration",
        smartid_fuzz::da_registration,
        &["smartid-da/tests/golden/registrations"],
    ),
    (
        "da_refusal",
        smartid_fuzz::da_refusal,
        &["smartid-da/tests/golden/responses"],
    ),
    (
        "oauth_token",
        oauth::oauth_token,
        &["smartid-da/tests/golden/oauth"],
    ),
    (
        "dialects",
        smartid_fuzz::dialects,
        &["smartid-hermod/tests/golden/links"],
    ),
    (
        "json_edit",
        smartid_fuzz::json_edit,
        &["smartid-da/tests/golden/options"],
    ),
    (
        "base64_text",
        smartid_fuzz::base64_text,
        &["smartid-hermod/tests/golden/links"],
    ),
    (
        "service_url",
        smartid_fuzz::service_url,
        &["smartid-hermod/tests/golden/links"],
    ),
    (
        "path_template",
        smartid_fuzz::path_template,
        &["smartid-hermod/tests/golden/links"],
    ),
    (
        "certificate",
        trust::certificate,
        &[
            "smartid-trust/tests/fixtures/path",
            "smartid-trust/tests/fixtures/certs",
        ],
    ),
    (
        "public_key",
        trust::public_key,
        &["smartid-trust/tests/fixtures/certs"],
    ),
    (
        "revocation_list",
        trust::revocation_list,
        &[
            "smartid-trust/tests/fixtures/crl",
            "smartid-trust/tests/fixtures/path",
        ],
    ),
    (
        "pem",
        trust::pem,
        &[
            "smartid-trust/tests/fixtures/keys",
            "smartid-trust/tests/fixtures/request",
        ],
    ),
    ("jws", trust::jws, &["smartid-trust/tests/fixtures/jws"]),
    ("jwk", trust::jwk, &["smartid-trust/tests/fixtures/jws"]),
    ("cms", trust::cms, &["smartid-trust/tests/fixtures/cms"]),
    (
        "request",
        trust::request,
        &["smartid-trust/tests/fixtures/request"],
    ),
    (
        "certificate_filter",
        trust::certificate_filter,
        &["smartid-trust/tests/fixtures/content"],
    ),
    (
        "pkcs12",
        trust::pkcs12,
        &[
            "smartid-trust/tests/fixtures/pkcs12",
            "smartid-trust/tests/fixtures/keys",
            "smartid-trust/tests/pkcs12-corpus/bad",
        ],
    ),
    (
        "cm_read",
        certificates::cm_read,
        &[
            "smartid-cm/tests/golden/search",
            "smartid-cm/tests/golden/details",
            "smartid-cm/tests/golden/procedures",
            "smartid-cm/tests/golden/registrations",
            "smartid-cm/tests/golden/issuers",
            "smartid-cm/tests/golden/errors",
        ],
    ),
    (
        "cm_write",
        certificates::cm_write,
        &[
            "smartid-cm/tests/golden/revoke",
            "smartid-cm/tests/golden/hold",
            "smartid-cm/tests/golden/reinstate",
            "smartid-cm/tests/golden/import",
            "smartid-cm/tests/golden/remove",
            "smartid-cm/tests/golden/registrations",
            "smartid-cm/tests/golden/signing-authority",
            "smartid-cm/tests/golden/errors",
        ],
    ),
    (
        "cm_certificates",
        certificates::cm_certificates,
        &[
            "smartid-cm/tests/golden/pki",
            "smartid-cm/tests/golden/issue-pkcs10",
            "smartid-cm/tests/golden/download",
        ],
    ),
    (
        "cm_soft_token",
        certificates::cm_soft_token,
        &[
            "smartid-cm/tests/golden/eui",
            "smartid-cm/tests/golden/pkcs12-rest",
            "smartid-cm/tests/golden/ast",
            "smartid-cm/tests/golden/pki",
        ],
    ),
    ("cm_csr", certificates::cm_csr, &["smartid-cm/tests/golden/pki"]),
    (
        "cm_push",
        certificates::cm_push,
        &["smartid-cm/tests/golden/push", "smartid-cm/tests/golden/pki"],
    ),
    (
        "ast_properties",
        ast::properties,
        &["smartid-cm/tests/golden/ast-properties"],
    ),
    ("ast_request", ast::request, &["smartid-cm/tests/golden/ast"]),
    (
        "ast_answer",
        ast::answer,
        &["smartid-cm/tests/golden/ast", "smartid-cm/tests/golden/pki"],
    ),
    (
        "iso_date",
        certificates::iso_date,
        &["smartid-cm/tests/golden/procedures"],
    ),
];

/// Texts of the small grammars, for targets that have no golden files.
const EXTRA: &[&str] = &[
    "",
    "https://h.example.test:20400/hermod/rest/command/",
    "http://h",
    "https://u:p@h/?q#f",
    "fido/options/{user}\nanna/../x",
    "{user}\n..",
    "CN=Officer One+UID=1,OU=A\\,B,OU=C,DC=example,O=#0c0141",
    "2.5.29.15",
    r#"{"op":"or","value":[{"op":"eq","param":"key.type","value":"RSA"},{"op":"not","value":[{"value":[]}]},{"op":"lte","param":"cert.notafter","value":1.50}]}"#,
    "YQ==",
    "2021-12-20T08:01:30.5+01:00",
    "2016-12-31T23:59:60Z",
    "_-8=",
    "/+8",
    "[fido]\nsingle_command = true",
    "[options]\npath = 'x/{user}'\nresponse = [{ move = '/a', to = '' }]",
    "/fidoCommand/publicKey\n{\"fidoCommand\":{\"a\":1.50}}",
    "personal://start?title=a%20b&redirect=https%3A%2F%2Fh%2F",
    "\u{d}p\u{1}h\u{1}commonname\u{1}x-cn\u{1}Jürgen",
    "- client-id: a\n  key: 'b: c'\n",
    "\n[{\"set\":\"/a/b\",\"value\":[1]},{\"move\":\"/a\",\"to\":\"/c\"},{\"remove\":\"/c\"}]",
];

/// A small generator: damages must be the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

#[test]
fn seeds_and_their_damages() {
    for (name, target, folders) in TARGETS {
        let mut seeds: Vec<Vec<u8>> = EXTRA.iter().map(|text| text.as_bytes().to_vec()).collect();
        for folder in *folders {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../crates")
                .join(folder);
            let mut files: Vec<_> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            files.sort();
            seeds.extend(
                files
                    .into_iter()
                    .filter(|file| file.is_file())
                    .map(|file| std::fs::read(file).unwrap()),
            );
        }
        assert!(seeds.len() > EXTRA.len(), "{name} has seeds");
        let mut random = Random(7);
        for seed in &seeds {
            target(seed);
            let rounds = if seed.len() > 20_000 { 2 } else { 20 };
            for _ in 0..rounds {
                let mut damaged = seed.clone();
                for _ in 0..=random.below(3) {
                    let at = random.below(damaged.len());
                    match random.below(4) {
                        0 => damaged.truncate(at),
                        1 if !damaged.is_empty() => damaged[at] ^= 1 << random.below(8),
                        2 => damaged.insert(
                            at.min(damaged.len()),
                            b"\"{}[],:0\\=&?/\x00\xff"[random.below(15)],
                        ),
                        _ if !damaged.is_empty() => drop(damaged.remove(at)),
                        _ => {}
                    }
                }
                target(&damaged);
            }
        }
    }
}
