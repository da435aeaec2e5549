//! People's names written in one field, and forms of address.

/// The words that open a family name of several words.
const PARTICLES: [&str; 38] = [
    "de", "du", "des", "d'", "d’", "la", "le", "les", "van", "von", "der", "den", "ter", "ten", "vande", "vanden", "vander", "zu", "zum",
    "ben", "bin", "ibn", "bou", "abou", "el", "al", "ait", "aït", "da", "das", "do", "dos", "di", "del", "della", "mac", "بن", "آل",
];
/// Company forms: a "full name" with one of them, in capitals, is that of a company.
const FORMS: [&str; 15] =
    ["SARL", "SAS", "SASU", "EURL", "SCI", "SNC", "SELARL", "SELAS", "SCOP", "SCM", "SCP", "GAEC", "EARL", "S.A.R.L.", "S.A.S."];

/// A full name taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FullName {
    /// The form of address in front of it.
    pub civility: Option<String>,
    /// Given names.
    pub first: Option<String>,
    /// The family name; the whole name when it is one word.
    pub last: Option<String>,
}

/// Takes a full name apart: `DUPRÉ Jean`, `Jean DUPRÉ`, `Dupré, Jean`, `Jean de La Tour`, `Mme Jérôme Ben Ali`.
///
/// A word in capitals beside others that are not is the family name; else a particle opens it; else it is the last word.
pub fn split_full_name(text: &str) -> FullName {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let mut name = FullName::default();
    if words.len() > 1
        && let Some(found) = words.first().and_then(|word| known_civility(word))
    {
        name.civility = Some(found.to_owned());
        words.remove(0);
    }
    let joined = words.join(" ");
    if let Some((last, first)) = joined.split_once(',').filter(|(last, first)| !last.trim().is_empty() && !first.trim().is_empty()) {
        name.last = Some(last.trim().to_owned());
        name.first = Some(first.trim().to_owned());
        return name;
    }
    let at = boundary(&words);
    let part = |words: Option<&[&str]>| words.map(|words| words.join(" ")).filter(|text| !text.is_empty());
    match at {
        Boundary::LastFrom(index) => {
            name.first = part(words.get(..index));
            name.last = part(words.get(index..));
        }
        Boundary::FirstFrom(index) => {
            name.last = part(words.get(..index));
            name.first = part(words.get(index..));
        }
    }
    name
}

enum Boundary {
    /// The family name is the words from here on.
    LastFrom(usize),
    /// The given names are the words from here on.
    FirstFrom(usize),
}

fn boundary(words: &[&str]) -> Boundary {
    let leading = words.iter().take_while(|word| is_capitals(word)).count();
    if leading > 0 && leading < words.len() {
        return Boundary::FirstFrom(leading);
    }
    let trailing = words.iter().rev().take_while(|word| is_capitals(word)).count();
    if trailing > 0 && trailing < words.len() {
        // "Jean de LA TOUR": the particle belongs to it.
        let mut from = words.len() - trailing;
        while from > 1 && words.get(from - 1).is_some_and(|word| is_particle(word)) {
            from -= 1;
        }
        return Boundary::LastFrom(from);
    }
    let particle = words.iter().enumerate().skip(1).take(words.len().saturating_sub(2)).find(|(_, word)| is_particle(word));
    match particle {
        Some((index, _)) => Boundary::LastFrom(index),
        None => Boundary::LastFrom(words.len().saturating_sub(1)),
    }
}

fn is_particle(word: &str) -> bool {
    let lower = word.to_lowercase();
    PARTICLES.contains(&lower.as_str())
}

/// Two letters or more, all capitals.
fn is_capitals(word: &str) -> bool {
    let letters = || word.chars().filter(|c| c.is_alphabetic());
    letters().count() >= 2 && letters().all(char::is_uppercase) && !word.ends_with('.')
}

/// Whether a full name names a company.
pub(super) fn is_company_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.len() > 1 && words.iter().any(|word| FORMS.contains(word))
}

/// The usual French form of a form of address; any other text as it is.
pub(super) fn civility(text: &str) -> String {
    known_civility(text).map_or_else(|| text.to_owned(), str::to_owned)
}

pub(super) fn known_civility(text: &str) -> Option<&'static str> {
    let key = text.trim().trim_end_matches('.').to_lowercase();
    Some(match key.as_str() {
        "m" | "mr" | "monsieur" | "mister" => "M.",
        "mme" | "madame" | "mrs" | "ms" | "mlle" | "mademoiselle" | "miss" => "Mme",
        "dr" | "docteur" | "doctor" => "Dr",
        "pr" | "prof" | "professeur" | "professor" => "Pr",
        "me" | "maître" | "maitre" => "Me",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_the_french_write_them() {
        for (text, first, last) in [
            ("DUPRÉ Jean", "Jean", "DUPRÉ"),
            ("Jean DUPRÉ", "Jean", "DUPRÉ"),
            ("DE LA TOUR Jean Marie", "Jean Marie", "DE LA TOUR"),
            ("Jean de LA TOUR", "Jean", "de LA TOUR"),
            ("Dupré, Jean", "Jean", "Dupré"),
            ("Jean de La Tour", "Jean", "de La Tour"),
            ("Jérôme Ben Ali", "Jérôme", "Ben Ali"),
            ("Gaël De La Tour", "Gaël", "De La Tour"),
            ("Zoé Le Goff", "Zoé", "Le Goff"),
            ("Soizic D'Hérouville", "Soizic", "D'Hérouville"),
            ("Jean-Pierre Saint-Germain", "Jean-Pierre", "Saint-Germain"),
            ("Marie Claire Dupont", "Marie Claire", "Dupont"),
            ("Zoé 🚗 Dupré", "Zoé 🚗", "Dupré"),
            ("سليم بن علي", "سليم", "بن علي"),
            ("JEAN DUPRÉ", "JEAN", "DUPRÉ"),
            ("Madonna", "", "Madonna"),
            ("J. DUPRÉ", "J.", "DUPRÉ"),
            ("", "", ""),
        ] {
            let name = split_full_name(text);
            assert_eq!((name.first.unwrap_or_default(), name.last.unwrap_or_default()), (first.into(), last.into()), "{text}");
        }
    }

    #[test]
    fn forms_of_address_are_recognised() {
        let name = split_full_name("Madame Ana Pérès");
        assert_eq!((name.civility.as_deref(), name.first.as_deref()), (Some("Mme"), Some("Ana")));
        assert_eq!(split_full_name("Mme").last.as_deref(), Some("Mme"), "a lone word is a name");
        assert_eq!((civility("MR."), civility("Colonel")), ("M.".into(), "Colonel".into()));
        assert!(is_company_name("SARL Dupré") && is_company_name("Transports Pérès SAS"));
        assert!(!is_company_name("Ana Sas") && !is_company_name("SAS"));
    }
}
