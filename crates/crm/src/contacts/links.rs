//! Which people belong to which companies, and as what.

use super::events::ContactEvent;
use super::store;
use jiff_sqlx::ToSqlx;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::{Problem, text};
use vision_platform::{Failure, Tx};

/// Links a person to a company, or changes their role there.
pub(crate) async fn link(tx: &mut Tx, person: Uuid, company: Uuid, role: Option<&str>) -> Result<(), Failure> {
    let (person_name, _, _, person_kind) = store::lock(tx, person).await?.ok_or_else(Problem::not_found)?;
    let (company_name, _, _, company_kind) = store::lock(tx, company).await?.ok_or_else(Problem::not_found)?;
    if person_kind != "person" || company_kind != "company" {
        return Err(Problem::conflict("On rattache une personne à une société.").into());
    }
    let role = role.and_then(|role| text::clean(role, false));
    if role.as_deref().is_some_and(|role| role.chars().count() > 80) {
        return Err(Problem::field("/role", "too_long", "80 caractères au plus.").into());
    }
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO contact_companies (tenant_id, contact_id, company_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, contact_id, company_id) DO UPDATE SET role = $4",
    )
    .bind(tenant)
    .bind(person)
    .bind(company)
    .bind(&role)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.emit(&ContactEvent {
        data: json!({ "company": company_name, "role": role }),
        ..ContactEvent::new("contact.linked", person, person_name)
    });
    Ok(())
}

/// Unlinks a person from a company.
pub(crate) async fn unlink(tx: &mut Tx, person: Uuid, company: Uuid) -> Result<(), Failure> {
    let (person_name, ..) = store::lock(tx, person).await?.ok_or_else(Problem::not_found)?;
    let tenant = tx.tenant();
    let company_name: Option<String> = sqlx::query_scalar(
        "DELETE FROM contact_companies l USING contacts c WHERE l.tenant_id = $1 AND l.contact_id = $2 AND l.company_id = $3
           AND c.tenant_id = l.tenant_id AND c.id = l.company_id RETURNING c.display_name",
    )
    .bind(tenant)
    .bind(person)
    .bind(company)
    .fetch_optional(tx.conn())
    .await?;
    let company_name = company_name.ok_or_else(Problem::not_found)?;
    tx.emit(&ContactEvent { data: json!({ "company": company_name }), ..ContactEvent::new("contact.unlinked", person, person_name) });
    Ok(())
}
