//! Use cases of the staff: writing, sending, revising, calling off.

use super::document::{self, Paper};
use super::events::OrderEvent;
use super::invoicing;
use super::model::{DepositKind, OrderDraft, OrderIn, OrderLineIn, OrderState, Verification};
use super::settings;
use super::store::{self, OrderLineRow, Row};
use super::trail::{self, NewVersion};
use crate::day;
use crate::invoices::model::DiscountIn;
use crate::invoices::{self, issue};
use crate::letters::Letter;
use crate::profiles::{self, Seller};
use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;
use vision_crm::contacts::buyers::{self, Buyer};
use vision_documents::commercial::{self, Commercial};
use vision_kernel::french;
use vision_kernel::{Email, FieldError, Problem, ProblemKind, text};
use vision_platform::{App, Failure, Tx, crypto, public_link};

/// A quote with its lines.
pub(super) type Whole = (Row, Vec<OrderLineRow>);

/// Where a quote stands today.
pub(super) fn state_of(row: &Row, today: Date) -> OrderState {
    OrderState::of(&row.state, row.valid_until.is_some_and(|until| until.to_jiff() < today))
}

/// The quote with its lines, or 404: also when it is somebody else's to see.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<Whole, Failure> {
    let row = store::get(tx, id, false).await?.ok_or_else(Problem::not_found)?;
    let lines = store::lines(tx, id).await?;
    Ok((row, lines))
}

fn check_version(row: &Row, expected: Option<i32>) -> Result<(), Failure> {
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    Ok(())
}

/// A quote that is being written, locked.
pub(super) async fn locked_draft(tx: &mut Tx, id: Uuid, expected: Option<i32>) -> Result<(Row, OrderDraft), Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if row.state != "draft" {
        // QI-06
        return Err(Problem::conflict("Ce devis est envoyé : il ne change plus. Préparez une nouvelle version.")
            .with("reason", "sent")
            .into());
    }
    check_version(&row, expected)?;
    let lines = store::lines(tx, id).await?;
    let draft = row.draft(&lines);
    Ok((row, draft))
}

async fn checked(tx: &mut Tx, draft: &OrderDraft) -> Result<Option<Buyer>, Failure> {
    if let Some(entity) = draft.content.entity_id
        && !invoices::store::entity_exists(tx, entity).await?
    {
        return Err(Problem::field("/entity_id", "unknown", "Cette fiche n’existe pas.").into());
    }
    let Some(contact) = draft.content.contact_id else { return Ok(None) };
    match buyers::buyer(tx, contact).await? {
        None => Err(Problem::field("/contact_id", "unknown", "Ce contact n’existe pas.").into()),
        Some(buyer) if buyer.archived => {
            Err(Problem::field("/contact_id", "archived", "Ce contact est archivé : restaurez-le d’abord.").into())
        }
        Some(buyer) => Ok(Some(buyer)),
    }
}

fn search_text(draft: &OrderDraft, buyer: Option<&str>, number: Option<&str>, template: Option<&str>) -> String {
    let words = [number, buyer, template, draft.content.title.as_deref(), draft.content.order_reference.as_deref()];
    text::fold(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

async fn write(tx: &mut Tx, id: Uuid, draft: &OrderDraft, number: Option<&str>, template: Option<&str>) -> Result<(), Failure> {
    let buyer = checked(tx, draft).await?;
    let totals = draft.totals()?;
    let name = buyer.as_ref().map(|buyer| buyer.display_name.as_str());
    store::put(tx, id, draft, &totals, &search_text(draft, name, number, template)).await?;
    Ok(())
}

/// What a new quote begins with.
async fn blank(tx: &mut Tx) -> Result<OrderDraft, Failure> {
    let settings = settings::read(tx).await?;
    let seller = profiles::seller(tx).await?;
    let mut draft = OrderDraft {
        deposit: DiscountIn { percent: settings.deposit_percent.map(|percent| percent.normalize()), amount_minor: None }.discount(),
        deposit_kind: DepositKind::from_word(&settings.deposit_kind),
        line_by_line: settings.line_by_line,
        verification: Verification::from_word(&settings.verification),
        ..OrderDraft::default()
    };
    draft.content.prices_include_vat = seller.profile.prices_include_vat;
    Ok(draft)
}

async fn begin(tx: &mut Tx, draft: &OrderDraft, template: Option<&str>) -> Result<Whole, Failure> {
    if draft.content.contact_id.is_none() && template.is_none() && tx.actor().owner_scope.is_some() {
        return Err(Problem::field("/contact_id", "required", "Indiquez le client, parmi vos contacts.").into());
    }
    let id = tx.new_id();
    store::insert(tx, id, template).await?;
    write(tx, id, draft, None, template).await?;
    let whole = get(tx, id).await?;
    if template.is_none() {
        tx.emit(&OrderEvent::new("order.drafted", &whole.0));
    }
    Ok(whole)
}

/// Begins a quote.
pub(super) async fn create(tx: &mut Tx, input: OrderIn) -> Result<Whole, Failure> {
    let draft = blank(tx).await?.apply(input)?;
    begin(tx, &draft, None).await
}

/// Changes a quote that is being written; `expected` is the version that the client has read.
pub(super) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, input: OrderIn) -> Result<Whole, Failure> {
    let (row, before) = locked_draft(tx, id, expected).await?;
    let after = before.clone().apply(input)?;
    if after != before {
        if row.number.is_some() && after.content.contact_id != before.content.contact_id {
            return Err(Problem::field(
                "/contact_id",
                "fixed",
                "Une nouvelle version va au même client : dupliquez le devis pour un autre.",
            )
            .into());
        }
        write(tx, id, &after, row.number.as_deref(), row.template_name.as_deref()).await?;
    }
    get(tx, id).await
}

/// A copy: a quote of its own, or a template where it has a name. From a template, a quote begins the same way.
pub(super) async fn duplicate(tx: &mut Tx, id: Uuid, template: Option<String>, contact: Option<Uuid>) -> Result<Whole, Failure> {
    let (row, lines) = get(tx, id).await?;
    let mut draft = row.draft(&lines);
    draft.valid_until = None;
    let name = match template {
        None => None,
        Some(name) => Some(template_name(&name)?),
    };
    if name.is_some() || row.template_name.is_some() {
        draft.content.contact_id = None;
        draft.content.entity_id = None;
        draft.content.order_reference = None;
    }
    if contact.is_some() {
        draft.content.contact_id = contact;
    } else if let Some(known) = draft.content.contact_id
        && buyers::buyer(tx, known).await?.is_none_or(|buyer| buyer.archived)
    {
        draft.content.contact_id = None;
    }
    begin(tx, &draft, name.as_deref()).await
}

fn template_name(name: &str) -> Result<String, Problem> {
    let name = text::clean(name, false).ok_or_else(|| Problem::field("/template_name", "required", "Donnez un nom au modèle."))?;
    if name.chars().count() > 120 {
        return Err(Problem::field("/template_name", "too_long", "120 caractères au plus."));
    }
    Ok(name)
}

/// Renames a template.
pub(super) async fn rename_template(tx: &mut Tx, id: Uuid, name: &str) -> Result<Whole, Failure> {
    let row = store::get(tx, id, true).await?.filter(|row| row.template_name.is_some()).ok_or_else(Problem::not_found)?;
    store::rename_template(tx, row.id, &template_name(name)?).await?;
    get(tx, id).await
}

/// Throws away what was never sent; of a new version, goes back to the one that was sent.
pub(super) async fn discard(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let (row, _) = locked_draft(tx, id, None).await?;
    if row.number.is_none() {
        store::delete(tx, id).await?;
        if row.template_name.is_none() {
            tx.emit(&OrderEvent::new("order.discarded", &row));
        }
        return Ok(());
    }
    let last = row.revision - 1;
    let version = trail::version(tx, id, last).await?.ok_or_else(Problem::not_found)?;
    let answer = trail::answer(tx, id, last).await?;
    // What was sent is frozen; whose it is follows merges and owners.
    let mut content = version.content.0.clone();
    (content.content.contact_id, content.content.entity_id) = (row.contact_id, row.entity_id);
    let totals = content.totals()?;
    let search = search_text(&content, Some(&version.buyer_name), row.number.as_deref(), None);
    store::put(tx, id, &content, &totals, &search).await?;
    store::set_revision(tx, id, last).await?;
    trail::set_replaced(tx, id, last, false).await?;
    store::restore_validity(tx, id, version.valid_until).await?;
    let state = answer.map_or("sent", |answer| if answer.kind == "refused" { "refused" } else { "sent" });
    store::set_state(tx, id, state, row.reason.as_deref()).await?;
    trail::evidence(tx, (id, last), "restored", None, &json!({})).await?;
    let settings = settings::read(tx).await?;
    let next = tx.now() + jiff::SignedDuration::from_hours(super::jobs::REMINDERS[0]);
    store::set_remind_at(tx, id, (settings.reminders && state == "sent").then_some(next)).await?;
    Ok(())
}

/// Tells the staff that the deposit which a customer was promised could not be invoiced, and why.
pub(super) async fn deposit_failed(tx: &mut Tx, id: Uuid, failure: &Failure) -> Result<(), Failure> {
    let Some(mut row) = store::get(tx, id, false).await? else { return Ok(()) };
    let first = failure.0.errors.first().map(|error| error.detail.clone());
    row.reason = first.or_else(|| failure.0.detail.clone());
    tx.emit(&OrderEvent::new("order.deposit_failed", &row));
    Ok(())
}

/// What a quote lacks before it can be sent; every lack at once.
fn lacks(seller: &Seller, buyer: Option<&Buyer>, draft: &OrderDraft, today: Date) -> Vec<FieldError> {
    let mut errors = seller.missing();
    let mut lack = |pointer: &str, code: &str, what: &str| errors.push(FieldError::new(pointer, code, what));
    if draft.content.lines.is_empty() {
        lack("/lines", "required", "Le devis n’a pas de ligne.");
    } else if draft.offered().is_empty() {
        lack("/lines", "optional", "Le devis n’a que des options : offrez au moins une ligne.");
    }
    if buyer.is_none() {
        lack("/contact_id", "required", "Choisissez un client.");
    }
    if draft.valid_until.is_some_and(|until| until < today) {
        lack("/valid_until", "past", "La date de validité est passée.");
    }
    errors
}

/// How a quote goes out.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
pub(super) struct SendIn {
    /// Where to; the contact's first address where nothing is said. Null or nothing: no mail goes out, and the link is handed over otherwise.
    #[serde(default)]
    pub to: Option<String>,
    /// A word above the link.
    #[serde(default)]
    pub message: Option<String>,
    /// True: no mail; the link is in the answer.
    #[serde(default)]
    pub by_hand: bool,
}

/// The address of a quote's page.
pub(super) fn address(app: &App, token: &str) -> String {
    format!("{}/proposition/{token}", app.config.public_url)
}

/// When a link ends: long after the quote, because what was accepted is shown to its customer for as long as it is kept (QI-11).
fn link_end(tx: &Tx) -> jiff::Timestamp {
    tx.now() + jiff::SignedDuration::from_hours(24 * 4400)
}

/// Sends a quote: number, frozen version with its PDF, link, mail and evidence in one transaction. Gives the address of its page.
pub(super) async fn send(
    app: &App,
    tx: &mut Tx,
    id: Uuid,
    expected: Option<i32>,
    input: SendIn,
    logo: Option<Vec<u8>>,
) -> Result<(Whole, String), Failure> {
    let (row, mut draft) = locked_draft(tx, id, expected).await?;
    if row.template_name.is_some() {
        return Err(Problem::conflict("Un modèle ne s’envoie pas : créez un devis à partir de lui.").into());
    }
    let today = day::today(tx).await?;
    let seller = profiles::seller(tx).await?;
    let buyer = match draft.content.contact_id {
        Some(contact) => buyers::buyer(tx, contact).await?,
        None => None,
    };
    let lacking = lacks(&seller, buyer.as_ref(), &draft, today);
    let Some(buyer) = buyer.filter(|_| lacking.is_empty()) else { return Err(Problem::validation(lacking).into()) };
    let to = match text::clean(input.to.as_deref().unwrap_or_default(), false).or_else(|| buyer.email.clone()) {
        _ if input.by_hand && draft.verification == Verification::None => None,
        None if draft.verification == Verification::Email => {
            return Err(Problem::field("/to", "required", "Indiquez l’adresse e-mail du client : son code de signature y arrivera.").into());
        }
        None => return Err(Problem::field("/to", "required", "Indiquez l’adresse e-mail du client, ou remettez le lien vous-même.").into()),
        Some(to) => {
            Some(Email::parse(&to).ok_or_else(|| Problem::field("/to", "invalid", "Cette adresse e-mail n’est pas valable."))?.to_string())
        }
    };
    issue::check_rates(tx, &seller, &buyer.customer_kind, &draft.content, invoices::model::InvoiceKind::Invoice, today).await?;
    let totals = draft.totals()?;
    if totals.gross_minor < 0 {
        return Err(Problem::field("/lines", "negative", "Le total d’un devis n’est pas négatif.").into());
    }
    let settings = settings::read(tx).await?;
    let valid_until =
        draft.valid_until.unwrap_or_else(|| today.checked_add(jiff::Span::new().days(settings.validity_days)).unwrap_or(today));
    draft.valid_until = Some(valid_until);
    let terms_version = settings.terms_version.filter(|_| settings.terms.as_ref().is_some_and(|terms| !terms.is_empty()));
    let number = if let Some(number) = &row.number {
        number.clone()
    } else {
        let place = store::next_number(tx, i32::from(today.year())).await?;
        invoices::numbers::written("D{YYYY}-{000001}", today.year(), place)
    };
    let reference = document::reference(&number, row.revision);
    let mentions = invoices::store::mentions(tx, today, &seller.profile.mention_set).await?;
    let paper = document::commercial(&Paper {
        draft: &draft,
        totals: &totals,
        seller: &seller,
        buyer: Some(&buyer),
        mentions: &mentions,
        number: Some(&reference),
        issue_date: today,
        valid_until,
        terms_version,
    });
    let frozen = serde_json::to_value(&paper)?;
    let pdf = rendered(paper, logo, format!("{id}-{}", row.revision), tx.now()).await?;
    let hash = crypto::sha256(&pdf);
    let new = NewVersion {
        revision: row.revision,
        content: &draft,
        document: &frozen,
        pdf: &pdf,
        pdf_sha256: &hash,
        valid_until,
        gross_minor: totals.gross_minor,
        customer_kind: &buyer.customer_kind,
        buyer_name: &buyer.display_name,
        terms_version,
    };
    trail::insert_version(tx, id, &new).await?;
    trail::remember(tx, &hash, "quote_sent", &reference).await?;
    let search = search_text(&draft, Some(&buyer.display_name), Some(&number), None);
    store::set_sent(tx, id, &number, valid_until, &search).await?;
    let first = tx.now() + jiff::SignedDuration::from_hours(super::jobs::REMINDERS[0]);
    store::set_remind_at(tx, id, (settings.reminders && to.is_some()).then_some(first)).await?;
    let (token, link) = public_link::mint(tx.tenant());
    let end = link_end(tx);
    trail::insert_link(tx, (id, row.revision), &link.hash, "remote", to.as_deref(), end).await?;
    trail::evidence(tx, (id, row.revision), "sent", None, &json!({ "to": to, "pdf_sha256": hex(&hash), "by_hand": input.by_hand })).await?;
    let page = address(app, &token);
    if let Some(to) = to.as_ref().filter(|_| !input.by_hand) {
        let message = text::clean(input.message.as_deref().unwrap_or_default(), true);
        if message.as_ref().is_some_and(|text| text.chars().count() > 2000) {
            return Err(Problem::field("/message", "too_long", "2 000 caractères au plus.").into());
        }
        let letter = sent_letter(&seller, &buyer.display_name, &reference, &draft, totals.gross_minor, valid_until, message, page.clone());
        let mail = letter.to(app, &seller, tx.new_id(), to);
        tx.enqueue(&mail).await?;
    }
    let whole = get(tx, id).await?;
    tx.emit(&OrderEvent::new("order.sent", &whole.0));
    Ok((whole, page))
}

#[expect(clippy::too_many_arguments, reason = "each is a word of the letter")]
fn sent_letter(
    seller: &Seller,
    buyer: &str,
    reference: &str,
    draft: &OrderDraft,
    gross_minor: i64,
    valid_until: Date,
    message: Option<String>,
    page: String,
) -> Letter {
    let about = draft.content.title.as_ref().map(|title| format!(" « {title} »")).unwrap_or_default();
    let mut paragraphs = vec![format!("Bonjour {buyer},")];
    paragraphs.extend(message);
    paragraphs.push(format!(
        "Votre devis {reference}{about} est prêt : {} TTC, valable jusqu’au {}. Vous pouvez le lire, l’accepter ou le refuser en ligne.",
        french::euros(gross_minor),
        french::day(valid_until)
    ));
    Letter {
        subject: format!("Votre devis {reference} – {}", seller.name),
        paragraphs,
        button: Some(("Voir le devis".to_owned(), page)),
        code: None,
    }
}

/// Renders a paper on a thread of its own.
pub(super) async fn rendered(mut paper: Commercial, logo: Option<Vec<u8>>, ident: String, at: jiff::Timestamp) -> Result<Vec<u8>, Failure> {
    paper.brand.logo = logo;
    let made = tokio::task::spawn_blocking(move || commercial::pdf(&paper, &ident, at, None));
    let made = made.await.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(made.map_err(|error| Problem::internal(error.to_string()))?)
}

/// Renders an accepted paper with its certificate on a thread of its own.
pub(super) async fn rendered_sealed(
    mut paper: Commercial,
    logo: Option<Vec<u8>>,
    ident: String,
    at: jiff::Timestamp,
    evidence: Vec<u8>,
    signature: Option<Vec<u8>>,
) -> Result<Vec<u8>, Failure> {
    paper.brand.logo = logo;
    let drawn = signature.is_some();
    let made = tokio::task::spawn_blocking(move || commercial::sealed(&paper, &ident, at, &evidence, signature.as_deref()));
    let made = made.await.map_err(|error| Problem::internal(error.to_string()))?;
    // A picture that only looks like one is the visitor's fault, and is said so.
    let refused = |error: vision_documents::DocumentError| {
        if drawn {
            Problem::field("/signature", "invalid", "La signature n’a pas pu être lue : recommencez.")
        } else {
            Problem::internal(error.to_string())
        }
    };
    Ok(made.map_err(refused)?)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The paper that a draft would be today.
pub(super) async fn preview(tx: &mut Tx, id: Uuid) -> Result<Commercial, Failure> {
    let (row, lines) = get(tx, id).await?;
    let draft = row.draft(&lines);
    let totals = draft.totals()?;
    let seller = profiles::seller(tx).await?;
    let buyer = match draft.content.contact_id {
        Some(contact) => buyers::buyer(tx, contact).await?,
        None => None,
    };
    let today = day::today(tx).await?;
    let settings = settings::read(tx).await?;
    let mentions = invoices::store::mentions(tx, today, &seller.profile.mention_set).await?;
    let after = today.checked_add(jiff::Span::new().days(settings.validity_days)).unwrap_or(today);
    Ok(document::commercial(&Paper {
        draft: &draft,
        totals: &totals,
        seller: &seller,
        buyer: buyer.as_ref(),
        mentions: &mentions,
        number: None,
        issue_date: today,
        valid_until: draft.valid_until.unwrap_or(after),
        terms_version: settings.terms_version.filter(|_| settings.terms.is_some_and(|terms| !terms.is_empty())),
    }))
}

/// Begins the next version of a quote that was sent: its links open no answer any more (QI-06).
pub(super) async fn revise(tx: &mut Tx, id: Uuid) -> Result<Whole, Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    match row.state.as_str() {
        "sent" | "viewed" | "refused" => {}
        "draft" => return Err(Problem::conflict("Ce devis est déjà en préparation.").into()),
        "accepted" | "partially_accepted" => {
            return Err(Problem::conflict("Ce devis est accepté : il ne change plus. Dupliquez-le pour un complément.")
                .with("reason", "accepted")
                .into());
        }
        _ => return Err(Problem::conflict("Ce devis est annulé : dupliquez-le.").into()),
    }
    trail::set_replaced(tx, id, row.revision, true).await?;
    trail::evidence(tx, (id, row.revision), "replaced", None, &json!({})).await?;
    store::set_revision(tx, id, row.revision + 1).await?;
    let whole = get(tx, id).await?;
    tx.emit(&OrderEvent::new("order.revised", &whole.0));
    Ok(whole)
}

/// Who calls an accepted quote off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CancelledBy {
    /// The customer backs out.
    Customer,
    /// The company backs out.
    Company,
}

/// Calls a quote off.
pub(super) async fn cancel(tx: &mut Tx, id: Uuid, by: CancelledBy, reason: &str) -> Result<(Whole, Option<i64>), Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if !matches!(row.state.as_str(), "sent" | "viewed" | "accepted" | "partially_accepted") {
        return Err(Problem::conflict("Ce devis ne s’annule pas : il n’est ni envoyé ni accepté.").into());
    }
    let reason = text::clean(reason, false).ok_or_else(|| Problem::field("/reason", "required", "Dites pourquoi."))?;
    if reason.chars().count() > 300 {
        return Err(Problem::field("/reason", "too_long", "300 caractères au plus.").into());
    }
    let accepted = matches!(row.state.as_str(), "accepted" | "partially_accepted");
    let invoices = store::invoices_of(tx, id).await?;
    let owed = invoicing::owed_back(accepted, DepositKind::from_word(&row.deposit_kind), by, &invoices);
    store::set_state(tx, id, "cancelled", Some(&reason)).await?;
    let said = json!({ "by": by, "reason": reason, "owed_back_minor": owed });
    trail::evidence(tx, (id, row.revision), "cancelled", None, &said).await?;
    invoicing::call_off(tx, id, "Devis annulé").await?;
    let whole = get(tx, id).await?;
    tx.emit(&OrderEvent::new("order.cancelled", &whole.0));
    Ok((whole, owed))
}

/// What is owed back when an accepted quote is called off (QI-12), in cents with VAT: the sum received before the work, and what of it
/// goes back.
pub(super) fn owed_back(kind: DepositKind, by: CancelledBy, received_minor: i64) -> i64 {
    match (kind, by) {
        (DepositKind::Arrhes, CancelledBy::Customer) => 0,
        (DepositKind::Arrhes, CancelledBy::Company) => received_minor * 2,
        // A deposit binds both: what was paid for work that is not done goes back, and damages are for the parties to settle.
        (DepositKind::Acompte, _) => received_minor,
    }
}

/// How a new link is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LinkMode {
    /// To be handed to the customer.
    Remote,
    /// On a device of the company's, for a customer who is there; ends after an hour.
    InPerson,
}

/// Makes another link to the version that was sent.
pub(super) async fn link(app: &App, tx: &mut Tx, id: Uuid, mode: LinkMode) -> Result<String, Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if row.number.is_none() || row.state == "draft" {
        return Err(Problem::conflict("Ce devis n’est pas envoyé.").into());
    }
    let (token, minted) = public_link::mint(tx.tenant());
    let (word, end) = match mode {
        LinkMode::Remote => ("remote", link_end(tx)),
        LinkMode::InPerson => ("in_person", tx.now() + jiff::SignedDuration::from_hours(1)),
    };
    let sent_to = if mode == LinkMode::Remote { trail::sent_to(tx, id, row.revision).await? } else { None };
    trail::insert_link(tx, (id, row.revision), &minted.hash, word, sent_to.as_deref(), end).await?;
    Ok(address(app, &token))
}

/// Sends the mail of a quote again, with a link of its own.
pub(super) async fn remind(app: &App, tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    let today = day::today(tx).await?;
    if !matches!(state_of(&row, today), OrderState::Sent | OrderState::Viewed) {
        return Err(Problem::conflict("Ce devis n’attend pas de réponse.").into());
    }
    let version = trail::version(tx, id, row.revision).await?.ok_or_else(Problem::not_found)?;
    let to = trail::sent_to(tx, id, row.revision).await?.or_else(|| row.contact_email.clone());
    let to = to.ok_or_else(|| Problem::conflict("Ce client n’a pas d’adresse e-mail."))?;
    let (token, minted) = public_link::mint(tx.tenant());
    let end = link_end(tx);
    trail::insert_link(tx, (id, row.revision), &minted.hash, "remote", Some(&to), end).await?;
    let seller = profiles::seller(tx).await?;
    let reference = document::reference(row.number.as_deref().unwrap_or_default(), row.revision);
    let letter = Letter {
        subject: format!("Rappel : votre devis {reference} – {}", seller.name),
        paragraphs: vec![
            format!("Bonjour {},", version.buyer_name),
            format!(
                "Votre devis {reference} ({} TTC) attend votre réponse. Il est valable jusqu’au {}.",
                french::euros(version.gross_minor),
                french::day(version.valid_until.to_jiff())
            ),
            "Une question, un changement ? Répondez-nous : nous l’adapterons.".to_owned(),
        ],
        button: Some(("Voir le devis".to_owned(), address(app, &token))),
        code: None,
    };
    let mail = letter.to(app, &seller, tx.new_id(), &to);
    tx.enqueue(&mail).await?;
    trail::evidence(tx, (id, row.revision), "reminded", None, &json!({ "to": to })).await?;
    Ok(())
}

/// Adds up what is being typed; nothing is stored.
pub(super) fn totals(input: OrderIn) -> Result<vision_kernel::totals::Totals, Failure> {
    Ok(OrderDraft::default().apply(input)?.totals()?)
}

/// The lines as a client writes them.
pub(super) fn written(lines: &[OrderLineRow]) -> Vec<OrderLineIn> {
    lines.iter().map(OrderLineIn::from).collect()
}
