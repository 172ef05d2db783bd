//! A client of the REST API of Certificate Manager that knows nothing but TLS, HTTP and bodies typed from the protocol notes; and
//! officers of the simulator who sign.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use smartid_sim::pki::{Certificate, Key, KeyKind, SigAlg, csr};
use smartid_sim::{Sim, SimClock, SimConfig};

/// A caller with one TLS identity.
pub(crate) struct Caller {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
}

/// A status with its headers and bytes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[track_caller]
    pub(crate) fn error(&self) -> i64 {
        self.json()["error"].as_i64().unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.header("content-type").unwrap_or_default()
    }

    /// What is to be signed, if this asks for a signature.
    #[track_caller]
    pub(crate) fn data(&self) -> Vec<u8> {
        let body = self.json();
        assert_eq!(body["error"], -19, "{body}");
        let text: String = body["dataToSign"].as_str().unwrap().split_whitespace().collect();
        BASE64_STANDARD.decode(text).unwrap()
    }
}

pub(crate) fn builder(sim: &Sim) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(sim.ca_pem().as_bytes()).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

pub(crate) const BOUNDARY: &str = "----boundary-7d1e";

/// A multipart body; names that end with `*` are sent with a file name.
pub(crate) fn multipart(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let (name, file) = match name.strip_suffix('*') {
            Some(name) => (
                name,
                "; filename=\"a.bin\"\r\nContent-Type: application/octet-stream",
            ),
            None => (*name, ""),
        };
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
                .as_bytes(),
        );
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl Caller {
    pub(crate) fn new(sim: &Sim, officer: &str) -> Self {
        let identity = sim.officer(officer).unwrap().identity_pem();
        Self::with_identity(sim, &identity)
    }

    pub(crate) fn with_identity(sim: &Sim, pem: &str) -> Self {
        let identity = reqwest::Identity::from_pem(pem.as_bytes()).unwrap();
        Self {
            http: builder(sim).identity(identity).build().unwrap(),
            base: sim.cm_url(),
        }
    }

    pub(crate) fn anonymous(sim: &Sim) -> Self {
        Self {
            http: builder(sim).build().unwrap(),
            base: sim.cm_url(),
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}/{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap()).await
    }

    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        let request = self.request("GET", path).header("accept", accept);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request("POST", path).header("content-type", kind).body(body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn post_multipart(&self, path: &str, fields: &[(&str, &[u8])]) -> Answer {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post(path, &kind, multipart(fields)).await
    }

    pub(crate) async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post(path, "application/x-www-form-urlencoded", form(fields))
            .await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, "application/json", body.to_string()).await
    }
}

impl Caller {
    /// Posts a form to a servlet, with headers.
    pub(crate) async fn servlet(
        &self,
        path: &str,
        headers: &[(&str, &[u8])],
        body: impl Into<String>,
    ) -> Answer {
        let base = self.base.strip_suffix("/api").unwrap();
        let mut request = self
            .http
            .post(format!("{base}/{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into());
        for (name, value) in headers {
            let value = reqwest::header::HeaderValue::from_bytes(value).unwrap();
            request = request.header(*name, value);
        }
        Answer::of(request.send().await.unwrap()).await
    }
}

/// A simulator with a caller for the officer who may do everything.
pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) ra: Caller,
}

impl Bench {
    /// With a manual clock, a seed, and the switches of a TOML text below `[cm]`.
    pub(crate) async fn new(toml: &str) -> Self {
        Self::with(&format!("[cm]\n{toml}")).await
    }

    pub(crate) async fn with(toml: &str) -> Self {
        let config = SimConfig::from_toml(toml).unwrap_or_else(|error| panic!("{error}"));
        let builder = Sim::builder().config(config).seed(7).clock(SimClock::manual());
        let sim = builder.start().await.unwrap();
        let ra = Caller::new(&sim, "ra-officer");
        Self { sim, ra }
    }

    /// The word that the simulator noted for the last call.
    pub(crate) fn word(&self) -> String {
        let records = self.sim.records();
        records.last().unwrap().code.clone().unwrap_or_default()
    }

    pub(crate) fn now(&self) -> u64 {
        self.sim.clock().unix_millis() / 1000
    }

    /// The signature of an officer on data, as base64.
    pub(crate) fn sign(&self, officer: &str, data: &[u8]) -> String {
        BASE64_STANDARD.encode(self.sim.officer(officer).unwrap().sign(data).unwrap())
    }

    /// Both calls of a request with form fields; the answer of the second.
    pub(crate) async fn signed(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let first = self.ra.post_form(path, fields).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let signature = self.sign("ra-officer", &first.data());
        let mut all = fields.to_vec();
        all.push(("signature", &signature));
        self.ra.post_form(path, &all).await
    }

    /// Issues a certificate for this subject through the REST API; gives its number and bytes.
    pub(crate) async fn issue(&self, subject: &str) -> (String, Certificate) {
        let request = BASE64_STANDARD.encode(csr_for(subject));
        let answer = self.signed("certificates/pkcs10", &[("pkcs10", &request)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let certid = answer.header("certId").unwrap();
        let issued = self.sim.cm().certificate(&certid).unwrap();
        (certid, issued.parse().unwrap())
    }
}

pub(crate) fn key() -> Key {
    Key::generate(KeyKind::P256).unwrap()
}

/// A certificate request with a new key.
pub(crate) fn csr_for(subject: &str) -> Vec<u8> {
    csr::make(subject, &[], &key(), SigAlg::Es256).unwrap()
}

/// Base64 in lines.
pub(crate) fn lines(text: &str, width: usize, end: &str) -> String {
    let chunks = text.as_bytes().chunks(width);
    chunks
        .map(|line| format!("{}{end}", String::from_utf8_lossy(line)))
        .collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Elements of a DER sequence: tag and whole encoding.
pub(crate) fn elements(der: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut out, mut rest) = (Vec::new(), der);
    while let [tag, first, ..] = rest {
        let (head, length) = match *first {
            short @ 0..0x80 => (2, usize::from(short)),
            digits => {
                let count = usize::from(digits & 0x7f);
                (
                    2 + count,
                    rest[2..2 + count]
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                )
            }
        };
        out.push((*tag, rest[..head + length].to_vec()));
        rest = &rest[head + length..];
    }
    out
}

/// Those inside an element.
pub(crate) fn inside(element: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let head = if element[1] < 0x80 {
        2
    } else {
        2 + usize::from(element[1] & 0x7f)
    };
    elements(&element[head..])
}

/// An element of DER around its content.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length.to_be_bytes()[1]),
        0x80..0x100 => out.extend([0x81, length.to_be_bytes()[1]]),
        _ => out.extend([0x82].into_iter().chain(length.to_be_bytes())),
    }
    out.extend_from_slice(content);
    out
}

/// Both calls of a JSON request; the answer of the second.
pub(crate) async fn signed(bench: &Bench, path: &str, body: &Value) -> Answer {
    let first = bench.ra.post_json(path, body).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let mut signed = body.clone();
    signed["signature"] = json!(bench.sign("ra-officer", &first.data()));
    bench.ra.post_json(path, &signed).await
}
