//! What identifies a vehicle: its registration plate (GA-01) and its VIN (GA-02). Parsed once, at the edge.

use std::{fmt, str::FromStr};

/// Upper case, letters and digits only: the form in which spellings are compared.
pub fn compact(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// A French registration plate in its usual spelling (GA-01): `AB-123-CD`, `WW-123-AB`, `W-123-AB`, `1234 AB 69`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plate(String);

/// Not a French plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a French registration plate")]
pub struct NotAPlate;

impl Plate {
    /// As people write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A letter of the present system: no I, O, U, which look like 1, 0, V.
fn is_siv_letter(c: char) -> bool {
    c.is_ascii_uppercase() && !matches!(c, 'I' | 'O' | 'U')
}

fn split_while(text: &str, most: usize, test: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.char_indices().take(most).take_while(|(_, c)| test(*c)).last().map_or(0, |(index, c)| index + c.len_utf8());
    text.split_at(end)
}

fn is_department(text: &str) -> bool {
    match text {
        "2A" | "2B" => true,
        _ => match (text.len(), text.parse::<u16>()) {
            (2, Ok(number)) => (1..=95).contains(&number),
            (3, Ok(number)) => (971..=976).contains(&number),
            _ => false,
        },
    }
}

impl FromStr for Plate {
    type Err = NotAPlate;

    fn from_str(text: &str) -> Result<Self, NotAPlate> {
        if text.chars().any(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace() && !matches!(c, '-' | '.' | '·' | '‑' | '–')) {
            return Err(NotAPlate);
        }
        let compact = compact(text);
        if compact.starts_with(|c: char| c.is_ascii_digit()) {
            let (digits, rest) = split_while(&compact, 4, |c| c.is_ascii_digit());
            let (letters, department) = split_while(rest, 3, |c| c.is_ascii_uppercase());
            let valid = !letters.is_empty() && is_department(department);
            return valid.then(|| Self(format!("{digits} {letters} {department}"))).ok_or(NotAPlate);
        }
        let (left, rest) = split_while(&compact, 2, |c| c.is_ascii_uppercase());
        let (digits, right) = split_while(rest, 3, |c| c.is_ascii_digit());
        if digits.len() != 3 || right.len() != 2 || !right.chars().all(is_siv_letter) {
            return Err(NotAPlate);
        }
        let valid = match left {
            "W" | "WW" => true,
            _ => left.len() == 2 && left.chars().all(is_siv_letter) && left != "SS" && right != "SS" && digits != "000",
        };
        valid.then(|| Self(format!("{left}-{digits}-{right}"))).ok_or(NotAPlate)
    }
}

impl fmt::Display for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A vehicle identification number of 1981 or later: seventeen characters without I, O, Q (GA-02).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Vin(String);

/// Not a VIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a vehicle identification number")]
pub struct NotAVin;

impl Vin {
    /// The seventeen characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether position 9 holds the check digit. European makers need not write one: false is a warning, never an error.
    pub fn check_digit_holds(&self) -> bool {
        const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
        let value = |c: char| match c {
            'A' | 'J' => 1,
            'B' | 'K' | 'S' => 2,
            'C' | 'L' | 'T' => 3,
            'D' | 'M' | 'U' => 4,
            'E' | 'N' | 'V' => 5,
            'F' | 'W' => 6,
            'G' | 'P' | 'X' => 7,
            'H' | 'Y' => 8,
            'R' | 'Z' => 9,
            digit => digit.to_digit(10).unwrap_or(0),
        };
        let sum: u32 = self.0.chars().zip(WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
        let expected = match sum % 11 {
            10 => 'X',
            digit => char::from_digit(digit, 10).unwrap_or('0'),
        };
        self.0.chars().nth(8) == Some(expected)
    }
}

impl FromStr for Vin {
    type Err = NotAVin;

    fn from_str(text: &str) -> Result<Self, NotAVin> {
        if text.chars().any(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace() && c != '-') {
            return Err(NotAVin);
        }
        let compact = compact(text);
        let valid = compact.len() == 17 && !compact.contains(['I', 'O', 'Q']);
        valid.then_some(Self(compact)).ok_or(NotAVin)
    }
}

impl fmt::Display for Vin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plate(text: &str) -> Option<String> {
        text.parse::<Plate>().ok().map(|plate| plate.to_string())
    }

    #[test] // GA-01
    fn plates_of_every_french_series_have_one_spelling() {
        for text in ["AB-123-CD", "ab123cd", " ab 123 cd ", "AB.123.CD", "ab-123cd", "AB‑123‑CD"] {
            assert_eq!(plate(text).as_deref(), Some("AB-123-CD"), "{text}");
        }
        assert_eq!(plate("ww123ab").as_deref(), Some("WW-123-AB"));
        assert_eq!(plate("W 123 AB").as_deref(), Some("W-123-AB"));
        assert_eq!(plate("1234ab69").as_deref(), Some("1234 AB 69"));
        assert_eq!(plate("1 a 2a").as_deref(), Some("1 A 2A"));
        assert_eq!(plate("12 ABC 974").as_deref(), Some("12 ABC 974"));
    }

    #[test] // GA-01
    fn what_no_prefecture_issues_is_refused() {
        for text in [
            "",
            "AB-000-CD",
            "SS-123-AB",
            "AB-123-SS",
            "AI-123-CD",
            "AB-12-CD",
            "AB-123-CU",
            "1234 AB 96",
            "1234 AB 00",
            "12345 AB 69",
            "1234 69",
            "AB_123_CD",
            "AB-123-CDE",
            "M-AB 1234",
            "1234 AB 977",
            "É-123-AB",
            "WW-12-AB",
        ] {
            assert_eq!(plate(text), None, "{text}");
        }
    }

    #[test] // GA-02
    fn a_vin_has_seventeen_characters_and_its_check_digit_only_warns() {
        let vin: Vin = "1m8gdm9axkp042788".parse().expect("valid");
        assert!(vin.check_digit_holds());
        assert!("VF1BB05CF12345678".parse::<Vin>().is_ok_and(|vin| !vin.check_digit_holds()));
        assert!("1M8-GDM9A XKP042788".parse::<Vin>().is_ok());
        for text in ["1M8GDM9AXKP04278", "1M8GDM9AXKP0427880", "1M8GDM9AXKPO42788", "IM8GDM9AXKP042788", "1M8GDM9AXKP04278é"] {
            assert_eq!(text.parse::<Vin>(), Err(NotAVin), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,24}") {
            let _ = text.parse::<Vin>();
            if let Some(normal) = plate(&text) {
                prop_assert_eq!(plate(&normal), Some(normal.clone()));
            }
        }
    }
}
