//! A contact as a file gives it.

use jiff::civil::Date;
use serde::Serialize;
use vision_kernel::{Email, Phone, Siren, Siret, VatNumber};

use super::address::Address;

/// Person or company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A human being, perhaps with a company's name.
    #[default]
    Person,
    /// A company: it has a name and no first or last name.
    Company,
}

/// A contact as a row gives it. Every value is valid: what was not is among the warnings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Person or company.
    pub kind: Kind,
    /// `M.`, `Mme`, `Dr`, … or as written.
    pub civility: Option<String>,
    /// Given names.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// The company, or the company of the person.
    pub company_name: Option<String>,
    /// What the person does there.
    pub job_title: Option<String>,
    /// The first is the primary one. No two have the same normal form.
    pub emails: Vec<Email>,
    /// The first is the primary one. No two are equal.
    pub phones: Vec<Phone>,
    /// None or one.
    pub addresses: Vec<Address>,
    /// Nine digits; taken from the SIRET where only that is given.
    pub siren: Option<Siren>,
    /// Fourteen digits, of the same SIREN.
    pub siret: Option<Siret>,
    /// Normalised.
    pub vat_number: Option<VatNumber>,
    /// The activity code, as `4520A`.
    pub naf: Option<String>,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// An address with its scheme.
    pub website: Option<String>,
    /// Names without repetition, as first written.
    pub tags: Vec<String>,
    /// Where the contact comes from.
    pub source: Option<String>,
    /// Free text, with line breaks.
    pub notes: Option<String>,
}

impl Candidate {
    /// How a person would call it in a list; never empty.
    pub fn label(&self) -> String {
        let person = [self.first_name.as_deref(), self.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let first = if person.is_empty() { self.company_name.clone() } else { Some(person) };
        first
            .or_else(|| self.emails.first().map(ToString::to_string))
            .or_else(|| self.phones.first().map(Phone::display))
            .unwrap_or_else(|| "?".to_owned())
    }
}
