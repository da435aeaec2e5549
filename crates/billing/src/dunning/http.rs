//! Routes of reminders.

use super::fees::LateFees;
use super::model::{self, Audience, DunningStep};
use super::ops::{self, PlanUpdated, Sent};
use super::store::{self, Open, Pause, Plan, Row};
use super::{letter, texts};
use crate::invoices::{self, InvoiceDraft};
use crate::{day, profiles};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json as Stored;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_crm::contacts::buyers;
use vision_kernel::{Change, Cursor, Page, Problem, ProblemKind};
use vision_platform::http::{Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{BillingManage, InvoicesIssue, InvoicesRead, InvoicesWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Invoices whose reminders are looked ahead.
const PREVIEWED: i64 = 300;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_dunning_plans))
        .routes(routes!(update_dunning_plan))
        .routes(routes!(list_reminders))
        .routes(routes!(list_upcoming_reminders))
        .routes(routes!(get_invoice_reminders, send_reminder))
        .routes(routes!(pause_invoice_reminders))
        .routes(routes!(pause_contact_reminders, get_contact_reminder_pause))
        .routes(routes!(get_reminder_letter))
        .routes(routes!(mark_reminder_posted))
        .routes(routes!(draft_late_fees))
}

/// A plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DunningPlan {
    audience: String,
    active: bool,
    /// Invoices issued before are not reminded of, unless `include_existing`.
    #[schema(value_type = Option<String>, format = Date)]
    activated_on: Option<Date>,
    include_existing: bool,
    steps: Vec<DunningStep>,
    /// What may stand in braces.
    variables: Vec<&'static str>,
    version: i32,
}

impl From<Plan> for DunningPlan {
    fn from(plan: Plan) -> Self {
        let business = plan.audience == Audience::Business.word();
        Self {
            variables: texts::VARIABLES.iter().chain(if business { texts::FEES } else { &[] }).copied().collect(),
            audience: plan.audience,
            active: plan.active,
            activated_on: plan.activated_on.map(jiff_sqlx::Date::to_jiff),
            include_existing: plan.include_existing,
            steps: plan.steps.0,
            version: plan.version,
        }
    }
}

/// Plans.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DunningPlans {
    items: Vec<DunningPlan>,
}

/// The plans: for consumers and for businesses.
#[utoipa::path(get, path = "/dunning-plans", operation_id = "list_dunning_plans", tag = "dunning",
    responses((status = 200, body = DunningPlans)), security(("session" = ["invoices.read"])))]
async fn list_dunning_plans(auth: Authorized<InvoicesRead>) -> ApiResult<Json<DunningPlans>> {
    let mut tx = auth.read().await?;
    let mut items = Vec::new();
    for audience in Audience::ALL {
        items.push(ops::plan(&mut tx, audience, false).await?.into());
    }
    Ok(Json(DunningPlans { items }))
}

/// A change of a plan. Absent keeps.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct DunningPlanPatch {
    active: Option<bool>,
    /// Remind of invoices that were issued before the plan was activated.
    include_existing: Option<bool>,
    steps: Option<Vec<DunningStep>>,
}

/// Changes a plan: `consumer` or `business`. A consumer's texts name no fees (QI-38), nobody's sell anything.
#[utoipa::path(patch, path = "/dunning-plans/{audience}", operation_id = "update_dunning_plan", tag = "dunning", params(("audience" = String, Path)),
    request_body = DunningPlanPatch, responses((status = 200, body = DunningPlan), (status = 404), (status = 412), (status = 422)), security(("session" = ["billing.manage"])))]
async fn update_dunning_plan(
    auth: Authorized<BillingManage>,
    Path(audience): Path<String>,
    headers: HeaderMap,
    Json(patch): Json<DunningPlanPatch>,
) -> ApiResult<Versioned<DunningPlan>> {
    let audience = Audience::from_word(&audience).ok_or_else(Problem::not_found)?;
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let before = ops::plan(&mut tx, audience, true).await?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let today = day::today(&mut tx).await?;
    let active = patch.active.unwrap_or(before.active);
    let steps = patch.steps.map(|steps| model::checked(steps, audience)).transpose()?.unwrap_or_else(|| before.steps.0.clone());
    if active && steps.is_empty() {
        return Err(Problem::field("/steps", "required", "Un plan actif a au moins une étape.").into());
    }
    let after = Plan {
        active,
        // The day counts from each time that the plan is switched on.
        activated_on: if active && !before.active { Some(today.to_sqlx()) } else { before.activated_on },
        include_existing: patch.include_existing.unwrap_or(before.include_existing),
        steps: Stored(steps),
        ..before.clone()
    };
    store::put_plan(&mut tx, &after).await?;
    let changes = [
        Change::between("active", &before.active, &after.active),
        Change::between("include_existing", &before.include_existing, &after.include_existing),
        Change::between("steps", &before.steps.0, &after.steps.0),
    ];
    let tenant = tx.tenant();
    tx.emit(&PlanUpdated { tenant, changes: changes.into_iter().flatten().collect(), audience });
    let plan = ops::plan(&mut tx, audience, false).await?;
    tx.commit().await?;
    Ok(Versioned(plan.version, plan.into()))
}

/// A reminder that was written.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reminder {
    id: Uuid,
    invoice_id: Uuid,
    number: Option<String>,
    buyer_name: Option<String>,
    contact_id: Option<Uuid>,
    offset_days: i32,
    /// `email` or `letter`
    channel: String,
    /// `sent`, `to_post`, `posted`, `failed`
    state: String,
    recipient: Option<String>,
    subject: String,
    body: String,
    /// What was due when it was written.
    due_minor: i64,
    /// `no_email`
    failure: Option<String>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    posted_at: Option<Timestamp>,
}

impl From<Row> for Reminder {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            invoice_id: row.invoice_id,
            number: row.number,
            buyer_name: row.buyer_name,
            contact_id: row.contact_id,
            offset_days: row.offset_days,
            channel: row.channel,
            state: row.state,
            recipient: row.recipient,
            subject: row.subject,
            body: row.body,
            due_minor: row.due_minor,
            failure: row.failure,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
            posted_at: row.posted_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// True: only letters to post, and mails that could not leave.
    pending: Option<bool>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What was sent, the newest first.
#[utoipa::path(get, path = "/reminders", operation_id = "list_reminders", tag = "dunning", params(ListQuery),
    responses((status = 200, body = Page<Reminder>)), security(("session" = ["invoices.read"])))]
async fn list_reminders(auth: Authorized<InvoicesRead>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<Reminder>>> {
    let (limit, after) = (page_limit(query.limit, 50), cursor(query.cursor.as_deref())?);
    let mut tx = auth.read().await?;
    let rows = store::page(&mut tx, None, query.pending.unwrap_or(false), after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(Reminder::from)))
}

/// A reminder to come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UpcomingReminder {
    invoice_id: Uuid,
    number: String,
    buyer_name: Option<String>,
    #[schema(value_type = String, format = Date)]
    planned_on: Date,
    #[schema(value_type = String, format = Date)]
    due_date: Date,
    left_minor: i64,
    offset_days: i32,
    /// `email` or `letter`
    channel: String,
    subject: String,
    body: String,
    /// Nobody can be written to.
    no_email: bool,
}

fn upcoming(open: &Open, on: Date, step: &DunningStep, subject: String, body: String) -> UpcomingReminder {
    UpcomingReminder {
        invoice_id: open.id,
        number: open.number.clone(),
        buyer_name: open.buyer_name.clone(),
        planned_on: on,
        due_date: open.due_date.to_jiff(),
        left_minor: open.left_minor,
        offset_days: step.offset_days,
        channel: step.channel.word().to_owned(),
        subject,
        body,
        no_email: step.channel == model::ReminderChannel::Email && open.email.as_ref().is_none_or(String::is_empty),
    }
}

/// What would leave in the next thirty days, the next first; at most 200, from the 300 invoices that fall due first.
#[utoipa::path(get, path = "/reminders/upcoming", operation_id = "list_upcoming_reminders", tag = "dunning",
    responses((status = 200, body = Vec<UpcomingReminder>)), security(("session" = ["invoices.read"])))]
async fn list_upcoming_reminders(auth: Authorized<InvoicesRead>) -> ApiResult<Json<Vec<UpcomingReminder>>> {
    let mut tx = auth.read().await?;
    let today = day::today(&mut tx).await?;
    let horizon = today.checked_add(Span::new().days(30)).unwrap_or(today);
    let seller = profiles::seller(&mut tx).await?;
    let mut found = Vec::new();
    for audience in Audience::ALL {
        let plan = ops::plan(&mut tx, audience, false).await?;
        if !plan.active {
            continue;
        }
        for open in store::open(&mut tx, today, horizon.checked_add(Span::new().days(30)).unwrap_or(horizon), None, PREVIEWED).await? {
            if open.audience() != audience || open.paused || !plan.covers(&open) {
                continue;
            }
            for (on, step) in open.case(today).upcoming(&plan.steps.0).into_iter().filter(|(on, _)| *on <= horizon) {
                let fees = ops::late_fees(&mut tx, &open, seller.profile.late_rate, on).await?;
                let (subject, body) = ops::worded(step, &open, &seller, &fees);
                found.push(upcoming(&open, on, step, subject, body));
            }
        }
    }
    found.sort_by(|a, b| (a.planned_on, &a.number).cmp(&(b.planned_on, &b.number)));
    found.truncate(200);
    Ok(Json(found))
}

/// What holds reminders back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReminderPause {
    /// True: the whole customer, not this invoice alone.
    contact: bool,
    reason: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Pause> for ReminderPause {
    fn from(row: Pause) -> Self {
        Self {
            contact: row.contact_id.is_some() && row.invoice_id.is_none(),
            reason: row.reason,
            until: row.until.map(jiff_sqlx::Date::to_jiff),
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// The reminders of one invoice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceReminders {
    /// The plan of such customers is active and covers this invoice.
    covered: bool,
    audience: Audience,
    pauses: Vec<ReminderPause>,
    /// What is still to come, with its words as they would be on that day.
    upcoming: Vec<UpcomingReminder>,
    history: Vec<Reminder>,
    fees: LateFees,
}

async fn open_invoice(tx: &mut Tx, id: Uuid, today: Date) -> Result<Open, Failure> {
    Ok(store::one(tx, id, today).await?.ok_or_else(Problem::not_found)?)
}

async fn shown(tx: &mut Tx, id: Uuid) -> Result<Json<InvoiceReminders>, Failure> {
    let today = day::today(tx).await?;
    let open = open_invoice(tx, id, today).await?;
    let plan = ops::plan(tx, open.audience(), false).await?;
    let seller = profiles::seller(tx).await?;
    let mut ahead = Vec::new();
    if open.left_minor > 0 {
        for (on, step) in open.case(today).upcoming(&plan.steps.0) {
            let fees = ops::late_fees(tx, &open, seller.profile.late_rate, on).await?;
            let (subject, body) = ops::worded(step, &open, &seller, &fees);
            ahead.push(upcoming(&open, on, step, subject, body));
        }
    }
    Ok(Json(InvoiceReminders {
        covered: plan.covers(&open),
        audience: open.audience(),
        pauses: store::pauses(tx, Some(id), open.contact_id, today).await?.into_iter().map(ReminderPause::from).collect(),
        upcoming: ahead,
        history: store::page(tx, Some(id), false, None, 50).await?.into_iter().map(Reminder::from).collect(),
        fees: ops::late_fees(tx, &open, seller.profile.late_rate, today).await?,
    }))
}

/// The reminders of an invoice: what was sent, what is to come, what holds them back, what lateness costs (QI-37).
#[utoipa::path(get, path = "/invoices/{id}/reminders", operation_id = "get_invoice_reminders", tag = "dunning", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceReminders), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_invoice_reminders(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Json<InvoiceReminders>> {
    let mut tx = auth.read().await?;
    shown(&mut tx, id).await
}

/// Which step to send now.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SendReminderIn {
    /// Of the plan; the next one where nothing is said.
    offset_days: Option<i32>,
}

/// Sends a step now, whatever day it is. 409 when nothing is due, or the step has left.
#[utoipa::path(post, path = "/invoices/{id}/reminders", operation_id = "send_reminder", tag = "dunning", params(("id" = Uuid, Path)),
    request_body = SendReminderIn, responses((status = 200, body = InvoiceReminders), (status = 404), (status = 409)), security(("session" = ["invoices.issue"])))]
async fn send_reminder(
    auth: Authorized<InvoicesIssue>,
    Path(id): Path<Uuid>,
    Json(input): Json<SendReminderIn>,
) -> ApiResult<Json<InvoiceReminders>> {
    let mut tx = auth.begin().await?;
    let today = day::today(&mut tx).await?;
    let open = open_invoice(&mut tx, id, today).await?;
    let plan = ops::plan(&mut tx, open.audience(), false).await?;
    let next = open.case(today).upcoming(&plan.steps.0).first().map(|(_, step)| step.offset_days);
    let offset = input.offset_days.or(next).ok_or_else(|| Problem::conflict("Toutes les étapes du plan sont parties."))?;
    if ops::send(&auth.app, &mut tx, id, offset, true).await? == Sent::Nothing {
        return Err(Problem::conflict("Il n’y a rien à relancer : la facture est réglée, ou cette étape est déjà partie.").into());
    }
    let answer = shown(&mut tx, id).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Whether to hold back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ReminderPauseIn {
    /// False lets reminders go on.
    paused: bool,
    /// Such as a dispute.
    reason: Option<String>,
    /// The last day; without one until it is lifted.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

/// Holds the reminders of an invoice back, or lets them go on.
#[utoipa::path(put, path = "/invoices/{id}/reminder-pause", operation_id = "pause_invoice_reminders", tag = "dunning", params(("id" = Uuid, Path)),
    request_body = ReminderPauseIn, responses((status = 200, body = InvoiceReminders), (status = 404), (status = 422)), security(("session" = ["invoices.write"])))]
async fn pause_invoice_reminders(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<ReminderPauseIn>,
) -> ApiResult<Json<InvoiceReminders>> {
    let mut tx = auth.begin().await?;
    let today = day::today(&mut tx).await?;
    open_invoice(&mut tx, id, today).await?;
    ops::pause(&mut tx, Some(id), None, input.paused, input.reason, input.until).await?;
    let answer = shown(&mut tx, id).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Pauses of a contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ContactReminderPauses {
    items: Vec<ReminderPause>,
}

async fn contact_pauses(tx: &mut Tx, id: Uuid) -> Result<Json<ContactReminderPauses>, Failure> {
    let today = day::today(tx).await?;
    let items = store::pauses(tx, None, Some(id), today).await?.into_iter().map(ReminderPause::from).collect();
    Ok(Json(ContactReminderPauses { items }))
}

/// What holds the reminders to a contact back.
#[utoipa::path(get, path = "/contacts/{id}/reminder-pause", operation_id = "get_contact_reminder_pause", tag = "dunning", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactReminderPauses), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_contact_reminder_pause(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Json<ContactReminderPauses>> {
    let mut tx = auth.read().await?;
    buyers::buyer(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    contact_pauses(&mut tx, id).await
}

/// Holds all reminders to a contact back, or lets them go on.
#[utoipa::path(put, path = "/contacts/{id}/reminder-pause", operation_id = "pause_contact_reminders", tag = "dunning", params(("id" = Uuid, Path)),
    request_body = ReminderPauseIn, responses((status = 200, body = ContactReminderPauses), (status = 404), (status = 422)), security(("session" = ["invoices.write"])))]
async fn pause_contact_reminders(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<ReminderPauseIn>,
) -> ApiResult<Json<ContactReminderPauses>> {
    let mut tx = auth.begin().await?;
    buyers::buyer(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    ops::pause(&mut tx, None, Some(id), input.paused, input.reason, input.until).await?;
    let answer = contact_pauses(&mut tx, id).await?;
    tx.commit().await?;
    Ok(answer)
}

/// The letter of a reminder, to print and post.
#[utoipa::path(get, path = "/reminders/{id}/letter", operation_id = "get_reminder_letter", tag = "dunning", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_reminder_letter(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    let row = store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let seller = profiles::seller(&mut tx).await?;
    let buyer = match row.contact_id {
        Some(contact) => buyers::buyer(&mut tx, contact).await?,
        None => None,
    };
    let zone = day::zone_name(&mut tx).await?;
    drop(tx);
    let name = format!("relance-{}.pdf", row.number.as_deref().unwrap_or("facture").replace('/', "-"));
    let made = tokio::task::spawn_blocking(move || {
        let to = row.buyer_name.clone().unwrap_or_default();
        let letter = letter::Letter {
            id: row.id,
            at: row.created_at.to_jiff(),
            buyer: buyer.as_ref(),
            name: &to,
            subject: &row.subject,
            body: &row.body,
        };
        letter::pdf(&seller, &letter, &zone)
    });
    let pdf = made.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, pdf).into_response())
}

/// Notes that a letter was posted.
#[utoipa::path(post, path = "/reminders/{id}/posted", operation_id = "mark_reminder_posted", tag = "dunning", params(("id" = Uuid, Path)),
    responses((status = 200, body = Reminder), (status = 404), (status = 409)), security(("session" = ["invoices.write"])))]
async fn mark_reminder_posted(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<Json<Reminder>> {
    let mut tx = auth.begin().await?;
    store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if !store::posted(&mut tx, id).await? {
        return Err(Problem::conflict("Cette relance n’attend pas d’être postée.").into());
    }
    let row = store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// The draft that was begun.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LateFeesDraft {
    /// The draft.
    invoice_id: Uuid,
}

/// Begins an invoice of what lateness costs a business: penalty and indemnity, without VAT (QI-37, QI-38). 409 where there is nothing to ask for.
#[utoipa::path(post, path = "/invoices/{id}/late-fees", operation_id = "draft_late_fees", tag = "dunning", params(("id" = Uuid, Path)),
    responses((status = 201, body = LateFeesDraft), (status = 404), (status = 409)), security(("session" = ["invoices.write"])))]
async fn draft_late_fees(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let today = day::today(&mut tx).await?;
    let open = open_invoice(&mut tx, id, today).await?;
    let seller = profiles::seller(&mut tx).await?;
    let fees = ops::late_fees(&mut tx, &open, seller.profile.late_rate, today).await?;
    if fees.indemnity_minor == 0 {
        let why = if open.audience() == Audience::Consumer {
            "Rien de tel ne se demande à un particulier."
        } else {
            "Cette facture n’est pas en retard."
        };
        return Err(Problem::conflict(why).into());
    }
    // Neither the penalty nor the indemnity pays for anything: no VAT.
    let category = if seller.is_franchise() { "E" } else { "O" };
    let price = |minor: i64| rust_decimal::Decimal::new(minor, 2);
    let mut lines = vec![
        json!({ "label": "Indemnité forfaitaire pour frais de recouvrement", "quantity": "1", "unit_price": price(fees.indemnity_minor),
        "vat_category": category, "vat_rate": "0", "description": format!("Facture {} (C. com. L441-10 et D441-5)", open.number) }),
    ];
    if fees.penalty_minor > 0 {
        let rate = fees.rate.map(|rate| rate.to_string().replace('.', ",")).unwrap_or_default();
        lines.push(json!({ "label": format!("Pénalités de retard, facture {}", open.number), "quantity": "1", "unit_price": price(fees.penalty_minor),
            "vat_category": category, "vat_rate": "0", "description": format!("{} jours de retard, taux annuel de {rate} %", fees.days_late) }));
    }
    let draft = json!({ "contact_id": open.contact_id, "title": format!("Retard de paiement de la facture {}", open.number), "prices_include_vat": false, "lines": lines });
    let InvoiceDraft { id } = invoices::draft(&mut tx, serde_json::from_value(draft)?).await?;
    tx.commit().await?;
    Ok((
        axum::http::StatusCode::CREATED,
        [(header::LOCATION, format!("/api/v1/invoices/{id}"))],
        axum::Json(LateFeesDraft { invoice_id: id }),
    )
        .into_response())
}
