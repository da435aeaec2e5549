//! Where things live on disk.
//!
//! ```text
//! <VISION_DATA>/pg              or a link to /var/lib/vision/<hash>/pg where the server's account cannot reach the folder
//!   lock                        held while a server is being started
//!   owner-password              0600, made once
//!   15/data                     one cluster per major version; the folder `15` belongs to the server's account, 0700
//!   15.log                      what the server wrote before its own log (15/data/log) was open
//! ```
//! The socket lives outside, in a folder of its own that is private to the server's account.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::error::ManagedError;

/// Where root keeps a cluster that its account could not reach in the data folder.
const SYSTEM_HOME: &str = "/var/lib/vision";
/// The kernel's limit for a socket's path, and the part that PostgreSQL appends to the folder.
const SOCKET_PATH_MAX: usize = 107;
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// A cluster found on disk.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) major: u32,
    pub(super) owner: u32,
}

/// The `pg` folder of a data folder, where it exists already.
pub(super) fn existing(data_dir: &Path) -> Result<Option<PathBuf>, ManagedError> {
    for pg in [data_dir.join("pg"), relocated(data_dir)] {
        match fs::canonicalize(&pg) {
            Ok(path) => return Ok(Some(path)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(ManagedError::path("open", pg)(error)),
        }
    }
    Ok(None)
}

/// Creates the `pg` folder for a first start and returns its real path.
pub(super) fn create(data_dir: &Path, account: &Account) -> Result<PathBuf, ManagedError> {
    make_dir(data_dir, None)?;
    let wanted = data_dir.join("pg");
    if !account.dropped {
        make_dir(&wanted, Some(0o700))?;
        return real(&wanted);
    }
    if account.can_reach(data_dir) {
        make_dir(&wanted, Some(0o755))?;
        return real(&wanted);
    }
    let pg = relocated(data_dir);
    for dir in [Path::new(SYSTEM_HOME), pg.parent().unwrap_or(&pg), &pg] {
        make_dir(dir, Some(0o755))?;
    }
    match symlink(&pg, &wanted) {
        // Another start made it at the same moment, to the same place.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => other.map_err(ManagedError::path("create", &wanted))?,
    }
    tracing::info!(user = account.name, data = %pg.display(), "the data folder is out of reach of the database's user: the database lives elsewhere");
    real(&pg)
}

/// The newest cluster below a `pg` folder.
pub(super) fn newest(pg: &Path) -> Result<Option<Found>, ManagedError> {
    let mut newest: Option<Found> = None;
    for entry in fs::read_dir(pg).map_err(ManagedError::path("read", pg))? {
        let entry = entry.map_err(ManagedError::path("read", pg))?;
        let Some(major) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let owner = entry.metadata().map_err(ManagedError::path("read", entry.path()))?.uid();
        let exists = match fs::read_dir(entry.path().join("data")) {
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            // An empty folder holds nothing to lose: the rename at the end of an initialisation replaces it.
            Ok(mut files) => files.next().is_some(),
            // Somebody else's cluster may not be looked at: it exists, and its owner says why it cannot be used.
            Err(_) => true,
        };
        if exists && newest.as_ref().is_none_or(|found| found.major < major) {
            newest = Some(Found { major, owner });
        }
    }
    Ok(newest)
}

/// A private folder for the socket, short enough for the kernel and safe from other users.
pub(super) fn socket_dir(pg: &Path, account: &Account) -> Result<PathBuf, ManagedError> {
    let runtime = if account.dropped { Some(PathBuf::from("/run")) } else { std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) };
    let mut tried = Vec::new();
    for dir in candidates(pg, account, runtime.as_deref()) {
        match claim(&dir, account) {
            Ok(()) => return Ok(dir),
            Err(reason) => tried.push(format!("{}: {reason}", dir.display())),
        }
    }
    Err(ManagedError::NoSocketDir { tried: tried.join("; ") })
}

fn candidates(pg: &Path, account: &Account, runtime: Option<&Path>) -> Vec<PathBuf> {
    let id = short_hash(pg);
    let mut all: Vec<PathBuf> = runtime.into_iter().filter(|dir| dir.is_absolute()).map(|dir| dir.join("vision").join(&id)).collect();
    all.push(PathBuf::from(format!("/tmp/vision-{}-{id}", account.uid)));
    all.push(pg.join("run"));
    all
}

/// Makes `dir` usable for the socket, or says why it is not.
fn claim(dir: &Path, account: &Account) -> Result<(), String> {
    let text = dir.to_str().ok_or("its path is not UTF-8")?;
    if text.len() + SOCKET_NAME.len() > SOCKET_PATH_MAX {
        return Err(format!("its path is longer than {} bytes", SOCKET_PATH_MAX - SOCKET_NAME.len()));
    }
    if text.contains([',', '"']) {
        return Err("its path contains a comma or a quote".to_owned());
    }
    // The folder above is ours to create only when it is the `vision` one of a run-time folder.
    if let Some(above) = dir.parent().filter(|above| above.ends_with("vision")) {
        private_dir(above, if account.dropped { 0o755 } else { 0o700 }, rustix::process::geteuid().as_raw())?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => account.own(dir).map_err(|error| error.to_string())?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.to_string()),
    }
    private_dir(dir, 0o700, account.uid)
}

/// A real folder that belongs to `owner` and to which nobody else can write: another user may have squatted the name.
fn private_dir(dir: &Path, mode: u32, owner: u32) -> Result<(), String> {
    match DirBuilder::new().mode(mode).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.to_string()),
        _ => {}
    }
    let meta = fs::symlink_metadata(dir).map_err(|error| error.to_string())?;
    if !meta.is_dir() {
        return Err("it is not a folder".to_owned());
    }
    if meta.uid() != owner {
        return Err(format!("it belongs to user id {}", meta.uid()));
    }
    if meta.mode() & 0o777 != mode {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Creates a folder and those above it; `mode` is applied to the folder itself, whatever the umask.
pub(super) fn make_dir(dir: &Path, mode: Option<u32>) -> Result<(), ManagedError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).map_err(ManagedError::path("create", dir))?;
    if let Some(mode) = mode {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).map_err(ManagedError::path("set the permissions of", dir))?;
    }
    Ok(())
}

fn real(path: &Path) -> Result<PathBuf, ManagedError> {
    fs::canonicalize(path).map_err(ManagedError::path("open", path))
}

fn relocated(data_dir: &Path) -> PathBuf {
    let real = fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    Path::new(SYSTEM_HOME).join(short_hash(&real)).join("pg")
}

/// Twelve hexadecimal digits that stand for a path.
pub(super) fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(6).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Account {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Account { name: "me".into(), uid, gid, dropped: false }
    }

    #[test]
    fn a_long_run_time_folder_is_passed_over() {
        let long = PathBuf::from("/").join("x".repeat(100));
        let all = candidates(Path::new("/data/pg"), &me(), Some(&long));
        assert!(claim(all.first().unwrap(), &me()).unwrap_err().contains("longer than 93 bytes"));
        assert!(all.get(1).unwrap().starts_with("/tmp"));
    }

    #[test]
    fn a_squatted_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let stranger = Account { uid: me().uid + 1, ..me() };
        let squatted = dir.path().join("s");
        fs::create_dir(&squatted).unwrap();
        assert!(claim(&squatted, &stranger).unwrap_err().contains("belongs to user id"));
        let link = dir.path().join("l");
        symlink(&squatted, &link).unwrap();
        assert!(claim(&link, &me()).unwrap_err().contains("not a folder"));
    }

    #[test]
    fn an_open_folder_of_ours_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("s");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        claim(&open, &me()).unwrap();
        assert_eq!(fs::metadata(&open).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn the_newest_cluster_is_found_and_folders_without_data_are_not_clusters() {
        let dir = tempfile::tempdir().unwrap();
        assert!(newest(dir.path()).unwrap().is_none());
        for name in ["15/data", "16/data", "17/data", "18/init-x", "other/data"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        for name in ["15/data/x", "16/data/x", "18/init-x/x", "other/data/x"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(newest(dir.path()).unwrap().map(|found| found.major), Some(16));
    }
}
