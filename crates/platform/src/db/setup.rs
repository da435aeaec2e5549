//! From a server to a usable database: roles, migrations, the check that the serving role is harmless.

use super::Db;
use crate::{Clock, Config, crypto::Crypto};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Oldest and newest PostgreSQL major versions that are supported.
const SUPPORTED: std::ops::RangeInclusive<i32> = 15..=18;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The server refused or failed.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The job library's own tables could not be made.
    #[error("job tables: {0}")]
    Jobs(String),
    /// The server is too old or too new.
    #[error("PostgreSQL {0} is not supported: 15 to 18 are")]
    Version(i32),
    /// The serving role could bypass isolation.
    #[error("role {0} must not be superuser, bypass row-level security or own tables: tenant isolation would be lost")]
    UnsafeRole(String),
}

/// Who connects as what. The owner makes and migrates; the two others serve.
#[derive(Debug, Clone)]
pub struct DatabaseUrls {
    /// Role that owns the schema.
    pub owner: PgConnectOptions,
    /// Role vision_app.
    pub app: PgConnectOptions,
    /// Role vision_system.
    pub system: PgConnectOptions,
}

impl DatabaseUrls {
    /// Derives the serving roles from the owner's options. Their passwords come from the master key, so that several
    /// instances agree without storing them.
    pub fn new(owner: &PgConnectOptions, database: &str, crypto: &Crypto) -> Self {
        let owner = owner.clone().database(database).log_statements(tracing::log::LevelFilter::Trace);
        let role = |name: &str| owner.clone().username(name).password(&role_password(crypto, name)).application_name(name);
        Self { app: role("vision_app"), system: role("vision_system"), owner }
    }
}

fn role_password(crypto: &Crypto, role: &str) -> String {
    crypto.purpose_key(&format!("postgres/{role}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the database if it is missing. `owner` must be connected to a maintenance database.
pub async fn provision(owner: &PgConnectOptions, database: &str) -> Result<(), SetupError> {
    let mut conn = owner.connect().await?;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(database).fetch_one(&mut conn).await?;
    if !exists {
        let made = sqlx::query(AssertSqlSafe(format!("CREATE DATABASE \"{database}\""))).execute(&mut conn).await;
        match made {
            // Another instance was faster.
            Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42P04" | "23505")) => {}
            other => {
                other?;
            }
        }
    }
    conn.close().await?;
    Ok(())
}

/// Brings roles and schema up to date. Safe to run by several instances at once.
pub async fn migrate(urls: &DatabaseUrls, crypto: &Crypto) -> Result<(), SetupError> {
    let mut conn = urls.owner.connect().await?;
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int / 10000").fetch_one(&mut conn).await?;
    if !SUPPORTED.contains(&version) {
        return Err(SetupError::Version(version));
    }
    // One instance at a time: roles are global to the server.
    sqlx::query("SELECT pg_advisory_lock(7234001)").execute(&mut conn).await?;
    let done = run_migrations(&mut conn, urls, crypto).await;
    sqlx::query("SELECT pg_advisory_unlock(7234001)").execute(&mut conn).await?;
    conn.close().await?;
    done
}

async fn run_migrations(conn: &mut PgConnection, urls: &DatabaseUrls, crypto: &Crypto) -> Result<(), SetupError> {
    for role in ["vision_app", "vision_system"] {
        ensure_role(conn, role, &role_password(crypto, role)).await?;
    }
    let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *conn).await?;
    let user: String = sqlx::query_scalar("SELECT current_user").fetch_one(&mut *conn).await?;
    let is_superuser: bool = sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetch_one(&mut *conn).await?;
    if !is_superuser {
        // A plain owner must be a member of the role to which it hands a function.
        sqlx::query(AssertSqlSafe(format!("GRANT vision_system TO \"{user}\""))).execute(&mut *conn).await?;
    }
    sqlx::query(AssertSqlSafe(format!("GRANT CONNECT ON DATABASE \"{database}\" TO vision_app, vision_system")))
        .execute(&mut *conn)
        .await?;
    // The job library installs its tables as the role that uses them; it needs CREATE for that moment only.
    sqlx::query(AssertSqlSafe(format!("GRANT CREATE ON DATABASE \"{database}\" TO vision_system"))).execute(&mut *conn).await?;
    sqlx::query("GRANT CREATE ON SCHEMA public TO vision_system").execute(&mut *conn).await?;
    MIGRATIONS.run(&mut *conn).await?;
    let pool = PgPoolOptions::new().max_connections(1).connect_with(urls.system.clone()).await?;
    let made = crate::jobs::migrate(&pool).await;
    pool.close().await;
    made?;
    sqlx::query("REVOKE CREATE ON SCHEMA public FROM vision_system").execute(&mut *conn).await?;
    sqlx::query(AssertSqlSafe(format!("REVOKE CREATE ON DATABASE \"{database}\" FROM vision_system"))).execute(&mut *conn).await?;
    Ok(())
}

async fn ensure_role(conn: &mut PgConnection, role: &str, password: &str) -> Result<(), SetupError> {
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)").bind(role).fetch_one(&mut *conn).await?;
    if !exists {
        sqlx::query(AssertSqlSafe(format!("CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"))).execute(&mut *conn).await?;
    }
    // The password is hexadecimal of our own making. Changing it each time keeps it right after a change of master key.
    sqlx::query(AssertSqlSafe(format!("ALTER ROLE {role} PASSWORD '{password}'"))).execute(&mut *conn).await?;
    sqlx::query(AssertSqlSafe(format!("ALTER ROLE {role} SET statement_timeout = '{}'", if role == "vision_app" { "15s" } else { "60s" })))
        .execute(&mut *conn)
        .await?;
    sqlx::query(AssertSqlSafe(format!("ALTER ROLE {role} SET idle_in_transaction_session_timeout = '30s'"))).execute(&mut *conn).await?;
    Ok(())
}

/// Opens the pools and refuses a serving role that could bypass isolation.
pub async fn connect(urls: &DatabaseUrls, config: &Config, clock: Clock) -> Result<Db, SetupError> {
    let options = |size: u32| {
        PgPoolOptions::new()
            .max_connections(size)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_mins(10))
            .test_before_acquire(false)
    };
    let app = options(config.pool).connect_with(urls.app.clone()).await?;
    let system = options(config.pool.max(6)).connect_with(urls.system.clone()).await?;
    for (pool, role) in [(&app, "vision_app"), (&system, "vision_system")] {
        let (privileged, owns): (bool, bool) = sqlx::query_as(
            "SELECT r.rolsuper OR r.rolbypassrls,
                    EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v') AND n.nspname = 'public')
             FROM pg_roles r WHERE r.rolname = current_user",
        )
        .fetch_one(pool)
        .await?;
        if privileged || owns {
            return Err(SetupError::UnsafeRole(role.to_owned()));
        }
    }
    Ok(Db::new(app, system, clock))
}
