//! The sample files, imported in order into nothing, must give exactly the outcome written beside them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

/// Contacts as an import leaves them, with the rule "fill empty fields".
#[derive(Default)]
struct Held(Vec<Candidate>);

impl Held {
    /// Whether the candidate was somebody known.
    fn import(&mut self, new: Candidate) -> bool {
        let new_keys = keys(&new);
        let best = self.0.iter().enumerate().filter_map(|(index, known)| Some((matches(&keys(known), &new_keys)?, index))).min();
        if let Some(known) = best.and_then(|(_, index)| self.0.get_mut(index)) {
            fill(known, new);
            return true;
        }
        self.0.push(new);
        false
    }
}

fn fill(known: &mut Candidate, new: Candidate) {
    macro_rules! fill {
        ($($field:ident)+) => { $( if known.$field.is_none() { known.$field = new.$field; } )+ };
    }
    macro_rules! fill_list {
        ($($field:ident)+) => { $( if known.$field.is_empty() { known.$field = new.$field; } )+ };
    }
    fill!(civility first_name last_name company_name job_title siren siret vat_number naf birthday website source notes);
    fill_list!(emails phones addresses tags);
}

fn folder() -> PathBuf {
    std::env::var_os("VISION_IMPORT_SAMPLES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/import"), PathBuf::from)
}

fn import(held: &mut Held, path: &Path, name: &str) -> Value {
    let format = sniff_path(path, name).unwrap();
    let samples: Vec<Vec<String>> = Table::open(path, &format).unwrap().take(20).map(|row| row.unwrap().cells).collect();
    let table = Table::open(path, &format).unwrap();
    let (_, mapping) = guess_mapping(table.headers(), &samples);
    let (mut rows, mut created, mut matched) = (0, 0, 0);
    let (mut rejected, mut warnings) = (vec![], vec![]);
    for row in table {
        let row = row.unwrap();
        rows += 1;
        match parse_row(&mapping, &row) {
            Err(reason) => rejected.push(json!({ "row": row.number, "reason": reason.key() })),
            Ok(parsed) => {
                warnings.extend(parsed.warnings.iter().map(|warning| json!({ "row": row.number, "field": warning.field })));
                *(if held.import(parsed.candidate) { &mut matched } else { &mut created }) += 1;
            }
        }
    }
    json!({ "file": name, "rows": rows, "created": created, "matched": matched, "rejected": rejected, "warnings": warnings })
}

#[test]
fn the_sample_files_give_exactly_the_expected_outcome() {
    let folder = folder();
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let expected: Value = serde_json::from_str(&text).unwrap();
    let mut held = Held::default();
    for file in expected["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let outcome = import(&mut held, &folder.join(name), name);
        assert_eq!(&outcome, file, "{name}");
    }
    assert_eq!(json!(held.0.len()), expected["held_after"]);

    // Importing all of it once more creates nothing.
    for file in expected["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        assert_eq!(import(&mut held, &folder.join(name), name)["created"], json!(0), "{name}");
    }
}

#[test]
fn the_sources_and_formats_of_the_sample_files_are_recognised() {
    let facts = |name: &str| {
        let path = folder().join(name);
        let format = sniff_path(&path, name).unwrap();
        let table = Table::open(&path, &format).unwrap();
        let headers = table.headers().to_vec();
        let samples: Vec<_> = table.take(20).map(|row| row.unwrap().cells).collect();
        (guess_mapping(&headers, &samples).0, format.encoding().unwrap(), format.delimiter().unwrap())
    };
    assert_eq!(facts("1-google.csv"), (Source::Google, Encoding::Utf8, ','));
    assert_eq!(facts("2-outlook-cp1252.csv"), (Source::Outlook, Encoding::Windows1252, ','));
    assert_eq!(facts("3-dolibarr-tiers.csv"), (Source::Dolibarr, Encoding::Utf8, ';'));
    assert_eq!(facts("4-hubspot.csv"), (Source::Hubspot, Encoding::Utf8, ','));
    assert_eq!(facts("5-messy.tsv"), (Source::Generic, Encoding::Utf8, '\t'));
}

#[test]
fn texts_of_the_sample_files_arrive_whole() {
    let path = folder().join("2-outlook-cp1252.csv");
    let format = sniff_path(&path, "2-outlook-cp1252.csv").unwrap();
    let mut table = Table::open(&path, &format).unwrap();
    let samples: Vec<_> = table.by_ref().take(20).map(|row| row.unwrap()).collect();
    let cells: Vec<_> = samples.iter().map(|row| row.cells.clone()).collect();
    let (_, mapping) = guess_mapping(table.headers(), &cells);
    let first = parse_row(&mapping, &samples[0]).unwrap().candidate;
    assert_eq!(first.civility.as_deref(), Some("Mme"));
    assert_eq!(first.notes.as_deref(), Some("Client depuis 2019 – fidèle…"));
    assert_eq!(first.addresses[0].country.as_deref(), Some("FR"));
    assert_eq!(first.birthday, Some(jiff::civil::date(1979, 1, 1)));
}
