//! Names of files: as people gave them, without what would lead elsewhere or read as something else.

use unicode_normalization::UnicodeNormalization;

/// Longest name, in characters.
pub(crate) const LONGEST: usize = 200;

/// Characters that turn the direction of text round or cannot be seen: with them `facture-fdp.exe` reads `facture-exe.pdf`.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The last part of a path in any system's spelling, without characters that mislead, never empty; a long one keeps its ending.
pub(crate) fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim_matches([' ', '.']).is_empty()).unwrap_or_default();
    let cleaned: String = last.nfc().filter(|c| !misleads(*c)).collect();
    let cleaned = cleaned.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
    if cleaned.is_empty() {
        return "fichier".to_owned();
    }
    if cleaned.chars().count() <= LONGEST {
        return cleaned.to_owned();
    }
    let ending = extension(cleaned).filter(|ending| ending.chars().count() <= 10).map(|ending| format!(".{ending}")).unwrap_or_default();
    let room = LONGEST - ending.chars().count();
    format!("{}{ending}", cleaned.chars().take(room).collect::<String>().trim_end())
}

/// What stands after the last dot, in lower case.
pub(crate) fn extension(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty() && !ending.is_empty()).then(|| ending.trim().to_lowercase())
}

/// `Content-Disposition` of a download (RFC 6266): plain letters for old readers, the name itself for all others (RFC 5987).
pub(crate) fn attachment(name: &str) -> String {
    let plain: String = name
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            exact.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_reads_as_it_is() {
        for (given, kept) in [
            ("../../x", "x"),
            ("..\\..\\windows\\x.pdf", "x.pdf"),
            ("/etc/passwd", "passwd"),
            ("..", "fichier"),
            ("", "fichier"),
            (".htaccess", "htaccess"),
            ("a\u{0}b\r\nc.pdf", "abc.pdf"),
            ("facture-\u{202E}fdp.exe", "facture-fdp.exe"),
            ("carte\u{200F}.png. ", "carte.png"),
            ("dossier/", "dossier"),
            ("E\u{301}te\u{301} 🚗.jpg", "Été 🚗.jpg"),
        ] {
            assert_eq!(safe(given), kept, "{given:?}");
        }
        let long = safe(&format!("{}.pdf", "é".repeat(10_000)));
        assert_eq!((long.chars().count(), extension(&long).as_deref()), (LONGEST, Some("pdf")));
    }

    #[test]
    fn every_browser_gets_a_name_it_can_read() {
        assert_eq!(
            attachment("Été \"50 %\".pdf"),
            "attachment; filename=\"Ete _50 __.pdf\"; filename*=UTF-8''%C3%89t%C3%A9%20%2250%20%25%22.pdf"
        );
        assert_eq!(attachment("a\r\nb"), "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab");
    }

    proptest::proptest! {
        #[test]
        fn any_name_makes_a_header(name in ".{0,60}") {
            let name = safe(&name);
            proptest::prop_assert!(!name.is_empty() && !name.contains(['/', '\\', '\n']));
            proptest::prop_assert!(axum::http::HeaderValue::from_str(&attachment(&name)).is_ok());
        }
    }
}
