//! The company's account at the provider: opened, told about, watched, disconnected.

use super::store::{self, Account};
use serde::Serialize;
use uuid::Uuid;
use vision_kernel::{Actor, Change, DomainEvent, Subject};
use vision_platform::{App, Failure, Tx};
use vision_ports::PaymentsError;
use vision_ports::payments::{self, NewAccount};

/// Where the settings are, and the provider comes back to.
const SETTINGS: &str = "/parametres/encaissement";

/// The account changed.
#[derive(Debug, Serialize)]
struct AccountUpdated {
    #[serde(skip)]
    tenant: Uuid,
    #[serde(skip)]
    provider: String,
    #[serde(skip)]
    changes: Vec<Change>,
}

impl DomainEvent for AccountUpdated {
    fn name(&self) -> &'static str {
        "payment_account.updated"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "payment_account", id: self.tenant, label: self.provider.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

/// Where an account stands, in one word.
pub(crate) fn state(account: Option<&Account>) -> &'static str {
    match account {
        None => "none",
        Some(account) if account.disconnected_at.is_some() => "disconnected",
        Some(account) if account.charges_enabled && account.payouts_enabled => "ready",
        // It takes money that is not paid out yet, or the other way round.
        Some(account) if account.charges_enabled || account.details_submitted => "restricted",
        Some(_) => "onboarding",
    }
}

/// The account, where somebody can pay into it.
pub(super) async fn ready(tx: &mut Tx, app: &App) -> sqlx::Result<Option<Account>> {
    let account = store::account(tx, app.payments.name()).await?;
    Ok(account.filter(|account| account.charges_enabled && account.disconnected_at.is_none()))
}

/// True where this company is paid online.
pub async fn can_be_paid(tx: &mut Tx, app: &App) -> Result<bool, Failure> {
    Ok(ready(tx, app).await?.is_some())
}

fn of(provider: &str, seen: payments::Account) -> Account {
    Account {
        provider: provider.to_owned(),
        id: seen.id,
        charges_enabled: seen.charges_enabled,
        payouts_enabled: seen.payouts_enabled,
        details_submitted: seen.details_submitted,
        currently_due: seen.currently_due.into_iter().take(50).collect(),
        disconnected_at: None,
    }
}

async fn write(tx: &mut Tx, after: &Account) -> Result<(), Failure> {
    let before = store::account(tx, &after.provider).await?;
    store::put_account(tx, after).await?;
    let (old, new) = (state(before.as_ref()), state(Some(after)));
    if old != new {
        let (tenant, provider) = (tx.tenant(), after.provider.clone());
        let changes = Change::between("state", &old, &new).into_iter().collect();
        tx.emit(&AccountUpdated { tenant, provider, changes });
    }
    Ok(())
}

/// Opens an account where there is none; gives the address where the company tells the provider about itself.
pub(super) async fn connect(app: &App, actor: &Actor) -> Result<String, Failure> {
    let provider = app.payments.name();
    let mut tx = app.db.read(actor.clone()).await?;
    let known = store::account(&mut tx, provider).await?;
    let seller = crate::profiles::seller(&mut tx).await?;
    drop(tx);
    let seen = match &known {
        Some(known) => app.payments.account(&known.id).await.map(Some).or_else(|error| match error {
            // The company has cut the connection at the provider's: it gets another account.
            PaymentsError::NotFound | PaymentsError::Refused(_) => Ok(None),
            error => Err(super::problem(&error)),
        })?,
        None => None,
    };
    let seen = if let Some(seen) = seen {
        seen
    } else {
        let new = NewAccount {
            reference: actor.tenant_id.to_string(),
            name: seller.legal_name.unwrap_or(seller.name),
            email: seller.email,
            country: seller.country,
        };
        let after = known.map(|known| known.id).unwrap_or_default();
        app.payments.create_account(&new, &format!("account-{}-{after}", actor.tenant_id)).await.map_err(|error| super::problem(&error))?
    };
    let id = seen.id.clone();
    let mut tx = app.db.begin(actor.clone()).await?;
    write(&mut tx, &of(provider, seen)).await?;
    tx.commit().await?;
    let back = format!("{}{SETTINGS}?retour=1", app.config.public_url);
    let key = format!("link-{}", app.clock.new_id());
    Ok(app.payments.onboarding_url(&id, &back, &key).await.map_err(|error| super::problem(&error))?)
}

/// Asks the provider how the account stands.
pub(super) async fn refresh(app: &App, actor: &Actor) -> Result<Option<Account>, Failure> {
    let provider = app.payments.name();
    let mut tx = app.db.read(actor.clone()).await?;
    let known = store::account(&mut tx, provider).await?;
    drop(tx);
    let Some(known) = known else { return Ok(None) };
    // What was cut stays cut until somebody connects again.
    if known.disconnected_at.is_some() {
        return Ok(Some(known));
    }
    let seen = app.payments.account(&known.id).await.map_err(|error| super::problem(&error))?;
    let account = of(provider, seen);
    let mut tx = app.db.begin(actor.clone()).await?;
    write(&mut tx, &account).await?;
    tx.commit().await?;
    Ok(Some(account))
}

/// Cuts the connection: nobody can pay online any more, what was paid stays.
pub(super) async fn disconnect(tx: &mut Tx, provider: &str) -> Result<Option<Account>, Failure> {
    use jiff_sqlx::ToSqlx;
    let Some(known) = store::account(tx, provider).await? else { return Ok(None) };
    if known.disconnected_at.is_some() {
        return Ok(Some(known));
    }
    let account = Account { disconnected_at: Some(tx.now().to_sqlx()), charges_enabled: false, payouts_enabled: false, ..known };
    write(tx, &account).await?;
    Ok(Some(account))
}
