//! Personal Mobile and Personal Desktop as authentication methods of Digital Access.
//!
//! Users log in with the Smart ID apps. Which settings such a method has, and that some of them are mandatory together, is published
//! (vendor page: Set up Smart ID (Personal) authentication \[documented\]); Digital Access Admin takes settings that cannot work, and
//! there is no public interface to read or write them. So they are a document here, that can be kept under version control and
//! [validated](PersonalMethod::validate) before somebody types it in. What a login needs of them is here too: the certificate
//! [filter](crate::filter) and the [mapping](UserMapping) of a certificate to exactly one user.
//!
//! # How the settings are known
//!
//! | settings | |
//! |---|---|
//! | type, display name, certificate authentication and its authority, same device with wait and redirect text, servers, RADIUS replies, notification mappings, User Attribute, Certificate Attribute, external DNS name and port | documented; vendor page: Set up Smart ID (Personal) authentication |
//! | enabling Personal for a user, new profile, channels | documented; vendor pages: Set up Smart ID (Personal) authentication; Enable Personal Mobile self-service |
//! | Certificate Filter | documented; vendor page: Certificate filtering for Smart ID authentication |
//! | enabled and visible in the menu unless said otherwise, ID and type assigned by Digital Access, the other extended properties that are known by name | documented for sibling methods, inferred here |
//! | defaults of wait and redirect text, the full list of Certificate Attributes | unknown |
//! | names of members, and the form of the documents | ours |

mod account;
mod document;
mod filter_rules;
mod finding;
mod mapping;
mod method;
mod methods;
mod property;
mod rules;
mod service;

pub use account::{PersonalAccount, ProvisioningChannel};
pub use document::{MAX_SETTINGS_LEN, SettingsError};
pub use finding::{Finding, FindingCode, FindingLevel, Findings};
pub use mapping::{MappingError, StoredUser, UserMapping};
pub use method::{PersonalMethod, PersonalMethodType};
pub use methods::{MAX_METHODS, PersonalMethods, validate_all};
pub use service::DistributionService;
