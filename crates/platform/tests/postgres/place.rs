//! A private place for one test: its data folder, its processes, and their end whatever happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use vision_platform::postgres::{ManagedError, ManagedOptions, ManagedPostgres};

/// No step of a test may last longer.
const PATIENCE: Duration = Duration::from_mins(2);
/// `nobody`, everywhere but on the oldest systems.
const NOBODY: u32 = 65_534;

pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("vision-pg-").tempdir_in("/tmp").unwrap();
        // Open to the other users of the scenarios, as an ordinary folder is.
        set_mode(dir.path(), 0o755);
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        set_mode(&data, 0o755);
        Self { dir }
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn pg(&self) -> PathBuf {
        self.root().join("data/pg")
    }

    /// The folder of the version in use: there is one only.
    pub(crate) fn home(&self) -> PathBuf {
        let version = fs::read_dir(self.pg()).into_iter().flatten().flatten().find_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.parse::<u32>().ok().filter(|major| *major < 90).map(|_| entry.path())
        });
        version.unwrap_or_else(|| self.pg().join("none"))
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home().join("data")
    }

    pub(crate) fn initialising(&self) -> bool {
        fs::read_dir(self.home())
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("init-") && entry.path().is_dir())
    }

    pub(crate) fn options(&self, durable: bool) -> ManagedOptions {
        options(&self.root().join("data"), durable)
    }

    pub(crate) async fn start(&self) -> Result<ManagedPostgres, ManagedError> {
        tokio::time::timeout(PATIENCE, ManagedPostgres::start(self.options(false))).await.expect("the start lasted too long")
    }

    /// Writes a file of the data directory that belongs to the server's account.
    pub(crate) fn as_server_file(&self, name: &str, text: &str) {
        use std::os::unix::fs::{MetadataExt, chown};
        let (path, owner) = (self.data().join(name), fs::metadata(self.data()).unwrap());
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }

    /// Runs a scenario to its end as an ordinary user; fails when it fails.
    pub(crate) async fn run(&self, scenario: &str, env: &[(&str, &str)]) {
        self.run_as(is_root().then_some(NOBODY), scenario, env).await;
    }

    pub(crate) async fn run_as(&self, uid: Option<u32>, scenario: &str, env: &[(&str, &str)]) {
        if let Some(uid) = uid.filter(|_| !self.pg().exists()) {
            std::os::unix::fs::chown(self.root().join("data"), Some(uid), Some(uid)).unwrap();
        }
        let output =
            tokio::time::timeout(PATIENCE, self.command(uid, scenario, env).output()).await.expect("the scenario lasted too long").unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{scenario}: {said}");
    }

    /// Starts a scenario as the present user.
    pub(crate) fn spawn(&self, scenario: &str, env: &[(&str, &str)]) -> Child {
        self.command(None, scenario, env).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits until the scenario has written the file `name` beside the data folder.
    pub(crate) async fn wait_for(&self, name: &str, child: &mut Child) {
        let began = Instant::now();
        while !self.root().join(name).exists() {
            assert!(child.try_wait().unwrap().is_none(), "the scenario ended");
            assert!(began.elapsed() < PATIENCE, "the scenario lasted too long");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn command(&self, uid: Option<u32>, scenario: &str, env: &[(&str, &str)]) -> Command {
        // A copy, because another user may be unable to reach the build folder.
        let program = self.root().join("scenarios");
        if !program.exists() {
            fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
            set_mode(&program, 0o755);
        }
        let mut command = match uid {
            Some(uid) => {
                let mut command = Command::new("setpriv");
                command.args([&format!("--reuid={uid}"), &format!("--regid={uid}"), "--clear-groups"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(["--exact", &format!("scenario::{scenario}"), "--ignored", "--nocapture"]);
        command.env_remove("XDG_RUNTIME_DIR").env("VISION_TEST_PLACE", self.root()).envs(env.iter().copied()).current_dir("/");
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for home in fs::read_dir(self.pg()).into_iter().flatten().flatten() {
            let text = fs::read_to_string(home.path().join("data/postmaster.pid")).unwrap_or_default();
            let pid = text.lines().next().and_then(|line| line.parse::<i32>().ok());
            if let Some(pid) =
                pid.filter(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("postgres")))
            {
                kill(pid.unsigned_abs(), "QUIT");
                let began = Instant::now();
                while alive(pid) && began.elapsed() < Duration::from_secs(10) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                if let Some(socket_dir) = text.lines().nth(4) {
                    let _ = fs::remove_dir_all(socket_dir);
                }
            }
        }
    }
}

pub(crate) fn options(data_dir: &Path, durable: bool) -> ManagedOptions {
    ManagedOptions {
        data_dir: data_dir.to_owned(),
        bin_dir: std::env::var_os("VISION_TEST_PG_BIN").map(PathBuf::from),
        bundled_bin_dirs: Vec::new(),
        durable,
    }
}

pub(crate) async fn open(server: &ManagedPostgres) -> PgConnection {
    PgConnection::connect_with(&server.owner_options()).await.unwrap()
}

pub(crate) async fn rows(server: &ManagedPostgres) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        .fetch_one(&mut open(server).await)
        .await
        .unwrap()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn kill(pid: u32, signal: &str) {
    let status = std::process::Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

pub(crate) fn alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// One line of `/proc/<pid>/status`.
pub(crate) fn status(pid: i32, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap().to_owned()
}

/// A long-lived process of the user `uid` that is no PostgreSQL.
pub(crate) fn sleeper(uid: &str) -> Child {
    let mut command = Command::new("sleep");
    command.arg("300").kill_on_drop(true);
    if is_root() {
        command.uid(uid.parse().unwrap());
    }
    command.spawn().unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
