//! Background work, on graphile_worker: queued in the caller's transaction, retried with back-off, idempotent by contract.

use crate::app::App;
use crate::db::Tx;
use crate::failure::Failure;
use graphile_worker::worker_utils::types::CleanupTask;
use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, RefetchDelayConfig, TaskHandler, Worker, WorkerContext, WorkerOptions, WorkerUtils,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::future::Future;
use std::time::Duration;
use uuid::Uuid;
use vision_kernel::{Actor, ActorKind, Permission};

/// Schema of the job library's tables.
const SCHEMA: &str = "jobs";

/// Why a job did not finish.
#[derive(Debug)]
pub enum JobError {
    /// Try again later.
    Retry(String),
    /// Trying again cannot help.
    Fail(String),
}

impl From<Failure> for JobError {
    fn from(failure: Failure) -> Self {
        Self::Retry(failure.to_string())
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<vision_ports::FilesError> for JobError {
    fn from(error: vision_ports::FilesError) -> Self {
        Self::Retry(error.to_string())
    }
}

/// A unit of background work. It may run more than once: it must be idempotent.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Stable name, `domain_verb`.
    const NAME: &'static str;
    /// Does the work.
    fn run(self, ctx: JobContext) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Who queued a job, as stored with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobActor {
    kind: String,
    id: Uuid,
    name: String,
    #[serde(default)]
    scope: Option<Vec<Uuid>>,
}

impl From<&Actor> for JobActor {
    fn from(actor: &Actor) -> Self {
        Self { kind: actor.kind.as_str().to_owned(), id: actor.id, name: actor.name.clone(), scope: actor.owner_scope.clone() }
    }
}

impl JobActor {
    /// A job may do everything, within the records that whoever queued it could see: the right was checked when it was queued, and
    /// asking again in the job would always be answered with yes. Losing a right does not stop what was begun with it.
    fn into_actor(self, tenant_id: Uuid) -> Actor {
        Actor {
            kind: match self.kind.as_str() {
                "user" => ActorKind::User,
                "api_key" => ActorKind::ApiKey,
                "import" => ActorKind::Import,
                "customer" => ActorKind::Customer,
                _ => ActorKind::System,
            },
            id: self.id,
            name: self.name,
            permissions: Permission::ALL.to_vec(),
            owner_scope: self.scope,
            ..Actor::system(tenant_id)
        }
    }
}

/// What a running job has at hand.
pub struct JobContext {
    /// The instance.
    pub app: App,
    /// On whose behalf, in which tenant.
    pub actor: Actor,
}

impl JobContext {
    /// A transaction in the job's tenant.
    pub async fn begin(&self) -> Result<Tx, Failure> {
        self.app.db.begin(self.actor.clone()).await
    }

    /// A reading transaction in the job's tenant.
    pub async fn read(&self) -> Result<Tx, Failure> {
        self.app.db.read(self.actor.clone()).await
    }
}

/// A job as the library stores it: tenant stamped by the database, actor and content by [`Tx::enqueue`].
#[derive(Serialize, Deserialize)]
struct Envelope<J> {
    tenant: Uuid,
    p: Content<J>,
}

#[derive(Serialize, Deserialize)]
struct Content<J> {
    actor: JobActor,
    job: J,
}

impl<J: Job> TaskHandler for Envelope<J> {
    const IDENTIFIER: &'static str = J::NAME;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(app) = ctx.get_ext::<App>().cloned() else {
            return Err("the worker was started without its instance".to_owned());
        };
        let actor = self.p.actor.into_actor(self.tenant);
        let started = std::time::Instant::now();
        let outcome = self.p.job.run(JobContext { app, actor }).await;
        let label = match &outcome {
            Ok(()) => "done",
            Err(JobError::Retry(_)) => "retry",
            Err(JobError::Fail(_)) => "failed",
        };
        metrics::histogram!("vision_job_seconds", "job" => J::NAME, "outcome" => label).record(started.elapsed().as_secs_f64());
        match outcome {
            Ok(()) => Ok(()),
            Err(JobError::Retry(reason)) => {
                tracing::warn!(job = J::NAME, tenant = %self.tenant, %reason, "job will be tried again");
                Err(reason)
            }
            Err(JobError::Fail(reason)) => {
                // Reported as done to the queue: another attempt would fail alike. The log keeps the reason.
                tracing::error!(job = J::NAME, tenant = %self.tenant, %reason, "job failed for good");
                Ok(())
            }
        }
    }
}

/// Which jobs a worker knows.
#[derive(Default)]
pub struct JobRegistry {
    options: WorkerOptions,
}

impl JobRegistry {
    /// Adds a job.
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        self.options = self.options.define_job::<Envelope<J>>();
        self
    }

    /// Makes a worker. `concurrency` jobs run at a time; the caller stops it through [`Worker::request_shutdown`].
    pub async fn worker(self, app: &App, concurrency: usize) -> Result<Worker, Failure> {
        self.options
            .pg_pool(app.db.system_pool().clone())
            .schema(SCHEMA)
            .concurrency(concurrency)
            .poll_interval(POLL)
            .local_queue(local_queue())
            .heartbeat_interval(Duration::from_secs(4))
            .sweep_interval(Duration::from_secs(5))
            .sweep_threshold(Duration::from_secs(16))
            .recovery_delay(Duration::from_secs(1))
            .listen_os_shutdown_signals(false)
            .add_extension(app.clone())
            .init()
            .await
            .map_err(|error| vision_kernel::Problem::internal(error.to_string()).into())
    }

    /// Makes the database know every job, before anything is queued: the library adds a name that it meets for the first time in the
    /// transaction that queues, where two such transactions would wait for each other's names.
    pub async fn register(self, app: &App) -> Result<(), Failure> {
        Box::pin(self.worker(app, 1)).await.map(drop)
    }

    /// Runs every job that is due, then returns; for tests.
    pub async fn run_once(self, app: &App) -> Result<(), Failure> {
        let worker = self
            .options
            .pg_pool(app.db.system_pool().clone())
            .schema(SCHEMA)
            .concurrency(2)
            .listen_os_shutdown_signals(false)
            .add_extension(app.clone())
            .init()
            .await
            .map_err(|error| Failure::from(vision_kernel::Problem::internal(error.to_string())))?;
        worker.run_once().await.map_err(|error| vision_kernel::Problem::internal(error.to_string()).into())
    }
}

/// How often an idle worker looks for jobs that came due without a notification, such as retries.
const POLL: Duration = Duration::from_secs(2);

/// Without the local queue a backlog drains at one job per slot and poll. Without a delay between empty fetches the local queue
/// of graphile_worker 0.14 wakes itself up for ever: 1,100 queries a second were seen on an idle instance. A notification of a new
/// job ends the delay at once (abort threshold 1).
fn local_queue() -> LocalQueueConfig {
    LocalQueueConfig::default()
        .with_size(50)
        .with_refetch_delay(RefetchDelayConfig::default().with_duration(POLL).with_threshold(0).with_max_abort_threshold(1))
}

/// Deletes the rows of queues that nobody uses: the library makes one per name and never takes it away.
pub(crate) async fn clean(app: &App) -> Result<(), Failure> {
    let cleaned = WorkerUtils::new(app.db.system_pool().clone(), SCHEMA).cleanup(&[CleanupTask::GcJobQueues]).await;
    cleaned.map_err(|error| vision_kernel::Problem::internal(error.to_string()).into())
}

/// Installs or upgrades the job library's tables, as the role that uses them.
pub(crate) async fn migrate(system: &sqlx::PgPool) -> Result<(), crate::db::SetupError> {
    WorkerUtils::new(system.clone(), SCHEMA).migrate().await.map_err(|error| crate::db::SetupError::Jobs(error.to_string()))
}
