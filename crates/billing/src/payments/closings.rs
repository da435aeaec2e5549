//! Closed days, months and years of the till (IS-07).

use super::store::{self, NewClosing};
use crate::{day, seal};
use jiff::civil::Date;
use serde::Deserialize;
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::crypto::Crypto;
use vision_platform::{App, Failure, Job, JobContext, JobError, Tx};

/// Before anything that this product has recorded.
const FIRST_DAY: Date = Date::constant(2000, 1, 1);
/// Most days closed in one request.
const MOST_DAYS: usize = 400;

/// The chain of a till.
pub(super) fn chain(till: &str) -> String {
    format!("till:{till}")
}

/// A period was closed.
#[derive(Debug, Serialize)]
struct PeriodClosed {
    #[serde(skip)]
    tenant: Uuid,
    till: String,
    until: Date,
    closings: usize,
}

impl DomainEvent for PeriodClosed {
    fn name(&self) -> &'static str {
        "till.closed"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "till", id: self.tenant, label: self.until.to_string() }
    }
}

async fn close(tx: &mut Tx, key: &seal::Key, till: &str, period: &str, from: Date, to: Date) -> Result<(), Failure> {
    let (entries, total_minor, moved, by_method, by_rate) = store::sums(tx, till, from, to).await?;
    let before = store::carried(tx, till).await?;
    // The months and years say again what their days have carried; a year begins at nothing, the perpetual total never does.
    let (cumulative_minor, perpetual_minor) = match (period, &before) {
        ("day", Some(last)) if last.ends_on.to_jiff().year() == to.year() => {
            (last.cumulative_minor + total_minor, last.perpetual_minor + moved)
        }
        ("day", last) => (total_minor, last.as_ref().map_or(0, |last| last.perpetual_minor) + moved),
        (_, Some(last)) if last.ends_on.to_jiff().year() == to.year() => (last.cumulative_minor, last.perpetual_minor),
        (_, last) => (0, last.as_ref().map_or(0, |last| last.perpetual_minor)),
    };
    let chain_seq = seal::lock_head(tx, &chain(till)).await?;
    let closing = NewClosing {
        period,
        starts_on: from,
        ends_on: to,
        entries,
        total_minor,
        cumulative_minor,
        perpetual_minor,
        by_method: &by_method,
        by_rate: &by_rate,
        chain_seq,
    };
    store::insert_closing(tx, till, &closing).await?;
    seal::append(tx, key, &chain(till), "closing", tx.new_id()).await
}

/// Closes the days before today that have entries and are open: whoever enters something on a new day finds the old ones closed (IS-07).
pub(super) async fn close_earlier(tx: &mut Tx, crypto: &Crypto, till: &str, today: Date) -> Result<(), Failure> {
    let Ok(yesterday) = today.yesterday() else { return Ok(()) };
    let from = store::closed_until(tx, till).await?.and_then(|closed| closed.tomorrow().ok()).unwrap_or(FIRST_DAY);
    match store::days_with_entries(tx, till, from, yesterday).await?.last() {
        Some(last) => close_until(tx, crypto, till, *last).await,
        None => Ok(()),
    }
}

/// Closes every open day up to and with `until`, and the months and years that are over by then.
pub(super) async fn close_until(tx: &mut Tx, crypto: &Crypto, till: &str, until: Date) -> Result<(), Failure> {
    let today = day::today(tx).await?;
    if until > today {
        return Err(Problem::field("/until", "future", "Ce jour est à venir.").into());
    }
    // Money comes in on the web without asking anybody: its day is closed when it is over.
    if till == store::ONLINE && until >= today {
        return Err(Problem::field("/until", "online", "La caisse en ligne se clôt une fois le jour passé.").into());
    }
    seal::lock_head(tx, &chain(till)).await?;
    let closed = store::closed_until(tx, till).await?;
    if closed.is_some_and(|closed| closed >= until) {
        return Err(Problem::conflict("Ce jour est déjà clos.").into());
    }
    let first = match closed {
        Some(closed) => closed.tomorrow().unwrap_or(closed),
        None => store::first_day(tx, till).await?.unwrap_or(until).min(until),
    };
    let mut days = store::days_with_entries(tx, till, first, until).await?;
    // The last day is closed also when nothing came in: the till says so.
    if days.last() != Some(&until) {
        days.push(until);
    }
    if days.len() > MOST_DAYS {
        return Err(Problem::field("/until", "too_many", "400 jours au plus à la fois.").into());
    }
    let key = seal::Key::of(crypto);
    let (mut closings, mut before) = (0, closed);
    for one in days {
        closings += close_periods(tx, &key, till, before, one).await?;
        close(tx, &key, till, "day", one, one).await?;
        closings += 1;
        before = Some(one);
    }
    // A month or year whose last day was closed is over.
    if let Some(next) = until.tomorrow().ok().filter(|next| next.day() == 1) {
        closings += close_periods(tx, &key, till, Some(until), next).await?;
    }
    let tenant = tx.tenant();
    tx.emit(&PeriodClosed { tenant, till: till.to_owned(), until, closings });
    Ok(())
}

/// Closes the months and years that end between the last closed day and the next one, also those in which nothing came in; each once.
async fn close_periods(tx: &mut Tx, key: &seal::Key, till: &str, before: Option<Date>, next: Date) -> Result<usize, Failure> {
    let Some(before) = before else { return Ok(0) };
    let mut closings = 0;
    let mut month = before.first_of_month();
    while month < next.first_of_month() {
        let over = month.last_of_month();
        if !store::is_closed(tx, till, "month", month).await? {
            close(tx, key, till, "month", month, over).await?;
            closings += 1;
        }
        if month.month() == 12 && !store::is_closed(tx, till, "year", month.first_of_year()).await? {
            close(tx, key, till, "year", month.first_of_year(), over).await?;
            closings += 1;
        }
        let Ok(following) = over.tomorrow() else { break };
        month = following;
    }
    Ok(closings)
}

/// Closes what a clock finds over: the days before today that have entries, and the month before this one, also when nothing came in on its
/// last day (IS-07). Harmless twice.
pub(crate) async fn close_due(tx: &mut Tx, crypto: &Crypto) -> Result<(), Failure> {
    for till in [store::COUNTER, store::ONLINE] {
        seal::lock_head(tx, &chain(till)).await?;
        let today = day::today(tx).await?;
        close_earlier(tx, crypto, till, today).await?;
        let Ok(over) = today.first_of_month().yesterday() else { return Ok(()) };
        if store::first_day(tx, till).await?.is_some_and(|first| first <= over)
            && !store::is_closed(tx, till, "month", over.first_of_month()).await?
            && store::closed_until(tx, till).await?.is_none_or(|closed| closed < over)
        {
            close_until(tx, crypto, till, over).await?;
        }
    }
    Ok(())
}

/// Closes the till of one company at the end of its day.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseTill {}

impl Job for CloseTill {
    const NAME: &'static str = "billing_close_till";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.begin().await?;
        close_due(&mut tx, &ctx.app.crypto).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Queues the closing of every company whose day is over on its own clock and has entries (IS-08), or whose month is over.
pub(crate) fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move {
        let mut tx = app.db.system().await?;
        let now = tx.now_sql();
        let due: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT t.id FROM tenants t CROSS JOIN unnest($2::text[]) AS k (till) CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE t.time_zone)::date AS today) d
             CROSS JOIN LATERAL (SELECT coalesce(max(c.ends_on), '2000-01-01'::date) AS until FROM closings c WHERE c.tenant_id = t.id AND c.till = k.till) c
             WHERE EXISTS (SELECT FROM payment_transactions p WHERE p.tenant_id = t.id AND p.till = k.till AND p.entered_on > c.until AND p.entered_on < d.today)
                OR (c.until < date_trunc('month', d.today)::date - 1
                  AND EXISTS (SELECT FROM payment_transactions p WHERE p.tenant_id = t.id AND p.till = k.till AND p.entered_on < date_trunc('month', d.today)::date))",
        )
        .bind(now)
        .bind([store::COUNTER, store::ONLINE])
        .fetch_all(tx.conn())
        .await?;
        for tenant in due {
            tx.enqueue(tenant, &CloseTill {}, Some(&format!("{tenant}:billing-close"))).await?;
        }
        tx.commit().await
    })
}
