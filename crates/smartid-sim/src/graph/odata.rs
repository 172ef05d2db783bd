//! JSON as OData writes it: members in an order, and among them some that begin with `@odata.`, anywhere.

use serde_json::Value;

use crate::config::OdataPlace;

/// An object whose members keep their order.
pub(super) struct Entity {
    kind: &'static str,
    members: Vec<(String, String)>,
}

impl Entity {
    /// An object of a type of the namespace `microsoft.graph`.
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            members: Vec::new(),
        }
    }

    /// Puts a member at the end, or in place of the one of that name.
    pub(super) fn put(&mut self, name: &str, value: &Value) {
        self.put_text(name, value.to_string());
    }

    /// The same with JSON text.
    pub(super) fn put_text(&mut self, name: &str, text: String) {
        match self.members.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = text,
            None => self.members.push((name.to_owned(), text)),
        }
    }

    /// An object inside another one.
    pub(super) fn inner(self, place: OdataPlace) -> String {
        let marks = match place {
            OdataPlace::Top | OdataPlace::None => Vec::new(),
            _ => vec![self.type_mark()],
        };
        written(self.members, marks, place)
    }

    /// The outermost object.
    pub(super) fn outer(self, place: OdataPlace, context: &str) -> String {
        let marks = match place {
            OdataPlace::None => Vec::new(),
            _ => vec![
                ("@odata.context".to_owned(), Value::from(context).to_string()),
                self.type_mark(),
            ],
        };
        written(self.members, marks, place)
    }

    fn type_mark(&self) -> (String, String) {
        let kind = format!("#microsoft.graph.{}", self.kind);
        ("@odata.type".to_owned(), Value::from(kind).to_string())
    }
}

fn written(members: Vec<(String, String)>, marks: Vec<(String, String)>, place: OdataPlace) -> String {
    let mut all = members;
    if place == OdataPlace::Scattered
        && let Some(at) = all.iter().position(|(name, _)| name == "challenge")
    {
        let mark = ("challenge@odata.type".to_owned(), "\"#String\"".to_owned());
        all.insert(at + 1, mark);
    }
    let at = match place {
        OdataPlace::Last => all.len(),
        OdataPlace::Scattered => all.len().div_ceil(2),
        _ => 0,
    };
    all.splice(at..at, marks);
    object(&all)
}

/// An object of these members.
pub(super) fn object(members: &[(String, String)]) -> String {
    let inside: Vec<String> = members
        .iter()
        .map(|(name, text)| format!("{}:{text}", Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", inside.join(","))
}

/// An array of JSON texts.
pub(super) fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_where_they_are_told_to() {
        let made = |place| {
            let mut inner = Entity::new("inner");
            inner.put("x", &Value::from("\"1\""));
            let mut entity = Entity::new("outer");
            entity.put("challenge", &Value::from(0));
            entity.put_text("b", inner.inner(place));
            entity.put("challenge", &Value::from(1));
            entity.outer(place, "c")
        };
        let inner = r##"{"@odata.type":"#microsoft.graph.inner","x":"\"1\""}"##;
        let marks = r##""@odata.context":"c","@odata.type":"#microsoft.graph.outer""##;
        assert_eq!(
            made(OdataPlace::Everywhere),
            format!(r#"{{{marks},"challenge":1,"b":{inner}}}"#)
        );
        assert_eq!(
            made(OdataPlace::Top),
            format!(r#"{{{marks},"challenge":1,"b":{{"x":"\"1\""}}}}"#)
        );
        assert_eq!(
            made(OdataPlace::Last),
            format!(
                r##"{{"challenge":1,"b":{{"x":"\"1\"","@odata.type":"#microsoft.graph.inner"}},{marks}}}"##
            )
        );
        assert_eq!(
            made(OdataPlace::Scattered),
            format!(
                r##"{{"challenge":1,"challenge@odata.type":"#String",{marks},"b":{{"x":"\"1\"","@odata.type":"#microsoft.graph.inner"}}}}"##
            )
        );
        assert_eq!(made(OdataPlace::None), r#"{"challenge":1,"b":{"x":"\"1\""}}"#);
    }
}
