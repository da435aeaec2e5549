use super::*;
use calamine::{Data, Reader, Xlsx, open_workbook};
use jiff::civil::date;

const HEADERS: [&str; 6] = ["Nom", "Téléphone", "Né le", "Créé le", "Encours", "Note"];

fn rows() -> Vec<[Cell<'static>; 6]> {
    vec![
        [
            Cell::Text("Dupré ; fils \"et\" Cie"),
            Cell::Phone("+33612345678"),
            Cell::Date(date(1984, 3, 1)),
            Cell::Instant(date(2026, 11, 22).at(15, 4, 0, 0)),
            Cell::Number { units: 123_450, decimals: 2 },
            Cell::Text("ligne 1\nligne 2"),
        ],
        [
            Cell::Text("=HYPERLINK(\"http://exemple.fr\")"),
            Cell::Phone("+4930901820"),
            Cell::Date(date(1850, 3, 1)),
            Cell::Empty,
            Cell::Number { units: -5, decimals: 2 },
            Cell::text(Some("")),
        ],
    ]
}

fn write(mut writer: TableWriter) -> Summary {
    for row in rows() {
        writer.row(&row).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn a_french_excel_opens_the_csv() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    assert_eq!(write(TableWriter::csv(&path, &HEADERS).unwrap()), Summary { rows: 2, cut: 0 });
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        concat!(
            "\u{feff}Nom;Téléphone;Né le;Créé le;Encours;Note\r\n",
            "\"Dupré ; fils \"\"et\"\" Cie\";06 12 34 56 78;01/03/1984;22/11/2026 15:04;1234,50;\"ligne 1\nligne 2\"\r\n",
            "\"'=HYPERLINK(\"\"http://exemple.fr\"\")\";0049 30 901820;01/03/1850;;-0,05;\r\n",
        )
    );
}

#[test]
fn nothing_that_a_spreadsheet_runs_is_left_in_front() {
    for text in ["=1+1", "+33 6", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1"] {
        assert_eq!(harmless(text), format!("'{text}"));
    }
    for text in ["", "a=1", "'quoted", "06 12", "é+", "1-2"] {
        assert_eq!(harmless(text), text);
    }
    // What the telephone becomes is the same number for the importer.
    for e164 in ["+33612345678", "+4930901820", "+12025550123", "+262692123456"] {
        let shown = csv_text(&Cell::Phone(e164));
        assert!(shown.starts_with('0'), "{shown}");
        assert_eq!(vision_kernel::Phone::parse(&shown).map(|phone| phone.as_str().to_owned()).as_deref(), Some(e164));
    }
}

#[test]
fn a_workbook_reads_back_with_its_types() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.xlsx");
    assert_eq!(write(TableWriter::xlsx(&path, &HEADERS).unwrap()), Summary { rows: 2, cut: 0 });
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let cells: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
    assert_eq!(cells[0][1], Data::String("Téléphone".into()));
    assert_eq!(cells[1][0], Data::String("Dupré ; fils \"et\" Cie".into()));
    assert_eq!(cells[1][1], Data::String("06 12 34 56 78".into()));
    assert_eq!(cells[1][4], Data::Float(1234.5));
    let Data::DateTime(day) = &cells[1][2] else { panic!("{:?}", cells[1][2]) };
    assert_eq!(day.to_ymd_hms_milli(), (1984, 3, 1, 0, 0, 0, 0));
    let Data::DateTime(moment) = &cells[1][3] else { panic!("{:?}", cells[1][3]) };
    assert_eq!(moment.to_ymd_hms_milli(), (2026, 11, 22, 15, 4, 0, 0));
    assert_eq!(cells[1][5], Data::String("ligne 1\nligne 2".into()));
    assert_eq!(cells[2][0], Data::String("=HYPERLINK(\"http://exemple.fr\")".into()), "a text, not a formula");
    assert_eq!(cells[2][2], Data::String("01/03/1850".into()));
    assert_eq!((&cells[2][3], &cells[2][4]), (&Data::Empty, &Data::Float(-0.05)));
}

#[test]
fn what_excel_cannot_hold_is_cut_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.xlsx");
    let mut writer = TableWriter::xlsx(&path, &["a"]).unwrap();
    writer.row(&[Cell::Text(&"🚗".repeat(20_000))]).unwrap();
    writer.row(&[Cell::Text(&"é".repeat(CELL_MAX))]).unwrap();
    assert_eq!(writer.finish().unwrap(), Summary { rows: 2, cut: 1 });
}

#[test]
fn a_row_of_another_width_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = TableWriter::csv(&dir.path().join("t.csv"), &["a", "b"]).unwrap();
    assert!(matches!(writer.row(&[Cell::Empty]), Err(DocumentError::Width { expected: 2, found: 1 })));
    assert!(matches!(TableWriter::csv(&dir.path().join("no/t.csv"), &["a"]), Err(DocumentError::Io(_))));
    assert!(matches!(TableWriter::xlsx(&dir.path().join("no/t.xlsx"), &["a"]), Err(DocumentError::Io(_))));
}

#[test]
fn decimals_are_exact() {
    for (units, decimals, text) in
        [(0, 0, "0"), (5, 2, "0,05"), (-1_234, 3, "-1,234"), (100, 0, "100"), (i64::MIN, 2, "-92233720368547758,08")]
    {
        assert_eq!(decimal(units, decimals, ','), text);
    }
}
