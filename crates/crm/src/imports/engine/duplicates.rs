//! When a row is somebody already known.
//!
//! The rule: the same e-mail; else, where at least one side has no e-mail, the same phone, or (between companies) the same
//! SIREN. Two different e-mails with one phone are two people of one household or one front desk.
//!
//! What the sample files (`samples.rs`) require, and what they leave open:
//! - Rows are taken in order, and a row may match one that an earlier row of the same file created: six rows of the first
//!   file repeat an e-mail of that file, sixteen of the third a SIREN of that file.
//! - All e-mails and phones of both sides take part, whichever column they came from. E-mails compare in lower case without
//!   surrounding space, phones in E.164, SIRENs as nine digits.
//! - A person and a company may match by e-mail or phone; only a SIREN asks for two companies.
//! - A matched contact whose empty fields were filled is compared with its new values from the next row on.
//! - An e-mail match is looked for among all known contacts before a phone match among any, then a SIREN match. Among
//!   several of one sort, the oldest contact wins.
//! - Rejected rows take part in nothing. A contact that was archived cannot occur in the samples: whoever holds the contacts
//!   decides whether to offer archived ones here.

use serde::Serialize;

use super::candidate::{Candidate, Kind};

/// What two contacts are compared by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchKeys {
    /// A company; else a person.
    pub company: bool,
    /// E-mails in lower case.
    pub emails: Vec<String>,
    /// Phones in E.164.
    pub phones: Vec<String>,
    /// The SIREN, if known.
    pub siren: Option<String>,
}

/// By what two contacts are the same, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The same e-mail.
    Email,
    /// The same phone, and one has no e-mail.
    Phone,
    /// Two companies with the same SIREN, and one has no e-mail.
    Siren,
}

/// The keys of a candidate.
pub fn keys(candidate: &Candidate) -> MatchKeys {
    MatchKeys {
        company: candidate.kind == Kind::Company,
        emails: candidate.emails.iter().map(vision_kernel::Email::normalized).collect(),
        phones: candidate.phones.iter().map(|phone| phone.as_str().to_owned()).collect(),
        siren: candidate.siren.as_ref().map(|siren| siren.as_str().to_owned()),
    }
}

/// Whether two contacts are the same one, and by what.
pub fn matches(a: &MatchKeys, b: &MatchKeys) -> Option<Match> {
    let share = |a: &[String], b: &[String]| a.iter().any(|value| b.contains(value));
    if share(&a.emails, &b.emails) {
        return Some(Match::Email);
    }
    if !a.emails.is_empty() && !b.emails.is_empty() {
        return None;
    }
    if share(&a.phones, &b.phones) {
        return Some(Match::Phone);
    }
    (a.company && b.company && a.siren.is_some() && a.siren == b.siren).then_some(Match::Siren)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(company: bool, email: &str, phone: &str, siren: &str) -> MatchKeys {
        let list = |text: &str| if text.is_empty() { vec![] } else { vec![text.to_owned()] };
        MatchKeys { company, emails: list(email), phones: list(phone), siren: list(siren).pop() }
    }

    #[test]
    fn the_rule_is_symmetric_and_as_written() {
        let cases = [
            (of(false, "a@x.fr", "1", ""), of(false, "a@x.fr", "2", ""), Some(Match::Email)),
            (of(false, "a@x.fr", "1", ""), of(true, "a@x.fr", "", ""), Some(Match::Email)),
            (of(false, "a@x.fr", "1", ""), of(false, "b@x.fr", "1", ""), None),
            (of(false, "a@x.fr", "1", ""), of(false, "", "1", ""), Some(Match::Phone)),
            (of(false, "", "1", ""), of(false, "", "1", ""), Some(Match::Phone)),
            (of(true, "a@x.fr", "1", "9"), of(true, "", "2", "9"), Some(Match::Siren)),
            (of(true, "a@x.fr", "1", "9"), of(true, "b@x.fr", "2", "9"), None),
            (of(true, "", "", "9"), of(false, "", "", "9"), None),
            (of(true, "", "", ""), of(true, "", "", ""), None),
        ];
        for (a, b, expected) in cases {
            assert_eq!(matches(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(matches(&b, &a), expected, "{b:?} {a:?}");
        }
    }
}
