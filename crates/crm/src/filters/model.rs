//! A filter as it travels, and as the product knows it once it was read.

use super::when::When;
use crate::custom_fields::model::RecordObject;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::FieldError;

/// Most groups inside one another.
pub(crate) const MAX_DEPTH: usize = 5;
/// Most conditions of a filter.
pub(crate) const MAX_LEAVES: usize = 40;
/// Most groups of a filter.
pub(crate) const MAX_GROUPS: usize = 40;
/// Most values of a condition.
pub(crate) const MAX_VALUES: usize = 100;

/// One node of a filter: either `all` (each of them holds), or `any` (at least one does), or a condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilterNode {
    /// Nodes that must all hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub all: Option<Vec<FilterNode>>,
    /// Nodes of which one must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub any: Option<Vec<FilterNode>>,
    /// Of contacts `name company email phone city postcode country kind customer_kind status owner source language tag created updated activity
    /// event task entity`; of entities `name kind plate vin make model energy mileage first_registration inspection serial_number species breed
    /// birth_date owner archived created updated`; or `custom.<key>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to test, by field: `contains not_contains starts_with is is_not is_set is_empty any all none on from until between last
    /// older_than next this previous at_least at_most has has_not`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<String>,
    /// Text, a list, `{count, unit}`, a unit, or for events `{kinds, op?, value?}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A filter as it travels: a JSON object, or its text where only text can travel, as in a query string. Judged by [`Self::read`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Tree(pub(crate) Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            // What is no JSON is refused later, with its pointer.
            Value::String(text) => Self(serde_json::from_str(&text).unwrap_or(Value::String(text))),
            other => Self(other),
        })
    }
}

impl Tree {
    /// The filter, or every mistake in it, with pointers below `pointer`.
    pub(crate) fn read(&self, object: RecordObject, pointer: &str) -> Result<Node, Vec<FieldError>> {
        super::read::read(object, &self.0, pointer)
    }
}

/// A filter that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test(Condition),
}

impl Node {
    /// True when a test of the tree is `wanted`.
    pub(crate) fn has(&self, wanted: &impl Fn(&Test) -> bool) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|node| node.has(wanted)),
            Self::Test(condition) => wanted(&condition.test),
        }
    }
}

/// A condition, and where it stood in the request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) pointer: String,
    pub(crate) test: Test,
    /// The opposite is asked for.
    pub(crate) negated: bool,
}

/// A column of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextColumn {
    Name,
    Company,
    Email,
    City,
    Postcode,
    Source,
    Plate,
    Vin,
    Make,
    Model,
    Serial,
    Species,
    Breed,
}

impl TextColumn {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Company => "company",
            Self::Email => "email",
            Self::City => "city",
            Self::Postcode => "postcode",
            Self::Source => "source",
            Self::Plate => "plate",
            Self::Vin => "vin",
            Self::Make => "make",
            Self::Model => "model",
            Self::Serial => "serial_number",
            Self::Species => "species",
            Self::Breed => "breed",
        }
    }
}

/// How a text is compared, case and accents aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    Contains,
    StartsWith,
    Is,
}

/// An instant that a record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Created,
    Updated,
    Activity,
}

impl Moment {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Activity => "activity",
        }
    }
}

/// Somebody in charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Me,
    Nobody,
    One(Uuid),
}

/// What is asked of a field that the tenant added; whether it suits the field's kind shows when the kind is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CustomTest {
    Set,
    Contains(Vec<String>),
    /// One of these.
    Is(Vec<String>),
    /// Every one of these: choices only.
    Holds(Vec<String>),
    /// Numbers and amounts, both ends included.
    Range(Option<Value>, Option<Value>),
    When(When),
}

/// What a condition asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Text(TextColumn, Match, Vec<String>),
    /// `email phone company city postcode source country owner`, of entities also their facts and `contact`
    Set(&'static str),
    /// `kind customer_kind language country energy`
    Listed(&'static str, Vec<String>),
    Status(Vec<String>),
    Owner(Vec<Member>),
    TagsAny(Vec<Uuid>),
    TagsAll(Vec<Uuid>),
    Tagged,
    Moment(Moment, When),
    Event(Vec<String>, Option<When>),
    OpenTask,
    /// Built-in kinds and the tenant's own.
    Entity(Vec<String>, Vec<Uuid>),
    /// Of an entity: its own kind, built-in or the tenant's.
    Kind(Vec<String>, Vec<Uuid>),
    /// A day that an entity has: `first_registration inspection birth_date`
    Day(&'static str, When),
    /// A whole number that an entity has, both ends included: `mileage`
    Number(&'static str, Option<i32>, Option<i32>),
    Archived,
    Custom(String, CustomTest),
}
