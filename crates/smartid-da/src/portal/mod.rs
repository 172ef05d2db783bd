//! The access point as a browser meets it: its mapping of addresses and its login page.
//!
//! One host stands in front of many. Which of them an address means is written in its path ([`MappedPath`]), and who has no session yet
//! is sent to a page of the access point itself ([`LoginAddress`], [`Redirect`]).

mod access_point;
mod login_address;
mod mapped_path;
mod redirect;

pub use access_point::AccessPoint;
pub use login_address::{LoginAddress, LoginAddressError};
pub use mapped_path::{MappedPath, MappedPathError, MappedScheme};
pub use redirect::Redirect;
