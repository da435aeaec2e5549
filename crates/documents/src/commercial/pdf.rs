//! The document on paper.

use super::hybrid::declare;
use super::model::Commercial;
use super::{FacturxError, facturx, transfer, view};
use crate::DocumentError;
use crate::layout::{Template, breakable, printable, render};
use serde_json::Value;

/// Attached to an invoice: the two are one document (PDF/A-3, Factur-X).
const XML: &str = "/factur-x.xml";

/// A document as a PDF/A-3a, tagged and accessible (PDF/UA-1). `ident` names it for ever, `at` is when it was made: the same input gives
/// the same bytes. With `xml`, the PDF carries it as its `factur-x.xml`. Blocks for some milliseconds a page.
pub fn pdf(doc: &Commercial, ident: &str, at: jiff::Timestamp, xml: Option<&[u8]>) -> Result<Vec<u8>, DocumentError> {
    let mut data = view::view(doc);
    mark_unprintable(&mut data);
    breakable(&mut data);
    let mut files = Vec::new();
    let qr = transfer::qr(doc);
    if let Some(fields) = data.as_object_mut() {
        fields.insert("logo".to_owned(), Value::Bool(doc.brand.logo.is_some()));
        fields.insert("qr".to_owned(), Value::Bool(qr.is_some()));
        fields.insert("xml".to_owned(), Value::Bool(xml.is_some()));
    }
    files.extend(doc.brand.logo.clone().map(|logo| ("/logo", logo)));
    files.extend(qr.map(|qr| ("/qr.svg", qr.into_bytes())));
    files.extend(xml.map(|xml| (XML, xml.to_vec())));
    let laid_out = render(Template::Commercial, &data, files, ident, at)?;
    if xml.is_some() { declare(&laid_out) } else { Ok(laid_out) }
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

fn mark_unprintable(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_ascii() || text.contains(|c: char| c.is_control()) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(mark_unprintable),
        Value::Object(fields) => fields.values_mut().for_each(mark_unprintable),
        _ => {}
    }
}
