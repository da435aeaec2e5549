//! Transactions that know their tenant, their actor and their time.

use crate::Clock;
use crate::failure::Failure;
use crate::jobs::Job;
use crate::outbox::{self, PendingEvent};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;
use vision_kernel::{Actor, DomainEvent, Problem};

/// A transaction in one tenant.
///
/// The tenant is set with `SET LOCAL` in the same message as `BEGIN`, so that neither a cancelled request nor a reused
/// connection can carry it over (T7 of the database notes). The tenant is a [`Uuid`], hence not injectable.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    actor: Actor,
    now: Timestamp,
    clock: Clock,
    events: Vec<PendingEvent>,
}

/// Begins a transaction whose beginning is awaited to its end even when the request that asked for it is cancelled meanwhile.
///
/// `begin_with` notes a transaction only when the server's answer has been read. A future dropped before that gives the connection
/// back inside an open transaction that bears a tenant, which nobody rolls back: seen on a loaded machine. In a task of its own the
/// transaction is always noted, and rolled back when nobody takes it.
#[expect(clippy::disallowed_methods, reason = "the task lives as long as the pool lets it wait for a connection, five seconds at most")]
pub async fn begin(pool: &PgPool, statement: String) -> Result<Transaction<'static, Postgres>, Failure> {
    let pool = pool.clone();
    let task = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statement)).await });
    Ok(task.await.map_err(|error| Problem::internal(error.to_string()))??)
}

impl Tx {
    pub(super) async fn begin(pool: &PgPool, actor: Actor, clock: Clock, mode: &str) -> Result<Self, Failure> {
        let statement = format!("{mode}; SET LOCAL app.tenant_id = '{}'", actor.tenant_id);
        let inner = begin(pool, statement).await?;
        Ok(Self { inner, actor, now: clock.now(), clock, events: Vec::new() })
    }

    /// The connection, for statements in `store.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// The tenant; every statement names it as well as the policy does.
    pub fn tenant(&self) -> Uuid {
        self.actor.tenant_id
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The instant of this transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new identifier, ordered by time.
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// Records that something happened. Written on commit with the timeline and the audit log, handed to subscribers afterwards.
    pub fn emit<E: DomainEvent>(&mut self, event: &E) {
        let id = self.new_id();
        self.events.push(PendingEvent::new(id, event));
    }

    /// Queues a job that starts only if this transaction commits.
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<(), Failure> {
        self.enqueue_with(job, None, None).await
    }

    /// Queues a job under a key (a second one with the same key replaces the first while it waits) and, with a queue name, one at a time.
    pub async fn enqueue_with<J: Job>(&mut self, job: &J, key: Option<&str>, queue: Option<&str>) -> Result<(), Failure> {
        let payload = serde_json::json!({ "actor": crate::jobs::JobActor::from(&self.actor), "job": job });
        sqlx::query("SELECT enqueue_job($1, $2, NULL, $3, $4)")
            .bind(J::NAME)
            .bind(payload)
            .bind(key)
            .bind(queue)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Writes the events and commits.
    pub async fn commit(mut self) -> Result<(), Failure> {
        let events = std::mem::take(&mut self.events);
        crate::http::idempotency::mark(&mut self.inner, &self.actor, events.first().map(PendingEvent::subject)).await?;
        if !events.is_empty() {
            outbox::write(&mut self.inner, &self.actor, self.now, &events).await?;
        }
        self.inner.commit().await?;
        Ok(())
    }
}

/// A transaction of the cross-tenant role.
pub struct SystemTx {
    inner: Transaction<'static, Postgres>,
    now: Timestamp,
    clock: Clock,
}

impl SystemTx {
    pub(super) async fn begin(pool: &PgPool, clock: Clock) -> Result<Self, Failure> {
        Ok(Self { inner: begin(pool, "BEGIN".to_owned()).await?, now: clock.now(), clock })
    }

    /// The connection, for statements in `store.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// The instant of this transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new identifier.
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// Commits.
    pub async fn commit(self) -> Result<(), Failure> {
        self.inner.commit().await?;
        Ok(())
    }

    /// Records a security event of a person in a tenant, where no tenant transaction is open (sign-in, sign-out).
    pub async fn audit<E: DomainEvent>(&mut self, actor: &Actor, event: &E) -> Result<(), Failure> {
        let pending = PendingEvent::new(self.new_id(), event);
        outbox::write_audit(&mut self.inner, actor, self.now, std::slice::from_ref(&pending)).await?;
        Ok(())
    }

    /// Queues a job in a tenant.
    pub async fn enqueue<J: Job>(&mut self, tenant_id: Uuid, job: &J, key: Option<&str>) -> Result<(), Failure> {
        let actor = crate::jobs::JobActor::from(&Actor::system(tenant_id));
        let payload = serde_json::json!({ "tenant": tenant_id, "p": { "actor": actor, "job": job } });
        sqlx::query("SELECT jobs.add_job(identifier => $1, payload => $2::json, job_key => $3)")
            .bind(J::NAME)
            .bind(payload)
            .bind(key)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// The instant as a bindable value.
    pub fn now_sql(&self) -> jiff_sqlx::Timestamp {
        self.now.to_sqlx()
    }
}
