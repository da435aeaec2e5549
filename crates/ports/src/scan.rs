//! Looking for malware in files.

use std::path::Path;

/// What a scanner says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// The name of what was found.
    Infected(String),
}

/// The scanner did not answer: nothing is known about the file.
#[derive(Debug, thiserror::Error)]
#[error("virus scanner: {0}")]
pub struct ScanError(pub String);

/// Somebody who looks for malware.
#[async_trait::async_trait]
pub trait VirusScanner: Send + Sync {
    /// Looks into a local file.
    async fn scan(&self, path: &Path) -> Result<Verdict, ScanError>;
}
