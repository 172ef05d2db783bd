//! Who asks for a token: Basic, form, or a client certificate (protocol notes: digital-access 6.1, D).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::{Fault, Form};
use crate::config::{BasicDecoding, ClientAuthentication, DaOauthConfig, OauthClient};
use crate::net::message::Request;
use crate::pki::{Certificate, PublicKey};

/// What the caller shows.
enum Shown {
    Basic(String, String),
    Body(String, String),
    Certificate(String),
}

fn form_decoded(text: &str) -> String {
    // A form has a name in front of its value.
    let text = format!("v={text}").replace('&', "%26");
    url::form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn basic(value: &str, decoding: BasicDecoding) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some(match decoding {
        BasicDecoding::Form => (form_decoded(id), form_decoded(secret)),
        BasicDecoding::Raw => (id.to_owned(), secret.to_owned()),
    })
}

fn shown(config: &DaOauthConfig, request: &Request, form: &Form) -> Result<Shown, Fault> {
    let query = Form::query(request).map_err(|wrong| Fault::request(wrong.code()))?;
    if ["client_id", "client_secret"]
        .iter()
        .any(|name| query.get(name).is_some())
    {
        return Err(Fault::request("secret_in_query"));
    }
    let mut headers = request.headers.get_all("authorization").iter();
    let header = headers.next();
    if headers.next().is_some() {
        return Err(Fault::request("authorization_repeated"));
    }
    let (id, secret) = (form.get("client_id"), form.get("client_secret"));
    match (header, id, secret) {
        (Some(_), _, Some(_)) => Err(Fault::request("two_authentications")),
        (Some(value), id, None) => {
            let read = value.to_str().ok();
            let (name, secret) = read
                .and_then(|value| basic(value, config.basic_decoding))
                .ok_or_else(|| Fault::client("basic_unreadable"))?;
            if id.is_some_and(|id| id != name) {
                return Err(Fault::request("two_clients"));
            }
            Ok(Shown::Basic(name, secret))
        }
        (None, Some(id), Some(secret)) => Ok(Shown::Body(id.to_owned(), secret.to_owned())),
        (None, Some(id), None) => Ok(Shown::Certificate(id.to_owned())),
        (None, None, _) => Err(Fault::client("client_missing")),
    }
}

/// Whether the certificate of the connection is one for this client.
fn certified(own_ca: &[u8], client: &OauthClient, request: &Request, now: u64) -> Result<(), &'static str> {
    let peer = request.peer.as_ref().ok_or("certificate_missing")?;
    let certificate = Certificate::parse(peer).map_err(|_| "certificate_unreadable")?;
    let authority = if client.ca_pem.is_empty() {
        own_ca.to_vec()
    } else {
        CertificateDer::from_pem_slice(client.ca_pem.as_bytes())
            .map_err(|_| "certificate_authority")?
            .to_vec()
    };
    let issued = Certificate::parse(&authority).ok().is_some_and(|authority| {
        authority.subject_der() == certificate.issuer_der()
            && PublicKey::from_spki(authority.spki_der())
                .is_ok_and(|key| certificate.verify_signature(&key).is_ok())
    });
    if !issued {
        return Err("certificate_of_other_authority");
    }
    let (from, until) = certificate.validity();
    if now < from || now > until {
        return Err("certificate_expired");
    }
    let wanted = &client.certificate_common_name;
    if !wanted.is_empty() && certificate.common_name().as_deref() != Some(wanted) {
        return Err("certificate_of_other_client");
    }
    Ok(())
}

/// The client that asks, once it has proved who it is.
pub(super) fn authenticate<'c>(
    config: &'c DaOauthConfig,
    own_ca: &[u8],
    now: u64,
    request: &Request,
    form: &Form,
) -> Result<&'c OauthClient, Fault> {
    let shown = shown(config, request, form)?;
    let (id, way) = match &shown {
        Shown::Basic(id, _) => (id, ClientAuthentication::Basic),
        Shown::Body(id, _) => (id, ClientAuthentication::Body),
        Shown::Certificate(id) => (id, ClientAuthentication::Certificate),
    };
    let refused = |code| Fault::client(code).challenged(way == ClientAuthentication::Basic);
    let client = config
        .clients
        .iter()
        .find(|client| client.id == *id)
        .ok_or_else(|| refused("client_unknown"))?;
    match &shown {
        Shown::Basic(_, secret) | Shown::Body(_, secret) => {
            verify_slices_are_equal(secret.as_bytes(), client.secret.as_bytes())
                .map_err(|_| refused("client_secret"))?;
        }
        Shown::Certificate(_) => certified(own_ca, client, request, now).map_err(refused)?,
    }
    if !client.authentication.contains(&way) {
        return Err(refused("client_authentication"));
    }
    Ok(client)
}
