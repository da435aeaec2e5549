//! SQL of imported tasks: many at once, where the use cases of a single one take them one by one.

use futures::TryStreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::Tx;

/// A task as duplicates are told by.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct KnownRow {
    pub id: Uuid,
    pub title: String,
    pub due_date: Option<jiff_sqlx::Date>,
    pub due_time: Option<jiff_sqlx::Time>,
    pub subject_id: Option<Uuid>,
}

/// Gives every task that members of `scope` see to `each`, one at a time: a company may have very many.
pub(super) async fn each_known(tx: &mut Tx, scope: Option<&[Uuid]>, mut each: impl FnMut(KnownRow) + Send) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let mut rows = sqlx::query_as(
        "SELECT id, title, due_date, due_time, subject_id FROM tasks
         WHERE tenant_id = $1 AND deleted_at IS NULL AND ($2::uuid[] IS NULL OR assignee_id = ANY ($2) OR created_by = ANY ($2))",
    )
    .bind(tenant)
    .bind(scope)
    .fetch(tx.conn());
    while let Some(row) = rows.try_next().await? {
        each(row);
    }
    Ok(())
}

/// Members who can be given something to do: (id, name, e-mail).
pub(super) async fn members(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, String, String)>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT user_id, full_name, lower(email) FROM memberships WHERE tenant_id = $1 AND deactivated_at IS NULL LIMIT 10000")
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}

/// A task that the file says is done.
pub(super) struct Done {
    pub id: Uuid,
    pub at: Timestamp,
    pub outcome: Option<&'static str>,
    pub result: Option<String>,
}

/// Marks tasks that were just made as done; they stay as new as the others, so that an undo finds them untouched.
pub(super) async fn complete(tx: &mut Tx, done: &[Done]) -> sqlx::Result<()> {
    let (tenant, actor) = (tx.tenant(), tx.actor().clone());
    let rows = done.iter().map(|task| json!({ "id": task.id, "at": task.at, "outcome": task.outcome, "result": task.result })).collect();
    sqlx::query(
        "UPDATE tasks t SET (done_at, done_by, done_by_name, outcome, result) = (r.at, $3, $4, r.outcome, r.result)
         FROM jsonb_to_recordset($2) AS r(id uuid, at timestamptz, outcome text, result text) WHERE t.tenant_id = $1 AND t.id = r.id",
    )
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(actor.id)
    .bind(actor.name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A task that an import made.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct CreatedRow {
    pub row_number: i64,
    pub id: Uuid,
    pub title: String,
    pub kind: String,
    pub contact_id: Option<Uuid>,
    pub untouched: bool,
}

/// The next tasks that an import made, locked. Every change of a task by somebody makes a new version of it.
pub(super) async fn created(tx: &mut Tx, import: Uuid, after: i64, limit: i64) -> sqlx::Result<Vec<CreatedRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT r.row_number, t.id, t.title, t.kind, coalesce(t.contact_id, e.contact_id) AS contact_id, t.version = 1 AS untouched
         FROM import_rows r JOIN tasks t ON t.tenant_id = $1 AND t.id = r.record_id
         LEFT JOIN entities e ON e.tenant_id = $1 AND e.id = t.entity_id
         WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.outcome = 'created' AND r.row_number > $3 ORDER BY r.row_number LIMIT $4 FOR UPDATE OF t",
    )
    .bind(tenant)
    .bind(import)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Deletes tasks.
pub(super) async fn delete(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM tasks WHERE tenant_id = $1 AND id = ANY ($2)").bind(tenant).bind(ids).execute(tx.conn()).await?;
    Ok(())
}
