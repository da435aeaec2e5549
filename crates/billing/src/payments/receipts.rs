//! Receipts: one a payment, made from its entry whenever somebody asks (IS-04).

use super::store::{self, Row};
use crate::invoices;
use crate::profiles;
use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;
use vision_documents::pdf::{Dossier, Fact, Item, Section, dossier};
use vision_kernel::Problem;
use vision_kernel::french::{day, euros};
use vision_kernel::totals::base_within;
use vision_platform::{Failure, Tx};

/// The number of a receipt: its till and its place in the chain, which nobody changes.
pub(super) fn number(row: &Row) -> String {
    let till = if row.till == store::ONLINE { "L" } else { row.till.as_str() };
    format!("R{till}-{:06}", row.chain_seq)
}

/// How it was paid, in words.
pub(crate) fn method(word: &str) -> &'static str {
    match word {
        "cash" => "Espèces",
        "cheque" => "Chèque",
        "card" => "Carte bancaire",
        "transfer" => "Virement",
        "direct_debit" => "Prélèvement",
        "credit" => "Avoir client",
        _ => "Paiement en ligne",
    }
}

/// A receipt before it is drawn.
pub(crate) struct Receipt {
    number: String,
    ident: String,
    at: Timestamp,
    dossier: Dossier,
}

impl Receipt {
    /// Its number.
    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// As a PDF: the same bytes whenever it is asked for.
    pub(crate) async fn pdf(self) -> Result<Vec<u8>, Failure> {
        let made = tokio::task::spawn_blocking(move || dossier(&self.dossier, &self.ident, self.at)).await;
        let made = made.map_err(|error| Problem::internal(error.to_string()))?;
        Ok(made.map_err(|error| Problem::internal(error.to_string()))?)
    }
}

fn fact(label: &str, value: impl Into<String>) -> Fact {
    (label.to_owned(), value.into())
}

/// A part under one rate, with what of it is VAT.
fn by_rate((category, rate, amount): (String, Decimal, i64)) -> Item {
    let base = if category == "S" { base_within(amount, rate) } else { amount };
    let percent = rate.normalize().to_string().replace('.', ",");
    Item {
        title: if category == "S" { format!("TVA {percent}\u{a0}%") } else { "Sans TVA".to_owned() },
        facts: vec![fact("HT", euros(base)), fact("TVA", euros(amount - base)), fact("TTC", euros(amount))],
        text: String::new(),
    }
}

/// The receipt of an entry that the actor may see.
pub(crate) async fn of(tx: &mut Tx, payment: Uuid) -> Result<Receipt, Failure> {
    let row = store::get(tx, payment).await?.ok_or_else(Problem::not_found)?;
    let seller = profiles::seller(tx).await?;
    let parts = store::parts(tx, payment).await?;
    let invoice = match row.invoice_id {
        Some(id) => invoices::shown(tx, id).await?,
        None => None,
    };
    let number = number(&row);
    let back = row.amount_minor < 0;
    let mut facts = vec![
        fact(if back { "Remboursé le" } else { "Reçu le" }, day(row.received_on.to_jiff())),
        fact("Montant", euros(row.amount_minor)),
        fact("Moyen de paiement", method(&row.method)),
    ];
    let buyer = invoice.as_ref().and_then(|invoice| invoice.buyer_name.clone()).or(row.contact_name);
    facts.extend(buyer.map(|name| fact("Client", name)));
    if let Some(invoice) = &invoice {
        let issued = invoice.issue_date.map(|date| day(date.to_jiff())).unwrap_or_default();
        facts.push(fact("Facture", format!("{} du {issued}", invoice.number.as_deref().unwrap_or_default())));
    }
    facts.extend(row.reference.map(|reference| fact("Référence", reference)));
    let over = row.amount_minor - row.allocated_minor;
    if over != 0 && row.method != "credit" {
        facts.push(fact("Dont à votre crédit", euros(over)));
    }
    let item = |facts| Item { title: String::new(), facts, text: String::new() };
    let mut sections = vec![Section { title: "Paiement".to_owned(), items: vec![item(facts)], ..Section::default() }];
    if !parts.is_empty() {
        let items = parts.into_iter().map(by_rate).collect();
        sections.push(Section { title: "Répartition par taux de TVA".to_owned(), items, ..Section::default() });
    }
    let city = [seller.postal_code.clone(), seller.city.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let numbers =
        [seller.siren.as_ref().map(|siren| format!("SIREN {siren}")), seller.vat_number.as_ref().map(|number| format!("TVA {number}"))];
    let lines = [seller.address_line1.clone(), Some(city), Some(numbers.into_iter().flatten().collect::<Vec<_>>().join(" · "))];
    let title = if back { "Remboursement" } else { "Reçu" };
    Ok(Receipt {
        ident: row.id.to_string(),
        at: row.created_at.to_jiff(),
        dossier: Dossier {
            lang: "fr".to_owned(),
            company: seller.legal_name.unwrap_or(seller.name),
            company_lines: lines.into_iter().flatten().filter(|line| !line.is_empty()).collect(),
            accent: seller.accent_color.unwrap_or_else(|| "#1f5fbf".to_owned()),
            title: format!("{title} n° {number}"),
            subtitle: String::new(),
            lead: Vec::new(),
            sections,
            page_words: ("Page".to_owned(), "sur".to_owned()),
        },
        number,
    })
}
