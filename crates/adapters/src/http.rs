//! The one way in which adapters speak HTTP: rustls on ring with the roots that ship in the binary, no redirects, bounded answers.

use std::sync::Arc;
use std::time::Duration;

/// A client that waits `timeout` for a whole answer.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, String> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(timeout)
        .connect_timeout(Duration::from_secs(3))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("vision-crm")
        .build()
        .map_err(|error| error.to_string())
}

/// The body of an answer, at most `most` bytes.
pub(crate) async fn body(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| error.to_string())? {
        if body.len() + piece.len() > most {
            return Err("the answer is too long".to_owned());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
