//! The settings of the transport, with defaults that trust nobody and wait for nothing for ever.
//!
//! What a setting refuses is told when the transport is built, with the setting's name: a wrong configuration does not wait for the
//! first call.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use reqwest::Url;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{ConfigError, SecretString, TlsIdentity};

use crate::ReqwestTransport;
use crate::client::Settings;
use crate::tls::{self, TlsSettings};
use crate::transport::Limits;

const MIB: usize = 1024 * 1024;

/// Settings of a [`ReqwestTransport`]; made by [`ReqwestTransport::builder`].
///
/// ```
/// use std::time::Duration;
/// use smartid_reqwest::ReqwestTransport;
///
/// # let ca_pem = rcgen::generate_simple_self_signed(vec!["ca.example.test".to_owned()]).unwrap().cert.pem();
/// let transport = ReqwestTransport::builder()
///     .root_pem(&ca_pem)
///     .connect_timeout(Duration::from_secs(5))
///     .build()?;
/// # drop(transport);
///
/// let refused = ReqwestTransport::builder().build().unwrap_err();
/// assert!(refused.to_string().starts_with("setting tls.roots: "));
/// # Ok::<(), smartid_core::ConfigError>(())
/// ```
#[must_use = "nothing is made before build()"]
pub struct ReqwestTransportBuilder {
    tls: TlsSettings,
    identity: Option<Arc<dyn TlsIdentity>>,
    limits: Limits,
    connect_timeout: Duration,
    read_timeout: Duration,
    total_timeout: Duration,
    pool_idle: Duration,
    proxy: Option<reqwest::Proxy>,
    user_agent: HeaderValue,
    /// The first setting that was refused.
    refused: Option<ConfigError>,
}

impl Default for ReqwestTransportBuilder {
    fn default() -> Self {
        Self {
            tls: TlsSettings::default(),
            identity: None,
            limits: Limits {
                response: 8 * MIB,
                plain_http: false,
            },
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(60),
            pool_idle: Duration::from_secs(15),
            proxy: None,
            user_agent: HeaderValue::from_static(concat!("smartid-rs/", env!("CARGO_PKG_VERSION"))),
            refused: None,
        }
    }
}

impl ReqwestTransportBuilder {
    /// Trusts the certificates of this PEM text as roots, one or several. Can be called repeatedly.
    ///
    /// Setting `tls.roots` in errors.
    pub fn root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        let roots = tls::roots_from_pem(pem.as_ref());
        if let Some(roots) = self.keep(roots) {
            self.tls.roots.extend(roots);
        }
        self
    }

    /// Trusts this certificate (DER) as a root. Can be called repeatedly.
    ///
    /// Setting `tls.roots` in errors.
    pub fn root_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.tls.roots.push(CertificateDer::from(der.into()));
        self
    }

    /// Trusts the roots of the operating system as well. They are not trusted unless this is called: an API key should not go to
    /// whoever can get a certificate from any public CA. Cannot be combined with revocation lists.
    pub fn system_roots(mut self) -> Self {
        self.tls.system_roots = true;
        self
    }

    /// Refuses servers that the revocation lists of this PEM text revoke. Can be called repeatedly.
    ///
    /// As soon as one list is given, there must be a current one for each issuer of the server's chain but the root itself (which
    /// nobody can revoke): a status that no list tells, or that only an outdated list tells, is refused.
    ///
    /// Setting `tls.crls` in errors.
    pub fn crl_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        let crls = tls::crls_from_pem(pem.as_ref());
        if let Some(crls) = self.keep(crls) {
            self.tls.crls.extend(crls);
        }
        self
    }

    /// As [`crl_pem`](Self::crl_pem), for one list in DER.
    pub fn crl_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.tls.crls.push(CertificateRevocationListDer::from(der.into()));
        self
    }

    /// Shows this certificate to a server that asks for one. [`ReqwestTransport::set_identity`] changes it later.
    ///
    /// TLS libraries wait for the key in the middle of the handshake. For an identity that says that it
    /// [blocks](TlsIdentity::blocks), each request therefore takes one of tokio's blocking threads until its answer begins, on
    /// runtimes with one and with several threads; no other task has to wait. Connections are kept, so the key signs rarely.
    ///
    /// Setting `tls.identity` in errors: no certificate, one that cannot be read, or no signature scheme.
    pub fn identity(mut self, identity: Arc<dyn TlsIdentity>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Offers TLS 1.2 and not TLS 1.3. For an RSA key on an old card that can do PKCS #1 v1.5 alone: TLS 1.3 demands PSS of it, and a
    /// server that can do both versions takes TLS 1.3 before it knows the key.
    pub fn tls_1_2_only(mut self) -> Self {
        self.tls.only_tls12 = true;
        self
    }

    /// How long making a connection may take, name look-up and TLS handshake included. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long the server may be silent: until the answer begins, and between two pieces of it. Default: 30 s.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = limit;
        self
    }

    /// How long a request may take from connecting to the last byte of the answer. Default: 60 s.
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = limit;
        self
    }

    /// The largest body that is read, in bytes. Default: 8 MiB.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.limits.response = bytes;
        self
    }

    /// Sends everything through this proxy, an `http` or `https` URL; with `basic` it is told a user name and a password.
    /// Default: none, whatever the environment says.
    ///
    /// Setting `http.proxy` in errors, which name neither the password nor the URL.
    pub fn proxy(mut self, url: &str, basic: Option<(&str, &SecretString)>) -> Self {
        let proxy = proxy(url, basic);
        self.proxy = self.keep(proxy);
        self
    }

    /// The `User-Agent` header. Default: `smartid-rs/` and the version of this crate.
    ///
    /// Setting `http.user_agent` in errors.
    pub fn user_agent(mut self, name: &str) -> Self {
        let value = HeaderValue::from_str(name).map_err(|_| {
            ConfigError::new(
                "http.user_agent",
                "contains a character that cannot stand in an HTTP header",
            )
        });
        if let Some(value) = self.keep(value) {
            self.user_agent = value;
        }
        self
    }

    /// How long an idle connection is kept for the next request; zero keeps none.
    ///
    /// Default: 15 s, less than the 20 s after which Tomcat, on which Messaging and Protocol Gateway run, closes an idle connection
    /// as it is shipped. A request that meets a connection in the moment it is closed ends as "perhaps done", so it is better that we
    /// close first.
    pub fn pool_idle(mut self, limit: Duration) -> Self {
        self.pool_idle = limit;
        self
    }

    /// Allows `http` URLs, and a transport without roots.
    ///
    /// Over plain HTTP everyone on the way reads the API key or token of each request and can answer in the place of the service.
    /// Only for a loopback address in a test.
    pub fn danger_allow_plain_http(mut self) -> Self {
        self.limits.plain_http = true;
        self
    }

    /// Makes the transport.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the first setting that cannot be used.
    pub fn build(self) -> Result<ReqwestTransport, ConfigError> {
        let Self {
            mut tls,
            identity,
            limits,
            connect_timeout,
            read_timeout,
            total_timeout,
            pool_idle,
            proxy,
            user_agent,
            refused,
        } = self;
        if let Some(error) = refused {
            return Err(error);
        }
        for (setting, limit) in [
            ("http.connect_timeout", connect_timeout),
            ("http.read_timeout", read_timeout),
            ("http.total_timeout", total_timeout),
        ] {
            if limit.is_zero() {
                return Err(ConfigError::new(setting, "must be longer than zero"));
            }
        }
        if limits.response == 0 {
            return Err(ConfigError::new(
                "http.response_limit",
                "must be larger than zero",
            ));
        }
        let alpn: &[&[u8]] = if cfg!(feature = "http2") {
            &[b"h2", b"http/1.1"]
        } else {
            &[b"http/1.1"]
        };
        // A transport for plain HTTP needs no roots; over HTTPS it then trusts nobody.
        tls.may_trust_nobody = limits.plain_http;
        let settings = Settings {
            tls: tls.build(alpn)?,
            plain_http: limits.plain_http,
            connect_timeout,
            read_timeout,
            total_timeout,
            pool_idle,
            proxy,
            user_agent,
        };
        ReqwestTransport::new(settings, identity, limits)
    }

    fn keep<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.refused.get_or_insert(error);
                None
            }
        }
    }
}

impl std::fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            tls:
                TlsSettings {
                    roots,
                    system_roots,
                    crls,
                    only_tls12,
                    may_trust_nobody: _,
                },
            identity,
            limits,
            connect_timeout,
            read_timeout,
            total_timeout,
            pool_idle,
            proxy,
            user_agent,
            refused,
        } = self;
        f.debug_struct("ReqwestTransportBuilder")
            .field("roots", &roots.len())
            .field("system_roots", system_roots)
            .field("crls", &crls.len())
            .field("tls_1_2_only", only_tls12)
            .field("identity", &identity.is_some())
            .field("limits", limits)
            .field("connect_timeout", connect_timeout)
            .field("read_timeout", read_timeout)
            .field("total_timeout", total_timeout)
            .field("pool_idle", pool_idle)
            .field("proxy", &proxy.is_some())
            .field("user_agent", user_agent)
            .field("refused", refused)
            .finish()
    }
}

fn proxy(url: &str, basic: Option<(&str, &SecretString)>) -> Result<reqwest::Proxy, ConfigError> {
    let refuse = |problem: &str| ConfigError::new("http.proxy", problem);
    let url = Url::parse(url.trim()).map_err(|error| refuse(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refuse(
            "must be an http or https URL such as http://proxy.example:3128",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(
            "must not contain a user name or password; they are given apart",
        ));
    }
    let proxy = reqwest::Proxy::all(url).map_err(|_| refuse("cannot be used as a proxy"))?;
    let Some((user, password)) = basic else {
        return Ok(proxy);
    };
    if user.is_empty() || user.contains(':') {
        return Err(refuse(
            "the user name must not be empty and must not contain a colon",
        ));
    }
    let pair = SecretString::new(format!("{user}:{}", password.expose()));
    let value = SecretString::new(format!(
        "Basic {}",
        encode(Flavour::Standard, pair.expose().as_bytes())
    ));
    let mut value = HeaderValue::from_str(value.expose())
        .map_err(|_| refuse("the user name or password cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(proxy.custom_http_auth(value))
}
