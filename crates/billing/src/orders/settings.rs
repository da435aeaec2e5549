//! How a company makes quotes, and the general terms that they are accepted under.

use super::model::{DepositKind, Verification};
use axum::http::HeaderMap;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Patch, Problem, ProblemKind, Subject, text};
use vision_platform::http::{Json, Versioned, expected_version};
use vision_platform::permits::{BillingManage, OrdersRead};
use vision_platform::{ApiResult, Authorized, Failure, Tx};

/// Longest general terms, in characters.
const MAX_TERMS: usize = 60_000;

/// The habits of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub(crate) struct Settings {
    pub validity_days: i32,
    pub deposit_percent: Option<Decimal>,
    pub deposit_kind: String,
    pub verification: String,
    pub line_by_line: bool,
    pub reminders: bool,
    pub terms_version: Option<i32>,
    pub terms: Option<String>,
    #[serde(skip)]
    pub version: i32,
}

/// The habits; those that nobody chose are the defaults.
pub(crate) async fn read(tx: &mut Tx) -> sqlx::Result<Settings> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT coalesce(s.validity_days, 30) AS validity_days, CASE WHEN s.tenant_id IS NULL THEN 30 ELSE s.deposit_percent END AS deposit_percent,
           coalesce(s.deposit_kind, 'acompte') AS deposit_kind, coalesce(s.verification, 'email') AS verification, coalesce(s.line_by_line, true) AS line_by_line,
           coalesce(s.reminders, true) AS reminders, coalesce(s.version, 0) AS version, t.version AS terms_version, t.body AS terms
         FROM (SELECT 1) one LEFT JOIN order_settings s ON s.tenant_id = $1
         LEFT JOIN LATERAL (SELECT version, body FROM sales_terms WHERE tenant_id = $1 ORDER BY version DESC LIMIT 1) t ON true",
    )
    .bind(tenant)
    .fetch_one(tx.conn())
    .await
}

/// One wording of the general terms.
pub(crate) async fn terms(tx: &mut Tx, version: i32) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT body FROM sales_terms WHERE tenant_id = $1 AND version = $2")
        .bind(tenant)
        .bind(version)
        .fetch_optional(tx.conn())
        .await
}

/// A change. Absent keeps, null clears.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(crate) struct OrderSettingsPatch {
    /// 1 to 365 (QI-05).
    validity_days: Option<i32>,
    /// What new quotes ask when they are accepted; null asks nothing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    deposit_percent: Patch<Decimal>,
    deposit_kind: Option<DepositKind>,
    verification: Option<Verification>,
    line_by_line: Option<bool>,
    /// Remind customers who do not answer, after two and five days.
    reminders: Option<bool>,
    /// General terms of sale. Another text is another version: what was accepted stays as it was read.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    terms: Patch<String>,
}

/// How a company makes quotes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OrderSettings)]
pub(crate) struct OrderSettingsOut {
    validity_days: i32,
    #[schema(value_type = Option<String>)]
    deposit_percent: Option<Decimal>,
    deposit_kind: DepositKind,
    verification: Verification,
    line_by_line: bool,
    reminders: bool,
    terms: Option<String>,
    /// Null: there are none.
    terms_version: Option<i32>,
    version: i32,
}

impl From<Settings> for Versioned<OrderSettingsOut> {
    fn from(settings: Settings) -> Self {
        Versioned(
            settings.version,
            OrderSettingsOut {
                validity_days: settings.validity_days,
                deposit_percent: settings.deposit_percent.map(|percent| percent.normalize()),
                deposit_kind: DepositKind::from_word(&settings.deposit_kind),
                verification: Verification::from_word(&settings.verification),
                line_by_line: settings.line_by_line,
                reminders: settings.reminders,
                terms: settings.terms.filter(|terms| !terms.is_empty()),
                terms_version: settings.terms_version,
                version: settings.version,
            },
        )
    }
}

#[derive(Debug, Serialize)]
struct SettingsUpdated {
    #[serde(skip)]
    tenant: Uuid,
    #[serde(skip)]
    changes: Vec<Change>,
}

impl DomainEvent for SettingsUpdated {
    fn name(&self) -> &'static str {
        "order_settings.updated"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "order_settings", id: self.tenant, label: "Devis".to_owned() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

async fn change(tx: &mut Tx, expected: Option<i32>, patch: OrderSettingsPatch) -> Result<Settings, Failure> {
    let tenant = tx.tenant();
    sqlx::query("SELECT 1 FROM tenants WHERE id = $1 FOR NO KEY UPDATE").bind(tenant).execute(tx.conn()).await?;
    let before = read(tx).await?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let validity_days = patch.validity_days.unwrap_or(before.validity_days);
    if !(1..=365).contains(&validity_days) {
        return Err(Problem::field("/validity_days", "range", "De 1 à 365 jours.").into());
    }
    let deposit_percent = patch.deposit_percent.apply(before.deposit_percent).map(|percent| percent.normalize());
    if deposit_percent.is_some_and(|percent| percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED || percent.scale() > 2) {
        return Err(Problem::field("/deposit_percent", "range", "De 0 à 100 %, deux décimales au plus.").into());
    }
    let terms = patch.terms.apply(before.terms.clone()).and_then(|terms| text::clean(&terms, true)).unwrap_or_default();
    if terms.chars().count() > MAX_TERMS {
        return Err(Problem::field("/terms", "too_long", "60 000 caractères au plus.").into());
    }
    sqlx::query(
        "INSERT INTO order_settings (tenant_id, validity_days, deposit_percent, deposit_kind, verification, line_by_line, reminders) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id) DO UPDATE SET validity_days = $2, deposit_percent = $3, deposit_kind = $4, verification = $5, line_by_line = $6, reminders = $7,
           version = order_settings.version + 1",
    )
    .bind(tenant)
    .bind(validity_days)
    .bind(deposit_percent)
    .bind(patch.deposit_kind.map_or_else(|| before.deposit_kind.clone(), |kind| kind.word().to_owned()))
    .bind(patch.verification.map_or_else(|| before.verification.clone(), |kind| kind.word().to_owned()))
    .bind(patch.line_by_line.unwrap_or(before.line_by_line))
    .bind(patch.reminders.unwrap_or(before.reminders))
    .execute(tx.conn())
    .await?;
    if terms != before.terms.clone().unwrap_or_default() {
        let (now, name) = (jiff_sqlx::ToSqlx::to_sqlx(tx.now()), tx.actor().name.clone());
        sqlx::query("INSERT INTO sales_terms (tenant_id, version, body, created_at, created_by_name) VALUES ($1, $2, $3, $4, $5)")
            .bind(tenant)
            .bind(before.terms_version.unwrap_or_default() + 1)
            .bind(&terms)
            .bind(now)
            .bind(name)
            .execute(tx.conn())
            .await?;
    }
    let after = read(tx).await?;
    let fields = |settings: &Settings| serde_json::to_value(settings).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let (old, new) = (fields(&before), fields(&after));
    // The wording itself is kept by its versions: the log names the version.
    let changes = new.iter().filter(|(field, _)| *field != "terms");
    let changes: Vec<Change> =
        changes.filter_map(|(field, value)| Change::between(field, old.get(field).unwrap_or(&serde_json::Value::Null), value)).collect();
    if !changes.is_empty() {
        tx.emit(&SettingsUpdated { tenant, changes });
    }
    Ok(after)
}

/// The habits of a demo company: defaults, and general terms.
pub(super) async fn demo(tx: &mut Tx, terms: &str) -> Result<(), Failure> {
    change(tx, None, OrderSettingsPatch { terms: Patch::Set(terms.to_owned()), ..OrderSettingsPatch::default() }).await?;
    Ok(())
}

/// How the company makes quotes.
#[utoipa::path(get, path = "/order-settings", operation_id = "get_order_settings", tag = "orders",
    responses((status = 200, body = OrderSettingsOut)), security(("session" = ["orders.read"])))]
pub(crate) async fn get_order_settings(auth: Authorized<OrdersRead>) -> ApiResult<Versioned<OrderSettingsOut>> {
    let mut tx = auth.read().await?;
    Ok(read(&mut tx).await?.into())
}

/// Changes how the company makes quotes.
#[utoipa::path(patch, path = "/order-settings", operation_id = "update_order_settings", tag = "orders", request_body = OrderSettingsPatch,
    responses((status = 200, body = OrderSettingsOut), (status = 412), (status = 422)), security(("session" = ["billing.manage"])))]
pub(crate) async fn update_order_settings(
    auth: Authorized<BillingManage>,
    headers: HeaderMap,
    Json(patch): Json<OrderSettingsPatch>,
) -> ApiResult<Versioned<OrderSettingsOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let settings = change(&mut tx, expected, patch).await?;
    tx.commit().await?;
    Ok(settings.into())
}
