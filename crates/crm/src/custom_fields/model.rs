//! What a custom field may hold, and how a value is read from a client.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vision_kernel::{Change, Email, FieldError, Phone, text};

/// Most fields of one object.
pub(crate) const MAX_FIELDS: usize = 100;
/// Most options of a choice.
pub(crate) const MAX_OPTIONS: usize = 200;
/// Longest text, in characters.
const MAX_TEXT: usize = 500;
/// Longest long text, in characters.
const MAX_LONG_TEXT: usize = 10_000;

/// What carries fields that a tenant adds. Everything that depends on it is said here: the rest of this folder works for each alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordObject {
    /// People and companies.
    #[default]
    Contact,
    /// Vehicles and other things.
    Entity,
}

impl RecordObject {
    /// The stored name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Entity => "entity",
        }
    }

    /// Reads the stored name.
    pub(crate) fn from_stored(name: &str) -> Self {
        if name == "entity" { Self::Entity } else { Self::Contact }
    }

    /// The table whose column `custom` holds the values.
    pub(crate) fn records(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Entity => "entities",
        }
    }

    /// The table of the copies that lists are sorted by.
    pub(crate) fn copies(self) -> &'static str {
        match self {
            Self::Contact => "contact_values",
            Self::Entity => "entity_values",
        }
    }

    /// The column of that table which names the record.
    pub(crate) fn holder(self) -> &'static str {
        match self {
            Self::Contact => "contact_id",
            Self::Entity => "entity_id",
        }
    }

    /// What the product itself calls its fields: a custom field of the same name would be a trap in forms, imports and exports.
    pub(crate) fn built_in(self) -> impl Iterator<Item = &'static str> {
        match self {
            Self::Contact => crate::export::HEADERS.iter().chain(&["Statut"]),
            Self::Entity => crate::entities::export::HEADERS.iter().chain(&["Contrôle technique"]),
        }
        .copied()
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldKind {
    /// One line, at most 500 characters.
    Text,
    /// Several lines, at most 10,000 characters.
    LongText,
    /// A decimal number as text: `12.5`.
    Number,
    /// Cents of the tenant's currency.
    Money,
    /// `2026-11-24`
    Date,
    /// An instant.
    DateTime,
    /// Yes or no.
    Boolean,
    /// The key of one option.
    Choice,
    /// The keys of several options.
    Choices,
    /// E.164
    Phone,
    /// An address.
    Email,
    /// With its scheme.
    Url,
    /// The id of a contact.
    Reference,
}

const KINDS: [(FieldKind, &str); 13] = [
    (FieldKind::Text, "text"),
    (FieldKind::LongText, "long_text"),
    (FieldKind::Number, "number"),
    (FieldKind::Money, "money"),
    (FieldKind::Date, "date"),
    (FieldKind::DateTime, "date_time"),
    (FieldKind::Boolean, "boolean"),
    (FieldKind::Choice, "choice"),
    (FieldKind::Choices, "choices"),
    (FieldKind::Phone, "phone"),
    (FieldKind::Email, "email"),
    (FieldKind::Url, "url"),
    (FieldKind::Reference, "reference"),
];

impl FieldKind {
    /// The stored name.
    pub(crate) fn as_str(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("text", |(_, name)| name)
    }

    /// Reads the stored name.
    pub(crate) fn from_stored(name: &str) -> Self {
        KINDS.iter().find(|(_, known)| *known == name).map_or(Self::Text, |(kind, _)| *kind)
    }

    /// True for the kinds whose values have an order that people expect.
    pub(crate) fn is_sortable(self) -> bool {
        !matches!(self, Self::LongText | Self::Choices | Self::Reference)
    }

    /// True for the kinds whose values are compared as numbers.
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Money)
    }

    /// True for the kinds that have options.
    pub(crate) fn has_options(self) -> bool {
        matches!(self, Self::Choice | Self::Choices)
    }

    /// True for the kinds in which people write what they like, or name somebody. On a thing such a value may be about its owner: it is
    /// not part of the history that follows the thing (GA-14), and goes when the owner is erased (GD-03). Figures, days, yes or no and
    /// choices describe the thing and stay with it.
    pub(crate) fn may_name_a_person(self) -> bool {
        matches!(self, Self::Text | Self::LongText | Self::Phone | Self::Email | Self::Url | Self::Reference)
    }

    /// The stored names of those kinds.
    pub(crate) fn personal() -> Vec<&'static str> {
        KINDS.iter().filter(|(kind, _)| kind.may_name_a_person()).map(|(_, name)| *name).collect()
    }
}

/// An option of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct FieldOption {
    /// Stable; made from the label when it is absent.
    #[serde(default)]
    pub(crate) key: String,
    /// What people read.
    pub(crate) label: String,
}

/// A field as its tenant defined it.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) applies_to: String,
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) kind: FieldKind,
    pub(crate) options: Vec<FieldOption>,
    pub(crate) required: bool,
    pub(crate) default_value: Option<Value>,
    /// Its values are being converted: nobody writes one until that is done.
    pub(crate) converting: bool,
    /// Its id, once its values stand among the copies of its object.
    pub(crate) index: Option<Uuid>,
}

/// A decimal number in its shortest form, from French or plain spelling; at most 15 digits before and 6 after the point.
pub(crate) fn decimal(written: &str) -> Option<String> {
    let clean: String = written.trim().chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}')).collect();
    let clean = clean.replace(',', ".");
    let (sign, digits) = clean.strip_prefix('-').map_or(("", clean.as_str()), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if whole.len() > 15 || fraction.len() > 6 {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Cents from an amount as people write it.
fn cents(written: &str) -> Option<i64> {
    let number = decimal(&written.replace('€', ""))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if fraction.len() > 2 || whole.len() > 13 {
        return None;
    }
    format!("{whole}{fraction:0<2}").parse().ok()
}

/// A web address with its scheme; nothing that a browser would run.
pub(crate) fn web_address(value: &str) -> Option<String> {
    let value = value.trim();
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let full = if rest.is_some() { value.to_owned() } else { format!("https://{value}") };
    let host = rest.unwrap_or(value).split(['/', '?', '#']).next().unwrap_or_default();
    (value.len() <= 300 && host.contains('.') && !host.contains([' ', ':', '<', '"'])).then_some(full)
}

impl Definition {
    /// A definition that says how to read values of `kind`, for conversions.
    pub(crate) fn of(kind: FieldKind, options: Vec<FieldOption>) -> Self {
        Self {
            applies_to: "all".to_owned(),
            key: String::new(),
            label: String::new(),
            kind,
            options,
            required: false,
            default_value: None,
            converting: false,
            index: None,
        }
    }

    /// True when records of `record_kind` have the field.
    pub(crate) fn is_for(&self, record_kind: &str) -> bool {
        self.applies_to == "all" || self.applies_to == record_kind
    }

    fn option(&self, written: &str) -> Option<&FieldOption> {
        let folded = text::fold(written);
        self.options.iter().find(|option| option.key == written).or_else(|| self.options.iter().find(|o| text::fold(&o.label) == folded))
    }

    /// A client's value in its stored form; `Ok(None)` when it is empty, `Err` says in French what is wrong.
    pub(crate) fn read(&self, value: &Value) -> Result<Option<Value>, String> {
        let written = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::Array(items) if items.is_empty() => return Ok(None),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Array(_) if self.kind == FieldKind::Choices => String::new(),
            _ => return Err("Cette valeur n’a pas la forme attendue.".to_owned()),
        };
        let fail = |detail: &str| Err(detail.to_owned());
        let bounded = |max: usize, multiline: bool| match text::clean(&written, multiline) {
            Some(text) if text.chars().count() > max => Err(format!("{max} caractères au plus.")),
            text => Ok(text.map(Value::from)),
        };
        let read = match self.kind {
            FieldKind::Text => return bounded(MAX_TEXT, false),
            FieldKind::LongText => return bounded(MAX_LONG_TEXT, true),
            FieldKind::Number => decimal(&written).map(Value::from).ok_or("Un nombre, tel que 12,5."),
            FieldKind::Money => match value {
                // A JSON number is already in cents.
                Value::Number(number) => number.as_i64().filter(|cents| cents.abs() < 1_000_000_000_000_000).map(Value::from),
                _ => cents(&written).map(Value::from),
            }
            .ok_or("Un montant, tel que 1 234,56."),
            FieldKind::Date => written
                .trim()
                .parse::<Date>()
                .ok()
                .filter(|date| (1000..=9999).contains(&date.year()))
                .map(|date| json!(date))
                .ok_or("Une date qui existe, au format AAAA-MM-JJ."),
            FieldKind::DateTime => written
                .trim()
                .parse::<Timestamp>()
                .ok()
                .map(|instant| json!(instant))
                .ok_or("Une date et une heure avec leur fuseau, telles que 2026-11-24T14:30:00Z."),
            FieldKind::Boolean => match text::fold(&written).as_str() {
                "true" | "oui" | "vrai" | "1" | "yes" | "x" => Ok(Value::Bool(true)),
                "false" | "non" | "faux" | "0" | "no" => Ok(Value::Bool(false)),
                _ => Err("Oui ou non."),
            },
            FieldKind::Choice => {
                self.option(&written).map(|option| Value::from(option.key.clone())).ok_or("Ce choix n’est pas dans la liste.")
            }
            FieldKind::Choices => return self.read_choices(value, &written),
            FieldKind::Phone => {
                Phone::parse(&written).map(|phone| Value::from(phone.as_str())).ok_or("Ce numéro de téléphone n’est pas valable.")
            }
            FieldKind::Email => {
                Email::parse(&written).map(|email| Value::from(email.as_str())).ok_or("Cette adresse e-mail n’est pas valable.")
            }
            FieldKind::Url => web_address(&written).map(Value::from).ok_or("Une adresse qui commence par http:// ou https://."),
            FieldKind::Reference => Uuid::try_parse(written.trim()).ok().map(|id| json!(id)).ok_or("L’identifiant d’un contact."),
        };
        read.map_or_else(fail, |value| Ok(Some(value)))
    }

    fn read_choices(&self, value: &Value, written: &str) -> Result<Option<Value>, String> {
        let names: Vec<String> = match value {
            Value::Array(items) if items.len() > MAX_OPTIONS => return Err(format!("{MAX_OPTIONS} choix au plus.")),
            Value::Array(items) => items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect(),
            _ => written.split([',', ';']).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
        };
        let mut keys: Vec<String> = Vec::new();
        for name in names {
            let Some(option) = self.option(&name) else { return Err(format!("« {name} » n’est pas dans la liste.")) };
            if !keys.contains(&option.key) {
                keys.push(option.key.clone());
            }
        }
        Ok((!keys.is_empty()).then(|| json!(keys)))
    }

    /// A stored value as people read it in French files.
    pub(crate) fn written(&self, value: &Value) -> String {
        let label = |key: &str| self.options.iter().find(|option| option.key == key).map_or(key, |option| option.label.as_str()).to_owned();
        match (self.kind, value) {
            (_, Value::Null) => String::new(),
            (FieldKind::Number, Value::String(number)) => number.replace('.', ","),
            (FieldKind::Money, Value::Number(number)) => {
                let cents = number.as_i64().unwrap_or_default();
                let sign = if cents < 0 { "-" } else { "" };
                format!("{sign}{},{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
            }
            (FieldKind::Boolean, Value::Bool(yes)) => if *yes { "Oui" } else { "Non" }.to_owned(),
            (FieldKind::Choice, Value::String(key)) => label(key),
            (FieldKind::Choices, Value::Array(keys)) => keys.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join(", "),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        }
    }
}

/// Custom values after a change: absent keys stay, null and empty ones go. `is_new` fills defaults and asks for every required field;
/// later only what is sent is judged, lest a new required field block every other edit.
pub(crate) fn apply(
    definitions: &[Definition],
    record_kind: &str,
    current: &Map<String, Value>,
    input: &Map<String, Value>,
    is_new: bool,
) -> Result<Map<String, Value>, Vec<FieldError>> {
    let mut after = current.clone();
    let mut errors = Vec::new();
    for key in input.keys() {
        if !definitions.iter().any(|definition| definition.key == *key && definition.is_for(record_kind)) {
            errors.push(FieldError::new(format!("/custom/{key}"), "unknown", "Ce champ n’existe pas."));
        }
    }
    for definition in definitions.iter().filter(|definition| definition.is_for(record_kind)) {
        let pointer = format!("/custom/{}", definition.key);
        let sent = match input.get(&definition.key) {
            Some(value) => Some(value.clone()),
            None if is_new => definition.default_value.clone().or(Some(Value::Null)),
            None => None,
        };
        let Some(sent) = sent else { continue };
        if definition.converting && input.contains_key(&definition.key) {
            errors.push(FieldError::new(pointer, "converting", "Ce champ change de type en ce moment. Réessayez dans un instant."));
            continue;
        }
        match definition.read(&sent) {
            Ok(None) if definition.required => errors.push(FieldError::new(pointer, "required", "Ce champ est nécessaire.")),
            Ok(None) => {
                after.remove(&definition.key);
            }
            Ok(Some(value)) => {
                after.insert(definition.key.clone(), value);
            }
            Err(detail) => errors.push(FieldError::new(pointer, "invalid", detail)),
        }
    }
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

/// What differs between two sets of values, as `custom.<key>`.
pub(crate) fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let none = Value::Null;
    keys.into_iter()
        .filter_map(|key| Change::between(&format!("custom.{key}"), before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind) -> Definition {
        let options = [("rouge", "Rouge vif"), ("bleu", "Bleu")].map(|(key, label)| FieldOption { key: key.into(), label: label.into() });
        Definition { key: "x".into(), label: "X".into(), ..Definition::of(kind, options.into()) }
    }

    #[test]
    fn each_kind_reads_what_people_write_and_refuses_the_rest() {
        let cases: &[(FieldKind, Value, Option<Value>)] = &[
            (FieldKind::Text, json!("  a b "), Some(json!("a b"))),
            (FieldKind::Text, json!("x".repeat(501)), None),
            (FieldKind::LongText, json!("é".repeat(10_000)), Some(json!("é".repeat(10_000)))),
            (FieldKind::LongText, json!("é".repeat(10_001)), None),
            (FieldKind::Number, json!("1 234,50"), Some(json!("1234.5"))),
            (FieldKind::Number, json!(-0.5), Some(json!("-0.5"))),
            (FieldKind::Number, json!("1e3"), None),
            (FieldKind::Number, json!("NaN"), None),
            (FieldKind::Money, json!("1 234,5 €"), Some(json!(123_450))),
            (FieldKind::Money, json!(199), Some(json!(199))),
            (FieldKind::Money, json!(1.5), None),
            (FieldKind::Money, json!("1,999"), None),
            (FieldKind::Money, json!("-0,01"), Some(json!(-1))),
            (FieldKind::Date, json!("2028-02-29"), Some(json!("2028-02-29"))),
            (FieldKind::Date, json!("2026-02-31"), None),
            (FieldKind::DateTime, json!("2026-03-29T02:30:00+01:00"), Some(json!("2026-03-29T01:30:00Z"))),
            (FieldKind::DateTime, json!("2026-03-29"), None),
            (FieldKind::Boolean, json!("Oui"), Some(json!(true))),
            (FieldKind::Boolean, json!("peut-être"), None),
            (FieldKind::Choice, json!("rouge"), Some(json!("rouge"))),
            (FieldKind::Choice, json!("ROUGE VIF"), Some(json!("rouge"))),
            (FieldKind::Choice, json!("vert"), None),
            (FieldKind::Choices, json!(["bleu", "bleu", "rouge"]), Some(json!(["bleu", "rouge"]))),
            (FieldKind::Choices, json!("Bleu; rouge vif"), Some(json!(["bleu", "rouge"]))),
            (FieldKind::Choices, json!(["bleu", 3]), None),
            (FieldKind::Phone, json!("06 12 34 56 78"), Some(json!("+33612345678"))),
            (FieldKind::Email, json!("pas une adresse"), None),
            (FieldKind::Url, json!("javascript:alert(1)"), None),
            (FieldKind::Url, json!("exemple.fr"), Some(json!("https://exemple.fr"))),
            (FieldKind::Reference, json!("x"), None),
            (FieldKind::Text, json!({ "a": 1 }), None),
        ];
        for (kind, sent, expected) in cases {
            assert_eq!(field(*kind).read(sent).ok().flatten().as_ref(), expected.as_ref(), "{kind:?} {sent}");
        }
    }

    #[test]
    fn money_goes_to_files_and_back_without_loss() {
        let money = field(FieldKind::Money);
        for cents in [0_i64, 1, -1, 99, 100, -12_345, 999_999_999_999_999] {
            let written = money.written(&json!(cents));
            assert_eq!(money.read(&json!(written)), Ok(Some(json!(cents))), "{written}");
        }
    }

    #[test]
    fn a_new_record_has_its_defaults_and_a_change_only_what_was_sent() {
        let definitions = [
            Definition { default_value: Some(json!("bleu")), ..field(FieldKind::Choice) },
            Definition { key: "y".into(), required: true, ..field(FieldKind::Text) },
        ];
        let sent = |value: Value| value.as_object().cloned().unwrap_or_default();
        let missing = apply(&definitions, "person", &Map::new(), &Map::new(), true).expect_err("y is required");
        assert_eq!(missing[0].pointer, "/custom/y");
        let made = apply(&definitions, "person", &Map::new(), &sent(json!({ "y": "a" })), true).expect("valid");
        assert_eq!(Value::Object(made.clone()), json!({ "x": "bleu", "y": "a" }));
        let changed = apply(&definitions, "person", &made, &sent(json!({ "x": null })), false).expect("valid");
        assert_eq!(Value::Object(changed), json!({ "y": "a" }));
        assert_eq!(apply(&definitions, "person", &made, &sent(json!({ "z": 1 })), false).expect_err("unknown")[0].code, "unknown");
    }
}
