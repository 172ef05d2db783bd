//! Client for Nexus Smart ID Messaging ("Hermod"): commands to Smart ID apps, links that start them, callbacks, waiting.
//!
//! Messaging stands between a server and the Smart ID Desktop and Mobile Apps. The server posts a *command*; messaging answers at once
//! with ids and, for a temporary mailbox, with a link; a person opens the link, or the app looks into its own mailbox; the app answers,
//! and messaging calls the server back. This crate has every command: provisioning and certificates, authentication and signing, PIN
//! resets, ping, deletion, and the two that create a FIDO credential; [`commands::Raw`] sends anything else.
//!
//! | command | answer |
//! |---|---|
//! | [`Provision`](commands::Provision) | [`CommandReport::provision`]: the signed answer, [verified](answers::ProvisionAnswer::verify) to profile id and keys |
//! | [`InstallCertificates`](commands::InstallCertificates) | [`CommandReport::certificate`] |
//! | [`Sign`](commands::Sign), [`Authenticate`](commands::Authenticate) | [`CommandReport::sign`], [`CommandReport::authenticate`]: signatures, [verified](answers::SignatureAnswer::verify) over what was sent |
//! | [`StartPinReset`](commands::StartPinReset), [`EndPinReset`](commands::EndPinReset) | [`CommandReport::start_pin_reset`], [`CommandReport::end_pin_reset`]; both in [`Hermod::finish_pin_reset`] |
//! | [`Ping`](commands::Ping) | [`CommandReport::ping`] |
//! | [`DeleteProfile`](commands::DeleteProfile), [`DeleteMailbox`](commands::DeleteMailbox) | [`CommandReport::delete_profile`]; the second is done when messaging has answered |
//! | [`FidoSession`](commands::FidoSession), [`FidoCreate`](commands::FidoCreate) | [`CommandReport::opened`], [`CommandReport::fido`] |
//! | [`CommandStatus`](commands::CommandStatus), [`Cancel`](commands::Cancel) | a [`CommandReport`] |
//!
//! A FIDO credential, with everything between the two commands and the end:
//!
//! ```
//! use std::sync::Arc;
//! use smartid_core::{Inbox, Runtime, Transport};
//! use smartid_hermod::commands::{FidoCreate, FidoSession};
//! use smartid_hermod::{ApiKey, FidoOutcome, Hermod, Pending, PollPolicy, Session};
//!
//! # type Failure = Box<dyn std::error::Error + Send + Sync>;
//! async fn enrol(
//!     transport: Arc<dyn Transport>, // smartid-reqwest has one
//!     runtime: Arc<dyn Runtime>,     // and one of these
//!     inbox: &dyn Inbox,             // what a CallbackReceiver puts outcomes into
//!     options: &str,                 // creation options of the relying party, as it wrote them
//! ) -> Result<String, Failure> {
//!     let key = ApiKey::from_token(std::env::var("HERMOD_TOKEN")?)?;
//!     let hermod = Hermod::builder("https://hermod.example.test:20400/hermod/rest/command", key).build(transport, runtime)?;
//!
//!     let header = hermod.header();
//!     let answer = hermod.call(&FidoSession::new(header.clone())).await?;
//!     let session = Session::from_response(&answer, &header, hermod.runtime().now())?;
//!     if let Some(link) = answer.link() {
//!         println!("{}", link.qr()?.expose_terminal()); // or link.expose() in an <a href>
//!     }
//!
//!     let header = hermod.header();
//!     // Remembered before the command is sent: the callback may be faster than the answer.
//!     let pending = Pending::new(&header, hermod.runtime().now()).expecting_response();
//!     let answer = hermod.call(&FidoCreate::new(header, &session, options)).await?;
//!     let pending = pending.answered(&answer);
//!
//!     let waited = hermod.wait(inbox, &pending, &PollPolicy::default()).await?;
//!     let report = waited.report.ok_or("nobody answered in time")?;
//!     let FidoOutcome::Created { registration, .. } = report.fido(hermod.dialect()) else {
//!         return Err("no credential was made".into());
//!     };
//!     hermod.acknowledge(inbox, &pending).await?;
//!     Ok(registration)
//! }
//! ```
//!
//! Provisioning, from the template to the certificate in the app; what crosses the network is written out:
//!
//! ```
//! use std::time::Duration;
//! use smartid_core::{Endpoint, ManualRuntime, Timestamp};
//! use smartid_hermod::answers::AttestationKeys;
//! use smartid_hermod::commands::provision::{KeyRequest, KeyTypePriority, Usage};
//! use smartid_hermod::commands::{CertificateEntry, InstallCertificates, Nonce, Provision};
//! use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, Outcome};
//! use smartid_trust::jws::JwkSet;
//! use smartid_trust::request::{TemplateBuilder, ThrowAwayKey};
//! use smartid_trust::{Certificate, Curve};
//! # use smartid_trust::jws::{Jwk, JwsOptions, sign};
//! # use smartid_trust::{MemorySigner, OfficerSigner};
//! # let doc = |name: &str| std::fs::read_to_string(format!("{}/../smartid-trust/doc/{name}", env!("CARGO_MANIFEST_DIR")));
//! # let app = MemorySigner::from_pem(&[&doc("officer-one.pem")?, &doc("officer-one.key")?], None)?;
//! # let published = JwkSet::new([Jwk::from_public_key(app.chain()[0].public_key()?).with_id("attestation_1")]);
//! # let runtime = ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000)); // hermod.runtime()
//! # let now = Timestamp::from_millis(1_800_000_000_000);
//! # let dialect = HermodDialect::default(); // hermod.dialect()
//! # let header = || CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)); // hermod.header()
//!
//! // Once: the attestation keys of the apps, as they are published.
//! let keys = AttestationKeys::new(published);
//!
//! // A key that is wanted, with the names that its certificate will have.
//! let template = TemplateBuilder::new("CN=User A,O=Example".parse()?).build(ThrowAwayKey::P256)?;
//! let key = KeyRequest::new("signer", Usage::Signature, [KeyTypePriority::ec(Curve::P256)]).template(template);
//! let command = Provision::new_profile(header()?, "userA", "Example Smart ID", "Card of User A")
//!     .nonce(Nonce::random(&runtime))
//!     .key(key);
//! let request = command.request(&dialect)?; // hermod.call(&command).await?: the answer has the link for the person
//! assert_eq!(request.target(), "provision");
//! // What has to be kept until the callback comes, here or in another process.
//! let kept = serde_json::to_string(&command.expectation())?;
//! # let sent: serde_json::Value = serde_json::from_slice(request.body_bytes())?;
//! # let nonce = &sent["provCommand"]["nonce"];
//! # let made = TemplateBuilder::new("CN=User A,O=Example".parse()?).build(ThrowAwayKey::P256)?.certreq_base64();
//! # let payload = serde_json::json!({"nonce": nonce, "userid": "userA", "profileid": "70a1c6de", "keys": [{"keyid": "signer", "certreq": made}]});
//! # let jws = sign(&app, payload.to_string().as_bytes(), &JwsOptions::new().with_key_id("attestation_1"))?;
//! # let callback = format!(r#"{{"commandId":"5101","state":"SUCCESS","response":{{"format":"jws","data":"{jws}"}}}}"#);
//!
//! // The person has opened the link, the app has made a key, and messaging calls back.
//! let report = CommandReport::read(callback.into(), &dialect)?;
//! let Outcome::Succeeded(answer) = report.provision(&dialect) else { panic!("nothing was provisioned") };
//! let policy = smartid_hermod::answers::ProvisionPolicy::new(serde_json::from_str(&kept)?, &keys);
//! let verified = answer.verify(&policy, now)?;
//! let provisioned = verified.fact();
//! let certification_request = provisioned.key("signer").and_then(|key| key.request.as_ref()).unwrap();
//! assert_eq!(certification_request.fact().subject().to_string(), "CN=User A,O=Example");
//!
//! // The certification authority makes the certificate, and the app gets it.
//! # let certificate = Certificate::from_pem(&doc("officer-one.pem")?)?; // CertificateEntry::for_key looks whether it is the right one
//! # let issuer = Certificate::from_pem(&doc("root.pem")?)?;
//! let install = InstallCertificates::new(header()?.to(["userA"]))
//!     .user(provisioned.user_id.clone())
//!     .profile(provisioned.profile_id.clone())
//!     .certificate(CertificateEntry::new("signer", certificate).chain([issuer]));
//! assert_eq!(install.request(&dialect)?.target(), "certificate");
//! let report = CommandReport::read(r#"{"commandId":"5102","state":"SUCCESS"}"#.into(), &dialect)?;
//! assert!(report.certificate(&dialect).succeeded().is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`Hermod`] holds the address, the [`ApiKey`] and the limits; [`commands`] are values that it sends, one file each.
//! * [`Outcome`] is what a command came to; [`answers`] are what a success brings, and how it is verified.
//! * [`PlugoutLink`], [`MobileLink`] and [`QrCode`] are what a person gets; [`Session`] is what further commands use;
//!   [`PinReset`](pin_reset::PinReset) are the two halves of a PIN reset as one value.
//! * [`ContentReceiver`] serves the pictures that commands name; [`push`] has the messages of a notification server of one's own; with
//!   feature `yaml`, `clients` turns the text that messaging's operator sends into configured clients and receivers.
//! * [`CallbackReceiver`] takes callbacks into an [`Inbox`](smartid_core::Inbox); [`Hermod::wait`] takes the callback or a poll's answer,
//!   whichever is first, as a [`CommandReport`]; [`Hermod::states`] tells what happens meanwhile, [`Hermod::wait_step`] leaves the
//!   sleeping to the caller.
//! * [`HermodDialect`] is what may differ between installations. Verbs and members of some commands are documented, everything about
//!   callbacks, polls, deletion and FIDO on the wire is inferred or unknown; each setting tells why in [`dialect::EVIDENCE`].
//!
//! Features: `tower` (receivers as `tower::Service`), `stream` (states as `futures_core::Stream`), `triple-des` (admin keys in memory),
//! `yaml` (`allowed-clients`).
//!
//! # Threat model
//!
//! * *Whoever holds a link answers in the place of the person.* Links and QR codes have no `Display` and a blind `Debug`, are not part of
//!   a [`Session`], and are read strictly: a link that a browser and an app could read in two ways, or that leads to plain HTTP, is
//!   refused.
//! * *Anybody may post to the callback address.* HTTP Basic is compared in constant time before the body is read; leaving it out takes a
//!   method named `danger`. Command ids count up, so a callback without authentication can be forged by guessing.
//! * *A callback is a claim.* Messaging is said to have validated the app's answer; what it checks is not said, so nothing here rests on
//!   it. A registration is checked again by the relying party. A provisioning answer and a signature show nothing before they are
//!   verified: against the keys, the nonce, the user and the bytes of the command. A JWS that stands elsewhere counts only when it is the
//!   only one.
//! * *Some answers nobody signs*: nonce and transport key of a PIN reset, device information, that certificates are installed or a
//!   profile is deleted. They are as good as the callback's authentication. With a made-up transport key somebody would be sent a new
//!   admin key, encrypted to themselves.
//! * *An older answer may come again.* Provisioning needs a nonce; [`Authenticate::challenge`](commands::Authenticate::challenge) is one
//!   for authentication; what is signed should hold something that is used once.
//! * *Another may sign.* Anybody with a certificate of the configured roots passes, unless the policy
//!   [expects a signer](answers::SignaturePolicy::expecting_signer).
//! * *A card counts wrong proofs.* One [`EncryptedNonce`](admin_key::EncryptedNonce) leaves a [`PinReset`](pin_reset::PinReset) and no
//!   second one. Admin keys, nonces and proofs have a blind `Debug`; a new key is never sent in clear because the app's key is unusable.
//! * *API users of one group share mailboxes, and programs may share an inbox.* A report whose ids or verb are another command's is
//!   passed over; [`HermodBuilder::inbox_name`] keeps outcomes of several users and servers apart.
//! * *Pictures are served to messaging alone*: [`ContentReceiver`] demands a password as the callback receiver does.
//! * *Answers may be hostile or broken.* Bodies are capped, nesting is never followed deeply, HTML and redirects are refusals, an unknown
//!   state is never an end.
//!
//! # Reasons for the defaults
//!
//! * `lifespan` 300 s and `timeout` 250 s: the vendor's typical values; the difference leaves time to hear of a timeout.
//! * External ids are chosen at random before a command is sent: an outcome can be found even when the answer to the command is lost.
//! * A command is never repeated by itself: the person would be asked twice. Polls, cancels and deletions of mailboxes may be.
//! * Commands go to `@tmp` unless their header says otherwise, as the published examples do; provision leaves `to` out, as its example
//!   does; the second half of a PIN reset goes to the mailbox of the first; a deletion goes to its user.
//! * A provision command without a nonce is not sent. Its answer is asked for as a JWS of the attestation key: the published form.
//! * Signatures are asked for as `pkcs7`, the published format. One signature over several entries is refused until the dialect says what
//!   it covers: no page does, and a guess would be believed.
//! * An authentication without `tbs` counts as bound to nothing but its signer, for the same reason.
//! * A new admin key is encrypted with RSAES-OAEP and SHA-256 where the app offers a key: of the paddings that are possible, the stronger.
//! * Names in filters, key types and mechanisms that are not known here refuse nobody, and what was not checked is told. A bare
//!   signature is the exception: without its mechanism it cannot be verified.
//! * Polling begins although callbacks work: a callback may be tried only once. Five failed polls in a row end the polling, never the
//!   wait: the path is a guess.
//! * The first success of several mailboxes ends a wait: who declines on one phone may approve on another.
//! * A wait goes on 30 seconds past the `timeout`, for the callback that tells of it, and never past the `lifespan`.
//! * Outcomes are kept 15 minutes, or ten minutes more than the client's `lifespan`. Raise that with the longest one in use.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod admin_key;
pub mod answers;
mod api_key;
mod basic;
pub mod callback;
mod client;
#[cfg(feature = "yaml")]
pub mod clients;
mod coding;
pub mod commands;
pub mod content;
pub mod dialect;
pub mod entry;
mod error;
mod header;
mod ids;
mod key;
mod letter;
pub mod link;
mod open;
mod outcome;
mod pending;
pub mod pin_reset;
pub mod push;
pub mod qr;
mod read;
mod registration;
mod report;
mod response;
mod search;
mod session;
mod signature_kind;
mod state;
mod trial;
pub mod wait;

pub use api_key::{ApiKey, auth};
pub use callback::CallbackReceiver;
pub use client::{DEFAULT_LIFESPAN, DEFAULT_TIMEOUT, Hermod, HermodBuilder};
pub use coding::OctetCoding;
pub use content::ContentReceiver;
pub use dialect::HermodDialect;
pub use entry::Entry;
pub use error::HermodError;
pub use header::{CommandHeader, TEMPORARY};
pub use ids::{Bid, CommandId, ContentId, ExternalId, Fqdn, KeyId, Mid, ProfileId, SmartCardId, UserId};
pub use link::{LinkError, MobileLink, MobileLinkOptions, PlugoutLink};
pub use outcome::Outcome;
pub use pending::Pending;
pub use qr::{QrCode, QrError};
pub use read::Extra;
pub use report::{CommandFault, CommandReport, FidoOutcome, ReportError};
pub use response::{Destination, ImmediateResponse, MessageUrl};
pub use session::{Session, SessionError};
pub use signature_kind::{SignatureFormat, SignatureMechanism};
#[cfg(feature = "tower")]
pub use smartid_core::tower::InboundService;
pub use smartid_trust::filter;
pub use state::State;
pub use wait::{By, PollHealth, PollPolicy, StateChange, States, Until, Waited, Waiter};
