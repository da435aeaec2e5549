//! From what somebody types to the conditions of a search.

use vision_kernel::{Plate, text, vehicle};

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Search {
    /// Words that must all occur, as `LIKE` patterns, the longest first: the index starts from it.
    Words(Vec<String>),
    /// The beginning of the name: too short for the search index (ADR 0010).
    Prefix(String),
}

/// Fewest characters of a token of the search index.
const MIN_TOKEN: usize = 3;
/// Most words that take part.
const MAX_WORDS: usize = 6;

/// Reads a query; `None` when there is nothing to look for.
pub(crate) fn parse(query: &str) -> Option<Search> {
    let folded = text::fold(&query.chars().take(100).collect::<String>());
    if folded.is_empty() {
        return None;
    }
    if let Some(number) = as_number(&folded) {
        return Some(Search::Words(vec![pattern(&number)]));
    }
    // What a contact owns is found by its plate in any spelling (GA-01); parts of a plate are words like others.
    if folded.parse::<Plate>().is_ok() {
        return Some(Search::Words(vec![pattern(vehicle::compact(&folded).to_lowercase())]));
    }
    let mut words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(MAX_WORDS);
    match words.first() {
        Some(longest) if longest.chars().count() >= MIN_TOKEN => Some(Search::Words(words.into_iter().map(pattern).collect())),
        _ => Some(Search::Prefix(folded)),
    }
}

fn pattern(word: impl AsRef<str>) -> String {
    format!("%{}%", text::escape_like(word.as_ref()))
}

/// A phone fragment or a SIREN in any spelling: `06 12`, `06.12.34`, `+33 6 12`, `732 829 320`.
fn as_number(text: &str) -> Option<String> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '/' | '(' | ')' | '+'));
    let digits: String = text.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    if !is_number || digits.len() < MIN_TOKEN {
        return None;
    }
    if text.starts_with('+') {
        return Some(format!("+{digits}"));
    }
    Some(digits.strip_prefix("00").map_or(digits.clone(), |international| format!("+{international}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(query: &str) -> Vec<String> {
        match parse(query) {
            Some(Search::Words(words)) => words,
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn numbers_are_found_in_any_spelling() {
        assert_eq!(words("06 12"), ["%0612%"]);
        assert_eq!(words("06.12.34"), ["%061234%"]);
        assert_eq!(words("+33 (0)6 12"), ["%+33612%"]);
        assert_eq!(words("0033 6 12"), ["%+33612%"]);
        assert_eq!(words("732 829 320"), ["%732829320%"]);
    }

    #[test] // GA-01
    fn plates_are_found_in_any_spelling() {
        for query in ["AB-123-CD", "ab123cd", "ab 123-cd"] {
            assert_eq!(words(query), ["%ab123cd%"], "{query}");
        }
    }

    #[test]
    fn every_word_must_occur_and_the_longest_leads() {
        assert_eq!(words("Le Dupré"), ["%dupre%", "%le%"]);
        assert_eq!(words("100%"), [r"%100\%%"]);
        assert_eq!(words("'; --drop"), ["%--drop%", "%';%"]);
    }

    #[test]
    fn short_queries_look_at_the_beginning_of_names() {
        assert_eq!(parse("du"), Some(Search::Prefix("du".into())));
        assert_eq!(parse("  "), None);
        assert!(parse(&"é🚗".repeat(500)).is_some());
    }
}
