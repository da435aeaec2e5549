//! From a filter to the tests that the database's `record_test` knows. Relative days become instants here, on the company's clock, and
//! "me" becomes the reader.

use super::model::{Condition, CustomTest, Match, Member, Node, Test, TextColumn};
use super::when::When;
use crate::custom_fields::model::{Definition, FieldKind};
use crate::zone::Zone;
use jiff::civil::{Date, Time, date};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vision_kernel::text;

/// What a filter is read against.
pub(crate) struct Surroundings {
    pub(crate) me: Uuid,
    pub(crate) today: Date,
    pub(crate) zone: Zone,
    /// Fields that the tenant added to the filter's object.
    pub(crate) fields: Vec<Definition>,
}

/// A condition that cannot hold any more, because of what became of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) pointer: String,
    /// `field_gone`, `field_changed`, `option_gone`, `tag_gone`, `member_gone`, `kind_gone`
    pub(crate) code: &'static str,
}

/// The filter as the database reads it; adds what cannot hold to `broken`.
pub(crate) fn compile(node: &Node, around: &Surroundings, broken: &mut Vec<Broken>) -> Value {
    match node {
        Node::All(nodes) => json!({ "k": "all", "n": nodes.iter().map(|node| compile(node, around, broken)).collect::<Vec<_>>() }),
        // An empty group asks for nothing, whatever joins it: somebody has yet to fill it.
        Node::Any(nodes) => json!({ "k": "any", "n": nodes.iter().map(|node| compile(node, around, broken)).collect::<Vec<_>>() }),
        Node::Test(condition) => match test(condition, around, broken) {
            Ok(test) if condition.negated => json!({ "k": "not", "n": [test] }),
            Ok(test) => test,
            Err(code) => {
                broken.push(Broken { pointer: condition.pointer.clone(), code });
                // Not even its opposite holds: what is gone must never widen a filter.
                json!({ "k": "never" })
            }
        },
    }
}

fn test(condition: &Condition, around: &Surroundings, broken: &mut Vec<Broken>) -> Result<Value, &'static str> {
    Ok(match &condition.test {
        Test::Text(column, how, values) => text_test(*column, *how, values),
        Test::Set(column) => json!({ "k": "set", "c": column }),
        Test::Listed(column, values) => json!({ "k": "in", "c": column, "v": values }),
        Test::Status(values) => any(values.iter().map(|status| json!({ "k": "status", "v": status }))),
        Test::Owner(members) => {
            let ids: Vec<Uuid> = members
                .iter()
                .filter_map(|member| match member {
                    Member::Me => Some(around.me),
                    Member::One(id) => Some(*id),
                    Member::Nobody => None,
                })
                .collect();
            let nobody = members.contains(&Member::Nobody).then(|| json!({ "k": "not", "n": [{ "k": "set", "c": "owner" }] }));
            any((!ids.is_empty()).then(|| json!({ "k": "owner", "v": ids })).into_iter().chain(nobody))
        }
        Test::TagsAny(ids) => json!({ "k": "tags", "v": ids }),
        Test::TagsAll(ids) => json!({ "k": "all", "n": ids.iter().map(|id| json!({ "k": "tags", "v": [id] })).collect::<Vec<_>>() }),
        Test::Tagged => json!({ "k": "tagged" }),
        Test::Moment(moment, when) => ends(json!({ "k": "range", "c": moment.as_str() }), instants(*when, around)),
        Test::Event(kinds, when) => ends(json!({ "k": "event", "v": kinds }), when.map_or((None, None), |when| instants(when, around))),
        Test::OpenTask => json!({ "k": "task" }),
        Test::Entity(kinds, own) => json!({ "k": "entity", "v": kinds, "own": own }),
        Test::Kind(kinds, own) => json!({ "k": "kind", "v": kinds, "own": own }),
        Test::Day(name, when) => ends(json!({ "k": "day", "c": name }), days(*when, around)),
        Test::Number(name, from, to) => {
            let end = |end: &Option<i32>| end.map(|end| json!(end.to_string()));
            ends(json!({ "k": "number", "c": name }), (end(from), end(to)))
        }
        Test::Archived => json!({ "k": "archived" }),
        Test::Custom(key, test) => {
            let field = around.fields.iter().find(|field| field.key == *key).ok_or("field_gone")?;
            if let (CustomTest::Is(values) | CustomTest::Holds(values), true) = (test, field.kind.has_options()) {
                // An option that is gone was nobody's: the others still hold.
                if values.iter().any(|value| !field.options.iter().any(|option| option.key == *value)) {
                    broken.push(Broken { pointer: condition.pointer.clone(), code: "option_gone" });
                }
            }
            custom(field, test, around)?
        }
    })
}

fn any(tests: impl IntoIterator<Item = Value>) -> Value {
    json!({ "k": "any", "n": tests.into_iter().collect::<Vec<_>>() })
}

/// Adds the ends of a range that are there.
fn ends(test: Value, (from, to): (Option<Value>, Option<Value>)) -> Value {
    let Value::Object(mut test) = test else { return test };
    for (key, end) in [("a", from), ("b", to)] {
        if let Some(end) = end {
            test.insert(key.to_owned(), end);
        }
    }
    Value::Object(test)
}

/// The first day and the day after the last, within years that every part of the product writes alike. What lies beyond holds nothing: an end
/// that was left away would hold for everybody.
fn bounded(when: When, around: &Surroundings) -> (Option<Date>, Option<Date>) {
    let (from, to) = when.days(around.today);
    let within = |day: Date| day.clamp(date(2, 1, 1), date(9999, 12, 30));
    (from.map(within), to.map(within))
}

/// The same as the database reads days.
fn days(when: When, around: &Surroundings) -> (Option<Value>, Option<Value>) {
    let (from, to) = bounded(when, around);
    let day = |day: Option<Date>| day.map(|day| json!(day.to_string()));
    (day(from), day(to))
}

/// From the first instant until before the last.
fn instants(when: When, around: &Surroundings) -> (Option<Value>, Option<Value>) {
    let (from, to) = bounded(when, around);
    let at = |day: Option<Date>| day.map(|day| json!(around.zone.at(day, Time::midnight())));
    (at(from), at(to))
}

fn pattern(how: Match, value: &str) -> String {
    let escaped = text::escape_like(value);
    match how {
        Match::Contains => format!("%{escaped}%"),
        Match::StartsWith => format!("{escaped}%"),
        Match::Is => escaped,
    }
}

fn text_test(column: TextColumn, how: Match, values: &[String]) -> Value {
    let name = column.as_str();
    match how {
        Match::Is => {
            // Postcodes are compared as written, others folded; both sides alike.
            json!({ "k": "in", "c": name, "v": values })
        }
        // Of a name every word must occur, in any order: "Jean Dupont" is found by "dupont jean".
        Match::Contains if column == TextColumn::Name => any(values.iter().map(|value| {
            let words: Vec<Value> = value
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(|word| json!({ "k": "like", "c": name, "v": pattern(how, word) }))
                .collect();
            json!({ "k": "all", "n": words })
        })),
        // The beginning of any word: people look for a family name as much as for a first name.
        Match::StartsWith if column == TextColumn::Name => any(values.iter().flat_map(|value| {
            let begins = pattern(how, value);
            [format!("% {begins}"), begins].map(|pattern| json!({ "k": "like", "c": name, "v": pattern }))
        })),
        _ => any(values.iter().map(|value| json!({ "k": "like", "c": name, "v": pattern(how, value) }))),
    }
}

fn custom(field: &Definition, test: &CustomTest, around: &Surroundings) -> Result<Value, &'static str> {
    let key = &field.key;
    // An index helps where few values are looked for; it holds one value for each contact, so that both ways mean the same.
    let index = field.index;
    let node = |plain: &str, indexed: &str, rest: Map<String, Value>| {
        let mut node = Map::from_iter(match index {
            Some(id) => [("k".to_owned(), json!(indexed)), ("i".to_owned(), json!(id))],
            None => [("k".to_owned(), json!(plain)), ("f".to_owned(), json!(key))],
        });
        node.extend(rest);
        Value::Object(node)
    };
    let listed = |values: &[String]| Map::from_iter([("v".to_owned(), json!(values))]);
    let words = matches!(field.kind, FieldKind::Text | FieldKind::LongText | FieldKind::Email | FieldKind::Url | FieldKind::Phone);
    let folded = |values: &[String]| values.iter().map(|value| text::fold(value)).collect::<Vec<_>>();
    Ok(match (test, field.kind) {
        (CustomTest::Set, _) => json!({ "k": "custom_set", "f": key }),
        (CustomTest::Contains(values), _) if words => {
            any(folded(values).iter().map(|value| json!({ "k": "custom_like", "f": key, "v": pattern(Match::Contains, value) })))
        }
        (CustomTest::Is(values), FieldKind::LongText) => json!({ "k": "custom_fold_in", "f": key, "v": folded(values) }),
        (CustomTest::Is(values), _) if words => {
            // What a client writes is read as the field reads it: a phone number in any spelling.
            let read = |value: &String| match field.read(&json!(value)) {
                Ok(Some(Value::String(read))) => text::fold(&read),
                _ => text::fold(value),
            };
            node("custom_fold_in", "value_in", listed(&values.iter().map(read).collect::<Vec<_>>()))
        }
        (CustomTest::Is(values), FieldKind::Boolean) if values.iter().all(|value| value == "true" || value == "false") => {
            node("custom_in", "value_in", listed(values))
        }
        (CustomTest::Is(values), FieldKind::Choice) => node("custom_in", "value_in", listed(values)),
        (CustomTest::Is(values), FieldKind::Choices) => json!({ "k": "custom_holds", "f": key, "v": values }),
        (CustomTest::Holds(values), FieldKind::Choices) => {
            json!({ "k": "all", "n": values.iter().map(|value| json!({ "k": "custom_holds", "f": key, "v": [value] })).collect::<Vec<_>>() })
        }
        (CustomTest::Is(values), FieldKind::Reference) => json!({ "k": "custom_in", "f": key, "v": values }),
        (CustomTest::Range(from, to), FieldKind::Number | FieldKind::Money) => {
            let read = |value: &Option<Value>| match value {
                None => Ok(None),
                Some(value) => match field.read(value) {
                    Ok(Some(Value::String(number))) => Ok(Some(json!(number))),
                    Ok(Some(Value::Number(cents))) => Ok(Some(json!(cents.to_string()))),
                    _ => Err("field_changed"),
                },
            };
            ends(node("custom_number", "value_number", Map::new()), (read(from)?, read(to)?))
        }
        (CustomTest::When(when), FieldKind::Date) => ends(node("custom_time", "value_time", Map::new()), days(*when, around)),
        (CustomTest::When(when), FieldKind::DateTime) => {
            let (from, to) = instants(*when, around);
            let bare = |end: Option<Value>| end.map(|end| json!(end.as_str().unwrap_or_default().trim_end_matches('Z')));
            ends(node("custom_time", "value_time", Map::new()), (bare(from), bare(to)))
        }
        _ => return Err("field_changed"),
    })
}
