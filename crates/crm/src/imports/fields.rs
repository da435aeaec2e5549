//! The fields that columns of a file can go to: the product's, and those that the tenant has added.

use super::custom::PREFIX;
use super::engine::{Field, guess_mapping, normal_header};
use super::entities;
use super::target::Kind;
use super::tasks;
use crate::custom_fields::model::RecordObject;
use crate::custom_fields::store as custom;
use serde::Serialize;
use serde_json::Value;
use vision_kernel::text;
use vision_platform::{Failure, Tx};

/// A field that a column can go to.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ImportField {
    /// What a mapping calls it; `custom.<key>` for a field of the tenant's own.
    key: String,
    /// `identity`, `contact_point`, `address`, `company`, `other`, `custom` for the tenant's own; of things `thing`, `vehicle`, `animal`, `owner`;
    /// of tasks `task`, `done`, `subject`.
    group: String,
    /// What the tenant calls a field of its own.
    label: Option<String>,
    /// The tenant's group that it is in.
    group_label: Option<String>,
}

/// The fields of an import.
pub(crate) struct Fields {
    kind: Kind,
    all: Vec<ImportField>,
    /// Folded names of the tenant's own kinds of things.
    own_kinds: Vec<String>,
}

impl Fields {
    /// The fields as they are now.
    pub(crate) async fn load(tx: &mut Tx, kind: Kind) -> Result<Self, Failure> {
        match kind {
            Kind::Contacts => Ok(Self { kind, all: contact_fields(tx).await?, own_kinds: Vec::new() }),
            Kind::Entities => {
                let known = entities::fields::FIELDS.iter().map(|info| built_in(info.key, info.group.to_owned()));
                let all = known.chain(own_fields(tx, RecordObject::Entity).await?).collect();
                let own_kinds = entities::own_kinds(tx).await?.iter().map(|(_, name)| text::fold(name)).collect();
                Ok(Self { kind, all, own_kinds })
            }
            Kind::Tasks => {
                let all = tasks::fields::FIELDS.iter().map(|info| built_in(info.key, info.group.to_owned())).collect();
                Ok(Self { kind, all, own_kinds: Vec::new() })
            }
        }
    }

    /// Whether a column can go to `key`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.all.iter().any(|field| field.key == key)
    }

    /// All of them, in the order of the screen.
    pub(crate) fn all(&self) -> &[ImportField] {
        &self.all
    }

    /// A mapping without the fields that are gone.
    pub(crate) fn still_there(&self, mapping: &[Option<String>]) -> Vec<Option<String>> {
        mapping.iter().map(|key| key.clone().filter(|key| self.has(key))).collect()
    }

    /// The program that wrote a file, and a field for each column that is understood.
    pub(crate) fn guess(&self, headers: &[String], samples: &[Vec<String>]) -> (String, Vec<Option<String>>) {
        match self.kind {
            Kind::Contacts => {
                let (source, fields) = guess_mapping(headers, samples);
                let mapping = fields.into_iter().map(|field| field.map(|field| field.key().to_owned())).collect();
                (name_of(&source), self.own(headers, mapping))
            }
            Kind::Entities => ("generic".to_owned(), self.own(headers, entities::fields::guess(headers, samples, &self.own_kinds))),
            Kind::Tasks => ("generic".to_owned(), tasks::fields::guess(headers, samples)),
        }
    }

    /// A mapping with the columns that go to the tenant's own fields.
    fn own(&self, headers: &[String], mut mapping: Vec<Option<String>>) -> Vec<Option<String>> {
        // A header that is the name of one of the tenant's own fields means that field, whatever else it might mean.
        for field in self.all.iter().filter(|field| field.group == "custom") {
            let names = [field.label.as_deref().unwrap_or_default(), field.key.trim_start_matches(PREFIX)].map(normal_header);
            let column = headers.iter().position(|header| names.contains(&normal_header(header)));
            if let Some(place) = column.and_then(|column| mapping.get_mut(column)) {
                *place = Some(field.key.clone());
            }
        }
        mapping
    }
}

fn name_of(word: &impl Serialize) -> String {
    serde_json::to_value(word).ok().as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn built_in(key: &str, group: String) -> ImportField {
    ImportField { key: key.to_owned(), group, label: None, group_label: None }
}

async fn contact_fields(tx: &mut Tx) -> Result<Vec<ImportField>, Failure> {
    let built_in = Field::ALL.iter().map(|field| built_in(field.key(), name_of(&field.group())));
    Ok(built_in.chain(own_fields(tx, RecordObject::Contact).await?).collect())
}

async fn own_fields(tx: &mut Tx, object: RecordObject) -> Result<impl Iterator<Item = ImportField>, Failure> {
    let rows = custom::list(tx, Some(object)).await?;
    Ok(rows.into_iter().map(|row| ImportField {
        key: format!("{PREFIX}{}", row.key),
        group: "custom".to_owned(),
        label: Some(row.label),
        group_label: row.group_name,
    }))
}
