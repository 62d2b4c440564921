//! Virtual-host style addressing: which bucket, if any, a `Host` header names.
//! Requests to an IP address are path style and never come here.

use s3s::{
    S3Result,
    host::{S3Host, VirtualHost},
};

/// `bucket.DOMAIN[:port]` names a bucket; every other host, such as a container's name, does not.
#[derive(Clone, Debug)]
pub(super) struct Domains(pub(super) Vec<String>);

impl Domains {
    /// The bucket that a `Host` header names.
    pub(super) fn bucket(&self, host: &str) -> Option<String> {
        let lower = host.to_ascii_lowercase();
        let name = match lower.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => lower.as_str(),
        };
        if self.0.iter().any(|domain| domain == name) {
            return None;
        }
        self.0
            .iter()
            .filter_map(|domain| name.strip_suffix(domain.as_str())?.strip_suffix('.'))
            // the longest domain leaves the shortest bucket
            .min_by_key(|bucket| bucket.len())
            .map(str::to_owned)
    }
}

impl S3Host for Domains {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let virtual_host = VirtualHost::new(host);
        Ok(match self.bucket(host) {
            Some(bucket) => virtual_host.with_bucket(bucket),
            None => virtual_host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let domains = Domains(vec!["localhost".to_owned(), "s3.localhost".to_owned()]);
        for (host, bucket) in [
            ("localhost", None),
            ("localhost:9000", None),
            ("s3.localhost:9000", None),
            ("bucket.localhost:9000", Some("bucket")),
            ("Bucket.LocalHost", Some("bucket")),
            ("bucket.s3.localhost", Some("bucket")),
            ("my.bucket.localhost:1", Some("my.bucket")),
            ("dwsim:9000", None),
            ("host.docker.internal:9000", None),
            ("notlocalhost", None),
        ] {
            assert_eq!(domains.bucket(host).as_deref(), bucket, "{host}");
        }
    }
}
