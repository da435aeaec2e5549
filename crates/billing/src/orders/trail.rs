//! Every SQL statement about what is left behind by a quote that was sent: versions, links, codes, evidence and answers. Rows are added; what
//! was sent or answered is not changed.

use super::model::OrderDraft;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::totals::Totals;
use vision_platform::Tx;

/// A version that was sent, without its bytes.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct VersionRow {
    pub revision: i32,
    pub content: Json<OrderDraft>,
    pub pdf_sha256: Vec<u8>,
    pub valid_until: jiff_sqlx::Date,
    pub gross_minor: i64,
    pub customer_kind: String,
    pub buyer_name: String,
    pub terms_version: Option<i32>,
    pub sent_at: jiff_sqlx::Timestamp,
    pub sent_by_name: String,
    pub replaced_at: Option<jiff_sqlx::Timestamp>,
}

const VERSION: &str =
    "revision, content, pdf_sha256, valid_until, gross_minor, customer_kind, buyer_name, terms_version, sent_at, sent_by_name, replaced_at";

/// What is kept of a version.
pub(crate) struct NewVersion<'a> {
    pub revision: i32,
    pub content: &'a OrderDraft,
    pub document: &'a Value,
    pub pdf: &'a [u8],
    pub pdf_sha256: &'a [u8],
    pub valid_until: Date,
    pub gross_minor: i64,
    pub customer_kind: &'a str,
    pub buyer_name: &'a str,
    pub terms_version: Option<i32>,
}

/// Keeps a version for good.
pub(crate) async fn insert_version(tx: &mut Tx, order: Uuid, new: &NewVersion<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO order_versions (tenant_id, order_id, revision, content, document, pdf, pdf_sha256, valid_until, gross_minor, customer_kind, buyer_name,
           terms_version, sent_at, sent_by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(tenant)
    .bind(order)
    .bind(new.revision)
    .bind(Json(new.content))
    .bind(new.document)
    .bind(new.pdf)
    .bind(new.pdf_sha256)
    .bind(new.valid_until.to_sqlx())
    .bind(new.gross_minor)
    .bind(new.customer_kind)
    .bind(new.buyer_name)
    .bind(new.terms_version)
    .bind(now)
    .bind(&actor.name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The versions of a quote, the newest first.
pub(crate) async fn versions(tx: &mut Tx, order: Uuid) -> sqlx::Result<Vec<VersionRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {VERSION} FROM order_versions WHERE tenant_id = $1 AND order_id = $2 ORDER BY revision DESC LIMIT 100"
    )))
    .bind(tenant)
    .bind(order)
    .fetch_all(tx.conn())
    .await
}

/// One version.
pub(crate) async fn version(tx: &mut Tx, order: Uuid, revision: i32) -> sqlx::Result<Option<VersionRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {VERSION} FROM order_versions WHERE tenant_id = $1 AND order_id = $2 AND revision = $3"
    )))
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .fetch_optional(tx.conn())
    .await
}

/// The very bytes that were sent, and their document.
pub(crate) async fn version_files(tx: &mut Tx, order: Uuid, revision: i32) -> sqlx::Result<Option<(Vec<u8>, Value)>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT pdf, document FROM order_versions WHERE tenant_id = $1 AND order_id = $2 AND revision = $3")
        .bind(tenant)
        .bind(order)
        .bind(revision)
        .fetch_optional(tx.conn())
        .await
}

/// Marks a version as replaced, or as the current one again.
pub(crate) async fn set_replaced(tx: &mut Tx, order: Uuid, revision: i32, replaced: bool) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE order_versions SET replaced_at = CASE WHEN $4 THEN $5 END WHERE tenant_id = $1 AND order_id = $2 AND revision = $3",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .bind(replaced)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A link to a version.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LinkRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub revision: i32,
    pub mode: String,
    pub sent_to: Option<String>,
    pub expires_at: jiff_sqlx::Timestamp,
    pub revoked_at: Option<jiff_sqlx::Timestamp>,
}

/// Keeps a link.
pub(crate) async fn insert_link(
    tx: &mut Tx,
    (order, revision): (Uuid, i32),
    hash: &[u8],
    mode: &str,
    sent_to: Option<&str>,
    expires_at: Timestamp,
) -> sqlx::Result<Uuid> {
    let (tenant, now, actor, id) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone(), tx.new_id());
    sqlx::query(
        "INSERT INTO order_links (tenant_id, id, order_id, revision, token_hash, mode, sent_to, created_at, created_by_name, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(id)
    .bind(order)
    .bind(revision)
    .bind(hash)
    .bind(mode)
    .bind(sent_to)
    .bind(now)
    .bind(&actor.name)
    .bind(expires_at.to_sqlx())
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// The link of a token.
pub(crate) async fn link(tx: &mut Tx, hash: &[u8]) -> sqlx::Result<Option<LinkRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, order_id, revision, mode, sent_to, expires_at, revoked_at FROM order_links WHERE tenant_id = $1 AND token_hash = $2",
    )
    .bind(tenant)
    .bind(hash)
    .fetch_optional(tx.conn())
    .await
}

/// The address that a version was last sent to.
pub(crate) async fn sent_to(tx: &mut Tx, order: Uuid, revision: i32) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT sent_to FROM order_links WHERE tenant_id = $1 AND order_id = $2 AND revision = $3 AND sent_to IS NOT NULL ORDER BY created_at DESC LIMIT 1",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .fetch_optional(tx.conn())
    .await
}

/// A code that was sent.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct CodeRow {
    pub id: Uuid,
    pub sent_to: String,
    pub code_hash: Vec<u8>,
    pub bound_to: Vec<u8>,
    pub attempts: i32,
    pub expires_at: jiff_sqlx::Timestamp,
}

/// Keeps a code; earlier ones of the link open nothing any more.
pub(crate) async fn insert_code(
    tx: &mut Tx,
    link: &LinkRow,
    sent_to: &str,
    code_hash: &[u8],
    bound_to: &[u8],
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let (tenant, now, id) = (tx.tenant(), tx.now().to_sqlx(), tx.new_id());
    sqlx::query("UPDATE order_codes SET used_at = $3 WHERE tenant_id = $1 AND link_id = $2 AND used_at IS NULL")
        .bind(tenant)
        .bind(link.id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "INSERT INTO order_codes (tenant_id, id, order_id, revision, link_id, sent_to, code_hash, bound_to, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(id)
    .bind(link.order_id)
    .bind(link.revision)
    .bind(link.id)
    .bind(sent_to)
    .bind(code_hash)
    .bind(bound_to)
    .bind(now)
    .bind(expires_at.to_sqlx())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Codes that a link has sent since a moment.
pub(crate) async fn codes_since(tx: &mut Tx, link: Uuid, since: Timestamp) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT count(*) FROM order_codes WHERE tenant_id = $1 AND link_id = $2 AND created_at > $3")
        .bind(tenant)
        .bind(link)
        .bind(since.to_sqlx())
        .fetch_one(tx.conn())
        .await
}

/// Codes that a version has sent since a moment, through whatever link.
pub(crate) async fn codes_of_version_since(tx: &mut Tx, order: Uuid, revision: i32, since: Timestamp) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT count(*) FROM order_codes c JOIN order_links l ON l.tenant_id = c.tenant_id AND l.id = c.link_id
         WHERE l.tenant_id = $1 AND l.order_id = $2 AND l.revision = $3 AND c.created_at > $4",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .bind(since.to_sqlx())
    .fetch_one(tx.conn())
    .await
}

/// The code of a link that may still be used; locked.
pub(crate) async fn live_code(tx: &mut Tx, link: Uuid) -> sqlx::Result<Option<CodeRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, sent_to, code_hash, bound_to, attempts, expires_at FROM order_codes WHERE tenant_id = $1 AND link_id = $2 AND used_at IS NULL
         ORDER BY created_at DESC LIMIT 1 FOR UPDATE",
    )
    .bind(tenant)
    .bind(link)
    .fetch_optional(tx.conn())
    .await
}

/// Counts a try of a code, or uses it up.
pub(crate) async fn tried(tx: &mut Tx, code: Uuid, used: bool) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE order_codes SET attempts = attempts + 1, used_at = CASE WHEN $3 THEN $4 END WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(code)
        .bind(used)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A line of the evidence.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EvidenceRow {
    pub revision: i32,
    pub kind: String,
    pub at: jiff_sqlx::Timestamp,
    pub actor_name: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub data: Value,
}

/// Adds a line to the evidence of a version.
pub(crate) async fn evidence(
    tx: &mut Tx,
    (order, revision): (Uuid, i32),
    kind: &str,
    user_agent: Option<&str>,
    data: &Value,
) -> sqlx::Result<()> {
    let (tenant, now, actor, id) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone(), tx.new_id());
    sqlx::query(
        "INSERT INTO order_evidence (tenant_id, id, order_id, revision, kind, at, actor_name, ip, user_agent, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(id)
    .bind(order)
    .bind(revision)
    .bind(kind)
    .bind(now)
    .bind(&actor.name)
    .bind(&actor.ip)
    .bind(user_agent)
    .bind(data)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The evidence of a quote, oldest first: the newest five hundred lines.
pub(crate) async fn evidence_of(tx: &mut Tx, order: Uuid) -> sqlx::Result<Vec<EvidenceRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT revision, kind, at, actor_name, ip, user_agent, data FROM (SELECT * FROM order_evidence WHERE tenant_id = $1 AND order_id = $2 ORDER BY id DESC LIMIT 500) e
         ORDER BY id",
    )
    .bind(tenant)
    .bind(order)
    .fetch_all(tx.conn())
    .await
}

/// The answer to a version, without its bytes.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct AnswerRow {
    pub kind: String,
    pub at: jiff_sqlx::Timestamp,
    pub method: String,
    pub signer_name: String,
    pub signer_email: Option<String>,
    pub mention: Option<String>,
    pub reason: Option<String>,
    pub lines: Vec<i32>,
    pub gross_minor: i64,
    pub terms_version: Option<i32>,
    pub early_start: bool,
    pub withdrawable_until: Option<jiff_sqlx::Date>,
    pub withdrawn_at: Option<jiff_sqlx::Timestamp>,
    pub evidence_sha256: Option<Vec<u8>>,
    pub sealed_sha256: Option<Vec<u8>>,
    pub timestamp_authority: Option<String>,
}

/// An answer to keep.
pub(crate) struct NewAnswer<'a> {
    pub kind: &'a str,
    pub method: &'a str,
    pub signer_name: &'a str,
    pub signer_email: Option<&'a str>,
    pub mention: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub lines: &'a [i32],
    pub totals: &'a Totals,
    pub terms_version: Option<i32>,
    pub early_start: bool,
    pub user_agent: Option<&'a str>,
    pub signature_image: Option<&'a [u8]>,
    pub withdrawable_until: Option<Date>,
    pub proof: Option<&'a Proof>,
}

/// What proves an answer.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub evidence: Value,
    pub evidence_sha256: Vec<u8>,
    pub evidence_signature: Vec<u8>,
    pub sealed_pdf: Vec<u8>,
    pub sealed_sha256: Vec<u8>,
}

/// Keeps an answer for good: a second one to the same version is refused by its key.
pub(crate) async fn insert_answer(tx: &mut Tx, (order, revision): (Uuid, i32), new: &NewAnswer<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO order_answers (tenant_id, order_id, revision, kind, at, method, signer_name, signer_email, mention, reason, lines, totals, gross_minor,
           terms_version, early_start, ip, user_agent, signature_image, withdrawable_until, evidence, evidence_sha256, evidence_signature, sealed_pdf, sealed_sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .bind(new.kind)
    .bind(now)
    .bind(new.method)
    .bind(new.signer_name)
    .bind(new.signer_email)
    .bind(new.mention)
    .bind(new.reason)
    .bind(new.lines)
    .bind(json!(new.totals))
    .bind(new.totals.gross_minor)
    .bind(new.terms_version)
    .bind(new.early_start)
    .bind(&actor.ip)
    .bind(new.user_agent)
    .bind(new.signature_image)
    .bind(new.withdrawable_until.map(ToSqlx::to_sqlx))
    .bind(new.proof.map(|proof| &proof.evidence))
    .bind(new.proof.map(|proof| &proof.evidence_sha256))
    .bind(new.proof.map(|proof| &proof.evidence_signature))
    .bind(new.proof.map(|proof| &proof.sealed_pdf))
    .bind(new.proof.map(|proof| &proof.sealed_sha256))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The answer to a version.
pub(crate) async fn answer(tx: &mut Tx, order: Uuid, revision: i32) -> sqlx::Result<Option<AnswerRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT kind, at, method, signer_name, signer_email, mention, reason, lines, gross_minor, terms_version, early_start, withdrawable_until, withdrawn_at,
           evidence_sha256, sealed_sha256, timestamp_authority FROM order_answers WHERE tenant_id = $1 AND order_id = $2 AND revision = $3",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .fetch_optional(tx.conn())
    .await
}

/// What proves an answer, for taking away: sealed PDF, evidence, its signature, time stamp.
pub(crate) type ProofFiles = (Option<Vec<u8>>, Option<Value>, Option<Vec<u8>>, Option<Vec<u8>>);

/// What proves an answer.
pub(crate) async fn proof_files(tx: &mut Tx, order: Uuid, revision: i32) -> sqlx::Result<Option<ProofFiles>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT sealed_pdf, evidence, evidence_signature, timestamp_token FROM order_answers WHERE tenant_id = $1 AND order_id = $2 AND revision = $3",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .fetch_optional(tx.conn())
    .await
}

/// Keeps the time stamp of a sealed answer, once.
pub(crate) async fn set_timestamp(tx: &mut Tx, order: Uuid, revision: i32, token: &[u8], authority: &str) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "UPDATE order_answers SET timestamp_token = $4, timestamp_authority = $5 WHERE tenant_id = $1 AND order_id = $2 AND revision = $3 AND timestamp_token IS NULL",
    )
    .bind(tenant)
    .bind(order)
    .bind(revision)
    .bind(token)
    .bind(authority)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a withdrawal, once.
pub(crate) async fn set_withdrawn(tx: &mut Tx, order: Uuid, revision: i32, what: &Value) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE order_answers SET withdrawn_at = $4, withdrawal = $5 WHERE tenant_id = $1 AND order_id = $2 AND revision = $3")
        .bind(tenant)
        .bind(order)
        .bind(revision)
        .bind(now)
        .bind(what)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets whoever holds a document ask later whether it is this one.
pub(crate) async fn remember(tx: &mut Tx, hash: &[u8], kind: &str, number: &str) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query("SELECT remember_document($1, $2, $3, $4)").bind(hash).bind(kind).bind(number).bind(now).execute(tx.conn()).await?;
    Ok(())
}
