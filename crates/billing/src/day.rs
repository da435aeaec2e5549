//! The legal day: the one of the company's clock.

use jiff::civil::Date;
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
pub(crate) async fn zone(tx: &mut Tx) -> sqlx::Result<String> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT time_zone FROM tenants WHERE id = $1").bind(tenant).fetch_one(tx.conn()).await
}
