//! Shared pieces of the example programs: the configuration of a real installation, the simulator in its place, the terminal.
//!
//! Each program runs against the simulator with no set-up, and against a real installation with `--config`. They are written to be read:
//! what a program of your own would do is in `src/bin/`, what only examples need is here.

pub mod arguments;
pub mod config;
pub mod desk;
pub mod enrolment;
pub mod entra;
pub mod inspect;
pub mod methods_file;
pub mod office;
pub mod officer;
pub mod password;
pub mod personal_login;
pub mod printing_inbox;
pub mod secret_file;
pub mod simulated;
pub mod soft_token;
pub mod terminal;
pub mod world;

/// The chapters whose programs must compile.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/src/certificate-manager.md")]
    struct CertificateManager;
    #[doc = include_str!("../../docs/src/operating.md")]
    struct Operating;
    #[doc = include_str!("../../docs/src/simulator.md")]
    struct Simulator;
    #[doc = include_str!("../../docs/src/soft-tokens.md")]
    struct SoftTokens;
    #[doc = include_str!("../../README.md")]
    struct Readme;
}
