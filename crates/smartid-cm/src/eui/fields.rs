//! What both requests to EUI have in common: the path with its handler, and fields of the caller's own.
//!
//! Nothing public names the fields in which EUI takes user data, so they are the integrator's; they only must not be one of ours.

use smartid_core::{BuildError, Outgoing};

use crate::body::{self, Fields};
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::HandlerName;
use crate::operations::FieldValue;

/// The longest name of a field, in bytes.
const LONGEST: usize = 128;

/// A field of the caller's own.
pub(super) type Own = (String, FieldValue);

/// The methods that both requests have.
macro_rules! handler_and_fields {
    () => {
        /// From this handler.
        #[must_use]
        pub fn handler(mut self, handler: HandlerName) -> Self {
            self.handler = Some(handler);
            self
        }

        /// With this field. A name that the request has already is refused when it is made.
        #[must_use]
        pub fn field(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
            self.fields.push((name.into(), value.into()));
            self
        }
    };
}

pub(super) use handler_and_fields;

/// The request to a handler, or to the servlet itself.
pub(super) fn request(
    dialect: &CmDialect,
    call: &WriteCall,
    handler: Option<&HandlerName>,
    fields: Fields,
    own: &[Own],
) -> Result<Outgoing, BuildError> {
    let path = match handler {
        Some(_) if !call.path.to_string().contains("{handler}") => {
            let problem = "dialect: a path of EUI has no {handler}, which the request names";
            return Err(BuildError::Invalid(problem.to_owned()));
        }
        Some(handler) => call.path.expand(&[("handler", handler.as_str())])?,
        None => dialect.eui.path_without_handler.expand(&[])?,
    };
    let ours: Vec<String> = fields.names().map(str::to_owned).collect();
    let fields = own.iter().try_fold(fields, |fields, (name, value)| {
        checked(dialect, call, name, &ours)?;
        Ok::<_, BuildError>(fields.named(name.clone(), value.to_value()?))
    })?;
    let several = |name: &str| {
        own.iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .count()
            > 1
    };
    if let Some((name, _)) = own.iter().find(|(name, _)| several(name)) {
        return Err(BuildError::Invalid(format!(
            "the field {name:?} is given more than once"
        )));
    }
    let outgoing = Outgoing::new(call.verb.method(), path);
    body::accept(body::write_to(dialect, call, outgoing, fields, None)?, None)
}

fn checked(dialect: &CmDialect, call: &WriteCall, name: &str, ours: &[String]) -> Result<(), BuildError> {
    let problem = match name {
        "" => "the name of a field is empty".to_owned(),
        _ if name.len() > LONGEST => "the name of a field is longer than 128 bytes".to_owned(),
        _ if name.chars().any(char::is_control) => "the name of a field has a control character".to_owned(),
        _ => {
            let last = body::last_name(dialect, call, name);
            let is_taken = |own: &String| {
                own.eq_ignore_ascii_case(name)
                    || body::last_name(dialect, call, own).eq_ignore_ascii_case(last)
            };
            if !ours.iter().any(is_taken) {
                return Ok(());
            }
            format!("the field {name:?} is one of the request's own")
        }
    };
    Err(BuildError::Invalid(problem))
}
