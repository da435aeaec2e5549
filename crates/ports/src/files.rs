//! Keeping files: uploads, exports, logos.

use bytes::Bytes;
use futures::stream::BoxStream;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// The store failed.
    #[error("file store: {0}")]
    Store(String),
}

/// A place for files, by key. Keys are made by the product (`tenant/…`), never by a client.
#[async_trait::async_trait]
pub trait FileStore: Send + Sync {
    /// Writes a file whole: a reader sees the old one or the new one.
    async fn put(&self, key: &str, content: Bytes) -> Result<(), FilesError>;
    /// Writes a file from a local path, which the caller deletes afterwards.
    async fn put_path(&self, key: &str, path: &std::path::Path) -> Result<(), FilesError>;
    /// Reads a file whole.
    async fn get(&self, key: &str) -> Result<Bytes, FilesError>;
    /// Size in bytes and content, piece by piece.
    async fn stream(&self, key: &str) -> Result<(u64, BoxStream<'static, Result<Bytes, FilesError>>), FilesError>;
    /// The bytes from `range.start` to before `range.end`, piece by piece; the caller knows that they exist.
    async fn stream_range(
        &self,
        key: &str,
        range: std::ops::Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError>;
    /// Copies a file to a local path, for readers that need to seek.
    async fn fetch_to(&self, key: &str, path: &std::path::Path) -> Result<(), FilesError>;
    /// Deletes a file; deleting what is not there succeeds.
    async fn delete(&self, key: &str) -> Result<(), FilesError>;
    /// Deletes every file below a prefix, which is made of whole parts of keys (`a/b` is above `a/b/c`, not above `a/bc`).
    async fn delete_all(&self, prefix: &str) -> Result<(), FilesError>;
}
