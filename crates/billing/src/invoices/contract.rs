//! SQL that ties invoices to the quote they come from, and balances to the deposits that they take off.

use super::store::VatRow;
use serde_json::json;
use uuid::Uuid;
use vision_platform::Tx;

/// Ties a draft to the quote that it comes from.
pub(crate) async fn set_order(tx: &mut Tx, id: Uuid, order: Uuid, progress: Option<rust_decimal::Decimal>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE invoices SET order_id = $3, progress = $4 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(order)
        .bind(progress)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a quote was accepted for, and what its other issued invoices come to, deposits counted once; the quote is locked (QI-14).
pub(crate) async fn contract(tx: &mut Tx, order: Uuid, besides: Uuid) -> sqlx::Result<Option<(Option<i64>, i64)>> {
    let tenant = tx.tenant();
    let accepted: Option<Option<i64>> = sqlx::query_scalar("SELECT accepted_minor FROM orders WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant)
        .bind(order)
        .fetch_optional(tx.conn())
        .await?;
    let Some(accepted) = accepted else { return Ok(None) };
    let issued: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(gross_minor - deducted_minor - credited_minor), 0)::bigint FROM invoices
         WHERE tenant_id = $1 AND order_id = $2 AND id <> $3 AND state = 'issued' AND kind <> 'credit_note'",
    )
    .bind(tenant)
    .bind(order)
    .bind(besides)
    .fetch_one(tx.conn())
    .await?;
    Ok(Some((accepted, issued)))
}

/// Deposit invoices of a quote that are not taken back in whole, the first one first.
pub(crate) async fn deposits(tx: &mut Tx, order: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT i.id FROM invoices i WHERE i.tenant_id = $1 AND i.order_id = $2 AND i.kind = 'deposit' AND i.state = 'issued' AND i.gross_minor > i.credited_minor
           AND NOT EXISTS (SELECT FROM invoice_deductions d JOIN invoices b ON b.tenant_id = d.tenant_id AND b.id = d.invoice_id
             WHERE d.tenant_id = i.tenant_id AND d.deposit_id = i.id AND b.credited_minor < b.gross_minor - b.deducted_minor) ORDER BY i.chain_seq",
    )
    .bind(tenant)
    .bind(order)
    .fetch_all(tx.conn())
    .await
}

/// A deposit that a balance takes off, at one rate.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Deduction {
    pub deposit_id: Uuid,
    pub category: String,
    pub rate: rust_decimal::Decimal,
    pub base_minor: i64,
    pub vat_minor: i64,
}

/// Keeps what a balance takes off; called before it is sealed.
pub(crate) async fn insert_deductions(tx: &mut Tx, id: Uuid, deductions: &[Deduction]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO invoice_deductions (tenant_id, invoice_id, deposit_id, category, rate, base_minor, vat_minor)
         SELECT $1, $2, r.deposit_id, r.category, r.rate, r.base_minor, r.vat_minor
         FROM jsonb_to_recordset($3) AS r(deposit_id uuid, category text, rate numeric, base_minor bigint, vat_minor bigint)",
    )
    .bind(tenant)
    .bind(id)
    .bind(json!(deductions))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What deposits took off an invoice, rate by rate.
pub(crate) async fn deducted(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<VatRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT category, rate, sum(base_minor)::bigint AS base_minor, sum(vat_minor)::bigint AS vat_minor FROM invoice_deductions
         WHERE tenant_id = $1 AND invoice_id = $2 GROUP BY category, rate",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// The number of a balance that takes a deposit off and stands; the deposit is not taken back before it.
pub(crate) async fn deducted_by(tx: &mut Tx, deposit: Uuid) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT b.number FROM invoice_deductions d JOIN invoices b ON b.tenant_id = d.tenant_id AND b.id = d.invoice_id
         WHERE d.tenant_id = $1 AND d.deposit_id = $2 AND b.credited_minor < b.gross_minor - b.deducted_minor LIMIT 1",
    )
    .bind(tenant)
    .bind(deposit)
    .fetch_optional(tx.conn())
    .await
}
