//! The push of certificates to Identity Manager: a distribution rule of Certificate Manager sends each certificate that was issued to
//! the other side's address (protocol notes: cm 10, vendor page "Push certificates from Certificate Manager to Identity Manager",
//! documented).

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Cm, values};
use crate::SimError;
use crate::config::{CmPushConfig, PushBody};
use crate::faults::{FaultKind, Route};
use crate::net::client::{Call, HttpClient};
use crate::net::tls::ClientIdentity;
use crate::pki::pem;
use crate::record::{Party, Record};

/// Everything but what RFC 3986 2.3 leaves as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A certificate to push, with the address and how the caller proves who it is. `Debug` shows no password and no key.
#[derive(Clone)]
pub struct CertificatePush {
    url: String,
    template: String,
    process: Option<String>,
    tenant: Option<String>,
    basic: Option<(String, String)>,
    identity: Option<ClientIdentity>,
    der: Vec<u8>,
}

impl fmt::Debug for CertificatePush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url: _,
            template,
            process,
            tenant,
            basic: _,
            identity: _,
            der,
        } = self;
        f.debug_struct("CertificatePush")
            .field("template", template)
            .field("process", process)
            .field("tenant", tenant)
            .field("der_bytes", &der.len())
            .finish_non_exhaustive()
    }
}

impl CertificatePush {
    /// To the receiver at `url`, for example `https://localhost:18443`, below which the path of `cm.push.path` is put; for a
    /// certificate core template of Identity Manager. What is pushed need not be a certificate.
    pub fn new(url: impl Into<String>, template: impl Into<String>, der: impl Into<Vec<u8>>) -> Self {
        Self {
            url: url.into(),
            template: template.into(),
            process: None,
            tenant: None,
            basic: None,
            identity: None,
            der: der.into(),
        }
    }

    /// The process that is to be started with it.
    #[must_use]
    pub fn process(mut self, process: impl Into<String>) -> Self {
        self.process = Some(process.into());
        self
    }

    /// The tenant, in the query.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// HTTP Basic, with an internal user of Identity Manager.
    #[must_use]
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.basic = Some((user.into(), password.into()));
        self
    }

    /// A TLS client certificate.
    #[must_use]
    pub fn client_certificate(mut self, identity: ClientIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    fn address(&self, config: &CmPushConfig) -> String {
        let encode = |text: &str| utf8_percent_encode(text, SEGMENT).to_string();
        let mut address = format!(
            "{}/{}/{}",
            self.url.trim_end_matches('/'),
            config.path.trim_matches('/'),
            encode(&self.template)
        );
        if let Some(process) = &self.process {
            address.push('/');
            address.push_str(&encode(process));
        }
        if let Some(tenant) = &self.tenant {
            address.push_str(&format!("?{}={}", config.tenant_parameter, encode(tenant)));
        }
        address
    }

    fn body(&self, config: &CmPushConfig) -> Bytes {
        match config.body {
            PushBody::Base64 => values::base64(&self.der, false).into(),
            PushBody::Base64Lines => values::base64(&self.der, true).into(),
            PushBody::Pem => pem("CERTIFICATE", &self.der).into(),
            PushBody::Der => self.der.clone().into(),
        }
    }
}

/// How one push ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PushReport {
    /// Status that the receiver answered; `None` when there was no answer.
    pub status: Option<u16>,
    /// Body that the receiver answered.
    pub body: Vec<u8>,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Cm {
    /// Sends a certificate as often as the switches say; faults may keep it back or repeat it.
    pub(super) async fn push(&self, push: &CertificatePush) -> Result<Vec<PushReport>, SimError> {
        let config = self.config.get();
        let settings = &config.cm.push;
        let tls = self
            .authority
            .client_config_as(&settings.extra_ca_pem, push.identity.as_ref())?;
        let client = HttpClient::new(tls, Some(Duration::from_secs(settings.timeout_seconds)));
        let address = push.address(settings);
        let mut headers = vec![("content-type".to_owned(), settings.content_type.clone())];
        if let Some((user, password)) = &push.basic {
            let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
            headers.push(("authorization".to_owned(), format!("Basic {pair}")));
        }
        let body = push.body(settings);
        let mut copies = settings.times;
        let (path, query) = address
            .split_once('?')
            .map_or((address.as_str(), None), |(path, query)| (path, Some(query)));
        for fault in self.faults.take(Route::CmPush, "POST", path) {
            match fault {
                FaultKind::Latency { millis } => self.clock.sleep(Duration::from_millis(millis)).await,
                FaultKind::CallbackDrop => copies = 0,
                FaultKind::CallbackDuplicate { copies: more } => copies = copies.saturating_add(more),
                _ => (),
            }
        }
        let mut reports = Vec::new();
        for _ in 0..copies {
            let number = self.records.begin(Record {
                number: 0,
                at: self.clock.now(),
                party: Party::CertificatePush,
                method: "POST".into(),
                path: path.to_owned(),
                query: query.map(str::to_owned),
                headers: headers.clone(),
                body: body.clone(),
                status: None,
                reply: Bytes::new(),
                code: None,
            });
            let call = Call {
                method: "POST",
                url: &address,
                headers: &headers,
                body: body.clone(),
            };
            let report = match client.send(call).await {
                Ok(answer) => PushReport {
                    status: Some(answer.status),
                    body: answer.body.to_vec(),
                    error: None,
                },
                Err(error) => PushReport {
                    status: None,
                    body: Vec::new(),
                    error: Some(error),
                },
            };
            let code = report.error.as_ref().map(|error| format!("push_failed: {error}"));
            self.records
                .finish(number, report.status, Bytes::from(report.body.clone()), code);
            reports.push(report);
        }
        Ok(reports)
    }
}
