//! What changes on the way back: cookies and addresses of the back end are moved to where the browser sees them, below the mapped path.

use crate::config::DaResource;

/// The mapped path of a resource, without a slash at the end.
pub(super) fn mapped(resource: &DaResource) -> String {
    format!("/{}/{}", resource.scheme, resource.name)
}

/// Where a back end is, and where the browser sees it.
pub(super) struct Place<'a> {
    /// Scheme, host and port.
    pub(super) origin: &'a str,
    /// Path on the back end in front of everything, without a slash at the end.
    pub(super) base: &'a str,
    /// The mapped path.
    pub(super) prefix: &'a str,
}

impl<'a> Place<'a> {
    /// `backend` is an address with or without a path.
    pub(super) fn new(backend: &'a str, prefix: &'a str) -> Self {
        let host = backend.find("://").map_or(0, |at| at + 3);
        let path = backend
            .get(host..)
            .and_then(|rest| rest.find('/'))
            .map_or(backend.len(), |at| host + at);
        let (origin, base) = backend.split_at_checked(path).unwrap_or((backend, ""));
        Self { origin, base, prefix }
    }

    /// A path of the back end as the browser sees it; none when it is not below where the resource is.
    fn moved(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.base)?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then(|| format!("{}{rest}", self.prefix))
    }

    /// `Set-Cookie` of a back end for its mapped path; none for a cookie that would stand in for the access point's own.
    pub(super) fn set_cookie(&self, line: &str, session_cookie: &str) -> Option<String> {
        let mut parts = line.split(';');
        let pair = parts.next()?.trim();
        let (name, _) = pair.split_once('=')?;
        if is_own(name, session_cookie) {
            return None;
        }
        let mut out = vec![pair.to_owned()];
        for part in parts {
            let part = part.trim();
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.trim().to_ascii_lowercase().as_str() {
                // The back end's domain is not the access point's.
                "domain" => (),
                "path" if value.trim().starts_with('/') => {
                    // A cookie for more than the resource is for the whole of it.
                    let path = self
                        .moved(value.trim())
                        .unwrap_or_else(|| format!("{}/", self.prefix));
                    out.push(format!("Path={path}"));
                }
                _ => out.push(part.to_owned()),
            }
        }
        Some(out.join("; "))
    }

    /// `Location` of a back end as the browser may follow it.
    pub(super) fn location(&self, target: &str) -> String {
        let path = match target.strip_prefix(self.origin) {
            Some("") => "/",
            Some(rest) if rest.starts_with(['/', '?', '#']) => rest,
            Some(_) => return target.to_owned(),
            None if target.starts_with('/') && !target.starts_with("//") => target,
            None => return target.to_owned(),
        };
        self.moved(path).unwrap_or_else(|| target.to_owned())
    }
}

/// Whether a cookie is the access point's: its session, or one beside it, such as that of a login that has begun.
fn is_own(name: &str, session_cookie: &str) -> bool {
    let (name, own) = (
        name.trim().to_ascii_lowercase(),
        session_cookie.to_ascii_lowercase(),
    );
    name.strip_prefix(&own)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The `Cookie` header without the access point's own.
pub(super) fn cookies(line: &str, session_cookie: &str) -> Option<String> {
    let kept: Vec<&str> = line
        .split(';')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !is_own(name, session_cookie)
        })
        .collect();
    (!kept.is_empty()).then(|| kept.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_move_to_the_mapped_path() {
        let place = Place::new("https://localhost:1", "/https/pgwy");
        let moved = |line: &str| place.set_cookie(line, "WASESSION");
        assert_eq!(
            moved("downloaded=true; Path=/").as_deref(),
            Some("downloaded=true; Path=/https/pgwy/")
        );
        assert_eq!(
            moved("a=1;path=/x; Domain=back.example.test; Secure; HttpOnly").as_deref(),
            Some("a=1; Path=/https/pgwy/x; Secure; HttpOnly")
        );
        assert_eq!(moved("a=1; Max-Age=0").as_deref(), Some("a=1; Max-Age=0"));
        for planted in [
            "WASESSION=1; Path=/",
            "wasession=1",
            "WASESSION-LOGIN=1",
            "nothing",
        ] {
            assert_eq!(moved(planted), None, "{planted}");
        }
        let deeper = Place::new("http://localhost/app", "/https/x");
        let moved = |line: &str| deeper.set_cookie(line, "S");
        assert_eq!(moved("a=1; Path=/app/y").as_deref(), Some("a=1; Path=/https/x/y"));
        assert_eq!(moved("a=1; Path=/").as_deref(), Some("a=1; Path=/https/x/"));
        assert_eq!(
            moved("a=1; Path=/application").as_deref(),
            Some("a=1; Path=/https/x/")
        );
        assert_eq!(
            cookies(
                "a=1; WASESSION=secret; WASESSION-LOGIN=x; WASESSIONS=3; b=2",
                "WASESSION"
            )
            .as_deref(),
            Some("a=1; WASESSIONS=3; b=2")
        );
        assert_eq!(cookies("WASESSION=secret", "WASESSION"), None);
    }

    #[test]
    fn addresses_move_with_it() {
        let place = Place::new("https://localhost:1", "/https/pgwy");
        for (target, expected) in [
            ("/a?b", "/https/pgwy/a?b"),
            ("https://localhost:1/a", "/https/pgwy/a"),
            ("https://localhost:1", "/https/pgwy/"),
            ("https://localhost:12/a", "https://localhost:12/a"),
            ("//evil.example/", "//evil.example/"),
            ("a/b", "a/b"),
        ] {
            assert_eq!(place.location(target), expected);
        }
        let deeper = Place::new("http://localhost/app", "/https/x");
        for (target, expected) in [
            ("/app/y", "/https/x/y"),
            ("http://localhost/app", "/https/x"),
            ("/elsewhere", "/elsewhere"),
            ("/application", "/application"),
        ] {
            assert_eq!(deeper.location(target), expected);
        }
    }
}
