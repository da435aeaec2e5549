//! Every SQL statement about journals, VAT and the balance by age.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// A sale or what took it back; credit notes count negative.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Sale {
    pub id: Uuid,
    pub kind: String,
    pub number: String,
    pub issue_date: jiff_sqlx::Date,
    pub due_date: Option<jiff_sqlx::Date>,
    pub contact_id: Option<Uuid>,
    pub buyer_name: Option<String>,
    pub corrects_number: Option<String>,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub gross_minor: i64,
}

/// What a balance takes off for deposits, which their own documents have sold already (QI-32).
const DEDUCTED: &str =
    "CROSS JOIN LATERAL (SELECT CASE WHEN i.kind = 'balance' THEN (SELECT coalesce(sum(d.base_minor), 0)::bigint FROM invoice_deductions d
      WHERE d.tenant_id = i.tenant_id AND d.invoice_id = i.id) ELSE 0 END AS base, i.deducted_minor AS gross) d";

/// Sales of a period after a place in it, in the order of their days.
pub(super) async fn sales(tx: &mut Tx, from: Date, to: Date, after: Option<(Date, Uuid)>, limit: i64) -> sqlx::Result<Vec<Sale>> {
    let tenant = tx.tenant();
    // The place is part of the range: the index is entered there, and read on from there.
    let (day, id) = after.unwrap_or((from, Uuid::nil()));
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT i.id, i.kind, i.number, i.issue_date, i.due_date, i.contact_id, i.buyer_name, o.number AS corrects_number, (i.net_minor - d.base) * s.sign AS net_minor,
           (i.vat_minor - d.gross + d.base) * s.sign AS vat_minor, (i.gross_minor - d.gross) * s.sign AS gross_minor
         FROM invoices i {DEDUCTED} LEFT JOIN invoices o ON o.tenant_id = i.tenant_id AND o.id = i.corrects_id
         CROSS JOIN LATERAL (SELECT CASE WHEN i.kind = 'credit_note' THEN -1 ELSE 1 END AS sign) s
         WHERE i.tenant_id = $1 AND i.state = 'issued' AND i.issue_date BETWEEN $2 AND $3 AND (i.issue_date, i.id) > ($2, $4)
         ORDER BY i.issue_date, i.id LIMIT $5"
    )))
    .bind(tenant)
    .bind(day.to_sqlx())
    .bind(to.to_sqlx())
    .bind(id)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// What the sales of a period come to.
#[derive(Debug, Clone, Default, serde::Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub(crate) struct SalesTotals {
    /// Documents.
    pub count: i64,
    /// Without VAT.
    pub net_minor: i64,
    /// VAT.
    pub vat_minor: i64,
    /// With VAT.
    pub gross_minor: i64,
    /// Credit notes among them, with VAT; negative.
    pub credited_minor: i64,
}

/// What the sales of a period come to.
pub(super) async fn sales_totals(tx: &mut Tx, from: Date, to: Date) -> sqlx::Result<SalesTotals> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT count(*) AS count, coalesce(sum((i.net_minor - d.base) * s.sign), 0)::bigint AS net_minor,
           coalesce(sum((i.vat_minor - d.gross + d.base) * s.sign), 0)::bigint AS vat_minor,
           coalesce(sum((i.gross_minor - d.gross) * s.sign), 0)::bigint AS gross_minor,
           coalesce(sum(-i.gross_minor) FILTER (WHERE i.kind = 'credit_note'), 0)::bigint AS credited_minor
         FROM invoices i {DEDUCTED} CROSS JOIN LATERAL (SELECT CASE WHEN i.kind = 'credit_note' THEN -1 ELSE 1 END AS sign) s
         WHERE i.tenant_id = $1 AND i.state = 'issued' AND i.issue_date BETWEEN $2 AND $3"
    )))
    .bind(tenant)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_one(tx.conn())
    .await
}

/// Money that came in or went back.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Receipt {
    pub id: Uuid,
    pub method: String,
    pub amount_minor: i64,
    pub received_on: jiff_sqlx::Date,
    pub entered_on: jiff_sqlx::Date,
    pub reference: Option<String>,
    pub reverses_id: Option<Uuid>,
    pub invoice_id: Option<Uuid>,
    pub invoice_number: Option<String>,
    pub contact_id: Option<Uuid>,
    pub buyer_name: Option<String>,
    pub chain_seq: i64,
}

const RECEIPTS: &str = "SELECT p.id, p.method, p.amount_minor, p.received_on, p.entered_on, p.reference, p.reverses_id, i.id AS invoice_id, i.number AS invoice_number,
      coalesce(i.contact_id, p.contact_id) AS contact_id, i.buyer_name, p.chain_seq
    FROM payment_transactions p LEFT JOIN LATERAL (SELECT v.id, v.number, v.buyer_name, v.contact_id FROM payment_allocations a
      JOIN invoices v ON v.tenant_id = a.tenant_id AND v.id = a.invoice_id WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id LIMIT 1) i ON true";

/// Receipts of a period after a place in it (a credit that is used is no money that comes in: it came in when it was paid too much), in the order of their days of value.
pub(super) async fn receipts(tx: &mut Tx, from: Date, to: Date, after: Option<(Date, Uuid)>, limit: i64) -> sqlx::Result<Vec<Receipt>> {
    let tenant = tx.tenant();
    let (day, id) = after.unwrap_or((from, Uuid::nil()));
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{RECEIPTS} WHERE p.tenant_id = $1 AND p.method <> 'credit' AND p.received_on BETWEEN $2 AND $3 AND (p.received_on, p.id) > ($2, $4) ORDER BY p.received_on, p.id LIMIT $5"
    )))
    .bind(tenant)
    .bind(day.to_sqlx())
    .bind(to.to_sqlx())
    .bind(id)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// What came in by one way.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub(crate) struct MethodTotal {
    /// `cash`, `cheque`, `card`, `transfer`, `direct_debit`, `online`
    pub method: String,
    /// Entries.
    pub count: i64,
    /// Cents.
    pub amount_minor: i64,
}

/// What the receipts of a period come to, by method.
pub(super) async fn receipt_totals(tx: &mut Tx, from: Date, to: Date) -> sqlx::Result<Vec<MethodTotal>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT method, count(*) AS count, sum(amount_minor)::bigint AS amount_minor FROM payment_transactions
         WHERE tenant_id = $1 AND method <> 'credit' AND received_on BETWEEN $2 AND $3 GROUP BY method ORDER BY method",
    )
    .bind(tenant)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_all(tx.conn())
    .await
}

/// A rate in a period.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub(crate) struct VatLine {
    /// Category of EN 16931.
    pub category: String,
    /// Per cent.
    #[schema(value_type = String)]
    pub rate: Decimal,
    /// Invoiced without VAT, less what was credited.
    pub invoiced_base_minor: i64,
    /// VAT invoiced, less what was credited.
    pub invoiced_vat_minor: i64,
    /// What came in, with VAT.
    pub collected_minor: i64,
    /// Base on which VAT fell due in the period.
    pub due_base_minor: i64,
    /// VAT that fell due in the period: of goods with the invoice, of services with their payment (QI-45), of deposits with theirs (QI-31).
    pub due_vat_minor: i64,
}

/// How much of a rate of an invoice falls due when it is issued: all of it by the option for debits, else what goods make of it; nothing of
/// a deposit.
const AT_ISSUE: &str = "JOIN invoice_vat r ON r.tenant_id = i.tenant_id AND r.invoice_id = i.id
    CROSS JOIN LATERAL (SELECT r.category, r.rate, r.base_minor - coalesce(sum(t.base_minor), 0)::bigint AS base_minor,
        r.vat_minor - coalesce(sum(t.vat_minor), 0)::bigint AS vat_minor FROM invoice_deductions t
      WHERE t.tenant_id = i.tenant_id AND t.invoice_id = i.id AND t.category = r.category AND t.rate = r.rate) v
    LEFT JOIN invoices o ON o.tenant_id = i.tenant_id AND o.id = i.corrects_id
    CROSS JOIN LATERAL (SELECT CASE WHEN i.kind = 'deposit' OR o.kind = 'deposit' THEN 0 WHEN $4 THEN 1 WHEN coalesce(sum(l.net_minor), 0) = 0 THEN 0
        ELSE coalesce(sum(l.net_minor) FILTER (WHERE l.nature = 'goods'), 0)::numeric / sum(l.net_minor) END AS part
      FROM invoice_items l WHERE l.tenant_id = i.tenant_id AND l.invoice_id = i.id AND l.vat_category = v.category AND l.vat_rate = v.rate) g
    CROSS JOIN LATERAL (SELECT round(v.base_minor * g.part)::bigint AS base, round(v.vat_minor * g.part)::bigint AS vat) d";

/// VAT of a period by rate. What was paid in parts falls due to the cent: each payment brings what the sum of payments brings more than before.
pub(super) async fn vat(tx: &mut Tx, from: Date, to: Date, on_debits: bool) -> sqlx::Result<Vec<VatLine>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "WITH sold AS (
           SELECT v.category, v.rate, sum(v.base_minor * s.sign)::bigint AS base, sum(v.vat_minor * s.sign)::bigint AS vat, sum(d.base * s.sign)::bigint AS due_base,
             sum(d.vat * s.sign)::bigint AS due_vat
           FROM invoices i {AT_ISSUE} CROSS JOIN LATERAL (SELECT CASE WHEN i.kind = 'credit_note' THEN -1 ELSE 1 END AS sign) s
           WHERE i.tenant_id = $1 AND i.state = 'issued' AND i.issue_date BETWEEN $2 AND $3 GROUP BY v.category, v.rate),
         paid AS (
           SELECT v.category, v.rate, sum(a.amount_minor)::bigint AS gross,
             sum(round((v.base_minor - d.base) * n.later) - round((v.base_minor - d.base) * n.before))::bigint AS due_base,
             sum(round((v.vat_minor - d.vat) * n.later) - round((v.vat_minor - d.vat) * n.before))::bigint AS due_vat
           FROM payment_transactions p JOIN payment_allocations a ON a.tenant_id = p.tenant_id AND a.payment_id = p.id
           JOIN invoices i ON i.tenant_id = a.tenant_id AND i.id = a.invoice_id {AT_ISSUE}
           CROSS JOIN LATERAL (SELECT coalesce(sum(b.amount_minor), 0) AS before FROM payment_allocations b
             JOIN payment_transactions q ON q.tenant_id = b.tenant_id AND q.id = b.payment_id
             WHERE b.tenant_id = a.tenant_id AND b.invoice_id = a.invoice_id AND b.category = a.category AND b.rate = a.rate
               AND (q.received_on, q.id) < (p.received_on, p.id)) w
           CROSS JOIN LATERAL (SELECT w.before / nullif(v.base_minor + v.vat_minor, 0)::numeric AS before,
             (w.before + a.amount_minor) / nullif(v.base_minor + v.vat_minor, 0)::numeric AS later) n
           WHERE p.tenant_id = $1 AND p.received_on BETWEEN $2 AND $3 AND v.category = a.category AND v.rate = a.rate GROUP BY v.category, v.rate)
         SELECT coalesce(s.category, p.category) AS category, coalesce(s.rate, p.rate) AS rate, coalesce(s.base, 0) AS invoiced_base_minor,
           coalesce(s.vat, 0) AS invoiced_vat_minor, coalesce(p.gross, 0) AS collected_minor, coalesce(s.due_base, 0) + coalesce(p.due_base, 0) AS due_base_minor,
           coalesce(s.due_vat, 0) + coalesce(p.due_vat, 0) AS due_vat_minor
         FROM sold s FULL JOIN paid p ON p.category = s.category AND p.rate = s.rate ORDER BY 2 DESC, 1"
    )))
    .bind(tenant)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .bind(on_debits)
    .fetch_all(tx.conn())
    .await
}

/// What a customer owes, by how late it is.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub(crate) struct AgeingRow {
    /// Null: the contact is gone; the name is that of the invoices.
    pub contact_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// Open invoices.
    pub count: i64,
    /// Not due yet.
    pub current_minor: i64,
    /// 1 to 30 days late.
    pub to_30_minor: i64,
    /// 31 to 60 days late.
    pub to_60_minor: i64,
    /// 61 to 90 days late.
    pub to_90_minor: i64,
    /// More than 90 days late.
    pub over_90_minor: i64,
    /// All of it.
    pub total_minor: i64,
}

/// Who owes what at the end of a day, the largest debt first. Open today, paid since or credited since: nothing else can have been open then.
pub(super) async fn ageing(tx: &mut Tx, on: Date) -> sqlx::Result<Vec<AgeingRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "WITH candidates AS (
           SELECT id FROM invoices WHERE tenant_id = $1 AND state = 'issued' AND kind <> 'credit_note' AND gross_minor > deducted_minor + paid_minor + credited_minor
           UNION SELECT a.invoice_id FROM payment_transactions p JOIN payment_allocations a ON a.tenant_id = p.tenant_id AND a.payment_id = p.id
             WHERE p.tenant_id = $1 AND p.received_on > $2
           UNION SELECT corrects_id FROM invoices WHERE tenant_id = $1 AND state = 'issued' AND kind = 'credit_note' AND issue_date > $2 AND corrects_id IS NOT NULL),
         open AS (
           SELECT i.contact_id, coalesce(c.display_name, i.buyer_name, '') AS name, $2 - coalesce(i.due_date, i.issue_date) AS late, i.gross_minor - i.deducted_minor
             - coalesce((SELECT sum(a.amount_minor) FROM payment_allocations a JOIN payment_transactions p ON p.tenant_id = a.tenant_id AND p.id = a.payment_id
                 WHERE a.tenant_id = $1 AND a.invoice_id = i.id AND p.received_on <= $2), 0)
             - coalesce((SELECT sum(n.gross_minor) FROM invoices n WHERE n.tenant_id = $1 AND n.corrects_id = i.id AND n.kind = 'credit_note' AND n.state = 'issued'
                 AND n.issue_date <= $2), 0) AS due
           FROM candidates x JOIN invoices i ON i.tenant_id = $1 AND i.id = x.id LEFT JOIN contacts c ON c.tenant_id = $1 AND c.id = i.contact_id
           WHERE i.issue_date <= $2)
         SELECT contact_id, min(name) AS name, count(*) AS count, coalesce(sum(due) FILTER (WHERE late <= 0), 0)::bigint AS current_minor,
           coalesce(sum(due) FILTER (WHERE late BETWEEN 1 AND 30), 0)::bigint AS to_30_minor, coalesce(sum(due) FILTER (WHERE late BETWEEN 31 AND 60), 0)::bigint AS to_60_minor,
           coalesce(sum(due) FILTER (WHERE late BETWEEN 61 AND 90), 0)::bigint AS to_90_minor, coalesce(sum(due) FILTER (WHERE late > 90), 0)::bigint AS over_90_minor,
           sum(due)::bigint AS total_minor
         FROM open WHERE due > 0 GROUP BY contact_id, CASE WHEN contact_id IS NULL THEN name END ORDER BY total_minor DESC, name, contact_id LIMIT 20000",
    )
    .bind(tenant)
    .bind(on.to_sqlx())
    .fetch_all(tx.conn())
    .await
}

/// How many documents and receipts lie in a period.
pub(super) async fn counts(tx: &mut Tx, from: Date, to: Date) -> sqlx::Result<(i64, i64)> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM invoices WHERE tenant_id = $1 AND state = 'issued' AND issue_date BETWEEN $2 AND $3),
           (SELECT count(*) FROM payment_transactions WHERE tenant_id = $1 AND method <> 'credit' AND received_on BETWEEN $2 AND $3)",
    )
    .bind(tenant)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_one(tx.conn())
    .await
}

/// The year of the first document, for the choice of fiscal years.
pub(super) async fn first_day(tx: &mut Tx) -> sqlx::Result<Option<Date>> {
    let tenant = tx.tenant();
    let day: Option<jiff_sqlx::Date> = sqlx::query_scalar("SELECT min(issue_date) FROM invoices WHERE tenant_id = $1 AND state = 'issued'")
        .bind(tenant)
        .fetch_one(tx.conn())
        .await?;
    Ok(day.map(jiff_sqlx::Date::to_jiff))
}

/// Where a page of a journal ended.
pub(super) fn place(cursor: Option<Cursor>) -> Option<(Date, Uuid)> {
    let cursor = cursor?;
    Some((cursor.key.parse().ok()?, cursor.id))
}

/// Category, rate, base, VAT, and what each nature of lines comes to before the document's discount; base and VAT of
/// deposits that a balance takes off.
type BookedRate = (String, String, i64, i64, Vec<(String, i64)>, i64, i64);

/// A document for the FEC: what each nature makes of each rate, and how far it was settled by a day.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Booked {
    pub id: Uuid,
    pub kind: String,
    pub number: String,
    pub issue_date: jiff_sqlx::Date,
    pub corrects_id: Option<Uuid>,
    /// What a credit note takes back.
    pub corrects_kind: Option<String>,
    pub contact_id: Option<Uuid>,
    pub buyer_name: Option<String>,
    /// What the customer owes of it: deposits are not in it.
    pub gross_minor: i64,
    /// Cents that had come in or been credited by the last day of the fiscal year.
    pub settled_minor: i64,
    /// When the last of them did.
    pub settled_on: Option<jiff_sqlx::Date>,
    /// By rate.
    pub rates: sqlx::types::Json<Vec<BookedRate>>,
}

/// Documents of a fiscal year after a place in it, in the order of their days.
pub(super) async fn booked(tx: &mut Tx, from: Date, to: Date, after: Option<(Date, Uuid)>, limit: i64) -> sqlx::Result<Vec<Booked>> {
    let tenant = tx.tenant();
    let (day, id) = after.unwrap_or((from, Uuid::nil()));
    sqlx::query_as(
        "SELECT i.id, i.kind, i.number, i.issue_date, i.corrects_id,
           (SELECT o.kind FROM invoices o WHERE o.tenant_id = i.tenant_id AND o.id = i.corrects_id) AS corrects_kind, i.contact_id, i.buyer_name,
           i.gross_minor - i.deducted_minor AS gross_minor, coalesce(t.amount, 0)::bigint AS settled_minor,
           t.on_day AS settled_on, r.rates
         FROM invoices i
         CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(jsonb_build_array(v.category, v.rate::text, v.base_minor, v.vat_minor,
             (SELECT coalesce(jsonb_agg(jsonb_build_array(n.nature, n.net) ORDER BY n.nature), '[]') FROM (SELECT l.nature, sum(l.net_minor)::bigint AS net FROM invoice_items l
               WHERE l.tenant_id = v.tenant_id AND l.invoice_id = v.invoice_id AND l.vat_category = v.category AND l.vat_rate = v.rate GROUP BY l.nature) n),
             (SELECT coalesce(sum(t.base_minor), 0)::bigint FROM invoice_deductions t WHERE t.tenant_id = v.tenant_id AND t.invoice_id = v.invoice_id
               AND t.category = v.category AND t.rate = v.rate),
             (SELECT coalesce(sum(t.vat_minor), 0)::bigint FROM invoice_deductions t WHERE t.tenant_id = v.tenant_id AND t.invoice_id = v.invoice_id
               AND t.category = v.category AND t.rate = v.rate))
             ORDER BY v.rate DESC, v.category), '[]') AS rates FROM invoice_vat v WHERE v.tenant_id = i.tenant_id AND v.invoice_id = i.id) r
         CROSS JOIN LATERAL (SELECT sum(x.amount) AS amount, max(x.on_day) AS on_day FROM (
             SELECT a.amount_minor AS amount, p.received_on AS on_day FROM payment_allocations a JOIN payment_transactions p ON p.tenant_id = a.tenant_id AND p.id = a.payment_id
               WHERE a.tenant_id = i.tenant_id AND a.invoice_id = i.id AND p.received_on <= $3
             UNION ALL SELECT c.gross_minor, c.issue_date FROM invoices c WHERE c.tenant_id = i.tenant_id AND c.corrects_id = i.id AND c.kind = 'credit_note'
               AND c.state = 'issued' AND c.issue_date <= $3) x) t
         WHERE i.tenant_id = $1 AND i.state = 'issued' AND i.issue_date BETWEEN $2 AND $3 AND (i.issue_date, i.id) > ($2, $4)
         ORDER BY i.issue_date, i.id LIMIT $5",
    )
    .bind(tenant)
    .bind(day.to_sqlx())
    .bind(to.to_sqlx())
    .bind(id)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Receipts of a fiscal year in the order in which they were entered, which is that of their validation.
pub(super) async fn entered(tx: &mut Tx, from: Date, to: Date, after: Option<(Date, Uuid)>, limit: i64) -> sqlx::Result<Vec<Receipt>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{RECEIPTS} WHERE p.tenant_id = $1 AND p.method <> 'credit' AND p.received_on BETWEEN $2 AND $3 AND p.entered_on >= $4 AND (p.entered_on, p.id) > ($4, $5)
         ORDER BY p.entered_on, p.id LIMIT $6"
    )))
    .bind(tenant)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .bind(after.map_or(from, |(day, _)| day).to_sqlx())
    .bind(after.map_or(Uuid::nil(), |(_, id)| id))
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Reads what follows as of one instant.
pub(super) async fn freeze(tx: &mut Tx) -> sqlx::Result<()> {
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(tx.conn()).await?;
    Ok(())
}
