//! PDFs of headed sections: a copy of somebody's data, a certificate.

use crate::DocumentError;
use crate::layout::{Template, breakable, render};
use serde::Serialize;

/// What is said of one thing: a label and a value.
pub type Fact = (String, String);

/// A thing in a section: a note, a vehicle, a line of history.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Item {
    /// What it is; empty for none.
    pub title: String,
    /// Label and value.
    pub facts: Vec<Fact>,
    /// Free text; line breaks are kept.
    pub text: String,
}

/// A part of a dossier.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// What is in it, below the heading.
    pub about: String,
    /// What it holds.
    pub items: Vec<Item>,
    /// What is not shown, below the items.
    pub note: String,
}

/// A document of headed sections on A4, as a company hands it to a person.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Dossier {
    /// `fr` or `en`: hyphenation, and what a screen reader speaks.
    pub lang: String,
    /// Name of the company.
    pub company: String,
    /// Its address and numbers, a line each.
    pub company_lines: Vec<String>,
    /// `#rrggbb`
    pub accent: String,
    /// Title.
    pub title: String,
    /// Below the title: date, reference.
    pub subtitle: String,
    /// Paragraphs before the sections.
    pub lead: Vec<String>,
    /// The sections.
    pub sections: Vec<Section>,
    /// "Page {n} sur {total}" as it is written in the language: text before, between.
    pub page_words: (String, String),
}

/// A dossier as a tagged PDF. `ident` names the document for ever; `at` is when it was made. Blocks for some milliseconds a page.
pub fn dossier(dossier: &Dossier, ident: &str, at: jiff::Timestamp) -> Result<Vec<u8>, DocumentError> {
    let mut data = serde_json::to_value(dossier).map_err(|error| DocumentError::Pdf(error.to_string()))?;
    breakable(&mut data);
    render(Template::Dossier, &data, Vec::new(), ident, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(lines: usize) -> Dossier {
        Dossier {
            lang: "fr".into(),
            company: "Garage Dupré & Fils".into(),
            company_lines: vec!["12 rue de l’Œuvre, 69003 Lyon".into(), "SIREN 732 829 320".into()],
            accent: "#1f5fbf".into(),
            title: "Vos données".into(),
            subtitle: "24/11/2026 14:30".into(),
            lead: vec!["Une phrase.".into()],
            sections: vec![Section {
                title: "Notes".into(),
                about: "#panic(\"balisage\") *gras* $x$ \\ ` @ressource".into(),
                items: (0..lines)
                    .map(|n| Item {
                        title: format!("Note {n}"),
                        facts: vec![("Écrite le".into(), "24/11/2026".into()), ("Montant".into(), "1\u{202f}234,56\u{a0}€".into())],
                        text: format!("Ligne 1\nLigne 2 {} 😀 مرحبا", "x".repeat(400)),
                    })
                    .collect(),
                note: String::new(),
            }],
            page_words: ("Page".into(), "sur".into()),
        }
    }

    #[test]
    fn the_same_data_give_the_same_bytes_and_markup_in_data_is_text() {
        let at = "2026-11-24T13:30:00Z".parse().expect("an instant");
        let first = dossier(&sample(3), "a", at).expect("a document");
        assert!(first.starts_with(b"%PDF-"));
        assert_eq!(first, dossier(&sample(3), "a", at).expect("again"));
        assert_ne!(first, dossier(&sample(4), "a", at).expect("another"));
    }
}
