//! What an erased person is recognised by in free text: one regular expression of PostgreSQL, made of their full name, e-mails and
//! telephones in every spelling.
//!
//! A name is sought whole, in both orders, or after a civility: a family name alone may be a trade or a colour.

use serde::{Deserialize, Serialize};
use std::fmt::Write;
use vision_kernel::text;

/// What identifies a person and nobody else in the company.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// (first name, last name); without those of a namesake.
    pub(crate) names: Vec<(Option<String>, String)>,
    /// Last names that nobody else bears.
    pub(crate) last_names: Vec<String>,
    /// Lower case.
    pub(crate) emails: Vec<String>,
    /// E.164.
    pub(crate) phones: Vec<String>,
}

/// Between two words: any blank, hyphen or apostrophe.
const GAP: &str = r"[\s\u00A0\u202F'’,;-]+";
/// Between two digits.
const DIGIT_GAP: &str = r"[\s\u00A0\u202F./()-]{0,2}";

/// One character in all its spellings: case, with and without accent.
fn letter(out: &mut String, c: char) {
    if !c.is_alphanumeric() {
        match c {
            '"' => out.push_str("\\\\?\""),
            '\\' => out.push_str(r"\\+"),
            c if c.is_ascii() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        return;
    }
    let folded = text::fold(&c.to_string());
    let mut spellings: Vec<String> = vec![c.to_string(), c.to_lowercase().collect(), c.to_uppercase().collect()];
    spellings.push(folded.to_uppercase());
    spellings.push(folded);
    spellings.sort_unstable();
    spellings.dedup();
    write!(out, "(?:{})", spellings.join("|")).unwrap_or_default();
}

/// Words with anything between them that separates words.
fn phrase(words: &str) -> String {
    let mut out = String::new();
    for (index, word) in
        words.split(|c: char| c.is_whitespace() || matches!(c, '-' | '\'' | '’' | ',' | ';')).filter(|word| !word.is_empty()).enumerate()
    {
        if index > 0 {
            out.push_str(GAP);
        }
        word.chars().for_each(|c| letter(&mut out, c));
    }
    out
}

fn email(address: &str) -> String {
    let mut out = String::from("(?<![A-Za-z0-9._%+-])");
    address.chars().for_each(|c| letter(&mut out, c));
    out + "(?![A-Za-z0-9-])"
}

fn phone(number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let spaced = |digits: &str| digits.chars().map(String::from).collect::<Vec<_>>().join(DIGIT_GAP);
    let body = match digits.strip_prefix("33") {
        Some(national) => format!(r"(?:(?:\+|00){DIGIT_GAP}3{DIGIT_GAP}3{DIGIT_GAP}0?|0){DIGIT_GAP}{}", spaced(national)),
        None => format!(r"(?:\+|00){DIGIT_GAP}{}", spaced(digits)),
    };
    format!("(?<![0-9A-Za-z]){body}(?![0-9A-Za-z])")
}

impl Terms {
    /// The expression, or `None` where nothing identifies the person.
    pub(crate) fn pattern(&self) -> Option<String> {
        let mut parts: Vec<String> = self.emails.iter().map(|address| email(address)).collect();
        parts.extend(self.phones.iter().map(|number| phone(number)));
        for (first, last) in &self.names {
            let last = phrase(last);
            if let Some(first) = first {
                let first = phrase(first);
                parts.push(format!(r"\m{first}{GAP}{last}\M"));
                parts.push(format!(r"\m{last}{GAP}{first}\M"));
            } else if last.contains(GAP) {
                // Without a first name, only what has several words is a name by itself.
                parts.push(format!(r"\m{last}\M"));
            }
        }
        for last in &self.last_names {
            parts.push(format!(r"\m(?:M\.?|Mr\.?|MM\.|Mme\.?|Mlle|Monsieur|Madame|Mademoiselle|Me|Dr\.?){GAP}{}\M", phrase(last)));
        }
        (!parts.is_empty()).then(|| parts.join("|"))
    }

    /// Whether cells of a file are about the person.
    pub(crate) fn are_in(&self, cells: &[String]) -> bool {
        let line = text::fold(&cells.join(" "));
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        let words =
            |text: &str| text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let present = words(&line);
        self.emails.iter().any(|address| line.contains(&text::fold(address)))
            || self.phones.iter().any(|number| {
                let national = number.trim_start_matches("+33").trim_start_matches('+');
                national.len() >= 6 && digits.contains(national)
            })
            || self.names.iter().any(|(first, last)| {
                let wanted = words(&text::fold(&format!("{} {last}", first.as_deref().unwrap_or_default())));
                wanted.len() > 1 && wanted.iter().all(|word| present.contains(word))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            names: vec![(Some("Zéphyrine".to_owned()), "Quoïbet".to_owned())],
            last_names: vec!["Quoïbet".to_owned()],
            emails: vec!["z.quoibet@canari.example".to_owned()],
            phones: vec!["+33612345678".to_owned()],
        }
    }

    #[test]
    fn a_row_of_a_file_is_recognised_however_it_is_written() {
        let cells = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
        for line in ["QUOIBET;zephyrine;Lyon", "x;Z.Quoibet@Canari.example", "06 12 34 56 78;x", "+33 6 12.34.56.78"] {
            assert!(terms().are_in(&cells(line)), "{line}");
        }
        assert!(!terms().are_in(&cells("Quoïbet;Anatole;0612345679")));
    }

    #[test]
    fn nobody_is_recognised_by_nothing() {
        assert_eq!(Terms::default().pattern(), None);
        let single = Terms { names: vec![(None, "Boulanger".to_owned())], ..Terms::default() };
        assert_eq!(single.pattern(), None);
    }
}
