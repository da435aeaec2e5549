//! The legal day: the one of the company's clock.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use vision_platform::Tx;

/// Today where the company is.
pub(crate) async fn today(tx: &mut Tx) -> sqlx::Result<Date> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let day: jiff_sqlx::Date = sqlx::query_scalar("SELECT ($2::timestamptz AT TIME ZONE time_zone)::date FROM tenants WHERE id = $1")
        .bind(tenant)
        .bind(now)
        .fetch_one(tx.conn())
        .await?;
    Ok(day.to_jiff())
}

/// The name of the company's time zone.
pub(crate) async fn zone_name(tx: &mut Tx) -> sqlx::Result<String> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT time_zone FROM tenants WHERE id = $1").bind(tenant).fetch_one(tx.conn()).await
}

/// The company's clock.
pub(crate) async fn zone(tx: &mut Tx) -> sqlx::Result<TimeZone> {
    let tenant = tx.tenant();
    let zone: String = sqlx::query_scalar("SELECT time_zone FROM tenants WHERE id = $1").bind(tenant).fetch_one(tx.conn()).await?;
    Ok(TimeZone::get(&zone).unwrap_or(TimeZone::UTC))
}

/// Now, on the company's clock, as it is written: `24/11/2026 à 14:30`.
pub(crate) async fn moment(tx: &mut Tx) -> sqlx::Result<String> {
    let now = tx.now();
    Ok(now.to_zoned(zone(tx).await?).strftime("%d/%m/%Y à %H:%M").to_string())
}
