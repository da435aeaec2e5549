//! What the French reform asks of an invoice beyond the European norm: the rules BR-FR of XP Z12-012, each a function of its own, and a
//! few of the law (QI) that no validation sees.
//!
//! The names are those of the official validation, which judges the same documents in the project's checks.

use super::model::{Commercial, DocumentKind, Party};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, such as `BR-FR-05`.
    pub rule: String,
    /// The business terms, such as `BT-22`.
    pub terms: String,
    /// What is wrong.
    pub text: String,
}

impl Finding {
    /// A finding of a rule on terms.
    pub(super) fn new(rule: &str, terms: &str, text: &str) -> Self {
        Self { rule: rule.to_owned(), terms: terms.to_owned(), text: text.to_owned() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.rule, self.terms, self.text)
    }
}

type Found = Vec<Finding>;

const RULES: [fn(&Commercial) -> Found; 24] = [
    numbers,
    days,
    type_code,
    notes_there,
    notes_once,
    process,
    establishments,
    sirens,
    addresses_there,
    addresses_written,
    vat_categories,
    vat_rates,
    treatment,
    global_rebate,
    one_corrected,
    some_credited,
    due_after_issue,
    no_deposit_deducts,
    paid_is_settled,
    vat_in_euros,
    decimals,
    kinds,
    deposits_deducted,
    franchise,
];

/// The kinds of documents that credit (BT-3).
const CREDITS: [&str; 5] = ["261", "381", "396", "502", "503"];
const CORRECTIONS: [&str; 4] = ["384", "471", "472", "473"];
const DEPOSITS: [&str; 3] = ["386", "500", "503"];

/// Everything that the French rules find.
pub fn french_rules(doc: &Commercial) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(doc)).collect()
}

/// Whether the invoice goes to its buyer through a platform (flux 2), which the note BAR tells: all do that do not say otherwise.
pub fn goes_to_a_platform(doc: &Commercial) -> bool {
    doc.notes.iter().find(|note| note.code == "BAR").is_none_or(|note| note.text == "B2B")
}

fn when(broken: bool, rule: &str, terms: &str, text: impl FnOnce() -> String) -> Found {
    if broken { vec![Finding::new(rule, terms, &text())] } else { Vec::new() }
}

fn number(value: &str, term: &str) -> Found {
    let long = when(value.chars().count() > 35, "BR-FR-01", term, || format!("`{value}` is longer than 35 characters"));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-_/".contains(c);
    let odd = when(value.is_empty() || !value.chars().all(allowed), "BR-FR-02", term, || {
        format!("`{value}` has other characters than letters, digits and + - _ /")
    });
    long.into_iter().chain(odd).collect()
}

/// BR-FR-01, BR-FR-02: numbers (QI-27).
fn numbers(doc: &Commercial) -> Found {
    let earlier = doc.deposits.iter().chain(&doc.preceding).flat_map(|other| number(&other.number, "BT-25"));
    number(doc.number.as_deref().unwrap_or_default(), "BT-1").into_iter().chain(earlier).collect()
}

/// BR-FR-03: days of this century.
fn days(doc: &Commercial) -> Found {
    let (from, to) = doc.supply_period.unzip();
    let mut all = vec![("BT-2", Some(doc.issue_date)), ("BT-9", doc.due_date), ("BT-72", doc.supply_date), ("BT-73", from), ("BT-74", to)];
    all.extend(doc.deposits.iter().chain(&doc.preceding).map(|other| ("BT-26", Some(other.date))));
    let odd = |day: &jiff::civil::Date| !(2000..=2099).contains(&day.year());
    all.into_iter()
        .filter_map(|(term, day)| day.filter(odd).map(|day| Finding::new("BR-FR-03", term, &format!("{day} is not of 2000 to 2099"))))
        .collect()
}

/// BR-FR-04: what the document is (EI-11).
fn type_code(doc: &Commercial) -> Found {
    let known = ["380", "389", "393", "501", "386", "500", "384", "471", "472", "473", "261", "262", "381", "396", "502", "503"];
    when(!known.contains(&doc.type_code.as_str()), "BR-FR-04", "BT-3", || format!("`{}` is no type of the reform", doc.type_code))
}

/// BR-FR-05: the notes on costs of recovery, penalties and discount are there (EI-08). Consumers are told none of it (QI-18).
fn notes_there(doc: &Commercial) -> Found {
    if !goes_to_a_platform(doc) {
        return Vec::new();
    }
    let absent = |code: &&str| !doc.notes.iter().any(|note| note.code == **code && !note.text.trim().is_empty());
    ["PMT", "PMD", "AAB"].into_iter().filter(absent).map(|code| Finding::new("BR-FR-05", "BT-22", &format!("no note {code}"))).collect()
}

/// BR-FR-06, BR-FR-31: and only once.
fn notes_once(doc: &Commercial) -> Found {
    let twice = |code: &str| doc.notes.iter().filter(|note| note.code == code).count() > 1;
    let codes = [("PMT", "BR-FR-06"), ("PMD", "BR-FR-06"), ("AAB", "BR-FR-06"), ("TXD", "BR-FR-06"), ("BAR", "BR-FR-31")];
    codes.iter().filter(|(code, _)| twice(code)).map(|(code, rule)| Finding::new(rule, "BT-21", &format!("{code} twice"))).collect()
}

/// BR-FR-08: goods, services or both, and how they are paid (EI-11). The multi-seller ones need the extended profile.
fn process(doc: &Commercial) -> Found {
    let known = ["B1", "S1", "M1", "B2", "S2", "M2", "S3", "B4", "S4", "M4", "S5", "S6", "B7", "S7"];
    when(!known.contains(&doc.process.as_str()), "BR-FR-08", "BT-23", || format!("`{}` is no way of invoicing of ours", doc.process))
}

fn digits(value: &str, count: usize) -> bool {
    value.len() == count && value.bytes().all(|b| b.is_ascii_digit())
}

fn compact(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace()).collect()
}

/// BR-FR-09: the SIRET begins with the SIREN.
fn establishments(doc: &Commercial) -> Found {
    let broken = |party: &Party| {
        let siret = compact(&party.siret);
        let own = digits(&siret, 14) && !party.siren.is_empty() && siret.starts_with(&compact(&party.siren));
        !siret.is_empty() && !own
    };
    [(&doc.seller, "BT-29"), (&doc.buyer, "BT-46")]
        .iter()
        .filter(|(party, _)| broken(party))
        .map(|(party, term)| Finding::new("BR-FR-09", term, &format!("SIRET `{}` is not of SIREN `{}`", party.siret, party.siren)))
        .collect()
}

/// BR-FR-10, BR-FR-11: the SIREN of the seller, and of the buyer between companies (EI-09).
fn sirens(doc: &Commercial) -> Found {
    let seller = when(!digits(&compact(&doc.seller.siren), 9), "BR-FR-10", "BT-30", || "the seller has no SIREN of nine digits".to_owned());
    let named = doc.notes.iter().any(|note| note.code == "BAR" && note.text == "B2B");
    let buyer =
        when(named && !digits(&compact(&doc.buyer.siren), 9), "BR-FR-11", "BT-47", || "the buyer has no SIREN of nine digits".to_owned());
    seller.into_iter().chain(buyer).collect()
}

/// BR-FR-12, BR-FR-13, BR-FR-21: where the invoice leaves from and where it arrives; in France that begins with the SIREN.
fn addresses_there(doc: &Commercial) -> Found {
    let platform = goes_to_a_platform(doc);
    let mut found =
        when(doc.seller.electronic_address.is_empty(), "BR-FR-13", "BT-34", || "the seller has no electronic address".to_owned());
    if platform {
        let buyer = &doc.buyer;
        let empty = buyer.electronic_address.is_empty();
        found.extend(when(empty, "BR-FR-12", "BT-49", || "the buyer has no electronic address".to_owned()));
        let named = doc.notes.iter().any(|note| note.code == "BAR" && note.text == "B2B");
        let scheme = matches!(buyer.electronic_scheme.as_str(), "" | "0225");
        let elsewhere = !scheme || !buyer.electronic_address.starts_with(&compact(&buyer.siren));
        found.extend(when(named && !empty && elsewhere, "BR-FR-21", "BT-49", || {
            format!("`{}` is not in the directory under SIREN {}", buyer.electronic_address, buyer.siren)
        }));
    }
    found
}

/// BR-FR-23, BR-FR-25: how electronic addresses of the directory are written (EI-10).
fn addresses_written(doc: &Commercial) -> Found {
    let mut found = Vec::new();
    for (party, term) in [(&doc.seller, "BT-34"), (&doc.buyer, "BT-49")] {
        let address = &party.electronic_address;
        let ours = matches!(party.electronic_scheme.as_str(), "" | "0225");
        let odd = !address.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        found.extend(when(ours && odd, "BR-FR-23", term, || format!("`{address}` has other characters than letters, digits and - _ .")));
        found.extend(when(address.chars().count() > 125, "BR-FR-25", term, || "longer than 125 characters".to_owned()));
    }
    found
}

/// Every category and rate that the document names.
fn taxes(doc: &Commercial) -> impl Iterator<Item = (&str, Decimal, &'static str)> {
    let lines = doc.lines.iter().map(|line| (line.vat_category.as_str(), line.vat_rate, "BT-152"));
    let whole = doc.allowances.iter().map(|part| (part.vat_category.as_str(), part.vat_rate, "BT-96"));
    lines.chain(whole).chain(doc.vat.iter().map(|part| (part.category.as_str(), part.rate, "BT-119")))
}

/// BR-FR-15: the categories of VAT that France has (QI-40).
fn vat_categories(doc: &Commercial) -> Found {
    let odd: BTreeSet<&str> =
        taxes(doc).map(|(category, ..)| category).filter(|c| !["S", "Z", "E", "AE", "K", "G", "O"].contains(c)).collect();
    odd.into_iter().map(|category| Finding::new("BR-FR-15", "BT-151", &format!("`{category}` is no category of VAT in France"))).collect()
}

/// In thousandths of a percent.
const RATES: [i64; 15] = [0, 900, 1050, 1750, 2100, 5500, 7000, 8500, 9200, 9600, 10_000, 13_000, 19_600, 20_000, 20_600];

/// BR-FR-16: the rates that France has had (QI-40).
fn vat_rates(doc: &Commercial) -> Found {
    let known = |rate: Decimal| RATES.iter().any(|known| rate == Decimal::new(*known, 3));
    let odd: BTreeSet<(Decimal, &str)> = taxes(doc).filter(|(_, rate, _)| !known(*rate)).map(|(_, rate, term)| (rate, term)).collect();
    odd.into_iter().map(|(rate, term)| Finding::new("BR-FR-16", term, &format!("{rate} % is no rate of VAT in France"))).collect()
}

/// BR-FR-20: what the note BAR may say (EI-09).
fn treatment(doc: &Commercial) -> Found {
    let known = ["B2B", "B2BINT", "B2C", "B2CINT", "OUTOFSCOPE", "ARCHIVEONLY"];
    let odd = |note: &&super::model::CodedNote| note.code == "BAR" && !known.contains(&note.text.as_str());
    doc.notes.iter().filter(odd).map(|note| Finding::new("BR-FR-20", "BT-22", &format!("BAR `{}`", note.text))).collect()
}

/// BR-FR-CO-03: a rebate on a period names the contract and the period (QI-29).
fn global_rebate(doc: &Commercial) -> Found {
    let bare = doc.contract_reference.is_empty() || doc.supply_period.is_none();
    when(doc.type_code == "262" && bare, "BR-FR-CO-03", "BT-12, BG-14", || "a global rebate without contract or period".to_owned())
}

/// BR-FR-CO-04: what corrects an invoice names that one (QI-30).
fn one_corrected(doc: &Commercial) -> Found {
    let corrects = CORRECTIONS.contains(&doc.type_code.as_str());
    let count = doc.preceding.len() + doc.deposits.len();
    when(corrects && count != 1, "BR-FR-CO-04", "BG-3", || format!("{count} corrected invoices are named, and one is"))
}

/// BR-FR-CO-05: what credits names an invoice (QI-29).
fn some_credited(doc: &Commercial) -> Found {
    let bare = doc.preceding.is_empty() && doc.deposits.is_empty();
    when(CREDITS.contains(&doc.type_code.as_str()) && bare, "BR-FR-CO-05", "BG-3", || "no credited invoice is named".to_owned())
}

/// BR-FR-CO-07: due on the day of issue at the earliest, but for deposits and what is paid (EI-12).
fn due_after_issue(doc: &Commercial) -> Found {
    let exempt = DEPOSITS.contains(&doc.type_code.as_str()) || doc.process.ends_with('2');
    let early = doc.due_date.is_some_and(|due| due < doc.issue_date);
    when(early && !exempt, "BR-FR-CO-07", "BT-9", || "due before it is issued".to_owned())
}

/// BR-FR-CO-08: what deducts deposits is none (QI-32).
fn no_deposit_deducts(doc: &Commercial) -> Found {
    let broken = doc.process.ends_with('4') && DEPOSITS.contains(&doc.type_code.as_str());
    when(broken, "BR-FR-CO-08", "BT-23", || format!("{} with type {}", doc.process, doc.type_code))
}

/// BR-FR-CO-09: what says that it is paid leaves nothing due and names the day (QI-35).
fn paid_is_settled(doc: &Commercial) -> Found {
    if !doc.process.ends_with('2') {
        return Vec::new();
    }
    let totals = &doc.totals;
    let open = when(totals.paid != totals.gross, "BR-FR-CO-09", "BT-113", || "not the whole is paid".to_owned());
    let due = when(totals.due != 0, "BR-FR-CO-09", "BT-115", || "something is due".to_owned());
    let day = when(doc.due_date.is_none(), "BR-FR-CO-09", "BT-9", || "the day of the payment is missing".to_owned());
    open.into_iter().chain(due).chain(day).collect()
}

/// BR-FR-CO-12: VAT is also told in euros (QI-46).
fn vat_in_euros(doc: &Commercial) -> Found {
    let absent = doc.currency != "EUR" && doc.accounting_currency_vat.is_none();
    when(absent, "BR-FR-CO-12", "BT-111", || format!("an invoice in {} without its VAT in euros", doc.currency))
}

/// BR-FR-DEC-02, -03, -04: how many decimals quantities, prices and rates have (QI-47).
fn decimals(doc: &Commercial) -> Found {
    let finer = |value: Decimal, places: u32| value.normalize().scale() > places;
    let mut found = Vec::new();
    for line in &doc.lines {
        let id = &line.id;
        found.extend(when(finer(line.quantity, 4), "BR-FR-DEC-02", "BT-129", || format!("line {id}: more than 4 decimals")));
        let price = line.unit_price;
        let broken = finer(price, 6) || price.is_sign_negative() && !price.is_zero();
        found.extend(when(broken, "BR-FR-DEC-03", "BT-146", || format!("line {id}: {price} has a sign or more than 6 decimals")));
    }
    for (_, rate, term) in taxes(doc) {
        found.extend(when(finer(rate, 2), "BR-FR-DEC-04", term, || format!("{rate} has more than 2 decimals")));
    }
    found
}

/// QI-29, QI-30, QI-31: what people read and what the tax office reads are one thing.
fn kinds(doc: &Commercial) -> Found {
    let code = doc.type_code.as_str();
    let (rule, agrees) = match doc.kind {
        DocumentKind::CreditNote => ("QI-29", code == "262" || CREDITS.contains(&code)),
        DocumentKind::Corrective => ("QI-30", CORRECTIONS.contains(&code)),
        DocumentKind::Deposit => ("QI-31", code != "503" && DEPOSITS.contains(&code)),
        _ => ("EI-11", code != "262" && !CREDITS.contains(&code) && !CORRECTIONS.contains(&code) && !DEPOSITS.contains(&code)),
    };
    when(!agrees, rule, "BT-3", || format!("{:?} with type {code}", doc.kind))
}

/// QI-32: an invoice after deposits says so and takes all of them off.
fn deposits_deducted(doc: &Commercial) -> Found {
    if doc.deposits.is_empty() {
        return Vec::new();
    }
    let unsaid =
        when(!doc.process.ends_with('4'), "QI-32", "BT-23", || format!("deposits are deducted, and `{}` does not say so", doc.process));
    let sum: i64 = doc.deposits.iter().map(|deposit| deposit.gross).fold(0, i64::saturating_add);
    let left = when(sum > doc.totals.paid, "QI-32", "BT-113", || format!("deposits of {sum} cents, {} are deducted", doc.totals.paid));
    unsaid.into_iter().chain(left).collect()
}

/// QI-41: who is under the threshold charges no VAT on anything.
fn franchise(doc: &Commercial) -> Found {
    let under = doc.vat.iter().any(|part| part.exemption_code == "VATEX-FR-FRANCHISE");
    let charged = doc.totals.vat != 0 || doc.vat.iter().any(|part| part.category != "E");
    when(under && charged, "QI-41", "BT-110", || "VAT is charged under the threshold".to_owned())
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
