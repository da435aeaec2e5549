//! What other contexts may know of a contact: who it is as a buyer. They never write here; they say what happened.

use super::model::AddressEntry;
use jiff_sqlx::ToSqlx;
use sqlx::types::Json;
use uuid::Uuid;
use vision_platform::Tx;

/// A contact as the buyer on a document.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Buyer {
    /// Id.
    pub id: Uuid,
    /// `person` or `company`.
    pub kind: String,
    /// Name.
    pub display_name: String,
    /// First e-mail.
    pub email: Option<String>,
    /// First phone.
    pub phone: Option<String>,
    /// Addresses, the main one first.
    pub addresses: Json<Vec<AddressEntry>>,
    /// Nine digits.
    pub siren: Option<String>,
    /// Fourteen digits.
    pub siret: Option<String>,
    /// VAT number.
    pub vat_number: Option<String>,
    /// `B2C`, `B2B_FR`, `B2B_EU`, `B2B_NON_EU`, `B2G`
    pub customer_kind: String,
    /// Archived contacts get no new documents.
    pub archived: bool,
}

/// A contact that the actor may see.
pub async fn buyer(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Buyer>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(
        "SELECT id, kind, display_name, email, phone, addresses, siren, siret, vat_number, customer_kind, archived_at IS NOT NULL AS archived
         FROM contacts WHERE tenant_id = $1 AND ($2::uuid[] IS NULL OR owner_id = ANY ($2)) AND id = $3",
    )
    .bind(tenant)
    .bind(scope)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// A first invoice makes a prospect a client (the status is derived from this).
pub async fn invoiced(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE contacts SET first_invoiced_at = coalesce(first_invoiced_at, $3), last_activity_at = greatest(last_activity_at, $3) WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
