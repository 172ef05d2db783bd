//! Every switch of the simulator, as one tree that is also the TOML file. An unknown key is an error, because a switch that is
//! misspelt would otherwise silently play the default.

mod callback;
mod cm;
mod commands;
mod content;
mod da;
mod desktop;
mod device;
mod fido;
mod graph;
mod hermod;
mod live;
mod mailbox;
mod mobile;

use serde::{Deserialize, Serialize};

pub use callback::{CallbackConfig, RegistrationEncoding};
pub use cm::{
    AttributeCertificateConfig, ClientCertificate, CmAnswerConfig, CmAstConfig, CmConfig, CmDateStyle,
    CmDecodeConfig, CmDownloadConfig, CmDpConfig, CmErrorStyle, CmEuiConfig, CmImportConfig, CmOperation,
    CmProcedureConfig, CmPushConfig, CmRateConfig, CmRegistrationConfig, CmRevocationConfig, CmSearchConfig,
    CmSigningConfig, CmStatusConfig, CmTlsConfig, CmTrustConfig, CmWireConfig, DefaultHeaders, FormCharset,
    HandlerConfig, HeaderEncoding, KeyIdentifierStyle, ListStyle, NotOfficer, OfficerConfig, OfficerKey,
    OfficerState, OverCap, Pkcs12Config, PushBody, REGISTRATION_ROLES, RepeatedHeader, ResponseElement,
    SerialStyle, ServletErrorConfig, ServletErrorStyle, ServletHandlerConfig, SignedAttributes,
    SigningAuthorityConfig, SigningAuthorityReply, SigningMode, SoftTokenConfig, TokenAnswerConfig,
    TokenChain, TokenEncoding, TokenFlaw, TokenMac, TokenProfile, UnknownAccept, Untrusted,
};
pub use commands::{BodyConfig, CommandVerb, DeleteConfig, MissingConfirmation, VerbConfig, VerbsConfig};
pub use content::{ContentConfig, ContentFailure, GenerateConfig};
pub use da::{
    BasicDecoding, ClientAuthentication, DaAuth, DaConfig, DaHeader, DaHeaderSource, DaMethod, DaMethodKind,
    DaOauthConfig, DaOidcConfig, DaPersonalConfig, DaResource, DaSessionConfig, DaUser, ErrorBody,
    ExcludeStyle, ExpiresIn, OauthClient, OidcFlaw, PictureStyle, RefusalStatus, TokenEndpoint,
    Unauthenticated, UserPosition,
};
pub use desktop::{
    AdminKeyTransport, AttestationChoice, DesktopConfig, DesktopStage, DesktopVersion, NonceEncoding,
    SurplusParameters, TransportedKeyEncoding,
};
pub use device::{
    CertificateCommandConfig, DeviceConfig, HiddenText, KeyAbilities, ProvisionAnswerConfig, SeveralTbs,
    SignatureConfig, WithoutTbs,
};
pub use fido::{FidoConfig, FidoMode, FidoVerb, OptionsEncoding};
pub use graph::{
    ExcludePadding, GraphConfig, GraphPolicyConfig, GraphStatusConfig, GraphThrottleConfig, MethodIdStyle,
    OdataPlace,
};
pub use hermod::{
    ApiUser, CancelConfig, HermodConfig, LinkEscapes, PollConfig, PollMode, SecondAnswer, StateNames,
};

pub use mailbox::{CheckAnswers, ExistingMailbox, FanOut, MailboxConfig};
pub use mobile::MobileConfig;

pub(crate) use live::LiveConfig;

use crate::SimError;
use crate::faults::Fault;

/// All settings of one simulator. The default plays exactly the default inferences of the client's documentation page
/// "The inferences that are our defaults".
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SimConfig {
    /// Seed of identifiers, tokens and challenges; left out, they differ in each run.
    pub seed: Option<u64>,
    /// Addresses to listen on.
    pub listen: ListenConfig,
    /// Smart ID Messaging.
    pub hermod: HermodConfig,
    /// Digital Access.
    pub da: DaConfig,
    /// Microsoft Graph.
    pub graph: GraphConfig,
    /// The Desktop App and the person.
    pub desktop: DesktopConfig,
    /// The phones with the Mobile App, and the people who hold them.
    pub mobile: MobileConfig,
    /// Protocol Gateway with Certificate Manager behind it.
    pub cm: CmConfig,
    /// What both apps send.
    pub device: DeviceConfig,
    /// The page on which a person plays the device.
    pub control: ControlConfig,
    /// Faults to inject from the start.
    pub faults: Vec<Fault>,
}

impl SimConfig {
    /// Reads a TOML document. Unknown keys are errors.
    ///
    /// # Errors
    /// [`SimError::Config`] with the line and the key.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        toml::from_str(text).map_err(|error| SimError::Config(error.to_string()))
    }
}

/// Where to listen. Port 0 takes a free one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ListenConfig {
    /// Address to bind, for example `127.0.0.1`. The certificate names `localhost`, `127.0.0.1` and `::1` only.
    pub address: std::net::IpAddr,
    /// Port of Smart ID Messaging; the product's own default is 20400 (protocol notes: hermod 1.2, "API overview", D).
    pub hermod_port: u16,
    /// Port of Digital Access.
    pub da_port: u16,
    /// Port of Microsoft Graph.
    pub graph_port: u16,
    /// Port of Protocol Gateway with TLS and client certificate; 8444 by convention (protocol notes: cm 2, T).
    pub cm_port: u16,
    /// Port of Protocol Gateway without TLS, for certificates of authorities and revocation lists; 8080 by convention (cm 2, T).
    pub cm_plain_port: u16,
    /// Port of the control page.
    pub control_port: u16,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            hermod_port: 0,
            da_port: 0,
            graph_port: 0,
            cm_port: 0,
            cm_plain_port: 0,
            control_port: 0,
        }
    }
}

/// The control page (plain HTTP on loopback, since the simulator's certificate is not known to a browser).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ControlConfig {
    /// Serve the page. Off in the library, turned on by the program.
    pub enabled: bool,
}
