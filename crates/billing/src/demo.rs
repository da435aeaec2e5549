//! Two years of a demo company's invoices and payments: written by the operations that people use, on the days on which they would have
//! been, closings included.

use crate::{invoices, orders, payments, profiles};
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
    orders::demo::begin(&mut tx).await?;
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
        quote(app, &mut tx, (customer.id, trade, place), &items, step + 3 < MONTHS * 2).await?;
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
    // A quote that is being written, and a model for the next ones.
    if let Some(customer) = customers.get(5) {
        let lines: Vec<_> = items.iter().take(3).collect();
        let draft = orders::demo::draft(&mut tx, customer.id, &lines, with_vat, 0, subject(trade, 0)).await?;
        orders::demo::template(&mut tx, draft, subject(trade, 1)).await?;
    }
    tx.commit().await
}

/// What quotes of a trade are about.
fn subject(trade: &str, place: usize) -> &'static str {
    let subjects: [&str; 4] = match trade {
        "garage" => ["Révision complète", "Freinage avant", "Distribution", "Remise en état de la carrosserie"],
        "hotel" => ["Séminaire de deux jours", "Réunion de famille", "Séjour de groupe", "Salle et déjeuner"],
        _ => ["Repas d’anniversaire", "Déjeuner d’équipe", "Cocktail", "Banquet de mariage"],
    };
    subjects.get(place % subjects.len()).copied().unwrap_or_default()
}

/// A quote every second step, and what became of it; the last ones wait for their answer.
async fn quote(
    app: &App,
    tx: &mut vision_platform::Tx,
    (contact, trade, place): (Uuid, &str, usize),
    items: &[invoices::demo::Item],
    old: bool,
) -> Result<(), Failure> {
    if place % 2 == 1 && old {
        return Ok(());
    }
    let lines: Vec<_> = items.iter().skip(place * 5 % items.len().max(1)).chain(items).take(3 + place % 2).collect();
    let id = orders::demo::draft(tx, contact, &lines, trade != "garage", place, subject(trade, place / 2)).await?;
    orders::demo::send(app, tx, id).await?;
    if !old {
        return Ok(());
    }
    match place % 10 {
        0 | 4 => {
            orders::demo::accept(app, tx, id, place % 20 != 0).await?;
            let (deposit, due) = orders::demo::bill(app, tx, id, "deposit").await?;
            payments::demo::pay(tx, &app.crypto, deposit, due, "card").await?;
            let (balance, due) = orders::demo::bill(app, tx, id, "balance").await?;
            payments::demo::pay(tx, &app.crypto, balance, due, "transfer").await?;
        }
        6 => orders::demo::refuse(tx, id, "Le délai est trop long").await?,
        8 => {
            orders::demo::accept(app, tx, id, true).await?;
            orders::demo::bill(app, tx, id, "deposit").await?;
        }
        // Nobody answered: it expired.
        _ => {}
    }
    Ok(())
}
