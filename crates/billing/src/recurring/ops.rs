//! Use cases of recurring invoices.

use super::model::{LEAD, RecurringFrequency, RecurringMode, Rhythm, dated};
use super::store::{self, Row, Written};
use crate::invoices::{self, InvoiceDraft};
use crate::{day, invoices::model::InvoiceIn};
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use vision_crm::contacts::buyers;
use vision_kernel::{DomainEvent, FieldError, Permission, Problem, ProblemKind, Subject, text};
use vision_platform::{App, Failure, Tx};

/// What a client writes of a template.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub(crate) struct RecurringIn {
    /// How it is called in the list; from the subject where nothing is said.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Whom it is for.
    #[serde(default)]
    pub(super) contact_id: Option<Uuid>,
    /// What it says, as an invoice is written. `{mois}`, `{annee}`, `{trimestre}` in texts are those of each occurrence.
    #[serde(default)]
    pub(super) content: Option<InvoiceIn>,
    /// Instead of a content: taken over from this invoice, its customer included.
    #[serde(default)]
    pub(super) from_invoice: Option<Uuid>,
    pub(super) frequency: RecurringFrequency,
    /// Day of the month that is meant, 1 to 31; that of the first one where nothing is said.
    #[serde(default)]
    pub(super) anchor_day: Option<i16>,
    /// The first one.
    #[schema(value_type = String, format = Date)]
    pub(super) starts_on: Date,
    /// None after this day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub(super) ends_on: Option<Date>,
    /// No more than so many.
    #[serde(default)]
    pub(super) max_count: Option<i32>,
    pub(super) mode: RecurringMode,
}

/// Something happened to a template. The history of the customer shows the invoices that come of it.
#[derive(Debug, Serialize)]
pub(super) struct RecurringEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    /// Who is told when it failed.
    pub notify: Uuid,
    pub failure: Option<String>,
}

impl RecurringEvent {
    pub(super) fn new(name: &'static str, row: &Row) -> Self {
        Self { name, id: row.id, label: row.name.clone(), notify: row.created_by, failure: None }
    }
}

impl DomainEvent for RecurringEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "recurring_invoice", id: self.id, label: self.label.clone() }
    }
}

impl Row {
    pub(super) fn rhythm(&self) -> Rhythm {
        Rhythm {
            frequency: RecurringFrequency::from_word(&self.frequency),
            anchor: i8::try_from(self.anchor_day).unwrap_or(31),
            ends_on: self.ends_on.map(jiff_sqlx::Date::to_jiff),
        }
    }

    pub(super) fn next_on(&self) -> Option<Date> {
        self.next_on.map(jiff_sqlx::Date::to_jiff)
    }

    /// How many occurrences are left, as far as a count says.
    pub(super) fn left(&self) -> usize {
        self.max_count.map_or(usize::MAX, |most| usize::try_from(most - self.made_count).unwrap_or_default())
    }
}

/// A template, or 404: also when it is somebody else's to see.
pub(super) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> Result<Row, Failure> {
    Ok(store::get(tx, id, lock).await?.ok_or_else(Problem::not_found)?)
}

async fn checked(tx: &mut Tx, input: RecurringIn, before: Option<&Row>) -> Result<Written, Failure> {
    let mut errors = Vec::new();
    let from = match input.from_invoice {
        Some(id) => Some(invoices::content_of(tx, id).await?),
        None => None,
    };
    let contact_id = input.contact_id.or(from.as_ref().and_then(|(contact, _)| *contact));
    let content = match (input.content, from) {
        (Some(content), _) => invoices::checked_content(content)?,
        (None, Some((_, content))) => content,
        (None, None) => {
            before.map(|row| row.content.clone()).ok_or_else(|| Problem::field("/content", "required", "Dites ce qui est facturé."))?
        }
    };
    let gross_minor = invoices::gross_of(&content)?;
    match contact_id {
        None => errors.push(FieldError::new("/contact_id", "required", "Choisissez un client.")),
        Some(id) => match buyers::buyer(tx, id).await? {
            None => errors.push(FieldError::new("/contact_id", "unknown", "Ce contact n’existe pas.")),
            Some(buyer) if buyer.archived => {
                errors.push(FieldError::new("/contact_id", "archived", "Ce contact est archivé : restaurez-le d’abord."));
            }
            Some(_) => {}
        },
    }
    if content.get("lines").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        errors.push(FieldError::new("/content/lines", "required", "Il n’y a pas de ligne."));
    }
    let anchor = input.anchor_day.unwrap_or(i16::from(input.starts_on.day()));
    if !(1..=31).contains(&anchor) {
        errors.push(FieldError::new("/anchor_day", "range", "De 1 à 31."));
    }
    if input.ends_on.is_some_and(|end| end < input.starts_on) {
        errors.push(FieldError::new("/ends_on", "before", "La fin précède le début."));
    }
    if input.max_count.is_some_and(|most| !(1..=1000).contains(&most)) {
        errors.push(FieldError::new("/max_count", "range", "De 1 à 1 000."));
    }
    let today = day::today(tx).await?;
    // A new one that begins in the past is caught up once, today; a year back is a slip of the pen.
    if before.is_none() && (today - input.starts_on).get_days() > 366 {
        errors.push(FieldError::new("/starts_on", "past", "La première facture remonte à plus d’un an."));
    }
    let title = content.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = input.name.and_then(|name| text::clean(&name, false)).unwrap_or(title);
    if name.is_empty() {
        errors.push(FieldError::new("/name", "required", "Donnez un nom."));
    } else if name.chars().count() > 200 {
        errors.push(FieldError::new("/name", "too_long", "200 caractères au plus."));
    }
    if input.mode == RecurringMode::Issue && !tx.actor().may(Permission::InvoicesIssue) {
        errors.push(FieldError::new("/mode", "forbidden", "Émettre automatiquement demande le droit d’émettre des factures."));
    }
    if !errors.is_empty() {
        return Err(Problem::validation(errors).into());
    }
    let rhythm = Rhythm { frequency: input.frequency, anchor: i8::try_from(anchor).unwrap_or(31), ends_on: input.ends_on };
    let next_on = match before {
        // What has come is not to come again.
        Some(row) if row.made_count > 0 => rhythm.from(input.starts_on, row.next_on().unwrap_or(today).max(today)),
        _ => rhythm.from(input.starts_on, input.starts_on),
    };
    let exhausted = before.is_some_and(|row| input.max_count.is_some_and(|most| row.made_count >= most));
    Ok(Written {
        name,
        contact_id,
        content,
        gross_minor,
        frequency: input.frequency.word(),
        anchor_day: anchor,
        starts_on: input.starts_on,
        ends_on: input.ends_on,
        max_count: input.max_count,
        next_on: next_on.filter(|_| !exhausted),
        mode: input.mode.word(),
    })
}

/// Makes a template.
pub(super) async fn create(tx: &mut Tx, input: RecurringIn) -> Result<Row, Failure> {
    let written = checked(tx, input, None).await?;
    let id = tx.new_id();
    store::put(tx, id, &written).await?;
    let row = get(tx, id, false).await?;
    tx.emit(&RecurringEvent::new("recurring_invoice.created", &row));
    Ok(row)
}

/// Changes a template; `expected` is the version that the client has read.
pub(super) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, input: RecurringIn) -> Result<Row, Failure> {
    let before = get(tx, id, true).await?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let written = checked(tx, input, Some(&before)).await?;
    store::put(tx, id, &written).await?;
    let row = get(tx, id, false).await?;
    tx.emit(&RecurringEvent::new("recurring_invoice.updated", &row));
    Ok(row)
}

/// Pauses a template, or lets it go on with the first occurrence from today: what a pause held back does not come after it.
pub(super) async fn pause(tx: &mut Tx, id: Uuid, paused: bool) -> Result<Row, Failure> {
    let row = get(tx, id, true).await?;
    let today = day::today(tx).await?;
    let next = match row.next_on() {
        Some(next) if !paused => row.rhythm().from(next, today),
        other => other,
    };
    store::set_state(tx, id, if paused { "paused" } else { "active" }, next).await?;
    let row = get(tx, id, false).await?;
    tx.emit(&RecurringEvent::new(if paused { "recurring_invoice.paused" } else { "recurring_invoice.resumed" }, &row));
    Ok(row)
}

/// Deletes a template; its invoices stay.
pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = get(tx, id, true).await?;
    store::delete(tx, id).await?;
    tx.emit(&RecurringEvent::new("recurring_invoice.deleted", &row));
    Ok(())
}

/// The occurrence that is to come now, with those that were missed before it.
pub(super) struct DueRun {
    pub on: Date,
    pub missed: Vec<Date>,
    pub next: Option<Date>,
}

/// What is due of a template; nothing where it is paused, over, or the time has not come.
pub(super) fn due(row: &Row, today: Date) -> Option<DueRun> {
    if row.state != "active" || row.left() == 0 {
        return None;
    }
    let lead = if row.mode == "draft" { LEAD } else { 0 };
    let until = today.checked_add(Span::new().days(lead)).unwrap_or(today);
    let mut due: Vec<Date> = row.rhythm().next(row.next_on(), 1000).into_iter().take_while(|on| *on <= until).collect();
    let on = due.pop()?;
    let next = row.rhythm().after(on).filter(|_| row.left() > 1);
    Some(DueRun { on, missed: due, next })
}

/// The invoice of an occurrence, as a draft.
async fn draft(tx: &mut Tx, row: &Row, on: Date, with_contact: bool) -> Result<Uuid, Failure> {
    let mut content = row.content.clone();
    dated(&mut content, on);
    if let Some(content) = content.as_object_mut() {
        content.insert("contact_id".to_owned(), json!(row.contact_id.filter(|_| with_contact)));
    }
    let input: InvoiceIn = serde_json::from_value(content)?;
    let InvoiceDraft { id } = invoices::draft(tx, input).await?;
    Ok(id)
}

/// Does what is due of a template, whole or not at all. An occurrence that another worker has done is none any more.
pub(super) async fn run(app: &App, tx: &mut Tx, id: Uuid, logo: Option<Vec<u8>>) -> Result<(), Failure> {
    let Some(row) = store::get(tx, id, true).await? else { return Ok(()) };
    let today = day::today(tx).await?;
    let Some(run) = due(&row, today) else { return Ok(()) };
    for missed in &run.missed {
        store::run(tx, id, *missed, "skipped", None, None).await?;
    }
    let invoice = draft(tx, &row, run.on, true).await?;
    let issue = row.mode == "issue";
    if issue {
        invoices::issue_draft(app, tx, invoice, logo).await?;
    }
    store::run(tx, id, run.on, if issue { "issued" } else { "drafted" }, Some(invoice), None).await?;
    store::advance(tx, id, run.next, None).await?;
    tx.emit(&RecurringEvent::new(if issue { "recurring_invoice.issued" } else { "recurring_invoice.drafted" }, &row));
    Ok(())
}

/// What is left where an occurrence could not be issued: a draft that a person can complete, the reason, and somebody who is told.
pub(super) async fn give_up(tx: &mut Tx, id: Uuid, why: &str) -> Result<(), Failure> {
    let Some(row) = store::get(tx, id, true).await? else { return Ok(()) };
    let today = day::today(tx).await?;
    let Some(run) = due(&row, today) else { return Ok(()) };
    for missed in &run.missed {
        store::run(tx, id, *missed, "skipped", None, None).await?;
    }
    let buyer = match row.contact_id {
        Some(contact) => buyers::buyer(tx, contact).await?,
        None => None,
    };
    let invoice = draft(tx, &row, run.on, buyer.is_some_and(|buyer| !buyer.archived)).await?;
    store::run(tx, id, run.on, "failed", Some(invoice), Some(why)).await?;
    store::advance(tx, id, run.next, Some(why)).await?;
    tx.emit(&RecurringEvent { failure: Some(why.to_owned()), ..RecurringEvent::new("recurring_invoice.failed", &row) });
    Ok(())
}
