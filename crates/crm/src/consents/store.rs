//! SQL of consents and of the list of objections.

use super::model::ConsentIn;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_platform::Tx;

/// A decision as stored, with the words that were agreed to.
#[derive(sqlx::FromRow)]
pub(crate) struct ConsentRow {
    pub id: Uuid,
    pub channel: String,
    pub purpose: String,
    pub granted: bool,
    pub wording_version: Option<i32>,
    pub wording: Option<String>,
    pub source: String,
    pub reference: Option<String>,
    pub given_at: jiff_sqlx::Timestamp,
    pub confirmed_at: Option<jiff_sqlx::Timestamp>,
    pub recorded_at: jiff_sqlx::Timestamp,
    pub ip: Option<String>,
    pub actor_name: String,
}

const COLUMNS: &str = "c.id, c.channel, c.purpose, c.granted, c.wording_version, w.body AS wording, c.source, c.reference, c.given_at, c.confirmed_at, c.recorded_at, c.ip, c.actor_name
    FROM consents c LEFT JOIN consent_wordings w ON w.tenant_id = c.tenant_id AND w.purpose = c.purpose AND w.version = c.wording_version";

/// The decision that counts for each channel and purpose.
pub(crate) async fn latest(tx: &mut Tx, contact: Uuid) -> sqlx::Result<Vec<ConsentRow>> {
    let tenant = tx.tenant();
    let sql = format!(
        "SELECT DISTINCT ON (c.channel, c.purpose) {COLUMNS} WHERE c.tenant_id = $1 AND c.contact_id = $2
         ORDER BY c.channel, c.purpose, c.given_at DESC, c.id DESC"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(contact).fetch_all(tx.conn()).await
}

/// All decisions, the latest first, from the one before `before` (when it was given, its id).
pub(crate) async fn history(tx: &mut Tx, contact: Uuid, before: Option<(Timestamp, Uuid)>, limit: i64) -> sqlx::Result<Vec<ConsentRow>> {
    let tenant = tx.tenant();
    let sql = format!(
        "SELECT {COLUMNS} WHERE c.tenant_id = $1 AND c.contact_id = $2 AND ($3::timestamptz IS NULL OR (c.given_at, c.id) < ($3, $4))
         ORDER BY c.given_at DESC, c.id DESC LIMIT $5"
    );
    let (at, id) = before.unzip();
    let at = at.map(ToSqlx::to_sqlx);
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(contact).bind(at).bind(id).bind(limit).fetch_all(tx.conn()).await
}

/// Writes a decision for each of its channels and purposes.
pub(crate) async fn insert(tx: &mut Tx, contact: Uuid, decision: &ConsentIn, given_at: Timestamp) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    let (mut ids, mut channels, mut purposes) = (Vec::new(), Vec::new(), Vec::new());
    for channel in &decision.channels {
        for purpose in &decision.purposes {
            ids.push(tx.new_id());
            channels.push(channel.word());
            purposes.push(purpose.word());
        }
    }
    sqlx::query(
        "INSERT INTO consents (tenant_id, id, contact_id, channel, purpose, granted, wording_version, source, reference, given_at, confirmed_at, recorded_at, ip, actor_kind, actor_id, actor_name)
         SELECT $1, u.id, $2, u.channel, u.purpose, $6, CASE WHEN $6 THEN (SELECT max(w.version) FROM consent_wordings w WHERE w.tenant_id = $1 AND w.purpose = u.purpose) END,
           $7, $8, $9, $10, $11, $12, $13, $14, $15 FROM unnest($3::uuid[], $4::text[], $5::text[]) AS u (id, channel, purpose)",
    )
    .bind(tenant)
    .bind(contact)
    .bind(ids)
    .bind(channels)
    .bind(purposes)
    .bind(decision.granted)
    .bind(decision.source.word())
    .bind(&decision.reference)
    .bind(given_at.to_sqlx())
    .bind(decision.confirmed_at.map(ToSqlx::to_sqlx))
    .bind(now)
    .bind(&actor.ip)
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(&actor.name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A wording as stored.
#[derive(sqlx::FromRow)]
pub(crate) struct WordingRow {
    pub purpose: String,
    pub version: i32,
    pub body: String,
    pub author_name: String,
    pub created_at: jiff_sqlx::Timestamp,
}

/// Every version of every purpose, newest first, at most 300.
pub(crate) async fn wordings(tx: &mut Tx) -> sqlx::Result<Vec<WordingRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT purpose, version, body, author_name, created_at FROM consent_wordings WHERE tenant_id = $1 ORDER BY version DESC LIMIT 300",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
}

/// Adds the first version where a purpose has none.
pub(crate) async fn insert_first_wordings(tx: &mut Tx, purposes: &[&str], bodies: &[&str]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO consent_wordings (tenant_id, purpose, version, body, author_id, author_name, created_at)
         SELECT $1, u.purpose, 1, u.body, $1, 'Vision', $4 FROM unnest($2::text[], $3::text[]) AS u (purpose, body) ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(purposes)
    .bind(bodies)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds the next version; `None` when it says what the last one says.
pub(crate) async fn insert_wording(tx: &mut Tx, purpose: &str, body: &str) -> sqlx::Result<Option<WordingRow>> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query_as(
        "WITH last AS (SELECT version, body FROM consent_wordings WHERE tenant_id = $1 AND purpose = $2 ORDER BY version DESC LIMIT 1)
         INSERT INTO consent_wordings (tenant_id, purpose, version, body, author_id, author_name, created_at)
         SELECT $1, $2, last.version + 1, $3, $4, $5, $6 FROM last WHERE last.body <> $3 RETURNING purpose, version, body, author_name, created_at",
    )
    .bind(tenant)
    .bind(purpose)
    .bind(body)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .fetch_optional(tx.conn())
    .await
}

pub(crate) async fn sealed_key(tx: &mut Tx) -> sqlx::Result<Option<Vec<u8>>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT sealed FROM opposition_keys WHERE tenant_id = $1").bind(tenant).fetch_optional(tx.conn()).await
}

pub(crate) async fn insert_key(tx: &mut Tx, sealed: &[u8]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("INSERT INTO opposition_keys (tenant_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// An objection as stored.
#[derive(sqlx::FromRow)]
pub(crate) struct OppositionRow {
    pub channel: String,
    pub purpose: String,
    pub source: String,
    pub created_at: jiff_sqlx::Timestamp,
}

/// What addresses objected to, the oldest of each channel and purpose.
pub(crate) async fn oppositions(tx: &mut Tx, hashes: &[Vec<u8>]) -> sqlx::Result<Vec<OppositionRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT DISTINCT ON (channel, purpose) channel, purpose, source, created_at FROM oppositions
         WHERE tenant_id = $1 AND hash = ANY ($2) ORDER BY channel, purpose, created_at",
    )
    .bind(tenant)
    .bind(hashes)
    .fetch_all(tx.conn())
    .await
}

/// Lists each (hash, channel) pair for every purpose; says how many addresses were new in some way.
pub(crate) async fn insert_oppositions(
    tx: &mut Tx,
    hashes: &[Vec<u8>],
    channels: &[&str],
    purposes: &[&str],
    source: &str,
) -> sqlx::Result<u64> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let new: i64 = sqlx::query_scalar(
        "WITH added AS (INSERT INTO oppositions (tenant_id, hash, channel, purpose, source, created_at)
           SELECT DISTINCT $1::uuid, u.hash, u.channel, p.purpose, $5, $6::timestamptz
           FROM unnest($2::bytea[], $3::text[]) AS u (hash, channel), unnest($4::text[]) AS p (purpose) ON CONFLICT DO NOTHING RETURNING hash)
         SELECT count(DISTINCT hash) FROM added",
    )
    .bind(tenant)
    .bind(hashes)
    .bind(channels)
    .bind(purposes)
    .bind(source)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    Ok(u64::try_from(new).unwrap_or(0))
}

/// Takes addresses off the list for these channels and purposes; says how many rows there were.
pub(crate) async fn delete_oppositions(tx: &mut Tx, hashes: &[Vec<u8>], channels: &[&str], purposes: &[&str]) -> sqlx::Result<u64> {
    let tenant = tx.tenant();
    let done =
        sqlx::query("DELETE FROM oppositions WHERE tenant_id = $1 AND hash = ANY ($2) AND channel = ANY ($3) AND purpose = ANY ($4)")
            .bind(tenant)
            .bind(hashes)
            .bind(channels)
            .bind(purposes)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected())
}

/// How many addresses are listed, by channel.
pub(crate) async fn count_oppositions(tx: &mut Tx) -> sqlx::Result<Vec<(String, i64)>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT channel, count(DISTINCT hash) FROM oppositions WHERE tenant_id = $1 GROUP BY channel")
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}
