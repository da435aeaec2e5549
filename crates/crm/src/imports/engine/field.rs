//! The fields that a column can be mapped to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a column holds. The keys are those of the API (`docs/api-design.md`, "Import fields").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub enum Field {
    FullName,
    Civility,
    FirstName,
    LastName,
    CompanyName,
    JobTitle,
    Email,
    /// Any further e-mail address; several columns may have it.
    Email2,
    Phone,
    /// Any further telephone; several columns may have it.
    Phone2,
    Line1,
    Line2,
    PostalCode,
    City,
    Country,
    Siren,
    Siret,
    VatNumber,
    Naf,
    Birthday,
    Website,
    Tags,
    Source,
    Notes,
    /// Person or company.
    Kind,
}

/// How fields are grouped on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is its meaning")]
pub enum FieldGroup {
    Identity,
    ContactPoint,
    Address,
    Company,
    Other,
}

impl Field {
    /// Every field, in the order of the screen.
    pub const ALL: [Self; 25] = [
        Self::FullName,
        Self::Civility,
        Self::FirstName,
        Self::LastName,
        Self::CompanyName,
        Self::JobTitle,
        Self::Email,
        Self::Email2,
        Self::Phone,
        Self::Phone2,
        Self::Line1,
        Self::Line2,
        Self::PostalCode,
        Self::City,
        Self::Country,
        Self::Siren,
        Self::Siret,
        Self::VatNumber,
        Self::Naf,
        Self::Birthday,
        Self::Website,
        Self::Tags,
        Self::Source,
        Self::Notes,
        Self::Kind,
    ];

    /// The key used by the API and stored in remembered mappings.
    pub const fn key(self) -> &'static str {
        match self {
            Self::FullName => "full_name",
            Self::Civility => "civility",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::CompanyName => "company_name",
            Self::JobTitle => "job_title",
            Self::Email => "email",
            Self::Email2 => "email2",
            Self::Phone => "phone",
            Self::Phone2 => "phone2",
            Self::Line1 => "line1",
            Self::Line2 => "line2",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Country => "country",
            Self::Siren => "siren",
            Self::Siret => "siret",
            Self::VatNumber => "vat_number",
            Self::Naf => "naf",
            Self::Birthday => "birthday",
            Self::Website => "website",
            Self::Tags => "tags",
            Self::Source => "source",
            Self::Notes => "notes",
            Self::Kind => "kind",
        }
    }

    /// The group it is shown in.
    pub const fn group(self) -> FieldGroup {
        match self {
            Self::FullName | Self::Civility | Self::FirstName | Self::LastName | Self::Birthday | Self::Kind => FieldGroup::Identity,
            Self::Email | Self::Email2 | Self::Phone | Self::Phone2 | Self::Website => FieldGroup::ContactPoint,
            Self::Line1 | Self::Line2 | Self::PostalCode | Self::City | Self::Country => FieldGroup::Address,
            Self::CompanyName | Self::JobTitle | Self::Siren | Self::Siret | Self::VatNumber | Self::Naf => FieldGroup::Company,
            Self::Tags | Self::Source | Self::Notes => FieldGroup::Other,
        }
    }

    /// The most characters that are kept; what is beyond is cut with a warning.
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::Notes => 20_000,
            Self::Tags | Self::Website | Self::Email | Self::Email2 | Self::Phone | Self::Phone2 => 2_000,
            _ => 250,
        }
    }
}

/// A key that names no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown import field")]
pub struct UnknownField;

impl FromStr for Field {
    type Err = UnknownField;
    fn from_str(key: &str) -> Result<Self, UnknownField> {
        Self::ALL.into_iter().find(|field| field.key() == key).ok_or(UnknownField)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        key.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_api_and_read_back() {
        let keys: Vec<_> = Field::ALL.iter().map(|f| f.key()).collect();
        assert_eq!(
            keys.join(" "),
            "full_name civility first_name last_name company_name job_title email email2 phone phone2 line1 line2 postal_code \
             city country siren siret vat_number naf birthday website tags source notes kind"
        );
        for field in Field::ALL {
            let json = serde_json::to_string(&field).unwrap();
            assert_eq!(serde_json::from_str::<Field>(&json).unwrap(), field);
        }
        assert!("nope".parse::<Field>().is_err());
    }
}
