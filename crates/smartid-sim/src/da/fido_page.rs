//! FIDO in a browser (protocol notes: digital-access 2.2): the login page of a method of that kind, and the self-service page with the
//! endpoint behind it. Page and path are documented; the scripts, and what they exchange, are the simulator's own. Browsers insist that
//! `da.rp_id` and `da.origins` fit the address of the page, for example `localhost` and `https://localhost:8443`.

use serde_json::{Value, json};

use super::Da;
use super::auth::{Wanted, escaped};
use super::page::Page;
use crate::config::{DaConfig, DaMethodKind};
use crate::net::message::{Reply, Request};
use crate::webauthn::Refused;

pub(super) const SELF_SERVICE: &str = "/wa/fido/fidoProfileProvisioning.html";

/// base64url of scripts, and a place for what went wrong.
const COMMON: &str = "const enc=b=>btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\\+/g,'-').replace(/\\//g,'_').replace(/=+$/,'');\
const dec=t=>Uint8Array.from(atob(t.replace(/-/g,'+').replace(/_/g,'/')),c=>c.charCodeAt(0));\
const say=t=>{document.getElementById('said').textContent=t};\
const send=async(url,body)=>{const r=await fetch(url,body?{method:'POST',headers:{'content-type':'application/json'},body:JSON.stringify(body),credentials:'same-origin'}:{credentials:'same-origin'});\
if(!r.ok)throw new Error((await r.text()).slice(0,200)||r.status);return r};\
const ids=l=>(l||[]).map(c=>({...c,id:dec(c.id)}));";

/// A text inside a script.
fn literal(text: &str) -> String {
    json!(text).to_string().replace('<', "\\u003c")
}

impl Da {
    fn fido_method(config: &DaConfig) -> Option<&str> {
        config
            .methods
            .iter()
            .find(|method| method.enabled && method.kind == DaMethodKind::Fido)
            .map(|method| method.name.as_str())
    }

    /// The login page.
    pub(super) fn fido_login_page(&self, config: &DaConfig, wanted: &Wanted<'_>, title: &str) -> Reply {
        let path = format!("{}/{}", super::base(config), config.login_path.trim_matches('/'));
        let script = format!(
            "{COMMON}const url={};document.forms[0].addEventListener('submit',async e=>{{e.preventDefault();say('');try{{\
             const n=document.getElementById('u').value;\
             const o=await(await send(n?url+'?{}='+encodeURIComponent(n):url)).json();\
             o.challenge=dec(o.challenge);o.allowCredentials=ids(o.allowCredentials);\
             const c=await navigator.credentials.get({{publicKey:o}});const r=c.response;\
             const a={{clientDataJSON:enc(r.clientDataJSON),authenticatorData:enc(r.authenticatorData),signature:enc(r.signature)}};\
             if(r.userHandle)a.userHandle=enc(r.userHandle);\
             await send(url,{{id:c.id,rawId:enc(c.rawId),type:c.type,response:a,clientExtensionResults:c.getClientExtensionResults()}});\
             location.href={}}}catch(x){{say(x.message||x)}}}});",
            literal(&path),
            escaped(&config.user_parameter),
            literal(wanted.target()),
        );
        Page::new(title)
            .html(
                "<form><label for=\"u\">User name (may be empty)</label><input id=\"u\" autocomplete=\"username webauthn\" autofocus>\
                 <button>Use security key</button></form><p class=\"error\" id=\"said\"></p>\
                 <noscript><p>This method needs script.</p></noscript>",
            )
            .script(&self.random.hex64("script"), &script)
            .reply(200)
            .with_code("fido_page")
    }

    /// The self-service page.
    pub(super) fn fido_self_service(&self, config: &DaConfig, request: &Request) -> Reply {
        if self.session(config, request).is_none() {
            let to = format!("/wa/auth?location={}", escaped(SELF_SERVICE));
            return Reply::empty(302)
                .with_header("location", &to)
                .with_code("unauthenticated");
        }
        let script = format!(
            "{COMMON}const url={};document.forms[0].addEventListener('submit',async e=>{{e.preventDefault();say('');try{{\
             let o=await(await send(url)).json();o=o.publicKey||o;\
             o.challenge=dec(o.challenge);o.user.id=dec(o.user.id);o.excludeCredentials=ids(o.excludeCredentials);\
             const c=await navigator.credentials.create({{publicKey:o}});const r=c.response;\
             await send(url,{{id:c.id,rawId:enc(c.rawId),type:c.type,response:{{clientDataJSON:enc(r.clientDataJSON),\
             attestationObject:enc(r.attestationObject),transports:r.getTransports?r.getTransports():[]}},\
             clientExtensionResults:c.getClientExtensionResults()}});say('The security key is registered.')}}\
             catch(x){{say(x.message||x)}}}});",
            literal(&config.session.registration_path),
        );
        Page::new("Register a security key")
            .html(
                "<form><button>Register</button></form><p id=\"said\"></p>\
                 <noscript><p>This page needs script.</p></noscript>",
            )
            .script(&self.random.hex64("script"), &script)
            .reply(200)
            .with_code("fido_self_service")
    }

    /// What stands behind the self-service page: always for the person of the session, whoever the request may name.
    pub(super) fn fido_self_registration(
        &self,
        config: &DaConfig,
        request: &Request,
    ) -> Result<Reply, Refused> {
        let Some(session) = self.session(config, request) else {
            return Ok(super::reply::unauthenticated_as(
                config,
                config.session.me_unauthenticated,
            ));
        };
        self.check_user(&session.user)?;
        match request.method.as_str() {
            "GET" => self.issue_options(config, session.user),
            "POST" if !request.is_json() => Err(Refused::new(
                "content_type",
                "the content type must be application/json",
            )),
            "POST" => {
                let body: Value = crate::json::read_strict(&request.body)
                    .map_err(|error| Refused::new("json_malformed", format!("not JSON: {error}")))?;
                self.store_credential(config, Some(session.user), &body)
            }
            _ => Err(Refused::new("method", "method not allowed")),
        }
    }

    /// Makes a session of a login, unless there is no such method, or a form of another site has sent it.
    pub(super) fn fido_session(&self, request: &Request, reply: Reply, user: &str) -> Reply {
        let config = self.config.get();
        match Self::fido_method(&config.da).filter(|_| request.is_json()) {
            Some(method) => self.log_in(&config.da, request, reply, user, method),
            None => reply,
        }
    }
}
