//! The seller: what the law wants on a document, and the company's habits.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use vision_kernel::{Change, DomainEvent, FieldError, Patch, Problem, Subject, text};

/// The company as a seller.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Seller {
    pub name: String,
    pub legal_name: Option<String>,
    pub legal_form: Option<String>,
    pub siren: Option<String>,
    pub siret: Option<String>,
    pub vat_number: Option<String>,
    pub address_line1: Option<String>,
    pub address_line2: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub accent_color: Option<String>,
    pub logo_key: Option<String>,
    /// What is issued is practice, and says so (IS-10).
    pub simulation: bool,
    #[sqlx(flatten)]
    pub profile: Profile,
}

/// What is kept beside the company's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub(crate) struct Profile {
    pub vat_regime: String,
    pub territory: String,
    pub vat_on_debits: bool,
    pub share_capital: Option<String>,
    pub rcs_city: Option<String>,
    pub iban: Option<String>,
    pub bic: Option<String>,
    pub payment_days: i32,
    pub late_rate: Option<Decimal>,
    pub discount_terms: Option<String>,
    pub mention_set: String,
    pub prices_include_vat: bool,
    pub footer: Option<String>,
    #[serde(skip)]
    pub version: i32,
}

/// Forms of companies that have a capital, which their documents name.
const WITH_CAPITAL: [&str; 11] = ["SARL", "EURL", "SAS", "SASU", "SA", "SNC", "SCA", "SCI", "SELARL", "SELAS", "SELASU"];

impl Seller {
    /// True for a business that is a person.
    pub(crate) fn is_sole_trader(&self) -> bool {
        self.legal_form.as_deref().is_some_and(|form| {
            let form = text::fold(form).replace(['-', '.'], " ");
            let named = ["entrepreneur", "entreprise individuelle"].iter().any(|name| form.contains(name));
            named || form.split_whitespace().any(|word| matches!(word, "ei" | "micro" | "auto"))
        })
    }

    /// VAT is not charged.
    pub(crate) fn is_franchise(&self) -> bool {
        self.profile.vat_regime == "franchise"
    }

    /// What must be filled in before anything is issued (QI-01…QI-03): field and sentence.
    pub(crate) fn missing(&self) -> Vec<FieldError> {
        let lacks = |value: &Option<String>| value.as_deref().is_none_or(|value| value.trim().is_empty());
        let has_capital = self.legal_form.as_deref().is_some_and(|form| {
            let letters: String = form.chars().filter(|c| c.is_alphabetic()).collect();
            WITH_CAPITAL.contains(&letters.to_uppercase().as_str()) || text::fold(form).starts_with("societe")
        });
        let wanted = [
            ("legal_name", lacks(&self.legal_name) && lacks(&Some(self.name.clone())), "La dénomination sociale"),
            ("legal_form", lacks(&self.legal_form), "La forme juridique"),
            ("siren", lacks(&self.siren), "Le numéro SIREN"),
            ("vat_number", lacks(&self.vat_number) && !self.is_franchise(), "Le numéro de TVA intracommunautaire"),
            ("address_line1", lacks(&self.address_line1), "L’adresse du siège"),
            ("postal_code", lacks(&self.postal_code), "Le code postal"),
            ("city", lacks(&self.city), "La ville"),
            ("share_capital", has_capital && lacks(&self.profile.share_capital), "Le capital social"),
            ("rcs_city", has_capital && lacks(&self.profile.rcs_city), "La ville du RCS"),
        ];
        let missing = wanted.into_iter().filter(|(_, lacking, _)| *lacking);
        missing
            .map(|(field, _, what)| {
                FieldError::new(format!("/seller/{field}"), "required", format!("{what} manque au profil de l’entreprise."))
            })
            .collect()
    }
}

/// A change of how the company invoices. Absent keeps, null clears.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(crate) struct BillingProfilePatch {
    /// `normal` or `franchise` (QI-41)
    pub(crate) vat_regime: Option<String>,
    /// `mainland`, `corsica`, `antilles_reunion`, `untaxed` (QI-39)
    pub(crate) territory: Option<String>,
    /// VAT is due when invoiced, not when paid (QI-45).
    pub(crate) vat_on_debits: Option<bool>,
    /// Such as `10 000 €`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) share_capital: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) rcs_city: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) iban: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) bic: Patch<String>,
    /// 0 to 60 (QI-36)
    pub(crate) payment_days: Option<i32>,
    /// Per cent a year; null is the rate of the ECB plus ten points (QI-37).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) late_rate: Patch<Decimal>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) discount_terms: Patch<String>,
    /// `cgi` or `cibs`
    pub(crate) mention_set: Option<String>,
    /// What new documents begin with.
    pub(crate) prices_include_vat: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) footer: Patch<String>,
}

/// Keeps letters and digits, in capitals.
fn compact(value: &str) -> String {
    value.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// ISO 13616: two letters, two digits, up to thirty signs, remainder 1 modulo 97.
fn is_iban(iban: &str) -> bool {
    let bytes = iban.as_bytes();
    let shaped = (15..=34).contains(&bytes.len())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && (!iban.starts_with("FR") || bytes.len() == 27);
    let turned = iban.chars().skip(4).chain(iban.chars().take(4));
    let remainder = turned.fold(0_u32, |rest, c| match c.to_digit(36) {
        Some(digit) if digit > 9 => (rest * 100 + digit) % 97,
        Some(digit) => (rest * 10 + digit) % 97,
        None => 0,
    });
    shaped && remainder == 1
}

fn is_bic(bic: &str) -> bool {
    matches!(bic.len(), 8 | 11) && bic.chars().take(6).all(|c| c.is_ascii_uppercase())
}

impl Profile {
    /// The change over what was there; every fault at once.
    pub(crate) fn apply(&self, patch: BillingProfilePatch) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let mut choice = |value: Option<String>, before: &str, allowed: &[&str], pointer: &str| match value {
            Some(value) if allowed.contains(&value.as_str()) => value,
            Some(_) => {
                errors.push(FieldError::new(pointer, "invalid", "Ce choix n’existe pas."));
                before.to_owned()
            }
            None => before.to_owned(),
        };
        let vat_regime = choice(patch.vat_regime, &self.vat_regime, &["normal", "franchise"], "/vat_regime");
        let territories = ["mainland", "corsica", "antilles_reunion", "untaxed"];
        let territory = choice(patch.territory, &self.territory, &territories, "/territory");
        let mention_set = choice(patch.mention_set, &self.mention_set, &["cgi", "cibs"], "/mention_set");
        let mut line = |value: Patch<String>, before: &Option<String>, pointer: &str, max: usize| {
            let value = value.apply(before.clone()).and_then(|value| text::clean(&value, true));
            if value.as_ref().is_some_and(|value| value.chars().count() > max) {
                errors.push(FieldError::new(pointer, "too_long", format!("{max} caractères au plus.")));
            }
            value
        };
        let share_capital = line(patch.share_capital, &self.share_capital, "/share_capital", 40);
        let rcs_city = line(patch.rcs_city, &self.rcs_city, "/rcs_city", 80);
        let discount_terms = line(patch.discount_terms, &self.discount_terms, "/discount_terms", 200);
        let footer = line(patch.footer, &self.footer, "/footer", 500);
        let iban = patch.iban.apply(self.iban.clone()).map(|iban| compact(&iban)).filter(|iban| !iban.is_empty());
        if iban.as_deref().is_some_and(|iban| !is_iban(iban)) {
            errors.push(FieldError::new("/iban", "invalid", "Cet IBAN n’est pas valable."));
        }
        let bic = patch.bic.apply(self.bic.clone()).map(|bic| compact(&bic)).filter(|bic| !bic.is_empty());
        if bic.as_deref().is_some_and(|bic| !is_bic(bic)) {
            errors.push(FieldError::new("/bic", "invalid", "Ce BIC n’est pas valable."));
        }
        let payment_days = patch.payment_days.unwrap_or(self.payment_days);
        if !(0..=60).contains(&payment_days) {
            errors.push(FieldError::new("/payment_days", "range", "De 0 à 60 jours (C. com. L441-10)."));
        }
        let late_rate = patch.late_rate.apply(self.late_rate).map(|rate| rate.normalize());
        if late_rate.is_some_and(|rate| rate.is_sign_negative() || rate > Decimal::from(100) || rate.scale() > 2) {
            errors.push(FieldError::new("/late_rate", "range", "De 0 à 100 %, deux décimales au plus."));
        }
        let profile = Self {
            vat_regime,
            territory,
            vat_on_debits: patch.vat_on_debits.unwrap_or(self.vat_on_debits),
            share_capital,
            rcs_city,
            iban,
            bic,
            payment_days,
            late_rate,
            discount_terms,
            mention_set,
            prices_include_vat: patch.prices_include_vat.unwrap_or(self.prices_include_vat),
            footer,
            version: self.version,
        };
        if errors.is_empty() { Ok(profile) } else { Err(Problem::validation(errors)) }
    }

    /// What is different from before.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let fields = |profile: &Self| serde_json::to_value(profile).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
        let (old, new) = (fields(before), fields(self));
        new.iter().filter_map(|(field, value)| Change::between(field, old.get(field).unwrap_or(&serde_json::Value::Null), value)).collect()
    }
}

/// The way of invoicing changed.
#[derive(Debug, Serialize)]
pub(super) struct ProfileUpdated {
    #[serde(skip)]
    pub(super) tenant: uuid::Uuid,
    #[serde(skip)]
    pub(super) name: String,
    #[serde(skip)]
    pub(super) changes: Vec<Change>,
}

impl DomainEvent for ProfileUpdated {
    fn name(&self) -> &'static str {
        "billing_profile.updated"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "billing_profile", id: self.tenant, label: self.name.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_is_checked_to_its_key() {
        assert!(is_iban("FR7630006000011234567890189"));
        assert!(is_iban("DE89370400440532013000"));
        for bad in ["FR7630006000011234567890188", "FR763000600001123456789018", "", "FR76", "7630006000011234567890189FR"] {
            assert!(!is_iban(bad), "{bad}");
        }
        assert!(is_bic("AGRIFRPP") && is_bic("AGRIFRPP882") && !is_bic("AGRI") && !is_bic("1234FRPP"));
    }
}
