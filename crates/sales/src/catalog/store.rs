//! Every SQL statement about the catalogue.

use super::model::{Component, Draft};
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// An item.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub id: Uuid,
    pub kind: String,
    pub reference: Option<String>,
    pub name: String,
    pub description: Option<String>,
    pub category: String,
    pub unit: String,
    pub price: Decimal,
    pub price_includes_vat: bool,
    pub vat_class: String,
    pub cost: Option<Decimal>,
    pub supplier: Option<String>,
    pub supplier_reference: Option<String>,
    pub barcode: Option<String>,
    pub stocked: bool,
    pub components: Json<Vec<ComponentRow>>,
    pub archived_at: Option<jiff_sqlx::Timestamp>,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

/// A part of a package, with its name.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct ComponentRow {
    pub(crate) item_id: Uuid,
    pub(crate) name: String,
    #[schema(value_type = String)]
    pub(crate) quantity: Decimal,
}

fn word<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_value(json!(text)).unwrap_or_default()
}

impl Row {
    /// The part that people write.
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            kind: word(&self.kind),
            reference: self.reference.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            category: word(&self.category),
            unit: self.unit.clone(),
            price: self.price.normalize(),
            price_includes_vat: self.price_includes_vat,
            vat_class: word(&self.vat_class),
            cost: self.cost.map(|cost| cost.normalize()),
            supplier: self.supplier.clone(),
            supplier_reference: self.supplier_reference.clone(),
            barcode: self.barcode.clone(),
            stocked: self.stocked,
            components: self.components.0.iter().map(|part| Component { item_id: part.item_id, quantity: part.quantity }).collect(),
        }
    }
}

const SELECT: &str = "SELECT i.id, i.kind, i.reference, i.name, i.description, i.category, i.unit, i.price, i.price_includes_vat, i.vat_class, i.cost, i.supplier,
    i.supplier_reference, i.barcode, i.stocked, i.archived_at, i.created_at, i.updated_at, i.version,
    CASE WHEN i.kind = 'package' THEN coalesce((SELECT jsonb_agg(jsonb_build_object('item_id', p.item_id, 'name', o.name, 'quantity', trim_scale(p.quantity)::text) ORDER BY p.position)
      FROM catalog_components p JOIN catalog_items o ON o.tenant_id = p.tenant_id AND o.id = p.item_id
      WHERE p.tenant_id = i.tenant_id AND p.package_id = i.id), '[]') ELSE '[]' END AS components
    FROM catalog_items i WHERE i.tenant_id = $1";

/// What a list shows.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Words, folded; each must be found.
    pub words: Vec<String>,
    pub kind: Option<String>,
    pub category: Option<String>,
    pub archived: bool,
}

/// One page of items by name.
pub(crate) async fn page(tx: &mut Tx, wanted: &Wanted, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<Row>> {
    let tenant = tx.tenant();
    let (key, id) = after.map_or((None, None), |cursor| (Some(cursor.key), Some(cursor.id)));
    // A catalogue has hundreds of items, at most some thousands: position() reads them, and `%` in a search is a character like others.
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} AND (i.archived_at IS NOT NULL) = $2 AND ($3::text IS NULL OR i.kind = $3) AND ($4::text IS NULL OR i.category = $4)
           AND NOT EXISTS (SELECT FROM unnest($5::text[]) w WHERE position(w IN i.search) = 0)
           AND ($6::text IS NULL OR (lower(i.name), i.id) > ($6, $7)) ORDER BY lower(i.name), i.id LIMIT $8"
    )))
    .bind(tenant)
    .bind(wanted.archived)
    .bind(&wanted.kind)
    .bind(&wanted.category)
    .bind(&wanted.words)
    .bind(key)
    .bind(id)
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
}

/// An item; locked where it is about to change.
pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<Row>> {
    let tenant = tx.tenant();
    let lock = if lock { "FOR UPDATE OF i" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND i.id = $2 {lock}"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await
}

/// Writes an item; an existing one is replaced and its version rises.
pub(crate) async fn put(tx: &mut Tx, id: Uuid, draft: &Draft) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO catalog_items (tenant_id, id, kind, reference, name, description, category, unit, price, price_includes_vat, vat_class, cost, supplier,
           supplier_reference, barcode, stocked, search, created_at, updated_at)
         SELECT $1, $2, kind, reference, name, description, category, unit, price, price_includes_vat, vat_class, cost, supplier, supplier_reference, barcode,
           stocked, $4, $5, $5
         FROM jsonb_to_record($3) AS r(kind text, reference text, name text, description text, category text, unit text, price numeric, price_includes_vat boolean,
           vat_class text, cost numeric, supplier text, supplier_reference text, barcode text, stocked boolean)
         ON CONFLICT (tenant_id, id) DO UPDATE SET reference = excluded.reference, name = excluded.name, description = excluded.description,
           category = excluded.category, unit = excluded.unit, price = excluded.price, price_includes_vat = excluded.price_includes_vat,
           vat_class = excluded.vat_class, cost = excluded.cost, supplier = excluded.supplier, supplier_reference = excluded.supplier_reference,
           barcode = excluded.barcode, stocked = excluded.stocked, search = excluded.search, updated_at = excluded.updated_at, version = catalog_items.version + 1",
    )
    .bind(tenant)
    .bind(id)
    .bind(serde_json::to_value(draft).unwrap_or_default())
    .bind(draft.search_text())
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "WITH gone AS (DELETE FROM catalog_components WHERE tenant_id = $1 AND package_id = $2 AND position > $4)
         INSERT INTO catalog_components (tenant_id, package_id, position, item_id, quantity)
         SELECT $1, $2, n, (c->>'item_id')::uuid, (c->>'quantity')::numeric FROM jsonb_array_elements($3) WITH ORDINALITY AS e(c, n)
         ON CONFLICT (tenant_id, package_id, position) DO UPDATE SET item_id = excluded.item_id, quantity = excluded.quantity",
    )
    .bind(tenant)
    .bind(id)
    .bind(serde_json::to_value(&draft.components).unwrap_or_default())
    .bind(i32::try_from(draft.components.len()).unwrap_or(i32::MAX))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Of these ids, those that may be parts of a package.
pub(crate) async fn simple_items(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT id FROM catalog_items WHERE tenant_id = $1 AND id = ANY ($2) AND kind <> 'package'")
        .bind(tenant)
        .bind(ids)
        .fetch_all(tx.conn())
        .await
}

/// The names of packages that an item is part of, three at most.
pub(crate) async fn packages_of(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT DISTINCT p.name FROM catalog_components c JOIN catalog_items p ON p.tenant_id = c.tenant_id AND p.id = c.package_id
         WHERE c.tenant_id = $1 AND c.item_id = $2 ORDER BY p.name LIMIT 3",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// Archives or restores.
pub(crate) async fn set_archived(tx: &mut Tx, id: Uuid, archived: bool) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE catalog_items SET archived_at = CASE WHEN $4 THEN $3 END, updated_at = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .bind(archived)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM catalog_items WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    Ok(())
}
