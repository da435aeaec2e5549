//! SQL of the way a company invoices.

use super::model::{Profile, Seller};
use sqlx::types::Json;
use vision_platform::Tx;

/// The company as a seller; habits that nobody chose are the defaults.
pub(crate) async fn seller(tx: &mut Tx) -> sqlx::Result<Seller> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT t.name, t.legal_name, t.legal_form, t.siren, t.siret, t.vat_number, t.address_line1, t.address_line2, t.postal_code, t.city, t.country, t.phone,
           t.email, t.accent_color, t.logo_key, t.simulation, coalesce(p.vat_regime, 'normal') AS vat_regime, coalesce(p.territory, 'mainland') AS territory,
           coalesce(p.vat_on_debits, false) AS vat_on_debits, p.share_capital, p.rcs_city, p.iban, p.bic, coalesce(p.payment_days, 30) AS payment_days, p.late_rate,
           p.discount_terms, coalesce(p.mention_set, 'cgi') AS mention_set, coalesce(p.prices_include_vat, t.trade IN ('hotel', 'restaurant')) AS prices_include_vat,
           p.footer, coalesce(p.version, 0) AS version
         FROM tenants t LEFT JOIN billing_profiles p ON p.tenant_id = t.id WHERE t.id = $1",
    )
    .bind(tenant)
    .fetch_one(tx.conn())
    .await
}

/// Holds the profile against another change of it.
pub(crate) async fn lock(tx: &mut Tx) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("SELECT 1 FROM tenants WHERE id = $1 FOR NO KEY UPDATE").bind(tenant).execute(tx.conn()).await?;
    Ok(())
}

/// Writes the profile.
pub(crate) async fn put(tx: &mut Tx, profile: &Profile) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO billing_profiles (tenant_id, vat_regime, territory, vat_on_debits, share_capital, rcs_city, iban, bic, payment_days, late_rate, discount_terms,
           mention_set, prices_include_vat, footer)
         SELECT $1, r.* FROM jsonb_to_record($2) AS r(vat_regime text, territory text, vat_on_debits boolean, share_capital text, rcs_city text, iban text, bic text,
           payment_days integer, late_rate numeric, discount_terms text, mention_set text, prices_include_vat boolean, footer text)
         ON CONFLICT (tenant_id) DO UPDATE SET vat_regime = excluded.vat_regime, territory = excluded.territory, vat_on_debits = excluded.vat_on_debits,
           share_capital = excluded.share_capital, rcs_city = excluded.rcs_city, iban = excluded.iban, bic = excluded.bic, payment_days = excluded.payment_days,
           late_rate = excluded.late_rate, discount_terms = excluded.discount_terms, mention_set = excluded.mention_set,
           prices_include_vat = excluded.prices_include_vat, footer = excluded.footer, version = billing_profiles.version + 1",
    )
    .bind(tenant)
    .bind(Json(profile))
    .execute(tx.conn())
    .await?;
    Ok(())
}
