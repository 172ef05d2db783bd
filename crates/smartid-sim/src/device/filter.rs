//! Chooses a key by the command's filter (protocol notes: hermod 3.7): one leaf is documented, trees and the other parameters are
//! inferred. What is not understood is refused, because a filter that is ignored signs with a key that nobody asked for.

use serde_json::Value;

use super::Refusal;

/// What a filter may ask about a key.
pub(crate) trait Facts {
    /// Whether a parameter has this value; `None` when the parameter is not known.
    fn has(&self, param: &str, value: &str) -> Option<bool>;
}

/// Deeper trees are refused.
const MAX_DEPTH: usize = 64;

fn wrong(why: impl Into<String>) -> Refusal {
    Refusal::new("FILTER_NOT_SUPPORTED", why)
}

/// Whether a key passes. No filter, `null` and `{}` let every key pass.
pub(crate) fn passes(filter: Option<&Value>, facts: &dyn Facts) -> Result<bool, Refusal> {
    match filter {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Object(map)) if map.is_empty() => Ok(true),
        Some(filter) => evaluate(filter, facts, 0),
    }
}

fn evaluate(filter: &Value, facts: &dyn Facts, depth: usize) -> Result<bool, Refusal> {
    if depth >= MAX_DEPTH {
        return Err(wrong("the filter is nested too deeply"));
    }
    let op = filter
        .get("op")
        .and_then(Value::as_str)
        .ok_or_else(|| wrong("a filter without op"))?;
    let parts = || -> Result<Vec<&Value>, Refusal> {
        match filter.get("value") {
            Some(Value::Array(list)) => Ok(list.iter().collect()),
            Some(single @ Value::Object(_)) => Ok(vec![single]),
            _ => Err(wrong("the value of this operation is a list of filters")),
        }
    };
    // Every part is read, so that an unknown operation is refused wherever it stands.
    let each = || -> Result<Vec<bool>, Refusal> {
        parts()?
            .into_iter()
            .map(|part| evaluate(part, facts, depth + 1))
            .collect()
    };
    match op {
        "eq" => {
            let param = filter
                .get("param")
                .and_then(Value::as_str)
                .ok_or_else(|| wrong("eq without param"))?;
            let value = match filter.get("value") {
                Some(Value::String(text)) => text.clone(),
                Some(number @ Value::Number(_)) => number.to_string(),
                _ => return Err(wrong("eq without a text as value")),
            };
            facts
                .has(param, &value)
                .ok_or_else(|| wrong("a parameter that is not known"))
        }
        "and" => Ok(each()?.into_iter().all(|passed| passed)),
        "or" => Ok(each()?.into_iter().any(|passed| passed)),
        "not" => match each()?.as_slice() {
            [passed] => Ok(!passed),
            _ => Err(wrong("not takes one filter")),
        },
        _ => Err(wrong("an operation that is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Key;

    impl Facts for Key {
        fn has(&self, param: &str, value: &str) -> Option<bool> {
            match param {
                "key.type" => Some(value == "RSA"),
                "cert.issuer" => Some(value == "CA" || value == "CN=CA"),
                "key.length" => Some(value == "2048"),
                _ => None,
            }
        }
    }

    fn leaf(param: &str, value: &str) -> Value {
        json!({"op": "eq", "param": param, "value": value})
    }

    #[test]
    fn leaves_and_trees() {
        let (yes, no) = (leaf("key.type", "RSA"), leaf("key.type", "EC"));
        for (filter, expected) in [
            (json!(null), true),
            (json!({}), true),
            (yes.clone(), true),
            (no.clone(), false),
            (leaf("cert.issuer", "CA"), true),
            (json!({"op": "eq", "param": "key.length", "value": 2048}), true),
            (json!({"op": "and", "value": [yes, yes]}), true),
            (json!({"op": "and", "value": [yes, no]}), false),
            (json!({"op": "and", "value": []}), true),
            (json!({"op": "or", "value": [no, yes]}), true),
            (json!({"op": "or", "value": []}), false),
            (json!({"op": "not", "value": no}), true),
            (json!({"op": "not", "value": [yes]}), false),
        ] {
            assert_eq!(passes(Some(&filter), &Key).unwrap(), expected, "{filter}");
        }
        assert!(passes(None, &Key).unwrap());
    }

    #[test]
    fn what_is_not_understood_is_refused_wherever_it_stands() {
        let yes = leaf("key.type", "RSA");
        let mut deep = yes.clone();
        for _ in 0..MAX_DEPTH {
            deep = json!({"op": "not", "value": [deep]});
        }
        for filter in [
            json!("RSA"),
            json!([yes]),
            json!({"op": "like", "param": "key.type", "value": "R*"}),
            json!({"op": "or", "value": [yes, {"op": "like"}]}),
            leaf("key.colour", "RSA"),
            json!({"op": "eq", "param": "key.type"}),
            json!({"op": "eq", "value": "RSA"}),
            json!({"op": "and", "value": "RSA"}),
            json!({"op": "not", "value": [yes, yes]}),
            deep,
        ] {
            let refusal = passes(Some(&filter), &Key).unwrap_err();
            assert_eq!(refusal.code, "FILTER_NOT_SUPPORTED", "{filter}");
        }
    }
}
