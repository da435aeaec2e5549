//! Files on the local disk, below one folder, through object_store.

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::{ObjectStoreExt, PutPayload, WriteMultipart, local::LocalFileSystem, path::Path as Key};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vision_ports::{FileStore, FilesError};

/// Size of the pieces in which a large file is copied.
const CHUNK: usize = 1024 * 1024;

/// A folder of files.
pub struct LocalFiles {
    store: LocalFileSystem,
}

impl LocalFiles {
    /// Uses `folder`, which must exist.
    pub fn new(folder: &Path) -> Result<Self, FilesError> {
        LocalFileSystem::new_with_prefix(folder)
            .map(|store| Self { store: store.with_automatic_cleanup(true) })
            .map_err(|error| FilesError::Store(error.to_string()))
    }
}

fn failed(error: object_store::Error) -> FilesError {
    match error {
        object_store::Error::NotFound { .. } => FilesError::NotFound,
        other => FilesError::Store(other.to_string()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn io(error: std::io::Error) -> FilesError {
    FilesError::Store(error.to_string())
}

#[async_trait::async_trait]
impl FileStore for LocalFiles {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), FilesError> {
        self.store.put(&Key::from(key), PutPayload::from_bytes(content)).await.map(|_| ()).map_err(failed)
    }

    async fn put_path(&self, key: &str, path: &Path) -> Result<(), FilesError> {
        let mut file = tokio::fs::File::open(path).await.map_err(io)?;
        let upload = self.store.put_multipart(&Key::from(key)).await.map_err(failed)?;
        let mut writer = WriteMultipart::new(upload);
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = file.read(&mut buffer).await.map_err(io)?;
            if read == 0 {
                break;
            }
            writer.write(buffer.get(..read).unwrap_or_default());
            writer.wait_for_capacity(2).await.map_err(failed)?;
        }
        writer.finish().await.map(|_| ()).map_err(failed)
    }

    async fn get(&self, key: &str) -> Result<Bytes, FilesError> {
        self.store.get(&Key::from(key)).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    async fn stream(&self, key: &str) -> Result<(u64, BoxStream<'static, Result<Bytes, FilesError>>), FilesError> {
        let found = self.store.get(&Key::from(key)).await.map_err(failed)?;
        let size = found.meta.size;
        Ok((size, found.into_stream().map(|piece| piece.map_err(failed)).boxed()))
    }

    async fn fetch_to(&self, key: &str, path: &Path) -> Result<(), FilesError> {
        let (_, mut pieces) = self.stream(key).await?;
        let mut file = tokio::fs::File::create(path).await.map_err(io)?;
        while let Some(piece) = pieces.next().await {
            file.write_all(&piece?).await.map_err(io)?;
        }
        file.flush().await.map_err(io)
    }

    async fn delete(&self, key: &str) -> Result<(), FilesError> {
        match self.store.delete(&Key::from(key)).await.map_err(failed) {
            Err(FilesError::NotFound) | Ok(()) => Ok(()),
            Err(other) => Err(other),
        }
    }
}
