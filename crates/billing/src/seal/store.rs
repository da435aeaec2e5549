//! Every SQL statement about chains.

use super::chain::GENESIS;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use uuid::Uuid;
use vision_platform::Tx;

/// A record about to be written.
pub(super) struct Link<'a> {
    pub chain: &'a str,
    pub seq: i64,
    pub kind: &'a str,
    pub record: Uuid,
    pub body: &'a str,
    pub previous: &'a [u8],
    pub hash: &'a [u8],
    pub signature: &'a [u8],
}

/// The last link of a chain, locked: (number, hash).
pub(super) async fn lock_head(tx: &mut Tx, chain: &str) -> sqlx::Result<(i64, Vec<u8>)> {
    let tenant = tx.tenant();
    sqlx::query("INSERT INTO seal_heads (tenant_id, chain, seq, hash) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(chain)
        .bind(GENESIS.as_slice())
        .execute(tx.conn())
        .await?;
    sqlx::query_as("SELECT seq, hash FROM seal_heads WHERE tenant_id = $1 AND chain = $2 FOR UPDATE")
        .bind(tenant)
        .bind(chain)
        .fetch_one(tx.conn())
        .await
}

/// Writes a record and moves the head to it.
pub(super) async fn insert(tx: &mut Tx, link: &Link<'_>) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "WITH head AS (UPDATE seal_heads SET seq = $3, hash = $9 WHERE tenant_id = $1 AND chain = $2)
         INSERT INTO sealed_records (tenant_id, chain, seq, kind, record_id, sealed_at, body, previous, hash, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(link.chain)
    .bind(link.seq)
    .bind(link.kind)
    .bind(link.record)
    .bind(now)
    .bind(link.body)
    .bind(link.previous)
    .bind(link.hash)
    .bind(link.signature)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A chain with its last link and what the series says of it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct HeadRow {
    pub chain: String,
    /// Null: there are rows of the chain, and no head.
    pub seq: Option<i64>,
    pub hash: Option<Vec<u8>>,
    pub first_number: Option<String>,
    pub last_number: Option<String>,
    pub sealed_at: Option<jiff_sqlx::Timestamp>,
    pub template: Option<String>,
    /// The running number that the series has reached.
    pub reached: Option<i64>,
}

/// Reads what follows as of one instant: a chain that grows meanwhile is not a broken one.
pub(super) async fn freeze(tx: &mut Tx) -> sqlx::Result<()> {
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(tx.conn()).await?;
    Ok(())
}

/// Every chain of the company: those that have a head, and those that only rows speak of.
pub(super) async fn heads(tx: &mut Tx) -> sqlx::Result<Vec<HeadRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "WITH c AS (SELECT chain FROM seal_heads WHERE tenant_id = $1 UNION SELECT code FROM invoice_series WHERE tenant_id = $1
           UNION SELECT DISTINCT chain FROM sealed_records WHERE tenant_id = $1 UNION SELECT DISTINCT series FROM invoices WHERE tenant_id = $1 AND state = 'issued'
           UNION SELECT DISTINCT 'till:' || till FROM payment_transactions WHERE tenant_id = $1 UNION SELECT DISTINCT 'till:' || till FROM closings WHERE tenant_id = $1)
         SELECT c.chain, h.seq, h.hash, f.number AS first_number, l.number AS last_number, r.sealed_at, n.template, n.last_number AS reached FROM c
         LEFT JOIN seal_heads h ON h.tenant_id = $1 AND h.chain = c.chain
         LEFT JOIN invoices f ON f.tenant_id = $1 AND f.series = c.chain AND f.chain_seq = 1
         LEFT JOIN invoices l ON l.tenant_id = $1 AND l.series = c.chain AND l.chain_seq = h.seq
         LEFT JOIN sealed_records r ON r.tenant_id = $1 AND r.chain = c.chain AND r.seq = h.seq
         LEFT JOIN invoice_series n ON n.tenant_id = $1 AND n.code = c.chain ORDER BY c.chain",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
}

/// A record with what it is about, as that stands now.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RecordRow {
    pub seq: i64,
    pub body: String,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    pub signature: Vec<u8>,
    /// What the table says today; null when it is gone.
    pub present: Option<Value>,
}

/// What the tables say of a record, in full: `s` is the record's kind, id, chain and number. The same text is sealed and compared, so that
/// nothing that a table holds of it can change unseen; who the contact is stands outside (GD-04).
const PRESENT: &str = "CASE s.kind
    WHEN 'invoice' THEN (SELECT jsonb_build_object('id', i.id, 'kind', i.kind, 'number', i.number, 'issue_date', i.issue_date, 'due_date', i.due_date,
        'issued_at', i.issued_at, 'corrects', i.corrects_id, 'document', i.document, 'net_minor', i.net_minor, 'vat_minor', i.vat_minor, 'gross_minor', i.gross_minor,
        'pdf_sha256', encode(sha256(f.pdf), 'hex'), 'xml_sha256', encode(sha256(f.xml), 'hex'),
        'vat', (SELECT coalesce(jsonb_agg(jsonb_build_array(v.category, v.rate::text, v.base_minor, v.vat_minor) ORDER BY v.category, v.rate), '[]') FROM invoice_vat v
          WHERE v.tenant_id = i.tenant_id AND v.invoice_id = i.id),
        'items', (SELECT coalesce(jsonb_agg(to_jsonb(l) - '{tenant_id,invoice_id,item_id}'::text[] ORDER BY l.position), '[]') FROM invoice_items l
          WHERE l.tenant_id = i.tenant_id AND l.invoice_id = i.id))
        || CASE WHEN i.deducted_minor = 0 THEN '{}' ELSE jsonb_build_object('deducted_minor', i.deducted_minor, 'deductions',
          (SELECT coalesce(jsonb_agg(jsonb_build_array(t.deposit_id, t.category, t.rate::text, t.base_minor, t.vat_minor) ORDER BY t.deposit_id, t.category, t.rate), '[]')
           FROM invoice_deductions t WHERE t.tenant_id = i.tenant_id AND t.invoice_id = i.id)) END
      FROM invoices i JOIN invoice_files f ON f.tenant_id = i.tenant_id AND f.invoice_id = i.id
      WHERE i.tenant_id = s.tenant_id AND i.id = s.record_id AND i.series = s.chain AND i.chain_seq = s.seq)
    WHEN 'payment' THEN (SELECT to_jsonb(p) - '{tenant_id,contact_id,created_by}'::text[] || jsonb_build_object('allocations',
        (SELECT coalesce(jsonb_agg(jsonb_build_array(a.invoice_id, a.category, a.rate::text, a.amount_minor) ORDER BY a.invoice_id, a.category, a.rate), '[]')
         FROM payment_allocations a WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id))
      FROM payment_transactions p WHERE p.tenant_id = s.tenant_id AND p.id = s.record_id AND 'till:' || p.till = s.chain AND p.chain_seq = s.seq)
    WHEN 'closing' THEN (SELECT to_jsonb(c) - '{tenant_id}'::text[] FROM closings c
      WHERE c.tenant_id = s.tenant_id AND 'till:' || c.till = s.chain AND c.chain_seq = s.seq)
  END";

/// What the tables say of a record that is about to be sealed.
pub(super) async fn present(tx: &mut Tx, chain: &str, seq: i64, kind: &str, record: Uuid) -> sqlx::Result<Option<Value>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT {PRESENT} FROM (SELECT $1::uuid AS tenant_id, $2::text AS chain, $3::bigint AS seq, $4::text AS kind, $5::uuid AS record_id) s"
    )))
    .bind(tenant)
    .bind(chain)
    .bind(seq)
    .bind(kind)
    .bind(record)
    .fetch_one(tx.conn())
    .await
}

/// Records of a chain after a number, with the rows that they seal.
pub(super) async fn records(tx: &mut Tx, chain: &str, after: i64, limit: i64) -> sqlx::Result<Vec<RecordRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT s.seq, s.body, s.previous, s.hash, s.signature, {PRESENT} AS present
         FROM sealed_records s WHERE s.tenant_id = $1 AND s.chain = $2 AND s.seq > $3 ORDER BY s.seq LIMIT $4"
    )))
    .bind(tenant)
    .bind(chain)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Rows that claim a place in a chain: how many there are.
pub(super) async fn claimed(tx: &mut Tx, chain: &str) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM invoices WHERE tenant_id = $1 AND series = $2 AND state = 'issued')
           + (SELECT count(*) FROM payment_transactions WHERE tenant_id = $1 AND 'till:' || till = $2)
           + (SELECT count(*) FROM closings WHERE tenant_id = $1 AND 'till:' || till = $2)",
    )
    .bind(tenant)
    .bind(chain)
    .fetch_one(tx.conn())
    .await
}

/// A record as it was sealed.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ChainRecord {
    pub seq: i64,
    pub kind: String,
    pub record_id: Uuid,
    pub sealed_at: jiff_sqlx::Timestamp,
    pub body: String,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    pub signature: Vec<u8>,
}

/// The chains of the company.
pub(crate) async fn chain_names(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT chain FROM seal_heads WHERE tenant_id = $1 AND seq > 0 ORDER BY chain")
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}

/// First and last number of what was sealed in a span of time. Between them nothing is left out, whatever a clock said.
pub(crate) async fn bounds(tx: &mut Tx, chain: &str, begin: jiff::Timestamp, end: jiff::Timestamp) -> sqlx::Result<Option<(i64, i64)>> {
    let tenant = tx.tenant();
    let (first, last): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT min(seq), max(seq) FROM sealed_records WHERE tenant_id = $1 AND chain = $2 AND sealed_at >= $3 AND sealed_at < $4",
    )
    .bind(tenant)
    .bind(chain)
    .bind(begin.to_sqlx())
    .bind(end.to_sqlx())
    .fetch_one(tx.conn())
    .await?;
    Ok(first.zip(last))
}

/// Records of a chain after a number, up to another.
pub(crate) async fn sealed(tx: &mut Tx, chain: &str, after: i64, last: i64, limit: i64) -> sqlx::Result<Vec<ChainRecord>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT seq, kind, record_id, sealed_at, body, previous, hash, signature FROM sealed_records
         WHERE tenant_id = $1 AND chain = $2 AND seq > $3 AND seq <= $4 ORDER BY seq LIMIT $5",
    )
    .bind(tenant)
    .bind(chain)
    .bind(after)
    .bind(last)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// The hashes of an invoice's files as they were sealed: PDF and XML (QI-53).
pub(crate) async fn file_hashes(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Option<(String, String)>> {
    let tenant = tx.tenant();
    let body: Option<String> =
        sqlx::query_scalar("SELECT body FROM sealed_records WHERE tenant_id = $1 AND record_id = $2 AND kind = 'invoice'")
            .bind(tenant)
            .bind(invoice)
            .fetch_optional(tx.conn())
            .await?;
    let body: Option<Value> = body.and_then(|body| serde_json::from_str(&body).ok());
    let hash = |key: &str| body.as_ref()?.get(key)?.as_str().map(str::to_owned);
    Ok(hash("pdf_sha256").zip(hash("xml_sha256")))
}
