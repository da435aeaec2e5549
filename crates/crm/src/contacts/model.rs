//! What a contact holds, how it is read from a client, what is derived from it.

use crate::custom_fields::{self, model::web_address};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use vision_kernel::contact_point::display_phone;
use vision_kernel::{Change, Email, FieldError, Patch, Phone, Problem, Siren, Siret, VatNumber, text};

/// Most e-mails, phones or addresses of one contact.
const MAX_ENTRIES: usize = 20;

/// An e-mail of a contact; the first is the primary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EmailEntry {
    /// The address.
    pub email: String,
    /// Such as `travail`.
    #[serde(default)]
    pub label: Option<String>,
}

/// A phone of a contact; the first is the primary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PhoneEntry {
    /// E.164; read in any usual spelling.
    pub phone: String,
    /// Such as `mobile`.
    #[serde(default)]
    pub label: Option<String>,
}

/// A postal address of a contact; the first is the primary one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddressEntry {
    /// Such as `facturation`.
    #[serde(default)]
    pub label: Option<String>,
    /// Number and street.
    #[serde(default)]
    pub line1: Option<String>,
    /// What completes it.
    #[serde(default)]
    pub line2: Option<String>,
    /// Postal code.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// Town.
    #[serde(default)]
    pub city: Option<String>,
    /// ISO 3166, two letters.
    #[serde(default)]
    pub country: Option<String>,
}

/// Everything about a contact that people write; every value is valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// `person` or `company`.
    pub kind: String,
    /// `M.`, `Mme`…
    pub civility: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// The company's name, or a person's employer.
    pub company_name: Option<String>,
    /// What a person does there.
    pub job_title: Option<String>,
    /// E-mails.
    pub emails: Vec<EmailEntry>,
    /// Phones, E.164.
    pub phones: Vec<PhoneEntry>,
    /// Addresses.
    pub addresses: Vec<AddressEntry>,
    /// QI-01
    pub siren: Option<String>,
    /// QI-01
    pub siret: Option<String>,
    /// QI-02
    pub vat_number: Option<String>,
    /// Activity code.
    pub naf: Option<String>,
    /// X-04: drives mentions, invoicing and consent.
    pub customer_kind: String,
    /// ISO 639.
    pub language: String,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// With its scheme.
    pub website: Option<String>,
    /// Where the contact comes from.
    pub source: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The member who looks after the contact.
    pub owner_id: Option<Uuid>,
    /// Values of the tenant's own fields, by key; judged by `custom_fields`.
    #[serde(default)]
    pub custom: Map<String, Value>,
}

/// A contact with what only the product writes.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Identifier.
    pub id: Uuid,
    /// What people wrote.
    pub draft: Draft,
    /// Version, for optimistic concurrency.
    pub version: i32,
    /// Whether it is archived.
    pub archived: bool,
}

/// What a client sends: absent keeps, null clears. On creation everything absent has its default.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ContactIn {
    /// `person` or `company`; person by default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) kind: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) civility: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) first_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) last_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) company_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) job_title: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<EmailEntry>>)]
    pub(crate) emails: Patch<Vec<EmailEntry>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<PhoneEntry>>)]
    pub(crate) phones: Patch<Vec<PhoneEntry>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<AddressEntry>>)]
    pub(crate) addresses: Patch<Vec<AddressEntry>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) siren: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) siret: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) vat_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) naf: Patch<String>,
    /// `B2C`, `B2B_FR`, `B2B_EU`, `B2B_NON_EU`, `B2G`; derived from kind and country by default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) customer_kind: Patch<String>,
    /// ISO 639, two letters; `fr` by default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) language: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) birthday: Patch<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) website: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) source: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) description: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub(crate) owner_id: Patch<Uuid>,
    /// Names; unknown ones are created.
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
    /// Values of the tenant's own fields by key: absent keeps, null clears.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub(crate) custom: Map<String, Value>,
}

/// The customer kinds (X-04).
pub const CUSTOMER_KINDS: &[&str] = &["B2C", "B2B_FR", "B2B_EU", "B2B_NON_EU", "B2G"];

const EU: &[&str] = &[
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO",
    "SK", "SI", "ES", "SE",
];

/// The customer kind that a contact has unless somebody says otherwise (X-04).
pub(crate) fn default_customer_kind(kind: &str, country: Option<&str>) -> &'static str {
    match (kind, country) {
        ("company", None | Some("FR")) => "B2B_FR",
        ("company", Some(country)) if EU.contains(&country) => "B2B_EU",
        ("company", Some(_)) => "B2B_NON_EU",
        _ => "B2C",
    }
}

struct Reader(Vec<FieldError>);

impl Reader {
    fn error(&mut self, pointer: impl Into<String>, code: &str, detail: &str) {
        self.0.push(FieldError::new(pointer, code, detail));
    }

    fn line(&mut self, patch: Patch<String>, current: Option<String>, pointer: &str, max: usize) -> Option<String> {
        self.text(patch, current, pointer, max, false)
    }

    fn text(&mut self, patch: Patch<String>, current: Option<String>, pointer: &str, max: usize, multiline: bool) -> Option<String> {
        match patch {
            Patch::Keep => current,
            Patch::Clear => None,
            Patch::Set(value) => {
                let value = text::clean(&value, multiline);
                if value.as_deref().is_some_and(|value| value.chars().count() > max) {
                    self.error(pointer, "too_long", &format!("{max} caractères au plus."));
                }
                value
            }
        }
    }

    fn parsed<T: ToString>(
        &mut self,
        patch: Patch<String>,
        current: Option<String>,
        pointer: &str,
        detail: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<String> {
        match patch {
            Patch::Keep => current,
            Patch::Clear => None,
            Patch::Set(value) if value.trim().is_empty() => None,
            Patch::Set(value) => {
                let parsed = parse(&value);
                if parsed.is_none() {
                    self.error(pointer, "invalid", detail);
                }
                parsed.map(|value| value.to_string())
            }
        }
    }

    fn entries<T, U>(
        &mut self,
        patch: Patch<Vec<T>>,
        current: Vec<U>,
        pointer: &str,
        mut parse: impl FnMut(&mut Self, usize, T) -> Option<U>,
    ) -> Vec<U> {
        match patch {
            Patch::Keep => current,
            Patch::Clear => Vec::new(),
            Patch::Set(items) if items.len() > MAX_ENTRIES => {
                self.error(pointer, "too_many", &format!("{MAX_ENTRIES} au plus."));
                current
            }
            Patch::Set(items) => items.into_iter().enumerate().filter_map(|(index, item)| parse(self, index, item)).collect(),
        }
    }

    fn label(&mut self, label: Option<String>, pointer: &str) -> Option<String> {
        self.line(label.map_or(Patch::Clear, Patch::Set), None, pointer, 40)
    }
}

impl Draft {
    /// An empty contact, to which a client's wishes are applied.
    pub fn empty() -> Self {
        Self {
            kind: "person".to_owned(),
            civility: None,
            first_name: None,
            last_name: None,
            company_name: None,
            job_title: None,
            emails: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            siren: None,
            siret: None,
            vat_number: None,
            naf: None,
            customer_kind: String::new(),
            language: "fr".to_owned(),
            birthday: None,
            website: None,
            source: None,
            description: None,
            owner_id: None,
            custom: Map::new(),
        }
    }

    /// The contact after a change, or every field that is wrong.
    #[expect(clippy::too_many_lines, reason = "one rule per field, in the order of the fields")]
    pub(crate) fn apply(self, input: ContactIn) -> Result<Self, Problem> {
        let mut reader = Reader(Vec::new());
        let r = &mut reader;
        let kind = match input.kind {
            Patch::Set(kind) if !matches!(kind.as_str(), "person" | "company") => {
                r.error("/kind", "invalid", "Une personne (person) ou une société (company).");
                self.kind
            }
            Patch::Set(kind) => kind,
            _ => self.kind,
        };
        let emails = r.entries(input.emails, self.emails, "/emails", |r, index, entry| {
            if entry.email.trim().is_empty() {
                return None;
            }
            let label = r.label(entry.label, &format!("/emails/{index}/label"));
            let email = Email::parse(&entry.email);
            if email.is_none() {
                r.error(format!("/emails/{index}/email"), "invalid", "Cette adresse e-mail n’est pas valable.");
            }
            email.map(|email| EmailEntry { email: email.to_string(), label })
        });
        let phones = r.entries(input.phones, self.phones, "/phones", |r, index, entry| {
            if entry.phone.trim().is_empty() {
                return None;
            }
            let label = r.label(entry.label, &format!("/phones/{index}/label"));
            let phone = Phone::parse(&entry.phone);
            if phone.is_none() {
                r.error(format!("/phones/{index}/phone"), "invalid", "Ce numéro de téléphone n’est pas valable.");
            }
            phone.map(|phone| PhoneEntry { phone: phone.as_str().to_owned(), label })
        });
        let addresses = r.entries(input.addresses, self.addresses, "/addresses", |r, index, entry| {
            let mut line = |value: Option<String>, name: &str, max| {
                r.line(value.map_or(Patch::Clear, Patch::Set), None, &format!("/addresses/{index}/{name}"), max)
            };
            let address = AddressEntry {
                label: line(entry.label, "label", 40),
                line1: line(entry.line1, "line1", 200),
                line2: line(entry.line2, "line2", 200),
                postal_code: line(entry.postal_code, "postal_code", 12),
                city: line(entry.city, "city", 120),
                country: line(entry.country, "country", 2).map(|country| country.to_uppercase()),
            };
            let empty = [&address.line1, &address.line2, &address.postal_code, &address.city].iter().all(|part| part.is_none());
            (!empty).then_some(address)
        });
        let siren =
            r.parsed(input.siren, self.siren, "/siren", "Ce SIREN n’est pas valable : neuf chiffres, dont une clé de contrôle.", |v| {
                v.parse::<Siren>().ok()
            });
        let siret = r.parsed(
            input.siret,
            self.siret,
            "/siret",
            "Ce SIRET n’est pas valable : quatorze chiffres, dont une clé de contrôle.",
            |v| v.parse::<Siret>().ok(),
        );
        if let (Some(siren), Some(siret)) = (&siren, &siret)
            && !siret.starts_with(siren.as_str())
        {
            r.error("/siret", "mismatch", "Ce SIRET n’appartient pas à ce SIREN.");
        }
        let country = addresses.first().and_then(|address| address.country.as_deref());
        let customer_kind = match input.customer_kind {
            Patch::Set(value) if !CUSTOMER_KINDS.contains(&value.as_str()) => {
                r.error("/customer_kind", "invalid", "Ce type de client n’existe pas.");
                self.customer_kind
            }
            Patch::Set(value) => value,
            Patch::Keep if !self.customer_kind.is_empty() => self.customer_kind,
            _ => default_customer_kind(&kind, country).to_owned(),
        };
        let language = r
            .parsed(input.language, Some(self.language), "/language", "Un code de langue de deux lettres.", |v| {
                Some(v.trim().to_lowercase()).filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()))
            })
            .unwrap_or_else(|| "fr".to_owned());
        let draft = Self {
            civility: r.line(input.civility, self.civility, "/civility", 20),
            first_name: r.line(input.first_name, self.first_name, "/first_name", 120),
            last_name: r.line(input.last_name, self.last_name, "/last_name", 120),
            company_name: r.line(input.company_name, self.company_name, "/company_name", 200),
            job_title: r.line(input.job_title, self.job_title, "/job_title", 120),
            vat_number: r.parsed(input.vat_number, self.vat_number, "/vat_number", "Ce numéro de TVA n’est pas valable.", |v| {
                v.parse::<VatNumber>().ok()
            }),
            naf: r.line(input.naf, self.naf, "/naf", 6),
            website: r.parsed(input.website, self.website, "/website", "Une adresse qui commence par http:// ou https://.", web_address),
            source: r.line(input.source, self.source, "/source", 120),
            description: r.text(input.description, self.description, "/description", 20_000, true),
            birthday: input.birthday.apply(self.birthday),
            owner_id: input.owner_id.apply(self.owner_id),
            custom: self.custom,
            kind,
            emails,
            phones,
            addresses,
            siren,
            siret,
            customer_kind,
            language,
        };
        if reader.0.is_empty() && draft.name().is_empty() {
            let pointer = if draft.kind == "company" { "/company_name" } else { "/last_name" };
            return Err(Problem::field(pointer, "required", "Indiquez au moins un nom, une adresse e-mail ou un téléphone."));
        }
        if reader.0.is_empty() { Ok(draft) } else { Err(Problem::validation(reader.0)) }
    }

    fn name(&self) -> String {
        let person = [self.first_name.as_deref(), self.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let named = if self.kind == "person" && !person.is_empty() {
            Some(person)
        } else {
            self.company_name.clone().or((!person.is_empty()).then_some(person))
        };
        named
            .or_else(|| self.emails.first().map(|entry| entry.email.clone()))
            .or_else(|| self.phones.first().map(|entry| display_phone(&entry.phone)))
            .unwrap_or_default()
    }

    /// The name shown in lists; never empty for a valid contact.
    pub fn display_name(&self) -> String {
        self.name()
    }

    /// The order of lists: as shown, without case and accents.
    pub(crate) fn sort_name(&self) -> String {
        text::fold(&self.name())
    }

    /// What a search looks in: names, e-mails, phones in both spellings, numbers, town.
    pub(crate) fn search_text(&self) -> String {
        let mut parts: Vec<String> =
            [&self.first_name, &self.last_name, &self.company_name].into_iter().flatten().map(|part| text::fold(part)).collect();
        parts.extend(self.emails.iter().map(|entry| text::fold(&entry.email)));
        for entry in &self.phones {
            parts.push(entry.phone.clone());
            if let Some(national) = entry.phone.strip_prefix("+33") {
                parts.push(format!("0{national}"));
            }
        }
        parts.extend([&self.siret, &self.siren].into_iter().flatten().take(1).cloned());
        if let Some(address) = self.addresses.first() {
            parts.extend([&address.postal_code, &address.city].into_iter().flatten().map(|part| text::fold(part)));
        }
        parts.join(" ")
    }

    /// What identifies the contact, in normal form: (kind, value).
    pub(crate) fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys: Vec<(&'static str, String)> = self.emails.iter().map(|entry| ("e", entry.email.to_lowercase())).collect();
        keys.extend(self.phones.iter().map(|entry| ("p", entry.phone.clone())));
        keys.extend(self.siren.iter().filter(|_| self.kind == "company").map(|siren| ("s", siren.clone())));
        keys.sort();
        keys.dedup();
        keys
    }

    /// What differs from `before`, field by field.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        macro_rules! diff {
            ($($field:ident)+) => { [$(Change::between(stringify!($field), &before.$field, &self.$field)),+] };
        }
        diff!(kind civility first_name last_name company_name job_title emails phones addresses siren siret vat_number naf customer_kind language
              birthday website source description owner_id)
        .into_iter()
        .flatten()
        .chain(custom_fields::model::changes(&before.custom, &self.custom))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(json: &str) -> ContactIn {
        serde_json::from_str(json).expect("input")
    }

    #[test]
    fn a_contact_needs_something_to_be_called_by() {
        let problem = Draft::empty().apply(input(r#"{"job_title":"Gérant"}"#)).expect_err("nameless");
        assert_eq!(problem.errors[0].pointer, "/last_name");
        let draft = Draft::empty().apply(input(r#"{"phones":[{"phone":"06 12 34 56 78"}]}"#)).expect("a phone is enough");
        assert_eq!(draft.display_name(), "06 12 34 56 78");
    }

    #[test]
    fn every_wrong_field_is_named_by_pointer() {
        let problem = Draft::empty()
            .apply(input(r#"{"last_name":"D","emails":[{"email":"a@b.fr"},{"email":"non"}],"phones":[{"phone":"12"}],"siren":"1","website":"javascript:alert(1)"}"#))
            .expect_err("invalid");
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/emails/1/email", "/phones/0/phone", "/siren", "/website"]);
    }

    #[test] // X-04
    fn the_customer_kind_follows_kind_and_country_until_somebody_chooses() {
        let company = Draft::empty()
            .apply(input(r#"{"kind":"company","company_name":"Ana","addresses":[{"city":"Berlin","country":"de"}]}"#))
            .expect("valid");
        assert_eq!(company.customer_kind, "B2B_EU");
        assert_eq!(default_customer_kind("person", Some("FR")), "B2C");
        assert_eq!(default_customer_kind("company", Some("CH")), "B2B_NON_EU");
        let public = company.apply(input(r#"{"customer_kind":"B2G"}"#)).expect("valid");
        assert_eq!(public.apply(input(r#"{"city":null}"#)).expect("valid").customer_kind, "B2G");
    }

    #[test]
    fn search_and_keys_use_normal_forms() {
        let draft = Draft::empty()
            .apply(input(r#"{"first_name":"Éloïse","last_name":"D’Hérouville","emails":[{"email":"Elo@Exemple.fr"}],"phones":[{"phone":"+33 (0)6 12 34 56 78"}],"siren":"732829320"}"#))
            .expect("valid");
        let search = draft.search_text();
        for part in ["eloise", "d'herouville", "elo@exemple.fr", "0612345678", "+33612345678", "732829320"] {
            assert!(search.contains(part), "{part} in {search}");
        }
        assert_eq!(
            draft.keys(),
            [("e", "elo@exemple.fr".to_owned()), ("p", "+33612345678".to_owned())],
            "a person's SIREN identifies nobody"
        );
    }

    #[test]
    fn changes_name_the_fields_that_differ() {
        let before = Draft::empty().apply(input(r#"{"last_name":"Dupré"}"#)).expect("valid");
        let after = before.clone().apply(input(r#"{"last_name":"Dupré","civility":"M."}"#)).expect("valid");
        let changes = after.changes_since(&before);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].field.as_str(), changes[0].after.as_str()), ("civility", Some("M.")));
    }
}
