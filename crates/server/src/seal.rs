//! Reading the chains of every company again, from the command line.

use uuid::Uuid;
use vision_platform::{App, Failure};

/// A line a chain, and whether all are whole; `slug` names one company.
pub async fn verify(app: &App, slug: Option<&str>) -> Result<(String, bool), Failure> {
    let mut tx = app.db.system().await?;
    let tenants: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, slug FROM tenants WHERE $1::text IS NULL OR slug = $1 ORDER BY slug")
        .bind(slug)
        .fetch_all(tx.conn())
        .await?;
    drop(tx);
    let (mut report, mut valid) = (String::new(), true);
    for (tenant, slug) in tenants {
        let mut tx = app.db.begin_as_system(tenant).await?;
        for verdict in vision_billing::seal::verify(&mut tx, &app.crypto).await? {
            let found = match (verdict.fault, verdict.broken_at) {
                (Some(fault), at) => format!("BROKEN at record {}: {fault:?}", at.unwrap_or_default()),
                (None, _) => format!("{} records, whole", verdict.records),
            };
            valid &= verdict.fault.is_none();
            report.push_str(&format!("{slug} {}: {found}\n", verdict.chain));
        }
    }
    if report.is_empty() {
        report.push_str("Nothing has been sealed yet.\n");
    }
    Ok((report, valid))
}
