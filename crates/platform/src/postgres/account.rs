//! Under which user the server runs. PostgreSQL refuses root, so root drops to an unprivileged account.
//!
//! The drop is done by the standard library in the child, between fork and exec, in the safe order: with a user id and no
//! explicit list of groups it empties the supplementary groups first, then sets the group, then the user.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::error::ManagedError;

/// The accounts that root drops to, the first existing one wins.
const ACCOUNTS: [&str; 3] = ["vision", "postgres", "nobody"];

/// The user who runs the server and owns its data.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Whether this process is root and must change the user of its children.
    pub(super) dropped: bool,
}

impl Account {
    /// The caller, or the account that root drops to. A cluster that exists already is served by its owner.
    pub(super) async fn resolve(cluster_owner: Option<u32>) -> Result<Self, ManagedError> {
        let uid = rustix::process::geteuid().as_raw();
        if uid != 0 {
            let gid = rustix::process::getegid().as_raw();
            let name = name_of(uid).await.ok_or(ManagedError::UnknownUser { uid })?;
            return Ok(Self { name, uid, gid, dropped: false });
        }
        if let Some(owner) = cluster_owner.filter(|owner| *owner != 0) {
            let entry = passwd(&owner.to_string()).await.ok_or(ManagedError::UnknownUser { uid: owner })?;
            return Ok(Self { dropped: true, ..entry });
        }
        for name in ACCOUNTS {
            if let Some(entry) = passwd(name).await.filter(|entry| entry.uid != 0) {
                return Ok(Self { dropped: true, ..entry });
            }
        }
        Err(ManagedError::NoAccount)
    }

    /// A command that runs as this account, in a neutral environment and in a folder that it can enter.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).current_dir("/");
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // Messages in English, because some are recognised below; macOS also needs a valid locale here.
        command.env("LC_ALL", "C").env("TZ", "UTC");
        if self.dropped {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Hands a file or folder to this account; does nothing when it is ours already.
    pub(super) fn own(&self, path: &Path) -> Result<(), ManagedError> {
        if self.dropped {
            std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(ManagedError::path("change the owner of", path))?;
        }
        Ok(())
    }

    /// Whether this account may enter every folder above `path` and read (and, for a folder, enter) `path` itself.
    ///
    /// Judged by the permission bits: they are what root, which may enter everything, cannot find out by trying.
    pub(super) fn can_reach(&self, path: &Path) -> bool {
        let Ok(path) = fs::canonicalize(path) else { return false };
        path.ancestors().enumerate().all(|(depth, part)| {
            let Ok(meta) = fs::metadata(part) else { return false };
            let wanted = match (depth, meta.is_dir()) {
                (0, false) => 0o4,
                (0, true) => 0o5,
                _ => 0o1,
            };
            let shift = if meta.uid() == self.uid {
                6
            } else if meta.gid() == self.gid {
                3
            } else {
                0
            };
            (meta.mode() >> shift) & wanted == wanted
        })
    }
}

async fn name_of(uid: u32) -> Option<String> {
    if let Some(entry) = passwd(&uid.to_string()).await {
        return Some(entry.name);
    }
    // Directory services without `getent` (macOS).
    let output = Command::new("id").args(["-un", &uid.to_string()]).stdin(Stdio::null()).output().await.ok()?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !name.is_empty() && name != uid.to_string()).then_some(name)
}

/// The user database's entry for a name or a decimal user id: the local file first, then whatever the system is set to ask.
async fn passwd(key: &str) -> Option<Account> {
    let local = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if let Some(found) = local.lines().find_map(|line| entry(line, key)) {
        return Some(found);
    }
    let output = Command::new("getent").args(["passwd", key]).stdin(Stdio::null()).output().await.ok()?;
    String::from_utf8_lossy(&output.stdout).lines().find_map(|line| entry(line, key))
}

fn entry(line: &str, key: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let (uid, gid) = (fields.nth(1)?, fields.next()?);
    if name != key && uid != key {
        return None;
    }
    Some(Account { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()?, dropped: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passwd_line_is_found_by_name_or_by_id() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        assert_eq!(entry(line, "postgres").map(|a| (a.uid, a.gid)), Some((101, 104)));
        assert_eq!(entry(line, "101").map(|a| a.name), Some("postgres".to_owned()));
        assert!(entry(line, "104").is_none(), "a group id is not a user id");
        assert!(entry("garbage", "garbage").is_none());
    }

    #[test]
    fn a_private_folder_is_out_of_reach_of_another_user() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let stranger = Account { name: "s".into(), uid: 54_321, gid: 54_321, dropped: true };
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!stranger.can_reach(&inner));
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(stranger.can_reach(&inner));
        assert!(!stranger.can_reach(&dir.path().join("absent")));
    }
}
