//! Normal forms of text, so that "Éloïse D’Hérouville" is found by `eloise d'her`.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, without accents, ligatures opened, typographic apostrophes made plain, spaces collapsed.
/// Sorting and search use this form, so é = e and œ = oe.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending_space = false;
    for c in text.nfkd() {
        if is_combining_mark(c) || c == '\0' {
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            pending_space = !out.is_empty();
            continue;
        }
        if pending_space {
            out.push(' ');
            pending_space = false;
        }
        match c {
            'œ' | 'Œ' => out.push_str("oe"),
            'æ' | 'Æ' => out.push_str("ae"),
            'ß' => out.push_str("ss"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            '’' | '‘' | 'ʼ' | '`' => out.push('\''),
            '‐' | '‑' | '–' | '—' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Trims, removes control characters (but keeps line breaks when `multiline`), and gives `None` for nothing.
pub fn clean(text: &str, multiline: bool) -> Option<String> {
    let cleaned: String =
        text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || (multiline && matches!(c, '\n' | '\t'))).collect();
    let trimmed = cleaned.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// Escapes the wildcards of SQL `LIKE`, with the default escape character.
pub fn escape_like(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A URL part: folded, words joined by hyphens, at most 48 characters, never empty.
pub fn slug(text: &str) -> String {
    let folded = fold(text);
    let mut out = String::new();
    for c in folded.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
        if out.len() >= 48 {
            break;
        }
    }
    let out = out.trim_matches('-').to_owned();
    if out.is_empty() { "entreprise".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_ligatures_and_apostrophes_do_not_matter() {
        assert_eq!(fold("  Éloïse  D’HÉROUVILLE "), "eloise d'herouville");
        assert_eq!(fold("Maëlle Bœuf"), "maelle boeuf");
        assert_eq!(fold("L'Haÿ-les-Roses"), "l'hay-les-roses");
        assert_eq!(fold("ﬁn № １２"), "fin no 12");
        assert_eq!(fold("محمد"), "محمد");
    }

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(escape_like(r"50%_\x"), r"50\%\_\\x");
    }

    #[test]
    fn slugs_are_never_empty() {
        assert_eq!(slug("Garage Dupré & Fils"), "garage-dupre-fils");
        assert_eq!(slug("🚗"), "entreprise");
    }

    #[test]
    fn control_characters_go_and_emptiness_is_nothing() {
        assert_eq!(clean(" a\u{0}b\n ", false).as_deref(), Some("ab"));
        assert_eq!(clean("a\r\nb", true).as_deref(), Some("a\nb"));
        assert_eq!(clean(" \t ", true), None);
    }
}
