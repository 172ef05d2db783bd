//! Pages of HTML: the example page that asks for the password of a soft token (protocol notes: cm 7.1, D), those where people paste a
//! certificate request, and answers that hold a certificate (cm 8, T).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Place;
use crate::config::{CmConfig, CmEuiConfig, ResponseElement};
use crate::net::message::{Reply, Request, decode};
use crate::pgwy::errors::page;
use crate::pgwy::path::slashed;
use crate::pgwy::values;
use crate::pki::pem;

const AST: &str = include_str!("html/ast.html");
const EUI: &str = include_str!("html/eui.html");
const HTML: &str = "text/html;charset=UTF-8";

/// Text within HTML, also within a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// From the folder of one path to another, so that it also holds behind a front that moves both.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
    let (from, to) = (parts(&slashed(from)), parts(&slashed(to)));
    let folder = from.len().saturating_sub(1);
    let most = folder.min(to.len().saturating_sub(1));
    let common = from
        .iter()
        .zip(&to)
        .take(most)
        .take_while(|(one, other)| one == other)
        .count();
    let up = std::iter::repeat_n("..", folder.saturating_sub(common));
    let down = to.iter().skip(common).map(String::as_str);
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The example page of AST.
pub(super) fn ast(config: &CmConfig) -> String {
    let ast = &config.ast;
    let action = relative(&ast.page, &ast.prefix);
    AST.replace("{action}", &escaped(&action))
        .replace("{field}", &escaped(&ast.password_field))
}

/// The page of a handler of EUI.
pub(super) fn eui(config: &CmConfig, name: &str) -> String {
    let eui = &config.eui;
    let segment = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
    let below = if name.is_empty() {
        String::new()
    } else {
        format!("/{segment}")
    };
    let action = format!("{}{below}", relative(&eui.page, &eui.prefix));
    let encodings: String = eui
        .certencodings
        .iter()
        .map(|name| format!("<option>{}</option>", escaped(name)))
        .collect();
    EUI.replace("{action}", &escaped(&action))
        .replace("{field}", &escaped(&eui.request_field))
        .replace("{encoding}", &escaped(&eui.certencoding_field))
        .replace("{encodings}", &encodings)
}

/// The handler whose page a path is.
pub(super) fn eui_name(template: &str, path: &str) -> Option<String> {
    let template = slashed(template);
    let (head, tail) = template.split_once("{name}")?;
    let name = path.strip_prefix(head)?.strip_suffix(tail)?;
    (!name.contains('/')).then(|| decode(name))
}

/// A page that somebody has asked for.
pub(super) fn reply(config: &CmConfig, place: &Place, request: &Request) -> Reply {
    if request.method != "GET" {
        return page(405, "method");
    }
    let text = match place {
        Place::EuiPage(name) => {
            let certifies = config.eui.handlers.iter().any(|handler| {
                let wanted = handler.procedure.as_str();
                handler.name == *name
                    && config.procedures.iter().any(|known| {
                        (known.name == wanted || known.id == wanted) && known.media_type == "pkcs10"
                    })
            });
            if !config.eui.start || !certifies {
                return page(404, "handler");
            }
            eui(config, name)
        }
        _ if !config.ast.start => return page(config.stopped_status, "stopped"),
        _ => ast(config),
    };
    Reply::text(200, HTML, text).with_code("page")
}

/// A page with a heading and a sentence.
pub(super) fn message(heading: &str, sentence: &str) -> String {
    let (heading, sentence) = (escaped(heading), escaped(sentence));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{heading}</title></head>\n\
         <body><h1>{heading}</h1><p>{sentence}</p></body></html>\n"
    )
}

/// The element with a certificate, or a PKCS #7 file.
pub(super) fn element(config: &CmEuiConfig, octets: &[u8]) -> String {
    let name = escaped(&config.element_name);
    let value = BASE64_STANDARD.encode(octets);
    let lines = values::base64(octets, true).replace("\r\n", "\n");
    match config.element {
        ResponseElement::NameFirst => format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"),
        ResponseElement::IdFirst => format!("<input id=\"{name}\" name=\"{name}\" value=\"{value}\">"),
        ResponseElement::SingleQuotes => format!("<input type='hidden' name='{name}' value='{value}'>"),
        ResponseElement::WrappedValue => {
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{lines}\">")
        }
        ResponseElement::WrappedTag => {
            format!("<input\n  type=\"hidden\"\n  name=\"{name}\"\n  value=\"{value}\">")
        }
        ResponseElement::ValueFirst => format!("<input value=\"{value}\" type=\"hidden\" name=\"{name}\">"),
        ResponseElement::Textarea => format!("<textarea name=\"{name}\">{lines}</textarea>"),
        ResponseElement::Pem => {
            let text = pem("CERTIFICATE", octets);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{text}\">")
        }
    }
}

/// The page around it.
pub(super) fn answer(element: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<title>Certificate</title>\n</head>\n<body>\n<h1>The certificate has been issued</h1>\n\
         <form>\n{element}\n</form>\n</body>\n</html>\n"
    )
}
