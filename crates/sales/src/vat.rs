//! The VAT rates that hold on a day in a territory (X-03, QI-39): dated rows, never constants.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use vision_platform::Tx;

/// A rate with the class of goods that it is for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize, utoipa::ToSchema)]
pub struct VatRate {
    /// `standard`, `intermediate`, `reduced`, `super_reduced`, `special`
    pub class: String,
    /// Per cent.
    #[schema(value_type = String)]
    pub rate: Decimal,
}

/// The rates of a territory on a day, highest first; none where VAT is not applied.
pub async fn rates_on(tx: &mut Tx, territory: &str, day: Date) -> sqlx::Result<Vec<VatRate>> {
    sqlx::query_as("SELECT class, trim_scale(rate) AS rate FROM vat_rates_on($1, $2)")
        .bind(territory)
        .bind(day.to_sqlx())
        .fetch_all(tx.conn())
        .await
}
