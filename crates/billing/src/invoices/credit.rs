//! Credit notes (QI-29): they take back what was invoiced, at the rates at which it was invoiced, and never more.

use super::contract;
use super::document::by_rate;
use super::events::InvoiceEvent;
use super::model::{Draft, InvoiceKind, InvoiceLineIn};
use super::store::{self, LineRow, Row};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_documents::commercial::{Preceding, VatSubtotal};
use vision_kernel::totals::{Totals, VatCategory};
use vision_kernel::{Problem, text};
use vision_platform::{Failure, Tx};

/// What is taken back of a line.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct CreditLineIn {
    /// Place of the line in the invoice, from one.
    position: usize,
    /// How much of it; all of it where nothing is said.
    #[schema(value_type = Option<String>)]
    quantity: Option<Decimal>,
}

/// A credit note to begin.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct CreditNoteIn {
    /// Why; printed on it.
    reason: String,
    /// Which lines; the whole invoice where nothing is said.
    lines: Option<Vec<CreditLineIn>>,
}

fn chosen(all: &[LineRow], wanted: Option<Vec<CreditLineIn>>) -> Result<Vec<InvoiceLineIn>, Problem> {
    let Some(wanted) = wanted else { return Ok(all.iter().map(InvoiceLineIn::from).collect()) };
    let mut lines = Vec::new();
    for (index, one) in wanted.into_iter().enumerate() {
        let line = one.position.checked_sub(1).and_then(|place| all.get(place));
        let mut line = line
            .map(InvoiceLineIn::from)
            .ok_or_else(|| Problem::field(&format!("/lines/{index}/position"), "unknown", "Cette ligne n’est pas dans la facture."))?;
        if let Some(quantity) = one.quantity {
            let within = if line.quantity.is_sign_negative() {
                quantity >= line.quantity && quantity < Decimal::ZERO
            } else {
                quantity > Decimal::ZERO && quantity <= line.quantity
            };
            if !within {
                return Err(Problem::field(&format!("/lines/{index}/quantity"), "range", "Au plus la quantité facturée."));
            }
            // A discount in euros goes with the part of the line that comes back.
            if let Some(minor) = line.discount.amount_minor {
                let part = Decimal::from(minor) * quantity / line.quantity;
                line.discount.amount_minor = i64::try_from(part.round().mantissa()).ok();
            }
            line.quantity = quantity;
        }
        lines.push(line);
    }
    if lines.is_empty() { Err(Problem::field("/lines", "required", "Choisissez au moins une ligne.")) } else { Ok(lines) }
}

/// Begins a credit note for an issued invoice, as a draft that can still be changed.
pub(super) async fn begin(tx: &mut Tx, id: Uuid, input: CreditNoteIn) -> Result<(Row, Vec<LineRow>), Failure> {
    let reason = text::clean(&input.reason, false).ok_or_else(|| Problem::field("/reason", "required", "Dites pourquoi."))?;
    if reason.chars().count() > 200 {
        return Err(Problem::field("/reason", "too_long", "200 caractères au plus.").into());
    }
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if row.state != "issued" || row.kind == "credit_note" {
        return Err(Problem::conflict("Seule une facture émise se reprend par un avoir.").into());
    }
    if row.gross_minor - row.deducted_minor <= row.credited_minor {
        return Err(Problem::conflict("Cette facture est déjà reprise en entier.").into());
    }
    if let Some(number) = contract::deducted_by(tx, id).await? {
        let text = format!("Cet acompte est déduit de la facture {number} : reprenez-la d’abord.");
        return Err(Problem::conflict(text).with("reason", "deducted").into());
    }
    let all = store::lines(tx, id).await?;
    let whole = input.lines.is_none();
    if whole && row.deducted_minor != 0 {
        return take_back_rest(tx, &row, reason).await;
    }
    let lines = chosen(&all, input.lines)?;
    let before = row.draft(lines);
    let draft = Draft {
        title: Some(reason),
        intro: None,
        outro: None,
        due_date: None,
        supply_date: None,
        // A discount in euros was for the whole invoice.
        discount: match before.discount {
            vision_kernel::totals::Discount::Amount(minor) if !whole => {
                let invoiced: i64 = all.iter().map(|line| line.net_minor).sum();
                let part = Draft { discount: vision_kernel::totals::Discount::None, ..before.clone() }.totals()?.lines_minor;
                let rest = (invoiced - part).max(0);
                vision_kernel::totals::Discount::Amount(
                    vision_kernel::totals::split(minor, &[part, rest]).first().copied().unwrap_or_default(),
                )
            }
            other => other,
        },
        ..before
    };
    let totals = draft.totals()?;
    let copy = tx.new_id();
    store::insert(tx, copy, "credit_note", Some(id)).await?;
    let search = super::ops::search_text(&draft, row.buyer_name.as_deref(), None);
    store::put(tx, copy, &draft, &totals, &search).await?;
    let (note, lines) = super::ops::get(tx, copy).await?;
    tx.emit(&InvoiceEvent::new("invoice.drafted", &note));
    Ok((note, lines))
}

/// A balance as a whole: what it asked for beside its deposits, one line a rate.
async fn take_back_rest(tx: &mut Tx, row: &Row, reason: String) -> Result<(Row, Vec<LineRow>), Failure> {
    let mut lines = Vec::new();
    for (key, gross) in left(tx, row.id).await? {
        let category = VatCategory::from_code(&key.0).unwrap_or_default();
        if gross > 0 {
            lines.push(InvoiceLineIn {
                section: None,
                item_id: None,
                label: format!("Reprise de la facture {}", row.number.as_deref().unwrap_or_default()),
                description: None,
                reference: None,
                quantity: Decimal::ONE,
                unit: Some("C62".to_owned()),
                unit_price: Decimal::new(gross, 2),
                discount: super::model::DiscountIn::default(),
                vat_category: category,
                vat_rate: key.1,
                nature: super::model::Nature::Service,
            });
        }
    }
    let draft = Draft { contact_id: row.contact_id, title: Some(reason), prices_include_vat: true, lines, ..Draft::default() };
    let totals = draft.totals()?;
    let copy = tx.new_id();
    store::insert(tx, copy, "credit_note", Some(row.id)).await?;
    let search = super::ops::search_text(&draft, row.buyer_name.as_deref(), None);
    store::put(tx, copy, &draft, &totals, &search).await?;
    let (note, lines) = super::ops::get(tx, copy).await?;
    tx.emit(&InvoiceEvent::new("invoice.drafted", &note));
    Ok((note, lines))
}

/// Begins the credit note of a whole invoice, where there is none yet: for the staff to look at and issue.
pub(crate) async fn take_back(tx: &mut Tx, id: Uuid, reason: &str) -> Result<(), Failure> {
    let begun = store::corrections(tx, id).await?.iter().any(|(_, kind, number, _)| kind == "credit_note" && number.is_none());
    if !begun && contract::deducted_by(tx, id).await?.is_none() {
        begin(tx, id, CreditNoteIn { reason: reason.to_owned(), lines: None }).await?;
    }
    Ok(())
}

/// What may still be taken back of an invoice, by rate, with VAT: credit notes and deposits taken off.
async fn left(tx: &mut Tx, id: Uuid) -> Result<BTreeMap<(String, Decimal), i64>, Failure> {
    let invoiced = store::vat(tx, id).await?;
    let mut left = by_rate(invoiced.iter().map(|rate| (rate.category.as_str(), rate.rate, rate.base_minor + rate.vat_minor)));
    let taken = store::credited(tx, id).await?;
    for rate in taken.iter().chain(&contract::deducted(tx, id).await?) {
        *left.entry((rate.category.clone(), rate.rate.normalize())).or_default() -= rate.base_minor + rate.vat_minor;
    }
    Ok(left)
}

/// The invoice that a credit note or a correction names (QI-29, QI-30).
pub(super) async fn preceding(tx: &mut Tx, row: &Row) -> Result<Vec<Preceding>, Failure> {
    let Some(original) = row.corrects_id else { return Ok(Vec::new()) };
    let Some(original) = store::get(tx, original, false).await? else { return Ok(Vec::new()) };
    let vat = store::vat(tx, original.id).await?;
    let (Some(number), Some(date)) = (original.number, original.issue_date) else { return Ok(Vec::new()) };
    Ok(vec![Preceding {
        number,
        date: date.to_jiff(),
        type_code: original.type_code.unwrap_or_default(),
        net: original.net_minor,
        gross: original.gross_minor,
        vat: vat
            .iter()
            .map(|rate| VatSubtotal {
                category: rate.category.clone(),
                rate: rate.rate,
                base: rate.base_minor,
                vat: rate.vat_minor,
                ..VatSubtotal::default()
            })
            .collect(),
    }])
}

/// Refuses a credit note that takes back more than is left, rate by rate. The original is locked, so that two cannot take the same.
pub(super) async fn within(tx: &mut Tx, row: &Row, kind: InvoiceKind, totals: &Totals) -> Result<(), Failure> {
    let Some(original) = row.corrects_id.filter(|_| kind == InvoiceKind::CreditNote) else { return Ok(()) };
    store::get(tx, original, true).await?.ok_or_else(Problem::not_found)?;
    if let Some(number) = contract::deducted_by(tx, original).await? {
        let text = format!("Cet acompte est déduit de la facture {number} : reprenez-la d’abord.");
        return Err(Problem::conflict(text).with("reason", "deducted").into());
    }
    let left = left(tx, original).await?;
    for vat in &totals.vat {
        let rest = left.get(&(vat.category.code().to_owned(), vat.rate.normalize())).copied().unwrap_or_default();
        if vat.base_minor < 0 || vat.vat_minor < 0 || vat.base_minor + vat.vat_minor > rest {
            return Err(Problem::field("/lines", "over_credited", "L’avoir dépasse ce qui reste de la facture, taux par taux.")
                .with("rate", vat.rate.normalize().to_string())
                .with("left_minor", rest)
                .into());
        }
    }
    if totals.gross_minor <= 0 {
        return Err(Problem::field("/lines", "nothing", "Un avoir reprend un montant positif.").into());
    }
    Ok(())
}
