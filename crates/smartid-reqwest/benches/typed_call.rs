//! What a typed call costs over the same call written by hand with reqwest, in instructions and allocations.
//!
//! Times vary on a shared machine, instruction counts hardly do. So the server runs in a process of its own, each variant of the
//! client runs under valgrind's callgrind with 50 and with 250 calls over one connection, and the difference divided by 200 is what
//! one call costs. Counting begins after the first calls: AWS-LC gathers entropy from the jitter of the clock when it starts, in some
//! 400 million instructions that are never the same. Allocations are counted in a run without valgrind. No subscriber is installed
//! for `tracing`, as in a program that does not trace.
//!
//! Run it with `cargo bench -p smartid-reqwest --bench typed_call`. It ends with status 1 when a budget is exceeded, and with 2 when
//! it could not measure, for example because valgrind is not installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench is a test"
)]

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use smartid_core::{
    Advice, BuildError, Caller, Credential, Endpoint, Incoming, Outgoing, Repeat, ResponseError, Retry,
    SecretString, ServiceError, ServiceUrl, Turn,
};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The typed call may cost so much more than the call by hand.
const INSTRUCTIONS_PERCENT: f64 = 10.0;
const ALLOCATIONS: f64 = 10.0;
/// What making the request may allocate.
const ENCODING: u64 = 6;

const WARM_UP: u64 = 20;
const FEW: u64 = 50;
const MANY: u64 = 250;
const CAP: usize = 8 * 1024 * 1024;
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const USER_AGENT: &str = "bench/1";

// --- The operation, of the size of a command to the messaging service ---

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    command_header: Header,
    sample_command: Body,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    lifespan: u32,
    timeout: u32,
    to: Vec<String>,
    external_id: String,
}

#[derive(Serialize)]
struct Body {
    operation: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    command_id: String,
    command_type: String,
    state: String,
    external_id: String,
    fqdn: String,
    destinations: Vec<Destination>,
}

#[derive(Deserialize)]
struct Destination {
    to: String,
    bid: String,
    mid: String,
    location: String,
    uri: Option<String>,
}

const ANSWER: &str = r#"{"commandId":"4711000012345678","commandType":"SAMPLE","state":"IN_PROGRESS","externalId":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","fqdn":"hermod.example.test","destinations":[{"to":"@tmp","bid":"7c9e6679-7425-40de-944b-e07fc1f90ae7","mid":"550e8400-e29b-41d4-a716-446655440000","location":"https://hermod.example.test:20400/hermod/rest/ms/7c9e6679-7425-40de-944b-e07fc1f90ae7","uri":"com.example.app:?location=https%3A%2F%2Fhermod.example.test%3A20400%2Fhermod%2Frest%2Fms&bid=7c9e6679"},{"to":"@other","bid":"9a3d5c1e-0b7f-4e2a-8c6d-1f2e3d4c5b6a","mid":"123e4567-e89b-12d3-a456-426614174000","location":"https://hermod.example.test"}]}"#;

fn sample() -> Sample {
    Sample {
        command_header: Header {
            lifespan: 300,
            timeout: 120,
            to: vec!["@tmp".to_owned()],
            external_id: "0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(),
        },
        sample_command: Body {
            operation: "start".to_owned(),
            text: "Please confirm that you want to log in to the portal".to_owned(),
        },
    }
}

/// Looks at all of the answer, so that none of the reading is optimised away.
fn check(answer: &Answer) {
    let length: usize = answer
        .destinations
        .iter()
        .map(|d| {
            d.to.len() + d.bid.len() + d.mid.len() + d.location.len() + d.uri.as_ref().map_or(0, String::len)
        })
        .sum();
    let head = answer.command_id.len()
        + answer.command_type.len()
        + answer.state.len()
        + answer.external_id.len()
        + answer.fqdn.len();
    assert!(length > 200 && head > 50);
}

#[derive(Debug, thiserror::Error)]
#[error("the service answered {0}")]
struct Refused(StatusCode);

impl ServiceError for Refused {
    fn code(&self) -> Option<&str> {
        None
    }
    fn status(&self) -> Option<StatusCode> {
        Some(self.0)
    }
    fn retry(&self) -> Retry {
        Retry::No
    }
    fn advice(&self) -> Advice {
        Advice::new(Turn::Administrator, "the service's log")
    }
}

impl Endpoint for Sample {
    type Auth = ();
    type Dialect = ();
    type Output = Answer;
    type Error = Refused;
    const NAME: &'static str = "bench.sample";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, (): &()) -> Result<Outgoing, BuildError> {
        Outgoing::new(Method::POST, "command/sample".to_owned()).json(self)
    }

    fn response(&self, (): &(), incoming: Incoming) -> Result<Answer, ResponseError<Refused>> {
        match incoming.status() {
            status if status.is_success() => Ok(incoming.json()?),
            status => Err(ResponseError::Refused(Refused(status))),
        }
    }
}

// --- The two clients ---

enum Client {
    Typed(Box<(Caller, Credential)>),
    ByHand(reqwest::Client, String),
}

impl Client {
    fn new(variant: &str, address: &str, root: &str) -> Self {
        let base = format!("https://{address}/hermod/rest");
        if variant == "typed" {
            let transport = ReqwestTransport::builder()
                .root_pem(root)
                .user_agent(USER_AGENT)
                .build()
                .unwrap();
            let caller = Caller::new(
                ServiceUrl::parse("bench.url", &base).unwrap(),
                Arc::new(transport),
                Arc::new(TokioRuntime::new()),
            );
            let credential = Credential::bearer("bench.token", &SecretString::new(TOKEN)).unwrap();
            return Self::Typed(Box::new((caller, credential)));
        }
        let client = reqwest::Client::builder()
            .tls_backend_rustls()
            .tls_certs_only([reqwest::Certificate::from_pem(root.as_bytes()).unwrap()])
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(30))
            .timeout(Duration::from_secs(60))
            .user_agent(USER_AGENT)
            .build()
            .unwrap();
        Self::ByHand(client, format!("{base}/command/sample"))
    }

    async fn call(&self, request: &Sample) -> Answer {
        match self {
            Self::Typed(both) => {
                let (caller, credential) = &**both;
                caller.call(request, &(), credential).await.unwrap()
            }
            Self::ByHand(client, url) => {
                let mut response = client
                    .post(url)
                    .bearer_auth(TOKEN)
                    .header(ACCEPT, "application/json")
                    .header(CONTENT_TYPE, "application/json")
                    .body(serde_json::to_vec(request).unwrap())
                    .send()
                    .await
                    .unwrap()
                    .error_for_status()
                    .unwrap();
                let mut body = Vec::new();
                while let Some(chunk) = response.chunk().await.unwrap() {
                    assert!(body.len() + chunk.len() <= CAP);
                    body.extend_from_slice(&chunk);
                }
                serde_json::from_slice(&body).unwrap()
            }
        }
    }

    async fn calls(&self, request: &Sample, count: u64) {
        for _ in 0..count {
            check(&self.call(request).await);
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The name of [`counted_calls`], by which callgrind knows when to count.
const COUNTED: &str = "counted_calls";

#[inline(never)]
fn counted_calls(runtime: &tokio::runtime::Runtime, client: &Client, request: &Sample, count: u64) {
    runtime.block_on(client.calls(request, count));
}

// --- The processes ---

/// Serves until its standard input ends; tells its address and its root on standard output.
fn serve() {
    runtime().block_on(async {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        println!("{}", made.cert.pem());
        println!("ready");
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nserver: bench\r\n\
             date: Sun, 22 Nov 2026 05:29:10 GMT\r\nx-request-id: 00112233\r\n\r\n{ANSWER}",
            ANSWER.len()
        );
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut request = Vec::new();
                while let Ok(1..) = stream.read_buf(&mut request).await {
                    // The body is the only part of the request with two closing braces.
                    if request.ends_with(b"}}") {
                        request.clear();
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
            });
        }
    });
}

struct ServerProcess {
    child: Child,
    address: String,
    root: String,
}

impl ServerProcess {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap();
        let root = lines
            .map(Result::unwrap)
            .take_while(|line| line != "ready")
            .fold(String::new(), |text, line| text + &line + "\n");
        Self { child, address, root }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn instructions(server: &ServerProcess, variant: &str, calls: u64) -> Result<u64, String> {
    let arguments = ["client", variant, &server.address, &calls.to_string()];
    smartid_callgrind::instructions(COUNTED, &arguments, &[("BENCH_ROOT", &server.root)])
}

fn instructions_per_call(server: &ServerProcess, variant: &str) -> Result<f64, String> {
    let few = instructions(server, variant, FEW)?;
    let many = instructions(server, variant, MANY)?;
    Ok((many - few) as f64 / (MANY - FEW) as f64)
}

fn allocations_per_call(server: &ServerProcess, variant: &str) -> f64 {
    let client = Client::new(variant, &server.address, &server.root);
    let request = sample();
    let runtime = runtime();
    runtime.block_on(client.calls(&request, WARM_UP));
    let counted = measure(|| runtime.block_on(client.calls(&request, MANY)));
    counted.count_total as f64 / MANY as f64
}

fn compare() -> Result<bool, String> {
    let server = ServerProcess::start();
    let mut rows = Vec::new();
    for variant in ["by hand", "typed"] {
        rows.push((
            instructions_per_call(&server, variant)?,
            allocations_per_call(&server, variant),
        ));
    }
    let request = sample();
    let encoding = measure(|| drop(request.request(&()).unwrap())).count_total;
    let ((hand, hand_allocations), (typed, typed_allocations)) = (rows[0], rows[1]);
    let percent = (typed - hand) * 100.0 / hand;
    let more = typed_allocations - hand_allocations;
    println!(
        "one call, {} bytes of answer, TLS 1.3, one connection",
        ANSWER.len()
    );
    println!(
        "{:<28}{:>12}{:>12}{:>10}{:>10}",
        "", "by hand", "typed", "more", "budget"
    );
    println!(
        "{:<28}{hand:>12.0}{typed:>12.0}{:>10}{:>10}",
        "instructions per call",
        format!("{percent:+.1} %"),
        format!("+{INSTRUCTIONS_PERCENT} %")
    );
    println!(
        "{:<28}{hand_allocations:>12.2}{typed_allocations:>12.2}{more:>+10.2}{:>10}",
        "allocations per call",
        format!("+{ALLOCATIONS}")
    );
    println!(
        "{:<28}{:>12}{encoding:>12}{:>10}{ENCODING:>10}",
        "allocations to encode", "", ""
    );
    let within = percent <= INSTRUCTIONS_PERCENT && more <= ALLOCATIONS && encoding <= ENCODING;
    println!("{}", if within { "within budget" } else { "OVER BUDGET" });
    Ok(within)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => {
            serve();
            ExitCode::SUCCESS
        }
        ["client", variant, address, calls] => {
            let client = Client::new(variant, address, &std::env::var("BENCH_ROOT").unwrap());
            let (runtime, request) = (runtime(), sample());
            runtime.block_on(client.calls(&request, WARM_UP));
            counted_calls(&runtime, &client, &request, calls.parse().unwrap());
            ExitCode::SUCCESS
        }
        arguments if arguments.contains(&"--bench") => smartid_callgrind::verdict(compare()),
        _ => {
            eprintln!("nothing is measured unless this is run by cargo bench");
            ExitCode::SUCCESS
        }
    }
}
