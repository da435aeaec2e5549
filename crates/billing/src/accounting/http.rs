//! Routes of accounting.

use super::accounts::Accounts;
use super::export::{self, AccountingExportIn};
use super::locks::{self, LockRow};
use super::settings::{self, Settings};
use super::store::{self, AgeingRow, MethodTotal, Receipt, Sale, SalesTotals, VatLine};
use crate::seal::whole_company;
use crate::{day, profiles};
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, DomainEvent, Page, Problem, ProblemKind, Subject};
use vision_platform::background::JobOut;
use vision_platform::http::{Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{AccountingExport, AccountingManage, InvoicesRead};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Longest period, in days: ten years and their leap days.
const LONGEST: i32 = 3660;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_sales_journal))
        .routes(routes!(get_cash_journal))
        .routes(routes!(get_vat_report))
        .routes(routes!(get_ageing))
        .routes(routes!(export_accounting))
        .routes(routes!(get_accounting_settings, update_accounting_settings))
        .routes(routes!(set_accounting_lock))
}

/// A period that can be read.
pub(crate) fn checked_period(from: Date, to: Date) -> Result<(), Problem> {
    if to < from {
        return Err(Problem::field("/to", "before", "La fin précède le début."));
    }
    if (to - from).get_days() > LONGEST {
        return Err(Problem::field("/to", "too_long", "Dix ans au plus à la fois."));
    }
    Ok(())
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct PeriodQuery {
    /// First day.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[param(value_type = String, format = Date)]
    to: Date,
    /// 1 to 200; default 100.
    limit: Option<u32>,
    cursor: Option<String>,
}

fn bounded(limit: Option<u32>) -> usize {
    page_limit(limit, 100)
}

/// A line of the sales journal. Credit notes count negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SalesLine {
    id: Uuid,
    kind: String,
    number: String,
    #[schema(value_type = String, format = Date)]
    issue_date: Date,
    contact_id: Option<Uuid>,
    buyer_name: Option<String>,
    /// Number of the invoice that a credit note takes back.
    corrects_number: Option<String>,
    net_minor: i64,
    vat_minor: i64,
    gross_minor: i64,
}

impl From<Sale> for SalesLine {
    fn from(row: Sale) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            number: row.number,
            issue_date: row.issue_date.to_jiff(),
            contact_id: row.contact_id,
            buyer_name: row.buyer_name,
            corrects_number: row.corrects_number,
            net_minor: row.net_minor,
            vat_minor: row.vat_minor,
            gross_minor: row.gross_minor,
        }
    }
}

/// The sales of a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SalesJournal {
    totals: SalesTotals,
    items: Vec<SalesLine>,
    next_cursor: Option<String>,
}

/// The sales journal: issued documents by their day of issue, with the totals of the whole period.
#[utoipa::path(get, path = "/accounting/sales-journal", operation_id = "get_sales_journal", tag = "accounting", params(PeriodQuery),
    responses((status = 200, body = SalesJournal), (status = 422)), security(("session" = ["invoices.read"])))]
async fn get_sales_journal(auth: Authorized<InvoicesRead>, Query(query): Query<PeriodQuery>) -> ApiResult<Json<SalesJournal>> {
    checked_period(query.from, query.to)?;
    let limit = bounded(query.limit);
    let after = store::place(cursor(query.cursor.as_deref())?);
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let totals = store::sales_totals(&mut tx, query.from, query.to).await?;
    let rows = store::sales(&mut tx, query.from, query.to, after, overfetch(limit)).await?;
    let page = Page::from_overfetch(rows, limit, |row| Cursor { key: row.issue_date.to_jiff().to_string(), id: row.id });
    let Page { items, next_cursor } = page.map(SalesLine::from);
    Ok(Json(SalesJournal { totals, items, next_cursor }))
}

fn overfetch(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

/// A line of the journal of receipts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CashLine {
    id: Uuid,
    method: String,
    /// Negative: it went back.
    amount_minor: i64,
    /// Day of value: the one that counts.
    #[schema(value_type = String, format = Date)]
    received_on: Date,
    #[schema(value_type = String, format = Date)]
    entered_on: Date,
    reference: Option<String>,
    reversal: bool,
    invoice_id: Option<Uuid>,
    invoice_number: Option<String>,
    buyer_name: Option<String>,
}

impl From<Receipt> for CashLine {
    fn from(row: Receipt) -> Self {
        Self {
            id: row.id,
            method: row.method,
            amount_minor: row.amount_minor,
            received_on: row.received_on.to_jiff(),
            entered_on: row.entered_on.to_jiff(),
            reference: row.reference,
            reversal: row.reverses_id.is_some(),
            invoice_id: row.invoice_id,
            invoice_number: row.invoice_number,
            buyer_name: row.buyer_name,
        }
    }
}

/// The receipts of a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CashJournal {
    /// By method.
    totals: Vec<MethodTotal>,
    total_minor: i64,
    count: i64,
    items: Vec<CashLine>,
    next_cursor: Option<String>,
}

/// The journal of receipts by their day of value, with the totals of the whole period.
#[utoipa::path(get, path = "/accounting/cash-journal", operation_id = "get_cash_journal", tag = "accounting", params(PeriodQuery),
    responses((status = 200, body = CashJournal), (status = 422)), security(("session" = ["invoices.read"])))]
async fn get_cash_journal(auth: Authorized<InvoicesRead>, Query(query): Query<PeriodQuery>) -> ApiResult<Json<CashJournal>> {
    checked_period(query.from, query.to)?;
    let limit = bounded(query.limit);
    let after = store::place(cursor(query.cursor.as_deref())?);
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let totals = store::receipt_totals(&mut tx, query.from, query.to).await?;
    let rows = store::receipts(&mut tx, query.from, query.to, after, overfetch(limit)).await?;
    let page = Page::from_overfetch(rows, limit, |row| Cursor { key: row.received_on.to_jiff().to_string(), id: row.id });
    let Page { items, next_cursor } = page.map(CashLine::from);
    let (total_minor, count) = (totals.iter().map(|one| one.amount_minor).sum(), totals.iter().map(|one| one.count).sum());
    Ok(Json(CashJournal { totals, total_minor, count, items, next_cursor }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct VatQuery {
    /// First day.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[param(value_type = String, format = Date)]
    to: Date,
}

/// VAT of a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VatReport {
    items: Vec<VatLine>,
    invoiced_base_minor: i64,
    invoiced_vat_minor: i64,
    collected_minor: i64,
    due_base_minor: i64,
    due_vat_minor: i64,
    /// VAT of services falls due with the invoice, not with the payment (QI-45).
    on_debits: bool,
    /// `normal` or `franchise`
    regime: String,
}

/// VAT by rate: invoiced, collected, and what fell due (QI-31, QI-45).
#[utoipa::path(get, path = "/accounting/vat", operation_id = "get_vat_report", tag = "accounting", params(VatQuery),
    responses((status = 200, body = VatReport), (status = 422)), security(("session" = ["invoices.read"])))]
async fn get_vat_report(auth: Authorized<InvoicesRead>, Query(query): Query<VatQuery>) -> ApiResult<Json<VatReport>> {
    checked_period(query.from, query.to)?;
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let profile = profiles::seller(&mut tx).await?.profile;
    let mut items = store::vat(&mut tx, query.from, query.to, profile.vat_on_debits).await?;
    for line in &mut items {
        line.rate = line.rate.normalize();
    }
    let sum = |of: fn(&VatLine) -> i64| items.iter().map(of).sum();
    Ok(Json(VatReport {
        invoiced_base_minor: sum(|line| line.invoiced_base_minor),
        invoiced_vat_minor: sum(|line| line.invoiced_vat_minor),
        collected_minor: sum(|line| line.collected_minor),
        due_base_minor: sum(|line| line.due_base_minor),
        due_vat_minor: sum(|line| line.due_vat_minor),
        on_debits: profile.vat_on_debits,
        regime: profile.vat_regime,
        items,
    }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct AgeingQuery {
    /// The day; today where nothing is said.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
}

/// Who owes what since when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Ageing {
    #[schema(value_type = String, format = Date)]
    on: Date,
    /// The largest debts, at most 500.
    items: Vec<AgeingRow>,
    /// Everybody's, those included that are not among the items.
    totals: AgeingRow,
    /// Customers who owe something.
    customers: usize,
}

/// The balance by age at the end of a day, from invoices, payments and credit notes as they stood then.
#[utoipa::path(get, path = "/accounting/ageing", operation_id = "get_ageing", tag = "accounting", params(AgeingQuery),
    responses((status = 200, body = Ageing), (status = 422)), security(("session" = ["invoices.read"])))]
async fn get_ageing(auth: Authorized<InvoicesRead>, Query(query): Query<AgeingQuery>) -> ApiResult<Json<Ageing>> {
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let today = day::today(&mut tx).await?;
    let on = query.on.unwrap_or(today);
    let mut items = store::ageing(&mut tx, on).await?;
    let sum = |of: fn(&AgeingRow) -> i64| items.iter().map(of).sum();
    let totals = AgeingRow {
        contact_id: None,
        name: String::new(),
        count: sum(|row| row.count),
        current_minor: sum(|row| row.current_minor),
        to_30_minor: sum(|row| row.to_30_minor),
        to_60_minor: sum(|row| row.to_60_minor),
        to_90_minor: sum(|row| row.to_90_minor),
        over_90_minor: sum(|row| row.over_90_minor),
        total_minor: sum(|row| row.total_minor),
    };
    let customers = items.len();
    items.truncate(500);
    Ok(Json(Ageing { on, items, totals, customers }))
}

/// Takes a journal out as a file: at once up to 5,000 rows, as a job above. "Export ventes au format FEC" is always a job; its check stands
/// in the job's `params.check`.
#[utoipa::path(post, path = "/accounting/export", operation_id = "export_accounting", tag = "accounting", request_body = AccountingExportIn,
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 202, body = JobOut), (status = 422)),
    security(("session" = ["accounting.export"])))]
async fn export_accounting(auth: Authorized<AccountingExport>, Json(input): Json<AccountingExportIn>) -> ApiResult<Response> {
    export::export(&auth, input).await
}

/// First and last day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FiscalYear {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
}

/// A move of the lock.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccountingLock {
    id: Uuid,
    #[schema(value_type = Option<String>, format = Date)]
    previous: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    locked_until: Option<Date>,
    reason: Option<String>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<LockRow> for AccountingLock {
    fn from(row: LockRow) -> Self {
        Self {
            id: row.id,
            previous: row.previous.map(jiff_sqlx::Date::to_jiff),
            locked_until: row.locked_until.map(jiff_sqlx::Date::to_jiff),
            reason: row.reason,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// How the books are kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AccountingSettings)]
pub struct SettingsOut {
    /// 1 to 12: the fiscal year ends with this month.
    fiscal_end_month: i16,
    /// Account by use: `customers`, `deposits`, `sales.goods`, `sales.service`, `vat`, each of the last three also by rate (`vat.20`),
    /// `money.<method>`, `journal.sales`, `journal.bank`, `journal.cash`.
    accounts: Map<String, Value>,
    /// Nothing is entered any more with a date up to and with this one.
    #[schema(value_type = Option<String>, format = Date)]
    locked_until: Option<Date>,
    /// The last moves of the lock, the newest first.
    locks: Vec<AccountingLock>,
    /// Fiscal years with documents, the newest first.
    fiscal_years: Vec<FiscalYear>,
    #[schema(value_type = String, format = Date)]
    today: Date,
    version: i32,
}

async fn shown(tx: &mut Tx, books: Settings) -> Result<Versioned<SettingsOut>, Failure> {
    let years = export::fiscal_years(tx).await?;
    let locks = locks::history(tx).await?;
    Ok(Versioned(
        books.version,
        SettingsOut {
            fiscal_end_month: books.fiscal_end_month,
            accounts: books.accounts().all(),
            locked_until: books.locked_until(),
            locks: locks.into_iter().map(AccountingLock::from).collect(),
            fiscal_years: years.into_iter().map(|(from, to)| FiscalYear { from, to }).collect(),
            today: day::today(tx).await?,
            version: books.version,
        },
    ))
}

/// The accounts, the fiscal year and the lock.
#[utoipa::path(get, path = "/accounting/settings", operation_id = "get_accounting_settings", tag = "accounting",
    responses((status = 200, body = SettingsOut)), security(("session" = ["invoices.read"])))]
async fn get_accounting_settings(auth: Authorized<InvoicesRead>) -> ApiResult<Versioned<SettingsOut>> {
    let mut tx = auth.read().await?;
    let books = settings::read(&mut tx).await?;
    shown(&mut tx, books).await
}

/// A change of how the books are kept. Absent keeps.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AccountingSettingsPatch {
    /// 1 to 12
    fiscal_end_month: Option<i16>,
    /// All of the own accounts; an empty text falls back on the usual one.
    accounts: Option<Map<String, Value>>,
}

/// How the books are kept changed.
#[derive(Debug, Serialize)]
struct SettingsUpdated {
    #[serde(skip)]
    tenant: Uuid,
    #[serde(skip)]
    changes: Vec<Change>,
}

impl DomainEvent for SettingsUpdated {
    fn name(&self) -> &'static str {
        "accounting.updated"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "accounting", id: self.tenant, label: "Comptabilité".to_owned() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

/// Changes the accounts or the end of the fiscal year.
#[utoipa::path(patch, path = "/accounting/settings", operation_id = "update_accounting_settings", tag = "accounting", request_body = AccountingSettingsPatch,
    responses((status = 200, body = SettingsOut), (status = 412), (status = 422)), security(("session" = ["accounting.manage"])))]
async fn update_accounting_settings(
    auth: Authorized<AccountingManage>,
    headers: HeaderMap,
    Json(patch): Json<AccountingSettingsPatch>,
) -> ApiResult<Versioned<SettingsOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let before = settings::lock(&mut tx).await?;
    if expected.is_some_and(|version| version != before.version && before.version > 1) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let month = patch.fiscal_end_month.unwrap_or(before.fiscal_end_month);
    if !(1..=12).contains(&month) {
        return Err(Problem::field("/fiscal_end_month", "range", "De 1 à 12.").into());
    }
    let accounts = match patch.accounts {
        Some(accounts) => {
            let usual = Accounts::default();
            // What is usual is not stored: it follows when the usual account changes.
            let own = Accounts::parse(accounts)?;
            Value::Object(own.into_iter().filter(|(key, value)| value.as_str() != Some(usual.of(key).as_str())).collect())
        }
        None => before.accounts.clone(),
    };
    let mut changes: Vec<Change> = Change::between("fiscal_end_month", &before.fiscal_end_month, &month).into_iter().collect();
    changes.extend(Change::between("accounts", &before.accounts, &accounts));
    if !changes.is_empty() {
        settings::put(&mut tx, month, &accounts).await?;
        let tenant = tx.tenant();
        tx.emit(&SettingsUpdated { tenant, changes });
    }
    let books = settings::read(&mut tx).await?;
    let answer = shown(&mut tx, books).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Where the lock goes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AccountingLockIn {
    /// The last locked day; null opens everything.
    #[schema(value_type = Option<String>, format = Date)]
    locked_until: Option<Date>,
    /// Why; needed to go back.
    reason: Option<String>,
}

/// Moves the lock of the books. Forward by whoever keeps them; back only by an owner, with a reason. Every move is kept.
#[utoipa::path(put, path = "/accounting/lock", operation_id = "set_accounting_lock", tag = "accounting", request_body = AccountingLockIn,
    responses((status = 200, body = SettingsOut), (status = 409), (status = 422)), security(("session" = ["accounting.manage"])))]
async fn set_accounting_lock(auth: Authorized<AccountingManage>, Json(input): Json<AccountingLockIn>) -> ApiResult<Versioned<SettingsOut>> {
    let mut tx = auth.begin().await?;
    locks::set(&mut tx, input.locked_until, input.reason).await?;
    let books = settings::read(&mut tx).await?;
    let answer = shown(&mut tx, books).await?;
    tx.commit().await?;
    Ok(answer)
}
