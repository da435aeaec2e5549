//! Everything that points at a contact. A merge moves it all; a test compares this list with the database's foreign keys.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_platform::{Failure, Tx, outbox};

/// A column that holds the id of a contact.
pub struct Reference {
    /// The table, owned by this crate.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The rest of the primary key, beside the tenant.
    key: &'static [&'static str],
    /// What happens where both contacts have the same.
    collides: Collision,
}

/// Whether two rows can get into each other's way.
enum Collision {
    /// They cannot.
    Never,
    /// The merged contact's row gives way to the kept contact's.
    GivesWay,
    /// The one that lasts longer, by this column, stays.
    Longest(&'static str),
    /// It goes whatever the other one has: what a bulk action did to one contact must not be undone on another.
    Ends,
    /// That of [`Self::GivesWay`], and also where this other column is the kept contact: nobody is linked with themselves.
    GivesWayToSelf(&'static str),
}

/// Every reference; a new table with a contact joins by one line.
pub const REFERENCES: &[Reference] = &[
    Reference { table: "notes", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "contact_tags", column: "contact_id", key: &["tag_id"], collides: Collision::GivesWay },
    Reference { table: "contact_companies", column: "contact_id", key: &["company_id"], collides: Collision::GivesWayToSelf("company_id") },
    Reference { table: "contact_companies", column: "company_id", key: &["contact_id"], collides: Collision::GivesWayToSelf("contact_id") },
    Reference { table: "bulk_changes", column: "contact_id", key: &["job_id"], collides: Collision::Ends },
    Reference { table: "entities", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "entity_owners", column: "contact_id", key: &["entity_id", "id"], collides: Collision::Never },
    Reference { table: "tasks", column: "subject_id", key: &["id"], collides: Collision::Never },
    Reference { table: "files", column: "subject_id", key: &["id"], collides: Collision::Never },
    Reference { table: "notifications", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "consents", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "privacy_requests", column: "contact_id", key: &["id"], collides: Collision::Never },
    // One decision a contact: there is nothing else in its key.
    Reference { table: "privacy_keeps", column: "contact_id", key: &["tenant_id"], collides: Collision::Longest("until") },
    Reference { table: "orders", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "invoices", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "recurring_invoices", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "dunning_pauses", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "payment_transactions", column: "contact_id", key: &["id"], collides: Collision::Never },
    Reference { table: "contact_merges", column: "kept_id", key: &["id"], collides: Collision::Never },
];

/// References that a merge leaves alone, and why.
pub const LEFT: &[(&str, &str, &str)] = &[
    ("tasks", "contact_id", "generated from subject_id, which is moved"),
    ("files", "contact_id", "generated from subject_id, which is moved"),
    ("contact_keys", "contact_id", "written anew from both contacts"),
    ("contact_values", "contact_id", "copies of custom values, which follow the contact by a trigger"),
    ("timeline", "contact_id", "moved by the platform, which owns it"),
    ("contact_distinct", "low_id", "a judgement about two contacts ends with one of them, and is kept for the undo"),
    ("contact_distinct", "high_id", "a judgement about two contacts ends with one of them, and is kept for the undo"),
    ("import_rows", "contact_id", "what a file brought: the undo of an import must not touch the kept contact"),
];

/// What a merge did to one reference: keys of the rows that moved, and rows that gave way.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Moved {
    pub(crate) moved: Value,
    pub(crate) dropped: Value,
}

/// By `table.column`.
pub(crate) type Moves = BTreeMap<String, Moved>;

impl Reference {
    fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    async fn carry(&self, tx: &mut Tx, from: Uuid, to: Uuid) -> Result<Moved, Failure> {
        let tenant = tx.tenant();
        let (table, column) = (self.table, self.column);
        let keys = self.key.join(", ");
        let mut dropped = Value::Array(Vec::new());
        if let Collision::Longest(by) = self.collides {
            let sql = format!(
                "WITH gone AS (DELETE FROM {table} m USING {table} k WHERE m.tenant_id = $1 AND k.tenant_id = $1
                   AND ((m.{column} = $2 AND k.{column} = $3 AND m.{by} <= k.{by}) OR (m.{column} = $3 AND k.{column} = $2 AND m.{by} < k.{by}))
                   RETURNING to_jsonb(m) AS row)
                 SELECT coalesce(jsonb_agg(row), '[]') FROM gone"
            );
            dropped = sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant).bind(from).bind(to).fetch_one(tx.conn()).await?;
        } else if !matches!(self.collides, Collision::Never) {
            let always = matches!(self.collides, Collision::Ends);
            let same: String = self.key.iter().map(|key| format!(" AND k.{key} = m.{key}")).collect();
            let own = if let Collision::GivesWayToSelf(other) = self.collides { format!(" OR m.{other} = $3") } else { String::new() };
            let sql = format!(
                "WITH gone AS (DELETE FROM {table} m WHERE m.tenant_id = $1 AND m.{column} = $2
                   AND ({always} OR EXISTS (SELECT FROM {table} k WHERE k.tenant_id = $1 AND k.{column} = $3{same}){own}) RETURNING to_jsonb(m) AS row)
                 SELECT coalesce(jsonb_agg(row), '[]') FROM gone"
            );
            dropped = sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant).bind(from).bind(to).fetch_one(tx.conn()).await?;
        }
        let sql = format!(
            "WITH gone AS (UPDATE {table} SET {column} = $3 WHERE tenant_id = $1 AND {column} = $2 RETURNING {keys})
             SELECT coalesce(jsonb_agg(to_jsonb(gone)), '[]') FROM gone"
        );
        let moved = sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant).bind(from).bind(to).fetch_one(tx.conn()).await?;
        Ok(Moved { moved, dropped })
    }

    async fn bring_back(&self, tx: &mut Tx, done: &Moved, from: Uuid, to: Uuid) -> Result<(), Failure> {
        let tenant = tx.tenant();
        let (table, column) = (self.table, self.column);
        let same = self.key.iter().map(|key| format!("t.{key} = m.{key}")).collect::<Vec<_>>().join(" AND ");
        let sql = format!(
            "UPDATE {table} t SET {column} = $2 FROM jsonb_populate_recordset(NULL::{table}, $4) m
             WHERE t.tenant_id = $1 AND t.{column} = $3 AND {same}"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(to).bind(from).bind(&done.moved).execute(tx.conn()).await?;
        // Only where rows gave way: a table with generated columns takes no whole rows, not even none.
        if matches!(self.collides, Collision::Never) {
            return Ok(());
        }
        let sql = format!("INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1) ON CONFLICT DO NOTHING");
        sqlx::query(AssertSqlSafe(sql)).bind(&done.dropped).execute(tx.conn()).await?;
        Ok(())
    }
}

/// Moves everything from one contact to another.
pub(crate) async fn carry_all(tx: &mut Tx, from: Uuid, to: Uuid) -> Result<Moves, Failure> {
    let mut moves = Moves::new();
    for reference in REFERENCES {
        moves.insert(reference.name(), reference.carry(tx, from, to).await?);
    }
    let lines = outbox::move_timeline(tx, from, to, None).await?;
    moves.insert("timeline.contact_id".to_owned(), Moved { moved: serde_json::to_value(lines)?, dropped: Value::Null });
    let tenant = tx.tenant();
    let judged: Value = sqlx::query_scalar(
        "WITH gone AS (DELETE FROM contact_distinct d WHERE tenant_id = $1 AND (low_id = $2 OR high_id = $2) RETURNING to_jsonb(d) AS row)
         SELECT coalesce(jsonb_agg(row), '[]') FROM gone",
    )
    .bind(tenant)
    .bind(from)
    .fetch_one(tx.conn())
    .await?;
    moves.insert("contact_distinct".to_owned(), Moved { moved: Value::Null, dropped: judged });
    Ok(moves)
}

/// Brings back what [`carry_all`] moved, as far as it is still there; rows that came since stay where they are.
pub(crate) async fn bring_all_back(tx: &mut Tx, moves: &Moves, from: Uuid, to: Uuid) -> Result<(), Failure> {
    for reference in REFERENCES {
        if let Some(done) = moves.get(&reference.name()) {
            reference.bring_back(tx, done, from, to).await?;
        }
    }
    if let Some(done) = moves.get("timeline.contact_id") {
        let lines: Vec<Uuid> = serde_json::from_value(done.moved.clone())?;
        outbox::move_timeline(tx, from, to, Some(&lines)).await?;
    }
    if let Some(done) = moves.get("contact_distinct") {
        sqlx::query(
            "INSERT INTO contact_distinct SELECT r.* FROM jsonb_populate_recordset(NULL::contact_distinct, $2) r
             WHERE (SELECT count(*) FROM contacts c WHERE c.tenant_id = $1 AND c.id IN (r.low_id, r.high_id)) = 2 ON CONFLICT DO NOTHING",
        )
        .bind(tx.tenant())
        .bind(&done.dropped)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
