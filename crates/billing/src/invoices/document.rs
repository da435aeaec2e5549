//! The document of an invoice: what the law wants said, and the texts in force on its day. Built once, when it is issued, and
//! frozen; a draft builds it for its preview.

use super::model::{Draft, InvoiceKind, InvoiceLineIn, Nature};
use crate::profiles::Seller;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use vision_crm::contacts::buyers::Buyer;
use vision_documents::commercial::{
    Address, Allowance, Brand, CodedNote, Commercial, DocumentKind, Line, Party, Payment, Preceding, Totals as Sums, VatSubtotal,
    creditor_reference,
};
use vision_kernel::totals::{Discount, Totals, VatCategory, unit_net};

/// What a document is made from.
pub(crate) struct Source<'a> {
    pub kind: InvoiceKind,
    pub draft: &'a Draft,
    pub totals: &'a Totals,
    pub seller: &'a Seller,
    pub buyer: Option<&'a Buyer>,
    /// Code and text, in force on the day.
    pub mentions: &'a [(String, String)],
    pub number: Option<&'a str>,
    pub issue_date: Date,
    pub due_date: Option<Date>,
    pub preceding: Vec<Preceding>,
    /// Deposit invoices that are taken off (QI-32).
    pub deposits: Vec<Preceding>,
    /// Number of the quote that it comes from.
    pub quote: Option<&'a str>,
}

/// BT-3 (EI-11).
pub(super) fn type_code(kind: InvoiceKind) -> &'static str {
    match kind {
        InvoiceKind::Invoice | InvoiceKind::Situation | InvoiceKind::Balance => "380",
        InvoiceKind::Deposit => "386",
        InvoiceKind::CreditNote => "381",
        InvoiceKind::Corrective => "384",
    }
}

/// BT-23: goods, services or both (QI-16); a balance after deposits is another one (QI-32).
pub(super) fn process(kind: InvoiceKind, lines: &[InvoiceLineIn]) -> String {
    let goods = lines.iter().any(|line| line.nature == Nature::Goods);
    let services = lines.is_empty() || lines.iter().any(|line| line.nature == Nature::Service);
    let letter = match (goods, services) {
        (true, true) => "M",
        (true, false) => "B",
        _ => "S",
    };
    format!("{letter}{}", if kind == InvoiceKind::Balance { "4" } else { "1" })
}

/// True for a buyer in business (QI-18).
pub(crate) fn is_business(customer_kind: &str) -> bool {
    customer_kind != "B2C"
}

fn mention<'a>(source: &Source<'a>, code: &str) -> &'a str {
    source.mentions.iter().find(|(known, _)| known == code).map_or("", |(_, body)| body.as_str())
}

/// Why no VAT is taken: code of the exemption and words.
fn exemption<'a>(source: &Source<'a>, category: VatCategory) -> (&'static str, &'a str) {
    match category {
        VatCategory::S | VatCategory::Z => ("", ""),
        VatCategory::E if source.seller.is_franchise() => ("VATEX-FR-FRANCHISE", mention(source, "franchise")),
        VatCategory::E => ("", mention(source, "exempt")),
        VatCategory::AE => ("VATEX-EU-AE", mention(source, "reverse_charge")),
        VatCategory::K => ("VATEX-EU-IC", mention(source, "intra_eu")),
        VatCategory::G => ("VATEX-EU-G", mention(source, "export")),
        VatCategory::O => ("VATEX-EU-O", mention(source, "out_of_scope")),
    }
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn seller(seller: &Seller) -> Party {
    let legal = seller.legal_name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| seller.name.clone());
    // QI-03: a person in business says so beside the name.
    let name = if seller.is_sole_trader() && !legal.ends_with(" EI") { format!("{legal} EI") } else { legal };
    let siren = text(seller.siren.as_ref());
    Party {
        trade_name: if seller.name == name { String::new() } else { seller.name.clone() },
        name,
        legal_form: text(seller.legal_form.as_ref()),
        capital: text(seller.profile.share_capital.as_ref()),
        electronic_scheme: if siren.is_empty() { String::new() } else { "0225".to_owned() },
        electronic_address: siren.clone(),
        siren,
        siret: text(seller.siret.as_ref()),
        vat_number: text(seller.vat_number.as_ref()),
        rcs: seller.profile.rcs_city.as_ref().map(|city| format!("RCS {}", city.trim_start_matches("RCS").trim())).unwrap_or_default(),
        address: Address {
            line1: text(seller.address_line1.as_ref()),
            line2: text(seller.address_line2.as_ref()),
            postal_code: text(seller.postal_code.as_ref()),
            city: text(seller.city.as_ref()),
            country: seller.country.clone(),
        },
        email: text(seller.email.as_ref()),
        phone: text(seller.phone.as_ref()),
        extra_lines: seller.profile.footer.iter().cloned().collect(),
    }
}

/// The buyer; of a consumer nothing but name and address.
pub(super) fn buyer(buyer: &Buyer) -> Party {
    let address = buyer.addresses.0.first();
    let part = |part: Option<&String>| part.cloned().unwrap_or_default();
    let business = is_business(&buyer.customer_kind);
    let only = |value: Option<&String>| if business { part(value) } else { String::new() };
    let siren = only(buyer.siren.as_ref());
    Party {
        name: buyer.display_name.clone(),
        electronic_scheme: if siren.is_empty() { String::new() } else { "0225".to_owned() },
        electronic_address: siren.clone(),
        siren,
        siret: only(buyer.siret.as_ref()),
        vat_number: only(buyer.vat_number.as_ref()),
        address: Address {
            line1: part(address.and_then(|address| address.line1.as_ref())),
            line2: part(address.and_then(|address| address.line2.as_ref())),
            postal_code: part(address.and_then(|address| address.postal_code.as_ref())),
            city: part(address.and_then(|address| address.city.as_ref())),
            country: address.and_then(|address| address.country.clone()).unwrap_or_else(|| "FR".to_owned()),
        },
        email: part(buyer.email.as_ref()),
        phone: part(buyer.phone.as_ref()),
        ..Party::default()
    }
}

/// French words for the units that documents name.
fn unit_label(unit: &str) -> &'static str {
    match unit {
        "HUR" => "h",
        "MIN" => "min",
        "DAY" => "jour",
        "KGM" => "kg",
        "GRM" => "g",
        "LTR" => "L",
        "MTR" => "m",
        "MTK" => "m²",
        "KMT" => "km",
        _ => "",
    }
}

fn lines(source: &Source<'_>) -> Vec<Line> {
    let draft = source.draft;
    draft
        .lines
        .iter()
        .zip(&source.totals.lines)
        .enumerate()
        .map(|(index, (line, total))| {
            let (exemption_code, exemption_text) = exemption(source, line.vat_category);
            // With VAT in the prices, the discount is shown by what the line comes to: its unit price is already after it.
            let discount = if draft.prices_include_vat { 0 } else { total.discount_minor };
            let unit_price = if draft.prices_include_vat { unit_net(total.net_minor, line.quantity) } else { line.unit_price };
            let unit = line.unit.clone().unwrap_or_else(|| "C62".to_owned());
            Line {
                id: (index + 1).to_string(),
                section: line.section.clone(),
                label: line.label.clone(),
                description: described(line, draft.prices_include_vat),
                reference: text(line.reference.as_ref()),
                quantity: line.quantity,
                unit_label: unit_label(&unit).to_owned(),
                unit,
                unit_price,
                unit_price_incl: draft.prices_include_vat.then_some(line.unit_price),
                discount,
                discount_reason: if discount == 0 { String::new() } else { discount_words(line.discount.discount()) },
                net: total.net_minor,
                gross: draft.prices_include_vat.then_some(total.gross_minor),
                vat_category: line.vat_category.code().to_owned(),
                vat_rate: line.vat_rate,
                exemption_code: exemption_code.to_owned(),
                exemption_text: exemption_text.to_owned(),
                ..Line::default()
            }
        })
        .collect()
}

/// What there is to say of a line; with VAT in the prices its discount is said here, because the net amounts do not show it (QI-15).
fn described(line: &InvoiceLineIn, include_vat: bool) -> String {
    let discount = line.discount.discount();
    let said = (include_vat && discount != Discount::None).then(|| discount_words(discount));
    [line.description.clone(), said].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn discount_words(discount: Discount) -> String {
    match discount {
        Discount::Percent(percent) => format!("Remise {} %", percent.normalize().to_string().replace('.', ",")),
        _ => "Remise".to_owned(),
    }
}

/// What is said to a buyer in business, and to no consumer (QI-18, EI-08): code and text.
fn notes(source: &Source<'_>, customer_kind: &str) -> Vec<CodedNote> {
    let note = |code: &str, text: String| CodedNote { code: code.to_owned(), text };
    let route = match customer_kind {
        "B2C" => "B2C",
        "B2B_EU" | "B2B_NON_EU" => "B2BINT",
        _ => "B2B",
    };
    let mut notes = vec![note("BAR", route.to_owned())];
    if is_business(customer_kind) {
        let penalty = match source.seller.profile.late_rate {
            Some(rate) => mention(source, "late_penalty").replace("{rate}", &rate.normalize().to_string().replace('.', ",")),
            None => mention(source, "late_penalty_default").to_owned(),
        };
        let discount = source.seller.profile.discount_terms.clone().unwrap_or_else(|| mention(source, "no_discount").to_owned());
        notes.push(note("PMT", mention(source, "indemnity").to_owned()));
        notes.push(note("PMD", penalty));
        notes.push(note("AAB", discount));
    }
    notes
}

/// The legal texts that are printed below the totals, each once.
fn printed_mentions(source: &Source<'_>, notes: &[CodedNote]) -> Vec<String> {
    let mut mentions: Vec<String> = Vec::new();
    let mut say = |text: &str| {
        if !text.is_empty() && !mentions.iter().any(|known| known == text) {
            mentions.push(text.to_owned());
        }
    };
    for vat in &source.totals.vat {
        say(exemption(source, vat.category).1);
    }
    // QI-16: what kind of operation it is.
    if source.buyer.is_some_and(|buyer| is_business(&buyer.customer_kind)) {
        say(match process(source.kind, &source.draft.lines).chars().next() {
            Some('B') => "Nature de l’opération : livraison de biens",
            Some('M') => "Nature de l’opération : mixte (biens et services)",
            _ => "Nature de l’opération : prestation de services",
        });
    }
    if source.seller.profile.vat_on_debits && !source.seller.is_franchise() {
        say(mention(source, "vat_on_debits"));
    }
    if source.kind != InvoiceKind::CreditNote {
        for note in notes.iter().filter(|note| note.code != "BAR") {
            say(&note.text);
        }
    }
    mentions
}

/// BT-8 (QI-45): on debits; else work when it is paid, goods when they are delivered.
fn vat_point(source: &Source<'_>, process: &str) -> &'static str {
    let taxed = source.totals.vat.iter().any(|vat| vat.category == VatCategory::S);
    match (taxed, source.seller.profile.vat_on_debits, process.starts_with('B')) {
        (false, ..) => "",
        (_, true, _) => "5",
        (_, _, true) => "29",
        _ => "72",
    }
}

/// The whole document.
pub(crate) fn commercial(source: Source<'_>) -> Commercial {
    let (draft, totals) = (source.draft, source.totals);
    let customer_kind = source.buyer.map_or("B2C", |buyer| buyer.customer_kind.as_str());
    let process = process(source.kind, &draft.lines);
    let notes = notes(&source, customer_kind);
    let vat = totals
        .vat
        .iter()
        .map(|vat| {
            let (code, text) = exemption(&source, vat.category);
            VatSubtotal {
                category: vat.category.code().to_owned(),
                rate: vat.rate,
                base: vat.base_minor,
                vat: vat.vat_minor,
                exemption_code: code.to_owned(),
                exemption_text: text.to_owned(),
            }
        })
        .collect();
    let allowances = totals
        .vat
        .iter()
        .filter(|vat| vat.allowance_minor != 0)
        .map(|vat| Allowance {
            reason: discount_words(draft.discount),
            amount: vat.allowance_minor,
            vat_category: vat.category.code().to_owned(),
            vat_rate: vat.rate,
            ..Allowance::default()
        })
        .collect();
    let deducted: i64 = source.deposits.iter().map(|deposit| deposit.gross).sum();
    let transfer = source.seller.profile.iban.is_some() && source.kind != InvoiceKind::CreditNote;
    Commercial {
        kind: match source.kind {
            InvoiceKind::Invoice => DocumentKind::Invoice,
            InvoiceKind::Deposit => DocumentKind::Deposit,
            InvoiceKind::Situation => DocumentKind::Situation,
            InvoiceKind::Balance => DocumentKind::Balance,
            InvoiceKind::CreditNote => DocumentKind::CreditNote,
            InvoiceKind::Corrective => DocumentKind::Corrective,
        },
        type_code: type_code(source.kind).to_owned(),
        vat_point: vat_point(&source, &process).to_owned(),
        process,
        number: source.number.map(str::to_owned),
        simulation: source.seller.simulation,
        lang: "fr".to_owned(),
        currency: "EUR".to_owned(),
        issue_date: source.issue_date,
        due_date: source.due_date,
        supply_date: draft.supply_date.or(Some(source.issue_date)),
        title: text(draft.title.as_ref()),
        intro: text(draft.intro.as_ref()),
        outro: text(draft.outro.as_ref()),
        order_reference: text(draft.order_reference.as_ref()),
        quote_reference: source.quote.map(str::to_owned).unwrap_or_default(),
        seller: seller(source.seller),
        buyer: source.buyer.map(buyer).unwrap_or_default(),
        lines: lines(&source),
        allowances,
        vat,
        totals: Sums {
            lines: totals.lines_minor,
            allowances: totals.allowance_minor,
            net: totals.net_minor,
            vat: totals.vat_minor,
            gross: totals.gross_minor,
            paid: deducted,
            due: totals.gross_minor - deducted,
            ..Sums::default()
        },
        mentions: printed_mentions(&source, &notes),
        notes,
        payment: Payment {
            means_code: if transfer { "58".to_owned() } else { "1".to_owned() },
            iban: if transfer { text(source.seller.profile.iban.as_ref()) } else { String::new() },
            bic: if transfer { text(source.seller.profile.bic.as_ref()) } else { String::new() },
            reference: source.number.filter(|_| transfer).and_then(creditor_reference).unwrap_or_default(),
            ..Payment::default()
        },
        prices_include_vat: draft.prices_include_vat,
        brand: Brand { accent: source.seller.accent_color.clone().unwrap_or_else(|| "#1f5fbf".to_owned()), logo: None },
        preceding: source.preceding,
        deposits: source.deposits,
        ..Commercial::default()
    }
}

/// The rates of a document by category, for comparing one with another.
pub(super) fn by_rate<'a>(rows: impl IntoIterator<Item = (&'a str, Decimal, i64)>) -> BTreeMap<(String, Decimal), i64> {
    let mut sums = BTreeMap::new();
    for (category, rate, amount) in rows {
        *sums.entry((category.to_owned(), rate.normalize())).or_default() += amount;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // EI-11, QI-32
    fn goods_and_work_give_the_letter_of_the_operation() {
        let line = |nature| InvoiceLineIn {
            section: None,
            item_id: None,
            label: "x".into(),
            description: None,
            reference: None,
            quantity: Decimal::ONE,
            unit: None,
            unit_price: Decimal::ONE,
            discount: crate::invoices::model::DiscountIn::default(),
            vat_category: VatCategory::S,
            vat_rate: Decimal::from(20),
            nature,
        };
        assert_eq!(process(InvoiceKind::Invoice, &[line(Nature::Goods)]), "B1");
        assert_eq!(process(InvoiceKind::Invoice, &[line(Nature::Service)]), "S1");
        assert_eq!(process(InvoiceKind::Balance, &[line(Nature::Service), line(Nature::Goods)]), "M4");
    }
}
