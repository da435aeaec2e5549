//! Use cases of custom fields.

use super::model::{self, Definition, FieldKind, FieldOption, MAX_FIELDS, MAX_OPTIONS, RecordObject};
use super::store::{self, FieldRow};
use crate::contacts::events::ContactsEvent;
use crate::entities::kinds;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;
use vision_kernel::{Change, FieldError, Patch, Problem, ProblemKind, text};
use vision_platform::{Failure, OnUnique, Tx};

/// A new field.
pub(crate) struct NewField {
    pub(crate) object: RecordObject,
    pub(crate) applies_to: Option<String>,
    pub(crate) label: String,
    pub(crate) kind: FieldKind,
    pub(crate) options: Vec<FieldOption>,
    pub(crate) required: bool,
    pub(crate) default_value: Option<Value>,
    pub(crate) help: Option<String>,
    pub(crate) group_name: Option<String>,
}

/// A change of a field; absent keeps.
#[derive(Default)]
pub(crate) struct FieldChange {
    pub(crate) applies_to: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) options: Option<Vec<FieldOption>>,
    pub(crate) required: Option<bool>,
    pub(crate) default_value: Patch<Value>,
    pub(crate) help: Patch<String>,
    pub(crate) group_name: Patch<String>,
}

fn valid_label(object: RecordObject, label: &str) -> Result<String, Problem> {
    let label = text::clean(label, false).filter(|label| label.chars().count() <= 60);
    let label = label.ok_or_else(|| Problem::field("/label", "invalid", "Un nom de 1 à 60 caractères."))?;
    let folded = text::fold(&label);
    if object.built_in().any(|name| text::fold(name) == folded) {
        return Err(Problem::field("/label", "reserved", "Vision CRM a déjà un champ de ce nom."));
    }
    Ok(label)
}

fn valid_options(kind: FieldKind, options: Vec<FieldOption>) -> Result<Vec<FieldOption>, Problem> {
    if !kind.has_options() {
        return Ok(Vec::new());
    }
    if options.is_empty() || options.len() > MAX_OPTIONS {
        return Err(Problem::field("/options", "invalid", "De 1 à 200 choix."));
    }
    let (mut keys, mut names, mut valid) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (index, option) in options.into_iter().enumerate() {
        let pointer = format!("/options/{index}/label");
        let label = text::clean(&option.label, false).filter(|label| label.chars().count() <= 80);
        let label = label.ok_or_else(|| Problem::field(&pointer, "invalid", "Un nom de 1 à 80 caractères."))?;
        if !names.insert(text::fold(&label)) {
            return Err(Problem::field(&pointer, "taken", "Ce choix figure déjà dans la liste."));
        }
        let wanted = if option.key.is_empty() { key_of(&label) } else { option.key.chars().take(60).collect() };
        let key = free(&wanted, |key| keys.contains(key));
        keys.insert(key.clone());
        valid.push(FieldOption { key, label });
    }
    Ok(valid)
}

/// A name for programs: lower case, digits and underscores.
fn key_of(label: &str) -> String {
    let key: String = text::slug(label).replace('-', "_").chars().take(40).collect();
    if key.starts_with(|c: char| c.is_ascii_lowercase()) { key } else { format!("f_{key}") }
}

fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1;
    while taken(&name) {
        number += 1;
        name = format!("{wanted}_{number}");
    }
    name
}

/// Which records of an object may have a field. `hds`: the deployment declares HDS hosting (GD-17).
async fn check_target(tx: &mut Tx, object: RecordObject, applies_to: &str, hds: bool) -> Result<(), Failure> {
    let (known, detail) = match object {
        RecordObject::Contact => (
            matches!(applies_to, "all" | "person" | "company"),
            "Toutes les fiches (all), les personnes (person) ou les sociétés (company).",
        ),
        RecordObject::Entity => (
            match applies_to {
                "all" | "vehicle" | "animal" | "equipment" | "property" => true,
                "patient" => hds,
                // One of the tenant's own kinds, by its id; it is kept from going until this is written.
                own => match Uuid::try_parse(own) {
                    Ok(id) if id.to_string() == own => kinds::find(tx, id).await?.is_some(),
                    _ => false,
                },
            },
            "Toutes les fiches (all), un type (vehicle, animal, equipment, property) ou l’identifiant d’un de vos types.",
        ),
    };
    if known { Ok(()) } else { Err(Problem::field("/applies_to", "invalid", detail).into()) }
}

fn line(value: Option<String>, pointer: &str, max: usize) -> Result<Option<String>, Problem> {
    let value = value.and_then(|value| text::clean(&value, false));
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        return Err(Problem::field(pointer, "too_long", &format!("{max} caractères au plus.")));
    }
    Ok(value)
}

fn valid_default(row: &FieldRow, value: Option<Value>) -> Result<Option<Value>, Problem> {
    let Some(value) = value else { return Ok(None) };
    row.definition().read(&value).map_err(|detail| Problem::field("/default_value", "invalid", &detail))
}

fn taken() -> Problem {
    Problem::field("/label", "taken", "Un champ porte déjà ce nom.")
}

pub(crate) fn event(name: &'static str, row: &FieldRow, count: i64) -> ContactsEvent {
    ContactsEvent { name, kind: "custom_field", id: row.id, label: row.label.clone(), count }
}

/// A field, or 404.
pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> Result<FieldRow, Failure> {
    store::get(tx, id, lock).await?.ok_or_else(|| Problem::not_found().into())
}

/// Defines a field. `hds`: the deployment declares HDS hosting (GD-17).
pub(crate) async fn create(tx: &mut Tx, new: NewField, hds: bool) -> Result<FieldRow, Failure> {
    let label = valid_label(new.object, &new.label)?;
    let existing = store::list(tx, Some(new.object)).await?;
    if existing.len() >= MAX_FIELDS {
        return Err(Problem::conflict("100 champs au plus par type de fiche.").into());
    }
    let applies_to = new.applies_to.unwrap_or_else(|| "all".to_owned());
    check_target(tx, new.object, &applies_to, hds).await?;
    let keys = store::keys(tx, new.object).await?;
    let mut row = FieldRow {
        id: tx.new_id(),
        key: free(&key_of(&label), |key| keys.iter().any(|taken| taken == key)),
        object: new.object.as_str().to_owned(),
        applies_to,
        kind: new.kind.as_str().to_owned(),
        options: sqlx::types::Json(valid_options(new.kind, new.options)?),
        required: new.required,
        default_value: None,
        help: line(new.help, "/help", 300)?,
        group_name: line(new.group_name, "/group_name", 60)?,
        position: existing.iter().map(|field| field.position).max().unwrap_or(0) + 1,
        version: 1,
        converting: false,
        index_state: "none".to_owned(),
        index_job: None,
        label,
    };
    row.default_value = valid_default(&row, new.default_value)?;
    store::insert(tx, &row, &text::fold(&row.label)).await.on_unique("custom_fields_label_idx", taken)?;
    tx.emit(&event("custom_field.created", &row, 0));
    Ok(row)
}

/// Changes a field. Its kind changes by [`super::jobs::start_conversion`] only.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, change: FieldChange, hds: bool) -> Result<FieldRow, Failure> {
    let mut row = get(tx, id, true).await?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    if let Some(label) = change.label {
        row.label = valid_label(row.object(), &label)?;
    }
    if let Some(applies_to) = change.applies_to {
        check_target(tx, row.object(), &applies_to, hds).await?;
        row.applies_to = applies_to;
    }
    if let Some(options) = change.options {
        let options = valid_options(FieldKind::from_stored(&row.kind), options)?;
        for gone in row.options.iter().filter(|old| !options.iter().any(|option| option.key == old.key)) {
            let used = store::count_option(tx, row.object(), &row.key, &gone.key).await?;
            if used > 0 {
                let detail = format!("« {} » est utilisé par {used} fiche(s). Changez-les d’abord, ou renommez ce choix.", gone.label);
                return Err(Problem::field("/options", "in_use", &detail).with("count", used).into());
            }
        }
        row.options.0 = options;
    }
    row.required = change.required.unwrap_or(row.required);
    row.help = line(change.help.apply(row.help.take()), "/help", 300)?;
    row.group_name = line(change.group_name.apply(row.group_name.take()), "/group_name", 60)?;
    let default = change.default_value.apply(row.default_value.take());
    row.default_value = valid_default(&row, default)?;
    store::update(tx, &row, &text::fold(&row.label)).await.on_unique("custom_fields_label_idx", taken)?;
    tx.emit(&event("custom_field.updated", &row, 0));
    get(tx, id, false).await
}

/// Puts the fields of an object into a new order; every field must be named once.
pub(crate) async fn reorder(tx: &mut Tx, object: RecordObject, ids: &[Uuid]) -> Result<(), Failure> {
    let fields = store::list(tx, Some(object)).await?;
    let distinct: BTreeSet<&Uuid> = ids.iter().collect();
    if distinct.len() != ids.len() || fields.len() != ids.len() || fields.iter().any(|field| !distinct.contains(&field.id)) {
        return Err(Problem::conflict("La liste des champs a changé entre-temps. Rechargez-la.").into());
    }
    store::reorder(tx, object, ids).await?;
    Ok(())
}

/// What a deletion (`to` absent) or a change of kind would cost.
#[derive(Debug, Default)]
pub(crate) struct Impact {
    pub(crate) with_value: i64,
    pub(crate) lost: i64,
    /// Names and values of at most five records that would lose theirs.
    pub(crate) examples: Vec<(Uuid, String, String)>,
}

/// The definition after a change of kind: a choice that has no options yet gets those that the values suggest.
pub(crate) fn converted(kind: FieldKind, options: Vec<FieldOption>) -> Result<Definition, Problem> {
    Ok(Definition::of(kind, valid_options(kind, options)?))
}

/// Counts what would be lost, without changing anything.
pub(crate) async fn impact(tx: &mut Tx, row: &FieldRow, to: Option<&Definition>) -> Result<Impact, Failure> {
    let mut impact = Impact { with_value: store::count_values(tx, row.object(), &row.key).await?, ..Impact::default() };
    let from = row.definition();
    let mut after = None;
    loop {
        let values = store::values(tx, row.object(), &row.key, after, if to.is_some() { 5000 } else { 5 }).await?;
        let Some((last, ..)) = values.last() else { break };
        after = Some(*last);
        for (id, name, value) in &values {
            let survives = to.is_some_and(|to| convert(&from, to, value).is_some());
            if !survives {
                impact.lost += 1;
                if impact.examples.len() < 5 {
                    impact.examples.push((*id, name.clone(), from.written(value)));
                }
            }
        }
        if to.is_none() {
            impact.lost = impact.with_value;
            break;
        }
    }
    Ok(impact)
}

/// A value of one definition as another reads it; `None` when it is lost.
pub(crate) fn convert(from: &Definition, to: &Definition, value: &Value) -> Option<Value> {
    let read = |written: Value| to.read(&written).ok().flatten();
    match (from.kind, to.kind, value) {
        (a, b, _) if a == b && !a.has_options() => Some(value.clone()),
        // Choices go by their keys, and by their words where the new list has other keys.
        (FieldKind::Choice, FieldKind::Choice | FieldKind::Choices, Value::String(key)) => read(json!([key]))
            .or_else(|| read(json!([from.written(value)])))
            .or_else(|| read(value.clone()))
            .or_else(|| read(from.written(value).into())),
        (FieldKind::Choices, FieldKind::Choices, Value::Array(_)) => read(value.clone()).or_else(|| read(from.written(value).into())),
        (FieldKind::Choices, FieldKind::Choice, Value::Array(keys)) => match keys.as_slice() {
            [key] => read(key.clone()).or_else(|| read(from.written(value).into())),
            _ => None,
        },
        (FieldKind::DateTime, FieldKind::Date, Value::String(instant)) => read(instant.get(..10)?.into()),
        (FieldKind::LongText | FieldKind::Text, _, Value::String(_)) => read(value.clone()),
        _ => read(from.written(value).into()),
    }
}

/// Judges the custom values of a record; references must exist.
pub(crate) async fn apply(
    tx: &mut Tx,
    object: RecordObject,
    record_kind: &str,
    current: &Map<String, Value>,
    input: &Map<String, Value>,
    is_new: bool,
) -> Result<Result<Map<String, Value>, Vec<FieldError>>, Failure> {
    if input.is_empty() && !is_new {
        return Ok(Ok(current.clone()));
    }
    // Shared lock: a change of kind waits for this write, and this write sees a change that came before.
    let definitions = store::definitions_for_writing(tx, object).await?;
    let after = match model::apply(&definitions, record_kind, current, input, is_new) {
        Ok(after) => after,
        Err(errors) => return Ok(Err(errors)),
    };
    let references: Vec<(&str, Uuid)> = definitions
        .iter()
        .filter(|definition| definition.kind == FieldKind::Reference && input.contains_key(&definition.key))
        .filter_map(|definition| Some((definition.key.as_str(), Uuid::try_parse(after.get(&definition.key)?.as_str()?).ok()?)))
        .collect();
    if !references.is_empty() {
        let ids: Vec<Uuid> = references.iter().map(|(_, id)| *id).collect();
        let known = store::known_contacts(tx, &ids).await?;
        let unknown: Vec<FieldError> = references
            .iter()
            .filter(|(_, id)| !known.contains(id))
            .map(|(key, _)| FieldError::new(format!("/custom/{key}"), "unknown", "Ce contact n’existe pas."))
            .collect();
        if !unknown.is_empty() {
            return Ok(Err(unknown));
        }
    }
    Ok(Ok(after))
}

/// Built-in and custom fields together: a client learns of every wrong field at once.
pub(crate) fn judged<T>(
    built_in: Result<T, Problem>,
    custom: Result<Map<String, Value>, Vec<FieldError>>,
) -> Result<(T, Map<String, Value>), Problem> {
    match (built_in, custom) {
        (Ok(built_in), Ok(custom)) => Ok((built_in, custom)),
        (Ok(_), Err(errors)) => Err(Problem::validation(errors)),
        (Err(problem), Ok(_)) => Err(problem),
        (Err(mut problem), Err(errors)) => {
            problem.errors.extend(errors);
            Err(problem)
        }
    }
}

/// In the timeline a referenced contact is a name, not an id.
pub(crate) async fn name_references(tx: &mut Tx, object: RecordObject, changes: &mut [Change]) -> Result<(), Failure> {
    if !changes.iter().any(|change| change.field.starts_with("custom.")) {
        return Ok(());
    }
    let definitions = store::definitions(tx, object).await?;
    for change in changes {
        let is_reference = change
            .field
            .strip_prefix("custom.")
            .is_some_and(|key| definitions.iter().any(|definition| definition.key == key && definition.kind == FieldKind::Reference));
        if !is_reference {
            continue;
        }
        for value in [&mut change.before, &mut change.after] {
            if let Some(id) = value.as_str().and_then(|id| Uuid::try_parse(id).ok()) {
                *value = store::contact_name(tx, id).await?.into();
            }
        }
    }
    Ok(())
}

/// Takes a field and all its values away.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = get(tx, id, true).await?;
    let count = store::count_values(tx, row.object(), &row.key).await?;
    store::mark_deleted(tx, id).await?;
    tx.emit(&event("custom_field.deleted", &row, count));
    tx.enqueue_with(&super::jobs::Purge { field_id: id }, Some(&format!("custom-field:{id}")), None).await
}

/// The event of a finished conversion.
pub(crate) fn converted_event(row: &FieldRow, lost: i64) -> ContactsEvent {
    event("custom_field.converted", row, lost)
}

/// Values by key, as `{key: text}` for files.
pub(crate) fn written(definitions: &[Definition], custom: &Map<String, Value>) -> Vec<String> {
    definitions.iter().map(|definition| custom.get(&definition.key).map(|value| definition.written(value)).unwrap_or_default()).collect()
}

/// The parameters of a conversion, as its job stores them.
pub(crate) fn conversion_params(row: &FieldRow, to: &Definition) -> Value {
    json!({ "field_id": row.id, "from": { "kind": row.kind, "options": row.options.0 }, "to": { "kind": to.kind.as_str(), "options": to.options } })
}
