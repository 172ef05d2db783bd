//! The extended properties of an authentication method.
//!
//! They are a free list of names and values in Digital Access Admin. Three are documented for Personal; others are documented for
//! sibling methods and may or may not have an effect here.

use super::document::Shape;

pub(super) const USER_ATTRIBUTE: &str = "user_attribute";
pub(super) const CERTIFICATE_ATTRIBUTE: &str = "certificate_attribute";
pub(super) const CERTIFICATE_FILTER: &str = "certificate_filter";

/// Documented for Personal (vendor pages: Set up Smart ID (Personal) authentication; Certificate filtering for Smart ID authentication).
pub(super) const KNOWN: &[(&str, Shape)] = &[
    (USER_ATTRIBUTE, Shape::Text),
    (CERTIFICATE_ATTRIBUTE, Shape::Text),
    (CERTIFICATE_FILTER, Shape::Text),
];

/// Documented for sibling methods: Active Directory and user certificate.
pub(super) const SIBLINGS: &[&str] = &[
    "allow_user_not_listed_in_any_user_storage",
    "user_name_may_not_change_during_session",
    "force_create_user",
    "create_user_on_failed_logon",
    "only_authenticate_user_id_associated_with_user_account",
    "locale",
    "save_credentials_for_sso_domain",
    "ocsp_aia",
    "ocsp_responder_url",
    "ocsp_certificate_name",
];
