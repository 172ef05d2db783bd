//! Soft tokens over AST, the servlet of Protocol Gateway that takes what it is to certify from the headers of its caller.

mod attribute;
mod mapping;
mod properties;
mod value;

pub use attribute::Attribute;
pub use mapping::{AttributeHeaders, MappingError};
pub use properties::{AstProperties, PassedOver, PassedOverReason, PropertiesError, PropertiesProblem};
pub use value::{NonAscii, ValueProblem};
