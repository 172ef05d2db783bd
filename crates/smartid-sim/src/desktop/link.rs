//! Reads the plugout link as the Desktop App must: `com.nexusgroup.plugout:///?url=<escaped>&token=<uuid>`, escapes in any letter case
//! (protocol notes: hermod 5.1, D-ex).

use crate::SimError;

/// A plugout link, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Plugout {
    pub(crate) box_url: String,
    pub(crate) token: String,
}

pub(crate) fn parse(link: &str) -> Result<Plugout, SimError> {
    let refused = |why: &str| SimError::Link(why.to_owned());
    let (scheme, rest) = link
        .trim()
        .split_once(':')
        .ok_or_else(|| refused("it has no scheme"))?;
    if !scheme.eq_ignore_ascii_case("com.nexusgroup.plugout") {
        return Err(refused("its scheme is not com.nexusgroup.plugout"));
    }
    let (_, query) = rest.split_once('?').ok_or_else(|| refused("it has no query"))?;
    let (mut url, mut token) = (None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "url" => url = Some(value.into_owned()),
            "token" => token = Some(value.into_owned()),
            _ => (),
        }
    }
    let box_url = url
        .filter(|url| !url.is_empty())
        .ok_or_else(|| refused("it has no url"))?;
    if !box_url.starts_with("https://") {
        // The apps refuse plain http (hermod 1.2, D).
        return Err(refused("its url is not https"));
    }
    let token = token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| refused("it has no token"))?;
    Ok(Plugout { box_url, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_any_case_are_read() {
        for url in [
            "https%3a%2f%2fh%3A1%2fms%2Fb",
            "https%3A%2F%2Fh%3A1%2Fms%2Fb",
            "https://h:1/ms/b",
        ] {
            let link = parse(&format!("com.nexusgroup.plugout:///?url={url}&token=t")).unwrap();
            assert_eq!(
                (link.box_url.as_str(), link.token.as_str()),
                ("https://h:1/ms/b", "t")
            );
        }
        assert!(parse("COM.nexusgroup.PLUGOUT:///?token=t&url=https://h/b").is_ok());
    }

    #[test]
    fn what_is_no_link_is_refused_without_repeating_it() {
        for link in [
            "",
            "secret",
            "https://h/?url=https://h&token=secret",
            "com.nexusgroup.plugout:///",
            "com.nexusgroup.plugout:///?url=https://h",
            "com.nexusgroup.plugout:///?token=secret",
            "com.nexusgroup.plugout:///?url=http://h&token=secret",
        ] {
            let error = parse(link).err().unwrap().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
