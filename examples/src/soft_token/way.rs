//! Over which way a token is asked for, by options of the command line, and the simulator set the same way.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use smartid::cm::ast::PassedOverReason;
use smartid::soft_token::{
    AstProperties, Attribute, AttributeHeaders, HandlerName, NonAscii, ProcedureName, Way,
};
use smartid::{CmDialect, ConfigError};
use smartid_sim::SimConfig;
use smartid_sim::config::{HeaderEncoding, ServletHandlerConfig};

use crate::office::Preparation;

/// Which of the ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Via {
    /// The REST API: the way to go, although its path and fields are inferred.
    Rest,
    /// AST: documented, and marked for deletion by the vendor.
    Ast,
}

/// The way, as the command line describes it.
#[derive(Clone, Debug, clap::Args)]
#[non_exhaustive]
pub struct WayOptions {
    /// The way: the REST API, or AST, which the vendor has marked for deletion
    #[arg(long, value_name = "WAY", default_value = "rest", value_enum)]
    pub via: Via,

    /// REST: the token procedure; left out, the one that Protocol Gateway is configured with
    #[arg(long, value_name = "NAME")]
    pub procedure: Option<ProcedureName>,

    /// AST: the handler, a segment behind the servlet's path; left out, the path itself
    #[arg(long, value_name = "NAME")]
    pub handler: Option<HandlerName>,

    /// AST: the service's own ast.properties, which says what header carries which attribute
    #[arg(long, value_name = "FILE")]
    pub properties: Option<PathBuf>,

    /// AST: which handler's lines of that file, the X in handler.X; left out, the only one that has any
    #[arg(long, value_name = "X", requires = "properties")]
    pub properties_handler: Option<String>,

    /// AST: an attribute's header, over those of the file; no header switches it off; may be repeated
    #[arg(long, value_name = "ATTRIBUTE=HEADER", value_parser = pair)]
    pub header: Vec<(Attribute, String)>,

    /// AST: how values beyond ASCII go into headers: utf-8, iso-8859-1, percent; left out, they are refused, or as the dialect says
    #[arg(long, value_name = "ENCODING", value_parser = non_ascii)]
    pub non_ascii: Option<NonAscii>,

    /// AST: the address of Protocol Gateway: https, host, port and path, which usually is /pgwy; left out, the API's without /api
    #[arg(long, value_name = "URL")]
    pub gateway_url: Option<String>,
}

/// `name=value`; the message does not repeat the value.
///
/// # Errors
/// A sentence.
pub fn pair(text: &str) -> Result<(Attribute, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("has no equals sign behind the name of an attribute")?;
    let attribute = Attribute::new(name).map_err(|error| error.to_string())?;
    Ok((attribute, value.to_owned()))
}

fn non_ascii(word: &str) -> Result<NonAscii, String> {
    match word {
        "utf-8" => Ok(NonAscii::Utf8),
        "iso-8859-1" => Ok(NonAscii::Latin1),
        "percent" => Ok(NonAscii::Percent),
        _ => Err("is none of utf-8, iso-8859-1, percent".to_owned()),
    }
}

/// The way, ready to be gone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PreparedWay {
    /// What a request goes over.
    pub way: Way,
    /// What was read of `ast.properties`, in a sentence.
    pub told: Option<String>,
    options: WayOptions,
    /// `<x>` of the handler.
    number: String,
}

/// `<x>` of a handler where no file says it.
const FIRST_HANDLER: &str = "0";

impl WayOptions {
    /// Reads the mapping of AST, and finds options that mean nothing on this way.
    ///
    /// # Errors
    /// [`ConfigError`] that names the option.
    pub fn prepare(&self) -> Result<PreparedWay, ConfigError> {
        let foreign = match self.via {
            Via::Rest => [
                ("--handler", self.handler.is_some()),
                ("--properties", self.properties.is_some()),
                ("--header", !self.header.is_empty()),
                ("--non-ascii", self.non_ascii.is_some()),
                ("--gateway-url", self.gateway_url.is_some()),
            ]
            .to_vec(),
            Via::Ast => vec![("--procedure", self.procedure.is_some())],
        };
        if let Some((option, _)) = foreign.iter().find(|(_, given)| *given) {
            let problem = match self.via {
                Via::Rest => "is for AST: say --via ast",
                Via::Ast => "is for the REST API: say --via rest; over AST the handler decides",
            };
            return Err(ConfigError::new(*option, problem));
        }
        let mut prepared = PreparedWay {
            way: Way::Rest {
                procedure: self.procedure.clone(),
            },
            told: None,
            options: self.clone(),
            number: FIRST_HANDLER.to_owned(),
        };
        if self.via == Via::Ast {
            let mut headers = match &self.properties {
                Some(file) => self.mapping(file, &mut prepared)?,
                None => AttributeHeaders::new(),
            };
            for (attribute, header) in &self.header {
                if header.is_empty() {
                    headers.switch_off(attribute.clone());
                } else {
                    headers
                        .set(attribute.clone(), header)
                        .map_err(|error| ConfigError::new("--header", error.to_string()))?;
                }
            }
            prepared.way = Way::Ast {
                handler: self.handler.clone(),
                headers,
            };
        }
        Ok(prepared)
    }

    /// The mapping of one handler in `ast.properties`.
    fn mapping(&self, file: &Path, prepared: &mut PreparedWay) -> Result<AttributeHeaders, ConfigError> {
        let wrong =
            |problem: String| ConfigError::new("--properties", format!("{}: {problem}", file.display()));
        let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let properties = AstProperties::parse(text).map_err(|error| wrong(error.to_string()))?;
        let known: Vec<&str> = properties.handlers().map(|(number, _)| number).collect();
        let number = match (&self.properties_handler, known.as_slice()) {
            (Some(number), known) if known.contains(&number.as_str()) => number.as_str(),
            (None, [only]) => *only,
            (None, []) => FIRST_HANDLER,
            (given, known) => {
                let problem = format!(
                    "{} in {}, which maps headers for {}",
                    given.as_ref().map_or_else(
                        || "is missing: which handler's lines".to_owned(),
                        |number| format!("{number} has no line")
                    ),
                    file.display(),
                    if known.is_empty() {
                        "none".to_owned()
                    } else {
                        known.join(", ")
                    }
                );
                return Err(ConfigError::new("--properties-handler", problem));
            }
        };
        let headers = properties.headers(number).clone();
        let pairs = headers.as_map().iter();
        let pairs: Vec<String> = pairs
            .map(|(attribute, header)| format!("{attribute} from {header}"))
            .collect();
        let mut told = format!("ast.properties, handler {number}: {}", pairs.join(", "));
        let passed = properties.passed_over().iter();
        let odd: Vec<String> = passed
            .filter(|passed| passed.why != PassedOverReason::OtherKey)
            .map(|passed| passed.line.to_string())
            .collect();
        if !odd.is_empty() {
            told.push_str(&format!("; these lines do not count: {}", odd.join(", ")));
        }
        (prepared.number, prepared.told) = (number.to_owned(), Some(told));
        Ok(headers)
    }
}

impl PreparedWay {
    /// In a sentence, what it goes over.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.options.via {
            Via::Rest => "the REST API",
            Via::Ast => "AST",
        }
    }

    /// Somebody for whom a simulated token can be asked for on this way.
    #[must_use]
    pub fn somebody(&self) -> Vec<(Attribute, String)> {
        let somebody = [
            (Attribute::COMMON_NAME, "Alice Example"),
            (Attribute::COUNTRY_NAME, "SE"),
        ];
        let has_place = |attribute: &Attribute| match &self.way {
            Way::Ast { headers, .. } => headers.header(attribute).is_some(),
            _ => true,
        };
        somebody
            .into_iter()
            .filter(|(attribute, _)| has_place(attribute))
            .map(|(attribute, value)| (attribute, value.to_owned()))
            .collect()
    }
}

impl Preparation for PreparedWay {
    fn dialect(&self, dialect: &mut CmDialect) {
        if let Some(non_ascii) = self.options.non_ascii {
            dialect.ast.non_ascii = non_ascii;
        }
    }

    fn gateway_url(&self) -> Option<&str> {
        self.options.gateway_url.as_deref()
    }

    /// The file configures both sides, and the simulator reads it with a reader of its own.
    fn simulator(&self, config: &mut SimConfig) {
        let ast = &mut config.cm.ast;
        if let Some(file) = &self.options.properties {
            ast.properties_file = file.display().to_string();
        }
        for (place, (attribute, header)) in self.options.header.iter().enumerate() {
            // Behind every line of the file.
            let key = 1_000_000 + place;
            ast.properties.push_str(&format!(
                "\nhandler.{}.formatFields.{key} = ast.valuetarget.{attribute}.value = {header}\n",
                self.number
            ));
        }
        let procedure = ast
            .handlers
            .first()
            .map_or_else(String::new, |handler| handler.procedure.clone());
        let name = self.options.handler.as_ref().map_or("", HandlerName::as_str);
        ast.handlers.retain(|handler| handler.name != name);
        ast.handlers
            .push(ServletHandlerConfig::new(name, self.number.as_str(), procedure));
        match self.options.non_ascii {
            Some(NonAscii::Utf8) => ast.header_encoding = HeaderEncoding::Utf8,
            Some(NonAscii::Percent) => ast.header_encoding = HeaderEncoding::Percent,
            Some(NonAscii::Latin1) => ast.header_encoding = HeaderEncoding::Iso8859,
            _ => {}
        }
    }
}
