//! Routes of the company's profile.

use super::model::TenantPatch;
use super::store::{self, TenantRow};
use crate::events::CompanyEvent;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Problem, ProblemKind, Siren};
use vision_platform::http::{Json, Versioned, expected_version};
use vision_platform::permits::{CompanyManage, SignedIn};
use vision_platform::{ApiResult, App, Authorized};

/// Largest logo, in bytes.
const MAX_LOGO: usize = 1024 * 1024;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_tenant, update_tenant))
        .merge(OpenApiRouter::new().routes(routes!(get_logo, set_logo, delete_logo)).layer(DefaultBodyLimit::max(MAX_LOGO)))
        .routes(routes!(set_onboarding))
        .routes(routes!(check_siren))
}

/// The company.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Tenant)]
pub struct TenantOut {
    id: Uuid,
    slug: String,
    name: String,
    legal_name: Option<String>,
    legal_form: Option<String>,
    siren: Option<String>,
    siret: Option<String>,
    vat_number: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: String,
    /// E.164
    phone: Option<String>,
    email: Option<String>,
    website: Option<String>,
    trade: String,
    time_zone: String,
    accent_color: Option<String>,
    /// How many days the audit log is kept.
    audit_retention_days: i32,
    has_logo: bool,
    plan: String,
    /// `company`, `look`, `team`, `import`; null when done or skipped.
    onboarding_step: Option<String>,
    onboarding_completed: bool,
    version: i32,
}

impl From<TenantRow> for TenantOut {
    fn from(row: TenantRow) -> Self {
        let p = row.profile;
        Self {
            id: row.id,
            slug: row.slug,
            name: p.name,
            legal_name: p.legal_name,
            legal_form: p.legal_form,
            siren: p.siren,
            siret: p.siret,
            vat_number: p.vat_number,
            address_line1: p.address_line1,
            address_line2: p.address_line2,
            postal_code: p.postal_code,
            city: p.city,
            country: p.country,
            phone: p.phone,
            email: p.email,
            website: p.website,
            trade: p.trade,
            time_zone: p.time_zone,
            accent_color: p.accent_color,
            audit_retention_days: p.audit_retention_days,
            has_logo: row.logo_key.is_some(),
            plan: row.plan,
            onboarding_step: row.onboarding_step,
            onboarding_completed: row.onboarding_completed_at.is_some(),
            version: row.version,
        }
    }
}

/// The company's profile.
#[utoipa::path(get, path = "/tenant", operation_id = "get_tenant", tag = "company", responses((status = 200, body = TenantOut)), security(("session" = [])))]
async fn get_tenant(auth: Authorized<SignedIn>) -> ApiResult<Versioned<TenantOut>> {
    let row = store::get(&mut auth.read().await?, false).await?;
    Ok(Versioned(row.version, row.into()))
}

/// Changes the company's profile.
#[utoipa::path(patch, path = "/tenant", operation_id = "update_tenant", tag = "company", request_body = TenantPatch,
    params(("If-Match" = Option<String>, Header)), responses((status = 200, body = TenantOut), (status = 412), (status = 422)),
    security(("session" = ["company.manage"])))]
async fn update_tenant(
    auth: Authorized<CompanyManage>,
    headers: HeaderMap,
    Json(patch): Json<TenantPatch>,
) -> ApiResult<Versioned<TenantOut>> {
    let mut tx = auth.begin().await?;
    let row = store::get(&mut tx, true).await?;
    if expected_version(&headers)?.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    let before = row.profile.clone();
    let after = row.profile.apply(patch)?;
    let changes = after.changes_since(&before);
    if !changes.is_empty() {
        store::update(&mut tx, &after).await?;
        tx.emit(&CompanyEvent { name: "tenant.updated", kind: "tenant", id: row.id, label: after.name, changes });
    }
    let row = store::get(&mut tx, false).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// The image type that the bytes themselves show; what the client says does not count.
fn sniff_image(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The company's logo.
#[utoipa::path(get, path = "/tenant/logo", operation_id = "get_logo", tag = "company",
    responses((status = 200, body = Vec<u8>, content_type = "image/png"), (status = 404)), security(("session" = [])))]
async fn get_logo(auth: Authorized<SignedIn>) -> ApiResult<Response> {
    let row = store::get(&mut auth.read().await?, false).await?;
    let bytes = auth.app.files.get(&row.logo_key.ok_or_else(Problem::not_found)?).await?;
    let kind = sniff_image(&bytes).ok_or_else(Problem::not_found)?;
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"))];
    Ok((headers, bytes).into_response())
}

/// Replaces the logo: PNG, JPEG or WebP, at most 1 MiB.
#[utoipa::path(put, path = "/tenant/logo", operation_id = "set_logo", tag = "company", request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = TenantOut), (status = 413), (status = 415)), security(("session" = ["company.manage"])))]
async fn set_logo(auth: Authorized<CompanyManage>, body: Bytes) -> ApiResult<Json<TenantOut>> {
    if sniff_image(&body).is_none() {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType).detail("Le logo doit être une image PNG, JPEG ou WebP.").into());
    }
    let key = format!("{}/logo/{}", auth.actor.tenant_id, auth.app.clock.new_id());
    auth.app.files.put(&key, body).await?;
    Ok(Json(replace_logo(&auth, Some(&key)).await?))
}

/// Removes the logo.
#[utoipa::path(delete, path = "/tenant/logo", operation_id = "delete_logo", tag = "company", responses((status = 200, body = TenantOut)),
    security(("session" = ["company.manage"])))]
async fn delete_logo(auth: Authorized<CompanyManage>) -> ApiResult<Json<TenantOut>> {
    Ok(Json(replace_logo(&auth, None).await?))
}

async fn replace_logo(auth: &Authorized<CompanyManage>, key: Option<&str>) -> ApiResult<TenantOut> {
    let mut tx = auth.begin().await?;
    let before = store::get(&mut tx, true).await?;
    store::set_logo(&mut tx, key).await?;
    let row = store::get(&mut tx, false).await?;
    tx.emit(&CompanyEvent {
        name: "tenant.logo_changed",
        kind: "tenant",
        id: row.id,
        label: row.profile.name.clone(),
        changes: Vec::new(),
    });
    tx.commit().await?;
    if let Some(old) = before.logo_key {
        auth.app.files.delete(&old).await?;
    }
    Ok(row.into())
}

/// Where the onboarding stands.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OnboardingIn {
    /// The step to resume at: `company`, `look`, `team`, `import`.
    step: Option<String>,
    /// True ends the onboarding.
    #[serde(default)]
    completed: bool,
}

/// Moves or ends the onboarding.
#[utoipa::path(patch, path = "/tenant/onboarding", operation_id = "set_onboarding", tag = "company", request_body = OnboardingIn,
    responses((status = 200, body = TenantOut), (status = 422)), security(("session" = ["company.manage"])))]
async fn set_onboarding(auth: Authorized<CompanyManage>, Json(input): Json<OnboardingIn>) -> ApiResult<Json<TenantOut>> {
    if input.step.as_deref().is_some_and(|step| !matches!(step, "company" | "look" | "team" | "import")) {
        return Err(Problem::field("/step", "invalid", "Cette étape n’existe pas.").into());
    }
    let mut tx = auth.begin().await?;
    store::set_onboarding(&mut tx, input.step.as_deref(), input.completed).await?;
    let row = store::get(&mut tx, false).await?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// What a SIREN gives by computation alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SirenCheck {
    siren: String,
    valid: bool,
    /// QI-02
    vat_number: Option<String>,
}

/// Checks a SIREN and computes its VAT number; nothing is looked up.
#[utoipa::path(get, path = "/siren/{siren}", operation_id = "check_siren", tag = "company", params(("siren" = String, Path)),
    responses((status = 200, body = SirenCheck)), security(("session" = [])))]
async fn check_siren(_auth: Authorized<SignedIn>, Path(siren): Path<String>) -> ApiResult<(StatusCode, Json<SirenCheck>)> {
    let parsed = siren.parse::<Siren>().ok();
    let vat_number = parsed.as_ref().map(|siren| siren.vat_number().to_string());
    Ok((StatusCode::OK, Json(SirenCheck { valid: parsed.is_some(), siren: parsed.map_or(siren, |siren| siren.to_string()), vat_number })))
}
