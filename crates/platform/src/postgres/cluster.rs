//! A cluster on disk: its password, its version, its first initialisation.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::RngExt;
use rand::distr::Alphanumeric;

use super::OWNER;
use super::account::Account;
use super::binaries::Binaries;
use super::error::{ManagedError, tail};
use super::layout::make_dir;

/// How long a start waits for another one, which may be initialising.
const LOCK_WAIT: Duration = Duration::from_mins(2);

/// Waits until no other process starts a server below `pg`. The lock ends with the returned file, or with this process.
pub(super) async fn lock(pg: &Path, account: &Account) -> Result<File, ManagedError> {
    let path = pg.join("lock");
    let file = open(&path, OpenOptions::new().write(true).create(true)).map_err(ManagedError::path("open", &path))?;
    keep_owner(&path, pg, account)?;
    let mut waited = Duration::ZERO;
    let pause = Duration::from_millis(50);
    while file.try_lock().is_err() {
        if waited >= LOCK_WAIT {
            return Err(ManagedError::Busy { path: pg.to_owned(), seconds: LOCK_WAIT.as_secs() });
        }
        tokio::time::sleep(pause).await;
        waited += pause;
    }
    Ok(file)
}

/// The owner's password: made at the first start, read at every other. Call it under the lock.
pub(super) fn password(pg: &Path, account: &Account, cluster_exists: bool) -> Result<String, ManagedError> {
    let path = pg.join("owner-password");
    match open(&path, OpenOptions::new().read(true)) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(ManagedError::path("read", &path))?;
            if !text.trim().is_empty() {
                return Ok(text.trim().to_owned());
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(ManagedError::path("read", path)(error)),
    }
    if cluster_exists {
        return Err(ManagedError::PasswordLost { path });
    }
    let password: String = rand::rng().sample_iter(Alphanumeric).take(40).map(char::from).collect();
    let draft = pg.join("owner-password.new");
    remove_file(&draft)?;
    write_secret(&draft, &password)?;
    keep_owner(&draft, pg, account)?;
    fs::rename(&draft, &path).map_err(ManagedError::path("create", &path))?;
    Ok(password)
}

/// Refuses a data directory of another version or another owner.
pub(super) fn check(data: &Path, major: u32, account: &Account) -> Result<(), ManagedError> {
    let meta = fs::symlink_metadata(data).map_err(ManagedError::path("read", data))?;
    if meta.uid() != account.uid {
        return Err(ManagedError::WrongOwner { path: data.to_owned(), owner: meta.uid(), expected: account.name.clone() });
    }
    let file = data.join("PG_VERSION");
    if !file.exists() {
        return Err(ManagedError::NotACluster { path: data.to_owned() });
    }
    let found = fs::read_to_string(&file).map_err(ManagedError::path("read", &file))?;
    if found.trim() != major.to_string() {
        return Err(ManagedError::OtherMajor { path: data.to_owned(), found: found.trim().to_owned(), available: major.to_string() });
    }
    Ok(())
}

/// Makes a new cluster in `home`/data. It is built beside and then renamed: an interrupted attempt leaves nothing half-made.
pub(super) async fn init(home: &Path, binaries: &Binaries, account: &Account, password: &str, durable: bool) -> Result<(), ManagedError> {
    make_dir(home, Some(0o700))?;
    account.own(home)?;
    sweep(home)?;
    let draft = home.join(format!("init-{:08x}", rand::random::<u32>()));
    let secret = home.join("init-password");
    write_secret(&secret, password)?;
    account.own(&secret)?;
    let outcome = run(&draft, &secret, binaries, account, durable).await;
    remove_file(&secret)?;
    outcome?;
    let data = home.join("data");
    fs::rename(&draft, &data).map_err(ManagedError::path("create", &data))?;
    // So that the new name survives a power cut, as the files themselves do.
    File::open(home).and_then(|dir| dir.sync_all()).map_err(ManagedError::path("write", home))
}

/// Runs initdb with the first locale that this system knows. The collation is C everywhere: its order never changes with the
/// system's libraries. The character classes are those of Unicode wherever they can be.
async fn run(draft: &Path, secret: &Path, binaries: &Binaries, account: &Account, durable: bool) -> Result<(), ManagedError> {
    let attempts: &[&[&str]] = if binaries.major >= 17 {
        &[&["--locale-provider=builtin", "--locale=C.UTF-8"], &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    } else {
        &[
            &["--locale=C.UTF-8"],
            &["--lc-collate=C", "--lc-ctype=en_US.UTF-8"],
            &["--lc-collate=C", "--lc-ctype=fr_FR.UTF-8"],
            &["--locale=C"],
        ]
    };
    let mut said = String::new();
    for locale in attempts {
        let mut command = account.command(&binaries.dir.join("initdb"));
        command.arg("-D").arg(draft).args(["-U", OWNER, "-A", "scram-sha-256", "-E", "UTF8", "-k", "--lc-messages=C"]).args(*locale);
        command.arg(format!("--pwfile={}", secret.display())).kill_on_drop(true);
        if !durable {
            command.arg("--no-sync");
        }
        let output = command.output().await.map_err(ManagedError::path("run", binaries.dir.join("initdb")))?;
        if output.status.success() {
            return Ok(());
        }
        said = tail(&String::from_utf8_lossy(&output.stderr));
        tracing::debug!(?locale, said, "initdb failed");
        if !said.contains("locale") {
            break;
        }
    }
    Err(ManagedError::Init { output: said })
}

/// Removes what an interrupted initialisation left.
fn sweep(home: &Path) -> Result<(), ManagedError> {
    for entry in fs::read_dir(home).map_err(ManagedError::path("read", home))?.flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with("init-") {
            continue;
        }
        if path.is_dir() {
            // An initdb that outlived its parent may still be writing there: the rest goes at a later start.
            if let Err(error) = fs::remove_dir_all(&path) {
                tracing::warn!(path = %path.display(), %error, "an unfinished initialisation could not be removed");
            }
        } else {
            remove_file(&path)?;
        }
    }
    Ok(())
}

/// Opens a file that is not a link, closed to others.
fn open(path: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    options.mode(0o600).custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0)).open(path)
}

fn write_secret(path: &Path, text: &str) -> Result<(), ManagedError> {
    let mut file = open(path, OpenOptions::new().write(true).create_new(true)).map_err(ManagedError::path("create", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(ManagedError::path("write", path))
}

fn remove_file(path: &Path) -> Result<(), ManagedError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ManagedError::path("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Where root serves an ordinary user's folder, its files stay that user's, who can then serve it without root again.
pub(super) fn keep_owner(path: &Path, pg: &Path, account: &Account) -> Result<(), ManagedError> {
    let owner = fs::metadata(pg).map_err(ManagedError::path("read", pg))?.uid();
    if account.dropped && owner == account.uid { account.own(path) } else { Ok(()) }
}

/// The files of one major version below `pg`.
pub(super) struct Paths {
    pub(super) home: PathBuf,
    pub(super) data: PathBuf,
    pub(super) log: PathBuf,
}

impl Paths {
    pub(super) fn new(pg: &Path, major: u32) -> Self {
        let home = pg.join(major.to_string());
        Self { data: home.join("data"), home, log: pg.join(format!("{major}.log")) }
    }
}
