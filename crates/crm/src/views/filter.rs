//! What a view filters by: the filter of the list that it belongs to.

use crate::contacts::filter::{ContactFilter, SORTS};
use crate::contacts::http as contacts;
use crate::custom_fields::model::RecordObject;
use crate::entities::filter::{EntityFilter, SORTS as ENTITY_SORTS};
use crate::entities::http as entities;
use crate::filters::Tree;
use serde::Serialize;
use serde_json::{Map, Value};
use vision_kernel::Problem;
use vision_platform::{Failure, Tx};

/// A filter, by the view's object.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum ViewFilter {
    /// Of the contact list.
    Contact(ContactFilter),
    /// Of the entity list.
    Entity(EntityFilter),
}

/// The columns of the contact list, beside those of custom fields.
const CONTACT_COLUMNS: &[&str] = &["company", "email", "phone", "city", "status", "tags", "owner", "created", "activity"];
/// The columns of the entity list, beside those of custom fields.
const ENTITY_COLUMNS: &[&str] =
    &["plate", "owner", "make", "model", "energy", "mileage", "first_registration", "inspection", "vin", "serial_number", "updated"];

/// The columns that a view of this list may show.
pub(crate) fn columns(object: RecordObject) -> &'static [&'static str] {
    match object {
        RecordObject::Contact => CONTACT_COLUMNS,
        RecordObject::Entity => ENTITY_COLUMNS,
    }
}

/// The orders of this list.
pub(crate) fn sorts(object: RecordObject) -> &'static [&'static str] {
    match object {
        RecordObject::Contact => SORTS,
        RecordObject::Entity => ENTITY_SORTS,
    }
}

impl ViewFilter {
    /// Reads the filter of a list from JSON; nothing filters nothing.
    pub(crate) fn read(object: RecordObject, value: Value) -> Result<Self, Problem> {
        let value = if value.is_null() { Value::Object(Map::new()) } else { value };
        let wrong = |_| Problem::field("/filter", "invalid", "Ce filtre n’est pas celui de cette liste.");
        Ok(match object {
            RecordObject::Contact => Self::Contact(serde_json::from_value(value).map_err(wrong)?),
            RecordObject::Entity => Self::Entity(serde_json::from_value(value).map_err(wrong)?),
        })
    }

    /// The filter as its list reads it, narrowed to what the actor may see. `at` is where the filter stands in the request.
    pub(crate) async fn conditions(&self, tx: &mut Tx, at: &str) -> Result<Map<String, Value>, Failure> {
        match self {
            Self::Contact(filter) => filter.conditions(tx, at).await,
            Self::Entity(filter) => filter.conditions(tx, at).await,
        }
    }

    /// How many records it holds, up to a bound, and whether there are more.
    pub(crate) async fn count(&self, tx: &mut Tx, up_to: Option<i32>) -> Result<(i64, bool), Failure> {
        let conditions = self.conditions(tx, "/filter/").await?;
        Ok(match self {
            Self::Contact(_) => {
                let count = contacts::count(tx, conditions, up_to).await?;
                (count.count, count.capped)
            }
            Self::Entity(_) => entities::count(tx, conditions, up_to).await?,
        })
    }

    /// Its tree of conditions.
    pub(crate) fn tree(&self) -> Option<&Tree> {
        match self {
            Self::Contact(filter) => filter.tree.as_ref(),
            Self::Entity(filter) => filter.tree.as_ref(),
        }
    }
}
