//! What must hold for any file.

use proptest::prelude::*;

use super::*;

fn write(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("any");
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// Reads a file to its end, by a guessed mapping; gives the number of rows.
fn read(bytes: &[u8]) -> usize {
    let (_dir, path) = write(bytes);
    let Ok(format) = sniff_path(&path, "any.csv") else { return 0 };
    let Ok(mut table) = Table::open(&path, &format) else {
        return 0;
    };
    let samples: Vec<_> = table.by_ref().take(5).flatten().collect();
    let cells: Vec<_> = samples.iter().map(|row| row.cells.clone()).collect();
    let (_, mapping) = guess_mapping(table.headers(), &cells);
    let rows: Vec<_> = samples.into_iter().chain(table.flatten()).collect();
    for row in &rows {
        let _ = parse_row(&mapping, row);
        // Whatever the columns mean, no cell may upset a field.
        for field in Field::ALL {
            let _ = parse_row(&vec![Some(field); row.cells.len()], row);
        }
    }
    rows.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        let _ = sniff(&bytes, "x");
    }

    #[test]
    fn no_text_makes_it_panic(text in "(nom|mail|tel|né le|siren|pays|tags)[;,\t]?(\\PC|[;,\"\n\r0-9@.+/]){0,200}") {
        read(text.as_bytes());
        let _ = split_full_name(&text);
    }

    #[test]
    fn no_card_makes_it_panic(lines in proptest::collection::vec("((N|FN|TEL|ADR|BDAY|NOTE|BEGIN|END|PHOTO)[:;].{0,30}|END:VCARD|BEGIN:VCARD)", 0..20)) {
        read(format!("BEGIN:VCARD\nVERSION:3.0\n{}\n", lines.join("\n")).as_bytes());
    }

    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec(proptest::collection::vec("[a-zéœ\";,\n ]{0,12}", 3), 1..20),
        delimiter in prop_oneof![Just(b';'), Just(b','), Just(b'\t')],
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(vec![]);
        writer.write_record(["x1", "x2", "x3"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let (_dir, path) = write(&writer.into_inner().unwrap());
        let format = Format::Delimited { encoding: Encoding::Utf8, delimiter: char::from(delimiter), sep_line: false };
        let read: Vec<_> = Table::open(&path, &format).unwrap().map(|row| row.unwrap().cells).collect();
        prop_assert_eq!(&read, &rows);
        // And from any row on.
        let mut table = Table::open(&path, &format).unwrap();
        let from = rows.len() / 2 + 1;
        table.skip_to(from as u64).unwrap();
        prop_assert_eq!(table.map(|row| row.unwrap().number).collect::<Vec<_>>(), (from as u64..=rows.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn matching_is_symmetric(seed in proptest::collection::vec((any::<bool>(), 0..3_u8, 0..3_u8, 0..3_u8), 2)) {
        let make = |(company, email, phone, siren): (bool, u8, u8, u8)| {
            let list = |n: u8| if n == 0 { vec![] } else { vec![n.to_string()] };
            MatchKeys { company, emails: list(email), phones: list(phone), siren: list(siren).pop() }
        };
        let (a, b) = (make(seed[0]), make(seed[1]));
        prop_assert_eq!(matches(&a, &b), matches(&b, &a));
    }
}
