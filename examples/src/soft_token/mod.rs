//! Soft tokens on the command line: the way they are asked for, their password, and what is shown of them.

mod password;
mod show;
#[cfg(test)]
mod tests;
mod way;

pub use password::{PasswordOptions, TokenPassword};
pub use show::{json, lines};
pub use way::{PreparedWay, Via, WayOptions, pair};
