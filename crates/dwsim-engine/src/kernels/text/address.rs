//! Internet addresses and URLs taken apart: PARSE_IP, PARSE_URL, and what SEARCH_IP asks.
//! The results are OBJECTs with sorted members.
//!
//! Sources: Snowflake "PARSE_IP", "PARSE_URL".

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arrow::array::ArrayRef;

use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::variant::Value;

/// An address with the length of its network's prefix, when one was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: Option<u32>,
}

impl Network {
    /// `address[/prefix]`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((a, p)) => (a, Some(p.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if prefix.is_some_and(|p| p > bits) {
            return None;
        }
        Some(Network { address, prefix })
    }

    /// First and last address of the network.
    pub(crate) fn range(self) -> (u128, u128) {
        let (value, bits) = match self.address {
            IpAddr::V4(a) => (u128::from(u32::from(a)), 32),
            IpAddr::V6(a) => (u128::from(a), 128),
        };
        let free = bits - self.prefix.unwrap_or(bits);
        let mask = if free >= 128 {
            u128::MAX
        } else {
            (1 << free) - 1
        };
        (value & !mask, value | mask)
    }

    /// Whether an address lies in this network; both must be of one family.
    pub(crate) fn contains(self, other: IpAddr) -> bool {
        let value = match (self.address, other) {
            (IpAddr::V4(_), IpAddr::V4(a)) => u128::from(u32::from(a)),
            (IpAddr::V6(_), IpAddr::V6(a)) => u128::from(a),
            _ => return false,
        };
        let (low, high) = self.range();
        (low..=high).contains(&value)
    }
}

fn object(mut members: Vec<(&str, Value)>) -> Value {
    members.sort_by(|a, b| a.0.cmp(b.0));
    Value::Object(
        members
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v))
            .collect(),
    )
}

fn host(text: &str) -> &str {
    text.split('/').next().unwrap_or(text)
}

fn described(text: &str, network: Network) -> Value {
    let mut members = vec![
        ("snowflake$type", Value::text("ip_address")),
        ("ip_type", Value::text("inet")),
        ("host", Value::text(host(text))),
        (
            "netmask_prefix_length",
            network
                .prefix
                .map_or(Value::Null, |p| Value::int(i64::from(p))),
        ),
    ];
    let word = |v: u128, i: u32| Value::int(((v >> (96 - 32 * i)) & 0xFFFF_FFFF) as i64);
    match network.address {
        IpAddr::V4(a) => {
            let n = i64::from(u32::from(a));
            members.push(("family", Value::int(4)));
            members.push(("ipv4", Value::int(n)));
            let zero = || Value::int(0);
            members.push((
                "ip_fields",
                Value::Array(vec![Value::int(n), zero(), zero(), zero()]),
            ));
            if network.prefix.is_some() {
                let (low, high) = network.range();
                members.push(("ipv4_range_start", Value::int(low as i64)));
                members.push(("ipv4_range_end", Value::int(high as i64)));
            }
        }
        IpAddr::V6(a) => {
            let v = u128::from(a);
            let hex = |v: u128| Value::text(format!("{v:032X}"));
            members.push(("family", Value::int(6)));
            members.push(("hex_ipv6", hex(v)));
            members.push((
                "ip_fields",
                Value::Array((0..4).map(|i| word(v, i)).collect()),
            ));
            if network.prefix.is_some() {
                let (low, high) = network.range();
                members.push(("hex_ipv6_range_start", hex(low)));
                members.push(("hex_ipv6_range_end", hex(high)));
            }
        }
    }
    object(members)
}

/// Whether failures are told in the result: the `permissive` argument, a number or a Boolean as text.
fn permissive(call: &Call<'_>, i: usize) -> Result<impl Fn(usize) -> Option<bool>> {
    let flags: Option<Vec<Option<bool>>> = if call.len() > i {
        let v = call.bool(i)?;
        Some((0..call.rows).map(|row| v.get(row)).collect())
    } else {
        None
    };
    Ok(move |row: usize| match &flags {
        None => Some(false),
        Some(f) => f.get(row).copied().flatten(),
    })
}

/// PARSE_IP(text, 'INET' [, permissive])
pub fn parse_ip(call: &Call<'_>) -> Result<ArrayRef> {
    let (v, kinds) = (call.text(0)?, call.text(1)?);
    let permissive = permissive(call, 2)?;
    call.map_variant(|row| {
        let (Some(text), Some(kind), Some(permissive)) =
            (v.get(row), kinds.get(row), permissive(row))
        else {
            return Ok(None);
        };
        if !kind.eq_ignore_ascii_case("INET") {
            return Err(call.error(format!("Unsupported type '{kind}': only INET is supported")));
        }
        match Network::parse(text) {
            Some(network) => Ok(Some(described(text, network).encode())),
            None => {
                let message = format!("cannot parse the IP address '{text}'");
                if permissive {
                    return Ok(Some(object(vec![("error", Value::text(message))]).encode()));
                }
                Err(SqlError::raw(
                    "100295",
                    "22000",
                    format!("Error parsing IP address: {message}"),
                ))
            }
        }
    })
}

/// The parts of a URL, or why it is none.
fn url(text: &str) -> std::result::Result<Value, &'static str> {
    let (rest, fragment) = match text.split_once('#') {
        Some((a, b)) => (a, Some(b)),
        None => (text, None),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((a, b)) => (a, Some(b)),
        None => (rest, None),
    };
    let (scheme, rest) = rest.split_once(':').ok_or("scheme not specified")?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !valid {
        return Err(if scheme.contains('/') || scheme.is_empty() {
            "scheme not specified"
        } else {
            "invalid scheme"
        });
    }
    let (host, port, path) = match rest.strip_prefix("//") {
        None => (None, None, rest),
        Some(rest) => {
            let (authority, path) = match rest.find('/') {
                Some(i) => (&rest[..i], &rest[i + 1..]),
                None => (rest, ""),
            };
            let place = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
            let bracket = place.rfind(']').map_or(0, |i| i + 1);
            let (host, port) = match place[bracket..].find(':') {
                Some(i) => (&place[..bracket + i], Some(&place[bracket + i + 1..])),
                None => (place, None),
            };
            if port.is_some_and(|p| !p.chars().all(|c| c.is_ascii_digit())) {
                return Err("invalid port number");
            }
            (Some(host), port.filter(|p| !p.is_empty()), path)
        }
    };
    let text = |v: Option<&str>| v.map_or(Value::Null, Value::text);
    let parameters = query.map_or(Value::Null, |q| {
        let mut pairs: Vec<(String, Value)> = q
            .split('&')
            .filter(|p| !p.is_empty())
            .map(|p| match p.split_once('=') {
                Some((k, v)) => (k.to_owned(), Value::text(v)),
                None => (p.to_owned(), Value::Null),
            })
            .collect();
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, first| later.0 == first.0);
        Value::Object(pairs)
    });
    Ok(object(vec![
        ("fragment", text(fragment)),
        ("host", text(host)),
        ("parameters", parameters),
        ("path", Value::text(path)),
        ("port", text(port)),
        ("query", text(query)),
        ("scheme", Value::text(scheme.to_ascii_lowercase())),
    ]))
}

/// PARSE_URL(text [, permissive])
pub fn parse_url(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let permissive = permissive(call, 1)?;
    call.map_variant(|row| {
        let (Some(text), Some(permissive)) = (v.get(row), permissive(row)) else {
            return Ok(None);
        };
        match url(text) {
            Ok(v) => Ok(Some(v.encode())),
            Err(why) if permissive => Ok(Some(object(vec![("error", Value::text(why))]).encode())),
            Err(why) => Err(SqlError::raw(
                "100139",
                "22000",
                format!("Error parsing URL: {why}"),
            )),
        }
    })
}

/// Addresses as SEARCH_IP finds them in a text: tokens between blanks and quotes.
pub(crate) fn addresses(text: &str) -> impl Iterator<Item = IpAddr> + '_ {
    text.split(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '='
            )
    })
    .filter_map(|t| {
        let t = t.trim_end_matches(['.', ':']);
        t.parse::<Ipv4Addr>()
            .map(IpAddr::V4)
            .or_else(|_| t.parse::<Ipv6Addr>().map(IpAddr::V6))
            .ok()
            .or_else(|| {
                let (host, port) = t.rsplit_once(':')?;
                let numeric = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
                numeric
                    .then(|| host.parse::<Ipv4Addr>().ok())
                    .flatten()
                    .map(IpAddr::V4)
            })
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::variant::{JsonStyle, Ref, to_json};

    fn json(v: &Value) -> String {
        to_json(Ref::new(&v.encode()), JsonStyle::Compact)
    }

    #[test]
    fn urls() {
        for (text, want) in [
            (
                "HTTPS://user:pw@example.com:8443/a/b.html?x=1&y&x=2#top",
                r#"{"fragment":"top","host":"example.com","parameters":{"x":"2","y":null},"path":"a/b.html","port":"8443","query":"x=1&y&x=2","scheme":"https"}"#,
            ),
            (
                "mailto:a@b.org",
                r#"{"fragment":null,"host":null,"parameters":null,"path":"a@b.org","port":null,"query":null,"scheme":"mailto"}"#,
            ),
            (
                "http://[::1]:80/",
                r#"{"fragment":null,"host":"[::1]","parameters":null,"path":"","port":"80","query":null,"scheme":"http"}"#,
            ),
        ] {
            assert_eq!(json(&url(text).unwrap()), want, "{text}");
        }
        assert_eq!(url("example.int/foo.php?bar"), Err("scheme not specified"));
    }

    #[test]
    fn networks() {
        let n = Network::parse("10.1.2.3/8").unwrap();
        assert_eq!(n.range(), (10 << 24, (11 << 24) - 1));
        assert!(n.contains("10.255.0.1".parse().unwrap()));
        assert!(!n.contains("11.0.0.1".parse().unwrap()));
        assert!(Network::parse("10.1.2.3/33").is_none());
        assert!(
            Network::parse("::/0")
                .unwrap()
                .contains("fe80::1".parse().unwrap())
        );
        let found: Vec<_> = addresses("from=10.0.0.1:443 to ::1, no 1.2.3").collect();
        assert_eq!(found.len(), 2);
    }
}
