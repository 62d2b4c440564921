//! The parts of an endpoint's URL: who logs in, where to, and how. What is left out is the emulators' `dev`.
//! Which parameters mean something is the clients' part.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// `scheme://user:password@host:port/path?name=value`; the escapes of all parts are read.
#[derive(Debug, Default)]
pub(super) struct Url {
    /// Before `://`.
    pub(super) scheme: String,
    /// Before the colon of what stands before `@`.
    pub(super) user: Option<String>,
    /// After it.
    pub(super) password: Option<String>,
    /// Host and port as they are written.
    pub(super) place: Option<String>,
    /// After the host, without its slash.
    pub(super) path: Option<String>,
    /// After `?`.
    pub(super) query: BTreeMap<String, String>,
}

impl Url {
    pub(super) fn parse(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        let some = |text: &str| Some(decoded(text)).filter(|text| !text.is_empty());
        Url {
            scheme: scheme.to_ascii_lowercase(),
            user: some(user),
            password: some(password),
            place: some(place),
            path: some(path),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        }
    }

    /// A parameter that is not empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// `%40` -> `@`; what is no such escape stays.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// What stands for itself in every part of a URL (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// [`UNRESERVED`] and the slash.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// A text as one part of a URL: everything but letters, digits and `-_.~` as `%XX`.
#[must_use]
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A path of a URL, whose slashes stay.
#[must_use]
pub fn percent_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_who_logs_in_and_how() {
        for (url, user, password, path, sslmode) in [
            (
                "postgres://dev:dev@127.0.0.1:5439/dev",
                Some("dev"),
                Some("dev"),
                Some("dev"),
                None,
            ),
            (
                "postgresql://ann:p%40ss%2f@h:1/shop?x=1&sslmode=disable",
                Some("ann"),
                Some("p@ss/"),
                Some("shop"),
                Some("disable"),
            ),
            ("postgres://ann@h", Some("ann"), None, None, None),
            ("postgres://h:5432/x", None, None, Some("x"), None),
            (
                "postgres://a:b:c@h/?sslmode=",
                Some("a"),
                Some("b:c"),
                None,
                None,
            ),
            (
                "postgres://a:100%@h/#part?sslmode=require",
                Some("a"),
                Some("100%"),
                None,
                None,
            ),
        ] {
            let read = Url::parse(url);
            assert_eq!(read.user.as_deref(), user, "{url}");
            assert_eq!(read.password.as_deref(), password, "{url}");
            assert_eq!(read.path.as_deref(), path, "{url}");
            assert_eq!(read.parameter("sslmode"), sslmode, "{url}");
        }
        assert_eq!(Url::parse("HTTPS://h").scheme, "https");
        assert_eq!(decoded(&percent("p@ss/ä")), "p@ss/ä");
        assert_eq!(percent_path("tests/sql/a b.sql"), "tests/sql/a%20b.sql");
    }
}
