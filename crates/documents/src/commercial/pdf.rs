//! The document on paper.

use super::hybrid::declare;
use super::model::Commercial;
use super::{FacturxError, facturx, transfer, view};
use crate::DocumentError;
use crate::layout::{Template, breakable, printable, render, render_one_page};
use serde_json::Value;

/// Attached to an invoice: the two are one document (PDF/A-3, Factur-X).
const XML: &str = "/factur-x.xml";
/// Up to so many lines a document is first laid out as one page, which most are: a third faster when it is one.
const ONE_PAGE: usize = 18;

/// A document as a PDF/A-3a, tagged and accessible (PDF/UA-1). `ident` names it for ever, `at` is when it was made: the same input gives
/// the same bytes. With `xml`, the PDF carries it as its `factur-x.xml`. Blocks for some milliseconds a page.
pub fn pdf(doc: &Commercial, ident: &str, at: jiff::Timestamp, xml: Option<&[u8]>) -> Result<Vec<u8>, DocumentError> {
    laid_out(doc, ident, at, &Inside { xml, ..Inside::default() })
}

/// An accepted quote with its certificate: the evidence is inside, and the signature that was drawn (PNG) is shown.
pub fn sealed(
    doc: &Commercial,
    ident: &str,
    at: jiff::Timestamp,
    evidence: &[u8],
    signature: Option<&[u8]>,
) -> Result<Vec<u8>, DocumentError> {
    laid_out(doc, ident, at, &Inside { evidence: Some(evidence), signature, xml: None })
}

/// What a PDF carries beside its text.
#[derive(Debug, Clone, Copy, Default)]
struct Inside<'a> {
    xml: Option<&'a [u8]>,
    evidence: Option<&'a [u8]>,
    signature: Option<&'a [u8]>,
}

fn laid_out(doc: &Commercial, ident: &str, at: jiff::Timestamp, inside: &Inside<'_>) -> Result<Vec<u8>, DocumentError> {
    let xml = inside.xml;
    let mut data = view::view(doc);
    mark_unprintable(&mut data);
    breakable(&mut data);
    let mut files = Vec::new();
    let qr = transfer::qr(doc);
    tell(&mut data, "logo", doc.brand.logo.is_some());
    tell(&mut data, "qr", qr.is_some());
    tell(&mut data, "xml", xml.is_some());
    tell(&mut data, "evidence", inside.evidence.is_some());
    tell(&mut data, "signature", inside.signature.is_some());
    files.extend(doc.brand.logo.clone().map(|logo| ("/logo", logo)));
    files.extend(qr.map(|qr| ("/qr.svg", qr.into_bytes())));
    files.extend(xml.map(|xml| (XML, xml.to_vec())));
    files.extend(inside.evidence.map(|evidence| ("/evidence.json", evidence.to_vec())));
    files.extend(inside.signature.map(|signature| ("/signature.png", signature.to_vec())));
    let expected = doc.lines.len() <= ONE_PAGE && doc.certificate.is_none();
    tell(&mut data, "single", expected);
    let single = if expected { render_one_page(Template::Commercial, &data, files.clone(), ident, at)? } else { None };
    let made = if let Some(single) = single {
        single
    } else {
        tell(&mut data, "single", false);
        render(Template::Commercial, &data, files, ident, at)?
    };
    if xml.is_some() { declare(&made) } else { Ok(made) }
}

/// An issued invoice in both its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hybrid {
    /// The PDF/A-3 that carries the XML.
    pub pdf: Vec<u8>,
    /// The XML that it carries.
    pub xml: Vec<u8>,
}

/// The electronic invoice in its PDF: Factur-X.
pub fn hybrid(doc: &Commercial, ident: &str, at: jiff::Timestamp) -> Result<Hybrid, FacturxError> {
    let xml = facturx(doc)?;
    let pdf = pdf(doc, ident, at, Some(&xml))?;
    Ok(Hybrid { pdf, xml })
}

fn tell(data: &mut Value, name: &str, yes: bool) {
    if let Some(fields) = data.as_object_mut() {
        fields.insert(name.to_owned(), Value::Bool(yes));
    }
}

fn mark_unprintable(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_ascii() || text.contains(|c: char| c.is_control()) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(mark_unprintable),
        Value::Object(fields) => fields.values_mut().for_each(mark_unprintable),
        _ => {}
    }
}
