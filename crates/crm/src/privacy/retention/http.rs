//! Routes of retention.

use super::store::{self, Days};
use super::{Category, jobs};
use crate::contacts::events::ContactEvent;
use crate::privacy::{erasure, requests};
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, DomainEvent, FieldError, Page, Permission, Problem, ProblemKind, Subject, text};
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::{Json, cursor, expected_version, page_limit};
use vision_platform::permits::CompanyManage;
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Counted no further than this.
const CAP: i64 = 10_001;
/// Contacts in one decision.
const MOST: usize = 1000;

/// Routes.
pub(in crate::privacy) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_retention, set_retention))
        .routes(routes!(list_due))
        .routes(routes!(keep))
        .routes(routes!(erase_due))
}

/// How long people are kept, and how many are kept too long.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Retention)]
pub struct RetentionOut {
    /// Months after the last sign of life of somebody who was never invoiced.
    prospect_months: i32,
    /// Months after the last sign of life of a client.
    client_months: i32,
    /// Prospects beyond their term; counted up to 10,001.
    prospects_due: i64,
    /// Clients beyond their term; counted up to 10,001.
    clients_due: i64,
    /// Contacts that are kept longer on purpose.
    kept: i64,
    version: i32,
}

/// The review is about everybody: it is nothing for those who see some records only.
fn check_scope(tx: &Tx) -> Result<(), Failure> {
    let may_read = tx.actor().permissions.contains(&Permission::ContactsRead);
    if tx.actor().owner_scope.is_none() && may_read { Ok(()) } else { Err(Problem::new(ProblemKind::Forbidden).into()) }
}

/// The day before which a sign of life is too old.
pub(super) async fn days(tx: &mut Tx, category: Category) -> Result<Days, Failure> {
    let today = requests::today(tx).await?;
    let months = store::terms(tx).await?.months(category);
    Ok(Days { before: today.saturating_sub(months.months()), today })
}

async fn shown(tx: &mut Tx) -> Result<RetentionOut, Failure> {
    let terms = store::terms(tx).await?;
    let prospects = days(tx, Category::Prospect).await?;
    let clients = days(tx, Category::Client).await?;
    Ok(RetentionOut {
        prospect_months: terms.prospect_months,
        client_months: terms.client_months,
        prospects_due: store::count(tx, Category::Prospect, prospects, CAP).await?,
        clients_due: store::count(tx, Category::Client, clients, CAP).await?,
        kept: store::kept(tx, prospects.today).await?,
        version: terms.version,
    })
}

/// How long people are kept, and how many are beyond that (GD-06).
#[utoipa::path(get, path = "/privacy/retention", operation_id = "get_retention", tag = "privacy", responses((status = 200, body = RetentionOut)),
    security(("session" = ["company.manage"])))]
async fn get_retention(auth: Authorized<CompanyManage>) -> ApiResult<Json<RetentionOut>> {
    let mut tx = auth.read().await?;
    Ok(Json(shown(&mut tx).await?))
}

/// Months, 6 to 120.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct RetentionIn {
    prospect_months: i32,
    client_months: i32,
}

/// The terms were changed.
#[derive(Serialize)]
struct RetentionChanged {
    #[serde(skip)]
    tenant: Uuid,
    #[serde(skip)]
    changes: Vec<Change>,
}

impl DomainEvent for RetentionChanged {
    fn name(&self) -> &'static str {
        "privacy_retention.updated"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "privacy_retention", id: self.tenant, label: String::new() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

/// Sets how long people are kept.
#[utoipa::path(put, path = "/privacy/retention", operation_id = "set_retention", tag = "privacy", request_body = RetentionIn,
    responses((status = 200, body = RetentionOut), (status = 412), (status = 422)), security(("session" = ["company.manage"])))]
async fn set_retention(
    auth: Authorized<CompanyManage>,
    headers: HeaderMap,
    Json(input): Json<RetentionIn>,
) -> ApiResult<Json<RetentionOut>> {
    let wrong = |field: &str, months: i32| {
        (!(6..=120).contains(&months)).then(|| FieldError::new(format!("/{field}"), "invalid", "De 6 à 120 mois.".to_owned()))
    };
    let errors: Vec<FieldError> =
        [wrong("prospect_months", input.prospect_months), wrong("client_months", input.client_months)].into_iter().flatten().collect();
    if !errors.is_empty() {
        return Err(Problem::validation(errors).into());
    }
    let mut tx = auth.begin().await?;
    let before = store::terms(&mut tx).await?;
    let expected = expected_version(&headers)?.unwrap_or(before.version);
    if !store::set_terms(&mut tx, input.prospect_months, input.client_months, expected).await? {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let changes = [
        Change::between("prospect_months", &before.prospect_months, &input.prospect_months),
        Change::between("client_months", &before.client_months, &input.client_months),
    ];
    let event = RetentionChanged { tenant: tx.tenant(), changes: changes.into_iter().flatten().collect() };
    tx.emit(&event);
    let out = shown(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(out))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct DueQuery {
    #[param(inline)]
    category: Category,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Somebody who is kept too long.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RetentionDue)]
pub struct DueOut {
    id: Uuid,
    name: String,
    email: Option<String>,
    city: Option<String>,
    archived: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The last sign of life, or the collection.
    #[schema(value_type = String, format = DateTime)]
    last_sign_at: Timestamp,
}

/// Who is kept too long, by id.
#[utoipa::path(get, path = "/privacy/retention/contacts", operation_id = "list_retention_due", tag = "privacy", params(DueQuery),
    responses((status = 200, body = Page<DueOut>)), security(("session" = ["company.manage"])))]
async fn list_due(auth: Authorized<CompanyManage>, Query(query): Query<DueQuery>) -> ApiResult<Json<Page<DueOut>>> {
    let limit = page_limit(query.limit, 50);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    check_scope(&tx)?;
    let days = days(&mut tx, query.category).await?;
    let rows = store::page(&mut tx, query.category, days, None, after, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let page = Page::from_overfetch(rows, limit, |row| Cursor::id(row.id));
    Ok(Json(page.map(|row| DueOut {
        id: row.id,
        name: row.display_name,
        email: row.email,
        city: row.city,
        archived: row.archived,
        created_at: row.created_at.to_jiff(),
        last_sign_at: row.last_sign_at.to_jiff(),
    })))
}

/// A decision to keep contacts longer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = RetentionKeep)]
pub struct KeepIn {
    /// 1 to 1,000.
    ids: Vec<Uuid>,
    /// Months from today, 1 to 36.
    months: i32,
    /// Why: a claim, a guarantee, a conversation.
    reason: String,
}

/// How many are kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RetentionKept)]
pub struct KeptOut {
    kept: usize,
}

fn check_ids(ids: &[Uuid]) -> Option<FieldError> {
    (ids.is_empty() || ids.len() > MOST).then(|| FieldError::new("/ids", "invalid", "De 1 à 1 000 contacts.".to_owned()))
}

/// Keeps contacts longer, for a reason.
#[utoipa::path(post, path = "/privacy/retention/keep", operation_id = "keep_contacts", tag = "privacy", request_body = KeepIn,
    responses((status = 200, body = KeptOut), (status = 422)), security(("session" = ["company.manage"])))]
async fn keep(auth: Authorized<CompanyManage>, Json(input): Json<KeepIn>) -> ApiResult<Json<KeptOut>> {
    let mut errors: Vec<FieldError> = check_ids(&input.ids).into_iter().collect();
    if !(1..=36).contains(&input.months) {
        errors.push(FieldError::new("/months", "invalid", "De 1 à 36 mois.".to_owned()));
    }
    let reason = text::clean(&input.reason, false).filter(|reason| reason.chars().count() <= 300);
    let Some(reason) = reason.filter(|_| errors.is_empty()) else {
        if errors.is_empty() {
            errors.push(FieldError::new("/reason", "required", "Indiquez pourquoi, en 300 caractères au plus.".to_owned()));
        }
        return Err(Problem::validation(errors).into());
    };
    let mut tx = auth.begin().await?;
    check_scope(&tx)?;
    let until: Date = requests::today(&mut tx).await?.saturating_add(input.months.months());
    let kept = store::keep(&mut tx, &input.ids, until, &reason).await?;
    for (id, name) in &kept {
        tx.emit(&ContactEvent::new("contact.kept", *id, name.clone()));
    }
    tx.commit().await?;
    Ok(Json(KeptOut { kept: kept.len() }))
}

/// A decision to erase those who are kept too long.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = RetentionErase)]
pub struct EraseIn {
    pub(super) category: Category,
    /// Only these, at most 1,000; all of the category by default.
    pub(super) ids: Option<Vec<Uuid>>,
    /// All but these, at most 1,000.
    #[serde(default)]
    pub(super) except: Vec<Uuid>,
    /// How many, as they were shown: nobody erases more than they saw.
    confirm: i64,
}

/// Erases those who are kept too long, as a job; each gets a certificate. Needs `contacts.delete` too.
#[utoipa::path(post, path = "/privacy/retention/erase", operation_id = "erase_retention_due", tag = "privacy", request_body = EraseIn,
    responses((status = 202, body = JobOut), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn erase_due(auth: Authorized<CompanyManage>, Json(input): Json<EraseIn>) -> ApiResult<Response> {
    if let Some(error) = input.ids.as_deref().and_then(check_ids) {
        return Err(Problem::validation(vec![error]).into());
    }
    if input.except.len() > MOST {
        return Err(Problem::field("/except", "invalid", "1 000 contacts au plus.").into());
    }
    let mut tx = auth.begin().await?;
    erasure::check_right(&tx)?;
    check_scope(&tx)?;
    let days = days(&mut tx, input.category).await?;
    let count = |rows: Vec<store::DueRow>| i64::try_from(rows.iter().filter(|row| !input.except.contains(&row.id)).count()).unwrap_or(0);
    let total = if let Some(ids) = &input.ids {
        count(store::page(&mut tx, input.category, days, Some(ids), None, CAP).await?)
    } else {
        let spared = store::page(&mut tx, input.category, days, Some(&input.except), None, CAP).await?.len();
        store::count(&mut tx, input.category, days, i64::MAX).await? - i64::try_from(spared).unwrap_or(0)
    };
    if total == 0 || total != input.confirm {
        return Err(Problem::conflict("La liste a changé depuis qu’elle a été affichée : relisez-la avant de confirmer.")
            .with("count", total)
            .into());
    }
    let job = background::create(&mut tx, jobs::KIND, serde_json::to_value(jobs::Params::new(input, days))?, false).await?;
    background::set_total(&mut tx, job.id, total).await?;
    tx.enqueue_with(&jobs::Sweep { job_id: job.id }, Some(&format!("retention:{}", job.id)), Some("erase")).await?;
    tx.commit().await?;
    Ok(background::accepted(BackgroundJob { total, ..job }))
}
