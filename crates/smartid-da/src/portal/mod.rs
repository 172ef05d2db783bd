//! The access point as a browser meets it: its mapping of addresses and its login page.
//!
//! One host stands in front of many. Which of them an address means is written in its path ([`MappedPath`]), and who has no session yet
//! is sent to a page of the access point itself ([`LoginAddress`], [`Redirect`]). With the session of a person, [`Portal`] asks who that
//! is and sets attributes.

mod access_point;
mod client;
mod login_address;
mod mapped_path;
mod me;
mod redirect;
mod session;

pub use access_point::AccessPoint;
pub use client::{Portal, PortalBuilder};
pub use login_address::{LoginAddress, LoginAddressError};
pub use mapped_path::{MappedPath, MappedPathError, MappedScheme};
pub use me::{Me, PortalApi, PortalUser, SetAttributes};
pub use redirect::Redirect;
pub use session::PortalSession;
