//! PDFs, laid out by Typst from a template and data. Nothing is read from the disk or the network: templates and fonts are part of the
//! program, and data are values, never markup. The same input gives the same bytes.

use crate::DocumentError;
use serde::Serialize;
use std::sync::LazyLock;
use typst::comemo;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

/// Renders after which what was computed for earlier documents is forgotten: memory stays bounded.
const KEEP_RENDERS: usize = 4;
/// Longest run of characters without a place to break a line.
const LONGEST_RUN: usize = 32;

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

struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
}

fn file_id(path: &'static str) -> Option<FileId> {
    VirtualPath::new(path).ok().map(|path| RootedPath::new(VirtualRoot::Project, path).intern())
}

/// Fonts and template, parsed once. `None` would be a fault of the program.
static SHARED: LazyLock<Option<Shared>> = LazyLock::new(|| {
    const FONTS: [&[u8]; 2] = [include_bytes!("../assets/fonts/Inter-Regular.ttf"), include_bytes!("../assets/fonts/Inter-SemiBold.ttf")];
    let fonts: Vec<Font> = FONTS.iter().flat_map(|font| Font::iter(Bytes::new(*font))).collect();
    Some(Shared {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        template: Source::new(file_id("/dossier.typ")?, include_str!("../assets/pdf/dossier.typ").to_owned()),
    })
});

/// All that one document sees.
struct Sandbox {
    shared: &'static Shared,
    data: (FileId, Bytes),
    day: Datetime,
}

impl World for Sandbox {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }
    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.book
    }
    fn main(&self) -> FileId {
        self.shared.template.id()
    }
    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.shared.template.id() { Ok(self.shared.template.clone()) } else { Err(FileError::AccessDenied) }
    }
    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data.0 { Ok(self.data.1.clone()) } else { Err(FileError::AccessDenied) }
    }
    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.get(index).cloned()
    }
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        Some(self.day)
    }
}

/// A dossier as a tagged PDF. `ident` names the document for ever; `at` is when it was made. Blocks for some milliseconds a page.
pub fn dossier(dossier: &Dossier, ident: &str, at: jiff::Timestamp) -> Result<Vec<u8>, DocumentError> {
    let failed = |error: String| DocumentError::Pdf(error);
    let mut data = serde_json::to_value(dossier).map_err(|error| failed(error.to_string()))?;
    breakable(&mut data);
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let number = |value: i8| u8::try_from(value).unwrap_or_default();
    let day = Datetime::from_ymd_hms(
        i32::from(at.year()),
        number(at.month()),
        number(at.day()),
        number(at.hour()),
        number(at.minute()),
        number(at.second()),
    );
    let (Some(shared), Some(file), Some(day)) = (SHARED.as_ref(), file_id("/data.json"), day) else {
        return Err(failed("the template cannot be read".to_owned()));
    };
    let world = Sandbox { shared, data: (file, Bytes::new(data.to_string().into_bytes())), day };
    let said =
        |errors: &[typst::diag::SourceDiagnostic]| errors.iter().map(|error| error.message.to_string()).collect::<Vec<_>>().join("; ");
    let document = typst::compile::<PagedDocument>(&world).output.map_err(|errors| failed(said(&errors)))?;
    let options = PdfOptions {
        ident: Smart::Custom(ident.to_owned()),
        creator: Smart::Custom(Some("Vision CRM".to_owned())),
        timestamp: Some(Timestamp::new_utc(day)),
        ..PdfOptions::default()
    };
    let written = typst_pdf::pdf(&document, &options).map_err(|errors| failed(said(&errors)));
    comemo::evict(KEEP_RENDERS);
    written
}

/// Gives long runs (addresses of pages, keys, words of 10,000 letters) places to break: they would leave the paper.
fn breakable(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.split_whitespace().any(|run| run.chars().count() > LONGEST_RUN) => {
            let mut run = 0;
            *text = text.chars().fold(String::with_capacity(text.len() + 16), |mut out, c| {
                run = if c.is_whitespace() { 0 } else { run + 1 };
                if run > LONGEST_RUN {
                    out.push('\u{200b}');
                    run = 1;
                }
                out.push(c);
                out
            });
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(breakable),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(breakable),
        _ => {}
    }
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

    #[test]
    fn long_runs_get_places_to_break() {
        let mut value = serde_json::json!(["é".repeat(70), "short words stay", "a-b"]);
        breakable(&mut value);
        assert_eq!(value[0].as_str().map(|text| text.matches('\u{200b}').count()), Some(2));
        assert_eq!(value[1], "short words stay");
    }
}
