//! How the books are kept, and the fiscal years that follow from it.

use super::accounts::Accounts;
use jiff::civil::Date;
use serde_json::{Map, Value};
use vision_platform::Tx;

/// How the books are kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Settings {
    pub fiscal_end_month: i16,
    pub accounts: Value,
    pub locked_until: Option<jiff_sqlx::Date>,
    pub version: i32,
}

impl Settings {
    pub(super) fn accounts(&self) -> Accounts {
        Accounts::stored(&self.accounts)
    }

    pub(super) fn locked_until(&self) -> Option<Date> {
        self.locked_until.map(jiff_sqlx::Date::to_jiff)
    }

    /// First and last day of the fiscal year that a day lies in.
    pub(super) fn fiscal_year(&self, day: Date) -> (Date, Date) {
        let month = i8::try_from(self.fiscal_end_month).unwrap_or(12);
        let year = if day.month() > month { day.year() + 1 } else { day.year() };
        let end = Date::new(year, month, 1).map_or(day, Date::last_of_month);
        let start = Date::new(year - 1, month, 1).map(Date::last_of_month).and_then(Date::tomorrow).unwrap_or(day);
        (start, end)
    }
}

/// The settings; the usual ones where nothing was chosen.
pub(super) async fn read(tx: &mut Tx) -> sqlx::Result<Settings> {
    let tenant = tx.tenant();
    let row = sqlx::query_as("SELECT fiscal_end_month, accounts, locked_until, version FROM accounting_settings WHERE tenant_id = $1")
        .bind(tenant)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.unwrap_or(Settings { fiscal_end_month: 12, accounts: Value::Object(Map::new()), locked_until: None, version: 0 }))
}

/// The settings, locked for a change.
pub(super) async fn lock(tx: &mut Tx) -> sqlx::Result<Settings> {
    held(tx, "FOR UPDATE").await
}

/// The settings, held as they are until the transaction ends.
pub(super) async fn hold(tx: &mut Tx) -> sqlx::Result<Settings> {
    held(tx, "FOR SHARE").await
}

async fn held(tx: &mut Tx, how: &str) -> sqlx::Result<Settings> {
    let tenant = tx.tenant();
    sqlx::query("INSERT INTO accounting_settings (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING").bind(tenant).execute(tx.conn()).await?;
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT fiscal_end_month, accounts, locked_until, version FROM accounting_settings WHERE tenant_id = $1 {how}"
    )))
    .bind(tenant)
    .fetch_one(tx.conn())
    .await
}

/// Writes the choices.
pub(super) async fn put(tx: &mut Tx, fiscal_end_month: i16, accounts: &Value) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE accounting_settings SET fiscal_end_month = $2, accounts = $3, version = version + 1 WHERE tenant_id = $1")
        .bind(tenant)
        .bind(fiscal_end_month)
        .bind(accounts)
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_fiscal_year_ends_with_its_month() {
        let settings = |month| Settings { fiscal_end_month: month, accounts: Value::Null, locked_until: None, version: 0 };
        assert_eq!(settings(12).fiscal_year(date(2026, 11, 28)), (date(2026, 1, 1), date(2026, 12, 31)));
        assert_eq!(settings(9).fiscal_year(date(2026, 11, 28)), (date(2026, 10, 1), date(2027, 9, 30)));
        assert_eq!(settings(2).fiscal_year(date(2028, 2, 29)), (date(2027, 3, 1), date(2028, 2, 29)));
    }
}
