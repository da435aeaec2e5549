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
    pub seq: i64,
    pub hash: Vec<u8>,
    pub first_number: Option<String>,
    pub last_number: Option<String>,
    pub sealed_at: Option<jiff_sqlx::Timestamp>,
}

/// Every chain of the company.
pub(super) async fn heads(tx: &mut Tx) -> sqlx::Result<Vec<HeadRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT h.chain, h.seq, h.hash, f.number AS first_number, l.number AS last_number, r.sealed_at FROM seal_heads h
         LEFT JOIN invoices f ON f.tenant_id = h.tenant_id AND f.series = h.chain AND f.chain_seq = 1
         LEFT JOIN invoices l ON l.tenant_id = h.tenant_id AND l.series = h.chain AND l.chain_seq = h.seq
         LEFT JOIN sealed_records r ON r.tenant_id = h.tenant_id AND r.chain = h.chain AND r.seq = h.seq
         WHERE h.tenant_id = $1 ORDER BY h.chain",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
}

/// A record with what it is about, as that stands now.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RecordRow {
    pub seq: i64,
    pub kind: String,
    pub body: String,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    pub signature: Vec<u8>,
    /// What the table says today; null when it is gone.
    pub present: Option<Value>,
}

/// Records of a chain after a number, with the rows that they seal.
pub(super) async fn records(tx: &mut Tx, chain: &str, after: i64, limit: i64) -> sqlx::Result<Vec<RecordRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT s.seq, s.kind, s.body, s.previous, s.hash, s.signature,
           CASE s.kind
             WHEN 'invoice' THEN (SELECT jsonb_build_object('id', i.id, 'number', i.number, 'issue_date', i.issue_date, 'document', i.document, 'net_minor', i.net_minor,
                 'vat_minor', i.vat_minor, 'gross_minor', i.gross_minor, 'pdf_sha256', encode(sha256(f.pdf), 'hex'), 'xml_sha256', encode(sha256(f.xml), 'hex'))
               FROM invoices i JOIN invoice_files f ON f.tenant_id = i.tenant_id AND f.invoice_id = i.id
               WHERE i.tenant_id = s.tenant_id AND i.id = s.record_id AND i.series = s.chain AND i.chain_seq = s.seq)
             WHEN 'payment' THEN (SELECT jsonb_build_object('id', p.id, 'method', p.method, 'amount_minor', p.amount_minor, 'received_on', p.received_on,
                 'allocations', (SELECT coalesce(jsonb_agg(jsonb_build_object('invoice_id', a.invoice_id, 'category', a.category, 'rate', trim_scale(a.rate)::text,
                   'amount_minor', a.amount_minor) ORDER BY a.invoice_id, a.category, a.rate), '[]') FROM payment_allocations a
                   WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id))
               FROM payment_transactions p WHERE p.tenant_id = s.tenant_id AND p.id = s.record_id AND p.chain_seq = s.seq)
             WHEN 'closing' THEN (SELECT jsonb_build_object('period', c.period, 'starts_on', c.starts_on, 'ends_on', c.ends_on, 'entries', c.entries,
                 'total_minor', c.total_minor, 'cumulative_minor', c.cumulative_minor, 'perpetual_minor', c.perpetual_minor, 'by_method', c.by_method, 'by_rate', c.by_rate)
               FROM closings c WHERE c.tenant_id = s.tenant_id AND c.till = substr(s.chain, 6) AND c.chain_seq = s.seq)
           END AS present
         FROM sealed_records s WHERE s.tenant_id = $1 AND s.chain = $2 AND s.seq > $3 ORDER BY s.seq LIMIT $4",
    )
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
