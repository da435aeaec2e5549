//! Browser tests against the real binary: a server of its own on a free port with a data folder of its own, stopped at the end.

use crate::run::{Done, command, run, say};
use crate::setup;
use crate::workspace::{root, web};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to be ready; a first start makes its database and the demo data.
const START: Duration = Duration::from_mins(2);
/// How long it may take to stop.
const STOP: Duration = Duration::from_mins(1);

/// Runs the browser tests.
pub(crate) fn tests(extra: &[&str]) -> Done {
    setup::packages()?;
    setup::browser();
    let chromium = setup::chromium().ok_or("no Chromium was found for the browser tests")?;
    setup::web_app()?;
    let binary = setup::debug_binary()?;
    let server = Server::start(&binary)?;
    let url = format!("http://localhost:{}", server.address.port());
    say(&format!("Serving the demo data at {url}"));
    let done = run(command(&web(), "npm", &["run", "--silent", "e2e", "--"]).args(extra).env("BASE_URL", &url).env("CHROMIUM", chromium));
    let stopped = server.stop();
    done.and(stopped)
}

struct Server {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Server {
    fn start(binary: &Path) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("vision-e2e-{}", std::process::id()));
        let address = free_address().map_err(|error| format!("no free port: {error}"))?;
        let log = open(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let child = Command::new(binary)
            .args(["serve", "--demo"])
            .current_dir(root())
            .env("VISION_DATA", folder.join("data"))
            .env("PORT", address.port().to_string())
            .env("VISION_METRICS", "")
            // Many browsers share three demo accounts: the burst limit has tests of its own.
            .env("VISION_BURST_PER_SECOND", "1000")
            // Every journey that needs a company of its own signs up, all from one address.
            .env("VISION_SIGNUPS_PER_HOUR", "1000")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("vision: {error}"))?;
        let mut server = Self { child, address, folder };
        let began = Instant::now();
        while !ready(address) {
            let ended = server.child.try_wait().ok().flatten();
            if ended.is_some() || began.elapsed() > START {
                let said = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
                drop(server.stop());
                return Err(format!("the server did not get ready:\n{said}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// Asks the server to end as Ctrl-C does, waits for it, and takes its folder away.
    fn stop(mut self) -> Done {
        terminate(self.child.id());
        let began = Instant::now();
        while self.child.try_wait().ok().flatten().is_none() {
            if began.elapsed() > STOP {
                drop(self.child.kill());
                return Err(format!("the server did not stop within {} s", STOP.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(fs::remove_dir_all(&self.folder));
        Ok(())
    }
}

/// A folder that PostgreSQL's account can enter when this is root, and the server's log in it.
fn open(folder: &Path) -> std::io::Result<File> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    File::create(folder.join("log"))
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// SIGTERM through the shell's own `kill`: the standard library only knows SIGKILL, after which PostgreSQL would stay.
fn terminate(pid: u32) {
    drop(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid.to_string()]).stderr(Stdio::null()).status());
}
