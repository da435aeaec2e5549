//! vCards as rows of fixed columns, one card at a time.

use std::io::{BufRead, Read};

use calcard::vcard::{VCard, VCardEntry, VCardKind, VCardParameterValue, VCardProperty, VCardType, VCardValue};
use calcard::{Entry, Parser};

use super::error::FileError;

/// The columns. The last holds whatever the others have no room for.
pub(super) const HEADERS: [&str; 19] = [
    "Nom complet",
    "Civilité",
    "Prénom",
    "Nom",
    "Société",
    "Fonction",
    "E-mail",
    "E-mail 2",
    "Téléphone",
    "Téléphone 2",
    "Adresse",
    "Complément d'adresse",
    "Code postal",
    "Ville",
    "Pays",
    "Anniversaire",
    "Site web",
    "Étiquettes",
    "Notes",
];

/// One line, and one card without its pictures.
const LINE_MAX: usize = 128 * 1024;
const CARD_MAX: usize = 512 * 1024;

/// Cards read one by one; pictures, sounds and keys are passed over without being held.
pub(super) struct Cards<R = std::io::BufReader<super::decode::Utf8<std::fs::File>>> {
    lines: R,
}

impl<R: BufRead> Cards<R> {
    pub(super) fn new(lines: R) -> Self {
        Self { lines }
    }

    pub(super) fn next(&mut self) -> Option<Result<Vec<String>, FileError>> {
        match self.card() {
            Ok(Some(card)) => Some(Ok(columns(&card))),
            Ok(None) => None,
            Err(error) => Some(Err(error.into())),
        }
    }

    /// The text of the next card.
    fn card(&mut self) -> std::io::Result<Option<String>> {
        let (mut card, mut depth, mut media) = (String::new(), 0_usize, false);
        let mut line = Vec::new();
        loop {
            line.clear();
            if !self.line(&mut line)? {
                return Ok((depth > 0).then(|| card + "END:VCARD\r\n"));
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\r', '\n']);
            let marker = text.trim().to_ascii_uppercase();
            if marker == "BEGIN:VCARD" {
                depth += 1;
                // A card that never ended: the next one begins here. One within another (AGENT) is left out below.
                media = depth > 1;
                if depth > 1 {
                    continue;
                }
            } else if marker == "END:VCARD" && depth > 0 {
                depth -= 1;
                media = false;
                if depth == 0 {
                    return Ok(Some(card + "END:VCARD\r\n"));
                }
                continue;
            }
            if depth != 1 {
                continue;
            }
            if !text.starts_with([' ', '\t']) {
                media = is_media(text);
            }
            if !media && card.len() + text.len() < CARD_MAX {
                card.push_str(text);
                card.push_str("\r\n");
            }
        }
    }

    /// One line of at most [`LINE_MAX`] bytes; the rest of a longer one is passed over.
    fn line(&mut self, line: &mut Vec<u8>) -> std::io::Result<bool> {
        let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
        if self.lines.by_ref().take(limit).read_until(b'\n', line)? == 0 {
            return Ok(false);
        }
        let mut rest = Vec::new();
        while line.last() != Some(&b'\n') {
            rest.clear();
            if self.lines.by_ref().take(limit).read_until(b'\n', &mut rest)? == 0 {
                break;
            }
            if rest.last() == Some(&b'\n') {
                line.push(b'\n');
            }
        }
        Ok(true)
    }
}

fn is_media(line: &str) -> bool {
    let name = line.split([':', ';']).next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    ["PHOTO", "LOGO", "SOUND", "KEY", "X-MS-CARDPICTURE"].iter().any(|media| name.eq_ignore_ascii_case(media))
}

fn columns(text: &str) -> Vec<String> {
    let mut parser = Parser::new(text);
    let mut row = vec![String::new(); HEADERS.len()];
    match parser.entry() {
        Entry::VCard(card) => Filled::from(&card).into_row(&mut row),
        // The row will be refused; its text is kept so that the person sees which card it was.
        _ => set(&mut row, "Notes", text.to_owned()),
    }
    row
}

fn set(row: &mut [String], header: &str, value: String) {
    if let Some(place) = HEADERS.iter().position(|known| *known == header).and_then(|index| row.get_mut(index)) {
        *place = value;
    }
}

#[derive(Default)]
struct Filled {
    full_name: String,
    name: Vec<String>,
    org: Vec<String>,
    title: Vec<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    mobiles: Vec<String>,
    address: Vec<String>,
    birthday: String,
    websites: Vec<String>,
    tags: Vec<String>,
    notes: Vec<String>,
    is_org: bool,
}

impl From<&VCard> for Filled {
    fn from(card: &VCard) -> Self {
        let mut filled = Self::default();
        for entry in &card.entries {
            filled.take(entry);
        }
        filled
    }
}

impl Filled {
    fn take(&mut self, entry: &VCardEntry) {
        let values: Vec<String> = entry.values.iter().map(text).collect();
        let first = || values.first().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        match &entry.name {
            VCardProperty::Fn => self.full_name = values.join(", "),
            VCardProperty::N => self.name = values,
            VCardProperty::Org => self.org = values,
            VCardProperty::Title => self.title.extend(first()),
            VCardProperty::Role => self.title.extend(first().filter(|role| !self.title.contains(role))),
            VCardProperty::Email => self.emails.extend(first()),
            VCardProperty::Tel => {
                let number = first().map(|number| number.trim_start_matches("tel:").to_owned());
                if has_type(entry, &VCardType::Fax) {
                    self.notes.extend(number.map(|number| format!("Fax : {number}")));
                } else if has_type(entry, &VCardType::Cell) {
                    self.mobiles.extend(number);
                } else {
                    self.phones.extend(number);
                }
            }
            VCardProperty::Adr if self.address.iter().all(|part| part.trim().is_empty()) => self.address = values,
            VCardProperty::Adr => {
                let parts: Vec<_> = values.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
                if !parts.is_empty() {
                    self.notes.push(format!("Autre adresse : {}", parts.join(", ")));
                }
            }
            VCardProperty::Bday => self.birthday = first().unwrap_or_default(),
            VCardProperty::Url => self.websites.extend(first()),
            VCardProperty::Categories => self.tags.extend(values.into_iter().filter(|tag| !tag.trim().is_empty())),
            VCardProperty::Note => self.notes.extend(first()),
            VCardProperty::Nickname => self.notes.extend(first().map(|name| format!("Surnom : {name}"))),
            VCardProperty::Kind => self.is_org = first().is_some_and(|kind| kind.eq_ignore_ascii_case("org")),
            VCardProperty::Other(name) if name.eq_ignore_ascii_case("X-ABShowAs") => {
                self.is_org = first().is_some_and(|kind| kind.eq_ignore_ascii_case("company"));
            }
            _ => {}
        }
    }

    fn into_row(mut self, row: &mut [String]) {
        let part = |list: &[String], index: usize| list.get(index).map(|part| part.trim().to_owned()).unwrap_or_default();
        let (family, given) = (part(&self.name, 0), [part(&self.name, 1), part(&self.name, 2)].join(" ").trim().to_owned());
        let mut company = part(&self.org, 0);
        if self.is_org && company.is_empty() {
            company = std::mem::take(&mut self.full_name);
        }
        // A company's card repeats its name as that of a person.
        let nameless = family.is_empty() && given.is_empty();
        let full_name = if self.is_org || (nameless && self.full_name.trim() == company) { String::new() } else { self.full_name };
        if !self.is_org {
            set(row, "Prénom", given);
            set(row, "Nom", family);
            set(row, "Civilité", part(&self.name, 3));
        }
        set(row, "Nom complet", full_name);
        set(row, "Société", company);
        if self.title.is_empty() {
            self.title.extend(Some(part(&self.org, 1)).filter(|unit| !unit.is_empty()));
        }
        set(row, "Fonction", self.title.join(", "));
        let phones = [self.mobiles, self.phones].concat();
        for (list, one, others) in [(&self.emails, "E-mail", "E-mail 2"), (&phones, "Téléphone", "Téléphone 2")] {
            set(row, one, part(list, 0));
            set(row, others, list.get(1..).unwrap_or_default().join(" ; "));
        }
        let box_and_extra = [part(&self.address, 0), part(&self.address, 1)];
        set(row, "Complément d'adresse", box_and_extra.join(" ").trim().to_owned());
        set(row, "Adresse", part(&self.address, 2));
        set(row, "Ville", part(&self.address, 3));
        set(row, "Code postal", part(&self.address, 5));
        set(row, "Pays", part(&self.address, 6));
        set(row, "Anniversaire", self.birthday);
        set(row, "Site web", part(&self.websites, 0));
        self.notes.extend(self.websites.into_iter().skip(1));
        set(row, "Étiquettes", self.tags.join(", "));
        set(row, "Notes", self.notes.join("\n"));
    }
}

fn has_type(entry: &VCardEntry, wanted: &VCardType) -> bool {
    entry.params.iter().any(|param| matches!(&param.value, VCardParameterValue::Type(kind) if kind == wanted))
}

fn text(value: &VCardValue) -> String {
    match value {
        VCardValue::Text(text) => text.clone(),
        VCardValue::Component(parts) => parts.join(", "),
        VCardValue::Integer(number) => number.to_string(),
        VCardValue::Float(number) => number.to_string(),
        VCardValue::Boolean(value) => value.to_string(),
        VCardValue::PartialDateTime(date) => match (date.year, date.month, date.day) {
            (Some(year), Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
            (None, Some(month), Some(day)) => format!("--{month:02}-{day:02}"),
            (Some(year), ..) => year.to_string(),
            _ => String::new(),
        },
        VCardValue::Kind(kind) => {
            if *kind == VCardKind::Org {
                "org".to_owned()
            } else {
                String::new()
            }
        }
        VCardValue::Binary(_) | VCardValue::Sex(_) | VCardValue::GramGender(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<(&'static str, String)>> {
        let mut cards = Cards::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some(row) = cards.next() {
            let row = row.unwrap();
            all.push(HEADERS.into_iter().zip(row).filter(|(_, cell)| !cell.is_empty()).collect());
        }
        all
    }

    #[test]
    fn a_card_of_version_4_fills_the_columns() {
        let rows = read(concat!(
            "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Mme Éloïse D'Hérouville\r\nN:D'Hérouville;Éloïse;;Mme;\r\nORG:Garage Dupré;Atelier\r\n",
            "TEL;TYPE=work:+33 1 99 00 12 34\r\nTEL;TYPE=cell;VALUE=uri:tel:+33-6-00-00-12-34\r\nTEL;TYPE=fax:01 99 00 00 00\r\n",
            "EMAIL:a@exemple.fr\r\nEMAIL:b@exemple.fr\r\nADR;TYPE=home:;;12 rue de l'Église;Lyon;;69003;France\r\nBDAY:19840301\r\n",
            "CATEGORIES:vip,à rappeler\r\nNOTE:ligne 1\\nligne 2\r\nPHOTO:data:image/png;base64,AAAA\r\n AAAA\r\nEND:VCARD\r\n",
        ));
        let expected = [
            ("Nom complet", "Mme Éloïse D'Hérouville"),
            ("Civilité", "Mme"),
            ("Prénom", "Éloïse"),
            ("Nom", "D'Hérouville"),
            ("Société", "Garage Dupré"),
            ("Fonction", "Atelier"),
            ("E-mail", "a@exemple.fr"),
            ("E-mail 2", "b@exemple.fr"),
            ("Téléphone", "+33-6-00-00-12-34"),
            ("Téléphone 2", "+33 1 99 00 12 34"),
            ("Adresse", "12 rue de l'Église"),
            ("Code postal", "69003"),
            ("Ville", "Lyon"),
            ("Pays", "France"),
            ("Anniversaire", "1984-03-01"),
            ("Étiquettes", "vip, à rappeler"),
            ("Notes", "Fax : 01 99 00 00 00\nligne 1\nligne 2"),
        ];
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].iter().map(|(h, v)| (*h, v.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn version_2_1_with_quoted_printable_and_version_3_are_read() {
        let rows = read(concat!(
            "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Dupr=C3=A9;Jean;;;\n",
            "TEL;CELL:0600001234\nNOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:une note =C3=A0 =\nsuite\nEND:VCARD\n",
            "BEGIN:VCARD\nVERSION:3.0\nFN:Menuiserie Koenig\nORG:Menuiserie Koenig\nitem1.EMAIL;type=INTERNET:m@exemple.fr\nX-ABShowAs:COMPANY\nBDAY:1990-05-06\nEND:VCARD\n",
        ));
        let cell = |row: usize, header: &str| rows[row].iter().find(|(h, _)| *h == header).map(|(_, v)| v.clone()).unwrap_or_default();
        assert_eq!((cell(0, "Nom"), cell(0, "Prénom"), cell(0, "Téléphone")), ("Dupré".into(), "Jean".into(), "0600001234".into()));
        assert_eq!(cell(0, "Notes"), "une note à suite");
        assert_eq!((cell(1, "Société"), cell(1, "Nom complet")), ("Menuiserie Koenig".into(), String::new()));
        assert_eq!((cell(1, "E-mail"), cell(1, "Anniversaire")), ("m@exemple.fr".into(), "1990-05-06".into()));
    }

    #[test]
    fn a_card_that_never_ends_is_still_a_row() {
        assert_eq!(read("BEGIN:VCARD\nVERSION:3.0\nFN:Ana\n").len(), 1);
        assert_eq!(read("nothing\n").len(), 0);
    }
}
