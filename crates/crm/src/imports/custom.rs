//! Values of the tenant's own fields in a file. Definitions are read in the transaction that writes, and kept from changing until it
//! ends: a field may be deleted or begin to change its kind between two batches.

use super::engine::{Row, cell_text, read_date};
use super::people::{Found, People, Seek};
use super::target::{Mode, Notice, Who};
use crate::custom_fields::model::{Definition, FieldKind, RecordObject};
use crate::custom_fields::store;
use crate::zone::{self, Zone};
use jiff::Timestamp;
use jiff::civil::Time;
use serde_json::{Map, Value, json};
use vision_platform::{Failure, Tx};

/// What mappings call a field of the tenant's own, before its key.
pub(crate) const PREFIX: &str = "custom.";
/// Longest texts, as `custom_fields` has them: what is beyond is cut rather than lost.
const LONGEST: [(FieldKind, usize); 2] = [(FieldKind::Text, 500), (FieldKind::LongText, 10_000)];

/// The columns that go to fields of the tenant's own: place in the row, key of the field.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(Vec<(usize, String)>);

impl Columns {
    pub(super) fn of(mapping: &[Option<String>]) -> Self {
        let own = |(index, key): (usize, &Option<String>)| Some((index, key.as_deref()?.strip_prefix(PREFIX)?.to_owned()));
        Self(mapping.iter().enumerate().filter_map(own).collect())
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(_, key)| key.as_str()).collect()
    }

    /// The texts of a row, in the order of the columns.
    pub(super) fn cells(&self, row: &Row) -> Vec<Option<String>> {
        self.0.iter().map(|(index, _)| row.cells.get(*index).and_then(|cell| cell_text(cell, true))).collect()
    }
}

/// What a row gives.
pub(super) struct Values {
    pub set: Map<String, Value>,
    pub notices: Vec<Notice>,
}

/// The tenant's own fields, as they are while a batch is handled.
pub(super) struct Own {
    columns: Columns,
    definitions: Vec<Definition>,
    zone: Zone,
    people: People,
}

impl Own {
    pub(super) async fn load<'a>(
        tx: &mut Tx,
        object: RecordObject,
        columns: &Columns,
        rows: impl Iterator<Item = &'a Vec<Option<String>>> + Send,
        who: &Who,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let definitions = match mode {
            Mode::Rehearsal => store::definitions(tx, object).await?,
            Mode::Real => store::definitions_for_writing(tx, object).await?,
        };
        let mut own = Self { columns: columns.clone(), definitions, zone: zone::of_tenant(tx).await?, people: People::default() };
        let mut seeks = Vec::new();
        for row in rows {
            let texts = own.columns.0.iter().zip(row).filter_map(|((_, key), text)| Some((own.definition(key)?, text.as_deref()?)));
            seeks.extend(texts.filter(|(definition, _)| definition.kind == FieldKind::Reference).map(|(_, text)| Seek::cell(text)));
        }
        own.people.load(tx, &seeks, who).await?;
        Ok(own)
    }

    fn definition(&self, key: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.key == key)
    }

    /// Whether any field names a contact.
    pub(super) fn has_references(&self) -> bool {
        self.definitions.iter().any(|definition| definition.kind == FieldKind::Reference)
    }

    /// Reads the texts of a row. What cannot be kept is dropped and told, like a bad phone number: the rest of the row is good.
    pub(super) fn read(&self, texts: &[Option<String>]) -> Values {
        let mut values = Values { set: Map::new(), notices: Vec::new() };
        for ((_, key), text) in self.columns.0.iter().zip(texts) {
            let Some(text) = text else { continue };
            let field = format!("{PREFIX}{key}");
            let mut tell = |value: &str, code| values.notices.push(Notice::new(&field, value, code));
            let Some(definition) = self.definition(key) else {
                tell(text, "field_gone");
                continue;
            };
            // Its values are being converted: the conversion could not tell a new value from an old one.
            if definition.converting {
                tell(text, "converting");
                continue;
            }
            let value = match definition.kind {
                FieldKind::Reference => match self.people.find(&Seek::cell(text)) {
                    Found::One(place) => self.people.slot(place).and_then(|slot| slot.id).map(|id| json!(id)),
                    Found::Several => {
                        tell(text, "ambiguous");
                        continue;
                    }
                    Found::Nobody | Found::Hidden => {
                        tell(text, "unknown");
                        continue;
                    }
                },
                _ => read(definition, &self.zone, text, &mut tell),
            };
            if let Some(value) = value {
                values.set.entry(key.clone()).or_insert(value);
            }
        }
        values
    }

    /// The values that a record of this kind may have; the others are told.
    pub(super) fn fitting(&self, values: Map<String, Value>, record_kind: &str, notices: &mut Vec<Notice>) -> Map<String, Value> {
        let fits = |key: &str| self.definition(key).is_some_and(|definition| definition.is_for(record_kind));
        let (fitting, other): (Map<_, _>, Map<_, _>) = values.into_iter().partition(|(key, _)| fits(key));
        for (key, value) in other {
            let written = self.definition(&key).map(|definition| definition.written(&value)).unwrap_or_default();
            notices.push(Notice::new(&format!("{PREFIX}{key}"), &written, "not_applicable"));
        }
        fitting
    }

    /// Gives a new record its defaults. A required value that is missing is told, and the record is made all the same: a file from
    /// elsewhere does not know our fields, and refusing its rows would keep people out of the product for what can be asked later.
    pub(super) fn complete(&self, values: &mut Map<String, Value>, record_kind: &str, notices: &mut Vec<Notice>) {
        for definition in self.definitions.iter().filter(|definition| definition.is_for(record_kind) && !definition.converting) {
            if values.contains_key(&definition.key) {
                continue;
            }
            let default = definition.default_value.as_ref().and_then(|default| definition.read(default).ok().flatten());
            match default {
                Some(default) => {
                    values.insert(definition.key.clone(), default);
                }
                None if definition.required => notices.push(Notice::new(&format!("{PREFIX}{}", definition.key), "", "required")),
                None => {}
            }
        }
    }
}

/// Reads one value in the spellings of French files.
fn read(definition: &Definition, zone: &Zone, text: &str, tell: &mut impl FnMut(&str, &'static str)) -> Option<Value> {
    let value = match definition.kind {
        FieldKind::Date => json!(read_date(text)?.map_or_else(|| text.to_owned(), |date| date.to_string())),
        FieldKind::DateTime => json!(instant(zone, text).map_or_else(|| text.to_owned(), |instant| instant.to_string())),
        // "1.234,56": beside a decimal comma, points part the thousands.
        FieldKind::Number | FieldKind::Money if text.contains(',') => json!(text.replace('.', "")),
        FieldKind::Choices => return choices(definition, text, tell),
        _ => json!(text),
    };
    if let Ok(read) = definition.read(&value) {
        return read;
    }
    let longest = LONGEST.iter().find(|(kind, _)| *kind == definition.kind).map(|(_, longest)| *longest);
    let cut = longest.and_then(|longest| definition.read(&json!(text.chars().take(longest).collect::<String>())).ok().flatten());
    tell(text, if cut.is_some() { "truncated" } else { "invalid" });
    cut
}

/// Several choices, of which the known ones are kept. A comma may part two choices or stand within one.
fn choices(definition: &Definition, text: &str, tell: &mut impl FnMut(&str, &'static str)) -> Option<Value> {
    let known = |part: &str| definition.read(&json!([part])).is_ok();
    let mut names = Vec::new();
    for part in text.split([';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        if known(part) {
            names.push(part);
            continue;
        }
        for part in part.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if known(part) {
                names.push(part);
            } else {
                tell(part, "invalid");
            }
        }
    }
    definition.read(&json!(names)).ok().flatten()
}

/// `24/11/2026 14:30`, `24/11/2026 14h30`, `2026-11-24T14:30:00` on the company's clock, or an instant with its own zone.
fn instant(zone: &Zone, text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let day = read_date(text)??;
    let clock = text.split_once(['T', ' ']).map(|(_, clock)| clock.trim()).filter(|clock| !clock.is_empty());
    let time = clock.map_or(Some(Time::midnight()), read_time)?;
    Some(zone.at(day, time))
}

/// `14:30`, `14:30:00`, `14h30`, `14h`, `9:05`.
pub(crate) fn read_time(text: &str) -> Option<Time> {
    let clean = text.trim().to_lowercase().replace(" h ", "h");
    let mut parts = clean.split([':', 'h']).map(str::trim);
    let mut number = |default: Option<i8>| match parts.next() {
        None | Some("") => default,
        Some(part) if part.len() <= 2 => part.parse().ok(),
        Some(_) => None,
    };
    let (hour, minute, second) = (number(None)?, number(Some(0))?, number(Some(0))?);
    if !clean.contains([':', 'h']) || parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_fields::model::FieldOption;

    fn field(kind: FieldKind) -> Definition {
        let options = [("bleu", "Bleu, clair"), ("rouge", "Rouge"), ("vert", "Vert")];
        let options = options.map(|(key, label)| FieldOption { key: key.into(), label: label.into() });
        Definition { key: "x".into(), ..Definition::of(kind, options.into()) }
    }

    fn of(kind: FieldKind, text: &str) -> (Value, Vec<String>) {
        let mut told = Vec::new();
        let zone = Zone::new("Europe/Paris");
        let value = read(&field(kind), &zone, text, &mut |value: &str, code| told.push(format!("{code} {value}")));
        (value.unwrap_or_default(), told.into_iter().map(|told| told.chars().take(20).collect()).collect())
    }

    #[test]
    fn values_are_read_as_french_files_write_them() {
        for (kind, text, value) in [
            (FieldKind::Date, "24/11/2026", json!("2026-11-24")),
            (FieldKind::Date, "2026-11-24", json!("2026-11-24")),
            (FieldKind::DateTime, "24/11/2026 14:30", json!("2026-11-24T13:30:00Z")),
            (FieldKind::DateTime, "24/07/2026 9h05", json!("2026-07-24T07:05:00Z")),
            (FieldKind::DateTime, "2026-11-24T14:30:00Z", json!("2026-11-24T14:30:00Z")),
            (FieldKind::DateTime, "24/11/2026", json!("2026-11-23T23:00:00Z")),
            (FieldKind::Money, "1 234,56", json!(123_456)),
            (FieldKind::Money, "1.234,56 €", json!(123_456)),
            (FieldKind::Number, "1234.5", json!("1234.5")),
            (FieldKind::Boolean, "Oui", json!(true)),
            (FieldKind::Choice, "bleu, clair", json!("bleu")),
            (FieldKind::Choices, "Rouge|bleu, clair", json!(["rouge", "bleu"])),
            (FieldKind::Choices, "rouge, vert", json!(["rouge", "vert"])),
        ] {
            assert_eq!(of(kind, text), (value, vec![]), "{kind:?} {text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_only_that_is_lost() {
        assert_eq!(of(FieldKind::Date, "31/02/2026"), (Value::Null, vec!["invalid 31/02/2026".into()]));
        assert_eq!(of(FieldKind::DateTime, "24/11/2026 25:00").0, Value::Null);
        assert_eq!(of(FieldKind::Choices, "rouge; jaune"), (json!(["rouge"]), vec!["invalid jaune".into()]));
        assert_eq!(of(FieldKind::Choices, "jaune"), (Value::Null, vec!["invalid jaune".into()]));
        let (cut, told) = of(FieldKind::Text, &"é".repeat(501));
        assert_eq!((cut.as_str().map(|text| text.chars().count()), told.len()), (Some(500), 1));
        for text in ["14", "14:60", "x", "1430", "1:2:3:4", "h"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }
}
