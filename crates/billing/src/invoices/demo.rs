//! Invoices of a demo company.

use super::credit::{self, CreditNoteIn};
use super::model::InvoiceIn;
use super::{issue, ops};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// Somebody who can be invoiced.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Customer {
    pub id: Uuid,
    pub business: bool,
}

/// Customers with an address, and businesses with their number; in the order of their names, which is the same on every machine.
pub(crate) async fn customers(tx: &mut Tx) -> sqlx::Result<Vec<Customer>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, customer_kind <> 'B2C' AS business FROM contacts WHERE tenant_id = $1 AND archived_at IS NULL AND first_invoiced_at IS NOT NULL
           AND coalesce(addresses->0->>'line1', '') <> '' AND coalesce(addresses->0->>'city', '') <> '' AND (customer_kind = 'B2C' OR siren IS NOT NULL)
         ORDER BY sort_name, created_at LIMIT 200",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
}

/// An item to sell.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Item {
    id: Uuid,
    kind: String,
    name: String,
    reference: Option<String>,
    unit: String,
    price: Decimal,
    vat_class: String,
}

/// The catalogue.
pub(crate) async fn items(tx: &mut Tx) -> sqlx::Result<Vec<Item>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT id, kind, name, reference, unit, price, vat_class FROM catalog_items WHERE tenant_id = $1 ORDER BY reference")
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}

/// Lines of items, as a client would write them.
pub(crate) fn lines(items: &[&Item], place: usize) -> Vec<Value> {
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let quantity = if item.unit == "C62" || item.unit == "DAY" { (1 + (place + index) % 3).to_string() } else { "1.5".to_owned() };
            let rate = if item.vat_class == "intermediate" { "10" } else { "20" };
            let nature = if matches!(item.kind.as_str(), "part" | "product") { "goods" } else { "service" };
            let discount = if (place + index) % 9 == 4 { json!({ "percent": "10" }) } else { json!({}) };
            json!({ "item_id": item.id, "label": item.name, "reference": item.reference, "quantity": quantity, "unit": item.unit, "unit_price": item.price,
                "vat_rate": rate, "nature": nature, "discount": discount })
        })
        .collect()
}

fn body(contact: Uuid, items: &[&Item], with_vat: bool, place: usize) -> Result<InvoiceIn, Failure> {
    let lines = lines(items, place);
    Ok(serde_json::from_value(json!({ "contact_id": contact, "prices_include_vat": with_vat, "lines": lines }))?)
}

/// Begins a draft.
pub(crate) async fn draft(tx: &mut Tx, contact: Uuid, items: &[&Item], with_vat: bool, place: usize) -> Result<Uuid, Failure> {
    Ok(ops::create(tx, body(contact, items, with_vat, place)?).await?.0.id)
}

/// Issues an invoice; gives its id and what it comes to.
pub(crate) async fn issue(
    tx: &mut Tx,
    crypto: &Crypto,
    contact: Uuid,
    items: &[&Item],
    with_vat: bool,
    place: usize,
) -> Result<(Uuid, i64), Failure> {
    let id = draft(tx, contact, items, with_vat, place).await?;
    let (row, _) = issue::issue(tx, crypto, id, None, None).await?;
    Ok((id, row.gross_minor))
}

/// Takes back the first line of an invoice.
pub(crate) async fn credit(tx: &mut Tx, crypto: &Crypto, invoice: Uuid) -> Result<(), Failure> {
    let input: CreditNoteIn = serde_json::from_value(json!({ "reason": "Geste commercial", "lines": [{ "position": 1 }] }))?;
    let (note, _) = credit::begin(tx, invoice, input).await?;
    issue::issue(tx, crypto, note.id, None, None).await?;
    Ok(())
}
