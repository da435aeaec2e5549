//! The format of the "fichier des écritures comptables" (LPF A47 A-1; FE-01…FE-04): one line as text, the name of the file, and a check that
//! reads a file as the administration would.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::BufRead;

/// FE-02: exactly these, in this order.
pub const COLUMNS: [&str; 18] = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
];

/// Most faults that are told.
const MOST_FAULTS: usize = 20;
/// Longest line that is read, in bytes.
const LONGEST: u64 = 20_000;

/// FE-01: the number of the company and the last day of its fiscal year.
pub(super) fn file_name(siren: &str, end: Date) -> String {
    format!("{siren}FEC{}.txt", end.strftime("%Y%m%d"))
}

/// A line of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub journal: String,
    pub journal_name: String,
    pub number: u64,
    pub date: Date,
    pub account: String,
    pub account_name: String,
    pub auxiliary: String,
    pub auxiliary_name: String,
    pub piece: String,
    pub piece_date: Date,
    pub label: String,
    /// Cents: positive is a debit, negative a credit.
    pub amount_minor: i64,
    /// Letters and the day on which it was settled.
    pub letter: Option<(String, Date)>,
    pub valid: Date,
}

/// A decimal comma, no separator of thousands (FE-03).
fn amount(minor: i64) -> String {
    let cents = minor.unsigned_abs();
    format!("{},{:02}", cents / 100, cents % 100)
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// No separator inside a field.
fn field(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '|' { ' ' } else { c }).collect::<String>().trim().to_owned()
}

impl Line {
    /// As it stands in the file, without its end.
    pub(super) fn written(&self) -> String {
        let (debit, credit) = if self.amount_minor >= 0 { (self.amount_minor, 0) } else { (0, self.amount_minor) };
        let (letter, lettered) = self.letter.as_ref().map_or_else(Default::default, |(letter, on)| (letter.clone(), day(*on)));
        [
            field(&self.journal),
            field(&self.journal_name),
            self.number.to_string(),
            day(self.date),
            field(&self.account),
            field(&self.account_name),
            field(&self.auxiliary),
            field(&self.auxiliary_name),
            field(&self.piece),
            day(self.piece_date),
            field(&self.label),
            amount(debit),
            amount(credit),
            letter,
            lettered,
            day(self.valid),
            String::new(),
            String::new(),
        ]
        .join("\t")
    }
}

/// Letters for the place of a settled invoice: AAA, AAB…
pub(super) fn letters(place: u64) -> String {
    let mut rest = place;
    let mut out = Vec::new();
    while rest > 0 || out.len() < 3 {
        out.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    out.into_iter().rev().collect()
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FecFault {
    /// From 1; the header is line 1.
    pub line: u64,
    /// `columns`, `separator`, `charset`, `width`, `empty`, `date`, `amount`, `account`, `number`, `unbalanced`, `order`, `letter`
    pub code: String,
    /// In words.
    pub detail: String,
}

/// What reading a file found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FecCheck {
    /// Columns of the header.
    pub columns: u64,
    /// Lines below the header.
    pub lines: u64,
    /// Entries.
    pub entries: u64,
    /// Sum of debits, in cents.
    pub debit_minor: i64,
    /// Sum of credits, in cents.
    pub credit_minor: i64,
    /// True: every entry and the whole are balanced.
    pub balanced: bool,
    /// True: nothing is wrong.
    pub valid: bool,
    /// What is wrong, the first twenty.
    pub faults: Vec<FecFault>,
}

fn read_day(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to);
    Date::new(part(0, 4)?.parse().ok()?, part(4, 6)?.parse().ok()?, part(6, 8)?.parse().ok()?).ok()
}

/// Cents of `1234,56`; nothing for a decimal point, a separator of thousands, a third decimal.
fn read_amount(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, cents) = digits.split_once(',').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(cents) || cents.len() > 2 {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents).map(|minor| sign * minor)
}

/// The entry that is being read.
#[derive(Default)]
struct Entry {
    key: (String, String),
    line: u64,
    sum: i64,
}

/// A file as it is read.
#[derive(Default)]
struct Reader {
    check: FecCheck,
    entry: Option<Entry>,
    /// The last number of each journal.
    numbers: BTreeMap<String, u64>,
    /// Open sums of letters by account and auxiliary.
    letters: BTreeMap<(String, String), i64>,
    valid: Option<Date>,
    /// An entry of a journal other than the opening one was seen.
    opened: bool,
    unbalanced: bool,
}

impl Reader {
    fn fault(&mut self, line: u64, code: &str, detail: impl Into<String>) {
        if self.check.faults.len() < MOST_FAULTS {
            self.check.faults.push(FecFault { line, code: code.to_owned(), detail: detail.into() });
        }
    }

    /// Ends the entry that was being read.
    fn close(&mut self) {
        let Some(entry) = self.entry.take() else { return };
        if entry.sum != 0 {
            self.unbalanced = true;
            let detail = format!("L’écriture {} du journal {} n’est pas équilibrée.", entry.key.1, entry.key.0);
            self.fault(entry.line, "unbalanced", detail);
        }
    }

    /// FE-04: numbers of a journal follow each other without a gap.
    fn begin(&mut self, line: u64, journal: &str, number: &str) {
        self.close();
        self.check.entries += 1;
        let running = number.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().ok();
        let last = self.numbers.get(journal).copied().unwrap_or_default();
        match running {
            Some(running) if running == last + 1 => {}
            _ => self.fault(line, "number", format!("EcritureNum {number} ne suit pas {last} dans le journal {journal}.")),
        }
        self.numbers.insert(journal.to_owned(), running.unwrap_or(last + 1));
        self.entry = Some(Entry { key: (journal.to_owned(), number.to_owned()), line, sum: 0 });
        if journal == "AN" && self.opened {
            self.fault(line, "order", "Les à-nouveaux viennent en premier.");
        }
        self.opened = self.opened || journal != "AN";
    }

    fn dates(&mut self, line: u64, fields: &[&str]) {
        let at = |index: usize| fields.get(index).copied().unwrap_or_default();
        for (index, name) in [(3, "EcritureDate"), (9, "PieceDate"), (15, "ValidDate")] {
            if read_day(at(index)).is_none() {
                self.fault(line, "date", format!("{name} n’est pas une date AAAAMMJJ : « {} ».", at(index)));
            }
        }
        if at(13).is_empty() != at(14).is_empty() || (!at(14).is_empty() && read_day(at(14)).is_none()) {
            self.fault(line, "date", "EcritureLet et DateLet vont ensemble, et DateLet est une date AAAAMMJJ.");
        }
        if let Some(valid) = read_day(at(15)) {
            if self.valid.is_some_and(|before| before > valid) {
                self.fault(line, "order", "Les écritures suivent l’ordre de leur validation (ValidDate).");
            }
            self.valid = Some(valid);
        }
    }

    fn line(&mut self, line: u64, fields: &[&str]) {
        self.check.lines += 1;
        if fields.len() != COLUMNS.len() {
            return self.fault(line, "width", format!("{} champs au lieu de 18.", fields.len()));
        }
        let at = |index: usize| fields.get(index).copied().unwrap_or_default();
        for index in [0, 1, 2, 5, 8, 10] {
            if at(index).trim().is_empty() {
                self.fault(line, "empty", format!("{} est vide.", COLUMNS.get(index).copied().unwrap_or_default()));
            }
        }
        if !(at(4).len() >= 3 && at(4).bytes().take(3).all(|byte| byte.is_ascii_digit())) {
            self.fault(line, "account", format!("CompteNum « {} » ne commence pas par trois chiffres.", at(4)));
        }
        if at(6).is_empty() != at(7).is_empty() {
            self.fault(line, "account", "CompAuxNum et CompAuxLib vont ensemble.");
        }
        let (journal, number) = (at(0).to_owned(), at(2).to_owned());
        if self.entry.as_ref().is_none_or(|entry| entry.key != (journal.clone(), number.clone())) {
            self.begin(line, &journal, &number);
        }
        self.dates(line, fields);
        match (read_amount(at(11)), read_amount(at(12))) {
            (Some(debit), Some(credit)) if debit == 0 || credit == 0 => {
                self.check.debit_minor += debit;
                self.check.credit_minor += credit;
                if let Some(entry) = &mut self.entry {
                    entry.sum += debit - credit;
                }
                if !at(13).is_empty() {
                    let key = (format!("{} {}", at(4), at(6)), at(13).to_owned());
                    let sum = self.letters.remove(&key).unwrap_or_default() + debit - credit;
                    if sum != 0 {
                        self.letters.insert(key, sum);
                    }
                }
            }
            (Some(_), Some(_)) => self.fault(line, "amount", "Une ligne est un débit ou un crédit, pas les deux."),
            _ => self.fault(
                line,
                "amount",
                format!("Montant illisible : « {} » / « {} » (virgule décimale, deux décimales).", at(11), at(12)),
            ),
        }
    }

    fn end(mut self) -> FecCheck {
        self.close();
        let last = self.check.lines + 1;
        if let Some(((account, letter), _)) = self.letters.iter().next() {
            let detail = format!("Le lettrage {letter} du compte {account} n’est pas soldé.");
            self.fault(last, "letter", detail);
        }
        if self.check.debit_minor != self.check.credit_minor {
            self.unbalanced = true;
            self.fault(last, "unbalanced", "Le total des débits diffère du total des crédits.");
        }
        self.check.balanced = !self.unbalanced;
        self.check.valid = self.check.faults.is_empty();
        self.check
    }
}

/// Reads a file line by line and says what is wrong with it. Memory stays bounded however long it is.
pub fn check(mut file: impl BufRead) -> std::io::Result<FecCheck> {
    let mut reader = Reader::default();
    let (mut bytes, mut number, mut separator) = (Vec::new(), 0_u64, '\t');
    loop {
        bytes.clear();
        let read = std::io::Read::take(&mut file, LONGEST).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        number += 1;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            reader.fault(number, "charset", "Ce n’est pas de l’UTF-8.");
            continue;
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if number == 1 {
            if text.contains('|') && !text.contains('\t') {
                separator = '|';
            } else if !text.contains('\t') {
                reader.fault(1, "separator", "Les champs se séparent par une tabulation ou par « | ».");
            }
            let names: Vec<&str> = text.split(separator).collect();
            reader.check.columns = u64::try_from(names.len()).unwrap_or_default();
            if names != COLUMNS {
                reader.fault(1, "columns", "L’en-tête n’est pas celui des 18 colonnes, dans leur ordre.");
            }
            continue;
        }
        let fields: Vec<&str> = text.split(separator).collect();
        reader.line(number, &fields);
    }
    if number == 0 {
        reader.fault(1, "columns", "Le fichier est vide.");
    }
    Ok(reader.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn entry(number: u64, amounts: &[(&str, i64)]) -> Vec<Line> {
        let line = |(account, amount_minor): &(&str, i64)| Line {
            journal: "VE".into(),
            journal_name: "Ventes".into(),
            number,
            date: date(2026, 3, 2),
            account: (*account).to_owned(),
            account_name: "Compte".into(),
            piece: format!("F2026-{number:06}"),
            piece_date: date(2026, 3, 2),
            label: "Facture\tà\nvoir".into(),
            amount_minor: *amount_minor,
            valid: date(2026, 3, 2),
            ..Line::default()
        };
        amounts.iter().map(line).collect()
    }

    fn file(lines: &[Line]) -> String {
        let mut text = COLUMNS.join("\t") + "\r\n";
        for line in lines {
            text += &(line.written() + "\r\n");
        }
        text
    }

    fn good() -> String {
        let mut lines = entry(1, &[("411000", 12_000), ("706000", -10_000), ("445710", -2_000)]);
        lines.extend(entry(2, &[("411000", -1_234_567), ("707000", 1_234_567)]));
        file(&lines)
    }

    fn codes(text: &str) -> Vec<String> {
        check(text.as_bytes()).expect("read").faults.into_iter().map(|fault| fault.code).collect()
    }

    #[test] // FE-01
    fn the_name_holds_the_number_and_the_last_day() {
        assert_eq!(file_name("732829320", date(2026, 12, 31)), "732829320FEC20261231.txt");
    }

    #[test] // FE-02…FE-04
    fn a_good_file_is_found_good() {
        let found = check(good().as_bytes()).expect("read");
        assert_eq!((found.columns, found.entries, found.lines, found.balanced, found.valid), (18, 2, 5, true, true), "{found:?}");
        assert_eq!((found.debit_minor, found.credit_minor), (1_246_567, 1_246_567));
        assert!(good().contains("\t12345,67\t0,00\t") && good().contains("Facture à voir"));
        assert!(check(good().replace('\t', "|").as_bytes()).expect("read").valid, "the other separator");
    }

    #[test] // FE-02…FE-04: each negative control is found
    fn what_is_wrong_is_found() {
        assert_eq!(codes(&good().replace("\t120,00\t", "\t120,01\t")), ["unbalanced", "unbalanced"]);
        assert_eq!(codes(&good().replace("JournalCode", "Journal")), ["columns"]);
        assert_eq!(codes(&good().replace("CompteLib\tCompAuxNum", "CompAuxNum\tCompteLib")), ["columns"]);
        assert_eq!(codes(&good().replace("Ventes\t2\t", "Ventes\t3\t")), ["number"]);
        assert!(codes(&good().replace("\t120,00\t", "\t120.00\t")).contains(&"amount".to_owned()));
        assert!(codes(&good().replace("\t12345,67\t", "\t12 345,67\t")).contains(&"amount".to_owned()));
        assert!(codes(&good().replacen("20260302", "02/03/2026", 1)).contains(&"date".to_owned()));
        assert!(codes(&good().replacen("20260302", "20260230", 1)).contains(&"date".to_owned()));
        assert!(codes(&good().replacen("411000", "41", 1)).contains(&"account".to_owned()));
        assert!(codes(&good().replacen("F2026-000001", "", 1)).contains(&"empty".to_owned()));
        assert!(codes(&good().replacen("\t0,00\t", "\t", 1)).contains(&"width".to_owned()));
        assert_eq!(codes(""), ["columns"]);
        let late = good().replacen("\t20260302\t\t\r\n", "\t20260303\t\t\r\n", 1);
        assert!(codes(&late).contains(&"order".to_owned()), "sorted by ValidDate");
    }

    #[test]
    fn letters_that_do_not_add_up_are_found() {
        let mut lines = entry(1, &[("411000", 100), ("706000", -100)]);
        lines[0].letter = Some((letters(0), date(2026, 4, 1)));
        assert_eq!(codes(&file(&lines)), ["letter"]);
        let mut paid = entry(2, &[("512000", 100), ("411000", -100)]);
        paid[1].letter = Some((letters(0), date(2026, 4, 1)));
        lines.extend(paid);
        assert!(codes(&file(&lines)).is_empty());
        assert_eq!((letters(0), letters(27), letters(26 * 26 * 26)), ("AAA".into(), "ABB".into(), "BAAA".into()));
    }
}
