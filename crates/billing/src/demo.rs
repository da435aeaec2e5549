//! Two years of a demo company's invoices and payments: written by the operations that people use, on the days on which they would have
//! been, closings included.

use crate::{invoices, payments, profiles};
use jiff::SignedDuration;
use uuid::Uuid;
use vision_kernel::{Actor, ActorKind};
use vision_platform::{App, Clock, Failure};

/// Months of history.
const MONTHS: i64 = 24;

/// Fills a company's books. `owner` is who wrote them; `city` is where its company is registered.
pub async fn fill(app: &App, tenant: Uuid, owner: &(Uuid, String), trade: &str, city: &str) -> Result<(), Failure> {
    let actor = Actor { kind: ActorKind::User, id: owner.0, name: owner.1.clone(), ..Actor::system(tenant) };
    let mut tx = app.db.begin(actor.clone()).await?;
    profiles::demo(&mut tx, city).await?;
    let customers = invoices::demo::customers(&mut tx).await?;
    let items = invoices::demo::items(&mut tx).await?;
    tx.commit().await?;
    let with_vat = trade != "garage";
    let mut unpaid: Vec<(Uuid, i64, i64)> = Vec::new();
    for step in 0..MONTHS * 2 {
        let days = (MONTHS * 2 - 1 - step) * 15 + 2;
        let clock = Clock::default();
        clock.advance(SignedDuration::from_hours(-24 * days));
        let db = app.db.at(clock);
        let place = usize::try_from(step).unwrap_or_default();
        let Some(customer) = customers.get(place * 7 % customers.len().max(1)) else { return Ok(()) };
        let mut tx = db.begin(actor.clone()).await?;
        // What businesses owed is paid a month later, now and then in two parts; the last ones stay open.
        let (ripe, open): (Vec<_>, Vec<_>) = unpaid.into_iter().partition(|(_, _, since)| step - since >= 2 && since % 12 != 11);
        unpaid = open;
        payments::demo::close_before(&mut tx, &app.crypto).await?;
        for (invoice, due, since) in ripe {
            let part = if since % 5 == 0 { due / 2 } else { due };
            payments::demo::pay(&mut tx, &app.crypto, invoice, part, "transfer").await?;
        }
        let lines: Vec<_> = items.iter().skip(place * 3 % items.len().max(1)).chain(&items).take(2 + place % 3).collect();
        let issued = invoices::demo::issue(&mut tx, &app.crypto, customer.id, &lines, with_vat, place).await?;
        if customer.business {
            unpaid.push((issued.0, issued.1, step));
        } else if place % 9 != 8 && step + 1 < MONTHS * 2 {
            let method = if issued.1 < 30_000 && place % 4 == 0 { "cash" } else { "card" };
            payments::demo::pay(&mut tx, &app.crypto, issued.0, issued.1, method).await?;
        }
        if place % 16 == 9 {
            invoices::demo::credit(&mut tx, &app.crypto, issued.0).await?;
        }
        tx.commit().await?;
    }
    // Three drafts, as a desk has them.
    let mut tx = app.db.begin(actor).await?;
    for (place, customer) in customers.iter().take(3).enumerate() {
        let lines: Vec<_> = items.iter().skip(place).take(3).collect();
        invoices::demo::draft(&mut tx, customer.id, &lines, with_vat, place).await?;
    }
    tx.commit().await
}
