//! The lock of a period: what lies in it takes nothing any more.

use super::settings;
use crate::day;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Problem, Subject, text};
use vision_platform::{Failure, Tx};

/// The lock moved.
#[derive(Debug, Serialize)]
struct PeriodLocked {
    #[serde(skip)]
    tenant: Uuid,
    #[serde(skip)]
    changes: Vec<Change>,
    locked_until: Option<Date>,
    reason: Option<String>,
}

impl DomainEvent for PeriodLocked {
    fn name(&self) -> &'static str {
        "accounting.locked"
    }
    fn subject(&self) -> Subject {
        let label = self.locked_until.map_or_else(|| "—".to_owned(), |day| day.strftime("%d/%m/%Y").to_string());
        Subject { kind: "accounting", id: self.tenant, label }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

/// A move of the lock.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct LockRow {
    pub id: Uuid,
    pub previous: Option<jiff_sqlx::Date>,
    pub locked_until: Option<jiff_sqlx::Date>,
    pub reason: Option<String>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
}

fn refusal(until: Date) -> String {
    let shown = until.strftime("%d/%m/%Y");
    format!("La période jusqu’au {shown} est verrouillée par la comptabilité : choisissez une date postérieure, ou faites-la rouvrir.")
}

/// The last locked day where `on` lies in a locked period; the lock is held as it is until the transaction ends.
async fn locked(tx: &mut Tx, on: Date) -> sqlx::Result<Option<Date>> {
    Ok(settings::hold(tx).await?.locked_until().filter(|until| on <= *until))
}

/// Refuses an accounting date in a locked period, as a fault of a field.
pub(crate) async fn guard(tx: &mut Tx, on: Date, pointer: &str) -> Result<(), Failure> {
    match locked(tx, on).await? {
        Some(until) => Err(Problem::field(pointer, "locked", &refusal(until)).with("locked_until", until.to_string()).into()),
        None => Ok(()),
    }
}

/// The same where nobody typed the date.
pub(crate) async fn unlocked(tx: &mut Tx, on: Date) -> Result<(), Failure> {
    match locked(tx, on).await? {
        Some(until) => Err(Problem::conflict(refusal(until)).with("reason", "locked").with("locked_until", until.to_string()).into()),
        None => Ok(()),
    }
}

async fn is_owner(tx: &mut Tx) -> sqlx::Result<bool> {
    let (tenant, user) = (tx.tenant(), tx.actor().id);
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM memberships m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
         WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.deactivated_at IS NULL AND r.builtin AND r.key = 'owner')",
    )
    .bind(tenant)
    .bind(user)
    .fetch_one(tx.conn())
    .await
}

/// Moves the lock: forward by whoever keeps the books, back only by an owner who says why.
pub(super) async fn set(tx: &mut Tx, until: Option<Date>, reason: Option<String>) -> Result<(), Failure> {
    let before = settings::lock(tx).await?.locked_until();
    let today = day::today(tx).await?;
    let reason = reason.and_then(|reason| text::clean(&reason, false));
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 300) {
        return Err(Problem::field("/reason", "too_long", "300 caractères au plus.").into());
    }
    if until.is_some_and(|until| until >= today) {
        return Err(Problem::field("/locked_until", "future", "Une période se verrouille jusqu’à hier au plus.").into());
    }
    if until == before {
        return Ok(());
    }
    if until < before {
        if !is_owner(tx).await? {
            return Err(Problem::conflict("Seul un propriétaire rouvre une période verrouillée, en disant pourquoi.")
                .with("reason", "owner_only")
                .into());
        }
        if reason.is_none() {
            return Err(Problem::field("/reason", "required", "Dites pourquoi la période est rouverte.").into());
        }
    }
    let (tenant, id, now, actor) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "WITH moved AS (UPDATE accounting_settings SET locked_until = $3, version = version + 1 WHERE tenant_id = $1)
         INSERT INTO accounting_locks (tenant_id, id, previous, locked_until, reason, created_by, created_by_name, created_at)
         VALUES ($1, $2, $4, $3, $5, $6, $7, $8)",
    )
    .bind(tenant)
    .bind(id)
    .bind(until.map(ToSqlx::to_sqlx))
    .bind(before.map(ToSqlx::to_sqlx))
    .bind(&reason)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let changes = Change::between("locked_until", &before, &until).into_iter().collect();
    tx.emit(&PeriodLocked { tenant, changes, locked_until: until, reason });
    Ok(())
}

/// The last moves of the lock, the newest first.
pub(super) async fn history(tx: &mut Tx) -> sqlx::Result<Vec<LockRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, previous, locked_until, reason, created_by_name, created_at FROM accounting_locks WHERE tenant_id = $1 ORDER BY id DESC LIMIT 50",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
}
