//! How PDFs are made: Typst lays a template out with data. Nothing is read from the disk or the network: templates and fonts are part of
//! the program, and data are values, never markup. The same input gives the same bytes.

use crate::DocumentError;
use std::sync::LazyLock;
use typst::comemo;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// Renders after which what was computed for earlier documents is forgotten: memory stays bounded, and searching through more costs a
/// fifth of the time.
const KEEP_RENDERS: usize = 1;
/// Longest run of characters without a place to break a line.
const LONGEST_RUN: usize = 32;

/// The templates of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    /// Headed sections.
    Dossier,
    /// Quotes and invoices: PDF/A-3a, to be kept for ten years and to carry an electronic invoice.
    Commercial,
}

struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    dossier: Source,
    commercial: Source,
}

fn file_id(path: &str) -> Option<FileId> {
    VirtualPath::new(path).ok().map(|path| RootedPath::new(VirtualRoot::Project, path).intern())
}

/// Fonts and templates, parsed once. `None` would be a fault of the program.
static SHARED: LazyLock<Option<Shared>> = LazyLock::new(|| {
    const FONTS: [&[u8]; 2] = [include_bytes!("../assets/fonts/Inter-Regular.ttf"), include_bytes!("../assets/fonts/Inter-SemiBold.ttf")];
    let fonts: Vec<Font> = FONTS.iter().flat_map(|font| Font::iter(Bytes::new(*font))).collect();
    Some(Shared {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        dossier: Source::new(file_id("/dossier.typ")?, include_str!("../assets/pdf/dossier.typ").to_owned()),
        commercial: Source::new(file_id("/commercial.typ")?, include_str!("../assets/pdf/commercial.typ").to_owned()),
    })
});

/// All that one document sees.
struct Sandbox {
    shared: &'static Shared,
    template: &'static Source,
    files: Vec<(FileId, Bytes)>,
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
        self.template.id()
    }
    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(FileError::AccessDenied) }
    }
    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.iter().find(|(own, _)| *own == id).map(|(_, content)| content.clone()).ok_or(FileError::AccessDenied)
    }
    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.get(index).cloned()
    }
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        Some(self.day)
    }
}

/// As [`render`], if the document has no more than one page: none otherwise.
pub(crate) fn render_one_page(
    template: Template,
    data: &serde_json::Value,
    files: Vec<(&str, Vec<u8>)>,
    ident: &str,
    at: jiff::Timestamp,
) -> Result<Option<Vec<u8>>, DocumentError> {
    laid_out(template, data, files, ident, at, 1)
}

/// Lays a document out: `data` is the template's `/data.json`, `files` are whatever else it reads. `ident` names the document for ever;
/// `at` is when it was made.
pub(crate) fn render(
    template: Template,
    data: &serde_json::Value,
    files: Vec<(&str, Vec<u8>)>,
    ident: &str,
    at: jiff::Timestamp,
) -> Result<Vec<u8>, DocumentError> {
    laid_out(template, data, files, ident, at, usize::MAX)?.ok_or_else(|| DocumentError::Pdf("too many pages".to_owned()))
}

fn laid_out(
    template: Template,
    data: &serde_json::Value,
    files: Vec<(&str, Vec<u8>)>,
    ident: &str,
    at: jiff::Timestamp,
    most_pages: usize,
) -> Result<Option<Vec<u8>>, DocumentError> {
    let failed = |error: String| DocumentError::Pdf(error);
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
    let (Some(shared), Some(day)) = (SHARED.as_ref(), day) else {
        return Err(failed("the template cannot be read".to_owned()));
    };
    let files = std::iter::once(("/data.json", data.to_string().into_bytes())).chain(files);
    let files: Vec<_> = files.filter_map(|(path, content)| Some((file_id(path)?, Bytes::new(content)))).collect();
    let (template, standards): (_, &[PdfStandard]) = match template {
        Template::Dossier => (&shared.dossier, &[]),
        Template::Commercial => (&shared.commercial, &[PdfStandard::A_3a, PdfStandard::Ua_1]),
    };
    let world = Sandbox { shared, template, files, day };
    let said =
        |errors: &[typst::diag::SourceDiagnostic]| errors.iter().map(|error| error.message.to_string()).collect::<Vec<_>>().join("; ");
    let document = typst::compile::<PagedDocument>(&world).output.map_err(|errors| failed(said(&errors)))?;
    if document.pages().len() > most_pages {
        return Ok(None);
    }
    let options = PdfOptions {
        ident: Smart::Custom(ident.to_owned()),
        creator: Smart::Custom(Some("Vision CRM".to_owned())),
        timestamp: Some(Timestamp::new_utc(day)),
        standards: PdfStandards::new(standards).map_err(|error| failed(error.message().to_string()))?,
        ..PdfOptions::default()
    };
    let written = typst_pdf::pdf(&document, &options).map_err(|errors| failed(said(&errors)));
    comemo::evict(KEEP_RENDERS);
    written.map(Some)
}

/// Puts a mark in the place of letters that no font of ours has: PDF/A allows none that are missing.
pub(crate) fn printable(text: &str) -> String {
    let Some(font) = SHARED.as_ref().and_then(|shared| shared.fonts.first()) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\u{200b}' | '\u{a0}' | '\u{202f}' => out.push(c),
            '\t' => out.push(' '),
            // Joiners and the shades of emoji: nothing to see.
            '\u{200c}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{feff}' | '\u{ad}' => {}
            c if c.is_control() => {}
            c if ('\u{e000}'..='\u{f8ff}').contains(&c) || !font.info().coverage.contains(u32::from(c)) => out.push('□'),
            c => out.push(c),
        }
    }
    out
}

/// Gives long runs (addresses of pages, keys, words of 10,000 letters) places to break: they would leave the paper.
pub(crate) fn breakable(value: &mut serde_json::Value) {
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

    #[test]
    fn long_runs_get_places_to_break() {
        let mut value = serde_json::json!(["é".repeat(70), "short words stay", "a-b"]);
        breakable(&mut value);
        assert_eq!(value[0].as_str().map(|text| text.matches('\u{200b}').count()), Some(2));
        assert_eq!(value[1], "short words stay");
    }
}
