//! One action on many things, as a background job: in batches that each commit, with progress, cancel and undo.

use super::filter::EntityFilter;
use super::store::{self, Toggled};
use crate::contacts::events::ContactsEvent;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::Json;
use vision_platform::outbox::{TimelineLine, timeline_each};
use vision_platform::permits::ContactsWrite;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, JobContext, JobError, Tx};

/// Kind of the background job.
pub(crate) const KIND: &str = "entities.bulk";
/// Things per transaction.
const BATCH: i32 = 500;
/// Most things that are chosen, or left out, one by one.
const MOST: usize = 1000;

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(start_entity_bulk))
}

/// Things chosen one by one, or everything that a filter matches but for some.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = EntitySelection)]
pub enum Selection {
    /// Chosen things, at most a thousand.
    Ids {
        /// Their ids.
        ids: Vec<Uuid>,
    },
    /// All that match.
    Matching {
        /// The filter.
        filter: EntityFilter,
        /// Those left out, at most a thousand.
        #[serde(default)]
        except_ids: Vec<Uuid>,
    },
}

impl Selection {
    /// The selection as conditions, which know nothing of those left out.
    pub(crate) async fn conditions(&self, tx: &mut Tx) -> Result<Map<String, Value>, Failure> {
        match self {
            Self::Ids { ids } if ids.is_empty() || ids.len() > MOST => {
                Err(Problem::field("/selection/ids", "invalid", "De 1 à 1 000 fiches.").into())
            }
            Self::Ids { ids } => {
                let mut conditions = EntityFilter::default().conditions(tx, "").await?;
                conditions.insert("ids".to_owned(), json!(ids));
                // What is chosen by hand counts whether archived or not.
                conditions.insert("archived".to_owned(), json!("any"));
                Ok(conditions)
            }
            Self::Matching { except_ids, .. } if except_ids.len() > MOST => {
                Err(Problem::field("/selection/except_ids", "invalid", "1 000 exceptions au plus.").into())
            }
            Self::Matching { filter, .. } => filter.conditions(tx, "/selection/filter/").await,
        }
    }

    /// Those left out.
    pub(crate) fn except(&self) -> &[Uuid] {
        match self {
            Self::Ids { .. } => &[],
            Self::Matching { except_ids, .. } => except_ids,
        }
    }

    /// How many things it is.
    pub(crate) async fn total(&self, tx: &mut Tx, conditions: &Map<String, Value>) -> Result<i64, Failure> {
        let all = store::count(tx, conditions.clone(), i32::MAX).await?;
        if self.except().is_empty() {
            return Ok(all);
        }
        let mut out = conditions.clone();
        out.insert("ids".to_owned(), json!(self.except()));
        Ok(all - store::count(tx, out, i32::MAX).await?)
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EntityBulkAction {
    /// Archives.
    Archive,
    /// Restores.
    Restore,
}

impl EntityBulkAction {
    fn archives(self) -> bool {
        self == Self::Archive
    }
}

/// An action on a selection.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EntityBulkIn {
    selection: Selection,
    action: EntityBulkAction,
}

/// Starts an action on many things.
#[utoipa::path(post, path = "/entities/bulk", operation_id = "start_entity_bulk", tag = "entities", request_body = EntityBulkIn,
    responses((status = 202, body = JobOut), (status = 422)), security(("session" = ["contacts.write"])))]
async fn start_entity_bulk(auth: Authorized<ContactsWrite>, Json(input): Json<EntityBulkIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let conditions = input.selection.conditions(&mut tx).await?;
    let total = input.selection.total(&mut tx, &conditions).await?;
    let job = background::create(&mut tx, KIND, serde_json::to_value(&input)?, true).await?;
    background::set_total(&mut tx, job.id, total).await?;
    tx.enqueue_with(&RunEntityBulk { job_id: job.id }, Some(&format!("bulk:{}", job.id)), Some("bulk")).await?;
    tx.commit().await?;
    Ok(background::accepted(BackgroundJob { total, ..job }))
}

/// Does the work. Starts again after the last thing of the last committed batch.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunEntityBulk {
    job_id: Uuid,
}

impl Job for RunEntityBulk {
    const NAME: &'static str = "entities_bulk";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let params: EntityBulkIn = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let conditions = params.selection.conditions(&mut tx).await?;
        drop(tx);
        let mut after = job.cursor.as_deref().and_then(|cursor| Uuid::try_parse(cursor).ok());
        let mut done = job.done;
        loop {
            let mut tx = ctx.begin().await?;
            let mut ids = store::ids_after(&mut tx, &conditions, after, BATCH).await?;
            let Some(last) = ids.last().copied() else { break };
            ids.retain(|id| !params.selection.except().contains(id));
            let toggled = store::set_archived_many(&mut tx, &ids, params.action.archives()).await?;
            remember(&mut tx, job.id, &toggled).await?;
            tell(&mut tx, &toggled, params.action.archives()).await?;
            done += i64::try_from(ids.len()).unwrap_or(0);
            let go_on = background::advance(&mut tx, job.id, done, job.total.max(done), Some(&last.to_string())).await?;
            tx.commit().await?;
            after = Some(last);
            if !go_on {
                background::finish(&ctx, &job, "cancelled", None, None).await?;
                return Ok(());
            }
        }
        let mut tx = ctx.begin().await?;
        let label = if params.action.archives() { "archive" } else { "restore" };
        tx.emit(&ContactsEvent { name: "entities.bulk_changed", kind: "job", id: job.id, label: label.to_owned(), count: done });
        background::finish_with(tx, &job, "done", None, None).await?;
        Ok(())
    }
}

async fn remember(tx: &mut Tx, job: Uuid, toggled: &[Toggled]) -> Result<(), Failure> {
    let (tenant, ids): (Uuid, Vec<Uuid>) = (tx.tenant(), toggled.iter().map(|one| one.id).collect());
    sqlx::query("INSERT INTO entity_bulk_changes (tenant_id, job_id, entity_id) SELECT $1, $2, i FROM unnest($3::uuid[]) AS u(i) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(job)
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A line in the history of each thing, and in the timeline of its owner; the audit log gets one for all.
async fn tell(tx: &mut Tx, toggled: &[Toggled], archived: bool) -> Result<(), Failure> {
    let kind = if archived { "entity.archived" } else { "entity.restored" };
    let events: Vec<(Uuid, &str, Value, Value)> = toggled.iter().map(|one| (one.id, kind, json!([]), json!({}))).collect();
    let line = |one: &Toggled| {
        let data = json!({ "entity": { "id": one.id, "name": one.label() } });
        Some(TimelineLine { kind, contact: one.contact_id?, changes: json!([]), data })
    };
    store::insert_events(tx, &events).await?;
    timeline_each(tx, &toggled.iter().filter_map(line).collect::<Vec<_>>()).await
}

/// Queues the undo of a bulk action.
pub(crate) fn undo(tx: &mut Tx, job_id: Uuid) -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move { tx.enqueue_with(&UndoEntityBulk { job_id }, Some(&format!("bulk-undo:{job_id}")), Some("bulk")).await })
}

/// Puts back what a bulk action changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct UndoEntityBulk {
    job_id: Uuid,
}

impl Job for UndoEntityBulk {
    const NAME: &'static str = "entities_bulk_undo";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if job.status != "undoing" {
            return Ok(());
        }
        let params: EntityBulkIn = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        loop {
            let mut tx = ctx.begin().await?;
            let tenant = tx.tenant();
            let ids: Vec<Uuid> = sqlx::query_scalar(
                "DELETE FROM entity_bulk_changes WHERE tenant_id = $1 AND job_id = $2 AND entity_id IN (
                   SELECT entity_id FROM entity_bulk_changes WHERE tenant_id = $1 AND job_id = $2 ORDER BY entity_id LIMIT $3) RETURNING entity_id",
            )
            .bind(tenant)
            .bind(job.id)
            .bind(i64::from(BATCH))
            .fetch_all(tx.conn())
            .await?;
            if ids.is_empty() {
                break;
            }
            let toggled = store::set_archived_many(&mut tx, &ids, !params.action.archives()).await?;
            tell(&mut tx, &toggled, !params.action.archives()).await?;
            tx.commit().await?;
        }
        background::finish(&ctx, &job, "undone", None, None).await?;
        Ok(())
    }
}
