//! The server's certificate: made once on this machine, signed by an authority that clients may trust.
//! Which connections are encrypted is decided in `startup` and `connection`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Names that the certificate is for.
const NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// A certificate that the server shows, and where the authority's own certificate is kept.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    authority: Option<PathBuf>,
}

fn broken(e: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, e)
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// A fresh certificate with its key, and the authority that signed it.
struct Made {
    authority: CertificateDer<'static>,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

fn make() -> Result<Made, rcgen::Error> {
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.distinguished_name
        .push(DnType::CommonName, "dwsim local authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_key = KeyPair::generate()?;
    let authority = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);
    let mut params =
        CertificateParams::new(NAMES.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(Made {
        authority: authority.der().clone(),
        certificate: certificate.der().clone(),
        key: key.serialize_der(),
    })
}

fn config(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(Arc::new(config))
}

impl Tls {
    /// A certificate for this process only.
    ///
    /// # Errors
    /// When there is no randomness for its keys.
    pub fn ephemeral() -> io::Result<Self> {
        let made = make().map_err(broken)?;
        let key = PrivatePkcs8KeyDer::from(made.key);
        Ok(Tls {
            config: config(made.certificate, key.into()).map_err(broken)?,
            authority: None,
        })
    }

    /// The certificate kept in a directory, which is made when there is none. `authority.pem` in it is what clients
    /// that verify the server trust; its key is thrown away.
    ///
    /// # Errors
    /// When the directory cannot be read or written.
    pub fn kept(directory: &Path) -> io::Result<Self> {
        let authority = directory.join("authority.pem");
        let (certificate, key) = (directory.join("server.pem"), directory.join("server.key"));
        if let (true, Ok(c), Ok(k)) = (
            authority.exists(),
            CertificateDer::from_pem_file(&certificate),
            PrivateKeyDer::from_pem_file(&key),
        ) && let Ok(config) = config(c, k)
        {
            return Ok(Tls {
                config,
                authority: Some(authority),
            });
        }
        let made = make().map_err(broken)?;
        std::fs::create_dir_all(directory)?;
        write(&key, &pem("PRIVATE KEY", &made.key))?;
        write(&certificate, &pem("CERTIFICATE", &made.certificate))?;
        write(&authority, &pem("CERTIFICATE", &made.authority))?;
        let der = PrivatePkcs8KeyDer::from(made.key);
        Ok(Tls {
            config: config(made.certificate, der.into()).map_err(broken)?,
            authority: Some(authority),
        })
    }

    /// The file with the authority's certificate, when it is kept.
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// The same certificate for HTTP/1.1.
    #[must_use]
    pub fn http(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    pub(super) fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }
}

/// Writes a file of which readers see all or nothing; keys are for their owner only.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let unique = format!("{}.{}", path.display(), uuid::Uuid::new_v4());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&unique)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    drop(file);
    std::fs::rename(&unique, path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn kept_certificates_stay() {
        let directory = std::env::temp_dir().join(format!("dwsim-tls-{}", uuid::Uuid::new_v4()));
        let first = Tls::kept(&directory).unwrap();
        let text = std::fs::read_to_string(first.authority().unwrap()).unwrap();
        Tls::kept(&directory).unwrap();
        assert_eq!(
            std::fs::read_to_string(directory.join("authority.pem")).unwrap(),
            text
        );
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"));
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(Tls::ephemeral().unwrap().authority().is_none());
    }
}
