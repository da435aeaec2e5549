//! E-mail addresses and telephone numbers, parsed once at the edge.

use serde::Serialize;
use std::fmt;

/// An e-mail address: kept as typed, compared by its normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Accepts `local@domain` with the characters that real mail servers accept; the domain needs a dot.
    /// Deliberately narrower than RFC 5322: quoted locals and address literals are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("mailto:");
        if text.len() > 254 {
            return None;
        }
        let (local, domain) = text.rsplit_once('@')?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
        let labels: Vec<&str> = domain.split('.').collect();
        let domain_ok = labels.len() >= 2
            && labels.iter().all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            })
            && labels.last().is_some_and(|tld| tld.chars().count() >= 2 && !tld.bytes().all(|b| b.is_ascii_digit()));
        (local_ok && domain_ok).then(|| Self(text.to_owned()))
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form used to compare: lower case.
    pub fn normalized(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A telephone number in E.164.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people write it; one without a country code is French.
    ///
    /// The plan's shape decides (libphonenumber's possible lengths), not whether an operator has opened the block:
    /// a CRM must keep the number that the customer gave.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > 40 || text.chars().filter(char::is_ascii_digit).count() < 4 {
            return None;
        }
        if text.chars().any(char::is_alphabetic) {
            return None;
        }
        // "+33 (0)6 …" is how the French write a number that works from anywhere: the (0) is not dialled.
        let cleaned = text.replace("(0)", "");
        let cleaned = cleaned.strip_prefix("00").map_or_else(|| cleaned.clone(), |rest| format!("+{rest}"));
        let number = phonenumber::parse(Some(phonenumber::country::FR), &cleaned).ok()?;
        let code = number.code().value();
        let national = number.national().to_string();
        // French numbers, overseas ones included, have nine digits after the country code.
        let length_ok = match code {
            33 | 262 | 590 | 594 | 596 => national.len() == 9 && !national.starts_with('0'),
            _ => (4..=14).contains(&national.len()) && national.len() + code.to_string().len() <= 15,
        };
        length_ok.then(|| Self(format!("+{code}{national}")))
    }

    /// Rebuilds a number that was stored in E.164.
    pub fn from_stored(e164: String) -> Self {
        Self(e164)
    }

    /// E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a French reader expects it: `06 12 34 56 78`, or the international form for other countries.
    pub fn display(&self) -> String {
        display_phone(&self.0)
    }
}

/// Formats a stored E.164 number for reading: French numbers in pairs, others with their country code.
pub fn display_phone(e164: &str) -> String {
    if let Some(national) = e164.strip_prefix("+33").filter(|n| n.len() == 9) {
        let mut out = String::from("0");
        for (index, c) in national.chars().enumerate() {
            if index % 2 == 1 {
                out.push(' ');
            }
            out.push(c);
        }
        return out;
    }
    phonenumber::parse(None, e164)
        .map_or_else(|_| e164.to_owned(), |number| number.format().mode(phonenumber::Mode::International).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_read_as_people_type_them() {
        assert_eq!(Email::parse(" Jean.Dupré+crm@Exemple.FR ").map(|e| e.normalized()), Some("jean.dupré+crm@exemple.fr".into()));
        for bad in ["", "pas-une-adresse", "a@b", "a@b.", "a b@c.fr", "a@@c.fr", "a@-c.fr", ".a@c.fr", "a@c.1"] {
            assert!(Email::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn phones_become_e164() {
        for text in ["06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "+33 (0)6 12 34 56 78", "0033612345678", "+33612345678"] {
            assert_eq!(Phone::parse(text).map(|p| p.as_str().to_owned()), Some("+33612345678".into()), "{text}");
        }
        assert_eq!(Phone::parse("0600006301").map(|p| p.display()), Some("06 00 00 63 01".into()));
        assert_eq!(Phone::parse("+49 30 901820").map(|p| p.as_str().to_owned()), Some("+4930901820".into()));
        for bad in ["", "12", "06 12 34 56", "061234567890", "abc", "demander Paul 06"] {
            assert!(Phone::parse(bad).is_none(), "{bad}");
        }
    }
}
