//! Time stamps: somebody else's word that a document existed at a moment (RFC 3161).

/// A stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStamp {
    /// The `TimeStampToken` of RFC 3161, DER: it can be checked without us.
    pub token: Vec<u8>,
    /// Who stamped: the address of the authority, or the name of a local one.
    pub authority: String,
}

/// Why there is no stamp.
#[derive(Debug, thiserror::Error)]
pub enum TimeStampError {
    /// Worth another try.
    #[error("the time stamping authority did not answer: {0}")]
    Temporary(String),
    /// It answered, and what it said is no stamp of this document.
    #[error("the time stamping authority refused: {0}")]
    Refused(String),
}

/// Somebody who stamps.
#[async_trait::async_trait]
pub trait TimestampAuthority: Send + Sync {
    /// Stamps the SHA-256 of a document: 32 bytes.
    async fn stamp(&self, sha256: &[u8]) -> Result<TimeStamp, TimeStampError>;
}
