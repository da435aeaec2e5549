//! The golden cases: documents whose totals were worked out by hand, which the official validation judges in the project's checks.

use super::{
    Address, Brand, CodedNote, Commercial, DocumentKind, Line, Party, Payment, Preceding, Totals, VatSubtotal, creditor_reference,
};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;

/// A case by the name of its files.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) doc: Commercial,
}

pub(super) const DAY: Date = date(2026, 11, 22);

fn text(value: &str) -> String {
    value.to_owned()
}

/// Notes of a document between companies, or of another that says what it is.
pub(super) fn notes(treatment: &str) -> Vec<CodedNote> {
    let mut notes = vec![
        CodedNote {
            code: text("PMT"),
            text: text("Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 €."),
        },
        CodedNote {
            code: text("PMD"), text: text("Pénalités de retard : trois fois le taux d’intérêt légal, exigibles sans rappel.")
        },
        CodedNote { code: text("AAB"), text: text("Pas d’escompte pour paiement anticipé.") },
    ];
    if treatment == "B2C" {
        notes.clear();
    }
    notes.push(CodedNote { code: text("BAR"), text: text(treatment) });
    notes
}

pub(super) fn garage() -> Party {
    Party {
        name: text("Garage Dupré & Fils"),
        legal_form: text("SARL"),
        capital: text("10 000 €"),
        siren: text("732829320"),
        siret: text("73282932000074"),
        vat_number: text("FR44732829320"),
        rcs: text("RCS Lyon"),
        address: Address {
            line1: text("12 rue de l’Église"),
            postal_code: text("69003"),
            city: text("Lyon"),
            country: text("FR"),
            ..Address::default()
        },
        email: text("contact@garage-dupre.example"),
        phone: text("04 72 00 00 00"),
        electronic_address: text("732829320"),
        ..Party::default()
    }
}

pub(super) fn company() -> Party {
    Party {
        name: text("Hôtel Rousseau SAS"),
        siren: text("552100554"),
        siret: text("55210055400013"),
        vat_number: text("FR96552100554"),
        address: Address {
            line1: text("3 quai Jean-Jacques"),
            postal_code: text("73000"),
            city: text("Chambéry"),
            country: text("FR"),
            ..Address::default()
        },
        electronic_address: text("552100554"),
        ..Party::default()
    }
}

/// A line of a category and a rate; its net is said by hand.
pub(super) fn line(id: u32, label: &str, quantity: Decimal, price: Decimal, net: i64, category: &str, rate: Decimal) -> Line {
    Line {
        id: id.to_string(),
        label: text(label),
        quantity,
        unit: text("C62"),
        unit_price: price,
        net,
        vat_category: text(category),
        vat_rate: rate,
        ..Line::default()
    }
}

pub(super) fn vat(category: &str, rate: Decimal, base: i64, vat: i64) -> VatSubtotal {
    VatSubtotal { category: text(category), rate, base, vat, ..VatSubtotal::default() }
}

pub(super) fn exempt(category: &str, base: i64, code: &str, reason: &str) -> VatSubtotal {
    VatSubtotal { exemption_code: text(code), exemption_text: text(reason), ..vat(category, Decimal::ZERO, base, 0) }
}

/// Sums without discount or payment.
pub(super) fn sums(net: i64, vat: i64) -> Totals {
    Totals { lines: net, net, vat, gross: net + vat, due: net + vat, ..Totals::default() }
}

/// An invoice between two French companies, to which a case says what is special.
pub(super) fn invoice(number: &str, lines: Vec<Line>, vat: Vec<VatSubtotal>, totals: Totals) -> Commercial {
    let notes = notes("B2B");
    Commercial {
        type_code: text("380"),
        process: text("M1"),
        number: Some(text(number)),
        lang: text("fr"),
        currency: text("EUR"),
        issue_date: DAY,
        due_date: Some(date(2026, 12, 22)),
        supply_date: Some(date(2026, 11, 20)),
        seller: garage(),
        buyer: company(),
        mentions: notes.iter().filter(|note| note.code != "BAR").map(|note| note.text.clone()).collect(),
        notes,
        lines,
        vat,
        totals,
        payment: Payment {
            means_code: text("58"),
            iban: text("FR76 3000 6000 0112 3456 7890 189"),
            bic: text("AGRIFRPP"),
            reference: creditor_reference(number).unwrap_or_default(),
            terms: text("30 jours à compter de la facture"),
            method_label: text("Virement"),
            ..Payment::default()
        },
        brand: Brand { accent: text("#1f4fd8"), ..Brand::default() },
        ..Commercial::default()
    }
}

fn case(name: &'static str, doc: Commercial) -> Case {
    Case { name, doc }
}

/// Every case.
pub(super) fn cases() -> Vec<Case> {
    let one = |number, net, rate, tax| {
        invoice(
            number,
            vec![line(1, "Révision complète", dec!(1), Decimal::new(net, 2), net, "S", rate)],
            vec![vat("S", rate, net, tax)],
            sums(net, tax),
        )
    };
    vec![
        case("taux-normal", one("FA-2026-00001", 12_000, dec!(20), 2_400)),
        case("franchise", {
            let mut doc = invoice(
                "FA-2026-00002",
                vec![line(1, "Conseil", dec!(2), dec!(150), 30_000, "E", Decimal::ZERO)],
                vec![exempt("E", 30_000, "VATEX-FR-FRANCHISE", "TVA non applicable, art. 293 B du CGI")],
                sums(30_000, 0),
            );
            doc.process = text("S1");
            doc.mentions.push(text("TVA non applicable, art. 293 B du CGI"));
            doc
        }),
        case("deux-acomptes", {
            let mut doc = one("FA-2026-00003", 100_000, dec!(20), 20_000);
            doc.kind = DocumentKind::Balance;
            doc.process = text("M4");
            let deposit = |number: &str, day, net: i64| Preceding {
                number: text(number),
                date: day,
                type_code: text("386"),
                net,
                vat: vec![vat("S", dec!(20), net, net / 5)],
                gross: net + net / 5,
            };
            doc.deposits = vec![deposit("FA-2026-00000", date(2026, 10, 1), 30_000), deposit("FA-2026-00009", date(2026, 10, 15), 20_000)];
            doc.totals.paid = 60_000;
            doc.totals.due = 60_000;
            doc
        }),
    ]
}

#[test]
fn every_case_is_written_for_the_judge() {
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/golden");
    // Cases that are no more would be judged for ever.
    drop(std::fs::remove_dir_all(&target));
    std::fs::create_dir_all(&target).expect("folder");
    let at = "2026-11-22T10:00:00Z".parse().expect("an instant");
    for case in cases() {
        let made = super::hybrid(&case.doc, case.name, at).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(made, super::hybrid(&case.doc, case.name, at).expect("again"), "{}: the same input gives the same bytes", case.name);
        std::fs::write(target.join(format!("{}.xml", case.name)), &made.xml).expect("written");
        std::fs::write(target.join(format!("{}.pdf", case.name)), &made.pdf).expect("written");
    }
}
