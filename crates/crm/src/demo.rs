//! Contacts with a past, for demo data: everything as if people had worked with them for two years.

use crate::contacts::Draft;
use crate::contacts::store;
use crate::tags::ops as tags;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::{Failure, Tx};

/// A line of a contact's past.
pub struct DemoEvent {
    /// When.
    pub at: Timestamp,
    /// Who: id and name.
    pub by: (Uuid, String),
    /// Event name, such as `contact.created`.
    pub kind: &'static str,
    /// `[{field, before, after}]`
    pub changes: Value,
    /// The text of a note, for `note.added`.
    pub note: Option<String>,
}

/// A contact with its past.
pub struct DemoContact {
    /// Identifier, of the time of creation.
    pub id: Uuid,
    /// Content.
    pub draft: Draft,
    /// Names of its tags.
    pub tags: Vec<&'static str>,
    /// Since when it is a client.
    pub first_invoiced_at: Option<Timestamp>,
    /// Since when it is archived.
    pub archived_at: Option<Timestamp>,
    /// What happened, oldest first; the first is its creation.
    pub events: Vec<DemoEvent>,
}

/// An identifier of a given moment; `n` tells those of one moment apart.
pub fn id_at(at: Timestamp, n: u64) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let mut counter = [0; 10];
    counter.iter_mut().skip(2).zip(n.to_be_bytes()).for_each(|(byte, value)| *byte = value);
    uuid::Builder::from_unix_timestamp_millis(millis, &counter).into_uuid()
}

/// Inserts contacts with their past.
pub async fn insert(tx: &mut Tx, contacts: &[DemoContact]) -> Result<(), Failure> {
    let rows: Vec<(Uuid, Draft)> = contacts.iter().map(|contact| (contact.id, contact.draft.clone())).collect();
    store::insert_many(tx, &rows, None).await?;
    let tenant = tx.tenant();
    let facts: Vec<Value> = contacts
        .iter()
        .map(|contact| {
            let created = contact.events.first().map(|event| event.at);
            let last = contact.events.last().map(|event| event.at);
            json!({ "id": contact.id, "created": created, "last": last, "invoiced": contact.first_invoiced_at, "archived": contact.archived_at })
        })
        .collect();
    sqlx::query(
        "UPDATE contacts c SET created_at = r.created, updated_at = r.last, last_activity_at = r.last, first_invoiced_at = r.invoiced, archived_at = r.archived
         FROM jsonb_to_recordset($2) AS r(id uuid, created timestamptz, last timestamptz, invoiced timestamptz, archived timestamptz) WHERE c.tenant_id = $1 AND c.id = r.id",
    )
    .bind(tenant)
    .bind(Value::Array(facts))
    .execute(tx.conn())
    .await?;
    for contact in contacts.iter().filter(|contact| !contact.tags.is_empty()) {
        let names: Vec<String> = contact.tags.iter().map(|name| (*name).to_owned()).collect();
        let ids = tags::ensure(tx, &names).await?;
        tags::add(tx, &[contact.id], &ids).await?;
    }
    insert_past(tx, contacts).await
}

async fn insert_past(tx: &mut Tx, contacts: &[DemoContact]) -> Result<(), Failure> {
    let tenant = tx.tenant();
    let (mut timeline, mut notes) = (Vec::new(), Vec::new());
    for contact in contacts {
        // The low half of a contact's id is its number, which tells events of one moment apart.
        let number = contact.id.as_u64_pair().1 & 0xffff_ffff;
        for (n, event) in (0_u64..).zip(&contact.events) {
            let id = id_at(event.at, number * 100 + n);
            let (by, name) = &event.by;
            let data = event.note.as_ref().map_or_else(|| json!({}), |note| json!({ "note_id": id, "excerpt": note }));
            timeline.push(json!({ "contact_id": contact.id, "id": id, "at": event.at, "by": by, "name": name, "kind": event.kind, "changes": event.changes,
                "data": data, "label": contact.draft.display_name() }));
            if let Some(note) = &event.note {
                notes.push(json!({ "id": id, "contact_id": contact.id, "body": note, "by": by, "name": name, "at": event.at }));
            }
        }
    }
    sqlx::query(
        "WITH e AS (SELECT * FROM jsonb_to_recordset($2) AS r(contact_id uuid, id uuid, at timestamptz, by uuid, name text, kind text, changes jsonb, data jsonb, label text)),
         a AS (INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label, changes, data)
               SELECT $1, id, at, 'user', by, name, kind, 'contact', contact_id, label, changes, data FROM e)
         INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind, changes, data)
         SELECT $1, contact_id, id, at, 'user', by, name, kind, changes, data FROM e",
    )
    .bind(tenant)
    .bind(Value::Array(timeline))
    .execute(tx.conn())
    .await?;
    let now = tx.now().to_sqlx();
    sqlx::query(
        "INSERT INTO notes (tenant_id, id, contact_id, body, author_id, author_name, created_at, updated_at)
         SELECT $1, id, contact_id, body, by, name, at, least(at, $3) FROM jsonb_to_recordset($2) AS r(id uuid, contact_id uuid, body text, by uuid, name text, at timestamptz)",
    )
    .bind(tenant)
    .bind(Value::Array(notes))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a tag its tone.
pub async fn tone(tx: &mut Tx, name: &str, tone: &str) -> Result<(), Failure> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE tags SET tone = $3 WHERE tenant_id = $1 AND name = $2")
        .bind(tenant)
        .bind(name)
        .bind(tone)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Links people to the companies that they work for.
pub async fn link(tx: &mut Tx, links: &[(Uuid, Uuid, &str)]) -> Result<(), Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    for (person, company, role) in links {
        sqlx::query("INSERT INTO contact_companies (tenant_id, contact_id, company_id, role, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
            .bind(tenant)
            .bind(person)
            .bind(company)
            .bind(role)
            .bind(now)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
