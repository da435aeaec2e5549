//! French business numbers: SIREN, SIRET, VAT. Parsed once, at the edge.

use serde::Serialize;
use std::{fmt, str::FromStr};

/// La Poste: the one SIREN whose SIRETs do not pass Luhn (QI-01).
const LA_POSTE: &str = "356000000";

/// Why a number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not the right count of digits, or other characters.
    #[error("format")]
    Format,
    /// The check digit or key is wrong.
    #[error("checksum")]
    Checksum,
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '\u{a0}' | '\u{202f}')).collect()
}

fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (index % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn all_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Nine digits with a Luhn check digit (QI-01).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Siren(String);

impl Siren {
    /// The nine digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The VAT number with its numeric key: (12 + 3·(SIREN mod 97)) mod 97 (QI-02).
    pub fn vat_number(&self) -> VatNumber {
        let number: u64 = self.0.parse().unwrap_or(0);
        let key = (12 + 3 * (number % 97)) % 97;
        VatNumber(format!("FR{key:02}{}", self.0))
    }
}

impl FromStr for Siren {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let number = digits(text);
        if !all_digits(&number, 9) || number == "000000000" {
            return Err(NumberError::Format);
        }
        if luhn(&number) { Ok(Self(number)) } else { Err(NumberError::Checksum) }
    }
}

/// Fourteen digits: a SIREN and an establishment number (QI-01).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Siret(String);

impl Siret {
    /// The fourteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The company that the establishment belongs to.
    pub fn siren(&self) -> Siren {
        Siren(self.0.chars().take(9).collect())
    }
}

impl FromStr for Siret {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let number = digits(text);
        if !all_digits(&number, 14) {
            return Err(NumberError::Format);
        }
        let siren: String = number.chars().take(9).collect();
        siren.parse::<Siren>()?;
        if siren == LA_POSTE || luhn(&number) { Ok(Self(number)) } else { Err(NumberError::Checksum) }
    }
}

/// A VAT number. French ones are checked (QI-02); those of other states by shape only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct VatNumber(String);

impl VatNumber {
    /// The normalised number, without spaces, in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VatNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let number = digits(text).to_uppercase();
        if !number.is_ascii() || !(4..=16).contains(&number.len()) {
            return Err(NumberError::Format);
        }
        let (country, rest) = number.split_at(2);
        if !country.bytes().all(|b| b.is_ascii_uppercase()) || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(NumberError::Format);
        }
        if country == "FR" {
            let (Some((key, siren)), 11) = (rest.split_at_checked(2), rest.len()) else {
                return Err(NumberError::Format);
            };
            if key.bytes().any(|b| matches!(b, b'I' | b'O')) || !all_digits(siren, 9) {
                return Err(NumberError::Format);
            }
            // A key with letters has no published rule: its shape is all that can be checked (QI-02).
            if all_digits(key, 2) {
                let expected = Siren(siren.to_owned()).vat_number();
                if expected.0 != number {
                    return Err(NumberError::Checksum);
                }
            }
        }
        Ok(Self(number))
    }
}

macro_rules! text_traits {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )+};
}
text_traits!(Siren, Siret, VatNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // QI-01
    fn siren_and_siret_follow_luhn() {
        assert_eq!("732 829 320".parse::<Siren>().map(|s| s.to_string()), Ok("732829320".into()));
        assert_eq!("732829321".parse::<Siren>(), Err(NumberError::Checksum));
        assert_eq!("73282932".parse::<Siren>(), Err(NumberError::Format));
        assert!("73282932000074".parse::<Siret>().is_ok());
        assert_eq!("73282932000075".parse::<Siret>(), Err(NumberError::Checksum));
        assert!("35600000000048".parse::<Siret>().is_ok(), "La Poste's head office");
        assert!("35600000012345".parse::<Siret>().is_ok(), "La Poste's establishments fail Luhn and are real");
    }

    #[test] // QI-02
    fn the_vat_key_is_computed_and_checked() {
        let siren: Siren = "732829320".parse().expect("valid");
        assert_eq!(siren.vat_number().as_str(), "FR44732829320");
        assert!("FR 44 732829320".parse::<VatNumber>().is_ok());
        assert_eq!("FR45732829320".parse::<VatNumber>(), Err(NumberError::Checksum));
        assert!("FRK7732829320".parse::<VatNumber>().is_ok(), "a letter key is checked by shape only");
        assert_eq!("FRO7732829320".parse::<VatNumber>(), Err(NumberError::Format));
        assert!("DE123456789".parse::<VatNumber>().is_ok());
    }
}
