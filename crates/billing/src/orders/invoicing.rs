//! From an accepted quote to its invoices (L9, QI-14): a deposit, situations of the work, the balance. Each begins as a draft, or is issued
//! at once where nobody has anything to add.

use super::model::{DepositKind, OrderDraft};
use super::store::{self, InvoiceOf};
use super::trail;
use super::{document, ops};
use crate::invoices::model::{Draft, InvoiceKind, InvoiceLineIn, Nature};
use crate::invoices::{self, issue};
use crate::payments::links;
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;
use vision_kernel::totals::{self, Discount, Totals};
use vision_kernel::{Actor, Problem, french};
use vision_platform::{App, Failure, Tx};

/// Which invoice of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderInvoiceKind {
    /// Money before the work (QI-31).
    Deposit,
    /// Work done so far (QI-34).
    Situation,
    /// What is left (QI-32); the whole where nothing was invoiced before.
    Balance,
}

/// An invoice to begin.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub(super) struct OrderInvoiceIn {
    pub kind: OrderInvoiceKind,
    /// Of a deposit: cents with VAT; what the quote asks where nothing is said.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// Of a situation: per cent of the whole that is done so far, from the beginning.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub progress: Option<Decimal>,
}

/// A quote that is accepted, with what was accepted.
struct Accepted {
    row: store::Row,
    draft: OrderDraft,
    chosen: Vec<usize>,
    totals: Totals,
    invoices: Vec<InvoiceOf>,
}

impl Accepted {
    fn reference(&self) -> String {
        document::reference(self.row.number.as_deref().unwrap_or_default(), self.row.revision)
    }

    /// What counts of the invoices so far: credit notes taken off.
    fn of(&self, kind: &str) -> impl Iterator<Item = &InvoiceOf> {
        let kind = kind.to_owned();
        self.invoices.iter().filter(move |invoice| invoice.kind == kind && !invoice.is_taken_back())
    }

    fn sum(&self, kind: &str) -> i64 {
        self.of(kind).map(|invoice| invoice.gross_minor - invoice.deducted_minor - invoice.credited_minor).sum()
    }
}

async fn accepted(tx: &mut Tx, id: Uuid) -> Result<Accepted, Failure> {
    // Locked: two who invoice the same quote follow each other, and the second sees what the first has done (QI-14).
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if !matches!(row.state.as_str(), "accepted" | "partially_accepted") {
        return Err(Problem::conflict("Ce devis n’est pas accepté : il ne se facture pas.").with("reason", "not_accepted").into());
    }
    let version = trail::version(tx, id, row.revision).await?.ok_or_else(Problem::not_found)?;
    let answer = trail::answer(tx, id, row.revision).await?.ok_or_else(Problem::not_found)?;
    let chosen: Vec<usize> = answer.lines.iter().filter_map(|place| usize::try_from(*place).ok()?.checked_sub(1)).collect();
    let totals = version.content.0.totals_for(&chosen)?;
    let invoices = store::invoices_of(tx, id).await?;
    Ok(Accepted { row, draft: version.content.0, chosen, totals, invoices })
}

/// A part of a contract as lines: one a rate, priced with VAT so that the whole is exact to the cent (QI-50).
fn parts(of: &Totals, gross_minor: i64, label: &str, nature: Nature) -> Vec<InvoiceLineIn> {
    let weights: Vec<i64> = of.vat.iter().map(|vat| vat.base_minor + vat.vat_minor).collect();
    let split = totals::split(gross_minor, &weights);
    let several = of.vat.len() > 1;
    of.vat
        .iter()
        .zip(split)
        .filter(|(_, part)| *part != 0)
        .map(|(vat, part)| InvoiceLineIn {
            section: None,
            item_id: None,
            label: if several { format!("{label} – part à {} %", french::decimal(vat.rate)) } else { label.to_owned() },
            description: None,
            reference: None,
            // A rate under which more comes back than is sold keeps its sign in the quantity (QI-47).
            quantity: if part < 0 { Decimal::NEGATIVE_ONE } else { Decimal::ONE },
            unit: Some("C62".to_owned()),
            unit_price: Decimal::new(part.abs(), 2),
            discount: crate::invoices::model::DiscountIn::default(),
            vat_category: vat.category,
            vat_rate: vat.rate.normalize(),
            nature,
        })
        .collect()
}

fn nature(draft: &OrderDraft) -> Nature {
    if draft.content.lines.iter().all(|line| line.nature == Nature::Goods) { Nature::Goods } else { Nature::Service }
}

fn planned(accepted: &Accepted, input: &OrderInvoiceIn) -> Result<(InvoiceKind, Draft, Option<Decimal>), Problem> {
    let whole = accepted.totals.gross_minor;
    let base = Draft {
        contact_id: accepted.row.contact_id,
        entity_id: accepted.row.entity_id,
        order_reference: accepted.draft.content.order_reference.clone(),
        prices_include_vat: true,
        ..Draft::default()
    };
    let (deposits, situations, balances) =
        (accepted.sum("deposit"), accepted.sum("situation"), accepted.sum("balance") + accepted.sum("invoice"));
    if balances > 0 {
        return Err(Problem::conflict("Le solde de ce devis est déjà facturé.").with("reason", "invoiced"));
    }
    match input.kind {
        OrderInvoiceKind::Deposit => {
            let wanted = input.amount_minor.unwrap_or_else(|| accepted.draft.deposit_of(whole));
            let left = whole - deposits - situations;
            if wanted <= 0 || wanted > left {
                return Err(Problem::field("/amount_minor", "range", &format!("Un acompte de 0,01 € à {}.", french::euros(left)))
                    .with("left_minor", left));
            }
            let name = match accepted.draft.deposit_kind {
                DepositKind::Acompte => "Acompte",
                DepositKind::Arrhes => "Arrhes",
            };
            let label = format!("{name} sur devis {}", accepted.reference());
            Ok((
                InvoiceKind::Deposit,
                Draft { title: Some(label.clone()), lines: parts(&accepted.totals, wanted, &label, nature(&accepted.draft)), ..base },
                None,
            ))
        }
        OrderInvoiceKind::Situation => {
            if deposits > 0 {
                return Err(Problem::conflict("Un acompte est déjà facturé : facturez le solde.").with("reason", "deposit"));
            }
            let before = accepted.of("situation").filter_map(|invoice| invoice.progress).max().unwrap_or_default();
            let progress = input.progress.unwrap_or(Decimal::ONE_HUNDRED).normalize();
            // QI-34
            if progress <= before || progress > Decimal::ONE_HUNDRED || progress.scale() > 2 {
                return Err(Problem::field(
                    "/progress",
                    "range",
                    &format!("Un avancement cumulé entre {} et 100 %.", french::decimal(before)),
                ));
            }
            let amount = totals::vat_on(whole, progress) - situations;
            let place = accepted.of("situation").count() + 1;
            let label = format!("Situation n° {place} : {} % du devis {}", french::decimal(progress), accepted.reference());
            let draft =
                Draft { title: Some(label.clone()), lines: parts(&accepted.totals, amount, &label, nature(&accepted.draft)), ..base };
            Ok((InvoiceKind::Situation, draft, Some(progress)))
        }
        OrderInvoiceKind::Balance => {
            if situations > 0 {
                return Err(Problem::conflict("Ce devis se facture par situations : la dernière va à 100 %.").with("reason", "situation"));
            }
            if accepted.of("deposit").any(|invoice| invoice.state == "draft") {
                return Err(Problem::conflict("Une facture d’acompte est en brouillon : émettez-la ou supprimez-la d’abord.")
                    .with("reason", "draft"));
            }
            let content = accepted.draft.accepted(&accepted.chosen)?;
            let kind = if deposits > 0 { InvoiceKind::Balance } else { InvoiceKind::Invoice };
            Ok((
                kind,
                Draft {
                    contact_id: base.contact_id,
                    entity_id: base.entity_id,
                    due_date: None,
                    supply_date: None,
                    intro: None,
                    outro: None,
                    ..content
                },
                None,
            ))
        }
    }
}

/// Begins an invoice of a quote as a draft; gives its id.
pub(super) async fn begin(tx: &mut Tx, id: Uuid, input: &OrderInvoiceIn) -> Result<Uuid, Failure> {
    let accepted = accepted(tx, id).await?;
    let (kind, draft, progress) = planned(&accepted, input)?;
    invoices::from_order(tx, kind, &draft, id, progress).await
}

/// What of a quote was invoiced, and what is left, in cents with VAT.
pub(super) fn invoiced(row: &store::Row, invoices: &[InvoiceOf]) -> (i64, i64) {
    let issued: i64 = invoices
        .iter()
        .filter(|invoice| invoice.state == "issued" && invoice.kind != "credit_note")
        .map(|invoice| invoice.gross_minor - invoice.deducted_minor - invoice.credited_minor)
        .sum();
    let whole = row.accepted_minor.unwrap_or_default();
    // Once the rest was invoiced, what credit notes took back of it is not invoiced again by itself.
    let settled = invoices.iter().any(|invoice| matches!(invoice.kind.as_str(), "balance" | "invoice") && !invoice.is_taken_back());
    (issued, if settled { 0 } else { (whole - issued).max(0) })
}

/// Issues the deposit invoice that an accepted quote asks for, once; gives its id. Nothing where the quote asks for none. What is lacking
/// for an invoice is a problem for the staff to mend, and is theirs to read.
pub async fn ask_for_deposit(app: &App, tenant: Uuid, order: Uuid) -> Result<Option<Uuid>, Failure> {
    let actor = Actor::system(tenant);
    let logo = issue::logo(app, &actor).await?;
    let mut tx = app.db.begin(actor).await?;
    let accepted = accepted(&mut tx, order).await?;
    if let Some(known) = accepted.of("deposit").find(|invoice| invoice.state == "issued") {
        return Ok(Some(known.id));
    }
    if accepted.draft.deposit == Discount::None
        || accepted.draft.deposit_of(accepted.totals.gross_minor) == 0
        || accepted.invoices.iter().any(|invoice| invoice.kind != "credit_note")
    {
        return Ok(None);
    }
    let input = OrderInvoiceIn { kind: OrderInvoiceKind::Deposit, amount_minor: None, progress: None };
    let (kind, draft, _) = planned(&accepted, &input)?;
    let id = invoices::from_order(&mut tx, kind, &draft, order, None).await?;
    issue::issue(&mut tx, &app.crypto, id, None, logo).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// A quote is off: nothing of it is paid online any more, and a credit note of each deposit waits as a draft for the staff to look at.
pub(super) async fn call_off(tx: &mut Tx, order: Uuid, reason: &str) -> Result<(), Failure> {
    for invoice in store::invoices_of(tx, order).await? {
        if invoice.state != "issued" || invoice.kind == "credit_note" {
            continue;
        }
        links::revoke_all(tx, invoice.id).await?;
        if invoice.kind == "deposit" && !invoice.is_taken_back() {
            invoices::credit::take_back(tx, invoice.id, reason).await?;
        }
    }
    Ok(())
}

/// What the customer has paid before the work, in cents.
pub(super) fn received(invoices: &[InvoiceOf]) -> i64 {
    invoices.iter().filter(|invoice| invoice.kind != "credit_note").map(|invoice| invoice.paid_minor).sum()
}

/// Marks where the amounts of a called-off quote stand (QI-12).
pub(super) fn owed_back(accepted: bool, kind: DepositKind, by: ops::CancelledBy, invoices: &[InvoiceOf]) -> Option<i64> {
    accepted.then(|| ops::owed_back(kind, by, received(invoices)))
}
