//! ClamAV's daemon, asked over its socket (`INSTREAM`).

use clamav_client::tokio::{Socket, Tcp, scan_file};
use std::path::Path;
use std::time::Duration;
use vision_ports::{ScanError, Verdict, VirusScanner};

/// Fifty megabytes take some seconds; a daemon that says nothing for this long is as good as down.
const PATIENCE: Duration = Duration::from_mins(2);

/// A daemon.
pub struct Clamd {
    address: String,
}

impl Clamd {
    /// `address` is the path of a Unix socket or `host:port`.
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned() }
    }
}

/// `stream: OK`, `stream: Eicar-Test-Signature FOUND`; anything else means that nothing is known, as `INSTREAM size limit exceeded. ERROR`.
fn verdict(answer: &[u8]) -> Result<Verdict, ScanError> {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim_matches(['\0', '\n', ' ']);
    let said = text.strip_prefix("stream: ").unwrap_or(text);
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Infected(name.to_owned())),
        None if said == "OK" => Ok(Verdict::Clean),
        None => Err(ScanError(said.chars().take(200).collect())),
    }
}

#[async_trait::async_trait]
impl VirusScanner for Clamd {
    async fn scan(&self, path: &Path) -> Result<Verdict, ScanError> {
        let asked = async {
            if self.address.starts_with('/') {
                scan_file(path, Socket { socket_path: &self.address }, None).await
            } else {
                scan_file(path, Tcp { host_address: &self.address }, None).await
            }
        };
        let answer = tokio::time::timeout(PATIENCE, asked).await.map_err(|_| ScanError("no answer".to_owned()))?;
        verdict(&answer.map_err(|error| ScanError(error.to_string()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_a_yes() {
        assert_eq!(verdict(b"stream: OK\0").expect("verdict"), Verdict::Clean);
        assert_eq!(verdict(b"stream: Eicar-Test FOUND\0").expect("verdict"), Verdict::Infected("Eicar-Test".to_owned()));
        for answer in ["", "INSTREAM size limit exceeded. ERROR", "stream: NOT OK", "stream: OK ERROR"] {
            assert!(verdict(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
