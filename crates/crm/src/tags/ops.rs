//! Use cases and SQL of tags.

use jiff_sqlx::ToSqlx;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::{Change, Problem, text};
use vision_platform::{Failure, Tx};

/// Most tags of one contact.
const MAX_TAGS: usize = 50;
/// Most tags of a tenant.
const MAX_TENANT_TAGS: i64 = 2000;

/// A tag's name: cleaned, 1 to 40 characters.
pub(crate) fn valid_name(name: &str, pointer: &str) -> Result<String, Problem> {
    text::clean(name, false)
        .filter(|name| name.chars().count() <= 40)
        .ok_or_else(|| Problem::field(pointer, "invalid", "Indiquez un nom de 40 caractères au plus."))
}

/// The ids of tags by name; unknown ones are created.
pub(crate) async fn ensure(tx: &mut Tx, names: &[String]) -> Result<Vec<Uuid>, Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let norms: Vec<String> = names.iter().map(|name| text::fold(name)).collect();
    let ids: Vec<Uuid> = names.iter().map(|_| tx.new_id()).collect();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM tags WHERE tenant_id = $1").bind(tenant).fetch_one(tx.conn()).await?;
    if count + i64::try_from(names.len()).unwrap_or(i64::MAX) > MAX_TENANT_TAGS {
        return Err(Problem::conflict("Trop d’étiquettes : 2 000 au plus. Supprimez celles qui ne servent plus.").into());
    }
    sqlx::query(
        "INSERT INTO tags (tenant_id, id, name, name_norm, created_at) SELECT DISTINCT ON (n) $1, i, t, n, $5 FROM unnest($2::uuid[], $3::text[], $4::text[]) AS u(i, t, n)
         ON CONFLICT (tenant_id, name_norm) DO NOTHING",
    )
    .bind(tenant)
    .bind(ids)
    .bind(names)
    .bind(&norms)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar("SELECT id FROM tags WHERE tenant_id = $1 AND name_norm = ANY ($2) ORDER BY name_norm")
        .bind(tenant)
        .bind(norms)
        .fetch_all(tx.conn())
        .await?)
}

/// Gives a contact exactly these tags; returns what changed.
pub(crate) async fn set(tx: &mut Tx, contact_id: Uuid, names: &[String]) -> Result<Vec<Change>, Failure> {
    if names.len() > MAX_TAGS {
        return Err(Problem::field("/tags", "too_many", "50 étiquettes au plus par contact.").into());
    }
    let names: Vec<String> =
        names.iter().enumerate().map(|(index, name)| valid_name(name, &format!("/tags/{index}"))).collect::<Result<_, _>>()?;
    let before = names_of(tx, contact_id).await?;
    let tag_ids = ensure(tx, &names).await?;
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM contact_tags WHERE tenant_id = $1 AND contact_id = $2 AND tag_id <> ALL ($3)")
        .bind(tenant)
        .bind(contact_id)
        .bind(&tag_ids)
        .execute(tx.conn())
        .await?;
    sqlx::query("INSERT INTO contact_tags (tenant_id, tag_id, contact_id) SELECT $1, unnest($3::uuid[]), $2 ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(contact_id)
        .bind(&tag_ids)
        .execute(tx.conn())
        .await?;
    let after = names_of(tx, contact_id).await?;
    Ok(Change::between("tags", &before, &after).into_iter().collect())
}

async fn names_of(tx: &mut Tx, contact_id: Uuid) -> Result<Vec<String>, Failure> {
    let tenant = tx.tenant();
    Ok(sqlx::query_scalar(
        "SELECT t.name FROM contact_tags ct JOIN tags t ON t.tenant_id = ct.tenant_id AND t.id = ct.tag_id WHERE ct.tenant_id = $1 AND ct.contact_id = $2 ORDER BY t.name_norm",
    )
    .bind(tenant)
    .bind(contact_id)
    .fetch_all(tx.conn())
    .await?)
}

/// Adds tags to many contacts; returns the pairs that are new.
pub(crate) async fn add(tx: &mut Tx, contacts: &[Uuid], tag_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, Failure> {
    let tenant = tx.tenant();
    Ok(sqlx::query_as(
        "INSERT INTO contact_tags (tenant_id, tag_id, contact_id) SELECT $1, t, c FROM unnest($2::uuid[]) AS t, unnest($3::uuid[]) AS c
         ON CONFLICT DO NOTHING RETURNING contact_id, tag_id",
    )
    .bind(tenant)
    .bind(tag_ids)
    .bind(contacts)
    .fetch_all(tx.conn())
    .await?)
}

/// Takes tags from many contacts; returns the pairs that existed.
pub(crate) async fn remove(tx: &mut Tx, contacts: &[Uuid], tag_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, Failure> {
    let tenant = tx.tenant();
    Ok(sqlx::query_as(
        "DELETE FROM contact_tags WHERE tenant_id = $1 AND tag_id = ANY ($2) AND contact_id = ANY ($3) RETURNING contact_id, tag_id",
    )
    .bind(tenant)
    .bind(tag_ids)
    .bind(contacts)
    .fetch_all(tx.conn())
    .await?)
}

/// Undo data of tag changes, by contact.
pub(crate) fn by_contact(pairs: Vec<(Uuid, Uuid)>, key: &str) -> Vec<(Uuid, serde_json::Value)> {
    let mut grouped: std::collections::BTreeMap<Uuid, Vec<Uuid>> = std::collections::BTreeMap::new();
    for (contact, tag) in pairs {
        grouped.entry(contact).or_default().push(tag);
    }
    grouped.into_iter().map(|(contact, tags)| (contact, json!({ key: tags }))).collect()
}
