//! Every SQL statement about invoices.

use super::model::{Draft, InvoiceLineIn};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_kernel::totals::{Discount, Totals, VatTotal};
use vision_platform::Tx;

/// An invoice without its lines.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Row {
    pub id: Uuid,
    pub state: String,
    pub kind: String,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub entity_id: Option<Uuid>,
    pub entity_name: Option<String>,
    pub corrects_id: Option<Uuid>,
    pub corrects_number: Option<String>,
    pub title: Option<String>,
    pub intro: Option<String>,
    pub outro: Option<String>,
    pub order_reference: Option<String>,
    pub prices_include_vat: bool,
    pub discount: Json<Discount>,
    pub currency: String,
    pub supply_date: Option<jiff_sqlx::Date>,
    pub due_date: Option<jiff_sqlx::Date>,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub gross_minor: i64,
    pub number: Option<String>,
    pub issue_date: Option<jiff_sqlx::Date>,
    pub issued_at: Option<jiff_sqlx::Timestamp>,
    pub issued_by_name: Option<String>,
    pub type_code: Option<String>,
    pub customer_kind: Option<String>,
    pub buyer_name: Option<String>,
    pub order_id: Option<Uuid>,
    pub order_number: Option<String>,
    /// Deposits that the invoice takes off, with VAT (QI-32).
    pub deducted_minor: i64,
    /// Of a situation: per cent of the contract that is done (QI-34).
    pub progress: Option<rust_decimal::Decimal>,
    pub paid_minor: i64,
    pub credited_minor: i64,
    pub lifecycle: Option<i16>,
    pub prints: i32,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

impl Row {
    /// What is still to pay, in cents; never negative.
    pub(crate) fn due_minor(&self) -> i64 {
        if self.state == "issued" && self.kind != "credit_note" {
            (self.gross_minor - self.deducted_minor - self.paid_minor - self.credited_minor).max(0)
        } else {
            0
        }
    }

    /// The part that people write.
    pub(crate) fn draft(&self, lines: Vec<InvoiceLineIn>) -> Draft {
        Draft {
            contact_id: self.contact_id,
            entity_id: self.entity_id,
            title: self.title.clone(),
            intro: self.intro.clone(),
            outro: self.outro.clone(),
            order_reference: self.order_reference.clone(),
            prices_include_vat: self.prices_include_vat,
            discount: self.discount.0,
            supply_date: self.supply_date.map(jiff_sqlx::Date::to_jiff),
            due_date: self.due_date.map(jiff_sqlx::Date::to_jiff),
            lines,
        }
    }
}

const COLUMNS: &str = "i.id, i.state, i.kind, i.contact_id, c.display_name AS contact_name, i.entity_id, e.display_name AS entity_name, i.corrects_id,
    o.number AS corrects_number, i.title, i.intro, i.outro, i.order_reference, i.prices_include_vat, i.discount, i.currency, i.supply_date, i.due_date, i.net_minor,
    i.vat_minor, i.gross_minor, i.number, i.issue_date, i.issued_at, i.issued_by_name, i.type_code, i.customer_kind, i.buyer_name, i.order_id, q.number AS order_number,
    i.deducted_minor, i.progress, i.paid_minor, i.credited_minor,
    i.lifecycle, i.prints, i.created_by_name, i.created_at, i.updated_at, i.version";

const JOINS: &str = "FROM invoices i LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id
    LEFT JOIN entities e ON e.tenant_id = i.tenant_id AND e.id = i.entity_id
    LEFT JOIN invoices o ON o.tenant_id = i.tenant_id AND o.id = i.corrects_id
    LEFT JOIN orders q ON q.tenant_id = i.tenant_id AND q.id = i.order_id";

/// Who sees only some contacts sees their invoices, and the drafts that are for nobody yet and their own.
const IN_SCOPE: &str = "($2::uuid[] IS NULL OR c.owner_id = ANY ($2) OR (i.contact_id IS NULL AND i.created_by = ANY ($2)))";

/// What a list shows.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wanted {
    /// `draft`, `issued`, `due`, `overdue`, `paid`
    pub status: Option<String>,
    pub kind: Option<String>,
    pub contact_id: Option<Uuid>,
    pub entity_id: Option<Uuid>,
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Words, folded.
    pub words: Vec<String>,
    pub today: Date,
}

/// One page of invoices, the newest first.
pub(crate) async fn page(tx: &mut Tx, wanted: &Wanted, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    // Each way of looking has an index of its own: the words that choose it are constants here, never input.
    let status = match wanted.status.as_deref() {
        Some("draft") => "i.state = 'draft'",
        Some("issued") => "i.state = 'issued'",
        Some("due") => {
            "i.state = 'issued' AND i.kind <> 'credit_note' AND i.gross_minor > i.deducted_minor + i.paid_minor + i.credited_minor"
        }
        Some("overdue") => {
            "i.state = 'issued' AND i.kind <> 'credit_note' AND i.gross_minor > i.deducted_minor + i.paid_minor + i.credited_minor AND i.due_date < $9"
        }
        Some("paid") => {
            "i.state = 'issued' AND i.kind <> 'credit_note' AND i.gross_minor <= i.deducted_minor + i.paid_minor + i.credited_minor"
        }
        _ => "true",
    };
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} {JOINS} WHERE i.tenant_id = $1 AND {IN_SCOPE} AND {status} AND ($3::text IS NULL OR i.kind = $3) AND ($4::uuid IS NULL OR i.contact_id = $4)
           AND ($5::uuid IS NULL OR i.entity_id = $5) AND ($6::date IS NULL OR i.issue_date >= $6) AND ($7::date IS NULL OR i.issue_date <= $7)
           AND NOT EXISTS (SELECT FROM unnest($8::text[]) w WHERE position(w IN i.search) = 0) AND $9::date IS NOT NULL
           AND ($10::uuid IS NULL OR i.id < $10) ORDER BY i.id DESC LIMIT $11"
    )))
    .bind(tenant)
    .bind(scope)
    .bind(&wanted.kind)
    .bind(wanted.contact_id)
    .bind(wanted.entity_id)
    .bind(wanted.from.map(ToSqlx::to_sqlx))
    .bind(wanted.to.map(ToSqlx::to_sqlx))
    .bind(&wanted.words)
    .bind(wanted.today.to_sqlx())
    .bind(after.map(|cursor| cursor.id))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
}

/// An invoice that the actor may see; locked where it is about to change.
pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let lock = if lock { "FOR UPDATE OF i" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} {JOINS} WHERE i.tenant_id = $1 AND {IN_SCOPE} AND i.id = $3 {lock}")))
        .bind(tenant)
        .bind(scope)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// A line as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LineRow {
    pub section: Option<String>,
    pub item_id: Option<Uuid>,
    pub label: String,
    pub description: Option<String>,
    pub reference: Option<String>,
    pub quantity: rust_decimal::Decimal,
    pub unit: String,
    pub unit_price: rust_decimal::Decimal,
    pub discount: Json<Discount>,
    pub vat_category: String,
    pub vat_rate: rust_decimal::Decimal,
    pub nature: String,
    pub net_minor: i64,
    pub gross_minor: i64,
}

impl From<&LineRow> for InvoiceLineIn {
    fn from(row: &LineRow) -> Self {
        Self {
            section: row.section.clone(),
            item_id: row.item_id,
            label: row.label.clone(),
            description: row.description.clone(),
            reference: row.reference.clone(),
            quantity: row.quantity.normalize(),
            unit: Some(row.unit.clone()),
            unit_price: row.unit_price.normalize(),
            discount: row.discount.0.into(),
            vat_category: vision_kernel::totals::VatCategory::from_code(&row.vat_category).unwrap_or_default(),
            vat_rate: row.vat_rate.normalize(),
            nature: serde_json::from_value(json!(row.nature)).unwrap_or_default(),
        }
    }
}

/// The lines of an invoice, in order.
pub(crate) async fn lines(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<LineRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT section, item_id, label, description, reference, quantity, unit, unit_price, discount, vat_category, vat_rate, nature, net_minor, gross_minor
         FROM invoice_items WHERE tenant_id = $1 AND invoice_id = $2 ORDER BY position",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// Inserts an empty draft.
pub(crate) async fn insert(tx: &mut Tx, id: Uuid, kind: &str, corrects: Option<Uuid>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO invoices (tenant_id, id, kind, corrects_id, created_by, created_by_name, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)",
    )
    .bind(tenant)
    .bind(id)
    .bind(kind)
    .bind(corrects)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a draft with its lines and totals; its version rises.
pub(crate) async fn put(tx: &mut Tx, id: Uuid, draft: &Draft, totals: &Totals, search: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE invoices SET contact_id = $3, entity_id = $4, title = $5, intro = $6, outro = $7, order_reference = $8, prices_include_vat = $9, discount = $10,
           supply_date = $11, due_date = $12, net_minor = $13, vat_minor = $14, gross_minor = $15, search = $16, updated_at = $17, version = version + 1
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(draft.contact_id)
    .bind(draft.entity_id)
    .bind(&draft.title)
    .bind(&draft.intro)
    .bind(&draft.outro)
    .bind(&draft.order_reference)
    .bind(draft.prices_include_vat)
    .bind(Json(draft.discount))
    .bind(draft.supply_date.map(ToSqlx::to_sqlx))
    .bind(draft.due_date.map(ToSqlx::to_sqlx))
    .bind(totals.net_minor)
    .bind(totals.vat_minor)
    .bind(totals.gross_minor)
    .bind(search)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let rows: Vec<Value> =
        draft.lines.iter().zip(&totals.lines).enumerate().map(|(index, (line, total))| stored(index, line, total)).collect();
    sqlx::query("DELETE FROM invoice_items WHERE tenant_id = $1 AND invoice_id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    sqlx::query(
        "INSERT INTO invoice_items (tenant_id, invoice_id, position, section, item_id, label, description, reference, quantity, unit, unit_price, discount,
           vat_category, vat_rate, nature, net_minor, gross_minor)
         SELECT $1, $2, r.position, r.section, (SELECT c.id FROM catalog_items c WHERE c.tenant_id = $1 AND c.id = r.item_id), r.label, r.description, r.reference,
           r.quantity, r.unit, r.unit_price, r.discount, r.vat_category, r.vat_rate, r.nature, r.net_minor, r.gross_minor
         FROM jsonb_to_recordset($3) AS r(position integer, section text, item_id uuid, label text, description text, reference text, quantity numeric, unit text,
           unit_price numeric, discount jsonb, vat_category text, vat_rate numeric, nature text, net_minor bigint, gross_minor bigint)",
    )
    .bind(tenant)
    .bind(id)
    .bind(Value::Array(rows))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A line as it is written.
pub(crate) fn stored(index: usize, line: &InvoiceLineIn, total: &vision_kernel::totals::LineTotal) -> Value {
    let mut row = serde_json::to_value(line).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.insert("position".to_owned(), json!(index + 1));
        row.insert("discount".to_owned(), json!(line.discount.discount()));
        row.insert("net_minor".to_owned(), json!(total.net_minor));
        row.insert("gross_minor".to_owned(), json!(total.gross_minor));
    }
    row
}

/// Throws a draft away.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM invoices WHERE tenant_id = $1 AND id = $2 AND state = 'draft'")
        .bind(tenant)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

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
        "SELECT id FROM invoices WHERE tenant_id = $1 AND order_id = $2 AND kind = 'deposit' AND state = 'issued' AND gross_minor > credited_minor ORDER BY chain_seq",
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

/// A series, locked until this transaction ends: whoever issues next waits here (QI-24).
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Series {
    pub template: String,
    pub year: i32,
    pub last_number: i64,
    pub last_issue_date: Option<jiff_sqlx::Date>,
}

/// Locks a series; makes it where it is the first time.
pub(crate) async fn lock_series(tx: &mut Tx, (code, template, reason): (&str, &str, &str), day: Date) -> sqlx::Result<Series> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO invoice_series (tenant_id, code, template, reason, year) VALUES ($1, $2, $3, $4, extract(year FROM $5::date)::integer) ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(code)
    .bind(template)
    .bind(reason)
    .bind(day.to_sqlx())
    .execute(tx.conn())
    .await?;
    sqlx::query_as("SELECT template, year, last_number, last_issue_date FROM invoice_series WHERE tenant_id = $1 AND code = $2 FOR UPDATE")
        .bind(tenant)
        .bind(code)
        .fetch_one(tx.conn())
        .await
}

/// Takes the number.
pub(crate) async fn advance_series(tx: &mut Tx, code: &str, year: i32, number: i64, day: Date) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE invoice_series SET year = $3, last_number = $4, last_issue_date = $5 WHERE tenant_id = $1 AND code = $2")
        .bind(tenant)
        .bind(code)
        .bind(year)
        .bind(number)
        .bind(day.to_sqlx())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What issuing adds.
pub(crate) struct Issued<'a> {
    pub series: &'a str,
    pub number: &'a str,
    pub chain_seq: i64,
    pub issue_date: Date,
    pub due_date: Date,
    pub type_code: &'a str,
    pub process: &'a str,
    pub customer_kind: &'a str,
    pub buyer_name: &'a str,
    pub document: &'a Value,
    pub search: &'a str,
    pub pdf: &'a [u8],
    pub xml: &'a [u8],
    pub vat: &'a [VatTotal],
    /// Taken off for deposits, with VAT.
    pub deducted_minor: i64,
}

/// Writes what is issued: the row that nobody changes any more, its VAT and its files.
pub(crate) async fn issue(tx: &mut Tx, id: Uuid, issued: &Issued<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "UPDATE invoices SET state = 'issued', series = $3, number = $4, chain_seq = $5, issue_date = $6, due_date = $7, issued_at = $8, issued_by = $9,
           issued_by_name = $10, type_code = $11, process = $12, customer_kind = $13, buyer_name = $14, document = $15, search = $16, updated_at = $8,
           deducted_minor = $17, version = version + 1
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(issued.series)
    .bind(issued.number)
    .bind(issued.chain_seq)
    .bind(issued.issue_date.to_sqlx())
    .bind(issued.due_date.to_sqlx())
    .bind(now)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(issued.type_code)
    .bind(issued.process)
    .bind(issued.customer_kind)
    .bind(issued.buyer_name)
    .bind(issued.document)
    .bind(issued.search)
    .bind(issued.deducted_minor)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO invoice_vat (tenant_id, invoice_id, category, rate, base_minor, vat_minor)
         SELECT $1, $2, category, rate, base_minor, vat_minor FROM jsonb_to_recordset($3) AS r(category text, rate numeric, base_minor bigint, vat_minor bigint)",
    )
    .bind(tenant)
    .bind(id)
    .bind(json!(issued.vat))
    .execute(tx.conn())
    .await?;
    sqlx::query("INSERT INTO invoice_files (tenant_id, invoice_id, pdf, xml) VALUES ($1, $2, $3, $4)")
        .bind(tenant)
        .bind(id)
        .bind(issued.pdf)
        .bind(issued.xml)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The files of an issued invoice: PDF and XML.
pub(crate) async fn files(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT pdf, xml FROM invoice_files WHERE tenant_id = $1 AND invoice_id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// The frozen document of an issued invoice.
pub(crate) async fn document(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Value>> {
    let tenant = tx.tenant();
    let row: Option<Option<Value>> = sqlx::query_scalar("SELECT document FROM invoices WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.flatten())
}

/// Counts a print; says the how-manieth it is (IS-11).
pub(crate) async fn count_print(tx: &mut Tx, id: Uuid) -> sqlx::Result<i32> {
    let tenant = tx.tenant();
    sqlx::query_scalar("UPDATE invoices SET prints = prints + 1 WHERE tenant_id = $1 AND id = $2 RETURNING prints")
        .bind(tenant)
        .bind(id)
        .fetch_one(tx.conn())
        .await
}

/// A rate of an issued invoice.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct VatRow {
    pub category: String,
    pub rate: rust_decimal::Decimal,
    pub base_minor: i64,
    pub vat_minor: i64,
}

/// The rates of an issued invoice.
pub(crate) async fn vat(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<VatRow>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT category, rate, base_minor, vat_minor FROM invoice_vat WHERE tenant_id = $1 AND invoice_id = $2 ORDER BY rate DESC, category")
        .bind(tenant)
        .bind(id)
        .fetch_all(tx.conn())
        .await
}

/// What earlier credit notes took back of an invoice, rate by rate.
pub(crate) async fn credited(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<VatRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT v.category, v.rate, sum(v.base_minor)::bigint AS base_minor, sum(v.vat_minor)::bigint AS vat_minor FROM invoices i
         JOIN invoice_vat v ON v.tenant_id = i.tenant_id AND v.invoice_id = i.id
         WHERE i.tenant_id = $1 AND i.corrects_id = $2 AND i.kind = 'credit_note' AND i.state = 'issued' GROUP BY v.category, v.rate",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// Credit notes and corrections of an invoice: (id, kind, number, gross).
pub(crate) async fn corrections(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<(Uuid, String, Option<String>, i64)>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT id, kind, number, gross_minor FROM invoices WHERE tenant_id = $1 AND corrects_id = $2 ORDER BY id LIMIT 100")
        .bind(tenant)
        .bind(id)
        .fetch_all(tx.conn())
        .await
}

/// Notes on the original what a credit note took back.
pub(crate) async fn add_credited(tx: &mut Tx, id: Uuid, gross_minor: i64) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE invoices SET credited_minor = credited_minor + $3, updated_at = $4, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(gross_minor)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a payment needs to know of an invoice.
pub(crate) struct Due {
    pub row: Row,
    pub vat: Vec<VatRow>,
    /// What credit notes took back, by rate.
    pub credited: Vec<VatRow>,
}

/// Locks an issued invoice that money comes in for.
pub(crate) async fn lock_due(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Due>> {
    let Some(row) = get(tx, id, true).await? else { return Ok(None) };
    let mut vat = vat(tx, id).await?;
    // What deposits have taken off is not paid again: each rate is open for the rest.
    if row.deducted_minor != 0 {
        for taken in deducted(tx, id).await? {
            if let Some(rate) = vat.iter_mut().find(|rate| rate.category == taken.category && rate.rate == taken.rate) {
                rate.base_minor -= taken.base_minor;
                rate.vat_minor -= taken.vat_minor;
            }
        }
    }
    let credited = credited(tx, id).await?;
    Ok(Some(Due { row, vat, credited }))
}

/// Notes what was paid; a negative amount went back.
pub(crate) async fn paid(tx: &mut Tx, id: Uuid, amount_minor: i64) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE invoices SET paid_minor = paid_minor + $3, updated_at = $4, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(amount_minor)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The wordings of the law in force on a day, of one set where there are several: code and text.
pub(crate) async fn mentions(tx: &mut Tx, day: Date, set: &str) -> sqlx::Result<Vec<(String, String)>> {
    // a set that is out of force gives way to the one that is in force.
    sqlx::query_as("SELECT DISTINCT ON (code) code, body FROM legal_mentions_on($1) ORDER BY code, (variant IN ('', $2)) DESC, variant")
        .bind(day.to_sqlx())
        .bind(set)
        .fetch_all(tx.conn())
        .await
}

/// True when a thing exists and the actor may see it: who sees only some contacts sees their things.
pub(crate) async fn entity_exists(tx: &mut Tx, id: Uuid) -> sqlx::Result<bool> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM entities e LEFT JOIN contacts c ON c.tenant_id = e.tenant_id AND c.id = e.contact_id
         WHERE e.tenant_id = $1 AND e.id = $3 AND ($2::uuid[] IS NULL OR c.owner_id = ANY ($2)))",
    )
    .bind(tenant)
    .bind(scope)
    .bind(id)
    .fetch_one(tx.conn())
    .await
}
