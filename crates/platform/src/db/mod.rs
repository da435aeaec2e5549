//! The only door to data. [`Tx`] is bound to one tenant by the transaction itself; [`SystemTx`] is the cross-tenant role, for
//! sign-in, dispatch and nothing else. Pools stay private to this module.

mod setup;
mod tx;

pub use setup::{DatabaseUrls, SetupError, connect, migrate, provision};
pub use tx::{SystemTx, Tx, begin};

use crate::Clock;
use crate::failure::Failure;
use sqlx::PgPool;
use uuid::Uuid;
use vision_kernel::Actor;

/// The database as the application sees it.
#[derive(Clone)]
pub struct Db {
    /// Role vision_app: row-level security applies.
    app: PgPool,
    /// Role vision_system: crosses tenants on the tables that allow it.
    system: PgPool,
    clock: Clock,
}

impl Db {
    /// Wraps the two pools.
    pub fn new(app: PgPool, system: PgPool, clock: Clock) -> Self {
        Self { app, system, clock }
    }

    /// The same database at another time: for a history that is written as it would have been.
    #[must_use]
    pub fn at(&self, clock: Clock) -> Self {
        Self { clock, ..self.clone() }
    }

    /// A transaction that may write, in the actor's tenant. Dropping it rolls back.
    pub async fn begin(&self, actor: Actor) -> Result<Tx, Failure> {
        Tx::begin(&self.app, actor, self.clock.clone(), "BEGIN").await
    }

    /// A transaction that only reads. It is ended by dropping it.
    pub async fn read(&self, actor: Actor) -> Result<Tx, Failure> {
        Tx::begin(&self.app, actor, self.clock.clone(), "BEGIN READ ONLY").await
    }

    /// A transaction of the cross-tenant role.
    pub async fn system(&self) -> Result<SystemTx, Failure> {
        SystemTx::begin(&self.system, self.clock.clone()).await
    }

    /// The cross-tenant role outside a transaction: for the single-statement look-ups of authentication, which every request makes.
    pub fn system_lookup(&self) -> &PgPool {
        &self.system
    }

    /// A write transaction of the product itself in a tenant.
    pub async fn begin_as_system(&self, tenant_id: Uuid) -> Result<Tx, Failure> {
        self.begin(Actor::system(tenant_id)).await
    }

    /// The pool of the cross-tenant role, for the job library and the listener only.
    pub(crate) fn system_pool(&self) -> &PgPool {
        &self.system
    }

    /// True when the database answers.
    pub async fn is_ready(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.system).await.is_ok()
    }

    /// Connections (in use and idle, idle) of the application pool, for metrics.
    pub fn pool_state(&self) -> (u32, usize) {
        (self.app.size(), self.app.num_idle())
    }

    /// Closes the pools; waits for running statements.
    pub async fn close(&self) {
        self.app.close().await;
        self.system.close().await;
    }
}
