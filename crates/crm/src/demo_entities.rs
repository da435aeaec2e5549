//! Entities with a past, for demo data.

use crate::entities::model::Draft;
use crate::entities::store;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::{Failure, Tx};

/// An entity with its past.
pub struct DemoEntity {
    /// Identifier, of the time of creation.
    pub id: Uuid,
    /// Content.
    pub draft: Draft,
    /// Present owner.
    pub contact_id: Option<Uuid>,
    /// Owners with their spans, oldest first; the present one has no end.
    pub owners: Vec<(Uuid, Date, Option<Date>)>,
    /// Readings: day, km, reason.
    pub readings: Vec<(Date, i32, Option<&'static str>)>,
    /// What happened, oldest first: when, who, event name, what it adds.
    pub events: Vec<(Timestamp, (Uuid, String), &'static str, Value)>,
}

/// Inserts entities with their past.
pub async fn insert(tx: &mut Tx, entities: &[DemoEntity]) -> Result<(), Failure> {
    let rows: Vec<_> = entities.iter().map(|entity| (entity.id, entity.draft.clone(), entity.contact_id)).collect();
    store::insert_many(tx, &rows).await?;
    let tenant = tx.tenant();
    let (mut facts, mut owners, mut readings, mut events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for entity in entities {
        let (created, updated) = (entity.events.first().map(|event| event.0), entity.events.last().map(|event| event.0));
        let latest = entity.readings.last();
        facts.push(
            json!({ "id": entity.id, "created": created, "updated": updated, "mileage": latest.map(|r| r.1), "day": latest.map(|r| r.0) }),
        );
        for (contact, since, until) in &entity.owners {
            owners.push(json!({ "entity": entity.id, "id": tx.new_id(), "contact": contact, "since": since, "until": until }));
        }
        let author = entity.events.first().map(|event| event.1.1.clone()).unwrap_or_default();
        for (day, value, reason) in &entity.readings {
            readings
                .push(json!({ "entity": entity.id, "id": tx.new_id(), "day": day, "value": value, "reason": reason, "author": author }));
        }
        let number = entity.id.as_u64_pair().1 & 0xffff_ffff;
        for (n, (at, (by, name), kind, data)) in (0_u64..).zip(&entity.events) {
            let id = crate::demo::id_at(*at, number * 100 + n);
            let mut whole = data.clone();
            if let Some(whole) = whole.as_object_mut() {
                whole.insert("entity".to_owned(), json!({ "id": entity.id, "name": entity.draft.label() }));
            }
            events
                .push(json!({ "entity": entity.id, "id": id, "at": at, "by": by, "name": name, "kind": kind, "data": data, "whole": whole,
                "contact": entity.contact_id, "label": entity.draft.label() }));
        }
    }
    sqlx::query(
        "UPDATE entities e SET created_at = r.created, updated_at = r.updated, mileage = r.mileage, mileage_on = r.day
         FROM jsonb_to_recordset($2) AS r(id uuid, created timestamptz, updated timestamptz, mileage integer, day date) WHERE e.tenant_id = $1 AND e.id = r.id",
    )
    .bind(tenant)
    .bind(Value::Array(facts))
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO entity_owners (tenant_id, entity_id, id, contact_id, since, until)
         SELECT $1, entity, id, contact, since, until FROM jsonb_to_recordset($2) AS r(entity uuid, id uuid, contact uuid, since date, until date)",
    )
    .bind(tenant)
    .bind(Value::Array(owners))
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO entity_readings (tenant_id, entity_id, id, read_on, value, reason, author_name, created_at)
         SELECT $1, entity, id, day, value, reason, author, day FROM jsonb_to_recordset($2) AS r(entity uuid, id uuid, day date, value integer, reason text, author text)",
    )
    .bind(tenant)
    .bind(Value::Array(readings))
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "WITH e AS (SELECT * FROM jsonb_to_recordset($2) AS r(entity uuid, id uuid, at timestamptz, by uuid, name text, kind text, data jsonb, whole jsonb, contact uuid,
                    label text)),
         a AS (INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label, data)
               SELECT $1, id, at, 'user', by, name, kind, 'entity', entity, label, whole FROM e),
         t AS (INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind, data)
               SELECT $1, contact, id, at, 'user', by, name, kind, whole FROM e WHERE contact IS NOT NULL)
         INSERT INTO entity_events (tenant_id, entity_id, id, at, actor_kind, actor_id, actor_name, kind, data)
         SELECT $1, entity, id, at, 'user', by, name, kind, data FROM e",
    )
    .bind(tenant)
    .bind(Value::Array(events))
    .execute(tx.conn())
    .await?;
    let contacts: Vec<Uuid> = entities.iter().filter_map(|entity| entity.contact_id).collect();
    store::index_owners(tx, &contacts).await?;
    Ok(())
}
