//! Invoices of a demo company that were paid online: by the operations that payers use, with the local provider.

use super::{account, actor, checkouts, disputes, store};
use crate::payments::links;
use uuid::Uuid;
use vision_kernel::Actor;
use vision_platform::{App, Failure, local_payments, public_link};
use vision_ports::payments::local::Choice;
use vision_ports::payments::{Event, EventKind};

/// Connects a demo company. Only with the local provider: no demo opens accounts at a real one.
pub(crate) async fn connect(app: &App, owner: &Actor) -> Result<bool, Failure> {
    if app.payments.name() != "local" {
        return Ok(false);
    }
    account::connect(app, owner).await?;
    let mut tx = app.db.read(owner.clone()).await?;
    let known = store::account(&mut tx, "local").await?;
    drop(tx);
    let Some(known) = known else { return Ok(false) };
    let desk = local_payments::gateway(app.db.clone(), &app.crypto, &app.config.public_url);
    desk.onboard(&known.id, Some(true), app.clock.now().as_second()).await.map_err(|error| super::problem(&error))?;
    account::refresh(app, owner).await?;
    Ok(true)
}

/// Pays an invoice as its customer would, or is refused.
pub(crate) async fn pay(app: &App, owner: &Actor, invoice: Uuid, choice: Choice) -> Result<(), Failure> {
    let mut tx = app.db.begin(owner.clone()).await?;
    let (_, url) = links::create(&mut tx, &app.config.public_url, invoice, None, links::DAYS).await?;
    tx.commit().await?;
    let token = url.rsplit('/').next().unwrap_or_default();
    let Some(key) = public_link::read(token) else { return Ok(()) };
    checkouts::start(app, token, &key, None).await?;
    let tenant = owner.tenant_id;
    let mut tx = app.db.read(actor(tenant)).await?;
    let open = store::checkouts(&mut tx, invoice).await?.into_iter().find(|row| row.state == "open");
    drop(tx);
    let Some((id, provider_id)) = open.and_then(|row| row.provider_id.map(|provider_id| (row.id, provider_id))) else { return Ok(()) };
    let desk = local_payments::gateway(app.db.clone(), &app.crypto, &app.config.public_url);
    let sent = desk.choose(&provider_id, choice, app.clock.now().as_second()).await.map_err(|error| super::problem(&error))?;
    checkouts::settle(app, tenant, id, None, choice == Choice::Refuse).await?;
    for (body, signature) in sent {
        if let Ok(Event { kind: EventKind::Dispute(dispute), .. }) = app.payments.event(&body, &signature, app.clock.now().as_second()) {
            disputes::record(app, tenant, &dispute).await?;
        }
    }
    Ok(())
}
