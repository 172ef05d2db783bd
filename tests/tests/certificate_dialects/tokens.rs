//! The settings of soft tokens over REST, of AST and of EUI: with a simulator that is set the same way, and, where it does not mind or
//! has no such switch, by what goes over the wire.

use smartid::cm::ast::{AstProperties, AstRequest};
use smartid::cm::eui::{EuiCertificate, EuiSoftToken};
use smartid::cm::operations::experimental::RequestSoftToken;
use smartid::cm::soft_token::IssuedSoftToken;
use smartid::cm::{Attribute, CmRefusal, HandlerName, ProcedureName};
use smartid::trust::Certificate;
use smartid::{Error, Timestamp};
use smartid_core::base64::{Flavour, encode};
use smartid_sim::{Fault, FaultKind, Record, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, ask, new_csr};

use super::cases::Case;
use super::run::{Op, check, told};

/// The header of the name, where an operation sends one.
const NAMED: &str = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User";
const NAME: &str = "J\u{f6}rgen";

/// Switches that an operation needs in any case.
pub(crate) fn switches(op: Op) -> &'static str {
    match op {
        Op::AstName | Op::AstEmpty => {
            "cm.ast.properties = 'handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User'"
        }
        Op::AstHandler => "cm.ast.handlers = [{name = 'one', number = '0', procedure = 'Soft token'}]",
        _ => "",
    }
}

fn handler(name: &str) -> HandlerName {
    HandlerName::new(name).unwrap()
}

/// Makes the operation; what is wrong with its outcome.
pub(crate) async fn run(op: Op, world: &CmWorld) -> Result<(), String> {
    match op {
        Op::SoftToken => rest(world).await,
        Op::Eui | Op::EuiHandler => certificate(op, world).await,
        _ => by_servlet(op, world).await.map(drop),
    }
}

async fn certificate(op: Op, world: &CmWorld) -> Result<(), String> {
    let mut request = EuiCertificate::new(new_csr("C=SE,CN=Made"));
    request.handler = (op == Op::EuiHandler).then(|| handler("server"));
    let issued = world.cm.call_gateway(&request).await.map_err(told)?;
    let kept = world.sim.cm().newest(1).remove(0);
    check(
        kept.der.as_deref() == Some(&**issued.certificate.der()),
        "its bytes",
    )
}

async fn by_servlet(op: Op, world: &CmWorld) -> Result<Certificate, String> {
    let named = AstProperties::parse(NAMED).unwrap().headers("0").clone();
    let swede = AstRequest::new(TOKEN_PASSWORD).attribute(Attribute::COUNTRY_NAME, "SE");
    let ast = |request: AstRequest| async move { world.cm.call_gateway(&request).await };
    match op {
        Op::Ast => token(world, ast(swede).await, "CN=Soft token,C=SE", TOKEN_PASSWORD).await,
        Op::AstHandler => {
            let issued = ast(swede.handler(handler("one"))).await;
            token(world, issued, "CN=Soft token,C=SE", TOKEN_PASSWORD).await
        }
        Op::AstName => {
            let issued = ast(swede.headers(named).attribute(Attribute::COMMON_NAME, NAME)).await;
            token(world, issued, &format!("CN={NAME},C=SE"), TOKEN_PASSWORD).await
        }
        Op::AstEmpty => {
            let issued = ast(swede.headers(named).attribute(Attribute::COMMON_NAME, "")).await;
            token(world, issued, "CN=Soft token,C=SE", TOKEN_PASSWORD).await
        }
        Op::AstPassword => {
            let mut request = swede;
            request.password = NAME.into();
            token(world, ast(request).await, "CN=Soft token,C=SE", NAME).await
        }
        _ => {
            let request = EuiSoftToken::new(TOKEN_PASSWORD)
                .handler(handler("softtoken"))
                .field("commonname", "Alice");
            let issued = world.cm.call_gateway(&request).await;
            let subject = if world.cm.dialect().eui.soft_token.constants.is_empty() {
                "CN=Alice"
            } else {
                "CN=Alice,O=Example"
            };
            token(world, issued, subject, TOKEN_PASSWORD).await
        }
    }
}

async fn rest(world: &CmWorld) -> Result<(), String> {
    let now = world.sim.clock().unix_millis() / 1000 * 1000;
    let to = Timestamp::from_millis(now + 86_400_000);
    let request: RequestSoftToken = ask("Alice")
        .procedure(ProcedureName::new("Soft token").unwrap())
        .valid_from(Timestamp::from_millis(now))
        .valid_to(to);
    let issued = world.cm.write(&request).await;
    let certid = issued.as_ref().ok().and_then(|issued| issued.certid.clone());
    let leaf = token(world, issued, "CN=Alice,C=SE", TOKEN_PASSWORD).await?;
    let made = world.sim.cm().soft_tokens().remove(0);
    check(
        certid.is_some_and(|certid| certid.as_str() == made.certids[0]),
        "its id",
    )?;
    check(leaf.not_after() == to, "its validity")
}

async fn token(
    world: &CmWorld,
    issued: Result<IssuedSoftToken, Error>,
    subject: &str,
    password: &str,
) -> Result<Certificate, String> {
    let issued = issued.map_err(told)?;
    let opened = world.open(&issued.token, password).await;
    let opened = opened.map_err(|error| error.to_string())?;
    let leaf = opened.keys()[0].certificate().ok_or("a certificate")?;
    check(leaf.subject().to_string() == subject, "its subject")?;
    world.check_token(&opened, subject);
    Ok(leaf.clone())
}

/// Installations that differ, and the simulator can play it.
pub(crate) fn cases() -> Vec<Case> {
    let same = |op, dialect: &str, sim: &str| Case::new(op, dialect, sim);
    let mut cases = vec![
        same(
            Op::SoftToken,
            "soft_token.rename = {password = 'pin'}",
            "cm.pkcs12.password_field = 'pin'",
        ),
        same(
            Op::Ast,
            "ast.path = 'softtoken'",
            "cm.ast.prefix = '/pgwy/softtoken'",
        ),
        same(
            Op::AstHandler,
            "ast.handler_path = 'tokens/by/{handler}'",
            "cm.ast.prefix = '/pgwy/tokens/by'",
        ),
        same(Op::Ast, "ast.password = 'pin'", "cm.ast.password_field = 'pin'"),
        same(Op::AstName, "ast.non_ascii = 'iso-8859-1'", ""),
        same(
            Op::AstName,
            "ast.non_ascii = 'utf-8'",
            "cm.ast.header_encoding = 'utf-8'",
        ),
        same(
            Op::AstName,
            "ast.non_ascii = 'percent'",
            "cm.ast.header_encoding = 'percent'",
        ),
        same(Op::AstEmpty, "ast.empty_values = true", ""),
        same(
            Op::AstPassword,
            "ast.non_ascii_passwords = true",
            // What the request says of its form counts, and not what the service would take without.
            "cm.ast.form_charset = 'iso-8859-1'",
        ),
        same(
            Op::EuiHandler,
            "eui.certificate.path = 'pages/{handler}'",
            "cm.eui.prefix = '/pgwy/pages'",
        ),
        same(
            Op::Eui,
            "eui.path_without_handler = 'pages'",
            "cm.eui.prefix = '/pgwy/pages'",
        ),
        same(
            Op::EuiToken,
            "eui.soft_token.path = 'pages/{handler}'",
            "cm.eui.prefix = '/pgwy/pages'",
        ),
        same(
            Op::Eui,
            "eui.certificate.rename = {pkcs10 = 'csr'}",
            "cm.eui.request_field = 'csr'",
        ),
        same(
            Op::Eui,
            "eui.certificate.rename = {certencoding = 'form'}\neui.certificate_encoding = 'pem'",
            "cm.eui.certencoding_field = 'form'\ncm.eui.certencodings = ['none', 'pem']\ncm.eui.strict_fields = true",
        ),
        same(
            Op::Eui,
            "eui.certificate_encoding = 'pkcs7'",
            "cm.eui.certencodings = ['pkcs7']",
        ),
        same(
            Op::Eui,
            "eui.element = 'certificate'",
            "cm.eui.element_name = 'certificate'",
        ),
        same(
            Op::EuiToken,
            "eui.soft_token.rename = {password = 'pin'}",
            "cm.eui.password_field = 'pin'",
        ),
        same(
            Op::EuiToken,
            "eui.soft_token.rename = {commonname = 'cn'}",
            "cm.eui.fields = {commonname = 'cn'}\ncm.eui.strict_fields = true",
        ),
        same(
            Op::EuiToken,
            "eui.soft_token.constants = {organizationname = 'Example'}",
            "cm.soft_tokens.required_attributes = ['organizationname']",
        ),
    ];
    // A wrong choice of octets is seen too.
    cases.push(same(
        Op::AstName,
        "ast.non_ascii = 'utf-8'\nast.empty_values = true",
        "cm.ast.header_encoding = 'utf-8'",
    ));
    cases
}

/// A setting that is heard: the operation, where its requests go, the dialect, and what is otherwise then.
struct Heard {
    op: Op,
    path: &'static str,
    dialect: &'static str,
    is: fn(&Record) -> bool,
}

fn says(record: &Record, part: &str) -> bool {
    String::from_utf8_lossy(&record.body).contains(part)
}

fn kind(record: &Record, kind: &str) -> bool {
    let header = record.header("content-type");
    header.is_some_and(|header| header.starts_with(kind))
}

const HEARD: &[Heard] = &[
    Heard {
        op: Op::Ast,
        path: "/ast",
        dialect: "ast.constants = {tenant = 't 1'}",
        is: |record| says(record, "&tenant=t+1"),
    },
    Heard {
        op: Op::Eui,
        path: "/eui",
        dialect: "eui.certificate.constants = {tenant = 't 1'}",
        is: |record| says(record, "&tenant=t+1"),
    },
    Heard {
        op: Op::Eui,
        path: "/eui",
        dialect: "eui.certificate.verb = 'PUT'",
        is: |record| record.method == "PUT",
    },
    Heard {
        op: Op::Eui,
        path: "/eui",
        dialect: "eui.certificate.encoding = 'multipart'",
        is: |record| kind(record, "multipart/form-data") && says(record, "name=\"pkcs10\""),
    },
    Heard {
        op: Op::Eui,
        path: "/eui",
        dialect: "eui.certificate.encoding = 'json'\neui.certificate.request = [{move = '/pkcs10', to = '/deep/csr'}]",
        is: |record| {
            let body = record.json();
            kind(record, "application/json")
                && body
                    .is_some_and(|body| body.pointer("/deep/csr").is_some() && body.get("pkcs10").is_none())
        },
    },
    Heard {
        op: Op::EuiToken,
        path: "/eui/softtoken",
        dialect: "eui.soft_token.verb = 'PUT'",
        is: |record| record.method == "PUT",
    },
    Heard {
        op: Op::EuiToken,
        path: "/eui/softtoken",
        dialect: "eui.soft_token.encoding = 'multipart'",
        is: |record| kind(record, "multipart/form-data") && says(record, "name=\"password\""),
    },
    Heard {
        op: Op::EuiToken,
        path: "/eui/softtoken",
        dialect: "eui.soft_token.encoding = 'json'\neui.soft_token.request = [{move = '/password', to = '/token/pin'}]",
        is: |record| {
            let pin = record.json().and_then(|body| body.pointer("/token/pin").cloned());
            pin.is_some_and(|pin| pin == TOKEN_PASSWORD)
        },
    },
];

/// Settings of answers that the simulator does not give.
const ANSWERED: &[&str] = &[
    "eui.certificate.response = [{move = '/code', to = '/error'}]",
    "eui.soft_token.response = [{move = '/deep/token', to = '/pkcs12'}]",
];

/// What the tests of this file change beside the cases.
pub(crate) fn dialects() -> impl Iterator<Item = &'static str> {
    let heard = HEARD.iter().map(|heard| heard.dialect);
    heard.chain(ANSWERED.iter().copied())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_servlets_do_not_mind_is_heard() {
    for Heard {
        op,
        path,
        dialect,
        is,
    } in HEARD
    {
        for (dialect, as_wished) in [(*dialect, true), ("", false)] {
            let world = CmWorld::start(CmSetup::default().dialect(dialect)).await;
            // The servlet need not understand it.
            let _ended = run(*op, &world).await;
            let requests = world.requests(path);
            assert_eq!(requests.len(), 1, "{op:?} {dialect}");
            assert_eq!(is(&requests[0]), as_wished, "{op:?} {dialect}: {:?}", requests[0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_documents_are_moved_before_they_are_read() {
    for (dialect, moved) in [(ANSWERED[0], true), ("", false)] {
        let world = CmWorld::start(CmSetup::default().dialect(dialect)).await;
        let body = FaultKind::body("application/json", r#"{"code": -15, "msg": "No"}"#);
        world.sim.faults().inject(Fault::new(Route::CmEui, body));
        let request = EuiCertificate::new(new_csr("C=SE,CN=Made"));
        let error = world.cm.call_gateway(&request).await.unwrap_err();
        let code = error.refusal::<CmRefusal>().and_then(|refusal| refusal.cm_code());
        assert_eq!(code.is_some(), moved, "{dialect}: {error}");
    }
    for (dialect, moved) in [(ANSWERED[1], true), ("", false)] {
        let world = CmWorld::start(CmSetup::default().dialect(dialect)).await;
        let made = world.cm.write(&ask("Alice")).await.unwrap().token;
        let text = encode(Flavour::Standard, made.expose_octets());
        let body = format!(r#"{{"error": 0, "deep": {{"token": "{text}"}}}}"#);
        let body = FaultKind::body("application/json", body);
        world.sim.faults().inject(Fault::new(Route::CmEui, body));
        let request = EuiSoftToken::new(TOKEN_PASSWORD).handler(handler("softtoken"));
        let issued = world.cm.call_gateway(&request).await;
        assert_eq!(issued.is_ok(), moved, "{dialect}: {issued:?}");
        if let Ok(issued) = issued {
            assert_eq!(issued.token.expose_octets(), made.expose_octets());
        }
    }
}
