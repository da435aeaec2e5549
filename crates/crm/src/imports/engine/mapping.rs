//! Guessing which column holds what, from the headers and a few rows.

use serde::{Deserialize, Serialize};
use vision_kernel::{Email, Phone, Siren};

use super::field::Field;
use super::headers::{Meaning, meaning, normal};
use super::name::known_civility;
use super::values;
use super::vcard;

/// The program that wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Google Contacts.
    Google,
    /// Outlook, in French or English.
    Outlook,
    /// HubSpot, in French or English.
    Hubspot,
    /// Dolibarr's third parties: each row is a company.
    Dolibarr,
    /// Cards.
    Vcard,
    /// Any other.
    Generic,
}

/// Guesses the source of a file and the field of each column; `None` for a column that is left out.
///
/// `samples` are some first rows: they decide where a header is not clear, and where there is none.
pub fn guess_mapping(headers: &[String], samples: &[Vec<String>]) -> (Source, Vec<Option<Field>>) {
    let normals: Vec<String> = headers.iter().map(|header| normal(header)).collect();
    let source = source(headers, &normals);
    let guess = Guess { source, normals: &normals, samples };
    let mut meanings: Vec<Option<Meaning>> = normals.iter().map(|header| meaning(header)).collect();
    guess.google_mobiles(&mut meanings);
    guess.by_content(&mut meanings);
    (source, guess.fields(&meanings))
}

fn source(headers: &[String], normals: &[String]) -> Source {
    let has = |name: &str| normals.iter().any(|header| header == name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if headers.len() == vcard::HEADERS.len() && headers.iter().zip(vcard::HEADERS).all(|(a, b)| a == b) {
        Source::Vcard
    } else if any(&["e mail 1 value", "phone 1 value", "e mail 1 label", "group membership"]) {
        Source::Google
    } else if any(&[
        "record id",
        "lifecycle stage",
        "phase du cycle de vie",
        "id de fiche d informations",
        "proprietaire du contact",
        "contact owner",
    ]) {
        Source::Hubspot
    } else if any(&["adresse de messagerie", "e mail address", "e mail display name"])
        && any(&["rue bureau", "business street", "tel mobile", "mobile phone", "deuxieme prenom", "middle name", "titre poste"])
    {
        Source::Outlook
    } else if has("nom")
        && !has("prenom")
        && any(&["client 0 1 2 3", "nom alternatif", "code client", "note publique", "code client fournisseur", "id prof 1"])
    {
        Source::Dolibarr
    } else {
        Source::Generic
    }
}

struct Guess<'a> {
    source: Source,
    normals: &'a [String],
    samples: &'a [Vec<String>],
}

impl Guess<'_> {
    /// The values of a column that are not blank.
    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.samples.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    fn all(&self, column: usize, test: impl Fn(&str) -> bool) -> bool {
        let mut values = self.values(column).peekable();
        values.peek().is_some() && values.all(test)
    }

    fn has(&self, name: &str) -> bool {
        self.normals.iter().any(|header| header == name)
    }

    /// Google says what a number is in the column before it.
    fn google_mobiles(&self, meanings: &mut [Option<Meaning>]) {
        for column in 1..meanings.len() {
            if matches!(meanings.get(column), Some(Some(Meaning::Phone { .. })))
                && self.normals.get(column - 1).is_some_and(|label| label.ends_with("label"))
            {
                let mobile = self.all(column - 1, |label| label.to_lowercase().contains("mobile"));
                let fax = self.all(column - 1, |label| label.to_lowercase().contains("fax"));
                if let Some(place) = meanings.get_mut(column) {
                    *place = (!fax).then_some(Meaning::Phone { mobile });
                }
            }
        }
    }

    /// Columns whose header says nothing, in a file of no known source.
    fn by_content(&self, meanings: &mut [Option<Meaning>]) {
        if self.source != Source::Generic {
            return;
        }
        let lacks = |meanings: &[Option<Meaning>], wanted: fn(&Meaning) -> bool| !meanings.iter().flatten().any(wanted);
        for column in 0..meanings.len() {
            if meanings.get(column).is_none_or(Option::is_some) {
                continue;
            }
            let phone = |text: &str| text.starts_with(['0', '+', '(']) && Phone::parse(text).is_some();
            let found = if self.all(column, |text| Email::parse(text).is_some()) {
                Some(Meaning::Email)
            } else if lacks(meanings, |m| matches!(m, Meaning::Phone { .. })) && self.all(column, phone) {
                Some(Meaning::Phone { mobile: false })
            } else if lacks(meanings, |m| *m == Meaning::One(Field::Siren))
                && self.values(column).count() > 1
                && self.all(column, |text| text.parse::<Siren>().is_ok())
            {
                Some(Meaning::One(Field::Siren))
            } else {
                None
            };
            if let Some(place) = meanings.get_mut(column) {
                *place = found;
            }
        }
    }

    fn fields(&self, meanings: &[Option<Meaning>]) -> Vec<Option<Field>> {
        let mut fields: Vec<Option<Field>> = vec![None; meanings.len()];
        let address = self.address(meanings);
        let primary_phone = self.primary_phone(meanings);
        let mut emails = 0;
        for (column, (meaning, place)) in meanings.iter().zip(&mut fields).enumerate() {
            *place = match meaning {
                None => None,
                Some(Meaning::Email) => {
                    emails += 1;
                    Some(if emails == 1 { Field::Email } else { Field::Email2 })
                }
                Some(Meaning::Phone { .. }) => Some(if primary_phone == Some(column) { Field::Phone } else { Field::Phone2 }),
                Some(Meaning::Address(group, field)) => (address == Some(*group)).then_some(*field),
                Some(Meaning::Title) => {
                    Some(if self.source == Source::Outlook || self.all(column, |text| known_civility(text).is_some()) {
                        Field::Civility
                    } else {
                        Field::JobTitle
                    })
                }
                Some(Meaning::Type) => self.all(column, |text| values::kind(text).is_some()).then_some(Field::Kind),
                Some(Meaning::Name) => Some(self.name(meanings)),
                Some(Meaning::One(field)) => Some(*field),
            };
        }
        self.settle(&mut fields);
        fields
    }

    /// What "Nom" is: beside a first name a family name, in Dolibarr or beside a SIREN a company, else a full name.
    fn name(&self, meanings: &[Option<Meaning>]) -> Field {
        let other = |field: Field| meanings.contains(&Some(Meaning::One(field)));
        let company_numbers = other(Field::Siren) || other(Field::Siret) || other(Field::Naf) || other(Field::VatNumber);
        if self.source == Source::Dolibarr {
            Field::CompanyName
        } else if other(Field::FirstName) && !other(Field::LastName) {
            Field::LastName
        } else if other(Field::CompanyName) || other(Field::FullName) || other(Field::FirstName) {
            Field::FullName
        } else if company_numbers || (self.source == Source::Hubspot && self.has("company domain name")) {
            Field::CompanyName
        } else {
            Field::FullName
        }
    }

    /// Of several addresses, the one that is filled most often.
    fn address(&self, meanings: &[Option<Meaning>]) -> Option<u8> {
        let mut best: Option<(usize, u8)> = None;
        for (column, meaning) in meanings.iter().enumerate() {
            let Some(Meaning::Address(group, _)) = meaning else { continue };
            if best.is_some_and(|(_, known)| known == *group) {
                continue;
            }
            let of_group = |at: &usize| matches!(meanings.get(*at), Some(Some(Meaning::Address(g, _))) if g == group);
            let filled = (column..meanings.len()).filter(of_group).map(|at| self.values(at).count()).sum();
            if best.is_none_or(|(most, _)| filled > most) {
                best = Some((filled, *group));
            }
        }
        best.map(|(_, group)| group)
    }

    /// The first mobile that has a value in the samples, or the first telephone that has one, or the first.
    fn primary_phone(&self, meanings: &[Option<Meaning>]) -> Option<usize> {
        let phones = || {
            meanings.iter().enumerate().filter_map(|(column, meaning)| match meaning {
                Some(Meaning::Phone { mobile }) => Some((column, *mobile)),
                _ => None,
            })
        };
        let used = |column: usize| self.values(column).next().is_some();
        phones()
            .find(|(column, mobile)| *mobile && used(*column))
            .or_else(|| phones().find(|(column, _)| used(*column)))
            .or_else(|| phones().find(|(_, mobile)| *mobile))
            .or_else(|| phones().next())
            .map(|(column, _)| column)
    }

    /// Keeps one column for a field that holds one value: the one that is filled most often.
    fn settle(&self, fields: &mut [Option<Field>]) {
        for field in Field::ALL {
            if matches!(field, Field::Email2 | Field::Phone2 | Field::FirstName | Field::Notes | Field::Tags | Field::Line1 | Field::Line2)
            {
                continue;
            }
            let columns: Vec<usize> = (0..fields.len()).filter(|column| fields.get(*column) == Some(&Some(field))).collect();
            let kept = columns.iter().copied().max_by_key(|column| (self.values(*column).count(), std::cmp::Reverse(*column)));
            for column in columns.into_iter().filter(|column| Some(*column) != kept) {
                if let Some(place) = fields.get_mut(column) {
                    *place = None;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
