//! Events: written in the transaction that caused them, projected there into the timeline and the audit log, handed to
//! subscribers after it has committed.

use crate::app::App;
use crate::failure::Failure;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;
use vision_kernel::{Actor, DomainEvent};

/// Queues per subscriber.
const QUEUES: u128 = 32;

/// An event that waits for its transaction to commit.
pub struct PendingEvent {
    id: Uuid,
    name: &'static str,
    subject_kind: &'static str,
    subject_id: Uuid,
    subject_label: String,
    contact_id: Option<Uuid>,
    changes: Value,
    payload: Value,
}

impl PendingEvent {
    /// Freezes an event.
    pub fn new<E: DomainEvent>(id: Uuid, event: &E) -> Self {
        let subject = event.subject();
        Self {
            id,
            name: event.name(),
            subject_kind: subject.kind,
            subject_id: subject.id,
            subject_label: subject.label,
            contact_id: event.contact_id(),
            changes: serde_json::to_value(event.changes()).unwrap_or_else(|_| json!([])),
            payload: serde_json::to_value(event).unwrap_or(Value::Null),
        }
    }

    /// What the event is about, `{kind, id}`.
    pub(crate) fn subject(&self) -> Value {
        json!({ "kind": self.subject_kind, "id": self.subject_id })
    }
}

/// The part of the product that an event belongs to, for live updates: `note.added` on a contact → `contacts`.
fn domain(name: &str) -> &'static str {
    match name.split('.').next().unwrap_or_default() {
        "contact" | "contacts" | "note" => "contacts",
        "custom_field" => "custom-fields",
        "tag" => "tags",
        "view" => "views",
        "import" => "imports",
        "job" => "jobs",
        "entity" | "entities" | "entity_kind" => "entities",
        "task" | "tasks" => "tasks",
        "file" => "files",
        "order" => "orders",
        "order_settings" => "order-settings",
        "invoice" | "credit_note" | "payment" | "refund" | "dispute" | "pay_link" => "invoices",
        "payment_account" => "payment-account",
        _ => "company",
    }
}

/// Writes outbox, timeline and audit in one statement and announces the change; all of it vanishes if the transaction does not commit.
pub(crate) async fn write(conn: &mut PgConnection, actor: &Actor, now: Timestamp, events: &[PendingEvent]) -> Result<(), Failure> {
    let rows: Vec<Value> = events
        .iter()
        .map(|event| {
            json!({
                "id": event.id, "name": event.name, "subject_kind": event.subject_kind, "subject_id": event.subject_id,
                "label": event.subject_label, "contact_id": event.contact_id, "changes": event.changes, "payload": event.payload,
                "live": json!({ "tenant": actor.tenant_id, "domain": domain(event.name), "id": event.contact_id.unwrap_or(event.subject_id), "kind": event.name }).to_string(),
            })
        })
        .collect();
    let actor_json = json!({ "kind": actor.kind.as_str(), "id": actor.id, "name": actor.name });
    sqlx::query(
        "WITH e AS (
           SELECT * FROM jsonb_to_recordset($2) AS e(id uuid, name text, subject_kind text, subject_id uuid, label text,
                                                     contact_id uuid, changes jsonb, payload jsonb, live text)
         ), o AS (
           INSERT INTO outbox (tenant_id, id, name, subject_kind, subject_id, actor, payload, created_at)
           SELECT $1, id, name, subject_kind, subject_id, $3, payload, $4 FROM e
         ), a AS (
           INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label, changes, data, ip)
           SELECT $1, id, $4, $5, $6, $7, name, subject_kind, subject_id, label, changes, payload, $8 FROM e
         ), t AS (
           INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind, changes, data)
           SELECT $1, contact_id, id, $4, $5, $6, $7, name, changes, payload FROM e WHERE contact_id IS NOT NULL
         )
         SELECT pg_notify('vision_live', live) FROM e UNION ALL SELECT pg_notify('vision_outbox', '')",
    )
    .bind(actor.tenant_id)
    .bind(Value::Array(rows))
    .bind(actor_json)
    .bind(now.to_sqlx())
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(&actor.ip)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes audit lines only, as the cross-tenant role.
pub(crate) async fn write_audit(conn: &mut PgConnection, actor: &Actor, now: Timestamp, events: &[PendingEvent]) -> Result<(), Failure> {
    for event in events {
        sqlx::query(
            "INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label, changes, data, ip)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(actor.tenant_id)
        .bind(event.id)
        .bind(now.to_sqlx())
        .bind(actor.kind.as_str())
        .bind(actor.id)
        .bind(&actor.name)
        .bind(event.name)
        .bind(event.subject_kind)
        .bind(event.subject_id)
        .bind(&event.subject_label)
        .bind(&event.changes)
        .bind(&event.payload)
        .bind(&actor.ip)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Adds one timeline line to each of many contacts: bulk work emits one event, but each contact remembers.
pub async fn timeline_many(tx: &mut crate::Tx, kind: &str, contacts: &[Uuid], data: &Value) -> Result<(), Failure> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    let ids: Vec<Uuid> = contacts.iter().map(|_| tx.new_id()).collect();
    sqlx::query(
        "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind, data)
         SELECT $1, c, i, $4, $5, $6, $7, $8, $9 FROM unnest($2::uuid[], $3::uuid[]) AS u(c, i)",
    )
    .bind(tenant)
    .bind(contacts)
    .bind(ids)
    .bind(now)
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(kind)
    .bind(data)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A line of a contact's timeline that is written without an event.
#[derive(Debug)]
pub struct TimelineLine {
    /// What happened.
    pub kind: &'static str,
    /// In whose timeline it stands.
    pub contact: Uuid,
    /// `[{field, before, after}]`
    pub changes: Value,
    /// What it adds.
    pub data: Value,
}

/// Writes lines that differ into the timelines of several contacts, where one event stands for all of them in the audit log.
pub async fn timeline_each(tx: &mut crate::Tx, lines: &[TimelineLine]) -> Result<(), Failure> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| json!({ "contact": line.contact, "id": tx.new_id(), "kind": line.kind, "changes": line.changes, "data": line.data }))
        .collect();
    sqlx::query(
        "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind, changes, data)
         SELECT $1, contact, id, $3, $4, $5, $6, kind, changes, data
         FROM jsonb_to_recordset($2) AS r(contact uuid, id uuid, kind text, changes jsonb, data jsonb)",
    )
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(now)
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(&actor.name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Somebody who reacts to events after their commit, by a job.
#[derive(Clone)]
pub struct Subscriber {
    /// Name of the job to run; with the event's id it is the job's key, so an event is handed to a subscriber once.
    pub job: &'static str,
    /// Names of the events wanted.
    pub events: &'static [&'static str],
}

/// How many events one round hands on.
const BATCH: i64 = 500;

/// Hands committed events on until none is left; returns how many. Several instances may run it at once.
pub async fn dispatch(app: &App) -> Result<usize, Failure> {
    let mut total = 0;
    loop {
        let mut tx = app.db.system().await?;
        let rows: Vec<(Uuid, Uuid, String, Uuid, Value, Value)> = sqlx::query_as(
            "DELETE FROM outbox WHERE (tenant_id, id) IN (
               SELECT tenant_id, id FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
             RETURNING tenant_id, id, name, subject_id, actor, payload",
        )
        .bind(BATCH)
        .fetch_all(tx.conn())
        .await?;
        let count = rows.len();
        for (tenant, id, name, subject, actor, payload) in rows {
            for subscriber in app.subscribers.iter().filter(|s| s.events.contains(&name.as_str())) {
                let job = json!({ "tenant": tenant, "p": { "actor": { "kind": "system", "id": Uuid::nil(), "name": "Vision CRM" },
                    "job": { "event_id": id, "name": name, "actor": actor, "payload": payload } } });
                sqlx::query("SELECT jobs.add_job(identifier => $1, payload => $2::json, job_key => $3, queue_name => $4)")
                    .bind(subscriber.job)
                    .bind(job)
                    .bind(format!("{id}:{}", subscriber.job))
                    // A queue runs one job at a time, so that what happened to one thing is heard in order. A few of them for all things:
                    // the library keeps a row per queue for ever and looks at them all when it fetches.
                    .bind(format!("{}:{}", subject.as_u128() % QUEUES, subscriber.job))
                    .execute(tx.conn())
                    .await?;
            }
        }
        tx.commit().await?;
        total += count;
        if count == 0 {
            return Ok(total);
        }
    }
}

/// Moves the timeline of one contact to another, or only `lines` of it; gives the lines that moved.
pub async fn move_timeline(tx: &mut crate::Tx, from: Uuid, to: Uuid, lines: Option<&[Uuid]>) -> Result<Vec<Uuid>, Failure> {
    let tenant = tx.tenant();
    Ok(sqlx::query_scalar(
        "UPDATE timeline SET contact_id = $3 WHERE tenant_id = $1 AND contact_id = $2 AND ($4::uuid[] IS NULL OR id = ANY ($4)) RETURNING id",
    )
    .bind(tenant)
    .bind(from)
    .bind(to)
    .bind(lines)
    .fetch_all(tx.conn())
    .await?)
}

/// Takes lines of one kind out of a contact's timeline; the audit log keeps what happened.
pub async fn forget_timeline(tx: &mut crate::Tx, contact: Uuid, kind: &str, merge: Uuid) -> Result<(), Failure> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM timeline WHERE tenant_id = $1 AND contact_id = $2 AND kind = $3 AND data #>> '{data,merge_id}' = $4")
        .bind(tenant)
        .bind(contact)
        .bind(kind)
        .bind(merge.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn browsers_fetch_again_what_an_event_touched_and_no_more() {
        for (name, expected) in [
            ("contacts.bulk_changed", "contacts"),
            ("contact.merged", "contacts"),
            ("custom_field.deleted", "custom-fields"),
            ("entities.exported", "entities"),
            ("tasks.reassigned", "tasks"),
            ("payment.received", "invoices"),
            ("tenant.updated", "company"),
        ] {
            assert_eq!(domain(name), expected, "{name}");
        }
    }
}
