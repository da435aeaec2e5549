//! Which entities a list, a count or an export is about.

use super::model::EntityKind;
use crate::contacts::search::{self, Search};
use crate::custom_fields::model::RecordObject;
use crate::filters::model::Test;
use crate::filters::{self, Tree};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vision_kernel::{Actor, Problem, text, vehicle};
use vision_platform::{Failure, Tx};

/// The orders of a list, beside those of custom fields.
pub(crate) const SORTS: &[&str] =
    &["name", "-name", "plate", "-plate", "inspection", "-inspection", "updated", "-updated", "created", "-created"];

/// The filters of the entity list; all of them must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(default)]
pub struct EntityFilter {
    /// Plate or VIN in any spelling, name, make, model, serial number, or the owner's name, e-mail or phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Kind.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<EntityKind>,
    /// One of the tenant's own kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind_id: Option<Uuid>,
    /// Id of the owner, a contact, or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Technical inspection due before this day.
    #[param(value_type = Option<String>, format = Date)]
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspection_before: Option<Date>,
    /// Archived ones instead of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// More conditions, in groups: a `FilterNode`, as JSON where this stands in an address. One about `archived` decides by itself.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<filters::FilterNode>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<Tree>,
}

/// Fewest characters of a plate or VIN fragment that is looked for inside.
const MIN_CODE: usize = 3;
/// Most characters of a plate, a VIN or a serial number.
const MAX_CODE: usize = 20;

/// What was typed as a fragment of a plate, a VIN or a serial number, in any spelling: it holds a digit and nothing but letters, digits and
/// what people put between them.
fn code(query: &str) -> Option<String> {
    let plain = query.chars().all(|c| c.is_ascii_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '.' | '/' | '–' | '‑'));
    let compact = vehicle::compact(query).to_lowercase();
    (plain && (MIN_CODE..=MAX_CODE).contains(&compact.len()) && compact.contains(|c: char| c.is_ascii_digit())).then_some(compact)
}

impl EntityFilter {
    /// The filter as `entity_page` reads it, narrowed to what the actor may see. `at` is where the filter stands in the request.
    pub(crate) async fn conditions(&self, tx: &mut Tx, at: &str) -> Result<Map<String, Value>, Failure> {
        let mut out = self.simple(tx.actor())?;
        if let Some(tree) = &self.tree {
            let node = filters::around::read(RecordObject::Entity, tree, &format!("{at}tree"))?;
            if self.archived != Some(true) && node.has(&|test| matches!(test, Test::Archived)) {
                out.insert("archived".to_owned(), json!("any"));
            }
            let (compiled, _) = filters::compiled(tx, RecordObject::Entity, &node).await?;
            out.insert("tree".to_owned(), compiled);
        }
        Ok(out)
    }

    /// The conditions outside the tree.
    fn simple(&self, actor: &Actor) -> Result<Map<String, Value>, Problem> {
        let mut out = Map::new();
        let mut set = |key: &str, value: Value| {
            out.insert(key.to_owned(), value);
        };
        if let Some(query) = self.q.as_deref() {
            match search::parse(query) {
                Some(Search::Words(words)) => {
                    set("q", json!(words));
                    if let Some(code) = code(query) {
                        set("q_code", json!(format!("%{}%", text::escape_like(&code))));
                    }
                }
                Some(Search::Prefix(_)) if code(query).is_some() => {
                    let pattern = format!("%{}%", code(query).unwrap_or_default());
                    set("q", json!([pattern]));
                }
                Some(Search::Prefix(prefix)) => set("q_prefix", json!(prefix)),
                None => {}
            }
        }
        if let Some(kind) = self.kind {
            set("kind", json!(kind));
        }
        if let Some(kind) = self.kind_id {
            set("kind_id", json!(kind));
        }
        if let Some(contact) = self.contact.as_deref().filter(|contact| !contact.is_empty()) {
            if contact != "none" && Uuid::try_parse(contact).is_err() {
                return Err(Problem::field("?contact", "invalid", "Un identifiant de contact, ou none."));
            }
            set("contact", json!(contact));
        }
        if let Some(day) = self.inspection_before {
            set("inspection_before", json!(day));
        }
        if self.archived == Some(true) {
            set("archived", json!(true));
        }
        if let Some(scope) = &actor.owner_scope {
            set("scope", json!(scope));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_recognised_in_any_spelling() {
        for query in ["AB-123-CD", "ab 123 cd", "AB123CD", "ab–123.cd"] {
            assert_eq!(code(query).as_deref(), Some("ab123cd"), "{query}");
        }
        assert_eq!(code("peugeot 208").as_deref(), Some("peugeot208"), "looked for as a code and as words");
        for query in ["dupré", "renault", "a1", "l'été 2024", "VF1BB05CF123456781234"] {
            assert_eq!(code(query), None, "{query}");
        }
    }
}
