//! One action on many contacts, as a background job: in batches that each commit, with progress, cancel and undo.

use crate::contacts::events::ContactsEvent;
use crate::contacts::filter::Selection;
use crate::contacts::store as contacts;
use crate::tags::ops as tags;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::ContactsWrite;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, JobContext, JobError, Tx, outbox};

/// Kind of the background job.
pub(crate) const KIND: &str = "contacts.bulk";
/// Contacts per transaction.
const BATCH: i32 = 500;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(start_bulk))
}

/// What to do.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BulkAction {
    /// Adds tags by name.
    AddTags {
        /// Names; unknown ones are created.
        tags: Vec<String>,
    },
    /// Takes tags away by name.
    RemoveTags {
        /// Names.
        tags: Vec<String>,
    },
    /// Gives the contacts to a member, or to nobody.
    SetOwner {
        /// The member.
        owner_id: Option<Uuid>,
    },
    /// Archives.
    Archive,
    /// Restores.
    Restore,
}

/// An action on a selection.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct BulkIn {
    selection: Selection,
    action: BulkAction,
}

#[derive(Debug, Serialize, Deserialize)]
struct Params {
    selection: Selection,
    action: BulkAction,
    #[serde(default)]
    tag_ids: Vec<Uuid>,
}

/// Starts an action on many contacts.
#[utoipa::path(post, path = "/contacts/bulk", operation_id = "start_bulk", tag = "contacts", request_body = BulkIn,
    responses((status = 202, body = JobOut), (status = 422)), security(("session" = ["contacts.write"])))]
async fn start_bulk(auth: Authorized<ContactsWrite>, Json(input): Json<BulkIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let conditions = input.selection.conditions(&mut tx).await?;
    let tag_ids = match &input.action {
        BulkAction::AddTags { tags: names } | BulkAction::RemoveTags { tags: names } => {
            if names.is_empty() || names.len() > 20 {
                return Err(Problem::field("/action/tags", "invalid", "De 1 à 20 étiquettes.").into());
            }
            let names: Vec<String> = names.iter().map(|name| tags::valid_name(name, "/action/tags")).collect::<Result<_, _>>()?;
            tags::ensure(&mut tx, &names).await?
        }
        BulkAction::SetOwner { owner_id: Some(owner) } if !contacts::is_active_member(&mut tx, *owner).await? => {
            return Err(Problem::field("/action/owner_id", "unknown", "Cette personne ne fait pas partie de l’équipe.").into());
        }
        _ => Vec::new(),
    };
    let total = contacts::count(&mut tx, conditions, i32::MAX).await?;
    let params = serde_json::to_value(Params { selection: input.selection, action: input.action, tag_ids })?;
    let job = background::create(&mut tx, KIND, params, true).await?;
    background::set_total(&mut tx, job.id, total).await?;
    tx.enqueue_with(&RunBulk { job_id: job.id }, Some(&format!("bulk:{}", job.id)), Some("bulk")).await?;
    tx.commit().await?;
    Ok(background::accepted(BackgroundJob { total, ..job }))
}

/// Does the work. Starts again after the last contact of the last committed batch.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunBulk {
    job_id: Uuid,
}

impl Job for RunBulk {
    const NAME: &'static str = "contacts_bulk";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let params: Params = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let conditions = params.selection.conditions(&mut tx).await?;
        drop(tx);
        let mut after = job.cursor.as_deref().and_then(|cursor| Uuid::try_parse(cursor).ok());
        let mut done = job.done;
        loop {
            let mut tx = ctx.begin().await?;
            let ids = contacts::ids_after(&mut tx, &conditions, after, BATCH).await?;
            let Some(last) = ids.last().copied() else { break };
            let changed = apply(&mut tx, &job, &params, &ids).await?;
            done += i64::try_from(ids.len()).unwrap_or(0);
            let go_on = background::advance(&mut tx, job.id, done, job.total.max(done), Some(&last.to_string())).await?;
            timeline(&mut tx, &params.action, &changed).await?;
            tx.commit().await?;
            after = Some(last);
            if !go_on {
                background::finish(&ctx, &job, "cancelled", None, None).await?;
                return Ok(());
            }
        }
        let mut tx = ctx.begin().await?;
        tx.emit(&ContactsEvent {
            name: "contacts.bulk_changed",
            kind: "job",
            id: job.id,
            label: action_name(&params.action).to_owned(),
            count: done,
        });
        background::finish_with(tx, &job, "done", None, None).await?;
        Ok(())
    }
}

fn action_name(action: &BulkAction) -> &'static str {
    match action {
        BulkAction::AddTags { .. } => "add_tags",
        BulkAction::RemoveTags { .. } => "remove_tags",
        BulkAction::SetOwner { .. } => "set_owner",
        BulkAction::Archive => "archive",
        BulkAction::Restore => "restore",
    }
}

/// Applies the action to one batch and keeps what it changed; returns the contacts that changed.
async fn apply(tx: &mut Tx, job: &BackgroundJob, params: &Params, ids: &[Uuid]) -> Result<Vec<Uuid>, Failure> {
    let before: Vec<(Uuid, Value)> = match &params.action {
        BulkAction::AddTags { .. } => tags::by_contact(tags::add(tx, ids, &params.tag_ids).await?, "tags_added"),
        BulkAction::RemoveTags { .. } => tags::by_contact(tags::remove(tx, ids, &params.tag_ids).await?, "tags_removed"),
        BulkAction::SetOwner { owner_id } => {
            let changed = set_owner(tx, ids, *owner_id).await?;
            changed.into_iter().map(|(id, owner)| (id, json!({ "owner_id": owner }))).collect()
        }
        BulkAction::Archive => {
            contacts::set_archived(tx, ids, true).await?.into_iter().map(|id| (id, json!({ "archived": false }))).collect()
        }
        BulkAction::Restore => {
            contacts::set_archived(tx, ids, false).await?.into_iter().map(|id| (id, json!({ "archived": true }))).collect()
        }
    };
    let tenant = tx.tenant();
    let (contact_ids, values): (Vec<Uuid>, Vec<Value>) = before.into_iter().unzip();
    sqlx::query("INSERT INTO bulk_changes (tenant_id, job_id, contact_id, before) SELECT $1, $2, i, b FROM unnest($3::uuid[], $4::jsonb[]) AS u(i, b) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(job.id)
        .bind(&contact_ids)
        .bind(values)
        .execute(tx.conn())
        .await?;
    Ok(contact_ids)
}

async fn set_owner(tx: &mut Tx, ids: &[Uuid], owner: Option<Uuid>) -> Result<Vec<(Uuid, Option<Uuid>)>, Failure> {
    let tenant = tx.tenant();
    Ok(sqlx::query_as(
        "WITH old AS (SELECT id, owner_id FROM contacts WHERE tenant_id = $1 AND id = ANY ($2) AND owner_id IS DISTINCT FROM $3 FOR UPDATE)
         UPDATE contacts c SET owner_id = $3, version = c.version + 1 FROM old WHERE c.tenant_id = $1 AND c.id = old.id RETURNING c.id, old.owner_id",
    )
    .bind(tenant)
    .bind(ids)
    .bind(owner)
    .fetch_all(tx.conn())
    .await?)
}

async fn timeline(tx: &mut Tx, action: &BulkAction, changed: &[Uuid]) -> Result<(), Failure> {
    let (kind, data) = match action {
        BulkAction::AddTags { tags } => ("contact.tags_added", json!({ "tags": tags })),
        BulkAction::RemoveTags { tags } => ("contact.tags_removed", json!({ "tags": tags })),
        BulkAction::SetOwner { .. } => ("contact.owner_changed", json!({})),
        BulkAction::Archive => ("contact.archived", json!({})),
        BulkAction::Restore => ("contact.restored", json!({})),
    };
    outbox::timeline_many(tx, kind, changed, &data).await
}

/// Queues the undo of a bulk action.
pub(crate) fn undo(tx: &mut Tx, job_id: Uuid) -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move { tx.enqueue_with(&UndoBulk { job_id }, Some(&format!("bulk-undo:{job_id}")), Some("bulk")).await })
}

/// Puts back what a bulk action changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct UndoBulk {
    job_id: Uuid,
}

impl Job for UndoBulk {
    const NAME: &'static str = "contacts_bulk_undo";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if job.status != "undoing" {
            return Ok(());
        }
        loop {
            let mut tx = ctx.begin().await?;
            let tenant = tx.tenant();
            let rows: Vec<(Uuid, Value)> = sqlx::query_as(
                "DELETE FROM bulk_changes WHERE tenant_id = $1 AND job_id = $2 AND contact_id IN (
                   SELECT contact_id FROM bulk_changes WHERE tenant_id = $1 AND job_id = $2 ORDER BY contact_id LIMIT $3) RETURNING contact_id, before",
            )
            .bind(tenant)
            .bind(job.id)
            .bind(i64::from(BATCH))
            .fetch_all(tx.conn())
            .await?;
            if rows.is_empty() {
                break;
            }
            restore(&mut tx, &rows).await?;
            let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
            outbox::timeline_many(&mut tx, "contact.bulk_undone", &ids, &json!({})).await?;
            tx.commit().await?;
        }
        background::finish(&ctx, &job, "undone", None, None).await?;
        Ok(())
    }
}

async fn restore(tx: &mut Tx, rows: &[(Uuid, Value)]) -> Result<(), Failure> {
    let tenant = tx.tenant();
    let pairs = |key: &str| -> (Vec<Uuid>, Vec<Uuid>) {
        rows.iter()
            .flat_map(|(contact, before)| {
                let tags: Vec<Uuid> = before.get(key).and_then(|tags| serde_json::from_value(tags.clone()).ok()).unwrap_or_default();
                tags.into_iter().map(|tag| (*contact, tag))
            })
            .unzip()
    };
    let (contact_ids, tag_ids) = pairs("tags_added");
    sqlx::query("DELETE FROM contact_tags ct USING unnest($2::uuid[], $3::uuid[]) AS u(c, t) WHERE ct.tenant_id = $1 AND ct.tag_id = u.t AND ct.contact_id = u.c")
        .bind(tenant)
        .bind(contact_ids)
        .bind(tag_ids)
        .execute(tx.conn())
        .await?;
    let (contact_ids, tag_ids) = pairs("tags_removed");
    // A tag or contact that has gone since stays gone.
    sqlx::query(
        "INSERT INTO contact_tags (tenant_id, tag_id, contact_id) SELECT $1, t.id, c.id FROM unnest($2::uuid[], $3::uuid[]) AS u(c, t)
         JOIN tags t ON t.tenant_id = $1 AND t.id = u.t JOIN contacts c ON c.tenant_id = $1 AND c.id = u.c ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(contact_ids)
    .bind(tag_ids)
    .execute(tx.conn())
    .await?;
    for archived in [true, false] {
        let ids: Vec<Uuid> = rows
            .iter()
            .filter(|(_, before)| before.get("archived").and_then(Value::as_bool) == Some(archived))
            .map(|(id, _)| *id)
            .collect();
        if !ids.is_empty() {
            contacts::set_archived(tx, &ids, archived).await?;
        }
    }
    let owners: Vec<(Uuid, Option<Uuid>)> = rows
        .iter()
        .filter_map(|(id, before)| Some((*id, before.get("owner_id")?.as_str().and_then(|owner| Uuid::try_parse(owner).ok()))))
        .collect();
    let (ids, owner_ids): (Vec<Uuid>, Vec<Option<Uuid>>) = owners.into_iter().unzip();
    sqlx::query("UPDATE contacts c SET owner_id = u.o, version = c.version + 1 FROM unnest($2::uuid[], $3::uuid[]) AS u(i, o) WHERE c.tenant_id = $1 AND c.id = u.i")
        .bind(tenant)
        .bind(ids)
        .bind(owner_ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}
