//! Routes of the way a company invoices.

use super::model::{BillingProfilePatch, ProfileUpdated, Seller};
use super::store;
use crate::day;
use axum::http::HeaderMap;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use vision_kernel::{FieldError, Problem, ProblemKind};
use vision_platform::http::{Json, Versioned, expected_version};
use vision_platform::permits::{BillingManage, InvoicesRead};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};
use vision_sales::vat::{self, VatRate};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_billing_profile, update_billing_profile))
}

/// How the company invoices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BillingProfile)]
pub struct BillingProfileOut {
    /// `normal` or `franchise`
    vat_regime: String,
    /// `mainland`, `corsica`, `antilles_reunion`, `untaxed`
    territory: String,
    vat_on_debits: bool,
    share_capital: Option<String>,
    rcs_city: Option<String>,
    iban: Option<String>,
    bic: Option<String>,
    payment_days: i32,
    #[schema(value_type = Option<String>)]
    late_rate: Option<Decimal>,
    discount_terms: Option<String>,
    mention_set: String,
    prices_include_vat: bool,
    footer: Option<String>,
    /// The VAT rates that may be charged today.
    rates: Vec<VatRate>,
    /// What must be filled in before anything is issued.
    missing: Vec<FieldError>,
    version: i32,
}

async fn shown(tx: &mut Tx, seller: Seller) -> Result<Versioned<BillingProfileOut>, Failure> {
    let (missing, profile) = (seller.missing(), seller.profile);
    let today = day::today(tx).await?;
    let rates = if profile.vat_regime == "franchise" { Vec::new() } else { vat::rates_on(tx, &profile.territory, today).await? };
    Ok(Versioned(
        profile.version,
        BillingProfileOut {
            vat_regime: profile.vat_regime,
            territory: profile.territory,
            vat_on_debits: profile.vat_on_debits,
            share_capital: profile.share_capital,
            rcs_city: profile.rcs_city,
            iban: profile.iban,
            bic: profile.bic,
            payment_days: profile.payment_days,
            late_rate: profile.late_rate,
            discount_terms: profile.discount_terms,
            mention_set: profile.mention_set,
            prices_include_vat: profile.prices_include_vat,
            footer: profile.footer,
            rates,
            missing,
            version: profile.version,
        },
    ))
}

/// How the company invoices, the rates it may charge, and what its profile lacks.
#[utoipa::path(get, path = "/billing-profile", operation_id = "get_billing_profile", tag = "billing",
    responses((status = 200, body = BillingProfileOut)), security(("session" = ["invoices.read"])))]
async fn get_billing_profile(auth: Authorized<InvoicesRead>) -> ApiResult<Versioned<BillingProfileOut>> {
    let mut tx = auth.read().await?;
    let seller = store::seller(&mut tx).await?;
    shown(&mut tx, seller).await
}

/// Changes how the company invoices. What was issued stays as it is.
#[utoipa::path(patch, path = "/billing-profile", operation_id = "update_billing_profile", tag = "billing", request_body = BillingProfilePatch,
    responses((status = 200, body = BillingProfileOut), (status = 412), (status = 422)), security(("session" = ["billing.manage"])))]
async fn update_billing_profile(
    auth: Authorized<BillingManage>,
    headers: HeaderMap,
    Json(patch): Json<BillingProfilePatch>,
) -> ApiResult<Versioned<BillingProfileOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    store::lock(&mut tx).await?;
    let before = store::seller(&mut tx).await?;
    if expected.is_some_and(|version| version != before.profile.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.profile.version).into());
    }
    let after = before.profile.apply(patch)?;
    let changes = after.changes_since(&before.profile);
    if !changes.is_empty() {
        store::put(&mut tx, &after).await?;
        let tenant = tx.tenant();
        tx.emit(&ProfileUpdated { tenant, name: before.name.clone(), changes });
    }
    let seller = store::seller(&mut tx).await?;
    let answer = shown(&mut tx, seller).await?;
    tx.commit().await?;
    Ok(answer)
}
