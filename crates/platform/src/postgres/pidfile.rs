//! `postmaster.pid`: who serves a data directory and on which socket. Read only: removing it is PostgreSQL's business.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Pid;

/// What a postmaster says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) port: u16,
    pub(super) socket_dir: Option<PathBuf>,
    /// It said that it is still starting.
    pub(super) starting: bool,
}

impl PidFile {
    /// The file of a data directory, if there is one and it can be understood.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        // A stand-alone backend writes its number negated.
        let pid = lines.next()?.parse::<i32>().ok()?.checked_abs()?;
        let (_data, _started, port, socket) = (lines.next(), lines.next(), lines.next(), lines.next());
        let status = lines.nth(2);
        Some(Self {
            pid,
            port: port.and_then(|p| p.parse().ok()).unwrap_or(5432),
            socket_dir: socket.filter(|s| !s.is_empty()).map(PathBuf::from),
            starting: status.is_none_or(|s| s == "starting"),
        })
    }

    /// Whether a process of that number lives and, where the system tells, is PostgreSQL.
    pub(super) fn alive(&self) -> bool {
        alive(self.pid) && looks_like_postgres(self.pid)
    }
}

/// Whether any process of that number lives.
pub(super) fn alive(pid: i32) -> bool {
    let Some(process) = process(pid) else { return false };
    // A refusal (EPERM) means that it lives and belongs to another user.
    !matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH)) && !is_zombie(pid)
}

/// A number that names one process: zero and negative ones would name groups.
pub(super) fn process(pid: i32) -> Option<Pid> {
    if pid > 0 { Pid::from_raw(pid) } else { None }
}

fn is_zombie(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
}

fn looks_like_postgres(pid: i32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => name.starts_with("postgres") || name.starts_with("postmaster"),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_server_and_a_starting_one_are_told_apart() {
        let ready = "4242\n/data\n1763800000\n5432\n/run/vision/ab\n\n  123  45\nready   \n";
        let parsed = PidFile::parse(ready).unwrap();
        assert_eq!((parsed.pid, parsed.port, parsed.starting), (4242, 5432, false));
        assert_eq!(parsed.socket_dir, Some(PathBuf::from("/run/vision/ab")));
        assert!(PidFile::parse("4242\n/data\n1763800000\n5432\n").unwrap().starting);
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("not a number\n"), None);
    }

    #[test]
    fn this_process_lives_and_is_no_postgres() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(alive(me));
        assert!(!alive(0) && !alive(-1) && !alive(i32::MAX));
        if cfg!(target_os = "linux") {
            assert!(!PidFile { pid: me, port: 5432, socket_dir: None, starting: false }.alive());
        }
    }
}
