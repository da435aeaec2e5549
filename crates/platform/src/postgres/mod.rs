//! The managed PostgreSQL: `vision` brings its own server up, takes over one that already runs, and takes it down.
//!
//! Invariants:
//! - One server per data directory. A second instance, or one that follows a killed one, *adopts* the running server.
//! - The server is reachable through a private Unix socket only: there is no port to take and no network to guard.
//! - PostgreSQL never runs as root: root drops to an account and puts the data where that account can reach it.
//! - `postmaster.pid` is never removed here, and an existing data directory is never initialised again.
//! - Real data is always durable; `durable: false` is for tests.
//!
//! The server is left running when the value is dropped: the next start adopts it. Call [`ManagedPostgres::stop`] to end it.

mod account;
mod binaries;
mod cluster;
mod error;
mod layout;
mod pidfile;
mod server;
mod settings;

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

use account::Account;
use cluster::Paths;
pub use error::ManagedError;
use server::{Running, Target};

/// The role that owns the database and its schema: the superuser of a managed server.
const OWNER: &str = "vision_owner";

/// Where the managed server lives and with which binaries it runs.
#[derive(Debug, Clone)]
pub struct ManagedOptions {
    /// The data folder of this installation (`VISION_DATA`); the server's part is its `pg` folder.
    pub data_dir: PathBuf,
    /// The folder with `postgres` and `initdb` to use, and no other (`VISION_PG_BIN`).
    pub bin_dir: Option<PathBuf>,
    /// Folders to look at after the system's own, such as the binaries shipped beside the executable.
    pub bundled_bin_dirs: Vec<PathBuf>,
    /// `false` only in tests: nothing is forced to disk and little memory is used.
    pub durable: bool,
}

/// A running managed server.
pub struct ManagedPostgres {
    running: Running,
    password: String,
    data: PathBuf,
}

impl ManagedPostgres {
    /// Starts the server of a data folder, initialising it first where needed, or adopts the one that runs.
    ///
    /// # Errors
    /// A [`ManagedError`] whose text says what to do.
    pub async fn start(options: ManagedOptions) -> Result<Self, ManagedError> {
        let base = std::path::absolute(&options.data_dir).map_err(ManagedError::path("open", &options.data_dir))?;
        let existing = layout::existing(&base)?;
        let found = existing.as_deref().map(layout::newest).transpose()?.flatten();
        // Where root comes after an ordinary user, that user goes on serving the folder.
        let owner = found.as_ref().map(|found| found.owner).or_else(|| Some(existing.as_deref()?.metadata().ok()?.uid()));
        let account = Account::resolve(owner).await?;
        if let Some(found) = found.as_ref().filter(|found| found.owner != account.uid) {
            let path = existing.unwrap_or(base).join(found.major.to_string());
            return Err(ManagedError::WrongOwner { path, owner: found.owner, expected: account.name });
        }
        let pg = match existing {
            Some(pg) => pg,
            None => layout::create(&base, &account)?,
        };
        let _lock = cluster::lock(&pg, &account).await?;

        // Under the lock: another start may have made the cluster in the meantime.
        let found = layout::newest(&pg)?;
        let password = cluster::password(&pg, &account, found.is_some())?;
        if let Some(found) = &found {
            let paths = Paths::new(&pg, found.major);
            cluster::check(&paths.data, found.major, &account)?;
            let target = Target { paths: &paths, password: &password, account: &account };
            if let Some(running) = target.adopt().await? {
                tracing::info!(pid = running.pid, version = running.major, "adopted the running database");
                return Ok(Self { running, data: paths.data, password });
            }
        }
        let wanted = found.as_ref().map(|found| (found.major, pg.join(found.major.to_string()).join("data")));
        let wanted = wanted.as_ref().map(|(major, data)| (*major, data.as_path()));
        let binaries = binaries::resolve(options.bin_dir.as_deref(), &options.bundled_bin_dirs, wanted, &account, &pg.join("bin")).await?;
        let paths = Paths::new(&pg, binaries.major);
        if found.is_none() {
            tracing::info!(version = binaries.major, data = %paths.data.display(), "initialising the database");
            cluster::init(&paths.home, &binaries, &account, &password, options.durable).await?;
        }
        let target = Target { paths: &paths, password: &password, account: &account };
        let running = target.launch(&pg, &binaries, options.durable).await?;
        tracing::info!(pid = running.pid, version = running.major, user = account.name, binaries = %binaries.dir.display(), "the database is ready");
        Ok(Self { running, data: paths.data, password })
    }

    /// How the owning role (`vision_owner`) connects to the database `postgres` over the socket.
    pub fn owner_options(&self) -> PgConnectOptions {
        server::options(&self.running.socket_dir, self.running.port, &self.password)
    }

    /// Whether the server was running already.
    pub fn adopted(&self) -> bool {
        self.running.child.is_none()
    }

    /// The server's major version, such as 15 or 18.
    pub fn version(&self) -> u32 {
        self.running.major
    }

    /// The process id of the server's main process.
    pub fn pid(&self) -> i32 {
        self.running.pid
    }

    /// The data directory, with links resolved: it may lie outside the data folder when root started it.
    pub fn data_directory(&self) -> &std::path::Path {
        &self.data
    }

    /// Waits until the server ends without being asked to. Start again after dropping this value.
    pub async fn ended(&mut self) {
        match &mut self.running.child {
            Some(child) => drop(child.wait().await),
            None => server::gone(self.running.pid).await,
        }
    }

    /// Stops the server, adopted or not: connections are cut, transactions roll back, committed data is on disk.
    ///
    /// # Errors
    /// [`ManagedError::Stop`] when it does not end within 70 seconds.
    pub async fn stop(self) -> Result<(), ManagedError> {
        server::stop(self.running.child, self.running.pid, &self.data).await?;
        // Leaves no empty folder behind; one that is in use again is not empty.
        let _ = std::fs::remove_dir(&self.running.socket_dir);
        Ok(())
    }

    /// Leaves the server running for the next start to adopt.
    pub fn detach(self) {
        tracing::debug!(pid = self.running.pid, "left the database running");
    }
}

impl fmt::Debug for ManagedPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedPostgres")
            .field("pid", &self.running.pid)
            .field("version", &self.running.major)
            .field("adopted", &self.adopted())
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
