//! SQL of the tenant's profile.

use super::model::Profile;
use vision_platform::Tx;

/// The tenant's row.
#[derive(sqlx::FromRow)]
pub(crate) struct TenantRow {
    pub id: uuid::Uuid,
    pub slug: String,
    pub plan: String,
    pub logo_key: Option<String>,
    pub onboarding_step: Option<String>,
    pub onboarding_completed_at: Option<jiff_sqlx::Timestamp>,
    pub version: i32,
    #[sqlx(flatten)]
    pub profile: Profile,
}

pub(crate) async fn get(tx: &mut Tx, lock: bool) -> sqlx::Result<TenantRow> {
    let tenant = tx.tenant();
    let query = if lock { "SELECT * FROM tenants WHERE id = $1 FOR UPDATE" } else { "SELECT * FROM tenants WHERE id = $1" };
    sqlx::query_as(query).bind(tenant).fetch_one(tx.conn()).await
}

pub(crate) async fn update(tx: &mut Tx, profile: &Profile) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "UPDATE tenants SET name = $2, legal_name = $3, legal_form = $4, siren = $5, siret = $6, vat_number = $7, address_line1 = $8, address_line2 = $9,
           postal_code = $10, city = $11, country = $12, phone = $13, email = $14, website = $15, trade = $16, time_zone = $17, accent_color = $18, audit_retention_days = $19,
           version = version + 1 WHERE id = $1",
    )
    .bind(tenant)
    .bind(&profile.name)
    .bind(&profile.legal_name)
    .bind(&profile.legal_form)
    .bind(&profile.siren)
    .bind(&profile.siret)
    .bind(&profile.vat_number)
    .bind(&profile.address_line1)
    .bind(&profile.address_line2)
    .bind(&profile.postal_code)
    .bind(&profile.city)
    .bind(&profile.country)
    .bind(&profile.phone)
    .bind(&profile.email)
    .bind(&profile.website)
    .bind(&profile.trade)
    .bind(&profile.time_zone)
    .bind(&profile.accent_color)
    .bind(profile.audit_retention_days)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn set_logo(tx: &mut Tx, key: Option<&str>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE tenants SET logo_key = $2, version = version + 1 WHERE id = $1").bind(tenant).bind(key).execute(tx.conn()).await?;
    Ok(())
}

pub(crate) async fn set_onboarding(tx: &mut Tx, step: Option<&str>, completed: bool) -> sqlx::Result<()> {
    use jiff_sqlx::ToSqlx;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE tenants SET onboarding_step = CASE WHEN $3 THEN NULL ELSE coalesce($2, onboarding_step) END,
           onboarding_completed_at = CASE WHEN $3 THEN coalesce(onboarding_completed_at, $4) ELSE onboarding_completed_at END, version = version + 1 WHERE id = $1",
    )
    .bind(tenant)
    .bind(step)
    .bind(completed)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
