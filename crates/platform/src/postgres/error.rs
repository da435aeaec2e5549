//! What can go wrong with the managed server, in sentences a person can act on.

use std::io;
use std::path::PathBuf;

/// Why the managed PostgreSQL could not be started, adopted or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    /// The data folder, or something in it, cannot be created, read or written.
    #[error("cannot {action} {}: {source}; check its permissions, or set VISION_DATA to a folder that you can write", path.display())]
    Path {
        /// What was tried, as an infinitive: "create", "read".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process runs as root and no account exists to which the server could drop.
    #[error(
        "PostgreSQL refuses to run as root and none of the users vision, postgres and nobody exists; create one, run as an ordinary user, or set DATABASE_URL"
    )]
    NoAccount,
    /// The user id has no name: PostgreSQL cannot run under it.
    #[error(
        "user id {uid} has no entry in the user database, which PostgreSQL requires; add one to /etc/passwd, run under another user, or set DATABASE_URL"
    )]
    UnknownUser {
        /// The effective user id.
        uid: u32,
    },
    /// The cluster belongs to somebody else.
    #[error("{} belongs to user id {owner}, not to {expected}; run as its owner, choose another VISION_DATA, or hand it over with: chown -R {expected} {}", path.display(), path.display())]
    WrongOwner {
        /// The data directory or a folder above it.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who should: a user name, or an id where there is no name.
        expected: String,
    },
    /// No usable binaries were found.
    #[error(
        "no PostgreSQL 15 or later was found ({tried}); install PostgreSQL, set VISION_PG_BIN to the folder that holds postgres and initdb, or set DATABASE_URL"
    )]
    NoBinaries {
        /// Every place that was looked at and what was wrong with it.
        tried: String,
    },
    /// The data was written by another major version than any found here.
    #[error("{} was written by PostgreSQL {found}, which is not what is installed here ({available}); install PostgreSQL {found} or set VISION_PG_BIN to its binaries", path.display())]
    OtherMajor {
        /// The data directory.
        path: PathBuf,
        /// The version in its `PG_VERSION`.
        found: String,
        /// The versions found, or the folder's own name when they differ.
        available: String,
    },
    /// There is something where the data should be, and it is no database.
    #[error("{} holds files but no database; move them away, or set VISION_DATA to another folder", path.display())]
    NotACluster {
        /// The data directory.
        path: PathBuf,
    },
    /// `initdb` failed.
    #[error("the database could not be initialised: {output}")]
    Init {
        /// The last lines that initdb wrote.
        output: String,
    },
    /// The password file is gone although the cluster exists.
    #[error("{} is missing although a database exists beside it; restore that file from a backup of the data folder", path.display())]
    PasswordLost {
        /// Where the password is kept.
        path: PathBuf,
    },
    /// The server does not accept the stored password.
    #[error("the database refuses the password stored in {}; restore that file, or reset the password of vision_owner to its content", path.display())]
    PasswordRefused {
        /// Where the password is kept.
        path: PathBuf,
    },
    /// No usable folder for the socket.
    #[error("no folder is usable for the database's socket ({tried}); set XDG_RUNTIME_DIR to a private folder with a short path")]
    NoSocketDir {
        /// Every folder that was looked at and what was wrong with it.
        tried: String,
    },
    /// Another start holds the lock for too long.
    #[error("another instance has been starting the database in {} for more than {seconds} seconds; wait for it or stop it", path.display())]
    Busy {
        /// The folder that is locked.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// A process holds the data directory and does not answer.
    #[error("process {pid} holds {} but does not answer as a database; if it is a postgres left over, stop it with: kill -INT {pid}; if it is another program that took over the number, remove {}/postmaster.pid. PostgreSQL said: {output}", path.display(), path.display())]
    Blocked {
        /// The process named in `postmaster.pid`.
        pid: i32,
        /// The data directory.
        path: PathBuf,
        /// The last lines that PostgreSQL wrote.
        output: String,
    },
    /// The server exited or never became ready.
    #[error("PostgreSQL did not start: {output}")]
    Start {
        /// The last lines that it wrote.
        output: String,
    },
    /// The server did not stop in time.
    #[error("PostgreSQL (process {pid}) did not stop within {seconds} seconds")]
    Stop {
        /// The postmaster.
        pid: i32,
        /// How long was waited.
        seconds: u64,
    },
}

impl ManagedError {
    /// For `map_err`: remembers what was tried where.
    pub(super) fn path(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Path { action, path, source }
    }
}

/// The last lines of a log, on one line, short enough for an error message.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(6);
    let joined = lines.get(from..).unwrap_or_default().join(" | ");
    if joined.is_empty() { "it wrote nothing".to_owned() } else { joined }
}
