//! Drafts: made, changed, thrown away.

use super::document::{self, Source};
use super::events::InvoiceEvent;
use super::model::{Draft, InvoiceIn, InvoiceKind, InvoiceLineIn};
use super::store::{self, LineRow, Row};
use crate::day;
use crate::profiles;
use serde_json::json;
use uuid::Uuid;
use vision_crm::contacts::buyers::{self, Buyer};
use vision_documents::commercial::Commercial;
use vision_kernel::totals::Totals;
use vision_kernel::{Problem, ProblemKind, text};
use vision_platform::{Failure, Tx};

/// The kind of a stored invoice.
pub(super) fn kind_of(row: &Row) -> InvoiceKind {
    serde_json::from_value(json!(row.kind)).unwrap_or_default()
}

/// The invoice with its lines, or 404: also when it is somebody else's to see.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<(Row, Vec<LineRow>), Failure> {
    let row = store::get(tx, id, false).await?.ok_or_else(Problem::not_found)?;
    let lines = store::lines(tx, id).await?;
    Ok((row, lines))
}

/// A draft, locked; refused when it is issued or the reader is behind.
pub(super) async fn locked_draft(tx: &mut Tx, id: Uuid, expected: Option<i32>) -> Result<(Row, Draft), Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if row.state != "draft" {
        return Err(Problem::conflict("Cette facture est émise : elle ne change plus. Établissez un avoir ou une facture rectificative.")
            .with("reason", "issued")
            .into());
    }
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    let lines: Vec<InvoiceLineIn> = store::lines(tx, id).await?.iter().map(InvoiceLineIn::from).collect();
    let draft = row.draft(lines);
    Ok((row, draft))
}

async fn checked(tx: &mut Tx, draft: &Draft) -> Result<Option<Buyer>, Failure> {
    if let Some(entity) = draft.entity_id
        && !store::entity_exists(tx, entity).await?
    {
        return Err(Problem::field("/entity_id", "unknown", "Cette fiche n’existe pas.").into());
    }
    let Some(contact) = draft.contact_id else { return Ok(None) };
    match buyers::buyer(tx, contact).await? {
        None => Err(Problem::field("/contact_id", "unknown", "Ce contact n’existe pas.").into()),
        Some(buyer) if buyer.archived => {
            Err(Problem::field("/contact_id", "archived", "Ce contact est archivé : restaurez-le d’abord.").into())
        }
        Some(buyer) => Ok(Some(buyer)),
    }
}

/// What a search finds a draft or an invoice by.
pub(super) fn search_text(draft: &Draft, buyer: Option<&str>, number: Option<&str>) -> String {
    let words = [number, buyer, draft.title.as_deref(), draft.order_reference.as_deref()];
    text::fold(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

async fn write(tx: &mut Tx, id: Uuid, draft: &Draft) -> Result<(), Failure> {
    let buyer = checked(tx, draft).await?;
    let totals = draft.totals()?;
    let search = search_text(draft, buyer.as_ref().map(|buyer| buyer.display_name.as_str()), None);
    store::put(tx, id, draft, &totals, &search).await?;
    Ok(())
}

/// Begins a draft.
pub(super) async fn create(tx: &mut Tx, input: InvoiceIn) -> Result<(Row, Vec<LineRow>), Failure> {
    let seller = profiles::seller(tx).await?;
    let blank = Draft { prices_include_vat: seller.profile.prices_include_vat, ..Draft::default() };
    let (id, draft) = (tx.new_id(), blank.apply(input)?);
    if draft.contact_id.is_none() && tx.actor().owner_scope.is_some() {
        return Err(Problem::field("/contact_id", "required", "Indiquez le client, parmi vos contacts.").into());
    }
    store::insert(tx, id, "invoice", None).await?;
    write(tx, id, &draft).await?;
    let (row, lines) = get(tx, id).await?;
    tx.emit(&InvoiceEvent::new("invoice.drafted", &row));
    Ok((row, lines))
}

/// Changes a draft; `expected` is the version that the client has read.
pub(super) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, input: InvoiceIn) -> Result<(Row, Vec<LineRow>), Failure> {
    let (row, before) = locked_draft(tx, id, expected).await?;
    let after = before.clone().apply(input)?;
    if after == before {
        return get(tx, id).await;
    }
    if row.corrects_id.is_some() && after.contact_id != before.contact_id {
        return Err(Problem::field("/contact_id", "fixed", "Un avoir va au client de la facture.").into());
    }
    write(tx, id, &after).await?;
    get(tx, id).await
}

/// A copy of an invoice as a new draft, to be issued for itself.
pub(super) async fn duplicate(tx: &mut Tx, id: Uuid) -> Result<(Row, Vec<LineRow>), Failure> {
    let (row, lines) = get(tx, id).await?;
    let lines: Vec<InvoiceLineIn> = lines.iter().map(InvoiceLineIn::from).collect();
    let mut draft = Draft { due_date: None, supply_date: None, ..row.draft(lines) };
    // A contact that has been archived since gets no new document; the copy is for nobody yet.
    if let Some(contact) = draft.contact_id
        && buyers::buyer(tx, contact).await?.is_none_or(|buyer| buyer.archived)
    {
        draft.contact_id = None;
    }
    let copy = tx.new_id();
    store::insert(tx, copy, "invoice", None).await?;
    write(tx, copy, &draft).await?;
    let (row, lines) = get(tx, copy).await?;
    tx.emit(&InvoiceEvent::new("invoice.drafted", &row));
    Ok((row, lines))
}

/// Throws a draft away: it had no number, so that no gap is left.
pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let (row, _) = locked_draft(tx, id, None).await?;
    store::delete(tx, id).await?;
    tx.emit(&InvoiceEvent::new("invoice.discarded", &row));
    Ok(())
}

/// What a draft comes to, and the document that it would be today.
pub(super) async fn preview(tx: &mut Tx, id: Uuid) -> Result<Commercial, Failure> {
    let (row, lines) = get(tx, id).await?;
    let draft = row.draft(lines.iter().map(InvoiceLineIn::from).collect());
    let totals = draft.totals()?;
    let seller = profiles::seller(tx).await?;
    let buyer = match draft.contact_id {
        Some(contact) => buyers::buyer(tx, contact).await?,
        None => None,
    };
    let today = day::today(tx).await?;
    let mentions = store::mentions(tx, today, &seller.profile.mention_set).await?;
    let preceding = super::credit::preceding(tx, &row).await?;
    let (deposits, _) = super::deposits::of(tx, &row, kind_of(&row)).await?;
    Ok(document::commercial(Source {
        kind: kind_of(&row),
        draft: &draft,
        totals: &totals,
        seller: &seller,
        buyer: buyer.as_ref(),
        mentions: &mentions,
        number: None,
        issue_date: today,
        due_date: draft.due_date,
        preceding,
        deposits,
        quote: row.order_number.as_deref(),
    }))
}

/// Adds up lines that are being typed; nothing is stored.
pub(super) fn totals(input: InvoiceIn) -> Result<Totals, Failure> {
    Ok(Draft::default().apply(input)?.totals()?)
}

/// Begins an invoice of a quote: what it asks was agreed, and its issue checks that it stays within it (QI-14).
pub(crate) async fn from_order(
    tx: &mut Tx,
    kind: InvoiceKind,
    draft: &Draft,
    order: Uuid,
    progress: Option<rust_decimal::Decimal>,
) -> Result<Uuid, Failure> {
    let word = serde_json::to_value(kind)?;
    let id = tx.new_id();
    store::insert(tx, id, word.as_str().unwrap_or("invoice"), None).await?;
    store::set_order(tx, id, order, progress).await?;
    write(tx, id, draft).await?;
    let (row, _) = get(tx, id).await?;
    tx.emit(&InvoiceEvent::new("invoice.drafted", &row));
    Ok(id)
}
