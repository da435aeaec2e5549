//! The server process: adopting one that runs, starting one, waiting until it answers, stopping it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::OWNER;
use super::account::Account;
use super::binaries::Binaries;
use super::cluster::{Paths, keep_owner};
use super::error::{ManagedError, tail};
use super::layout;
use super::pidfile::{PidFile, alive, process};
use super::settings::settings;

/// How long a start is retried while the remains of a killed server hold the data directory.
const BLOCKED: Duration = Duration::from_secs(30);
/// How long a living server may replay its log before it answers.
const RECOVERY: Duration = Duration::from_mins(15);
/// How long a fast, then an immediate shutdown may take.
const FAST_STOP: Duration = Duration::from_mins(1);
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);

/// What is needed to talk to the server of one data directory.
pub(super) struct Target<'a> {
    pub(super) paths: &'a Paths,
    pub(super) password: &'a str,
    pub(super) account: &'a Account,
}

/// A server that answers.
pub(super) struct Running {
    /// Present when this process started it.
    pub(super) child: Option<Child>,
    pub(super) pid: i32,
    pub(super) socket_dir: PathBuf,
    pub(super) port: u16,
    pub(super) major: u32,
}

/// How a server took an attempt to log in.
enum Reply {
    Ready { major: u32 },
    Starting,
    Refused,
    Silent,
}

impl Target<'_> {
    /// Takes over a server that already serves this data directory; `None` when there is none. Waits for one that is starting.
    pub(super) async fn adopt(&self) -> Result<Option<Running>, ManagedError> {
        let began = Instant::now();
        loop {
            let Some(file) = PidFile::read(&self.paths.data).filter(PidFile::alive) else {
                return Ok(None);
            };
            let Some(socket_dir) = file.socket_dir.clone() else {
                // Still starting: it has not opened its socket yet. Or it died there, which `alive` says next time.
                if began.elapsed() > BLOCKED {
                    return Ok(None);
                }
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            match self.login(&socket_dir, file.port).await {
                Reply::Ready { major } => {
                    return Ok(Some(Running { child: None, pid: file.pid, socket_dir, port: file.port, major }));
                }
                Reply::Refused => return Err(self.password_refused()),
                Reply::Starting if began.elapsed() < RECOVERY => {}
                Reply::Silent if file.starting && began.elapsed() < BLOCKED => {}
                Reply::Starting | Reply::Silent => return Ok(None),
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Starts a server, or adopts one that appears meanwhile; retries while a killed one's processes are still leaving.
    pub(super) async fn launch(&self, pg: &Path, binaries: &Binaries, durable: bool) -> Result<Running, ManagedError> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            if let Some(running) = self.adopt().await? {
                return Ok(running);
            }
            // Each time: the instance that is leaving takes its folder away.
            let socket_dir = layout::socket_dir(pg, self.account)?;
            let attempt = self.attempt(pg, binaries, &socket_dir, durable).await;
            if !matches!(attempt, Ok(Ok(_))) {
                // Leaves no empty folder behind; one that is in use is not empty.
                let _ = std::fs::remove_dir(&socket_dir);
            }
            let refusal = match attempt? {
                Ok(running) => return Ok(running),
                Err(output) => output,
            };
            if began.elapsed() + pause > BLOCKED {
                let pid = PidFile::read(&self.paths.data).map_or(0, |file| file.pid);
                return Err(ManagedError::Blocked { pid, path: self.paths.data.clone(), output: refusal });
            }
            tracing::debug!(refusal, "the data directory is still held; trying again");
            sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(2));
        }
    }

    /// One start. The inner error is what the server said when another process still holds the data directory.
    async fn attempt(
        &self,
        pg: &Path,
        binaries: &Binaries,
        socket_dir: &Path,
        durable: bool,
    ) -> Result<Result<Running, String>, ManagedError> {
        let mut child = self.spawn(pg, binaries, socket_dir, durable)?;
        let began = Instant::now();
        let mut told = Duration::ZERO;
        loop {
            let status = child.try_wait().map_err(|error| ManagedError::Start { output: error.to_string() })?;
            if let Some(status) = status {
                let said = self.last_words();
                return if held_by_another(&said) {
                    Ok(Err(said))
                } else {
                    Err(ManagedError::Start { output: format!("it ended with {status}: {said}") })
                };
            }
            match self.login(socket_dir, 5432).await {
                Reply::Ready { major } => {
                    let pid = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
                    return Ok(Ok(Running { child: Some(child), pid, socket_dir: socket_dir.to_owned(), port: 5432, major }));
                }
                Reply::Refused => {
                    stop(Some(child), 0, &self.paths.data).await?;
                    return Err(self.password_refused());
                }
                Reply::Starting | Reply::Silent if began.elapsed() > RECOVERY => {
                    stop(Some(child), 0, &self.paths.data).await?;
                    return Err(ManagedError::Start {
                        output: format!("it did not answer within {} s: {}", RECOVERY.as_secs(), self.last_words()),
                    });
                }
                Reply::Starting | Reply::Silent => {}
            }
            if began.elapsed() > told + Duration::from_secs(10) {
                told = began.elapsed();
                tracing::info!(seconds = told.as_secs(), "waiting for the database to recover");
            }
            sleep(Duration::from_millis(if began.elapsed() < Duration::from_secs(3) { 25 } else { 250 })).await;
        }
    }

    fn spawn(&self, pg: &Path, binaries: &Binaries, socket_dir: &Path, durable: bool) -> Result<Child, ManagedError> {
        let log = self.open_log().map_err(ManagedError::path("write", &self.paths.log))?;
        keep_owner(&self.paths.log, pg, self.account)?;
        let mut command = self.account.command(&binaries.dir.join("postgres"));
        command.arg("-D").arg(&self.paths.data).args(["-p", "5432"]);
        for setting in settings(socket_dir, durable, binaries.has_statements()) {
            command.args(["-c", &setting]);
        }
        // A group of its own: Ctrl-C in the terminal must reach the application, which stops the database last.
        command.process_group(0).stdout(Stdio::null()).stderr(log);
        command.spawn().map_err(ManagedError::path("run", binaries.dir.join("postgres")))
    }

    fn open_log(&self) -> io::Result<File> {
        let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).custom_flags(flags).open(&self.paths.log)
    }

    /// What the server wrote before it opened its own log and, when it got that far, the end of that log.
    fn last_words(&self) -> String {
        let mut said = std::fs::read_to_string(&self.paths.log).unwrap_or_default();
        if said.contains("redirecting log output") {
            let logs = std::fs::read_dir(self.paths.data.join("log")).into_iter().flatten().flatten();
            let newest = logs.max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok());
            said = newest
                .and_then(|entry| std::fs::read(entry.path()).ok())
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default();
        }
        tail(&said)
    }

    pub(super) fn options(&self, socket_dir: &Path, port: u16) -> PgConnectOptions {
        options(socket_dir, port, self.password)
    }

    async fn login(&self, socket_dir: &Path, port: u16) -> Reply {
        match timeout(Duration::from_secs(5), self.identify(socket_dir, port)).await {
            Ok(Ok((data, version))) if same_file(Path::new(&data), &self.paths.data) => {
                Reply::Ready { major: u32::try_from(version / 10_000).unwrap_or_default() }
            }
            Ok(Err(sqlx::Error::Database(error))) => match error.code().as_deref() {
                Some("28P01" | "28000") => Reply::Refused,
                // cannot_connect_now, too_many_connections
                Some("57P03" | "53300") => Reply::Starting,
                _ => Reply::Silent,
            },
            _ => Reply::Silent,
        }
    }

    async fn identify(&self, socket_dir: &Path, port: u16) -> sqlx::Result<(String, i32)> {
        let mut connection = self.options(socket_dir, port).disable_statement_logging().connect().await?;
        let row = sqlx::query_as("SELECT current_setting('data_directory'), current_setting('server_version_num')::int4")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(row)
    }

    fn password_refused(&self) -> ManagedError {
        let pg = self.paths.home.parent().unwrap_or(&self.paths.home);
        ManagedError::PasswordRefused { path: pg.join("owner-password") }
    }
}

/// The owner's connection over the socket.
pub(super) fn options(socket_dir: &Path, port: u16, password: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(port)
        .username(OWNER)
        .password(password)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable)
}

/// Stops the server of `data`: fast first, then at once, which costs a recovery at the next start and loses nothing.
///
/// A server that is not our child is stopped only while `postmaster.pid` still names `pid`.
pub(super) async fn stop(child: Option<Child>, pid: i32, data: &Path) -> Result<(), ManagedError> {
    let pid = child.as_ref().and_then(Child::id).and_then(|id| i32::try_from(id).ok()).unwrap_or(pid);
    let ours = child.is_some() || PidFile::read(data).is_some_and(|file| file.pid == pid && file.alive());
    let Some(target) = process(pid).filter(|_| ours) else {
        return Ok(());
    };
    let mut child = child;
    for (signal, patience) in [(Signal::INT, FAST_STOP), (Signal::QUIT, IMMEDIATE_STOP)] {
        // It may be gone already, which is what is wanted.
        let _ = rustix::process::kill_process(target, signal);
        let gone = async {
            match &mut child {
                Some(child) => drop(child.wait().await),
                None => gone(pid).await,
            }
        };
        if timeout(patience, gone).await.is_ok() {
            return Ok(());
        }
    }
    Err(ManagedError::Stop { pid, seconds: (FAST_STOP + IMMEDIATE_STOP).as_secs() })
}

/// Waits for the end of a process that is not our child.
pub(super) async fn gone(pid: i32) {
    while alive(pid) {
        sleep(Duration::from_millis(20)).await;
    }
}

fn held_by_another(said: &str) -> bool {
    ["lock file", "is still in use", "another postmaster", "another server", "could not bind"].iter().any(|sign| said.contains(sign))
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
