//! Every SQL statement about quotes.

use super::model::{DepositKind, OrderDraft, OrderLineIn, Verification};
use crate::invoices::model::{Draft, InvoiceLineIn};
use crate::invoices::store::LineRow;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_kernel::totals::{Discount, Totals};
use vision_platform::Tx;

/// A quote without its lines.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Row {
    pub id: Uuid,
    pub state: String,
    pub revision: i32,
    pub number: Option<String>,
    pub template_name: Option<String>,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub contact_email: Option<String>,
    pub customer_kind: Option<String>,
    pub entity_id: Option<Uuid>,
    pub entity_name: Option<String>,
    pub title: Option<String>,
    pub intro: Option<String>,
    pub outro: Option<String>,
    pub order_reference: Option<String>,
    pub prices_include_vat: bool,
    pub discount: Json<Discount>,
    pub valid_until: Option<jiff_sqlx::Date>,
    pub execution: Option<String>,
    pub deposit: Json<Discount>,
    pub deposit_kind: String,
    pub line_by_line: bool,
    pub verification: String,
    pub withdrawal_exception: Option<String>,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub gross_minor: i64,
    pub accepted_minor: Option<i64>,
    pub sent_at: Option<jiff_sqlx::Timestamp>,
    pub reason: Option<String>,
    pub created_by: Uuid,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

impl Row {
    /// The part that people write.
    pub(crate) fn draft(&self, lines: &[OrderLineRow]) -> OrderDraft {
        OrderDraft {
            content: Draft {
                contact_id: self.contact_id,
                entity_id: self.entity_id,
                title: self.title.clone(),
                intro: self.intro.clone(),
                outro: self.outro.clone(),
                order_reference: self.order_reference.clone(),
                prices_include_vat: self.prices_include_vat,
                discount: self.discount.0,
                supply_date: None,
                due_date: None,
                lines: lines.iter().map(|row| InvoiceLineIn::from(&row.line)).collect(),
            },
            optional: lines.iter().map(|row| row.optional).collect(),
            valid_until: self.valid_until.map(jiff_sqlx::Date::to_jiff),
            execution: self.execution.clone(),
            deposit: self.deposit.0,
            deposit_kind: DepositKind::from_word(&self.deposit_kind),
            line_by_line: self.line_by_line,
            verification: Verification::from_word(&self.verification),
            withdrawal_exception: self.withdrawal_exception.clone(),
        }
    }
}

/// A line as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct OrderLineRow {
    #[sqlx(flatten)]
    pub line: LineRow,
    pub optional: bool,
}

impl From<&OrderLineRow> for OrderLineIn {
    fn from(row: &OrderLineRow) -> Self {
        Self { line: (&row.line).into(), optional: row.optional }
    }
}

const COLUMNS: &str = "o.id, o.state, o.revision, o.number, o.template_name, o.contact_id, c.display_name AS contact_name, c.email AS contact_email, c.customer_kind,
    o.entity_id, e.display_name AS entity_name, o.title, o.intro, o.outro, o.order_reference, o.prices_include_vat, o.discount, o.valid_until, o.execution, o.deposit,
    o.deposit_kind, o.line_by_line, o.verification, o.withdrawal_exception, o.net_minor, o.vat_minor, o.gross_minor, o.accepted_minor, o.sent_at,
    o.reason, o.created_by, o.created_by_name, o.created_at, o.updated_at, o.version";
const JOINS: &str = "FROM orders o LEFT JOIN contacts c ON c.tenant_id = o.tenant_id AND c.id = o.contact_id
    LEFT JOIN entities e ON e.tenant_id = o.tenant_id AND e.id = o.entity_id";
/// Who sees only some contacts sees their quotes, and those that are for nobody yet and their own. Templates are everybody's.
const IN_SCOPE: &str =
    "($2::uuid[] IS NULL OR c.owner_id = ANY ($2) OR (o.contact_id IS NULL AND (o.created_by = ANY ($2) OR o.template_name IS NOT NULL)))";

/// What a list shows.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wanted {
    /// `draft`, `open`, `expired`, `accepted`, `refused`, `cancelled`
    pub status: Option<String>,
    pub templates: bool,
    pub contact_id: Option<Uuid>,
    pub entity_id: Option<Uuid>,
    /// Words, folded.
    pub words: Vec<String>,
    pub today: Date,
}

/// One page of quotes, the newest first.
pub(crate) async fn page(tx: &mut Tx, wanted: &Wanted, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    // The words are constants here, never input.
    let status = match wanted.status.as_deref() {
        Some("draft") => "o.state = 'draft'",
        Some("open") => "o.state IN ('sent', 'viewed') AND o.valid_until >= $6",
        Some("expired") => "o.state IN ('sent', 'viewed') AND o.valid_until < $6",
        Some("accepted") => "o.state IN ('accepted', 'partially_accepted')",
        Some("refused") => "o.state = 'refused'",
        Some("cancelled") => "o.state IN ('cancelled', 'withdrawn')",
        _ => "true",
    };
    let templates = if wanted.templates { "IS NOT NULL" } else { "IS NULL" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} {JOINS} WHERE o.tenant_id = $1 AND {IN_SCOPE} AND o.template_name {templates} AND {status}
           AND ($3::uuid IS NULL OR o.contact_id = $3) AND ($4::uuid IS NULL OR o.entity_id = $4)
           AND NOT EXISTS (SELECT FROM unnest($5::text[]) w WHERE position(w IN o.search) = 0) AND $6::date IS NOT NULL
           AND ($7::uuid IS NULL OR o.id < $7) ORDER BY o.id DESC LIMIT $8"
    )))
    .bind(tenant)
    .bind(scope)
    .bind(wanted.contact_id)
    .bind(wanted.entity_id)
    .bind(&wanted.words)
    .bind(wanted.today.to_sqlx())
    .bind(after.map(|cursor| cursor.id))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
}

/// A quote that the actor may see; locked where it is about to change.
pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let lock = if lock { "FOR UPDATE OF o" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} {JOINS} WHERE o.tenant_id = $1 AND {IN_SCOPE} AND o.id = $3 {lock}")))
        .bind(tenant)
        .bind(scope)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// The lines of a quote, in order.
pub(crate) async fn lines(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<OrderLineRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT section, item_id, label, description, reference, quantity, unit, unit_price, discount, vat_category, vat_rate, nature, net_minor, gross_minor, optional
         FROM order_lines WHERE tenant_id = $1 AND order_id = $2 ORDER BY position",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// Inserts an empty quote.
pub(crate) async fn insert(tx: &mut Tx, id: Uuid, template_name: Option<&str>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO orders (tenant_id, id, template_name, created_by, created_by_name, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $6, 0)",
    )
    .bind(tenant)
    .bind(id)
    .bind(template_name)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what people wrote, with its lines and totals; the version rises.
pub(crate) async fn put(tx: &mut Tx, id: Uuid, draft: &OrderDraft, totals: &Totals, search: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let content = &draft.content;
    sqlx::query(
        "UPDATE orders SET contact_id = $3, entity_id = $4, title = $5, intro = $6, outro = $7, order_reference = $8, prices_include_vat = $9, discount = $10,
           valid_until = $11, execution = $12, deposit = $13, deposit_kind = $14, line_by_line = $15, verification = $16, withdrawal_exception = $17,
           net_minor = $18, vat_minor = $19, gross_minor = $20, search = $21, updated_at = $22, version = version + 1
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(content.contact_id)
    .bind(content.entity_id)
    .bind(&content.title)
    .bind(&content.intro)
    .bind(&content.outro)
    .bind(&content.order_reference)
    .bind(content.prices_include_vat)
    .bind(Json(content.discount))
    .bind(draft.valid_until.map(ToSqlx::to_sqlx))
    .bind(&draft.execution)
    .bind(Json(draft.deposit))
    .bind(draft.deposit_kind.word())
    .bind(draft.line_by_line)
    .bind(draft.verification.word())
    .bind(&draft.withdrawal_exception)
    .bind(totals.net_minor)
    .bind(totals.vat_minor)
    .bind(totals.gross_minor)
    .bind(search)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let rows: Vec<Value> = content
        .lines
        .iter()
        .zip(&totals.lines)
        .enumerate()
        .map(|(index, (line, total))| {
            let mut row = crate::invoices::store::stored(index, line, total);
            if let Some(row) = row.as_object_mut() {
                row.insert("optional".to_owned(), json!(draft.optional.get(index).copied().unwrap_or_default()));
            }
            row
        })
        .collect();
    sqlx::query("DELETE FROM order_lines WHERE tenant_id = $1 AND order_id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    sqlx::query(
        "INSERT INTO order_lines (tenant_id, order_id, position, section, item_id, label, description, reference, quantity, unit, unit_price, discount,
           vat_category, vat_rate, nature, net_minor, gross_minor, optional)
         SELECT $1, $2, r.position, r.section, (SELECT c.id FROM catalog_items c WHERE c.tenant_id = $1 AND c.id = r.item_id), r.label, r.description, r.reference,
           r.quantity, r.unit, r.unit_price, r.discount, r.vat_category, r.vat_rate, r.nature, r.net_minor, r.gross_minor, r.optional
         FROM jsonb_to_recordset($3) AS r(position integer, section text, item_id uuid, label text, description text, reference text, quantity numeric, unit text,
           unit_price numeric, discount jsonb, vat_category text, vat_rate numeric, nature text, net_minor bigint, gross_minor bigint, optional boolean)",
    )
    .bind(tenant)
    .bind(id)
    .bind(Value::Array(rows))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Throws a quote away that was never sent.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM orders WHERE tenant_id = $1 AND id = $2 AND state = 'draft' AND number IS NULL")
        .bind(tenant)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Renames a template.
pub(crate) async fn rename_template(tx: &mut Tx, id: Uuid, name: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE orders SET template_name = $3, updated_at = $4, version = version + 1 WHERE tenant_id = $1 AND id = $2 AND template_name IS NOT NULL",
    )
    .bind(tenant)
    .bind(id)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the next number of a year.
pub(crate) async fn next_number(tx: &mut Tx, year: i32) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "INSERT INTO order_settings AS s (tenant_id, series_year, last_number) VALUES ($1, $2, 1)
         ON CONFLICT (tenant_id) DO UPDATE SET series_year = $2, last_number = CASE WHEN s.series_year = $2 THEN s.last_number + 1 ELSE 1 END RETURNING last_number",
    )
    .bind(tenant)
    .bind(year)
    .fetch_one(tx.conn())
    .await
}

/// Moves a quote to another state. `reason` and the moment of the answer are kept with it.
pub(crate) async fn set_state(tx: &mut Tx, id: Uuid, state: &str, reason: Option<&str>) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE orders SET state = $3, reason = $4, updated_at = $5, version = version + 1,
           viewed_at = CASE WHEN $3 = 'viewed' THEN coalesce(viewed_at, $5) ELSE viewed_at END,
           remind_at = CASE WHEN $3 IN ('sent', 'viewed') THEN remind_at END,
           answered_at = CASE WHEN $3 IN ('accepted', 'partially_accepted', 'refused') THEN $5 WHEN $3 IN ('sent', 'viewed') THEN NULL ELSE answered_at END
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(state)
    .bind(reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what was accepted.
pub(crate) async fn set_accepted(tx: &mut Tx, id: Uuid, gross_minor: Option<i64>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE orders SET accepted_minor = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(gross_minor)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What sending adds to a quote.
pub(crate) async fn set_sent(tx: &mut Tx, id: Uuid, number: &str, valid_until: Date, search: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE orders SET state = 'sent', number = $3, valid_until = $4, search = $5, sent_at = $6, viewed_at = NULL, answered_at = NULL, reason = NULL,
           accepted_minor = NULL, updated_at = $6, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(number)
    .bind(valid_until.to_sqlx())
    .bind(search)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins the next version of a quote.
pub(crate) async fn set_revision(tx: &mut Tx, id: Uuid, revision: i32) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE orders SET state = 'draft', revision = $3, valid_until = NULL, remind_at = NULL, updated_at = $4, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(revision)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a quote its last day back, after a new version was thrown away.
pub(crate) async fn restore_validity(tx: &mut Tx, id: Uuid, until: jiff_sqlx::Date) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE orders SET valid_until = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Invoices that came from a quote.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct InvoiceOf {
    pub id: Uuid,
    pub kind: String,
    pub state: String,
    pub number: Option<String>,
    pub gross_minor: i64,
    pub deducted_minor: i64,
    pub credited_minor: i64,
    pub paid_minor: i64,
    pub progress: Option<rust_decimal::Decimal>,
}

impl InvoiceOf {
    /// True when credit notes took back all that it asked for.
    pub(crate) fn is_taken_back(&self) -> bool {
        self.state == "issued" && self.credited_minor >= self.gross_minor - self.deducted_minor
    }
}

/// The invoices of a quote, the first one first.
pub(crate) async fn invoices_of(tx: &mut Tx, order: Uuid) -> sqlx::Result<Vec<InvoiceOf>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, kind, state, number, gross_minor, deducted_minor, credited_minor, paid_minor, progress FROM invoices
         WHERE tenant_id = $1 AND order_id = $2 ORDER BY id LIMIT 200",
    )
    .bind(tenant)
    .bind(order)
    .fetch_all(tx.conn())
    .await
}

/// Notes that a version was read, if it is still the one that waits; says whether it was the first time.
pub(crate) async fn mark_viewed(tx: &mut Tx, id: Uuid, revision: i32) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query(
        "UPDATE orders SET state = 'viewed', viewed_at = $4, updated_at = $4, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND revision = $3 AND state = 'sent'",
    )
    .bind(tenant)
    .bind(id)
    .bind(revision)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Sets when the customer is written to again.
pub(crate) async fn set_remind_at(tx: &mut Tx, id: Uuid, at: Option<Timestamp>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE orders SET remind_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(at.map(ToSqlx::to_sqlx))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether a quote is due to be reminded; locked.
pub(crate) async fn lock_reminder(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<jiff_sqlx::Timestamp>> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query_scalar(
        "SELECT sent_at FROM orders WHERE tenant_id = $1 AND id = $2 AND remind_at <= $3 AND state IN ('sent', 'viewed') FOR UPDATE",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .fetch_optional(tx.conn())
    .await
}
