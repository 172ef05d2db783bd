//! The template of a new API user, to be pasted into the product's configuration (protocol notes: hermod 1.4, "Add API user and
//! callback URL in Hermod": address D, text D-ex). It is made to be called on the host itself and asks for no key.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::errors::Refusal;
use super::{Hermod, prefix};
use crate::config::HermodConfig;
use crate::net::message::Reply;

/// Letters of a client id.
const MAX_ID: usize = 100;

/// A YAML scalar: as it is when that is safe, else in single quotes.
fn scalar(text: &str) -> String {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    // What YAML reads as something else than text.
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if plain && begins && !word {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

impl Hermod {
    /// `GET {prefix}/util/generateclient/{clientid}`. The user is not added.
    pub(super) fn generate_client(&self, config: &HermodConfig, id: &str) -> Result<Reply, Refusal> {
        if !config.generate.enabled {
            return Err(Refusal::new(404, "generate_off", "not found"));
        }
        // A colon would end the id inside X-Api-Key.
        if id.is_empty()
            || id.chars().count() > MAX_ID
            || id.contains(':')
            || id.chars().any(char::is_control)
        {
            return Err(Refusal::bad("client_id", "this is no client id"));
        }
        let key = self.random.hex64("generated-key");
        let [name, basic, url] = if config.generate.camel {
            ["clientId", "callbackBasicAuth", "callbackUrl"]
        } else {
            ["client-id", "callback-basic-auth", "callback-url"]
        };
        let text = format!(
            "# X-Api-Key: {}\n\
             - {name}: {}\n\
             \x20 key: {key}\n\
             \x20 # optional user:password for basic authentication in callbacks\n\
             \x20 {basic}: user:password\n\
             \x20 # callback URL base for this client\n\
             \x20 {url}: http://localhost:20400{}\n\
             \x20 # optional: content provider url + user:password\n",
            BASE64_STANDARD.encode(format!("{id}:{key}")),
            scalar(id),
            prefix(config),
        );
        Ok(Reply::text(200, "text/plain;charset=UTF-8", text).with_code("generated"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_texts() {
        for (id, written) in [
            ("idm", "idm"),
            ("golden-client", "golden-client"),
            ("no", "'no'"),
            ("12", "'12'"),
            ("it's", "'it''s'"),
            ("a #b", "'a #b'"),
            ("-", "'-'"),
        ] {
            assert_eq!(scalar(id), written);
        }
    }
}
