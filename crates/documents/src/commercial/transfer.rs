//! What a payer needs to send money: the creditor reference (ISO 11649) and the QR code of the European Payments Council.

use super::model::{Commercial, DocumentKind};
use qrcodegen::{QrCode, QrCodeEcc, Version};

/// Largest code that the guideline allows.
const LARGEST: u8 = 13;

/// The remainder of a text of letters and digits by 97, letters counting from 10.
fn remainder(text: impl Iterator<Item = char>) -> Option<u32> {
    text.flat_map(char::to_uppercase).try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        Some((if value > 9 { rest * 100 + value } else { rest * 10 + value }) % 97)
    })
}

/// A creditor reference (`RF18…`) made of a number: its letters and digits, the last 21 of them. None where there are none.
pub fn creditor_reference(number: &str) -> Option<String> {
    let all: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let kept = all.get(all.len().saturating_sub(21)..).filter(|kept| !kept.is_empty())?;
    let rest = remainder(kept.iter().copied().chain("RF00".chars()))?;
    Some(format!("RF{:02}{}", 98 - rest, kept.iter().collect::<String>()))
}

/// Whether a text is a creditor reference with the right check digits.
pub fn is_creditor_reference(text: &str) -> bool {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let shape = (5..=25).contains(&text.len()) && text.is_ascii() && text.starts_with("RF");
    shape && text.split_at_checked(4).is_some_and(|(head, rest)| remainder(rest.chars().chain(head.chars())) == Some(1))
}

/// A reference or an IBAN in groups of four.
pub(super) fn grouped(text: &str) -> String {
    let compact: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    compact.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("\u{a0}")
}

/// What the code says, where a transfer in euros is expected.
fn payload(doc: &Commercial) -> Option<String> {
    let number = doc.number.as_deref()?;
    let payable = !matches!(doc.kind, DocumentKind::Quote | DocumentKind::CreditNote) && !doc.simulation;
    let amount = doc.totals.due;
    if !payable || doc.currency != "EUR" || !(1..=99_999_999_999).contains(&amount) {
        return None;
    }
    let compact = |value: &str| value.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (iban, bic) = (compact(&doc.payment.iban), compact(&doc.payment.bic));
    if iban.is_empty() {
        return None;
    }
    let line = |value: &str, most: usize| value.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    let reference = compact(&doc.payment.reference);
    let (structured, free) = if is_creditor_reference(&reference) {
        (reference, String::new())
    } else {
        (String::new(), line(if reference.is_empty() { number } else { &doc.payment.reference }, 140))
    };
    let name = line(&doc.seller.name, 70);
    Some(format!("BCD\n002\n1\nSCT\n{bic}\n{name}\n{iban}\nEUR{}.{:02}\n\n{structured}\n{free}", amount / 100, amount % 100))
}

/// The code as a drawing (SVG); none where nobody is to send euros.
pub(super) fn qr(doc: &Commercial) -> Option<String> {
    let bytes = payload(doc)?.into_bytes();
    let segments = [qrcodegen::QrSegment::make_bytes(&bytes)];
    // Correction level M, as the guideline says.
    let code = QrCode::encode_segments_advanced(&segments, QrCodeEcc::Medium, Version::MIN, Version::new(LARGEST), None, false).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let begin = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > begin {
                path.push_str(&format!("M{begin} {y}h{}v1h-{}z", x - begin, x - begin));
            }
            x += 1;
        }
    }
    Some(format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\"><path d=\"{path}\" fill=\"#000\"/></svg>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creditor_reference_carries_its_check_digits() {
        // The example of the norm.
        assert_eq!(creditor_reference("539007547034").as_deref(), Some("RF18539007547034"));
        assert!(is_creditor_reference("RF18 5390 0754 7034") && !is_creditor_reference("RF19539007547034"));
        let made = creditor_reference("FA-2026-00001").expect("made");
        assert!(is_creditor_reference(&made), "{made}");
        assert!(is_creditor_reference(&creditor_reference(&"A1".repeat(30)).expect("made")));
        assert_eq!(creditor_reference("—"), None);
        assert!(!is_creditor_reference("RFé8") && !is_creditor_reference("RF18") && !is_creditor_reference(""));
    }

    #[test]
    fn the_code_says_what_is_to_be_paid_and_nothing_to_others() {
        let mut doc = Commercial { number: Some("FA-1".into()), currency: "EUR".into(), ..Commercial::default() };
        doc.seller.name = "Garage Dupré & Fils".into();
        doc.payment.iban = "FR76 3000 6000 0112 3456 7890 189".into();
        doc.payment.bic = "AGRIFRPP".into();
        doc.payment.reference = "RF18 5390 0754 7034".into();
        doc.totals.due = 123_405;
        let said = "BCD\n002\n1\nSCT\nAGRIFRPP\nGarage Dupré & Fils\nFR7630006000011234567890189\nEUR1234.05\n\nRF18539007547034\n";
        assert_eq!(payload(&doc).as_deref(), Some(said));
        doc.payment.reference.clear();
        assert!(payload(&doc).expect("said").ends_with("\n\n\nFA-1"));
        assert!(qr(&doc).expect("drawn").starts_with("<svg"));
        let changes: [fn(&mut Commercial); 6] = [
            |doc| doc.totals.due = 0,
            |doc| doc.currency = "CHF".into(),
            |doc| doc.kind = DocumentKind::CreditNote,
            |doc| doc.number = None,
            |doc| doc.simulation = true,
            |doc| doc.payment.iban.clear(),
        ];
        for change in changes {
            let mut other = doc.clone();
            change(&mut other);
            assert_eq!(payload(&other), None);
        }
    }
}
