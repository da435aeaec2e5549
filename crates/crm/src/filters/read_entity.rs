//! Conditions on what the product itself knows of an entity.

use super::model::{Moment, Test, TextColumn};
use super::read::{FIELD, OP, VALUE, Wrong, is_set, kinds, listed, text_test, when};
use serde_json::Value;

/// What drives vehicles.
const ENERGIES: &[&str] = &["petrol", "diesel", "electric", "hybrid", "plugin_hybrid", "lpg", "cng", "ethanol", "hydrogen", "other"];

/// A condition, and whether its opposite is asked for.
pub(super) fn condition(field: &str, op: &str, value: &Value) -> Result<(Test, bool), Wrong> {
    let either = |known: bool, test: Result<Test, Wrong>| if known { test.map(|test| (test, op == "is_not")) } else { Err(OP) };
    let is = matches!(op, "is" | "is_not");
    let line = |column: TextColumn| match op {
        _ if is_set(op) => Ok((Test::Set(column.as_str()), op == "is_empty")),
        _ => text_test(column, op, value),
    };
    let day = |name: &'static str| match op {
        _ if is_set(op) => Ok((Test::Set(name), op == "is_empty")),
        _ => Ok((Test::Day(name, when(op, value)?), false)),
    };
    match field {
        "name" => text_test(TextColumn::Name, op, value),
        "kind" => either(is, kinds(value).map(|(kinds, own)| Test::Kind(kinds, own))),
        "plate" => line(TextColumn::Plate),
        "vin" => line(TextColumn::Vin),
        "make" => line(TextColumn::Make),
        "model" => line(TextColumn::Model),
        "serial_number" => line(TextColumn::Serial),
        "species" => line(TextColumn::Species),
        "breed" => line(TextColumn::Breed),
        "energy" if is_set(op) => Ok((Test::Set("energy"), op == "is_empty")),
        "energy" => either(is, listed(value, ENERGIES).map(|values| Test::Listed("energy", values))),
        "mileage" if is_set(op) => Ok((Test::Set("mileage"), op == "is_empty")),
        "mileage" => Ok((mileage(op, value)?, false)),
        "first_registration" => day("first_registration"),
        "inspection" => day("inspection"),
        "birth_date" => day("birth_date"),
        "owner" if is_set(op) => Ok((Test::Set("contact"), op == "is_empty")),
        "owner" => Err(OP),
        "archived" => match (op, value.as_bool()) {
            ("is", Some(yes)) => Ok((Test::Archived, !yes)),
            ("is", None) => Err(VALUE),
            _ => Err(OP),
        },
        "created" => Ok((Test::Moment(Moment::Created, when(op, value)?), false)),
        "updated" => Ok((Test::Moment(Moment::Updated, when(op, value)?), false)),
        _ => Err(FIELD),
    }
}

fn mileage(op: &str, value: &Value) -> Result<Test, Wrong> {
    const WRONG: Wrong = ("/value", "invalid", "Un nombre de kilomètres.");
    // As people write it: 120 000, or as JSON has it.
    let km = |value: &Value| -> Result<Option<i32>, Wrong> {
        let written = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.chars().filter(|c| !c.is_whitespace()).collect(),
            _ => return Err(WRONG),
        };
        written.parse::<i32>().ok().filter(|km| (0..=9_999_999).contains(km)).map(Some).ok_or(WRONG)
    };
    Ok(match op {
        "at_least" => Test::Number("mileage", km(value)?, None),
        "at_most" => Test::Number("mileage", None, km(value)?),
        "between" => match value.as_array().map(Vec::as_slice) {
            Some([from, to]) => Test::Number("mileage", km(from)?, km(to)?),
            _ => return Err(WRONG),
        },
        _ => return Err(OP),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fact_takes_the_comparisons_that_suit_it_and_no_other() {
        for (field, op, value) in [
            ("plate", "is", json!("ab-123-cd")),
            ("kind", "is_not", json!(["vehicle", "01890000-0000-7000-8000-000000000000"])),
            ("energy", "is", json!(["diesel"])),
            ("mileage", "between", json!(["100 000", 200_000])),
            ("inspection", "next", json!({ "count": 30, "unit": "day" })),
            ("owner", "is_empty", Value::Null),
            ("archived", "is", json!(true)),
        ] {
            assert!(condition(field, op, &value).is_ok(), "{field} {op} {value}");
        }
        for (field, op, value, place) in [
            ("plate", "is", json!("- -"), "/value"),
            ("kind", "is", json!("robot"), "/value"),
            ("energy", "is", json!("vapeur"), "/value"),
            ("mileage", "at_least", json!("beaucoup"), "/value"),
            ("mileage", "at_least", json!(-1), "/value"),
            ("mileage", "is", json!(1), "/op"),
            ("inspection", "contains", json!("x"), "/op"),
            ("owner", "is", json!("me"), "/op"),
            ("archived", "is", json!("oui"), "/value"),
            ("city", "is", json!("Lyon"), "/field"),
        ] {
            assert_eq!(condition(field, op, &value).expect_err("refused").0, place, "{field} {op} {value}");
        }
    }
}
