//! What may be changed about a tenant, checked.

use crate::provision::{TIME_ZONES, TRADES};
use serde::Deserialize;
use vision_kernel::{Change, Email, FieldError, Patch, Phone, Problem, Siren, Siret, VatNumber, text};

/// A change of the company's profile. Absent keeps, null clears.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(crate) struct TenantPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) legal_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) legal_form: Patch<String>,
    /// Nine digits with a valid key (QI-01); the VAT number follows unless given.
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
    pub(crate) address_line1: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) address_line2: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) postal_code: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) city: Patch<String>,
    /// ISO 3166, two letters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) country: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) website: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) trade: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) time_zone: Patch<String>,
    /// `#rrggbb`, at least 4.5:1 against white.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) accent_color: Patch<String>,
    /// How many days the audit log is kept: 90 to 3,650 (GD-08).
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    pub(crate) audit_retention_days: Patch<i32>,
}

/// The profile as stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) legal_name: Option<String>,
    pub(crate) legal_form: Option<String>,
    pub(crate) siren: Option<String>,
    pub(crate) siret: Option<String>,
    pub(crate) vat_number: Option<String>,
    pub(crate) address_line1: Option<String>,
    pub(crate) address_line2: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) country: String,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) website: Option<String>,
    pub(crate) trade: String,
    pub(crate) time_zone: String,
    pub(crate) accent_color: Option<String>,
    pub(crate) audit_retention_days: i32,
}

/// Contrast of a colour against white, as WCAG computes it.
fn contrast_on_white(color: &str) -> Option<f64> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |range: std::ops::Range<usize>| {
        let value = f64::from(u8::from_str_radix(digits.get(range)?, 16).ok()?) / 255.0;
        Some(if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    let luminance = 0.2126 * channel(0..2)? + 0.7152 * channel(2..4)? + 0.0722 * channel(4..6)?;
    Some(1.05 / (luminance + 0.05))
}

struct Errors(Vec<FieldError>);

impl Errors {
    fn text(&mut self, patch: Patch<String>, pointer: &str, max: usize) -> Patch<String> {
        match patch {
            Patch::Set(value) => match text::clean(&value, false) {
                None => Patch::Clear,
                Some(value) if value.chars().count() > max => {
                    self.0.push(FieldError::new(pointer, "too_long", format!("{max} caractères au plus.")));
                    Patch::Keep
                }
                Some(value) => Patch::Set(value),
            },
            other => other,
        }
    }

    fn parsed<T: ToString>(
        &mut self,
        patch: Patch<String>,
        pointer: &str,
        detail: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Patch<String> {
        match patch {
            Patch::Set(value) if value.trim().is_empty() => Patch::Clear,
            Patch::Set(value) => {
                if let Some(parsed) = parse(&value) {
                    Patch::Set(parsed.to_string())
                } else {
                    self.0.push(FieldError::new(pointer, "invalid", detail));
                    Patch::Keep
                }
            }
            other => other,
        }
    }

    fn needed(&mut self, patch: Patch<String>, current: String, pointer: &str) -> String {
        match patch {
            Patch::Keep => current,
            Patch::Set(value) => value,
            Patch::Clear => {
                self.0.push(FieldError::new(pointer, "required", "Ce champ est nécessaire."));
                current
            }
        }
    }
}

impl Profile {
    /// The profile after a change, or every field that is wrong.
    pub(crate) fn apply(self, patch: TenantPatch) -> Result<Self, Problem> {
        let mut errors = Errors(Vec::new());
        let name = errors.text(patch.name, "/name", 120);
        let country = errors.parsed(patch.country, "/country", "Indiquez un code pays de deux lettres.", |value| {
            Some(value.trim().to_uppercase()).filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
        });
        let listed = |values: &'static [&'static str]| move |value: &str| values.contains(&value).then(|| value.to_owned());
        let trade = errors.parsed(patch.trade, "/trade", "Ce métier n’est pas dans la liste.", listed(TRADES));
        let time_zone = errors.parsed(patch.time_zone, "/time_zone", "Ce fuseau horaire n’est pas dans la liste.", listed(TIME_ZONES));
        let siren_detail = "Ce SIREN n’est pas valable : neuf chiffres, dont une clé de contrôle."; // QI-01
        let siren = errors.parsed(patch.siren, "/siren", siren_detail, |value| value.parse::<Siren>().ok()).apply(self.siren);
        let siret =
            errors.parsed(patch.siret, "/siret", "Ce SIRET n’est pas valable.", |value| value.parse::<Siret>().ok()).apply(self.siret);
        if let (Some(siren), Some(siret)) = (&siren, &siret)
            && !siret.starts_with(siren.as_str())
        {
            errors.0.push(FieldError::new("/siret", "mismatch", "Ce SIRET n’appartient pas à ce SIREN."));
        }
        let vat_given = !patch.vat_number.is_keep();
        let vat = errors
            .parsed(patch.vat_number, "/vat_number", "Ce numéro de TVA n’est pas valable.", |value| value.parse::<VatNumber>().ok());
        // QI-02: the number is computed from the SIREN; an exempt company clears it.
        let computed = siren.as_deref().and_then(|siren| siren.parse::<Siren>().ok()).map(|siren| siren.vat_number().to_string());
        let vat_number = if vat_given { vat.apply(self.vat_number) } else { self.vat_number.filter(|_| siren.is_some()).or(computed) };
        let accent_color = errors.parsed(
            patch.accent_color,
            "/accent_color",
            "Choisissez une couleur plus foncée : le texte blanc doit y rester lisible.",
            |value| contrast_on_white(value).filter(|contrast| *contrast >= 4.5).map(|_| value.to_lowercase()),
        );
        let phone = errors.parsed(patch.phone, "/phone", "Ce numéro de téléphone n’est pas valable.", |value| {
            Phone::parse(value).map(|p| p.as_str().to_owned())
        });
        let email = errors.parsed(patch.email, "/email", "Cette adresse e-mail n’est pas valable.", Email::parse);
        // GD-08: six months to a year is what the authority recommends; less than 90 days proves nothing.
        let audit_retention_days = match patch.audit_retention_days {
            Patch::Set(days) if (90..=3650).contains(&days) => days,
            Patch::Keep => self.audit_retention_days,
            _ => {
                errors.0.push(FieldError::new("/audit_retention_days", "out_of_range", "De 90 à 3 650 jours."));
                self.audit_retention_days
            }
        };
        let after = Self {
            name: errors.needed(name, self.name, "/name"),
            legal_name: errors.text(patch.legal_name, "/legal_name", 120).apply(self.legal_name),
            legal_form: errors.text(patch.legal_form, "/legal_form", 80).apply(self.legal_form),
            siren,
            siret,
            vat_number,
            address_line1: errors.text(patch.address_line1, "/address_line1", 200).apply(self.address_line1),
            address_line2: errors.text(patch.address_line2, "/address_line2", 200).apply(self.address_line2),
            postal_code: errors.text(patch.postal_code, "/postal_code", 12).apply(self.postal_code),
            city: errors.text(patch.city, "/city", 120).apply(self.city),
            country: errors.needed(country, self.country, "/country"),
            phone: phone.apply(self.phone),
            email: email.apply(self.email),
            website: errors.text(patch.website, "/website", 200).apply(self.website),
            trade: errors.needed(trade, self.trade, "/trade"),
            time_zone: errors.needed(time_zone, self.time_zone, "/time_zone"),
            accent_color: accent_color.apply(self.accent_color),
            audit_retention_days,
        };
        if errors.0.is_empty() { Ok(after) } else { Err(Problem::validation(errors.0)) }
    }

    /// What differs from `before`.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let optional: [(&str, &Option<String>, &Option<String>); 13] = [
            ("legal_name", &before.legal_name, &self.legal_name),
            ("legal_form", &before.legal_form, &self.legal_form),
            ("siren", &before.siren, &self.siren),
            ("siret", &before.siret, &self.siret),
            ("vat_number", &before.vat_number, &self.vat_number),
            ("address_line1", &before.address_line1, &self.address_line1),
            ("address_line2", &before.address_line2, &self.address_line2),
            ("postal_code", &before.postal_code, &self.postal_code),
            ("city", &before.city, &self.city),
            ("phone", &before.phone, &self.phone),
            ("email", &before.email, &self.email),
            ("website", &before.website, &self.website),
            ("accent_color", &before.accent_color, &self.accent_color),
        ];
        let required = [
            ("name", &before.name, &self.name),
            ("country", &before.country, &self.country),
            ("trade", &before.trade, &self.trade),
            ("time_zone", &before.time_zone, &self.time_zone),
        ];
        let optional = optional.into_iter().filter_map(|(field, before, after)| Change::between(field, before, after));
        let retention = Change::between("audit_retention_days", &before.audit_retention_days, &self.audit_retention_days);
        required
            .into_iter()
            .filter_map(|(field, before, after)| Change::between(field, before, after))
            .chain(optional)
            .chain(retention)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            name: "Garage Dupré".into(),
            legal_name: None,
            legal_form: None,
            siren: None,
            siret: None,
            vat_number: None,
            address_line1: None,
            address_line2: None,
            postal_code: None,
            city: None,
            country: "FR".into(),
            phone: None,
            email: None,
            website: None,
            trade: "garage".into(),
            time_zone: "Europe/Paris".into(),
            accent_color: None,
            audit_retention_days: 365,
        }
    }

    fn patch(json: &str) -> TenantPatch {
        serde_json::from_str(json).expect("patch")
    }

    #[test] // QI-01, QI-02
    fn a_siren_brings_its_vat_number() {
        let after = profile().apply(patch(r#"{"siren":"732 829 320"}"#)).expect("valid");
        assert_eq!(after.vat_number.as_deref(), Some("FR44732829320"));
        let exempt = after.apply(patch(r#"{"vat_number":null}"#)).expect("valid");
        assert_eq!(exempt.vat_number, None);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let problem =
            profile().apply(patch(r##"{"name":" ","siren":"1","time_zone":"Mars/Base","accent_color":"#ffff00"}"##)).expect_err("invalid");
        let mut pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/accent_color", "/name", "/siren", "/time_zone"]);
    }

    #[test] // QI-01
    fn a_siret_belongs_to_its_siren() {
        let problem = profile().apply(patch(r#"{"siren":"732829320","siret":"55208131766522"}"#)).expect_err("mismatch");
        assert!(problem.errors.iter().any(|error| error.pointer == "/siret"));
    }
}
