//! Deposits that a balance takes off (QI-32), and the bound of what a quote is invoiced for (QI-14).

use super::contract::{self, Deduction};
use super::document::by_rate;
use super::model::InvoiceKind;
use super::store::{self, Row};
use vision_documents::commercial::{Preceding, VatSubtotal};
use vision_kernel::totals::Totals;
use vision_kernel::{Problem, french};
use vision_platform::{Failure, Tx};

/// The deposits that an invoice takes off, as it lists them and by rate.
pub(super) async fn of(tx: &mut Tx, row: &Row, kind: InvoiceKind) -> Result<(Vec<Preceding>, Vec<Deduction>), Failure> {
    let (mut listed, mut parts) = (Vec::new(), Vec::new());
    let Some(order) = row.order_id.filter(|_| kind != InvoiceKind::CreditNote) else { return Ok((listed, parts)) };
    if kind == InvoiceKind::Balance {
        for id in contract::deposits(tx, order).await? {
            let Some(deposit) = store::get(tx, id, false).await? else { continue };
            let credited = store::credited(tx, id).await?;
            let taken = by_rate(credited.iter().map(|rate| (rate.category.as_str(), rate.rate, rate.base_minor)));
            let taken_vat = by_rate(credited.iter().map(|rate| (rate.category.as_str(), rate.rate, rate.vat_minor)));
            let mut vat = Vec::new();
            for rate in store::vat(tx, id).await? {
                let key = (rate.category.clone(), rate.rate.normalize());
                let base = rate.base_minor - taken.get(&key).copied().unwrap_or_default();
                let tax = rate.vat_minor - taken_vat.get(&key).copied().unwrap_or_default();
                if base == 0 && tax == 0 {
                    continue;
                }
                vat.push(VatSubtotal { category: rate.category.clone(), rate: rate.rate, base, vat: tax, ..VatSubtotal::default() });
                parts.push(Deduction { deposit_id: id, category: rate.category, rate: rate.rate, base_minor: base, vat_minor: tax });
            }
            let (Some(number), Some(date)) = (deposit.number, deposit.issue_date) else { continue };
            let net = vat.iter().map(|part| part.base).sum();
            listed.push(Preceding {
                number,
                date: date.to_jiff(),
                type_code: deposit.type_code.unwrap_or_default(),
                net,
                gross: net + vat.iter().map(|part| part.vat).sum::<i64>(),
                vat,
            });
        }
    }
    Ok((listed, parts))
}

/// Refuses what goes beyond the accepted quote, deposits counted once. The quote stays locked, so that two cannot take the same rest.
pub(super) async fn within(tx: &mut Tx, row: &Row, kind: InvoiceKind, totals: &Totals, deducted: i64) -> Result<(), Failure> {
    let Some(order) = row.order_id.filter(|_| kind != InvoiceKind::CreditNote) else { return Ok(()) };
    if deducted > totals.gross_minor {
        return Err(Problem::field("/lines", "over_deposit", "Les acomptes dépassent le total de cette facture.")
            .with("deposits_minor", deducted)
            .into());
    }
    if let Some((Some(accepted), issued)) = contract::contract(tx, order, row.id).await?
        && issued + totals.gross_minor - deducted > accepted
    {
        let left = (accepted - issued + deducted).max(0);
        let text =
            format!("Au-delà du devis accepté : il reste {} à facturer. Un complément se chiffre par un autre devis.", french::euros(left));
        return Err(Problem::field("/lines", "over_quote", &text).with("left_minor", left).into());
    }
    Ok(())
}
