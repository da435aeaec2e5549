//! vCards, one file for many people.
//!
//! Version 3.0 and not 4.0: Outlook reads no 4.0, and everything else (iOS, Android, Google, Thunderbird) reads both. UTF-8,
//! CRLF, lines folded at 75 bytes. Outlook itself takes only the first card of a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::civil::Date;

use crate::DocumentError;

/// What a card says. Empty texts are left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Card<'a> {
    /// Stays the same when the card is exported again, so that an address book replaces it.
    pub uid: &'a str,
    /// A company: its name is that of the card.
    pub is_company: bool,
    /// The name in a list; required.
    pub display_name: &'a str,
    /// `M.`, `Mme`, …
    pub civility: &'a str,
    /// Given names.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// The company, or that of the person.
    pub company_name: &'a str,
    /// The job.
    pub job_title: &'a str,
    /// The primary one first.
    pub emails: &'a [&'a str],
    /// In E.164, the primary one first.
    pub phones: &'a [&'a str],
    /// The primary one first.
    pub addresses: &'a [CardAddress<'a>],
    /// With its scheme.
    pub website: &'a str,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// Names of tags.
    pub tags: &'a [&'a str],
    /// Free text, with line breaks.
    pub notes: &'a str,
}

/// A postal address on a card.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub struct CardAddress<'a> {
    pub line1: &'a str,
    pub line2: &'a str,
    pub postal_code: &'a str,
    pub city: &'a str,
    /// A name or a code.
    pub country: &'a str,
}

/// A file of cards being written.
pub struct VcardWriter {
    file: BufWriter<File>,
    cards: u64,
}

impl VcardWriter {
    /// Begins a file, replacing the one at `path`.
    ///
    /// # Errors
    /// [`DocumentError::Io`].
    pub fn create(path: &Path) -> Result<Self, DocumentError> {
        Ok(Self { file: BufWriter::new(File::create(path)?), cards: 0 })
    }

    /// Writes one card.
    ///
    /// # Errors
    /// [`DocumentError::Io`].
    pub fn card(&mut self, card: &Card<'_>) -> Result<(), DocumentError> {
        self.file.write_all(text(card).as_bytes())?;
        self.cards += 1;
        Ok(())
    }

    /// Completes the file; gives the number of cards.
    ///
    /// # Errors
    /// [`DocumentError::Io`].
    pub fn finish(mut self) -> Result<u64, DocumentError> {
        self.file.flush()?;
        Ok(self.cards)
    }
}

fn text(card: &Card<'_>) -> String {
    let mut out = String::from("BEGIN:VCARD\r\nVERSION:3.0\r\n");
    // Strict readers ask for N and FN. A company has no person's name; who has none at all goes by what is displayed.
    match (card.is_company, card.last_name, card.first_name) {
        (true, ..) => out.push_str("N:;;;;\r\n"),
        (false, "", "") => line(&mut out, "N", &[card.display_name, "", "", "", ""]),
        (false, last, first) => line(&mut out, "N", &[last, first, "", card.civility, ""]),
    }
    line(&mut out, "FN", &[card.display_name]);
    line(&mut out, "ORG", &[card.company_name]);
    if card.is_company {
        line(&mut out, "X-ABShowAs", &["COMPANY"]);
    }
    line(&mut out, "TITLE", &[card.job_title]);
    for (index, email) in card.emails.iter().enumerate() {
        line(&mut out, if index == 0 { "EMAIL;TYPE=INTERNET,PREF" } else { "EMAIL;TYPE=INTERNET" }, &[email]);
    }
    for (index, phone) in card.phones.iter().enumerate() {
        let kind = if is_mobile(phone) { "CELL" } else { "WORK,VOICE" };
        line(&mut out, &format!("TEL;TYPE={kind}{}", if index == 0 { ",PREF" } else { "" }), &[phone]);
    }
    for address in card.addresses {
        let kind = if card.is_company || !card.company_name.is_empty() { "WORK" } else { "HOME" };
        line(
            &mut out,
            &format!("ADR;TYPE={kind}"),
            &["", address.line2, address.line1, address.city, "", address.postal_code, address.country],
        );
    }
    line(&mut out, "URL", &[card.website]);
    line(&mut out, "BDAY", &[&card.birthday.map(|date| date.to_string()).unwrap_or_default()]);
    line(&mut out, "NOTE", &[card.notes]);
    line(&mut out, "UID", &[card.uid]);
    if !card.tags.is_empty() {
        let tags: Vec<String> = card.tags.iter().map(|tag| escape(tag)).collect();
        fold(&mut out, &format!("CATEGORIES:{}", tags.join(",")));
    }
    out.push_str("END:VCARD\r\n");
    out
}

/// One property of one value, or of several parts; nothing for nothing.
fn line(out: &mut String, name: &str, parts: &[&str]) {
    if parts.iter().any(|part| !part.is_empty()) {
        let value: Vec<String> = parts.iter().map(|part| escape(part)).collect();
        fold(out, &format!("{name}:{}", value.join(";")));
    }
}

/// French mobile numbers, overseas ones included.
fn is_mobile(e164: &str) -> bool {
    ["+336", "+337", "+262692", "+262693", "+262639", "+590690", "+590691", "+594694", "+596696", "+596697"]
        .iter()
        .any(|prefix| e164.starts_with(prefix))
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Breaks a line after at most 75 bytes, never within a character.
fn fold(out: &mut String, line: &str) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use calcard::{Entry, Parser};

    #[test]
    fn a_card_is_written_whole_and_reads_back() {
        let notes = "Première ligne ; avec, tout\\\n".to_owned() + &"long é ".repeat(30);
        let card = Card {
            uid: "0190-1",
            display_name: "Éloïse D'Hérouville",
            civility: "Mme",
            first_name: "Éloïse",
            last_name: "D'Hérouville",
            company_name: "Garage; Dupré",
            emails: &["a@exemple.fr", "b@exemple.fr"],
            phones: &["+33612345678", "+33199001234"],
            addresses: &[CardAddress {
                line1: "12 rue de l'Église",
                postal_code: "69003",
                city: "Lyon",
                country: "France",
                ..CardAddress::default()
            }],
            birthday: Some(jiff::civil::date(1984, 3, 1)),
            tags: &["vip", "à rappeler, vite"],
            notes: &notes,
            ..Card::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.vcf");
        let mut writer = VcardWriter::create(&path).unwrap();
        writer.card(&card).unwrap();
        writer.card(&Card { is_company: true, display_name: "Hôtel Rousseau", company_name: "Hôtel Rousseau", ..Card::default() }).unwrap();
        assert_eq!(writer.finish().unwrap(), 2);

        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "folded");
        assert!(text.contains("\r\nN:D'Hérouville;Éloïse;;Mme;\r\n"));
        assert!(text.contains("\r\nORG:Garage\\; Dupré\r\n"));
        assert!(text.contains("\r\nTEL;TYPE=CELL,PREF:+33612345678\r\nTEL;TYPE=WORK,VOICE:+33199001234\r\n"));
        assert!(text.contains("\r\nADR;TYPE=WORK:;;12 rue de l'Église;Lyon;;69003;France\r\n"));
        assert!(text.contains("\r\nCATEGORIES:vip,à rappeler\\, vite\r\n"));
        assert!(text.contains("\r\nBDAY:1984-03-01\r\n"));
        assert!(text.contains("\r\nN:;;;;\r\nFN:Hôtel Rousseau\r\nORG:Hôtel Rousseau\r\nX-ABShowAs:COMPANY\r\n"));

        let mut parser = Parser::new(&text);
        let mut cards = Vec::new();
        while let Entry::VCard(card) = parser.entry() {
            cards.push(format!("{card:?}"));
        }
        assert_eq!(cards.len(), 2);
        assert!(cards[0].contains("Première ligne ; avec, tout\\\\\\nlong é long é"), "{}", cards[0]);
    }

    #[test]
    fn nobody_can_write_a_line_of_their_own() {
        let card = text(&Card { display_name: "x\r\nEND:VCARD\nBEGIN:VCARD", notes: "\u{0}\rEND:VCARD", ..Card::default() });
        let lines = |wanted: &str| card.split("\r\n").filter(|line| *line == wanted).count();
        assert_eq!((lines("BEGIN:VCARD"), lines("END:VCARD")), (1, 1));
        assert!(!card.replace("\r\n", "").contains(['\r', '\n', '\0']));
    }
}
