//! A simulator of Nexus Smart ID Messaging (Hermod), Digital Access, Certificate Manager behind Protocol Gateway, the Smart ID Mobile App
//! and the Smart ID Desktop App, for tests and for learning.
//!
//! It speaks real HTTPS on loopback with a certificate authority that it makes at each start, verifies what clients send as strictly
//! as the real products may, and plays what is unknown about them as switches ([`SimConfig`]). People and broken apps are
//! [`Persona`]s, broken networks are [`Fault`]s, time is a [`SimClock`].
//!
//! It is a second, independent reading of the protocol: it shares no code with the client crates.
//!
//! Comments name the section of our protocol notes that a fact comes from, with its tag: D documented by the vendor, D-ex taken from a
//! documented example, T seen in third-party code, I inferred, U unknown. The notes are not part of this repository; what matters of
//! them for users is in the book, on the page "The inferences that are our defaults", and in the evidence table.
//!
//! ```
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! use smartid_sim::{Persona, Sim, SimClock};
//!
//! let sim = Sim::builder().seed(7).clock(SimClock::manual()).persona(Persona::Approves).start().await?;
//! println!("{} {}", sim.hermod_command_url(), sim.da_base_url());
//! // ... send commands with `sim.hermod_key()`, then let the person click the link:
//! // let report = sim.desktop().open(&link).await?;
//! # Ok::<(), smartid_sim::SimError>(())
//! # }).unwrap();
//! ```

mod builder;
mod clock;
pub mod config;
mod control;
mod da;
mod desktop;
mod device;
mod error;
mod faults;
mod front;
mod graph;
mod hermod;
mod json;
mod mobile;
mod net;
mod persona;
mod pgwy;
pub mod pki;
mod random;
mod record;
mod samples;
mod sim;
mod sync;
mod webauthn;

pub use builder::SimBuilder;
pub use clock::SimClock;
pub use config::SimConfig;
pub use da::StoredCredential;
pub use desktop::{Card, Desktop, LoginReport, SIM_AAGUID};
pub use device::{DeviceKey, DeviceProfile, DeviceReport, Shown, ShownAs, VisualId};
pub use error::SimError;
pub use faults::{Fault, FaultKind, Faults, Route, RoutePattern};
pub use front::Front;
pub use graph::{GraphMethod, GraphUser};
pub use hermod::{BoxNotice, BoxNotices, MailboxEntry};
pub use json::Move;
pub use mobile::Mobile;
pub use net::tls::ClientIdentity;
pub use persona::{Persona, UnknownPersona};
pub use pgwy::{
    AuditEntry, CertificatePush, CertificateState, CmHandle, IssuedAttributeCertificate, IssuedCertificate,
    IssuedSoftToken, Officer, PushReport, Registration, SeenSignature, TokenCaller, TokenOrigin,
};
pub use pki::TestCa;
pub use record::{Party, Record};
pub use samples::sample_registrations;
pub use sim::Sim;

/// The README's sample is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
