//! The electronic invoice: EN 16931 as CII, the XML of Factur-X.
//!
//! The crates `en16931` check the European rules and write the syntax; nothing else of the product knows them. Our own totals go
//! in as they are: a document that contradicts itself is refused with the business terms, not put right.

use super::model::{Address, Commercial, DocumentKind, Line, Party, Preceding};
use super::rules::{Finding, french_rules};
use crate::DocumentError;
use en16931::invoice as en;
use en16931::invoice::Code;
use en16931::profiles::En16931;
use en16931::validation::profile::Validated;
use en16931::{Identifier, InvoiceAmount, Percentage, Quantity, UnitPriceAmount};
use en16931_formats::Syntax;
use en16931_formats::report::Kind;

/// The specification that a document follows (BT-24).
const SPECIFICATION: &str = "urn:cen.eu:en16931:2017";
/// The element of BG-3, of which the writer knows one and the schema of Factur-X (D22B) takes any number.
const REFERENCE: (&str, &str) = ("<ram:InvoiceReferencedDocument>", "</ram:InvoiceReferencedDocument>");

/// Why there is no electronic invoice.
#[derive(Debug, thiserror::Error)]
pub enum FacturxError {
    /// A quote or a draft.
    #[error("only an issued invoice has an electronic form")]
    NotIssued,
    /// Rules that it breaks, with the business terms.
    #[error("the invoice breaks {}", list(.0))]
    Refused(Vec<Finding>),
    /// A fault of the program: something would be left out.
    #[error("the electronic form cannot hold: {0}")]
    Lost(String),
    /// The PDF.
    #[error(transparent)]
    Pdf(#[from] DocumentError),
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The electronic form of an issued invoice: the XML of Factur-X, profile EN 16931.
pub fn facturx(doc: &Commercial) -> Result<Vec<u8>, FacturxError> {
    if doc.kind == DocumentKind::Quote || doc.number.is_none() {
        return Err(FacturxError::NotIssued);
    }
    let mut findings = french_rules(doc);
    let (invoice, preceding) = match invoice(doc) {
        Ok(invoice) => invoice,
        Err(finding) => {
            findings.push(finding);
            return Err(FacturxError::Refused(findings));
        }
    };
    let proof = match Validated::<En16931>::new(invoice) {
        Ok(proof) => proof,
        Err(rejected) => {
            findings.extend(rejected.report().fatal().map(|finding| {
                let detail = finding.detail.as_ref().map(|detail| format!(" ({} ≠ {})", detail.actual, detail.expected));
                Finding::new(&finding.rule, &finding.path.to_string(), &format!("{}{}", finding.message, detail.unwrap_or_default()))
            }));
            return Err(FacturxError::Refused(findings));
        }
    };
    if !findings.is_empty() {
        return Err(FacturxError::Refused(findings));
    }
    let written = en16931_formats::write(&proof, Syntax::Cii);
    // Further preceding invoices are added below.
    let lost = |entry: &&en16931_formats::report::Entry| {
        !matches!(entry.kind, Kind::Derived) && !entry.term.as_deref().unwrap_or_default().starts_with("BG-3[")
    };
    if let Some(entry) = written.entries.iter().find(lost) {
        return Err(FacturxError::Lost(format!("{} {}", entry.term.as_deref().unwrap_or(&entry.path), entry.message)));
    }
    let xml = with_references(written.xml, &preceding).ok_or_else(|| FacturxError::Lost("BG-3".to_owned()))?;
    Ok(xml.into_bytes())
}

/// Writes the preceding invoices from the second one on.
fn with_references(xml: String, preceding: &[&Preceding]) -> Option<String> {
    let Some((first, rest)) = preceding.split_first() else { return Some(xml) };
    if rest.is_empty() {
        return Some(xml);
    }
    let start = xml.find(REFERENCE.0)?;
    let end = start + xml.get(start..)?.find(REFERENCE.1)? + REFERENCE.1.len();
    let model = xml.get(start..end)?;
    let day = |preceding: &Preceding| preceding.date.strftime("%Y%m%d").to_string();
    let indent = xml.get(..start)?.rfind('\n').and_then(|line| xml.get(line..start)).unwrap_or_default();
    let mut out = String::with_capacity(xml.len() + rest.len() * (model.len() + indent.len()));
    out.push_str(xml.get(..end)?);
    for other in rest {
        // Numbers are of letters, digits and + - _ / by BR-FR-02: nothing to escape.
        let (number, date) = (format!(">{}<", first.number), format!(">{}<", day(first)));
        if !model.contains(&number) || !model.contains(&date) {
            return None;
        }
        out.push_str(indent);
        out.push_str(&model.replacen(&number, &format!(">{}<", other.number), 1).replacen(&date, &format!(">{}<", day(other)), 1));
    }
    out.push_str(xml.get(end..)?);
    Some(out)
}

/// The text without what XML does not allow; none for nothing.
fn text(value: &str) -> Option<String> {
    let clean: String =
        value.trim().chars().filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    (!clean.is_empty()).then_some(clean)
}

fn cents(amount: i64) -> InvoiceAmount {
    InvoiceAmount::from_minor_units(amount)
}

fn some_cents(amount: i64) -> Option<InvoiceAmount> {
    (amount != 0).then(|| cents(amount))
}

fn date(day: jiff::civil::Date) -> Result<en16931::Date, Finding> {
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    en16931::Date::new(i32::from(day.year()), part(day.month()), part(day.day()))
        .map_err(|_| Finding::new("BR-FR-03", "BT-2", "a day without a year of four digits"))
}

fn address(address: &Address) -> en::PostalAddress {
    let country = if address.country.is_empty() { "FR" } else { &address.country };
    en::PostalAddress {
        line1: text(&address.line1),
        line2: text(&address.line2),
        post_code: text(&address.postal_code),
        city: text(&address.city),
        country: Some(Code::new(country.to_uppercase())),
        ..en::PostalAddress::default()
    }
}

/// `vat`: whether VAT numbers may be said at all, which what is out of its scope forbids (BR-O-02).
fn party(party: &Party, seller: bool, vat: bool) -> en::Party {
    let digits = |value: &str| value.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (siren, siret) = (digits(&party.siren), digits(&party.siret));
    let mut legal: Vec<String> = Vec::new();
    if seller {
        let capital = if party.capital.is_empty() { String::new() } else { format!(" au capital de {}", party.capital) };
        legal.extend(text(&format!("{}{capital}", party.legal_form)));
        legal.extend(text(&party.rcs));
    }
    let scheme = if party.electronic_scheme.is_empty() { "0225" } else { &party.electronic_scheme };
    let vat_number = text(&party.vat_number).filter(|_| vat).map(|number| digits(&number));
    en::Party {
        name: text(&party.name),
        trading_name: text(&party.trade_name).filter(|name| *name != party.name),
        identifiers: text(&siret).map(|siret| Identifier::schemed(siret, "0009")).into_iter().collect(),
        legal_registration: text(&siren).map(|siren| Identifier::schemed(siren, "0002")),
        // A seller without VAT number, as one under the threshold, is known to the tax office by the SIREN (BR-E-02).
        tax_registration: text(&siren).filter(|_| seller && vat && vat_number.is_none()),
        vat_identifier: vat_number,
        additional_legal_information: text(&legal.join(" – ")),
        electronic_address: text(&party.electronic_address).map(|address| Identifier::schemed(address, scheme)),
        address: address(&party.address),
        contact: en::Contact { name: None, phone: text(&party.phone), email: text(&party.email) },
    }
}

/// The rate; what is out of the scope of VAT has none (BR-O-05).
fn vat(category: &str, rate: rust_decimal::Decimal) -> en::LineVat {
    en::LineVat { category: Code::new(category), rate: (category != "O").then(|| Percentage::new(rate)) }
}

fn line_of(line: &Line) -> en::InvoiceLine {
    let mut out = en::InvoiceLine::new(
        line.id.as_str(),
        text(&line.label).unwrap_or_default(),
        Quantity::new(line.quantity),
        line.unit.as_str(),
        cents(line.net),
        line.vat_category.as_str(),
        None,
    );
    out.vat = vat(&line.vat_category, line.vat_rate);
    out.price = en::PriceDetails { net_price: UnitPriceAmount::new(line.unit_price), ..en::PriceDetails::default() };
    out.item.description = text(&line.description);
    out.item.seller_identifier = text(&line.reference);
    let reason = |default: &str| text(&line.discount_reason).or_else(|| text(default));
    let part = |amount: i64, reason| en::LineAllowanceCharge {
        amount: cents(amount),
        base_amount: None,
        percentage: None,
        reason,
        reason_code: None,
    };
    if line.discount > 0 {
        out.allowances.push(part(line.discount, reason("Remise")));
    } else if line.discount < 0 {
        out.charges.push(part(line.discount.saturating_neg(), reason("Supplément")));
    }
    out
}

fn payment(doc: &Commercial) -> Option<en::PaymentInstructions> {
    let payment = &doc.payment;
    let code = text(&payment.means_code)?;
    let iban: String = payment.iban.chars().filter(|c| !c.is_whitespace()).collect();
    let transfer = matches!(code.as_str(), "30" | "58").then(|| {
        en::PaymentMeans::CreditTransfer(vec![en::CreditTransfer {
            account_identifier: text(&iban),
            account_name: text(&doc.seller.name),
            provider_identifier: text(&payment.bic),
        }])
    });
    Some(en::PaymentInstructions {
        means_code: Some(Code::new(code)),
        means_text: text(&payment.method_label),
        remittance_information: text(&payment.reference),
        means: transfer,
    })
}

/// Where it goes and when. Goods for another country of the Union go to the buyer when nothing else is said (BR-IC-12); where neither
/// place nor day are known, the buyer is who receives, because the syntax has the element in any case and none may be empty.
fn delivery(doc: &Commercial) -> Result<en::Delivery, Finding> {
    let to = doc.deliver_to.as_ref().or_else(|| doc.vat.iter().any(|vat| vat.category == "K").then_some(&doc.buyer.address));
    Ok(en::Delivery {
        party_name: text(&doc.buyer.name).filter(|_| to.is_none() && doc.supply_date.is_none()),
        date: doc.supply_date.map(date).transpose()?,
        address: to.map(address),
        ..en::Delivery::default()
    })
}

/// The model of the invoice, and the preceding ones in the order of BG-3.
fn invoice(doc: &Commercial) -> Result<(en::Invoice, Vec<&Preceding>), Finding> {
    let mut out = en::Invoice::default();
    let with_vat = !doc.vat.iter().any(|vat| vat.category == "O");
    out.kind = if matches!(doc.type_code.as_str(), "261" | "262" | "381" | "396" | "502" | "503") {
        en::DocumentKind::CreditNote
    } else {
        en::DocumentKind::Invoice
    };
    out.specification_id = Some(SPECIFICATION.to_owned());
    out.business_process = text(&doc.process);
    out.number = doc.number.as_deref().and_then(text);
    out.issue_date = Some(date(doc.issue_date)?);
    out.type_code = text(&doc.type_code).map(Code::new);
    out.currency = text(&doc.currency).map(Code::new);
    out.vat_accounting_currency = doc.accounting_currency_vat.map(|_| Code::new("EUR"));
    // The model has the codes of UBL; the writer gives those of CII.
    out.vat_point_date_code = match doc.vat_point.as_str() {
        "" => None,
        "5" => Some(Code::new("3")),
        "29" => Some(Code::new("35")),
        "72" => Some(Code::new("432")),
        other => return Err(Finding::new("BR-CL-06", "BT-8", &format!("`{other}` is none of 5, 29, 72"))),
    };
    out.due_date = doc.due_date.map(date).transpose()?;
    out.contract_reference = text(&doc.contract_reference).map(en16931::DocumentReference::new);
    out.purchase_order_reference = text(&doc.order_reference).map(en16931::DocumentReference::new);
    out.payment_terms = text(&doc.payment.terms);
    let note = |code: &str, content: &str| {
        let note = en::InvoiceNote::new(text(content).unwrap_or_default());
        if code.is_empty() { note } else { note.with_subject(code) }
    };
    out.notes = doc.notes.iter().map(|coded| note(&coded.code, &coded.text)).collect();
    let said = |mention: &&String| !mention.is_empty() && !doc.notes.iter().any(|coded| coded.text == **mention);
    out.notes.extend(doc.mentions.iter().filter(said).map(|mention| note("", mention)));
    let preceding: Vec<&Preceding> = doc.deposits.iter().chain(&doc.preceding).collect();
    for other in &preceding {
        out.preceding_invoices.push(en::PrecedingInvoice {
            reference: en16931::DocumentReference::new(other.number.as_str()),
            issue_date: Some(date(other.date)?),
        });
    }
    out.seller = party(&doc.seller, true, with_vat);
    out.buyer = party(&doc.buyer, false, with_vat);
    out.delivery = Some(delivery(doc)?);
    out.invoicing_period = match doc.supply_period {
        Some((start, end)) => Some(en::Period { start: Some(date(start)?), end: Some(date(end)?) }),
        None => None,
    };
    out.payment = payment(doc);
    for allowance in &doc.allowances {
        let part = |amount: i64, default: &str| en::DocumentAllowanceCharge {
            amount: cents(amount),
            base_amount: None,
            percentage: None,
            vat: vat(&allowance.vat_category, allowance.vat_rate),
            reason: text(&allowance.reason).or_else(|| text(default)),
            reason_code: None,
        };
        if allowance.amount >= 0 {
            out.allowances.push(part(allowance.amount, "Remise"));
        } else {
            out.charges.push(part(allowance.amount.saturating_neg(), "Supplément"));
        }
    }
    out.vat_breakdown = doc
        .vat
        .iter()
        .map(|part| en::VatBreakdown {
            taxable_amount: cents(part.base),
            tax_amount: cents(part.vat),
            category: Code::new(part.category.as_str()),
            rate: vat(&part.category, part.rate).rate,
            exemption_reason: text(&part.exemption_text),
            exemption_reason_code: text(&part.exemption_code).map(Code::new),
        })
        .collect();
    out.lines = doc.lines.iter().filter(|line| !line.optional && !line.refused).map(line_of).collect();
    let totals = &doc.totals;
    let charges: i64 = doc.allowances.iter().map(|part| part.amount.saturating_neg().max(0)).sum();
    // Discounts and supplements are told apart here; sums that contradict them are found by BR-CO-11 and BR-CO-12.
    let allowances = totals.allowances.saturating_add(charges);
    out.totals = en::DocumentTotals {
        line_total: cents(totals.lines),
        allowance_total: some_cents(allowances),
        charge_total: some_cents(charges),
        taxable_total: cents(totals.net),
        vat_total: Some(cents(totals.vat)),
        vat_total_accounting: doc.accounting_currency_vat.map(cents),
        gross_total: cents(totals.gross),
        paid: some_cents(totals.paid).or_else(|| doc.process.ends_with('2').then(|| cents(totals.paid))),
        rounding: some_cents(totals.rounding),
        due: cents(totals.due),
    };
    Ok((out, preceding))
}

#[cfg(test)]
mod tests {
    use super::super::golden_cases::cases;
    use super::*;

    type Change = fn(&mut Commercial);

    fn refused(change: impl Fn(&mut Commercial)) -> Vec<String> {
        let mut doc = cases().into_iter().find(|case| case.name == "remise-document").expect("a case").doc;
        change(&mut doc);
        match facturx(&doc) {
            Ok(_) => Vec::new(),
            Err(FacturxError::Refused(findings)) => findings.iter().map(|found| format!("{} {}", found.rule, found.terms)).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn sums_that_contradict_each_other_are_refused_with_their_terms() {
        let changes: [(Change, &str); 8] = [
            (|doc| doc.totals.lines += 1, "BR-CO-10"),
            (|doc| doc.totals.allowances += 1, "BR-CO-11"),
            (|doc| doc.totals.net += 1, "BR-CO-13"),
            (|doc| doc.totals.vat += 1, "BR-CO-14"),
            (|doc| doc.totals.gross += 1, "BR-CO-15"),
            (|doc| doc.totals.due += 1, "BR-CO-16"),
            (|doc| doc.vat[0].vat += 200, "BR-CO-17"),
            (|doc| doc.lines[0].net += 1, "BR-CO-10"),
        ];
        assert_eq!(refused(|_| ()), Vec::<String>::new());
        for (change, rule) in changes {
            let found = refused(change);
            assert!(found.iter().any(|found| found.starts_with(rule) && found.contains("BT-")), "{rule}: {found:?}");
        }
    }

    #[test]
    fn quotes_and_drafts_have_no_electronic_form() {
        let doc = cases().remove(0).doc;
        assert!(matches!(facturx(&Commercial { number: None, ..doc.clone() }), Err(FacturxError::NotIssued)));
        assert!(matches!(facturx(&Commercial { kind: DocumentKind::Quote, ..doc }), Err(FacturxError::NotIssued)));
    }

    #[test]
    fn every_deducted_deposit_is_named() {
        let doc = cases().into_iter().find(|case| case.name == "solde-deux-acomptes").expect("a case").doc;
        let xml = String::from_utf8(facturx(&doc).expect("written")).expect("text");
        let mut rest = xml.as_str();
        for (number, day) in [("FA-2026-00008", "20261005"), ("FA-2026-00009", "20261105")] {
            let at = rest.find(REFERENCE.0).expect("a reference");
            rest = &rest[at + REFERENCE.0.len()..];
            let end = rest.find(REFERENCE.1).expect("its end");
            assert!(rest[..end].contains(number) && rest[..end].contains(day), "{}", &rest[..end]);
        }
        assert!(!rest[1..].contains(REFERENCE.0));
    }
}
