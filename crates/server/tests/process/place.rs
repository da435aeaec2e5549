//! A private place for one test: a data folder, the processes started in it, and their end whatever happens.

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// No step of a test lasts longer: a first start initialises a database on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(2);
/// `nobody`, everywhere but on the oldest systems.
pub(crate) const NOBODY: u32 = 65_534;

pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("vision-process-").tempdir_in("/tmp").unwrap();
        // Open to PostgreSQL's account, as an ordinary folder is.
        mode(folder.path(), 0o755);
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A command of the binary in an environment of its own.
    pub(crate) fn command(&self, binary: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.args(arguments).env_clear().stdin(Stdio::null());
        // The npm package's PostgreSQL is looked for in the checkout.
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("VISION_CONFIG", "/dev/null").env("VISION_METRICS", "").env("VISION_DATA", self.data()).env("HOME", self.folder.path());
        command
    }

    /// Runs a command of the binary to its end: status, output, errors.
    pub(crate) fn run(&self, arguments: &[&str], env: &[(&str, &str)]) -> (ExitStatus, String, String) {
        let mut command = self.command(binary(), arguments);
        command.envs(env.iter().copied());
        self.finish(command)
    }

    pub(crate) fn finish(&self, mut command: Command) -> (ExitStatus, String, String) {
        let (out, err) = (self.path("out"), self.path("err"));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        let status = ended(&mut child).unwrap_or_else(|| {
            child.kill().unwrap();
            panic!("it did not end: {}", read(&err))
        });
        (status, read(&out), read(&err))
    }

    /// Starts a server on a free port and waits until it is ready.
    pub(crate) fn serve(&self, env: &[(&str, &str)]) -> Server {
        let port = free_port();
        let server = self.start(&["serve"], &[env, &[("PORT", &port.to_string())]].concat(), port);
        server.ready();
        server
    }

    /// Starts a server, ready or not.
    pub(crate) fn start(&self, arguments: &[&str], env: &[(&str, &str)], port: u16) -> Server {
        let mut command = self.command(binary(), arguments);
        command.envs(env.iter().copied());
        self.spawn(command, port)
    }

    pub(crate) fn spawn(&self, mut command: Command, port: u16) -> Server {
        let log = self.path(&format!("log-{port}"));
        let file = File::create(&log).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Server { child: command.spawn().unwrap(), port, log }
    }

    /// The data directory of the managed server.
    pub(crate) fn cluster(&self) -> PathBuf {
        let versions = fs::read_dir(self.data().join("pg")).into_iter().flatten().flatten();
        versions.map(|entry| entry.path().join("data")).find(|path| path.join("PG_VERSION").exists()).expect("a cluster")
    }

    /// What `postmaster.pid` says, line by line.
    fn pid_file(&self) -> Vec<String> {
        read(&self.cluster().join("postmaster.pid")).lines().map(|line| line.trim().to_owned()).collect()
    }

    /// The managed server's main process.
    pub(crate) fn postmaster(&self) -> i32 {
        self.pid_file()[0].parse().unwrap()
    }

    /// A connection of the owner to the product's database.
    pub(crate) async fn sql(&self) -> PgConnection {
        let socket = self.pid_file()[4].clone();
        let password = read(&self.data().join("pg/owner-password"));
        let options =
            PgConnectOptions::new_without_pgpass().socket(socket).username("vision_owner").password(password.trim()).database("vision");
        options.connect().await.unwrap()
    }

    /// The processes that name this place's database in their command line.
    pub(crate) fn orphans(&self) -> Vec<String> {
        let needle = self.folder.path().display().to_string();
        let processes = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(|c: char| c.is_ascii_digit()));
        let lines = processes
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
        lines.filter(|line| line.contains(&needle) && line.contains("postgres")).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whatever a failed test left running.
        let versions = fs::read_dir(self.data().join("pg")).into_iter().flatten().flatten();
        for entry in versions {
            let text = fs::read_to_string(entry.path().join("data/postmaster.pid")).unwrap_or_default();
            if let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| alive(*pid)) {
                signal(pid, Signal::QUIT);
                until(|| !alive(pid));
            }
        }
    }
}

/// A running `vision serve`.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
    log: PathBuf,
}

impl Server {
    pub(crate) fn ready(&self) {
        assert!(until(|| self.status("/readyz") == 200), "not ready: {}", self.said());
    }

    pub(crate) fn said(&self) -> String {
        read(&self.log)
    }

    pub(crate) fn status(&self, path: &str) -> u16 {
        self.get(path).map_or(0, |(status, _)| status)
    }

    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Option<(u16, String)> {
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    }

    /// A call of the API as somebody: status and JSON.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, kind: &str, body: &str) -> (u16, serde_json::Value) {
        let length = body.len();
        let (status, answer) = self
            .send(&format!(
                "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            ))
            .unwrap_or_else(|| panic!("{method} {path}: no answer: {}", self.said()));
        let json = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        (status, serde_json::from_str(json).unwrap_or_default())
    }

    fn send(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some((answer.split(' ').nth(1)?.parse().ok()?, answer))
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(mut self, how: Signal) -> (ExitStatus, String) {
        signal(self.pid(), how);
        let status = ended(&mut self.child).unwrap_or_else(|| panic!("it did not end: {}", self.said()));
        (status, self.said())
    }

    /// Waits for an end that nobody asked for.
    pub(crate) fn ends(mut self) -> (ExitStatus, String) {
        let status = ended(&mut self.child).unwrap_or_else(|| panic!("it did not end: {}", self.said()));
        (status, self.said())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The binary under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vision"))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Lets a command run as an ordinary user.
pub(crate) fn as_nobody(command: &mut Command) {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
}

pub(crate) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

pub(crate) fn alive(pid: i32) -> bool {
    let zombie = fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z"));
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok()) && !zombie
}

/// Waits for something to become true.
pub(crate) fn until(mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    let mut status = None;
    until(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
