use super::*;

fn text(bytes: &[u8]) -> (Encoding, char) {
    match sniff(bytes, "contacts.csv").unwrap() {
        Format::Delimited { encoding, delimiter, .. } => (encoding, delimiter),
        other => panic!("{other:?}"),
    }
}

#[test]
fn delimiters_are_told_by_consistency() {
    assert_eq!(text(b"nom,mail\nA,b@c.fr\n").1, ',');
    assert_eq!(text("nom;note\nA;1,2,3\nB;\"x\ny;z\"\n".as_bytes()).1, ';');
    assert_eq!(text(b"nom\tmontant\ttags\nA\t1 234,50\tvip, a\nB\t2,5\tx\n").1, '\t');
    assert_eq!(text(b"mail\na@b.fr\n").1, ',', "one column");
    let format = sniff("sep=;\nnom,prénom;x\n".as_bytes(), "a.csv").unwrap();
    assert_eq!(format, Format::Delimited { encoding: Encoding::Utf8, delimiter: ';', sep_line: true });
}

#[test]
fn encodings_are_told_to_the_last_byte() {
    assert_eq!(text("\u{feff}nom;é\n".as_bytes()).0, Encoding::Utf8);
    assert_eq!(text(b"nom;pr\xe9nom\nA;B\n").0, Encoding::Windows1252);
    let utf16: Vec<u8> = "nom;é\na;b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(text(&utf16), (Encoding::Utf16Le, ';'));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("late.csv");
    let mut late = b"nom;ville\n".repeat(20_000);
    late.extend(b"A;Nantes\nB;Orl\xe9ans\n");
    std::fs::write(&path, &late).unwrap();
    assert_eq!(sniff_path(&path, "late.csv").unwrap().encoding(), Some(Encoding::Windows1252));
    // A character cut by the border of two pieces is not an error.
    let mut even = vec![b'a'; HEAD - 1];
    even.extend("é;b\n".as_bytes());
    std::fs::write(&path, &even).unwrap();
    assert_eq!(sniff_path(&path, "x.csv").unwrap().encoding(), Some(Encoding::Utf8));
}

#[test]
fn what_is_no_table_is_named() {
    let key = |bytes: &[u8]| sniff(bytes, "x.csv").unwrap_err().to_string();
    assert_eq!(sniff(b"", "x").unwrap_err().key(), "empty");
    assert_eq!(sniff(b"\n \n", "x").unwrap_err().key(), "empty");
    assert!(key(b"%PDF-1.7 ...").contains("PDF"));
    assert!(key(b"\x00\x01\x02\x03\xff\xfe\x00").contains("binary"));
    assert!(key(b"<!DOCTYPE html><html>").contains("HTML"));
    let mut ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    assert!(key(&ole).contains("97-2003"));
    ole.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(sniff(&ole, "x.xlsx").unwrap_err().key(), "encrypted");
    assert_eq!(sniff(b"BEGIN:VCARD\r\nVERSION:2.1\r\n", "x").unwrap().name(), "vcf");
}
