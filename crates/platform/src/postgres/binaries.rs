//! Finding PostgreSQL: the system's own first, because it gets security updates, the bundled one last.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use super::account::Account;
use super::error::ManagedError;
use super::layout::{make_dir, short_hash};

/// The oldest major version that the schema supports.
const OLDEST: u32 = 15;
/// Where root puts copies that the server's account can read.
const SYSTEM_COPIES: &str = "/var/lib/vision/bin";

/// A folder with a working `postgres` and `initdb`.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    /// Whether the extension that records slow statements is there to be preloaded.
    pub(super) fn has_statements(&self) -> bool {
        let root = self.dir.parent().unwrap_or(&self.dir);
        ["lib", "lib/postgresql"]
            .iter()
            .any(|lib| ["so", "dylib"].iter().any(|ext| root.join(lib).join(format!("pg_stat_statements.{ext}")).exists()))
    }
}

/// Picks the binaries: those of the `wanted` major version where data exists already, else the first that work.
///
/// `copies` is a folder of ours for bundled binaries that cannot be used where they are.
pub(super) async fn resolve(
    explicit: Option<&Path>,
    bundled: &[PathBuf],
    wanted: Option<(u32, &Path)>,
    account: &Account,
    copies: &Path,
) -> Result<Binaries, ManagedError> {
    let mut tried = Vec::new();
    let mut majors = Vec::new();
    let candidates = match explicit {
        Some(dir) => vec![dir.to_owned()],
        None => system_dirs().into_iter().chain(bundled.iter().cloned()).collect(),
    };
    for dir in candidates {
        match usable(&dir, account, copies).await {
            Ok(found) if found.major < OLDEST => tried.push(format!("{}: version {} is too old", dir.display(), found.major)),
            Ok(found) if wanted.is_none_or(|(major, _)| major == found.major) => return Ok(found),
            Ok(found) => majors.push(found.major.to_string()),
            Err(reason) => tried.push(format!("{}: {reason}", dir.display())),
        }
    }
    match wanted {
        Some((major, path)) if !majors.is_empty() => {
            Err(ManagedError::OtherMajor { path: path.to_owned(), found: major.to_string(), available: majors.join(", ") })
        }
        _ => Err(ManagedError::NoBinaries { tried: if tried.is_empty() { "no usual place has it".to_owned() } else { tried.join("; ") } }),
    }
}

/// The usual places, the highest version first, that exist on this machine.
fn system_dirs() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for (base, prefix, suffix) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        all.extend(versions(Path::new(base), prefix).into_iter().map(|dir| dir.join(suffix)));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    all.extend(std::env::split_paths(&path).filter(|dir| dir.is_absolute()));
    all.retain(|dir| dir.join("postgres").is_file() && dir.join("initdb").is_file());
    all
}

/// The folders of `base` named `prefix` and a version number, the highest first.
fn versions(base: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(base)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?, entry.path())))
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

/// The binaries of one folder, made runnable for `account`; or the reason why they are not.
async fn usable(dir: &Path, account: &Account, copies: &Path) -> Result<Binaries, String> {
    let dir = fs::canonicalize(dir).map_err(|error| error.to_string())?;
    for name in ["postgres", "initdb"] {
        if !dir.join(name).is_file() {
            return Err(format!("it has no {name}"));
        }
    }
    let reachable = !account.dropped || (account.can_reach(&dir.join("postgres")) && account.can_reach(&dir.join("initdb")));
    let linked = reachable && restore_links(&dir).is_ok();
    let dir = if linked { dir } else { copy(&dir, if account.dropped { Path::new(SYSTEM_COPIES) } else { copies }).await? };
    let output = account.command(&dir.join("postgres")).arg("--version").output().await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match major(&text) {
        Some(major) if output.status.success() => Ok(Binaries { dir, major }),
        _ => Err(format!("it does not run: {}", super::error::tail(&String::from_utf8_lossy(&output.stderr)))),
    }
}

/// The major version in `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` or `… 19beta1`.
fn major(text: &str) -> Option<u32> {
    let version = text.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The links between shared libraries that a package archive cannot hold: their list lies beside the `bin` folder. The package
/// makes them after its installation; many installations forbid such scripts, and then nothing starts.
fn restore_links(bin: &Path) -> io::Result<()> {
    let Some(root) = bin.parent() else { return Ok(()) };
    let Ok(text) = fs::read_to_string(root.join("pg-symlinks.json")) else {
        return Ok(());
    };
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(io::Error::other)?;
    for link in &list {
        let part = |name: &str| link.get(name).and_then(serde_json::Value::as_str).and_then(inside_package);
        let (Some(source), Some(target)) = (part("source"), part("target")) else {
            continue;
        };
        let Some(name) = source.file_name().filter(|_| source.parent() == target.parent()) else {
            continue;
        };
        match symlink(name, root.join(&target)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A listed path relative to the installation; `None` when it would leave it.
fn inside_package(listed: &str) -> Option<PathBuf> {
    let path = Path::new(listed).strip_prefix("native").ok()?;
    path.components().all(|part| matches!(part, Component::Normal(_))).then(|| path.to_owned())
}

/// A copy of an installation (`bin`, `lib`, `share`) that everybody may read, made once per version of the original.
async fn copy(bin: &Path, copies: &Path) -> Result<PathBuf, String> {
    let root = bin.parent().ok_or("it has no folder above")?.to_owned();
    let meta = fs::metadata(bin.join("postgres")).map_err(|error| error.to_string())?;
    let id = short_hash(&root.join(format!("{}-{}", meta.size(), meta.mtime())));
    let done = copies.join(&id);
    if done.join("bin/postgres").is_file() {
        return Ok(done.join("bin"));
    }
    make_dir(copies, Some(0o755)).map_err(|error| error.to_string())?;
    let draft = copies.join(format!("{id}-{:08x}", rand::random::<u32>()));
    let (from, to) = (root.clone(), draft.clone());
    let work = tokio::task::spawn_blocking(move || {
        fs::create_dir(&to)?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
        for part in ["bin", "lib", "share", "pg-symlinks.json"] {
            if from.join(part).exists() {
                copy_tree(&from.join(part), &to.join(part))?;
            }
        }
        restore_links(&to.join("bin"))
    });
    let outcome = match work.await {
        Ok(Ok(())) => fs::rename(&draft, &done),
        Ok(Err(error)) => Err(error),
        Err(panic) => Err(io::Error::other(panic)),
    };
    if let Err(error) = outcome {
        let _ = fs::remove_dir_all(&draft);
        // Another start may have made the same copy in the meantime.
        if !done.join("bin/postgres").is_file() {
            return Err(format!("it cannot be read by the database's user, and copying it failed: {error}"));
        }
    }
    tracing::info!(from = %root.display(), to = %done.display(), "copied PostgreSQL to a place that its user can read");
    Ok(done.join("bin"))
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(from)?;
    if meta.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if meta.is_dir() {
        fs::create_dir(to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::copy(from, to)?;
    let executable = meta.mode() & 0o111 != 0;
    fs::set_permissions(to, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_every_distribution_writes_them() {
        assert_eq!(major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18.4\n"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("bash: postgres: not found"), None);
    }

    #[test]
    fn the_highest_version_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["9", "15", "18", "common"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let names: Vec<_> = versions(dir.path(), "").into_iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["18", "15", "9"]);
    }

    #[test]
    fn missing_library_links_are_made_and_none_leaves_the_package() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("bin")).unwrap();
        fs::create_dir_all(dir.path().join("lib")).unwrap();
        fs::write(dir.path().join("lib/libx.so.1.2"), "x").unwrap();
        let list = r#"[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"},{"source":"native/../../a","target":"native/../../b"}]"#;
        fs::write(dir.path().join("pg-symlinks.json"), list).unwrap();
        restore_links(&dir.path().join("bin")).unwrap();
        restore_links(&dir.path().join("bin")).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("lib/libx.so.1")).unwrap(), "x");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }
}
