//! Use cases of reminders.

use super::fees::{self, INDEMNITY, LateFees};
use super::model::{Audience, Case, DunningStep, ReminderChannel};
use super::store::{self, New, Open, Plan};
use super::texts;
use crate::invoices;
use crate::letters::Letter;
use crate::payments::links;
use crate::profiles::{self, Seller};
use crate::{day, invoices::Due};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::{App, Failure, Tx};

/// Something happened to the reminders of an invoice.
#[derive(Debug, Serialize)]
struct ReminderEvent {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    contact_id: Option<Uuid>,
    invoice: Value,
    subject: String,
}

impl DomainEvent for ReminderEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        let text = |key: &str| self.invoice.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Subject { kind: "invoice", id: text("id").parse().unwrap_or_default(), label: text("name") }
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

fn tell(tx: &mut Tx, name: &'static str, invoice: &Open, subject: &str) {
    let event = ReminderEvent {
        name,
        // The history of the customer shows what they were sent.
        contact_id: invoice.contact_id.filter(|_| name == "reminder.sent"),
        invoice: json!({ "id": invoice.id, "name": invoice.number }),
        subject: subject.to_owned(),
    };
    tx.emit(&event);
}

/// The plan of an audience: the usual one, not active, where nobody has written one.
pub(super) async fn plan(tx: &mut Tx, audience: Audience, lock: bool) -> sqlx::Result<Plan> {
    let written = store::plan(tx, audience.word(), lock).await?;
    Ok(written.unwrap_or_else(|| Plan {
        audience: audience.word().to_owned(),
        active: false,
        activated_on: None,
        include_existing: false,
        steps: Json(texts::usual(audience)),
        version: 0,
    }))
}

impl Plan {
    /// True where the plan may remind of an invoice at all: it is active, and the invoice is not older than it, unless that was asked for.
    pub(super) fn covers(&self, invoice: &Open) -> bool {
        let from = self.activated_on.map(jiff_sqlx::Date::to_jiff);
        self.active && (self.include_existing || from.is_some_and(|from| invoice.issue_date.to_jiff() >= from))
    }
}

impl Open {
    pub(super) fn audience(&self) -> Audience {
        Audience::of(self.customer_kind.as_deref())
    }

    pub(super) fn case(&self, today: Date) -> Case<'_> {
        Case { issued: self.issue_date.to_jiff(), due: self.due_date.to_jiff(), today, sent: &self.sent }
    }
}

/// What lateness costs today; nothing to a consumer (QI-38).
pub(super) async fn late_fees(tx: &mut Tx, invoice: &Open, rate: Option<Decimal>, today: Date) -> Result<LateFees, Failure> {
    let due = invoice.due_date.to_jiff();
    let days_late = (today - due).get_days();
    if days_late <= 0 || invoice.left_minor == 0 || invoice.audience() == Audience::Consumer {
        return Ok(LateFees { days_late: days_late.max(0), rate: None, ..LateFees::default() });
    }
    let mut unpaid = vec![(Date::MIN, invoice.gross_minor)];
    let mut left = invoice.gross_minor;
    for (on, amount) in store::settled(tx, invoice.id).await? {
        left -= amount;
        unpaid.push((on.to_jiff(), left.max(0)));
    }
    let penalty_minor = rate.map_or(0, |rate| fees::penalty(due, today, rate, &unpaid));
    Ok(LateFees { days_late, rate: rate.map(|rate| rate.normalize()), penalty_minor, indemnity_minor: INDEMNITY })
}

fn euros(minor: i64) -> String {
    let cents = minor.unsigned_abs();
    let whole = (cents / 100).to_string();
    let grouped: Vec<&str> = whole.as_bytes().rchunks(3).rev().filter_map(|part| std::str::from_utf8(part).ok()).collect();
    format!("{}{},{:02}\u{a0}€", if minor < 0 { "-" } else { "" }, grouped.join("\u{202f}"), cents % 100)
}

fn written(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// The words of a step for an invoice: (subject, body).
pub(super) fn worded(step: &DunningStep, invoice: &Open, seller: &Seller, fees: &LateFees) -> (String, String) {
    let of = |name: &str| match name {
        "client" => invoice.buyer_name.clone().unwrap_or_default(),
        "numero" => invoice.number.clone(),
        "date_facture" => written(invoice.issue_date.to_jiff()),
        "echeance" => written(invoice.due_date.to_jiff()),
        "montant" => euros(invoice.gross_minor),
        "reste_du" => euros(invoice.left_minor),
        "jours_retard" => fees.days_late.to_string(),
        "entreprise" => seller.name.clone(),
        "telephone" => seller.phone.clone().unwrap_or_default(),
        "email" => seller.email.clone().unwrap_or_default(),
        "iban" => seller.profile.iban.clone().unwrap_or_default(),
        "penalites" => euros(fees.penalty_minor),
        "indemnite" => euros(INDEMNITY),
        "taux" => fees.rate.map_or_else(|| "—".to_owned(), |rate| format!("{} %", rate.to_string().replace('.', ","))),
        "total_avec_frais" => euros(invoice.left_minor + fees.penalty_minor + fees.indemnity_minor),
        _ => String::new(),
    };
    let body = texts::filled(&step.body, &of);
    (texts::filled(&step.subject, &of), body.trim_end().to_owned())
}

/// What sending came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It has left, or waits to be printed, or failed and says so.
    Written,
    /// There was nothing to send any more.
    Nothing,
}

/// Sends a step of an invoice, if it is still to be sent. The invoice is locked: who pays in this second is not reminded in the next.
/// `by_hand`: somebody asked for it now, whatever day it is and whether the plan is active.
pub(super) async fn send(app: &App, tx: &mut Tx, id: Uuid, offset_days: i32, by_hand: bool) -> Result<Sent, Failure> {
    let due: Due = invoices::lock_due(tx, id).await?.ok_or_else(Problem::not_found)?;
    if due.row.due_minor() == 0 {
        return Ok(Sent::Nothing);
    }
    let today = day::today(tx).await?;
    let Some(invoice) = store::one(tx, id, today).await? else { return Ok(Sent::Nothing) };
    let plan = plan(tx, invoice.audience(), false).await?;
    let steps = &plan.steps.0;
    let step = if by_hand {
        steps.iter().find(|step| step.offset_days == offset_days && !invoice.sent.contains(&offset_days))
    } else {
        let case = invoice.case(today);
        case.due_step(steps).filter(|step| step.offset_days == offset_days && plan.covers(&invoice) && !invoice.paused)
    };
    let Some(step) = step.cloned() else { return Ok(Sent::Nothing) };
    let seller = profiles::seller(tx).await?;
    let fees = late_fees(tx, &invoice, seller.profile.late_rate, today).await?;
    let (subject, body) = worded(&step, &invoice, &seller, &fees);
    let email = invoice.email.as_deref().filter(|email| !email.is_empty());
    let (state, failure) = match (step.channel, email) {
        (ReminderChannel::Letter, _) => ("to_post", None),
        (ReminderChannel::Email, Some(_)) => ("sent", None),
        (ReminderChannel::Email, None) => ("failed", Some("no_email")),
    };
    let new = New {
        id: tx.new_id(),
        invoice: id,
        offset_days: step.offset_days,
        channel: step.channel.word(),
        state,
        recipient: if step.channel == ReminderChannel::Email { email } else { invoice.buyer_name.as_deref() },
        subject: &subject,
        body: &body,
        due_minor: invoice.left_minor,
        failure,
    };
    if !store::insert(tx, &new).await? {
        return Ok(Sent::Nothing);
    }
    if let ("sent", Some(to)) = (state, email) {
        let page = links::pay_url(tx, app, id).await?;
        let words = Letter {
            subject: subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect(),
            paragraphs: body.split("\n\n").map(str::to_owned).collect(),
            button: page.map(|page| ("Payer en ligne".to_owned(), page)),
            code: None,
        };
        tx.enqueue(&words.to(app, &seller, new.id, to)).await?;
    }
    let name = match state {
        "sent" => "reminder.sent",
        "to_post" => "reminder.prepared",
        _ => "reminder.failed",
    };
    tell(tx, name, &invoice, &subject);
    Ok(Sent::Written)
}

/// Holds reminders back, or lets them go on.
pub(super) async fn pause(
    tx: &mut Tx,
    invoice: Option<Uuid>,
    contact: Option<Uuid>,
    paused: bool,
    reason: Option<String>,
    until: Option<Date>,
) -> Result<(), Failure> {
    let today = day::today(tx).await?;
    let reason = reason.and_then(|reason| vision_kernel::text::clean(&reason, false));
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 300) {
        return Err(Problem::field("/reason", "too_long", "300 caractères au plus.").into());
    }
    if until.is_some_and(|until| until < today) {
        return Err(Problem::field("/until", "past", "Ce jour est passé.").into());
    }
    store::lift(tx, invoice, contact).await?;
    if paused {
        store::pause(tx, invoice, contact, reason.as_deref(), until).await?;
    }
    if let Some(id) = invoice
        && let Some(open) = store::one(tx, id, today).await?
    {
        tell(tx, if paused { "reminders.paused" } else { "reminders.resumed" }, &open, reason.as_deref().unwrap_or_default());
    }
    Ok(())
}

/// The plan changed.
#[derive(Debug, Serialize)]
pub(super) struct PlanUpdated {
    #[serde(skip)]
    pub tenant: Uuid,
    #[serde(skip)]
    pub changes: Vec<vision_kernel::Change>,
    pub audience: Audience,
}

impl DomainEvent for PlanUpdated {
    fn name(&self) -> &'static str {
        "dunning_plan.updated"
    }
    fn subject(&self) -> Subject {
        let label = if self.audience == Audience::Consumer { "Particuliers" } else { "Professionnels" };
        Subject { kind: "dunning_plan", id: self.tenant, label: label.to_owned() }
    }
    fn changes(&self) -> Vec<vision_kernel::Change> {
        self.changes.clone()
    }
}
