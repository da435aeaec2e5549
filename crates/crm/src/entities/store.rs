//! Every SQL statement about entities.

use super::model::{Draft, EntityKind};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::{Cursor, text};
use vision_platform::Tx;

/// An entity with its owner.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub id: Uuid,
    pub kind: String,
    pub kind_id: Option<Uuid>,
    pub kind_name: Option<String>,
    pub name: Option<String>,
    pub display_name: String,
    pub plate: Option<String>,
    pub plate_country: Option<String>,
    pub vin: Option<String>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub energy: Option<String>,
    pub mileage: Option<i32>,
    pub mileage_on: Option<jiff_sqlx::Date>,
    pub first_registration: Option<jiff_sqlx::Date>,
    pub inspection_due: Option<jiff_sqlx::Date>,
    pub serial_number: Option<String>,
    pub species: Option<String>,
    pub breed: Option<String>,
    pub birth_date: Option<jiff_sqlx::Date>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub custom: Json<Map<String, Value>>,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub owned_since: Option<jiff_sqlx::Date>,
    pub archived_at: Option<jiff_sqlx::Timestamp>,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
    pub same_plate: bool,
    pub same_vin: bool,
    pub sort_key: String,
}

impl Row {
    /// The part that people write.
    pub(crate) fn draft(&self) -> Draft {
        let day = |day: Option<jiff_sqlx::Date>| day.map(jiff_sqlx::Date::to_jiff);
        Draft {
            kind: EntityKind::from_stored(&self.kind),
            kind_id: self.kind_id,
            name: self.name.clone(),
            plate: self.plate.clone(),
            plate_country: self.plate_country.clone(),
            vin: self.vin.clone(),
            make: self.make.clone(),
            model: self.model.clone(),
            energy: self.energy.as_ref().and_then(|name| serde_json::from_value(json!(name)).ok()),
            first_registration: day(self.first_registration),
            inspection_due: day(self.inspection_due),
            serial_number: self.serial_number.clone(),
            species: self.species.clone(),
            breed: self.breed.clone(),
            birth_date: day(self.birth_date),
            address: self.address.clone(),
            description: self.description.clone(),
            custom: self.custom.0.clone(),
        }
    }
}

/// The columns of [`Row`] but for the sort key; `twins` asks for what shares plate or VIN, which only a page of one thing shows; `custom` is
/// SQL for the values of the tenant's own fields.
fn select(twins: bool, custom: &str) -> String {
    let twin = |column: &str, value: &str| {
        if twins {
            format!(
                "EXISTS (SELECT FROM entities o WHERE o.tenant_id = e.tenant_id AND o.id <> e.id AND o.archived_at IS NULL AND {value} <> '' AND o.{column} = {value})"
            )
        } else {
            "false".to_owned()
        }
    };
    format!(
        "e.id, e.kind, e.kind_id, k.name AS kind_name, e.name, e.display_name, e.plate, e.plate_country, e.vin, e.make, e.model, e.energy, e.mileage, e.mileage_on,
         e.first_registration, e.inspection_due, e.serial_number, e.species, e.breed, e.birth_date, e.address, e.description, {custom} AS custom, e.contact_id,
         c.display_name AS contact_name, w.since AS owned_since, e.archived_at, e.created_at, e.updated_at, e.version,
         {} AS same_plate, {} AS same_vin",
        twin("plate_code", "e.plate_code"),
        twin("vin", "e.vin")
    )
}

const JOINS: &str = "LEFT JOIN entity_kinds k ON k.tenant_id = e.tenant_id AND k.id = e.kind_id
    LEFT JOIN contacts c ON c.tenant_id = e.tenant_id AND c.id = e.contact_id
    LEFT JOIN entity_owners w ON w.tenant_id = e.tenant_id AND w.entity_id = e.id AND w.until IS NULL";

/// Who sees an entity is who sees its owner; without an owner, who sees everything.
const IN_SCOPE: &str =
    "($2::uuid[] IS NULL OR EXISTS (SELECT FROM contacts o WHERE o.tenant_id = $1 AND o.id = e.contact_id AND o.owner_id = ANY ($2)))";

/// Which values of the tenant's own fields a page shows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// Those of these keys.
    Keys(&'a [String]),
    /// All of them.
    All,
}

/// One page of entities that meet `conditions`, in the order of `sort`.
pub(crate) async fn page(
    tx: &mut Tx,
    conditions: Map<String, Value>,
    sort: &str,
    after: Option<Cursor>,
    limit: usize,
    custom: Shown<'_>,
) -> sqlx::Result<Vec<Row>> {
    let tenant = tx.tenant();
    let (key, id) = after.map_or((None, None), |cursor| (Some(cursor.key), Some(cursor.id)));
    let keys = match custom {
        Shown::Keys(keys) => Some(keys),
        Shown::All => None,
    };
    let custom = "CASE WHEN $7::text[] IS NULL THEN e.custom WHEN $7 = '{}'::text[] THEN '{}'
        ELSE coalesce((SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(e.custom) f WHERE f.key = ANY ($7)), '{}') END";
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT {}, p.sort_key FROM entity_page($2, $3, $4, $5, $6) WITH ORDINALITY AS p(entity_id, sort_key, n)
         JOIN entities e ON e.tenant_id = $1 AND e.id = p.entity_id {JOINS} ORDER BY p.n",
        select(false, custom)
    )))
    .bind(tenant)
    .bind(Value::Object(conditions))
    .bind(sort)
    .bind(key)
    .bind(id)
    .bind(i32::try_from(limit + 1).unwrap_or(i32::MAX))
    .bind(keys)
    .fetch_all(tx.conn())
    .await
}

/// How many entities meet `conditions`, counted up to `cap`.
pub(crate) async fn count(tx: &mut Tx, conditions: Map<String, Value>, cap: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT entity_count($1, $2)").bind(Value::Object(conditions)).bind(cap).fetch_one(tx.conn()).await
}

/// An entity that the actor may see.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT {}, '' AS sort_key FROM entities e {JOINS} WHERE e.tenant_id = $1 AND {IN_SCOPE} AND e.id = $3",
        select(true, "e.custom")
    )))
    .bind(tenant)
    .bind(scope)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// Locks an entity that the actor may see against another change; false when there is none.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> sqlx::Result<bool> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let found: Option<i32> = sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT 1 FROM entities e WHERE e.tenant_id = $1 AND {IN_SCOPE} AND e.id = $3 FOR UPDATE OF e"
    )))
    .bind(tenant)
    .bind(scope)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.is_some())
}

/// A draft with what is derived from it, as columns.
fn columns(id: Uuid, draft: &Draft, contact: Option<Uuid>) -> Value {
    let mut row = serde_json::to_value(draft).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.insert("id".to_owned(), json!(id));
        row.insert("contact_id".to_owned(), json!(contact));
        row.insert("display_name".to_owned(), json!(draft.display_name()));
        row.insert("sort_name".to_owned(), json!(text::fold(&draft.display_name())));
        row.insert("plate_code".to_owned(), json!(draft.plate_code()));
        row.insert("search".to_owned(), json!(draft.search_text()));
    }
    row
}

const RECORD: &str = "jsonb_to_recordset($2) AS r(id uuid, kind text, kind_id uuid, name text, display_name text, sort_name text, plate text, plate_code text,
    plate_country text, vin text, make text, model text, energy text, first_registration date, inspection_due date, serial_number text, species text, breed text,
    birth_date date, address text, description text, custom jsonb, contact_id uuid, search text)";

const COLUMNS: &str = "kind, kind_id, name, display_name, sort_name, plate, plate_code, plate_country, vin, make, model, energy, first_registration, inspection_due,
    serial_number, species, breed, birth_date, address, description, custom, search";

/// Inserts entities with their first owner, if they have one.
pub(crate) async fn insert_many(tx: &mut Tx, entities: &[(Uuid, Draft, Option<Uuid>)]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let rows: Vec<Value> = entities.iter().map(|(id, draft, contact)| columns(*id, draft, *contact)).collect();
    sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO entities (tenant_id, id, contact_id, {COLUMNS}, created_at, updated_at) SELECT $1, id, contact_id, {COLUMNS}, $3, $3 FROM {RECORD}"
    )))
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes an entity over what it was.
pub(crate) async fn rewrite(tx: &mut Tx, id: Uuid, draft: &Draft) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let prefixed = COLUMNS.split(',').map(|column| format!("r.{}", column.trim())).collect::<Vec<_>>().join(", ");
    sqlx::query(AssertSqlSafe(format!(
        "UPDATE entities e SET ({COLUMNS}, updated_at, version) = ({prefixed}, $3, e.version + 1) FROM {RECORD} WHERE e.tenant_id = $1 AND e.id = r.id"
    )))
    .bind(tenant)
    .bind(json!([columns(id, draft, None)]))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets contacts be found by what they own now: the trigger on `search` adds the codes.
pub(crate) async fn index_owners(tx: &mut Tx, contacts: &[Uuid]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE contacts SET search = search WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(contacts)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Archives or restores; true when that changed anything.
pub(crate) async fn set_archived(tx: &mut Tx, id: Uuid, archived: bool) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query(
        "UPDATE entities SET archived_at = CASE WHEN $3 THEN $4::timestamptz END, updated_at = $4, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND (archived_at IS NULL) = $3",
    )
    .bind(tenant)
    .bind(id)
    .bind(archived)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A thing that was archived or restored.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Toggled {
    pub id: Uuid,
    pub contact_id: Option<Uuid>,
    display_name: String,
    plate: Option<String>,
}

impl Toggled {
    /// As [`Draft::label`].
    pub(crate) fn label(&self) -> String {
        match &self.plate {
            Some(plate) if *plate != self.display_name => format!("{} · {plate}", self.display_name),
            _ => self.display_name.clone(),
        }
    }
}

/// Archives or restores many; those that this changed.
pub(crate) async fn set_archived_many(tx: &mut Tx, ids: &[Uuid], archived: bool) -> sqlx::Result<Vec<Toggled>> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query_as(
        "WITH old AS (SELECT id FROM entities WHERE tenant_id = $1 AND id = ANY ($2) AND (archived_at IS NULL) = $3 ORDER BY id FOR UPDATE)
         UPDATE entities e SET archived_at = CASE WHEN $3 THEN $4::timestamptz END, updated_at = $4, version = e.version + 1
         FROM old WHERE e.tenant_id = $1 AND e.id = old.id RETURNING e.id, e.contact_id, e.display_name, e.plate",
    )
    .bind(tenant)
    .bind(ids)
    .bind(archived)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// The next things that meet `conditions`, oldest first.
pub(crate) async fn ids_after(tx: &mut Tx, conditions: &Map<String, Value>, after: Option<Uuid>, limit: i32) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("SELECT entity_id FROM entity_page($1, 'created', $2, $3, $4) AS p(entity_id, sort_key)")
        .bind(Value::Object(conditions.clone()))
        .bind(after.map(|_| ""))
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await
}

/// Writes lines of the histories that follow things, as (thing, event, changes, data).
pub(crate) async fn insert_events(tx: &mut Tx, events: &[(Uuid, &str, Value, Value)]) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    let rows: Vec<Value> = events
        .iter()
        .map(|(entity, kind, changes, data)| json!({ "entity": entity, "id": tx.new_id(), "kind": kind, "changes": changes, "data": data }))
        .collect();
    sqlx::query(
        "INSERT INTO entity_events (tenant_id, entity_id, id, at, actor_kind, actor_id, actor_name, kind, changes, data)
         SELECT $1, entity, id, $3, $4, $5, $6, kind, changes, data FROM jsonb_to_recordset($2) AS r(entity uuid, id uuid, kind text, changes jsonb, data jsonb)",
    )
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(now)
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(actor.name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes an entity with its readings, owners and history.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM entities WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// Today where the company is.
pub(crate) async fn today(tx: &mut Tx) -> sqlx::Result<Date> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let day: jiff_sqlx::Date = sqlx::query_scalar("SELECT ($2::timestamptz AT TIME ZONE time_zone)::date FROM tenants WHERE id = $1")
        .bind(tenant)
        .bind(now)
        .fetch_one(tx.conn())
        .await?;
    Ok(day.to_jiff())
}

/// A span of ownership.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OwnerRow {
    pub id: Uuid,
    pub since: jiff_sqlx::Date,
    pub until: Option<jiff_sqlx::Date>,
    pub contact_id: Uuid,
    pub contact_name: String,
}

/// Who has owned an entity, newest first; at most 100.
pub(crate) async fn owners(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<OwnerRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT o.id, o.since, o.until, o.contact_id, c.display_name AS contact_name FROM entity_owners o
         JOIN contacts c ON c.tenant_id = o.tenant_id AND c.id = o.contact_id
         WHERE o.tenant_id = $1 AND o.entity_id = $2 ORDER BY o.until IS NULL DESC, o.since DESC, o.id DESC LIMIT 100",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// Ends the present ownership and begins the next, if there is one.
pub(crate) async fn change_owner(tx: &mut Tx, id: Uuid, contact: Option<Uuid>, on: Date) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE entity_owners SET until = greatest(since, $3) WHERE tenant_id = $1 AND entity_id = $2 AND until IS NULL")
        .bind(tenant)
        .bind(id)
        .bind(on.to_sqlx())
        .execute(tx.conn())
        .await?;
    sqlx::query("UPDATE entities SET contact_id = $3, updated_at = $4, version = version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(contact)
        .bind(now)
        .execute(tx.conn())
        .await?;
    match contact {
        Some(contact) => begin_ownership(tx, id, contact, on).await,
        None => Ok(()),
    }
}

/// Begins an ownership.
pub(crate) async fn begin_ownership(tx: &mut Tx, id: Uuid, contact: Uuid, on: Date) -> sqlx::Result<()> {
    let (tenant, row) = (tx.tenant(), tx.new_id());
    sqlx::query("INSERT INTO entity_owners (tenant_id, entity_id, id, contact_id, since) VALUES ($1, $2, $3, $4, $5)")
        .bind(tenant)
        .bind(id)
        .bind(row)
        .bind(contact)
        .bind(on.to_sqlx())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A reading of the odometer.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ReadingRow {
    pub id: Uuid,
    pub read_on: jiff_sqlx::Date,
    pub value: i32,
    pub reason: Option<String>,
    pub author_name: String,
}

/// The latest readings, newest first; at most 500.
pub(crate) async fn readings(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<ReadingRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, read_on, value, reason, author_name FROM entity_readings WHERE tenant_id = $1 AND entity_id = $2 ORDER BY read_on DESC, id DESC LIMIT 500",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// The readings beside a day: the last one up to it and the first one after it.
pub(crate) async fn neighbours(tx: &mut Tx, id: Uuid, day: Date) -> sqlx::Result<(Option<i32>, Option<i32>)> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT (SELECT value FROM entity_readings WHERE tenant_id = $1 AND entity_id = $2 AND read_on <= $3 ORDER BY read_on DESC, id DESC LIMIT 1),
                (SELECT value FROM entity_readings WHERE tenant_id = $1 AND entity_id = $2 AND read_on > $3 ORDER BY read_on, id LIMIT 1)",
    )
    .bind(tenant)
    .bind(id)
    .bind(day.to_sqlx())
    .fetch_one(tx.conn())
    .await
}

/// Adds a reading and brings the entity up to date with the latest.
pub(crate) async fn insert_reading(tx: &mut Tx, id: Uuid, day: Date, value: i32, reason: Option<&str>) -> sqlx::Result<()> {
    let (tenant, row, now, author) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().name.clone());
    sqlx::query(
        "INSERT INTO entity_readings (tenant_id, entity_id, id, read_on, value, reason, author_name, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tenant)
    .bind(id)
    .bind(row)
    .bind(day.to_sqlx())
    .bind(value)
    .bind(reason)
    .bind(author)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "UPDATE entities e SET (mileage, mileage_on) = (SELECT value, read_on FROM entity_readings r WHERE r.tenant_id = $1 AND r.entity_id = $2
           ORDER BY read_on DESC, id DESC LIMIT 1), updated_at = $3, version = version + 1 WHERE e.tenant_id = $1 AND e.id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a line of the history that follows the thing.
pub(crate) async fn insert_event(tx: &mut Tx, id: Uuid, kind: &str, changes: &Value, data: &Value) -> sqlx::Result<()> {
    let (tenant, row, now, actor) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO entity_events (tenant_id, entity_id, id, at, actor_kind, actor_id, actor_name, kind, changes, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(id)
    .bind(row)
    .bind(now)
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(actor.name)
    .bind(kind)
    .bind(changes)
    .bind(data)
    .execute(tx.conn())
    .await?;
    Ok(())
}
