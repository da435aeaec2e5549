//! Looking up a company by SIREN or name, to fill a form. The register is outside: it is asked without any transaction, and nothing that it
//! says is believed without the check digits.

use axum::extract::{Query, State};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use vision_kernel::{Problem, ProblemKind, Siren, Siret, text};
use vision_platform::http::Json;
use vision_platform::permits::ContactsWrite;
use vision_platform::{ApiResult, App, Authorized, Failure, throttle};

/// Most companies of an answer.
const MAX_FOUND: usize = 10;
/// Shorter names match everything.
const MIN_NAME: usize = 3;
/// Questions of one tenant within [`WINDOW`]. The register answers seven a second to all tenants together: no one may use them up.
const PER_TENANT: i32 = 60;
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look_up_companies))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct LookupQuery {
    /// A SIREN, a SIRET, or at least three characters of a name. Empty: tells only which register is used.
    #[serde(default)]
    q: String,
}

/// A company of the register.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundCompany {
    siren: String,
    siret: Option<String>,
    /// Computed from the SIREN (QI-02).
    vat_number: String,
    name: String,
    legal_form: Option<String>,
    naf: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    /// False when it has ceased.
    active: bool,
}

/// At most ten.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundCompanyList {
    items: Vec<FoundCompany>,
    /// `none`: no register is configured; `offline`: invented companies; `gouv`: the State's open register.
    register: &'static str,
}

/// What to ask: digits must be a whole SIREN or SIRET with valid check digits (QI-01).
fn question(asked: &str) -> Result<Option<String>, Problem> {
    let asked = text::clean(asked, false).unwrap_or_default();
    let compact: String = asked.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '\u{a0}' | '\u{202f}')).collect();
    if !compact.is_empty() && compact.bytes().all(|byte| byte.is_ascii_digit()) {
        let invalid = |_| Problem::field("?q", "invalid_siren", "Ce numéro n’est pas valable : sa clé de contrôle ne correspond pas.");
        return match compact.len() {
            9 => compact.parse::<Siren>().map(|siren| Some(siren.to_string())).map_err(invalid),
            14 => compact.parse::<Siret>().map(|siret| Some(siret.siren().to_string())).map_err(invalid),
            _ => Ok(None),
        };
    }
    let name: String = asked.chars().take(100).collect();
    Ok((name.chars().count() >= MIN_NAME).then_some(name))
}

/// Counts a question of the tenant. What is refused is counted too.
async fn count(auth: &Authorized<ContactsWrite>) -> Result<(), Failure> {
    let mut tx = auth.app.db.system().await?;
    let allowed = throttle::hit(&mut tx, &format!("company-lookup:{}", auth.actor.tenant_id), PER_TENANT, WINDOW).await;
    tx.commit().await?;
    allowed.map_err(|failure| match failure.kind() {
        ProblemKind::RateLimited => {
            failure.0.detail("Trop de recherches dans l’annuaire en une minute. Patientez un peu, ou remplissez la fiche à la main.").into()
        }
        _ => failure,
    })
}

/// Companies of the register for a SIREN or a name.
#[utoipa::path(get, path = "/company-lookup", operation_id = "look_up_companies", tag = "contacts", params(LookupQuery),
    responses((status = 200, body = FoundCompanyList), (status = 422), (status = 429), (status = 503)),
    security(("session" = ["contacts.write"])))]
async fn look_up_companies(
    auth: Authorized<ContactsWrite>,
    State(app): State<App>,
    Query(query): Query<LookupQuery>,
) -> ApiResult<Json<FoundCompanyList>> {
    let register = app.companies.name();
    let Some(question) = question(&query.q)? else {
        return Ok(Json(FoundCompanyList { items: Vec::new(), register }));
    };
    count(&auth).await?;
    let found = app.companies.search(&question, MAX_FOUND).await.map_err(|error| {
        tracing::warn!(%error, "company look-up");
        Problem::new(ProblemKind::Unavailable).detail("L’annuaire des entreprises ne répond pas. Remplissez la fiche à la main.")
    })?;
    let line = |value: Option<String>, most: usize| {
        value.and_then(|value| text::clean(&value, false)).map(|value| value.chars().take(most).collect::<String>())
    };
    let items = found.into_iter().filter_map(|record| {
        let siren: Siren = record.siren.parse().ok()?;
        Some(FoundCompany {
            vat_number: siren.vat_number().to_string(),
            siret: record
                .siret
                .and_then(|siret| siret.parse::<Siret>().ok())
                .filter(|siret| siret.siren() == siren)
                .map(|siret| siret.to_string()),
            siren: siren.to_string(),
            name: line(Some(record.name), 200)?,
            legal_form: line(record.legal_form, 40),
            naf: line(record.naf, 6),
            line1: line(record.line1, 200),
            line2: line(record.line2, 200),
            postal_code: line(record.postal_code, 12),
            city: line(record.city, 120),
            active: record.active,
        })
    });
    Ok(Json(FoundCompanyList { items: items.take(MAX_FOUND).collect(), register }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // QI-01
    fn numbers_are_checked_before_anybody_is_asked() {
        assert_eq!(question("732 829 320").expect("valid").as_deref(), Some("732829320"));
        assert_eq!(question("732 829 320 00074").expect("valid").as_deref(), Some("732829320"));
        assert!(question("732829321").is_err() && question("73282932000075").is_err());
        for short in ["", " ", "ab", "73282", "é"] {
            assert_eq!(question(short).expect("nothing to ask"), None, "{short}");
        }
        assert_eq!(question("  Garage  ").expect("name").as_deref(), Some("Garage"));
        assert_eq!(question(&"x".repeat(10_000)).expect("name").map(|name| name.len()), Some(100));
    }
}
