//! From JSON to a filter that makes sense, with every mistake named by its place.

use super::model::{
    Condition, CustomTest, FilterNode, MAX_DEPTH, MAX_GROUPS, MAX_LEAVES, MAX_VALUES, Match, Member, Moment, Node, Test, TextColumn,
};
use super::read_entity;
use super::when::{Unit, When};
use crate::custom_fields::model::RecordObject;
use jiff::civil::Date;
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::{FieldError, text, vehicle};

/// Longest text to compare with, in characters.
const MAX_TEXT: usize = 200;
/// What the history of a contact may hold: the names of events.
pub(crate) const EVENTS: &[&str] = &[
    "contact.created",
    "contact.updated",
    "contact.archived",
    "contact.restored",
    "contact.imported",
    "contact.merged",
    "contact.tagged",
    "contact.tags_added",
    "contact.tags_removed",
    "contact.owner_changed",
    "contact.linked",
    "contact.unlinked",
    "note.added",
    "note.updated",
    "note.deleted",
    "entity.acquired",
    "entity.released",
    "task.created",
    "task.updated",
    "task.completed",
    "task.reopened",
    "task.snoozed",
    "task.reassigned",
    "task.deleted",
    "task.restored",
];

struct Reader {
    object: RecordObject,
    errors: Vec<FieldError>,
    leaves: usize,
    groups: usize,
}

/// What is wrong with a part of a condition: where below it, and the sentence.
pub(super) type Wrong = (&'static str, &'static str, &'static str);
pub(super) const OP: Wrong = ("/op", "invalid", "Cette comparaison n’existe pas pour ce champ.");
pub(super) const VALUE: Wrong = ("/value", "invalid", "Cette valeur ne convient pas.");
pub(super) const FIELD: Wrong = ("/field", "unknown", "Ce champ n’existe pas.");

pub(super) fn read(object: RecordObject, value: &Value, pointer: &str) -> Result<Node, Vec<FieldError>> {
    if let Some(place) = too_deep(value, pointer, 0) {
        return Err(vec![FieldError::new(place, "too_deep", format!("{MAX_DEPTH} groupes imbriqués au plus."))]);
    }
    let node: FilterNode = serde_json::from_value(value.clone()).map_err(|_| {
        vec![FieldError::new(pointer, "invalid", "Un filtre est un groupe (all, any) ou une condition (field, op, value).")]
    })?;
    let mut reader = Reader { object, errors: Vec::new(), leaves: 0, groups: 0 };
    let read = reader.node(&node, pointer);
    match read {
        Some(node) if reader.errors.is_empty() => Ok(node),
        _ => Err(reader.errors),
    }
}

/// The first group that lies too deep. Looked for before anything else is read.
fn too_deep(value: &Value, pointer: &str, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return Some(pointer.to_owned());
    }
    ["all", "any"].iter().find_map(|name| {
        let items = value.get(name)?.as_array()?;
        items.iter().enumerate().find_map(|(index, item)| too_deep(item, &format!("{pointer}/{name}/{index}"), depth + 1))
    })
}

impl Reader {
    fn wrong(&mut self, pointer: &str, (below, code, detail): Wrong) {
        self.errors.push(FieldError::new(format!("{pointer}{below}"), code, detail));
    }

    fn node(&mut self, node: &FilterNode, pointer: &str) -> Option<Node> {
        match (&node.all, &node.any, &node.field) {
            (Some(nodes), None, None) => self.group(nodes, &format!("{pointer}/all")).map(Node::All),
            (None, Some(nodes), None) => self.group(nodes, &format!("{pointer}/any")).map(Node::Any),
            (None, None, Some(field)) => {
                self.leaves += 1;
                if self.leaves > MAX_LEAVES {
                    // Said once: the rest needs no reading.
                    if self.leaves == MAX_LEAVES + 1 {
                        self.errors.push(FieldError::new(pointer, "too_many", format!("{MAX_LEAVES} conditions au plus.")));
                    }
                    return None;
                }
                let (op, value) = (node.op.as_deref().unwrap_or_default(), node.value.as_ref().unwrap_or(&Value::Null));
                match condition(self.object, field, op, value) {
                    Ok((test, negated)) => Some(Node::Test(Condition { pointer: pointer.to_owned(), test, negated })),
                    Err(wrong) => {
                        self.wrong(pointer, wrong);
                        None
                    }
                }
            }
            _ => {
                self.wrong(pointer, ("", "invalid", "Un groupe (all ou any) ou une condition (field), pas les deux."));
                None
            }
        }
    }

    fn group(&mut self, nodes: &[FilterNode], pointer: &str) -> Option<Vec<Node>> {
        self.groups += 1;
        if self.groups > MAX_GROUPS {
            if self.groups == MAX_GROUPS + 1 {
                self.errors.push(FieldError::new(pointer, "too_many", format!("{MAX_GROUPS} groupes au plus.")));
            }
            return None;
        }
        let read: Vec<Option<Node>> =
            nodes.iter().enumerate().map(|(index, node)| self.node(node, &format!("{pointer}/{index}"))).collect();
        read.into_iter().collect()
    }
}

/// A condition, and whether its opposite is asked for.
fn condition(object: RecordObject, field: &str, op: &str, value: &Value) -> Result<(Test, bool), Wrong> {
    if let Some(key) = field.strip_prefix("custom.") {
        if key.is_empty() || key.len() > 60 {
            return Err(FIELD);
        }
        let (test, negated) = custom(op, value)?;
        return Ok((Test::Custom(key.to_owned(), test), negated));
    }
    match object {
        RecordObject::Contact => contact(field, op, value),
        RecordObject::Entity => read_entity::condition(field, op, value),
    }
}

/// A condition on a fact of contacts.
fn contact(field: &str, op: &str, value: &Value) -> Result<(Test, bool), Wrong> {
    let one = |name: &'static str, known: &[&str]| match op {
        "is" | "is_not" => Ok((Test::Listed(name, listed(value, known)?), op == "is_not")),
        _ => Err(OP),
    };
    let set = |name: &'static str| Ok((Test::Set(name), op == "is_empty"));
    match field {
        "name" => text_test(TextColumn::Name, op, value),
        "company" if is_set(op) => set("company"),
        "company" => text_test(TextColumn::Company, op, value),
        "email" if is_set(op) => set("email"),
        "email" => text_test(TextColumn::Email, op, value),
        "phone" if is_set(op) => set("phone"),
        "city" if is_set(op) => set("city"),
        "city" => text_test(TextColumn::City, op, value),
        "postcode" if is_set(op) => set("postcode"),
        "postcode" => text_test(TextColumn::Postcode, op, value),
        "source" if is_set(op) => set("source"),
        "source" => text_test(TextColumn::Source, op, value),
        "kind" => one("kind", &["person", "company"]),
        "customer_kind" => one("customer_kind", &["B2C", "B2B_FR", "B2B_EU", "B2B_NON_EU", "B2G"]),
        "language" => one("language", &[]),
        "country" => one("country", &[]),
        "status" => match op {
            "is" | "is_not" => Ok((Test::Status(listed(value, &["prospect", "client", "dormant"])?), op == "is_not")),
            _ => Err(OP),
        },
        "owner" if is_set(op) => set("owner"),
        "owner" if op == "is" || op == "is_not" => Ok((Test::Owner(members(value)?), op == "is_not")),
        "tag" => match op {
            "any" | "none" => Ok((Test::TagsAny(ids(value)?), op == "none")),
            "all" => Ok((Test::TagsAll(ids(value)?), false)),
            _ if is_set(op) => Ok((Test::Tagged, op == "is_empty")),
            _ => Err(OP),
        },
        "created" => Ok((Test::Moment(Moment::Created, when(op, value)?), false)),
        "updated" => Ok((Test::Moment(Moment::Updated, when(op, value)?), false)),
        "activity" => Ok((Test::Moment(Moment::Activity, when(op, value)?), false)),
        "event" => event(op, value),
        "task" if has(op) => Ok((Test::OpenTask, op == "has_not")),
        "entity" if has(op) => {
            let (kinds, own) = kinds(value)?;
            Ok((Test::Entity(kinds, own), op == "has_not"))
        }
        "phone" | "owner" | "task" | "entity" => Err(OP),
        _ => Err(FIELD),
    }
}

/// Kinds of entities: those that the product knows by name, the tenant's own by id.
pub(super) fn kinds(value: &Value) -> Result<(Vec<String>, Vec<Uuid>), Wrong> {
    let (mut kinds, mut own) = (Vec::new(), Vec::new());
    for kind in texts(value)? {
        match Uuid::try_parse(&kind) {
            Ok(id) => own.push(id),
            Err(_) if matches!(kind.as_str(), "vehicle" | "animal" | "equipment" | "property" | "patient") => kinds.push(kind),
            Err(_) => return Err(VALUE),
        }
    }
    Ok((kinds, own))
}

pub(super) fn is_set(op: &str) -> bool {
    matches!(op, "is_set" | "is_empty")
}

fn has(op: &str) -> bool {
    matches!(op, "has" | "has_not")
}

pub(super) fn text_test(column: TextColumn, op: &str, value: &Value) -> Result<(Test, bool), Wrong> {
    let (how, negated) = match op {
        "contains" => (Match::Contains, false),
        "not_contains" => (Match::Contains, true),
        "starts_with" if column != TextColumn::Email => (Match::StartsWith, false),
        "is" if column != TextColumn::Name && column != TextColumn::Email => (Match::Is, false),
        "is_not" if column != TextColumn::Name && column != TextColumn::Email => (Match::Is, true),
        _ => return Err(OP),
    };
    // Numbers of things are compared as they are stored: without what people put between the characters.
    let compare = |value: &String| match column {
        TextColumn::Plate | TextColumn::Vin => vehicle::compact(value).to_lowercase(),
        _ => text::fold(value),
    };
    let values: Vec<String> = texts(value)?.iter().map(compare).filter(|value| !value.is_empty()).collect();
    if values.is_empty() { Err(VALUE) } else { Ok((Test::Text(column, how, values), negated)) }
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Result<Vec<String>, Wrong> {
    let texts: Vec<String> = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) if items.len() <= MAX_VALUES => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or(VALUE)?
        }
        Value::Array(_) => return Err(("/value", "too_many", "100 valeurs au plus.")),
        _ => return Err(VALUE),
    };
    if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
        return Err(("/value", "required", "Indiquez une valeur."));
    }
    if texts.iter().any(|text| text.chars().count() > MAX_TEXT) {
        return Err(("/value", "too_long", "200 caractères au plus."));
    }
    // PostgreSQL keeps no such character, so that none can be found.
    Ok(texts.into_iter().map(|text| text.replace('\0', "")).collect())
}

/// One or more of a closed list; of any words when the list is empty.
pub(super) fn listed(value: &Value, known: &[&str]) -> Result<Vec<String>, Wrong> {
    let texts = texts(value)?;
    if !known.is_empty() && texts.iter().any(|text| !known.contains(&text.as_str())) {
        return Err(VALUE);
    }
    Ok(texts)
}

fn ids(value: &Value) -> Result<Vec<Uuid>, Wrong> {
    texts(value)?.iter().map(|text| Uuid::try_parse(text)).collect::<Result<_, _>>().map_err(|_| VALUE)
}

fn members(value: &Value) -> Result<Vec<Member>, Wrong> {
    let member = |text: &String| match text.as_str() {
        "me" => Ok(Member::Me),
        "none" => Ok(Member::Nobody),
        id => Uuid::try_parse(id).map(Member::One).map_err(|_| VALUE),
    };
    texts(value)?.iter().map(member).collect()
}

fn date(value: &Value) -> Result<Date, Wrong> {
    const WRONG: Wrong = ("/value", "invalid", "Une date qui existe, au format AAAA-MM-JJ.");
    let written = value.as_str().filter(|text| text.len() == 10).ok_or(WRONG)?;
    written.parse::<Date>().ok().filter(|date| (1000..=9999).contains(&date.year())).ok_or(WRONG)
}

pub(super) fn when(op: &str, value: &Value) -> Result<When, Wrong> {
    let unit = |value: Option<&Value>| value.and_then(Value::as_str).and_then(Unit::read).ok_or(VALUE);
    let amount = || -> Result<(i64, Unit), Wrong> {
        let count = value.get("count").and_then(Value::as_i64).filter(|count| (1..=9999).contains(count));
        let count = count.ok_or(("/value/count", "invalid", "Un nombre de 1 à 9 999."))?;
        Ok((count, unit(value.get("unit"))?))
    };
    Ok(match op {
        "on" => When::Between(Some(date(value)?), Some(date(value)?)),
        "from" => When::Between(Some(date(value)?), None),
        "until" => When::Between(None, Some(date(value)?)),
        "between" => match value.as_array().map(Vec::as_slice) {
            Some([from, to]) => {
                let (from, to) = (date(from)?, date(to)?);
                if to < from {
                    return Err(("/value", "invalid", "La fin précède le début."));
                }
                When::Between(Some(from), Some(to))
            }
            _ => return Err(VALUE),
        },
        "last" => amount().map(|(count, unit)| When::Last(count, unit))?,
        "older_than" => amount().map(|(count, unit)| When::OlderThan(count, unit))?,
        "next" => amount().map(|(count, unit)| When::Next(count, unit))?,
        "this" => When::This(unit(Some(value))?),
        "previous" => When::Previous(unit(Some(value))?),
        _ => return Err(OP),
    })
}

fn event(op: &str, value: &Value) -> Result<(Test, bool), Wrong> {
    if !has(op) {
        return Err(OP);
    }
    let kinds = listed(value.get("kinds").unwrap_or(&Value::Null), EVENTS)
        .map_err(|_| ("/value/kinds", "invalid", "Cet événement n’existe pas."))?;
    let time = match value.get("op").and_then(Value::as_str) {
        None => None,
        Some(op) => Some(
            when(op, value.get("value").unwrap_or(&Value::Null))
                .map_err(|_| ("/value/value", "invalid", "Cette période ne convient pas."))?,
        ),
    };
    Ok((Test::Event(kinds, time), op == "has_not"))
}

fn custom(op: &str, value: &Value) -> Result<(CustomTest, bool), Wrong> {
    let scalar = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() && text.chars().count() <= MAX_TEXT => Ok(Some(value.clone())),
        Value::Number(_) => Ok(Some(value.clone())),
        _ => Err(VALUE),
    };
    // Yes and no travel as booleans; everything else as text.
    let words = |value: &Value| match value {
        Value::Bool(yes) => Ok(vec![yes.to_string()]),
        other => texts(other),
    };
    Ok(match op {
        "is_set" => (CustomTest::Set, false),
        "is_empty" => (CustomTest::Set, true),
        "contains" => (CustomTest::Contains(texts(value)?), false),
        "not_contains" => (CustomTest::Contains(texts(value)?), true),
        "is" | "any" => (CustomTest::Is(words(value)?), false),
        "is_not" | "none" => (CustomTest::Is(words(value)?), true),
        "all" => (CustomTest::Holds(texts(value)?), false),
        "at_least" => (CustomTest::Range(scalar(value)?, None), false),
        "at_most" => (CustomTest::Range(None, scalar(value)?), false),
        // Of days or of numbers: days look like days.
        "between" => match value.as_array().map(Vec::as_slice) {
            Some([from, _]) if date(from).is_ok() => (CustomTest::When(when(op, value)?), false),
            Some([from, to]) => (CustomTest::Range(scalar(from)?, scalar(to)?), false),
            _ => return Err(VALUE),
        },
        _ => (CustomTest::When(when(op, value)?), false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pointers(value: &Value) -> Vec<String> {
        read(RecordObject::Contact, value, "/tree").err().unwrap_or_default().into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn mistakes_are_named_by_their_place() {
        let leaf = |field: &str, op: &str, value: Value| json!({ "field": field, "op": op, "value": value });
        let wrong = json!({ "all": [
            leaf("city", "is", json!("Lyon")),
            { "any": [leaf("nope", "is", json!(1)), leaf("city", "bigger", json!("x")), leaf("city", "is", json!([]))] },
            leaf("created", "on", json!("2026-02-31")),
            leaf("created", "last", json!({ "count": 0, "unit": "day" })),
            leaf("tag", "any", json!(["'; DROP TABLE contacts; --"])),
            leaf("event", "has", json!({ "kinds": ["nope"] })),
            { "all": [], "field": "city" },
            leaf("created", "between", json!(["2026-02-02", "2026-02-01"])),
            leaf("name", "contains", json!("x".repeat(201))),
            leaf("custom.", "is", json!("x")),
        ] });
        assert_eq!(
            pointers(&wrong),
            [
                "/tree/all/1/any/0/field",
                "/tree/all/1/any/1/op",
                "/tree/all/1/any/2/value",
                "/tree/all/2/value",
                "/tree/all/3/value/count",
                "/tree/all/4/value",
                "/tree/all/5/value/kinds",
                "/tree/all/6",
                "/tree/all/7/value",
                "/tree/all/8/value",
                "/tree/all/9/field"
            ]
        );
        assert_eq!(pointers(&json!("{")), ["/tree"]);
        assert_eq!(pointers(&json!({ "field": "city", "op": "is", "value": "x", "sql": "1=1" })), ["/tree"]);
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let leaf = json!({ "field": "email", "op": "is_set" });
        let nested = |depth: usize| (0..depth).fold(leaf.clone(), |inner, _| json!({ "all": [inner] }));
        assert!(read(RecordObject::Contact, &nested(MAX_DEPTH), "").is_ok());
        assert_eq!(read(RecordObject::Contact, &nested(MAX_DEPTH + 1), "").expect_err("deep")[0].code, "too_deep");
        assert_eq!(read(RecordObject::Contact, &nested(120), "").expect_err("deep").len(), 1);
        assert!(read(RecordObject::Contact, &json!({ "any": vec![leaf.clone(); MAX_LEAVES] }), "").is_ok());
        let many = read(RecordObject::Contact, &json!({ "any": vec![leaf; MAX_LEAVES + 20] }), "").expect_err("many");
        assert_eq!((many.len(), many[0].code.as_str(), many[0].pointer.as_str()), (1, "too_many", "/any/40"));
        assert_eq!(read(RecordObject::Contact, &json!({ "all": vec![json!({ "any": [] }); 60] }), "").expect_err("groups").len(), 1);
    }

    proptest! {
        #[test]
        fn no_json_makes_the_reader_fail(text in r#"[\{\}\[\]":, a-z0-9_.]{0,80}"#, field in "[a-z_.]{0,12}", op in "[a-z_]{0,12}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = read(RecordObject::Contact, &value, "");
                let _ = read(RecordObject::Contact, &json!({ "field": field, "op": op, "value": value }), "");
            }
        }
    }
}
