//! Which contacts a list, a count, a bulk action or an export is about.

use super::search::{self, Search};
use crate::custom_fields::model::RecordObject;
use crate::filters::{self, Tree};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vision_kernel::{Problem, text};
use vision_platform::{Failure, Tx};

/// A contact without any event for this long is dormant (24 months).
const DORMANT_AFTER: SignedDuration = SignedDuration::from_hours(24 * 730);

/// The orders of a list, beside those of custom fields.
pub(crate) const SORTS: &[&str] = &["name", "-name", "created", "-created", "activity", "-activity", "city", "-city"];

/// The filters of the contact list; all of them must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(default)]
pub struct ContactFilter {
    /// Name, e-mail, phone fragment, SIREN or city; case and accents do not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Id of a tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Uuid>,
    /// Id of a member, `me` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `person` or `company`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `prospect`, `client` or `dormant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Town; case and accents do not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Source, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Created at or after this instant.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<Timestamp>,
    /// Created before this instant.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_to: Option<Timestamp>,
    /// Last activity at or after this instant.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_since: Option<Timestamp>,
    /// Last activity before this instant.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive_since: Option<Timestamp>,
    /// Archived ones instead of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// More conditions, in groups: a `FilterNode`, as JSON where this stands in an address.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<filters::FilterNode>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<Tree>,
}

impl ContactFilter {
    /// The filter as `contact_page` reads it, narrowed to what the actor may see. `at` is where the filter stands in the request.
    pub(crate) async fn conditions(&self, tx: &mut Tx, at: &str) -> Result<Map<String, Value>, Failure> {
        let mut out = self.simple(tx)?;
        if let Some(tree) = &self.tree {
            let node = filters::around::read(RecordObject::Contact, tree, &format!("{at}tree"))?;
            let (compiled, _) = filters::compiled(tx, RecordObject::Contact, &node).await?;
            out.insert("tree".to_owned(), compiled);
            out.insert("dormant_before".to_owned(), json!(dormant_before(tx.now())));
        }
        Ok(out)
    }

    /// The conditions outside the tree.
    fn simple(&self, tx: &Tx) -> Result<Map<String, Value>, Problem> {
        let (actor, now) = (tx.actor(), tx.now());
        let mut out = Map::new();
        let mut set = |key: &str, value: Value| {
            out.insert(key.to_owned(), value);
        };
        match self.q.as_deref().and_then(search::parse) {
            Some(Search::Words(words)) => set("q", json!(words)),
            Some(Search::Prefix(prefix)) => set("q_prefix", json!(prefix)),
            None => {}
        }
        if let Some(tag) = self.tag {
            set("tag", json!(tag));
        }
        if let Some(owner) = self.owner.as_deref().filter(|owner| !owner.is_empty()) {
            let me = actor.id.to_string();
            let owner = if owner == "me" { me.as_str() } else { owner };
            if owner != "none" && Uuid::try_parse(owner).is_err() {
                return Err(Problem::field("?owner", "invalid", "Un identifiant de membre, ou none."));
            }
            set("owner", json!(owner));
        }
        let listed = |value: &Option<String>, name: &str, known: &[&str]| match value.as_deref().filter(|value| !value.is_empty()) {
            Some(value) if !known.contains(&value) => Err(Problem::field(&format!("?{name}"), "invalid", "Cette valeur n’existe pas.")),
            other => Ok(other.map(str::to_owned)),
        };
        if let Some(kind) = listed(&self.kind, "kind", &["person", "company"])? {
            set("kind", json!(kind));
        }
        if let Some(status) = listed(&self.status, "status", &["prospect", "client", "dormant"])? {
            set("status", json!(status));
            set("dormant_before", json!(dormant_before(now)));
        }
        if let Some(city) = self.city.as_deref().map(text::fold).filter(|city| !city.is_empty()) {
            set("city", json!(city));
        }
        if let Some(source) = self.source.as_deref().filter(|source| !source.is_empty()) {
            set("source", json!(source));
        }
        let instants = [
            ("created_from", self.created_from),
            ("created_to", self.created_to),
            ("active_since", self.active_since),
            ("inactive_since", self.inactive_since),
        ];
        for (key, value) in instants {
            if let Some(value) = value {
                set(key, json!(value));
            }
        }
        if let Some(from) = self.created_from {
            set("id_from", json!(earliest_id(from)));
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

/// The least identifier that a contact created at `from` or later can have: UUIDv7 begin with milliseconds. A minute of margin
/// for clocks that differ between instances.
fn earliest_id(from: Timestamp) -> Uuid {
    let millis = u128::try_from((from - SignedDuration::from_mins(1)).as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Contacts whose last activity is before this instant are dormant.
pub(crate) fn dormant_before(now: Timestamp) -> Timestamp {
    now - DORMANT_AFTER
}

/// Contacts chosen one by one, or everything that a filter matches but for some.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one lives per request")]
pub enum Selection {
    /// Chosen contacts, at most a thousand.
    Ids {
        /// Their ids.
        ids: Vec<Uuid>,
    },
    /// All that match.
    Matching {
        /// The filter.
        filter: ContactFilter,
        /// Those left out, at most a thousand.
        #[serde(default)]
        except_ids: Vec<Uuid>,
    },
}

impl Selection {
    /// The selection as conditions.
    pub(crate) async fn conditions(&self, tx: &mut Tx) -> Result<Map<String, Value>, Failure> {
        match self {
            Self::Ids { ids } if ids.is_empty() || ids.len() > 1000 => {
                Err(Problem::field("/selection/ids", "invalid", "De 1 à 1 000 contacts.").into())
            }
            Self::Ids { ids } => {
                let mut conditions = ContactFilter::default().conditions(tx, "").await?;
                conditions.insert("ids".to_owned(), json!(ids));
                // Contacts chosen by hand count whether archived or not.
                conditions.insert("archived".to_owned(), json!("any"));
                Ok(conditions)
            }
            Self::Matching { except_ids, .. } if except_ids.len() > 1000 => {
                Err(Problem::field("/selection/except_ids", "invalid", "1 000 exceptions au plus.").into())
            }
            Self::Matching { filter, except_ids } => {
                let mut conditions = filter.conditions(tx, "/selection/filter/").await?;
                if !except_ids.is_empty() {
                    conditions.insert("except_ids".to_owned(), json!(except_ids));
                }
                Ok(conditions)
            }
        }
    }
}
