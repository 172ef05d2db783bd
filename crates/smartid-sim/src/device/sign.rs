//! Sign and authenticate: shows, chooses a key, asks for the PIN, signs (protocol notes: hermod 3.4, 3.5). What exactly is signed when
//! there are several entries, or none, is unknown and a switch.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::choose::Candidate;
use super::command::{Command, Kind, entries};
use super::report::{Shown, ShownAs};
use super::{App, DeviceReport, Reaction, Refusal, Side, flaw, xmldsig};
use crate::Persona;
use crate::config::{DesktopVersion, SeveralTbs, SignatureConfig, SimConfig, WithoutTbs};
use crate::pki::{Certificate, Key, Profile, SigAlg, Validity, cms, jws};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pkcs7,
    Jws,
    Raw,
    Xmldsig,
}

/// A signature without a digest of its own: the caller brings what is padded (PKCS #11).
const UNHASHED: &str = "CKM_RSA_PKCS";

impl Format {
    fn read(settings: &SignatureConfig, text: &str) -> Option<Self> {
        match text {
            "pkcs7" => Some(Self::Pkcs7),
            "jws" => Some(Self::Jws),
            other if other == settings.raw_format => Some(Self::Raw),
            other if other == settings.xmldsig_format => Some(Self::Xmldsig),
            _ => None,
        }
    }

    fn name(self, settings: &SignatureConfig) -> &str {
        match self {
            Self::Pkcs7 => "pkcs7",
            Self::Jws => "jws",
            Self::Raw => &settings.raw_format,
            Self::Xmldsig => &settings.xmldsig_format,
        }
    }
}

fn not_supported(what: &str) -> Refusal {
    Refusal::new("FORMAT_NOT_SUPPORTED", what)
}

/// The format that is asked for, if this app makes it. Without one, the app's usual one (identity-manager 5.1, D-ex).
fn format(config: &SimConfig, side: Side, params: &Value) -> Result<Format, Refusal> {
    let asked = match params.get("format") {
        None | Some(Value::Null) => match side {
            Side::Mobile => "jws",
            Side::Desktop => "pkcs7",
        },
        Some(value) => value
            .as_str()
            .ok_or_else(|| Refusal::parameter("format is not a text"))?,
    };
    let format = Format::read(&config.device.signature, asked)
        .ok_or_else(|| not_supported("a format that is not known"))?;
    let able = match side {
        Side::Mobile => config.mobile.formats.iter().any(|able| able == asked),
        // XML signatures and raw RSA came with 1.12.1 (hermod 3.4, D).
        Side::Desktop => {
            matches!(format, Format::Pkcs7 | Format::Jws) || config.desktop.version >= DesktopVersion::V1_12_1
        }
    };
    if able {
        Ok(format)
    } else {
        Err(not_supported("this app does not make this format"))
    }
}

fn joined(entries: &[Shown], raw: Option<String>, rule: SeveralTbs, reversed: bool) -> Vec<u8> {
    let mut contents: Vec<&[u8]> = entries.iter().map(|entry| entry.content.as_slice()).collect();
    if reversed {
        contents.reverse();
    }
    match rule {
        SeveralTbs::Concatenated => contents.concat(),
        SeveralTbs::First => contents.first().copied().unwrap_or_default().to_vec(),
        SeveralTbs::EntriesJson => {
            let raw = raw.unwrap_or_default();
            if !reversed {
                return raw.into_bytes();
            }
            let mut list: Vec<Value> = serde_json::from_str(&raw).unwrap_or_default();
            list.reverse();
            Value::Array(list).to_string().into_bytes()
        }
    }
}

impl App {
    /// The bytes to sign.
    fn content(
        &self,
        config: &SimConfig,
        persona: Persona,
        command: &Command,
        chosen: &Candidate,
    ) -> Result<Vec<u8>, Refusal> {
        let settings = &config.device.signature;
        let params = command.params();
        let reversed = persona == Persona::ReordersTbs;
        let tbs = entries(params, "tbs", ShownAs::ToBeSigned)?;
        let content = if !tbs.is_empty() {
            joined(
                &tbs,
                command.raw_params(Some("tbs")),
                settings.several_tbs,
                reversed,
            )
        } else if command.kind == Kind::Sign {
            return Err(Refusal::parameter("there is nothing to sign"));
        } else {
            let nonce = params.get("nonce").or_else(|| command.body.get("nonce"));
            let raw = command.raw_params(Some("description"));
            match settings.without_tbs {
                WithoutTbs::Identity => self.who(config, persona, nonce, chosen),
                WithoutTbs::Descriptions => joined(
                    &entries(params, "description", ShownAs::Description)?,
                    raw,
                    settings.several_tbs,
                    reversed,
                ),
                WithoutTbs::DescriptionJson => {
                    format!("{{\"description\":{}}}", raw.unwrap_or_else(|| "[]".into())).into_bytes()
                }
                WithoutTbs::Params => command.raw_params(None).unwrap_or_default().into_bytes(),
                WithoutTbs::Nonce => nonce
                    .and_then(Value::as_str)
                    .ok_or_else(|| Refusal::parameter("the command has no nonce"))?
                    .as_bytes()
                    .to_vec(),
                WithoutTbs::Empty => Vec::new(),
            }
        };
        Ok(match persona {
            Persona::SignsOther => flaw::other(&content),
            _ => content,
        })
    }

    /// Who answers to what. A card that no profile is on knows neither user nor profile.
    fn who(
        &self,
        config: &SimConfig,
        persona: Persona,
        nonce: Option<&Value>,
        chosen: &Candidate,
    ) -> Vec<u8> {
        let profile = self.profile(&chosen.profile);
        let payload = self.identity(config, persona, nonce, profile.as_ref());
        Value::Object(payload).to_string().into_bytes()
    }

    pub(super) fn sign(
        &self,
        persona: Persona,
        command: &Command,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        let config = self.world.config.get();
        let settings = &config.device.signature;
        let params = command.params();
        let asked = format(&config, self.side, params)?;
        let mechanism = params.get("mechanism").and_then(Value::as_str);
        let alg =
            match mechanism {
                None | Some(UNHASHED) => None,
                Some(name) => Some(SigAlg::from_name(name).ok_or_else(|| {
                    Refusal::new("MECHANISM_NOT_SUPPORTED", "a mechanism that is not known")
                })?),
            };
        let needs_certificate = matches!(asked, Format::Pkcs7);
        let chosen = self.choose(command, home, alg, needs_certificate)?;
        self.ask_pin(&config, persona, &chosen)?;
        report.did(format!("signed with the key {}", chosen.key.id));
        if !chosen.profile.is_empty() {
            report.profile_id = Some(chosen.profile.clone());
        }
        let content = self.content(&config, persona, command, &chosen)?;
        let (key, chain) = self.signer(persona, &chosen)?;
        let made = match (persona, asked) {
            (Persona::WrongFormat, Format::Pkcs7) => Format::Jws,
            (Persona::WrongFormat, _) => Format::Pkcs7,
            (_, asked) => asked,
        };
        let job = Job {
            settings,
            content: &content,
            key: &key,
            chain: &chain,
            kid: &chosen.key.id,
            alg: alg.unwrap_or_else(|| {
                let own = chosen.key.mechanism.as_deref().and_then(SigAlg::from_name);
                own.unwrap_or_else(|| key.default_alg())
            }),
            unhashed: mechanism == Some(UNHASHED),
            broken: persona == Persona::ForgesSignature,
            now: self.world.clock.unix_millis() / 1000,
        };
        let data = job.make(made)?;
        Ok(Reaction::success(Some(
            json!({"format": made.name(settings), "data": data}),
        )))
    }

    /// The PIN of the card, or of the profile when it is on none.
    fn ask_pin(&self, config: &SimConfig, persona: Persona, chosen: &Candidate) -> Result<(), Refusal> {
        let limit = match self.side {
            Side::Mobile => config.mobile.pin_tries,
            Side::Desktop => config.desktop.pin_tries,
        };
        self.tokens
            .type_pin(&chosen.card, persona == Persona::WrongPin, limit)
    }

    /// Key and certificates that sign: the chosen ones, or those of a stranger who says he is the same person.
    fn signer(&self, persona: Persona, chosen: &Candidate) -> Result<(Key, Vec<Vec<u8>>), Refusal> {
        let held = &chosen.key;
        if persona != Persona::Stranger {
            return Ok((held.key.clone(), held.chain.clone()));
        }
        let key = self.world.keys().key(held.key.kind())?;
        let Some(own) = held.chain.first() else {
            return Ok((key, Vec::new()));
        };
        let name = Certificate::parse(own)?
            .common_name()
            .unwrap_or_else(|| "stranger".to_owned())
            .replace('\\', "\\\\")
            .replace(',', "\\,");
        let stranger = self.world.stranger()?;
        let now = self.world.clock.unix_millis() / 1000;
        let validity = Validity::days(now, 365);
        let certificate = stranger.issue_for_key(&format!("CN={name}"), &key, Profile::Signing, validity)?;
        Ok((
            key,
            vec![certificate.der().to_vec(), stranger.issuer_der().to_vec()],
        ))
    }
}

/// Everything that a signature needs.
struct Job<'a> {
    settings: &'a SignatureConfig,
    content: &'a [u8],
    key: &'a Key,
    chain: &'a [Vec<u8>],
    kid: &'a str,
    alg: SigAlg,
    unhashed: bool,
    broken: bool,
    now: u64,
}

impl Job<'_> {
    fn make(&self, format: Format) -> Result<String, Refusal> {
        if self.unhashed && format != Format::Raw {
            return Err(Refusal::new(
                "MECHANISM_NOT_SUPPORTED",
                "only a raw signature leaves the digest to the caller",
            ));
        }
        match format {
            Format::Pkcs7 => self.pkcs7(),
            Format::Jws => self.jws(),
            Format::Raw => self.raw(),
            Format::Xmldsig => xmldsig::sign(self.content, self.key, self.alg, self.chain, self.broken),
        }
    }

    fn pkcs7(&self) -> Result<String, Refusal> {
        let (own, above) = self.chain.split_first().ok_or_else(|| {
            Refusal::new(
                "NO_CERTIFICATE",
                "a PKCS #7 needs a certificate and the key has none",
            )
        })?;
        let options = cms::Options {
            attached: !self.settings.detached,
            digest: self.alg.digest(),
            signing_time: Some(self.now),
            ..cms::Options::default()
        };
        let signer = cms::Signer::new(self.key, own).chain(above);
        let mut message = cms::sign(self.content, &[signer], &options)?;
        if self.broken {
            flaw::break_bytes(&mut message);
        }
        Ok(BASE64_STANDARD.encode(message))
    }

    fn jws(&self) -> Result<String, Refusal> {
        let mut header = if self.settings.x5c && !self.chain.is_empty() {
            jws::Header::new().x5c(self.chain)
        } else {
            jws::Header::new().kid(self.kid)
        };
        if self.settings.detached {
            header = header.detached();
        }
        let text = jws::sign_compact(self.content, self.key, self.alg, &header)?;
        Ok(if self.broken { flaw::break_jws(&text) } else { text })
    }

    fn raw(&self) -> Result<String, Refusal> {
        if !self.key.kind().is_rsa() {
            return Err(not_supported("a raw signature needs an RSA key"));
        }
        let mut signature = if self.unhashed {
            self.key.sign_unhashed(self.content)?
        } else {
            self.key.sign_der(self.alg, self.content)?
        };
        if self.broken {
            flaw::break_bytes(&mut signature);
        }
        Ok(BASE64_STANDARD.encode(signature))
    }
}
