//! Reads the links that start the apps (protocol notes: hermod 5.1): the plugout link of the Desktop App, the start and provisioning
//! links of the Mobile App and of custom apps. Links are bearer secrets, so no error repeats one.

use std::fmt;

use crate::SimError;

/// A link, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// `com.nexusgroup.plugout:///?url=<escaped>&token=<uuid>`, escapes in any letter case (D-ex).
    Plugout { box_url: String, token: String },
    /// `<scheme>://start?...`: the app opens and fetches its own boxes (D).
    Start(Extras),
    /// `<scheme>://<host>/<path>/ms/<bid>/<mid>?...`: a provisioning message, `https://` put back (D).
    Message {
        box_url: String,
        mid: String,
        extras: Extras,
    },
}

/// What a mobile link may carry beside its address (D).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// Shown while waiting.
    pub(crate) title: Option<String>,
    /// Opened after the first confirmation.
    pub(crate) redirect: Option<String>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plugout { box_url: _, token: _ } => "Plugout",
            Self::Start(_) => "Start",
            Self::Message {
                box_url: _,
                mid: _,
                extras: _,
            } => "Message",
        })
    }
}

fn refused(why: &str) -> SimError {
    SimError::Link(why.to_owned())
}

/// What the Desktop App can follow.
pub(crate) fn plugout(link: &str) -> Result<Link, SimError> {
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
    Ok(Link::Plugout { box_url, token })
}

/// What the Mobile App can follow.
pub(crate) fn mobile(link: &str, schemes: &[String], plugout_links: bool) -> Result<Link, SimError> {
    let (scheme, rest) = link
        .trim()
        .split_once("://")
        .ok_or_else(|| refused("it has no scheme"))?;
    if plugout_links && scheme.eq_ignore_ascii_case("com.nexusgroup.plugout") {
        return plugout(link);
    }
    if !schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err(refused("its scheme is not the app's"));
    }
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut extras = Extras::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "title" => extras.title = Some(value.into_owned()),
            "redirect" => extras.redirect = Some(value.into_owned()),
            _ => (),
        }
    }
    if address.trim_end_matches('/').eq_ignore_ascii_case("start") {
        return Ok(Link::Start(extras));
    }
    let address =
        url::Url::parse(&format!("https://{address}")).map_err(|_| refused("its address cannot be read"))?;
    let address = address.as_str().trim_end_matches('/');
    let split = address.rsplit_once('/').filter(|(box_url, mid)| {
        // host, at least `ms`, the box, the message.
        !mid.is_empty() && box_url.split('/').count() >= 5
    });
    let (box_url, mid) = split.ok_or_else(|| refused("it names no message"))?;
    Ok(Link::Message {
        box_url: box_url.to_owned(),
        mid: mid.to_owned(),
        extras,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(link: &str) -> Result<Link, SimError> {
        mobile(link, &["personal".into(), "my-app".into()], true)
    }

    #[test]
    fn escapes_of_any_case_are_read() {
        for url in [
            "https%3a%2f%2fh%3A1%2fms%2Fb",
            "https%3A%2F%2Fh%3A1%2Fms%2Fb",
            "https://h:1/ms/b",
        ] {
            let text = format!("com.nexusgroup.plugout:///?url={url}&token=t");
            let expected = Link::Plugout {
                box_url: "https://h:1/ms/b".into(),
                token: "t".into(),
            };
            assert!(plugout(&text).unwrap() == expected);
            assert!(phone(&text).unwrap() == expected);
            assert!(mobile(&text, &["personal".into()], false).is_err());
        }
        assert!(plugout("COM.nexusgroup.PLUGOUT:///?token=t&url=https://h/b").is_ok());
    }

    #[test]
    fn mobile_links_get_https_back_and_give_title_and_redirect() {
        let link = phone(
            "personal://hermod.example.test:20400/hermod/rest/ms/b/m?title=Get%20it+now&redirect=https%3A%2F%2Fp.example.test%2F%3Fa%3D1",
        );
        let expected = Link::Message {
            box_url: "https://hermod.example.test:20400/hermod/rest/ms/b".into(),
            mid: "m".into(),
            extras: Extras {
                title: Some("Get it now".into()),
                redirect: Some("https://p.example.test/?a=1".into()),
            },
        };
        assert!(link.unwrap() == expected);
        assert!(matches!(phone("MY-APP://h/ms/b/m"), Ok(Link::Message { .. })));
        assert!(
            phone("personal://start?title=x").unwrap()
                == Link::Start(Extras {
                    title: Some("x".into()),
                    redirect: None
                })
        );
        assert!(phone("personal://start").unwrap() == Link::Start(Extras::default()));
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
            let error = plugout(link).err().unwrap().to_string();
            assert!(!error.contains("secret"), "{error}");
            assert!(phone(link).is_err(), "{link}");
        }
        for link in [
            "personal://",
            "personal://secret",
            "personal://secret/ms",
            "personal://secret/m",
            "personal:// secret /ms/b/m",
            "other://secret/ms/b/m",
        ] {
            let error = phone(link).err().unwrap().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(
            format!("{:?}", phone("personal://h/ms/b/secret").unwrap()),
            "Message"
        );
    }
}
