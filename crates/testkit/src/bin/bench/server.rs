//! The measured instance: the release binary on a data folder of its own.

use crate::once;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vision_platform::Config;
use vision_platform::crypto::Crypto;
use vision_platform::db::DatabaseUrls;
use vision_platform::postgres::{ManagedOptions, ManagedPostgres};

/// Clock ticks per second of /proc on Linux.
const TICKS: f64 = 100.0;

pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    urls: DatabaseUrls,
    postmaster: i32,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("workspace")
}

impl Server {
    pub(crate) async fn start() -> Self {
        let data = workspace().join("target/bench-data");
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let child = Command::new(workspace().join("target/release/vision"))
            .args(["serve", "--demo"])
            .env("VISION_DATA", &data)
            .env("PORT", free.port().to_string())
            .env("VISION_METRICS", "")
            .env("VISION_BURST_PER_SECOND", "1000000")
            .env("VISION_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("target/release/vision: build it with `cargo build --release -p vision-server`");
        let address = free.to_string();
        // Ready means that the demo data are in: loading them and ours at once would wait for each other.
        for attempt in 0.. {
            if ready(&address).await {
                break;
            }
            assert!(attempt < 600, "the server did not start");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let environment = BTreeMap::from([("VISION_DATA".to_owned(), data.display().to_string())]);
        let mut config = Config::from_parts(&environment, "").expect("configuration");
        config.prepare().expect("the data folder");
        let options = ManagedOptions { data_dir: data, bin_dir: None, bundled_bin_dirs: Vec::new(), durable: true };
        let managed = ManagedPostgres::start(options).await.expect("the server's database");
        let (owner, postmaster) = (managed.owner_options(), managed.pid());
        managed.detach();
        Self { child, address, urls: DatabaseUrls::new(&owner, "vision", &Crypto::new(config.secret_keys.expose().clone())), postmaster }
    }

    /// Where its files lie.
    pub(crate) fn files() -> PathBuf {
        workspace().join("target/bench-data/files")
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        self.urls.owner.connect().await.expect("owner")
    }

    /// An access token in a tenant.
    pub(crate) async fn token(&self, slug: &str) -> String {
        let mut conn = self.owner().await;
        let tenant: String =
            sqlx::query_scalar("SELECT id::text FROM tenants WHERE slug = $1").bind(slug).fetch_one(&mut conn).await.expect("tenant");
        sqlx::query("DELETE FROM throttles").execute(&mut conn).await.expect("throttles");
        let body = format!(r#"{{"email":"owner@garage.example","password":"vision-demo-2026","tenant_id":"{tenant}"}}"#);
        let answer = once(&self.address, "", "POST", "/auth/login", &body).await;
        let json: serde_json::Value = serde_json::from_str(&answer).expect("a session");
        json.get("access_token").and_then(serde_json::Value::as_str).expect("a token").to_owned()
    }

    /// CPU seconds so far: (application, PostgreSQL with its processes, living and ended).
    pub(crate) fn cpu(&self) -> (f64, f64) {
        let own = i32::try_from(self.child.id()).unwrap_or(0);
        let mut database = times(self.postmaster).map_or(0.0, |(own, ended, _)| own + ended);
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_string_lossy().parse::<i32>();
            if let Some((time, _, parent)) = pid.ok().and_then(times)
                && parent == self.postmaster
            {
                database += time;
            }
        }
        (times(own).map_or(0.0, |(time, ..)| time), database)
    }

    /// Resident memory of the application.
    pub(crate) fn memory_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
    }

    /// Transactions per second and mean latency in ms of a statement under row-level security, by pgbench; `None` without pgbench.
    pub(crate) async fn pgbench(&self, sql: &str, size: u64, seconds: u64) -> Option<(f64, f64)> {
        let binary = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .flatten()
            .map(|entry| entry.path().join("bin/pgbench"))
            .find(|path| path.exists())?;
        let mut conn = self.owner().await;
        let (tenant, id): (String, String) =
            sqlx::query_as("SELECT c.tenant_id::text, c.id::text FROM contacts c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = $1 AND c.sort_name = 'dupont7'")
                .bind(format!("bench-{size}"))
                .fetch_one(&mut conn)
                .await
                .ok()?;
        let sql = sql.replace(":tenant", &format!("'{tenant}'::uuid")).replace(":id", &format!("'{id}'::uuid"));
        let script = format!("\\startpipeline\nSELECT set_config('app.tenant_id', '{tenant}', true);\n{sql}\n\\endpipeline\n");
        let file = workspace().join("target/bench.sql");
        std::fs::write(&file, script).ok()?;
        let app: &PgConnectOptions = &self.urls.app;
        let output = Command::new(binary)
            .args(["-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", &seconds.to_string(), "-f"])
            .arg(&file)
            .args(["-U", app.get_username(), "-h"])
            .arg(app.get_socket()?)
            .args(["-p", &app.get_port().to_string(), "vision"])
            .env("PGPASSWORD", app_password())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |marker: &str| text.lines().find_map(|line| line.strip_prefix(marker)?.split_whitespace().next()?.parse::<f64>().ok());
        Some((number("tps = ")?, number("latency average = ")?))
    }
}

/// Also when a measurement fails: no server is left behind that nobody stops.
impl Drop for Server {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status());
        drop(self.child.wait());
    }
}

async fn ready(address: &str) -> bool {
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return false };
    let mut answer = String::new();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.is_ok()
        && stream.read_to_string(&mut answer).await.is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// (own CPU seconds, those of ended children, parent) of a process.
fn times(pid: i32) -> Option<(f64, f64, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let tick = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0) / TICKS;
    Some((tick(11) + tick(12), tick(13) + tick(14), fields.get(1)?.parse().ok()?))
}

/// The password of the application role, derived as the server derives it.
fn app_password() -> String {
    let environment = BTreeMap::from([("VISION_DATA".to_owned(), workspace().join("target/bench-data").display().to_string())]);
    let mut config = Config::from_parts(&environment, "").expect("configuration");
    config.prepare().expect("the data folder");
    Crypto::new(config.secret_keys.expose().clone()).purpose_key("postgres/vision_app").iter().map(|byte| format!("{byte:02x}")).collect()
}
