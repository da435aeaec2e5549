//! One row as a candidate for a contact, with what was wrong in it; or the reason why it is refused.

use serde::Serialize;
use vision_kernel::text::{clean, fold};
use vision_kernel::{Email, Phone, Siren, Siret};

use super::address::{Address, country_code};
use super::birthday;
use super::candidate::{Candidate, Kind};
use super::field::Field;
use super::name::{civility, is_company_name, split_full_name};
use super::table::{Row, clip};
use super::values::{kind, naf, website};

/// What became of a value that could not be kept as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// It is not what the field asks for: dropped.
    Invalid,
    /// It was too long: its beginning was kept.
    Truncated,
    /// Another column gave this field another value, which was kept.
    Ignored,
}

impl WarningCode {
    /// The key used by the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Truncated => "truncated",
            Self::Ignored => "ignored",
        }
    }
}

/// Something of a row that is not in its candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The field that its column is mapped to.
    pub field: Field,
    /// The value as the file has it, at most 200 characters.
    pub value: String,
    /// What became of it.
    pub code: WarningCode,
}

/// An accepted row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parsed {
    /// The contact.
    pub candidate: Candidate,
    /// What was dropped or cut.
    pub warnings: Vec<Warning>,
}

/// Why a row is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No name, company, valid e-mail or valid phone.
    NothingToIdentify,
    /// A delimiter too many: nobody can say which value belongs where.
    MoreFieldsThanHeaders,
}

impl Reason {
    /// The key used by the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NothingToIdentify => "nothing_to_identify",
            Self::MoreFieldsThanHeaders => "more_fields_than_headers",
        }
    }
}

/// Reads a row by a mapping, which has one entry per header. A field's limit is below [`super::CELL_MAX`]: a cell that was cut is
/// among the warnings too.
///
/// # Errors
/// The reason for which the whole row is refused.
pub fn parse_row(mapping: &[Option<Field>], row: &Row) -> Result<Parsed, Reason> {
    if row.extra {
        return Err(Reason::MoreFieldsThanHeaders);
    }
    let mut reader = Reader::default();
    for (field, cell) in mapping.iter().zip(&row.cells) {
        let Some(field) = *field else { continue };
        let multiline = matches!(field, Field::Notes | Field::Email | Field::Email2 | Field::Phone | Field::Phone2 | Field::Tags);
        if let Some(text) = cell_text(cell, multiline) {
            reader.take(field, text);
        }
    }
    let parsed = reader.finish();
    let candidate = &parsed.candidate;
    let named = candidate.first_name.is_some() || candidate.last_name.is_some() || candidate.company_name.is_some();
    if named || !candidate.emails.is_empty() || !candidate.phones.is_empty() { Ok(parsed) } else { Err(Reason::NothingToIdentify) }
}

/// Gathers the values of one row.
#[derive(Default)]
struct Reader {
    candidate: Candidate,
    address: Address,
    full_name: Option<String>,
    kind: Option<Kind>,
    /// Where the e-mails and phones of the primary column end.
    primary: (usize, usize),
    warnings: Vec<Warning>,
}

impl Reader {
    fn warn(&mut self, field: Field, value: &str, code: WarningCode) {
        let value = clip(value, 200).unwrap_or_else(|| value.to_owned());
        self.warnings.push(Warning { field, value, code });
    }

    fn take(&mut self, field: Field, text: String) {
        let text = match clip(&text, field.limit()) {
            Some(cut) => {
                self.warn(field, &text, WarningCode::Truncated);
                cut
            }
            None => text,
        };
        match field {
            Field::Email | Field::Email2 => self.emails(field, &text),
            Field::Phone | Field::Phone2 => self.phones(field, &text),
            Field::Siren => self.siren(&text),
            Field::Siret => self.siret(field, &text),
            Field::VatNumber => match text.parse() {
                Ok(number) => self.candidate.vat_number = Some(number),
                Err(_) => self.warn(field, &text, WarningCode::Invalid),
            },
            Field::Naf => match naf(&text) {
                Some(code) => self.candidate.naf = Some(code),
                None => self.warn(field, &text, WarningCode::Invalid),
            },
            Field::Birthday => match birthday::read(&text) {
                birthday::Read::Date(date) => self.candidate.birthday = Some(date),
                birthday::Read::Nothing => {}
                birthday::Read::Invalid => self.warn(field, &text, WarningCode::Invalid),
            },
            Field::Website => match website(&text) {
                Some(address) => self.candidate.website = Some(address),
                None => self.warn(field, &text, WarningCode::Invalid),
            },
            Field::Country => match country_code(&text) {
                Some(code) => self.address.country = Some(code),
                None => self.warn(field, &text, WarningCode::Invalid),
            },
            Field::Kind => match kind(&text) {
                Some(kind) => self.kind = Some(kind),
                None => self.warn(field, &text, WarningCode::Invalid),
            },
            Field::Tags => self.tags(&text),
            // A person's second given name, a second comment: several columns make one value.
            Field::FirstName => join(&mut self.candidate.first_name, &text, " "),
            Field::Notes => join(&mut self.candidate.notes, &text, "\n"),
            Field::Line1 => join(&mut self.address.line1, &text, ", "),
            Field::Line2 => join(&mut self.address.line2, &text, ", "),
            Field::Civility => self.single(field, civility(&text)),
            Field::FullName | Field::LastName | Field::CompanyName | Field::JobTitle | Field::PostalCode | Field::City | Field::Source => {
                self.single(field, text);
            }
        }
    }

    /// A field that holds one value: the first column wins, and a different one is not lost silently.
    fn single(&mut self, field: Field, text: String) {
        let place = match field {
            Field::FullName => &mut self.full_name,
            Field::Civility => &mut self.candidate.civility,
            Field::LastName => &mut self.candidate.last_name,
            Field::CompanyName => &mut self.candidate.company_name,
            Field::JobTitle => &mut self.candidate.job_title,
            Field::PostalCode => &mut self.address.postal_code,
            Field::City => &mut self.address.city,
            _ => &mut self.candidate.source,
        };
        match place {
            None => *place = Some(text),
            Some(kept) if *kept != text => self.warn(field, &text, WarningCode::Ignored),
            Some(_) => {}
        }
    }

    fn emails(&mut self, field: Field, text: &str) {
        for part in text.split([';', ',', '\n']).flat_map(|part| part.split(":::")).map(str::trim).filter(|part| !part.is_empty()) {
            // "Jean Dupré <jean@exemple.fr>"
            let bare = part.split_once('<').map_or(part, |(_, rest)| rest.trim_end_matches('>'));
            match Email::parse(bare) {
                Some(email) if self.candidate.emails.iter().any(|known| known.normalized() == email.normalized()) => {}
                Some(email) if field == Field::Email => {
                    self.candidate.emails.insert(self.primary.0, email);
                    self.primary.0 += 1;
                }
                Some(email) => self.candidate.emails.push(email),
                None => self.warn(field, part, WarningCode::Invalid),
            }
        }
    }

    fn phones(&mut self, field: Field, text: &str) {
        for part in text.split([';', '\n', '/']).flat_map(|part| part.split(":::")).map(str::trim).filter(|part| !part.is_empty()) {
            match Phone::parse(part) {
                Some(phone) if self.candidate.phones.contains(&phone) => {}
                Some(phone) if field == Field::Phone => {
                    self.candidate.phones.insert(self.primary.1, phone);
                    self.primary.1 += 1;
                }
                Some(phone) => self.candidate.phones.push(phone),
                None => self.warn(field, part, WarningCode::Invalid),
            }
        }
    }

    fn siren(&mut self, text: &str) {
        match text.parse::<Siren>() {
            Ok(siren) => self.candidate.siren = Some(siren),
            // Many files have the SIRET in the column of the SIREN.
            Err(_) if text.parse::<Siret>().is_ok() => self.siret(Field::Siren, text),
            Err(_) => self.warn(Field::Siren, text, WarningCode::Invalid),
        }
    }

    fn siret(&mut self, field: Field, text: &str) {
        match text.parse() {
            Ok(siret) => self.candidate.siret = Some(siret),
            Err(_) => self.warn(field, text, WarningCode::Invalid),
        }
    }

    fn tags(&mut self, text: &str) {
        let parts = text.split([',', ';', '|', '\n']).flat_map(|part| part.split(":::"));
        for tag in parts.map(str::trim).filter(|tag| !tag.is_empty()) {
            // Google's own groups ("* myContacts") are of no meaning elsewhere.
            if tag.starts_with("* ") {
                continue;
            }
            let name = clip(tag, 60).unwrap_or_else(|| tag.to_owned());
            if name.len() < tag.len() {
                self.warn(Field::Tags, tag, WarningCode::Truncated);
            }
            if !self.candidate.tags.iter().any(|known| fold(known) == fold(&name)) {
                self.candidate.tags.push(name);
            }
        }
    }

    fn finish(mut self) -> Parsed {
        self.name();
        self.address.restore_zero();
        if !self.address.is_empty() {
            self.candidate.addresses.push(std::mem::take(&mut self.address));
        }
        if let Some(siret) = self.candidate.siret.take() {
            match &self.candidate.siren {
                Some(siren) if *siren != siret.siren() => self.warn(Field::Siret, siret.as_str(), WarningCode::Invalid),
                _ => {
                    self.candidate.siren = Some(siret.siren());
                    self.candidate.siret = Some(siret);
                }
            }
        }
        Parsed { candidate: self.candidate, warnings: self.warnings }
    }

    /// Decides between person and company, and puts the name where it belongs.
    fn name(&mut self) {
        let candidate = &mut self.candidate;
        let has_parts = candidate.first_name.is_some() || candidate.last_name.is_some();
        if let Some(full) = self.full_name.take().filter(|_| !has_parts) {
            let company = self.kind == Some(Kind::Company) || (self.kind.is_none() && is_company_name(&full));
            if company && candidate.company_name.is_none() {
                candidate.company_name = Some(full);
            } else {
                let name = split_full_name(&full);
                candidate.first_name = name.first;
                candidate.last_name = name.last;
                candidate.civility = candidate.civility.take().or(name.civility);
            }
        }
        let named = candidate.first_name.is_some() || candidate.last_name.is_some();
        candidate.kind = match self.kind {
            // A company has a company's name: a person's name alone must serve.
            Some(Kind::Company) if candidate.company_name.is_none() && named => {
                let parts = [candidate.first_name.take(), candidate.last_name.take()];
                candidate.company_name = Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
                Kind::Company
            }
            Some(Kind::Company) if named => Kind::Person,
            Some(kind) => kind,
            None if !named && candidate.company_name.is_some() => Kind::Company,
            None => Kind::Person,
        };
    }
}

/// The text of a cell, if it has any.
pub fn cell_text(cell: &str, multiline: bool) -> Option<String> {
    clean(cell, multiline).map(unescaped)
}

/// Exports put an apostrophe before what a spreadsheet would run: it is no part of the text.
fn unescaped(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => text,
    }
}

fn join(place: &mut Option<String>, text: &str, between: &str) {
    match place {
        Some(present) => {
            present.push_str(between);
            present.push_str(text);
        }
        None => *place = Some(text.to_owned()),
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
