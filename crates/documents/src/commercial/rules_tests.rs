use super::super::golden_cases::cases;
use super::super::model::{CodedNote, DocumentKind, Preceding};
use super::*;
use jiff::civil::date;

fn named(name: &str) -> Commercial {
    cases().into_iter().find(|case| case.name == name).expect("a case").doc
}

/// What a change of a good document breaks.
fn broken(name: &str, change: impl Fn(&mut Commercial)) -> Vec<String> {
    let mut doc = named(name);
    change(&mut doc);
    french_rules(&doc).iter().map(|found| format!("{} {}", found.rule, found.terms)).collect()
}

/// A change of a good document breaks one rule on one term, and no other.
fn breaks(name: &str, finding: &str, change: impl Fn(&mut Commercial)) {
    assert_eq!(broken(name, change), [finding]);
}

#[test]
fn good_documents_break_no_rule() {
    for case in cases() {
        assert_eq!(french_rules(&case.doc), [], "{}", case.name);
    }
}

#[test]
fn numbers_are_short_and_of_plain_letters() {
    breaks("taux-normal", "BR-FR-01 BT-1", |doc| doc.number = Some("F".repeat(36)));
    breaks("taux-normal", "BR-FR-02 BT-1", |doc| doc.number = Some("FA 1".into()));
    breaks("avoir-partiel", "BR-FR-02 BT-25", |doc| doc.preceding[0].number = "n°1".into());
    assert!(broken("taux-normal", |doc| doc.number = Some("FA+2026_1/A-9".into())).is_empty());
}

#[test]
fn days_are_of_this_century() {
    breaks("taux-normal", "BR-FR-03 BT-72", |doc| doc.supply_date = Some(date(1999, 12, 31)));
    breaks("avoir-partiel", "BR-FR-03 BT-26", |doc| doc.preceding[0].date = date(2100, 1, 1));
    breaks("periode", "BR-FR-03 BT-74", |doc| doc.supply_period = Some((date(2026, 1, 1), date(2100, 1, 1))));
}

#[test]
fn types_and_ways_of_invoicing_are_of_the_list() {
    breaks("taux-normal", "BR-FR-04 BT-3", |doc| doc.type_code = "325".into());
    breaks("taux-normal", "BR-FR-08 BT-23", |doc| doc.process = "S8".into());
    breaks("taux-normal", "BR-FR-08 BT-23", |doc| doc.process.clear());
}

#[test]
fn each_note_is_there_and_once() {
    breaks("taux-normal", "BR-FR-05 BT-22", |doc| doc.notes.retain(|note| note.code != "PMD"));
    breaks("taux-normal", "BR-FR-05 BT-22", |doc| doc.notes[0].text = " ".into());
    breaks("taux-normal", "BR-FR-06 BT-21", |doc| doc.notes.push(doc.notes[0].clone()));
    breaks("taux-normal", "BR-FR-31 BT-21", |doc| doc.notes.push(doc.notes[3].clone()));
    breaks("taux-normal", "BR-FR-20 BT-22", |doc| doc.notes[3].text = "B2X".into());
    // Without BAR it goes to a platform as well.
    breaks("taux-normal", "BR-FR-05 BT-22", |doc| doc.notes.retain(|note| note.code == "PMT" || note.code == "AAB"));
    assert!(goes_to_a_platform(&named("taux-normal")) && !goes_to_a_platform(&named("comptant-particulier")));
}

#[test]
fn companies_are_known_by_their_numbers_and_addresses() {
    breaks("taux-normal", "BR-FR-09 BT-29", |doc| doc.seller.siret = "11111111100000".into());
    breaks("taux-normal", "BR-FR-09 BT-46", |doc| doc.buyer.siret = "5521005540001".into());
    breaks("taux-normal", "BR-FR-13 BT-34", |doc| doc.seller.electronic_address.clear());
    breaks("taux-normal", "BR-FR-12 BT-49", |doc| doc.buyer.electronic_address.clear());
    breaks("taux-normal", "BR-FR-21 BT-49", |doc| doc.buyer.electronic_address = "732829320".into());
    breaks("taux-normal", "BR-FR-23 BT-34", |doc| doc.seller.electronic_address = "732829320@x".into());
    breaks("taux-normal", "BR-FR-25 BT-34", |doc| doc.seller.electronic_address = "7".repeat(126));
    breaks("franchise", "BR-FR-10 BT-30", |doc| {
        doc.seller.siren = "73282932".into();
        doc.seller.siret.clear();
    });
    breaks("taux-normal", "BR-FR-11 BT-47", |doc| {
        doc.buyer.siren.clear();
        doc.buyer.siret.clear();
    });
    assert!(broken("taux-normal", |doc| doc.buyer.electronic_address = "552100554_ACHATS".into()).is_empty());
    assert!(broken("taux-normal", |doc| doc.seller.siret = "732 829 320 00074".into()).is_empty());
}

#[test]
fn taxes_are_those_of_france() {
    breaks("taux-normal", "BR-FR-15 BT-151", |doc| doc.lines[0].vat_category = "L".into());
    breaks("taux-normal", "BR-FR-16 BT-152", |doc| doc.lines[0].vat_rate = dec!(19));
    assert!(broken("taux-normal", |doc| doc.lines[0].vat_rate = dec!(5.50)).is_empty());
}

#[test]
fn credits_and_corrections_name_what_they_touch() {
    breaks("avoir-partiel", "BR-FR-CO-05 BG-3", |doc| doc.preceding.clear());
    breaks("rectificative", "BR-FR-CO-04 BG-3", |doc| doc.preceding.clear());
    breaks("rectificative", "BR-FR-CO-04 BG-3", |doc| {
        doc.preceding.push(Preceding { date: date(2026, 1, 1), number: "A".into(), ..Preceding::default() });
    });
    breaks("remise-globale", "BR-FR-CO-03 BT-12, BG-14", |doc| doc.contract_reference.clear());
    assert!(broken("avoir-partiel", |doc| doc.preceding.push(doc.preceding[0].clone())).is_empty());
}

#[test]
fn what_is_due_is_due_afterwards() {
    breaks("taux-normal", "BR-FR-CO-07 BT-9", |doc| doc.due_date = Some(date(2026, 11, 21)));
    assert!(broken("taux-normal", |doc| doc.due_date = Some(doc.issue_date)).is_empty());
    assert!(broken("acompte", |doc| doc.due_date = Some(date(2026, 11, 1))).is_empty());
    breaks("acompte", "BR-FR-CO-08 BT-23", |doc| doc.process = "M4".into());
    assert!(broken("solde", |doc| doc.kind = DocumentKind::Invoice).is_empty());
}

#[test]
fn what_is_paid_leaves_nothing_due() {
    breaks("comptant", "BR-FR-CO-09 BT-113", |doc| doc.totals.paid -= 1);
    breaks("comptant", "BR-FR-CO-09 BT-115", |doc| doc.totals.due = 1);
    breaks("comptant", "BR-FR-CO-09 BT-9", |doc| doc.due_date = None);
}

#[test]
fn other_currencies_tell_their_vat_in_euros() {
    breaks("devise", "BR-FR-CO-12 BT-111", |doc| doc.accounting_currency_vat = None);
}

#[test]
fn decimals_are_counted() {
    breaks("taux-normal", "BR-FR-DEC-02 BT-129", |doc| doc.lines[0].quantity = dec!(1.00001));
    breaks("taux-normal", "BR-FR-DEC-03 BT-146", |doc| doc.lines[0].unit_price = dec!(1.0000001));
    breaks("taux-normal", "BR-FR-DEC-03 BT-146", |doc| doc.lines[0].unit_price = dec!(-1));
    assert_eq!(broken("taux-normal", |doc| doc.vat[0].rate = dec!(20.001)), ["BR-FR-16 BT-119", "BR-FR-DEC-04 BT-119"]);
    assert!(broken("taux-normal", |doc| doc.lines[0].quantity = dec!(1.00000)).is_empty());
}

#[test]
fn the_type_is_that_of_the_kind() {
    breaks("taux-normal", "EI-11 BT-3", |doc| doc.type_code = "386".into());
    breaks("avoir-partiel", "QI-29 BT-3", |doc| doc.type_code = "380".into());
    breaks("rectificative", "QI-30 BT-3", |doc| doc.type_code = "380".into());
    breaks("acompte", "QI-31 BT-3", |doc| doc.type_code = "380".into());
}

#[test]
fn deposits_are_said_and_taken_off() {
    breaks("solde", "QI-32 BT-23", |doc| doc.process = "M1".into());
    breaks("solde", "QI-32 BT-113", |doc| doc.totals.paid -= 1);
}

#[test]
fn nobody_charges_vat_under_the_threshold() {
    breaks("franchise", "QI-41 BT-110", |doc| doc.totals.vat = 1);
}

#[test]
fn findings_read_as_a_sentence() {
    let mut doc = named("taux-normal");
    doc.notes.push(CodedNote { code: "AAB".into(), text: "x".into() });
    assert_eq!(french_rules(&doc)[0].to_string(), "BR-FR-06 BT-21: AAB twice");
}
