//! Taking an import back: what it created goes, what it filled is as before; what people have changed since stays.

use crate::contacts::Draft;
use crate::contacts::store as contacts;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;
use vision_platform::{Failure, Tx, outbox};

/// Contacts per transaction.
const BATCH: i64 = 500;

/// What an undo did so far.
#[derive(Default)]
pub(crate) struct Undone {
    pub deleted: i64,
    pub restored: i64,
    pub kept: i64,
}

impl Undone {
    /// As stored beside the report.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "deleted": self.deleted, "restored": self.restored, "kept": self.kept })
    }
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(0)
}

/// Deletes the next contacts that the import created and nobody touched since; `Ok(false)` when none is left.
pub(crate) async fn delete_created(tx: &mut Tx, import: Uuid, after: &mut Option<Uuid>, undone: &mut Undone) -> Result<bool, Failure> {
    let tenant = tx.tenant();
    // Touched: by a person or a program, by a link, an invoice, a note, a thing, a task, or by another import that still stands.
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "SELECT c.id, NOT EXISTS (SELECT FROM timeline e WHERE e.tenant_id = $1 AND e.contact_id = c.id AND e.actor_kind IN ('user', 'api_key'))
                AND NOT EXISTS (SELECT FROM contact_companies l WHERE l.tenant_id = $1 AND (l.contact_id = c.id OR l.company_id = c.id))
                AND NOT EXISTS (SELECT FROM import_rows r JOIN imports i ON i.tenant_id = $1 AND i.id = r.import_id
                                WHERE r.tenant_id = $1 AND r.contact_id = c.id AND r.import_id <> $2 AND i.status <> 'undone')
                AND NOT EXISTS (SELECT FROM entity_owners o WHERE o.tenant_id = $1 AND o.contact_id = c.id)
                AND NOT EXISTS (SELECT FROM tasks k WHERE k.tenant_id = $1 AND k.contact_id = c.id AND k.deleted_at IS NULL)
                AND c.first_invoiced_at IS NULL
         FROM contacts c WHERE c.tenant_id = $1 AND c.import_id = $2 AND ($3::uuid IS NULL OR c.id > $3) ORDER BY c.id LIMIT $4",
    )
    .bind(tenant)
    .bind(import)
    .bind(*after)
    .bind(BATCH)
    .fetch_all(tx.conn())
    .await?;
    let Some((last, _)) = rows.last() else { return Ok(false) };
    *after = Some(*last);
    let untouched: Vec<Uuid> = rows.iter().filter(|(_, untouched)| *untouched).map(|(id, _)| *id).collect();
    contacts::delete(tx, &untouched).await?;
    undone.deleted += length(untouched.len());
    undone.kept += length(rows.len() - untouched.len());
    Ok(true)
}

/// Puts the next filled contacts back to what they were; `Ok(false)` when none is left.
pub(crate) async fn restore_filled(tx: &mut Tx, import: Uuid, after: &mut Option<Uuid>, undone: &mut Undone) -> Result<bool, Failure> {
    let tenant = tx.tenant();
    let rows: Vec<(Uuid, Value, Value)> = sqlx::query_as(
        "SELECT contact_id, (array_agg(before ORDER BY row_number))[1], (array_agg(after ORDER BY row_number DESC))[1]
         FROM import_rows WHERE tenant_id = $1 AND import_id = $2 AND before IS NOT NULL AND record_id IS NULL AND ($3::uuid IS NULL OR contact_id > $3)
         GROUP BY contact_id ORDER BY contact_id LIMIT $4",
    )
    .bind(tenant)
    .bind(import)
    .bind(*after)
    .bind(BATCH)
    .fetch_all(tx.conn())
    .await?;
    let Some((last, ..)) = rows.last() else { return Ok(false) };
    *after = Some(*last);
    let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| *id).collect();
    contacts::lock_many(tx, &ids).await?;
    let present: HashMap<Uuid, Draft> = contacts::get_many(tx, &ids).await?.into_iter().map(|row| (row.id, row.contact().draft)).collect();
    let mut back: Vec<(Uuid, Draft)> = Vec::new();
    for (id, before, after) in &rows {
        let after: Draft = serde_json::from_value(after.clone())?;
        if present.get(id) == Some(&after) {
            back.push((*id, serde_json::from_value(before.clone())?));
        }
    }
    undone.restored += length(back.len());
    undone.kept += length(rows.len() - back.len());
    if !back.is_empty() {
        contacts::rewrite_many(tx, &back).await?;
        let ids: Vec<Uuid> = back.iter().map(|(id, _)| *id).collect();
        outbox::timeline_many(tx, "contact.import_undone", &ids, &json!({ "import_id": import })).await?;
    }
    Ok(true)
}
