//! The order of a list: one of its own, or that of an indexed custom field.

use super::model::{self, RecordObject};
use super::store;
use serde_json::{Map, Value};
use vision_kernel::{Cursor, Problem};
use vision_platform::{Failure, Tx};

/// The order asked for; only known ones reach the database. Of a custom field the conditions say which.
pub(crate) async fn sort<'a>(
    tx: &mut Tx,
    object: RecordObject,
    built_in: &[&str],
    asked: Option<&'a str>,
    conditions: &mut Map<String, Value>,
    after: Option<&Cursor>,
) -> Result<&'a str, Failure> {
    let unknown = || Problem::field("?sort", "invalid", "Ce tri n’existe pas.");
    let sort = match asked.filter(|sort| !sort.is_empty()) {
        None => return Ok("name"),
        Some(sort) if built_in.contains(&sort) => return Ok(sort),
        Some(sort) => sort,
    };
    let key = sort.trim_start_matches('-').strip_prefix("custom.").ok_or_else(unknown)?;
    let fields = store::definitions(tx, object).await?;
    let field = fields.iter().find(|field| field.key == key && field.kind.is_sortable()).ok_or_else(unknown)?;
    let index = field.index.ok_or_else(|| Problem::field("?sort", "not_indexed", "Ce champ n’est pas encore prêt pour le tri."))?;
    let numeric = field.kind.is_numeric();
    // Of a cursor made for another order the key would be no number.
    let fits = |after: &Cursor| !numeric || after.key.strip_prefix('v').is_none_or(|number| model::decimal(number).is_some());
    if after.is_some_and(|after| !fits(after)) {
        return Err(Problem::field("?cursor", "invalid", "Ce curseur n’est pas valable.").into());
    }
    conditions.insert("sort_field".to_owned(), index.to_string().into());
    conditions.insert("sort_type".to_owned(), if numeric { "n" } else { "t" }.into());
    Ok(if sort.starts_with('-') { "-value" } else { "value" })
}

/// Keys of custom fields that a list is to show, from a text with commas; at most ten.
pub(crate) fn shown(keys: Option<&str>) -> Vec<String> {
    keys.iter().flat_map(|keys| keys.split(',')).filter(|key| !key.is_empty()).take(10).map(str::to_owned).collect()
}
