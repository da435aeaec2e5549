//! Takes a person out of what the platform keeps: logs, queues, stored answers, results of jobs (GD-03). The caller says by which ids and by
//! which regular expression the person is known; nothing here knows what a person is. Every step may be repeated.

use crate::app::App;
use crate::failure::Failure;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What stands where a person was named.
pub const MASK: &str = "[effacé]";

/// Whom to forget.
pub struct Subject<'a> {
    /// Ids under which the person is, or was, known.
    pub ids: &'a [Uuid],
    /// Ids of records about the person that are gone: notes, tasks, files.
    pub records: &'a [Uuid],
    /// Matches what names the person in free text.
    pub pattern: Option<&'a str>,
    /// The person's e-mail addresses, in lower case.
    pub emails: &'a [String],
}

/// The assignments and the condition that mask columns: (`a = …, b = …`, `a ~ $2 OR …`). Names are constants of the program; `$2` is the pattern.
pub fn masking(columns: &[(&str, &str)]) -> (String, String) {
    let set = columns.iter().map(|(column, kind)| match *kind {
        "jsonb" | "json" => format!("{column} = regexp_replace({column}::text, $2, '{MASK}', 'g')::{kind}"),
        _ => format!("{column} = regexp_replace({column}, $2, '{MASK}', 'g')"),
    });
    let found = columns.iter().map(|(column, _)| format!("{column}::text ~ $2"));
    (set.collect::<Vec<_>>().join(", "), found.collect::<Vec<_>>().join(" OR "))
}

/// Masks in the rows of a tenant; says how many there were.
async fn mask(app: &App, tenant: Uuid, table: &str, columns: &[(&str, &str)], pattern: &str) -> Result<u64, Failure> {
    let (set, found) = masking(columns);
    let mut tx = app.db.system().await?;
    let done = sqlx::query(AssertSqlSafe(format!("UPDATE {table} SET {set} WHERE tenant_id = $1 AND ({found})")))
        .bind(tenant)
        .bind(pattern)
        .execute(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// Forgets; says how many rows changed, by table.
pub async fn forget(app: &App, tenant: Uuid, subject: &Subject<'_>) -> Result<BTreeMap<String, u64>, Failure> {
    let mut counts = BTreeMap::new();
    let mut note = |table: &str, rows: u64| *counts.entry(table.to_owned()).or_default() += rows;
    let everything: Vec<Uuid> = subject.ids.iter().chain(subject.records).copied().collect();

    // GD-09: who did what and when stays; what it said of the person goes. A line of the timeline has the id of its line in the log.
    let mut tx = app.db.system().await?;
    let logged = sqlx::query(
        "UPDATE audit_log SET object_label = CASE WHEN object_id = ANY ($2) THEN 'Personne effacée' ELSE '[effacé]' END, data = '{}',
           changes = (SELECT coalesce(jsonb_agg(jsonb_build_object('field', c->'field', 'before', NULL, 'after', NULL)), '[]') FROM jsonb_array_elements(changes) c)
         WHERE tenant_id = $1 AND (object_id = ANY ($3) OR id IN (SELECT id FROM timeline WHERE tenant_id = $1 AND contact_id = ANY ($2)))",
    )
    .bind(tenant)
    .bind(subject.ids)
    .bind(&everything)
    .execute(tx.conn())
    .await?;
    note("audit_log", logged.rows_affected());
    let told = sqlx::query("DELETE FROM timeline WHERE tenant_id = $1 AND contact_id = ANY ($2)")
        .bind(tenant)
        .bind(subject.ids)
        .execute(tx.conn())
        .await?;
    note("timeline", told.rows_affected());
    let waiting = sqlx::query("DELETE FROM outbox WHERE tenant_id = $1 AND subject_id = ANY ($2)")
        .bind(tenant)
        .bind(&everything)
        .execute(tx.conn())
        .await?;
    note("outbox", waiting.rows_affected());
    tx.commit().await?;

    if let Some(pattern) = subject.pattern {
        let columns = [("object_label", "text"), ("changes", "jsonb"), ("data", "jsonb")];
        note("audit_log", mask(app, tenant, "audit_log", &columns, pattern).await?);
        note("timeline", mask(app, tenant, "timeline", &[("changes", "jsonb"), ("data", "jsonb")], pattern).await?);
        note("outbox", mask(app, tenant, "outbox", &[("payload", "jsonb")], pattern).await?);
        let columns = [("params", "jsonb"), ("file_name", "text"), ("error", "text")];
        note("background_jobs", mask(app, tenant, "background_jobs", &columns, pattern).await?);
    }
    note("jobs", queued(app, tenant, subject, &everything).await?);
    note("idempotency_keys", answers(app, tenant, subject, &everything).await?);
    note("test_mailbox_messages", mails(app, subject).await?);
    note("background_jobs", exports(app, tenant, subject.ids).await?);
    Ok(counts)
}

/// Queued jobs: mails to the person and reactions to events about the person are dropped, the others masked. Those that run now are
/// left alone: they end soon, and their rows with them.
async fn queued(app: &App, tenant: Uuid, subject: &Subject<'_>, everything: &[Uuid]) -> Result<u64, Failure> {
    let ids: Vec<String> = everything.iter().map(|id| format!("%{id}%")).collect();
    let mut tx = app.db.system().await?;
    let mut rows = sqlx::query(
        "DELETE FROM jobs._private_jobs WHERE payload->>'tenant' = $1 AND locked_at IS NULL
           AND (lower(payload #>> '{p,job,message,to}') = ANY ($2) OR payload #>> '{p,job,event_id}' IS NOT NULL AND payload::text LIKE ANY ($3))",
    )
    .bind(tenant.to_string())
    .bind(subject.emails)
    .bind(&ids)
    .execute(tx.conn())
    .await?
    .rows_affected();
    if let Some(pattern) = subject.pattern {
        rows += sqlx::query(
            "UPDATE jobs._private_jobs SET payload = regexp_replace(payload::text, $2, '[effacé]', 'g')::json,
               last_error = regexp_replace(last_error, $2, '[effacé]', 'g')
             WHERE payload->>'tenant' = $1 AND locked_at IS NULL AND (payload::text ~ $2 OR last_error ~ $2)",
        )
        .bind(tenant.to_string())
        .bind(pattern)
        .execute(tx.conn())
        .await?
        .rows_affected();
    }
    tx.commit().await?;
    Ok(rows)
}

/// Stored answers to requests: a retry learns that its first try was applied, and no more. What is not JSON is a file of many people.
async fn answers(app: &App, tenant: Uuid, subject: &Subject<'_>, everything: &[Uuid]) -> Result<u64, Failure> {
    let ids: Vec<String> = everything.iter().map(|id| format!("%{id}%")).collect();
    let mut tx = app.db.system().await?;
    let rows = sqlx::query(
        "UPDATE idempotency_keys SET status = NULL, body = NULL, content_type = NULL, location = NULL, applied_by = coalesce(applied_by, attempt)
         WHERE tenant_id = $1 AND body IS NOT NULL AND CASE WHEN content_type LIKE 'application/%json%'
           THEN convert_from(body, 'UTF8') LIKE ANY ($2) OR coalesce(convert_from(body, 'UTF8') ~ $3, false) ELSE length(body) > 0 END",
    )
    .bind(tenant)
    .bind(&ids)
    .bind(subject.pattern)
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(rows.rows_affected())
}

/// The test mailbox belongs to the instance, which is never a production one.
async fn mails(app: &App, subject: &Subject<'_>) -> Result<u64, Failure> {
    let mut tx = app.db.system().await?;
    let mut rows = sqlx::query("DELETE FROM test_mailbox_messages WHERE lower(recipient) = ANY ($1) OR lower(sender) = ANY ($1)")
        .bind(subject.emails)
        .execute(tx.conn())
        .await?
        .rows_affected();
    if let Some(pattern) = subject.pattern {
        rows += sqlx::query(
            "UPDATE test_mailbox_messages SET subject = regexp_replace(subject, $1, '[effacé]', 'g'), html = regexp_replace(html, $1, '[effacé]', 'g'),
               body = regexp_replace(body, $1, '[effacé]', 'g') WHERE subject ~ $1 OR html ~ $1 OR body ~ $1",
        )
        .bind(pattern)
        .execute(tx.conn())
        .await?
        .rows_affected();
    }
    tx.commit().await?;
    Ok(rows)
}

/// Files that jobs made may hold anybody: they are copies, and can be made again. A file made for one person (`params.contact_id`) stays
/// unless it is this one's. What people sought by name goes out of the parameters of finished jobs.
async fn exports(app: &App, tenant: Uuid, ids: &[Uuid]) -> Result<u64, Failure> {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let mut tx = app.db.system().await?;
    let files: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, file_key FROM background_jobs WHERE tenant_id = $1 AND file_key IS NOT NULL
           AND (params->>'contact_id' IS NULL OR params->>'contact_id' = ANY ($2))",
    )
    .bind(tenant)
    .bind(&ids)
    .fetch_all(tx.conn())
    .await?;
    drop(tx);
    for (_, key) in &files {
        app.files.delete(key).await?;
    }
    let gone: Vec<Uuid> = files.iter().map(|(id, _)| *id).collect();
    let mut tx = app.db.system().await?;
    sqlx::query("UPDATE background_jobs SET file_key = NULL, file_name = NULL WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(&gone)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "UPDATE background_jobs SET params = params #- '{selection,filter,q}' #- '{filter,q}'
         WHERE tenant_id = $1 AND finished_at IS NOT NULL AND (params #> '{selection,filter,q}' IS NOT NULL OR params #> '{filter,q}' IS NOT NULL)",
    )
    .bind(tenant)
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(u64::try_from(gone.len()).unwrap_or(0))
}

/// Counts of several steps together.
pub fn add_counts(into: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (table, rows) in more {
        *into.entry(table).or_default() += rows;
    }
}

/// Counts as stored.
pub fn counts_of(value: &Value) -> BTreeMap<String, u64> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}
