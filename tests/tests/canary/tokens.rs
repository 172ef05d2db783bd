//! Soft tokens by every way of asking, good and bad: the password, the container, the keys in it and what the headers say.

use std::sync::Arc;

use smartid::cm::ast::{AstProperties, AstRequest};
use smartid::cm::eui::{EuiCertificate, EuiSoftToken};
use smartid::cm::operations::experimental::RequestSoftToken;
use smartid::cm::soft_token::{IssuedSoftToken, UnusableSoftToken};
use smartid::cm::{Attribute, Call, CmDialect, HandlerName, Step};
use smartid::core::Endpoint;
use smartid::trust::password::PasswordPolicy;
use smartid::trust::pkcs12::{Pkcs12, Pkcs12Builder, Pkcs12Policy, Profile, WriteOptions};
use smartid::trust::{MemorySigner, SoftToken};
use smartid::{Error, SecretString};
use smartid_core::base64::{Flavour, encode};
use smartid_sim::{Fault, FaultKind, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, new_csr};

use crate::certificates::{error, plant_bytes};
use crate::{Seen, echo, page};

const PASSWORD: &str = "canary-token-password-91d2";
const OTHER: &str = "canary-other-token-password-3e";
const PERSON: &str = "Canary Person Of The Headers";
const TITLE: &str = "canary-title-in-a-header";
const COUNTRY: &str = "canary-country-too-long";
const CONSTANT: &str = "canary-constant-of-a-form";

const LINES: &str = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User\n\
                     handler.0.formatFields.2 = ast.valuetarget.title.value = X-Title";

fn rest() -> RequestSoftToken {
    RequestSoftToken::new(PASSWORD)
        .attribute(Attribute::COMMON_NAME, PERSON)
        .attribute(Attribute::TITLE, TITLE)
}

fn ast() -> AstRequest {
    let properties = AstProperties::parse(LINES).unwrap();
    AstRequest::new(PASSWORD)
        .headers(properties.headers("0").clone())
        .attribute(Attribute::COMMON_NAME, PERSON)
        .attribute(Attribute::TITLE, TITLE)
}

fn eui() -> EuiSoftToken {
    EuiSoftToken::new(PASSWORD)
        .handler(HandlerName::new("softtoken").unwrap())
        .field("commonname", PERSON)
        .field("title", SecretString::new(TITLE))
}

impl Seen {
    /// A container: not its beginning, which is the same in all of them.
    fn plant_container(&mut self, token: &SoftToken) {
        plant_bytes(self, &token.expose_octets()[96..]);
    }

    fn plant_key(&mut self, pkcs8: &[u8]) {
        plant_bytes(self, &pkcs8[36..]);
    }
}

/// An error about a token, and its causes.
fn failed(seen: &mut Seen, failure: &Error) {
    error(seen, failure);
    let unreadable = failure.unreadable_answer();
    if let Some(unusable) = unreadable.and_then(|unreadable| unreadable.cause::<UnusableSoftToken>()) {
        seen.debug(&(unusable, unusable.to_string(), unusable.problem()));
    }
}

pub(crate) async fn run(seen: &mut Seen) {
    for secret in [PASSWORD, OTHER, CONSTANT, TITLE, COUNTRY] {
        seen.plant(secret);
        seen.plant(&encode(Flavour::Standard, secret.as_bytes()));
    }
    seen.plant(PERSON);
    seen.plant(&PERSON.replace(' ', "+"));
    seen.plant(&PERSON.replace(' ', "%20"));
    for mode in ["caller", "vro"] {
        let world = CmWorld::start(setup(mode)).await;
        seen.debug(&(rest(), ast(), eui()));
        for issued in all(&world).await {
            good(seen, &world, issued.unwrap()).await;
        }
        bad(seen, &world, mode == "caller").await;
        unsendable(seen, &world).await;
    }
    by_hand(seen).await;
    passwords(seen);
}

fn setup(mode: &str) -> CmSetup {
    let lines = LINES.replace('\n', "\\n");
    let mut setup = CmSetup::default()
        .sim(&format!(
            "[cm.signing]\nmode = '{mode}'\n[cm.ast]\nproperties = \"{lines}\"\n[cm.soft_tokens]\niterations = 1000\nmac_iterations = 1000"
        ))
        .dialect(&format!("ast.constants = {{extra = '{CONSTANT}'}}"));
    setup.policy = setup
        .policy
        .with_attempt_limit(std::time::Duration::from_secs(20));
    setup
}

async fn all(world: &CmWorld) -> Vec<Result<IssuedSoftToken, Error>> {
    vec![
        world.cm.write(&rest()).await,
        world.cm.call_gateway(&ast()).await,
        world.cm.call_gateway(&eui()).await,
    ]
}

async fn good(seen: &mut Seen, world: &CmWorld, issued: IssuedSoftToken) {
    seen.plant_container(&issued.token);
    seen.debug(&(&issued, &issued.token, &issued.downloaded));
    let opened = world.open(&issued.token, PASSWORD).await.unwrap();
    let key = opened.the_one_key().unwrap();
    seen.plant_key(key.pkcs8_der().expose());
    // Who is in the certificate is no secret once it is shown: the subject is not printed here.
    let signer = key.signer().unwrap();
    seen.debug(&(key.key().unwrap(), key.pkcs8_der(), signer.key()));
    seen.debug(&(key.key_pem(), key.identity().map(drop)));
    for wrong in [OTHER, "", "canary-token-password-91d"] {
        let refused = world.open(&issued.token, wrong).await.unwrap_err();
        seen.debug(&(&refused, refused.to_string()));
    }
    for cut in [0, 1, 200, issued.token.len() - 1] {
        let octets = &issued.token.expose_octets()[..cut];
        let refused = world.open(&SoftToken::new(octets), PASSWORD).await.unwrap_err();
        seen.debug(&(&refused, refused.to_string()));
    }
    let own = SecretString::new(OTHER);
    let options = WriteOptions::new(Profile::Compatible).with_iterations(1000);
    let sealed = key.encrypted_key_pem(&own, &options).unwrap();
    seen.debug(&(
        &sealed,
        &own,
        MemorySigner::from_pem(&[sealed.expose()], None).err(),
    ));
    let password = SecretString::new(PASSWORD);
    let policy = Pkcs12Policy::default();
    let written = issued.token.rewrap(&password, &policy, &own, &options).unwrap();
    seen.plant_container(written.token());
    seen.debug(&(&written, &options, &policy));
    let builder = Pkcs12::open(issued.token.expose_octets(), &password, &policy)
        .map(|opened| Pkcs12Builder::from_container(&opened))
        .unwrap();
    seen.debug(&builder);
    let refused = builder.write(&SecretString::new(""), &options).unwrap_err();
    seen.debug(&(&refused, refused.to_string()));
}

/// What tells back all that it was told, in each form, or is not what it should be.
fn told_back() -> Vec<FaultKind> {
    let text = format!("password={PASSWORD} title={TITLE} user={PERSON} extra={CONSTANT}");
    let respond = |status: u16, content_type: &str, body: String| FaultKind::Respond {
        status,
        content_type: content_type.to_owned(),
        body,
        work: true,
        headers: vec![
            (
                "location".to_owned(),
                format!("https://u:{PASSWORD}@h.example.test/?pin={PASSWORD}"),
            ),
            (
                "content-disposition".to_owned(),
                format!("attachment; filename=\"{PASSWORD}.p12\""),
            ),
            ("set-cookie".to_owned(), format!("downloaded={PASSWORD}")),
        ],
    };
    let mut all = vec![echo(400), page(), FaultKind::LostReply, FaultKind::TruncatedBody];
    for status in [200, 302, 400, 403, 500] {
        all.push(respond(
            status,
            "application/json",
            format!(
                "{{\"error\":-14,\"msg\":\"{PASSWORD} is wrong\",\"{PASSWORD}\":\"{PASSWORD}\",\
                 \"errors\":[{{\"certid\":\"1\",\"errorcode\":-14,\"errormessage\":\"{PASSWORD}\"}}]}}"
            ),
        ));
        all.push(respond(
            status,
            "text/html",
            format!(
                "<html><title>{PASSWORD}</title><input name=\"response\" value=\"{PASSWORD}\"><input name=\"password\" value=\"{PASSWORD}\"></html>"
            ),
        ));
        all.push(respond(status, "text/plain", format!("password={PASSWORD}")));
        all.push(respond(
            status,
            "application/x-pkcs12",
            format!("0\u{1}{PASSWORD}"),
        ));
        all.push(respond(status, "", String::new()));
    }
    // What is personal is in pages alone, of which no more than the title is shown.
    all.push(respond(200, "text/html", format!("<html><p>{text}</p></html>")));
    all
}

async fn bad(seen: &mut Seen, world: &CmWorld, two_steps: bool) {
    for kind in told_back() {
        // The second step is the one that answers with a token.
        for skip in 0..=u32::from(two_steps) {
            if skip == 0 && two_steps && !matches!(kind, FaultKind::Respond { status: 200, .. }) {
                continue;
            }
            world.sim.faults().clear();
            for route in [Route::CmOther, Route::CmAst, Route::CmEui] {
                let skip = if route == Route::CmOther { skip } else { 0 };
                let fault = Fault::new(route, kind.clone()).skip(skip).times(0);
                world.sim.faults().inject(fault);
            }
            for result in all(world).await {
                // What answers without a fault answers as before.
                if let Err(failure) = result {
                    failed(seen, &failure);
                }
            }
            let certificate = EuiCertificate::new(new_csr("C=SE,CN=Canary"));
            let failure = world.cm.call_gateway(&certificate).await.unwrap_err();
            failed(seen, &failure);
        }
    }
    world.sim.faults().clear();
    for token in world.sim.cm().soft_tokens().iter().rev().take(9) {
        seen.plant_container(&SoftToken::new(token.file.to_vec()));
    }
    // Refusals of the simulator's own.
    world
        .sim
        .cm()
        .reconfigure(|config| config.soft_tokens.password_min = 100);
    for result in all(world).await {
        failed(seen, &result.unwrap_err());
    }
    world
        .sim
        .cm()
        .reconfigure(|config| config.soft_tokens.password_min = 1);
}

/// What is not sent.
async fn unsendable(seen: &mut Seen, world: &CmWorld) {
    let dialect = CmDialect::default();
    let before = world.sim.records().len();
    for value in [
        format!("{TITLE}\r\nX-User: {OTHER}"),
        format!("{TITLE}\u{fc}"),
        format!(" {TITLE}"),
        TITLE.repeat(300),
    ] {
        let request = ast().attribute(Attribute::TITLE, value);
        let problem = request.check(&dialect).unwrap_err();
        seen.debug(&(&request, &problem, problem.to_string()));
        failed(seen, &world.cm.call_gateway(&request).await.unwrap_err());
    }
    let unmapped = ast().attribute(Attribute::SURNAME, COUNTRY);
    failed(seen, &world.cm.call_gateway(&unmapped).await.unwrap_err());
    for password in [
        format!("{OTHER}\0"),
        format!("{OTHER}\n"),
        format!("{OTHER}\u{fc}"),
    ] {
        let mut request = ast();
        request.password = SecretString::new(password.clone());
        failed(seen, &world.cm.call_gateway(&request).await.unwrap_err());
    }
    let mut request = rest();
    request.password = SecretString::new(format!("{OTHER}\0"));
    failed(seen, &world.cm.write(&request).await.unwrap_err());
    let twice = eui().field("Password", OTHER);
    failed(seen, &world.cm.call_gateway(&twice).await.unwrap_err());
    assert_eq!(world.sim.records().len(), before);
}

/// The requests as they would go out, and the steps one by one.
async fn by_hand(seen: &mut Seen) {
    let world = CmWorld::start(setup("caller")).await;
    let dialect = world.cm.dialect();
    seen.debug(&(ast().request(dialect), eui().request(dialect)));
    for encoding in ["multipart", "form", "json"] {
        let dialect = CmDialect::from_toml(&format!("soft_token.encoding = '{encoding}'")).unwrap();
        seen.debug(&Call::new(&rest()).request(&dialect));
    }
    let request = rest();
    let Step::Sign(data) = world.cm.call(&Call::new(&request)).await.unwrap() else {
        panic!("nothing to sign")
    };
    seen.debug(&(Call::new(&request), &data));
    seen.debug(&Arc::new(world.cm.clone()));
}

fn passwords(seen: &mut Seen) {
    for policy in [
        PasswordPolicy::default(),
        PasswordPolicy::default().with_length(40),
    ] {
        let generated = policy.generate().unwrap();
        seen.debug(&(&generated, &policy));
        let secret = generated.into_secret();
        seen.debug(&secret);
        seen.plant(secret.expose());
    }
}
