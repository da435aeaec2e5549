//! Files in an object store: the local disk below one folder, or a bucket of any S3 service.

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig, WriteMultipart};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vision_ports::{FileStore, FilesError};

/// Size of the pieces in which a large file is copied.
const CHUNK: usize = 1024 * 1024;

/// Files in an object store.
pub struct StoredFiles {
    store: Arc<dyn ObjectStore>,
}

/// Where a bucket is and who opens it.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    /// Address of the service, such as `https://s3.fr-par.scw.cloud`.
    pub endpoint: String,
    /// Name of the bucket, which exists.
    pub bucket: String,
    /// Region, as the service calls it.
    pub region: String,
    /// Access key.
    pub key_id: String,
    /// Its secret.
    pub secret: String,
}

impl StoredFiles {
    /// Uses `folder`, which must exist.
    pub fn in_folder(folder: &Path) -> Result<Self, FilesError> {
        LocalFileSystem::new_with_prefix(folder)
            .map(|store| Self { store: Arc::new(store.with_automatic_cleanup(true)) })
            .map_err(|error| FilesError::Store(error.to_string()))
    }

    /// Uses a bucket; connects when the first file is wanted. The bucket is named in the path, which every S3 service understands.
    pub fn in_bucket(bucket: &S3Bucket) -> Result<Self, FilesError> {
        // The client takes the TLS of the process; it is the same as everywhere else. Already set is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let patient = ClientOptions::new()
            .with_allow_http(bucket.endpoint.starts_with("http://"))
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout(Duration::from_mins(2));
        let patience = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
        let store = AmazonS3Builder::new()
            .with_endpoint(&bucket.endpoint)
            .with_bucket_name(&bucket.bucket)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.key_id)
            .with_secret_access_key(&bucket.secret)
            .with_virtual_hosted_style_request(false)
            .with_conditional_put(S3ConditionalPut::Disabled)
            .with_client_options(patient)
            .with_retry(patience)
            .build()
            .map_err(failed)?;
        Ok(Self { store: Arc::new(store) })
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
impl FileStore for StoredFiles {
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

    async fn stream_range(&self, key: &str, range: Range<u64>) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(&Key::from(key), options).await.map_err(failed)?;
        Ok(found.into_stream().map(|piece| piece.map_err(failed)).boxed())
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

    async fn delete_all(&self, prefix: &str) -> Result<(), FilesError> {
        let prefix = Key::from(prefix);
        loop {
            // In rounds: what is deleted while it is listed would move the rest of the list.
            let found: Vec<Key> =
                self.store.list(Some(&prefix)).take(500).map(|meta| meta.map(|meta| meta.location)).try_collect().await.map_err(failed)?;
            if found.is_empty() {
                return Ok(());
            }
            for key in found {
                self.delete(key.as_ref()).await?;
            }
        }
    }
}
