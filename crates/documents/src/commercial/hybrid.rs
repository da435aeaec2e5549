//! The hybrid invoice: a PDF/A-3 that carries its own electronic form, told in its metadata as Factur-X asks.
//!
//! Typst attaches the file (`/AF`, `/EmbeddedFiles`) and says that it is an alternative of the document; it cannot write metadata of
//! other schemas. These are put into its packet here, in place: the packet is the last stream of the file, plain text, and what comes
//! after it moves by as many bytes as are added. Factur-X describes its schema in the list of those that the packet already has,
//! because a second list would be no PDF/A.

use crate::DocumentError;

/// Ends the list of described schemas.
const SCHEMAS_END: &str = "</rdf:Bag></pdfaExtension:schemas>";
/// Ends what the packet says of the document.
const PACKET_END: &str = "</rdf:Description></rdf:RDF></x:xmpmeta>";
/// The schema of Factur-X: four words on the attached file.
const SCHEMA: &str = "<rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
    <pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>\
    <pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>";
const PROPERTIES: [(&str, &str, &str); 4] = [
    ("DocumentFileName", "The name of the embedded XML document", "factur-x.xml"),
    ("DocumentType", "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER", "INVOICE"),
    ("Version", "The actual version of the standard applying to the embedded XML document", "1.0"),
    ("ConformanceLevel", "The conformance level of the embedded XML document", "EN 16931"),
];

/// Declares the attached `factur-x.xml` in the metadata of a PDF of ours.
pub(super) fn declare(pdf: &[u8]) -> Result<Vec<u8>, DocumentError> {
    declared(pdf).ok_or_else(|| DocumentError::Pdf("its metadata are not where they are expected".to_owned()))
}

fn find(pdf: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let rest = pdf.get(from..)?;
    rest.windows(needle.len()).position(|window| window == needle).map(|at| from + at)
}

fn find_last(pdf: &[u8], needle: &[u8]) -> Option<usize> {
    pdf.windows(needle.len()).rposition(|window| window == needle)
}

fn number(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}

fn declared(pdf: &[u8]) -> Option<Vec<u8>> {
    // The stream of the packet: `<</Length 4077/Type/Metadata/Subtype/XML>>`.
    let head = find_last(pdf, b"/Type/Metadata/Subtype/XML")?;
    let length_at = find_last(pdf.get(..head)?, b"/Length ")? + 8;
    let length = number(pdf.get(length_at..head)?)?;
    let start = find(pdf, head, b"stream\n")? + 7;
    let packet = std::str::from_utf8(pdf.get(start..start + length)?).ok()?;
    let edited = edited(packet)?;
    let said = edited.len().to_string();
    // The table of offsets, of 20 bytes an entry.
    let table = number(pdf.get(find_last(pdf, b"startxref\n")? + 10..find_last(pdf, b"\n%%EOF")?)?)?;
    let count_at = table + b"xref\n0 ".len();
    let entries_at = find(pdf, count_at, b"\n")? + 1;
    let count = number(pdf.get(count_at..entries_at)?)?;
    let trailer = entries_at + count * 20;
    if pdf.get(table..count_at)? != b"xref\n0 " || !pdf.get(trailer..)?.starts_with(b"trailer") {
        return None;
    }
    let added = edited.len().checked_sub(length)? + said.len().checked_sub(head - length_at)?;
    let mut out = Vec::with_capacity(pdf.len() + added);
    out.extend_from_slice(pdf.get(..length_at)?);
    out.extend_from_slice(said.as_bytes());
    out.extend_from_slice(pdf.get(head..start)?);
    out.extend_from_slice(edited.as_bytes());
    out.extend_from_slice(pdf.get(start + length..entries_at)?);
    for entry in pdf.get(entries_at..trailer)?.chunks_exact(20) {
        let offset = number(entry.get(..10)?)?;
        let moved = if offset > start { offset + added } else { offset };
        out.extend_from_slice(format!("{moved:010}").as_bytes());
        out.extend_from_slice(entry.get(10..)?);
    }
    out.extend_from_slice(pdf.get(trailer..find_last(pdf, b"startxref\n")? + 10)?);
    out.extend_from_slice(format!("{}\n%%EOF", table + added).as_bytes());
    Some(out)
}

/// The packet with the schema and the words of Factur-X; none where it has them already or is unlike ours.
fn edited(packet: &str) -> Option<String> {
    if packet.matches(SCHEMAS_END).count() != 1 || packet.matches(PACKET_END).count() != 1 || packet.contains("urn:factur-x:") {
        return None;
    }
    let mut schema = SCHEMA.to_owned();
    let mut words = String::new();
    for (name, description, value) in PROPERTIES {
        schema.push_str(&format!(
            "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{name}</pdfaProperty:name>\
             <pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>\
             <pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        ));
        words.push_str(&format!("<fx:{name}>{value}</fx:{name}>"));
    }
    schema.push_str("</rdf:Seq></pdfaSchema:property></rdf:li>");
    let block = format!(
        "</rdf:Description><rdf:Description rdf:about=\"\" xmlns:fx=\"urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#\">{words}"
    );
    Some(packet.replace(SCHEMAS_END, &format!("{schema}{SCHEMAS_END}")).replace(PACKET_END, &format!("{block}{PACKET_END}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_packet_of_ours_is_edited_and_only_once() {
        let packet = format!("<x><rdf:Bag><rdf:li/>{SCHEMAS_END}{PACKET_END}");
        let once = edited(&packet).expect("edited");
        assert_eq!(once.matches("<pdfaExtension:schemas>").count(), packet.matches("<pdfaExtension:schemas>").count());
        assert!(once.contains("<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>"));
        assert_eq!(edited(&once), None);
        assert_eq!(edited("<x/>"), None);
        assert!(declare(b"%PDF-1.7 of somebody else").is_err());
    }
}
