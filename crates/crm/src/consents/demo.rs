//! Consents of a demo company: some agreed on its web site, some on paper, a few withdrew.

use super::model::{Channel, ConsentIn, ConsentSource, Purpose};
use super::oppositions::{self, Address, OppositionKey};
use super::{ops, store};
use crate::contacts::store as contacts;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// Gives about half of the people an agreement, and lets a few withdraw. The same on every machine.
pub async fn insert(tx: &mut Tx, crypto: &Crypto) -> Result<(), Failure> {
    let (tenant, now, actor) = (tx.tenant(), tx.now(), tx.actor().clone());
    ops::first_wordings(tx, Purpose::ALL).await?;
    // The order of names decides: identifiers differ from machine to machine.
    sqlx::query(
        "WITH people AS (SELECT id, email, phone, created_at, row_number() OVER (ORDER BY sort_name, created_at) AS n FROM contacts
           WHERE tenant_id = $1 AND kind = 'person'),
         given AS (
           SELECT id, created_at, n, 'email' AS channel, unnest(ARRAY['offers', 'reminders']) AS purpose FROM people WHERE email IS NOT NULL AND n % 5 IN (0, 2)
           UNION ALL SELECT id, created_at, n, 'sms', 'reminders' FROM people WHERE phone IS NOT NULL AND n % 3 = 0
           UNION ALL SELECT id, created_at, n, 'email', 'surveys' FROM people WHERE email IS NOT NULL AND n % 7 = 1)
         INSERT INTO consents (tenant_id, id, contact_id, channel, purpose, granted, wording_version, source, reference, given_at, recorded_at, actor_kind, actor_id, actor_name)
         SELECT $1, gen_random_uuid(), id, channel, purpose, true, 1, CASE WHEN n % 2 = 0 THEN 'web_form' ELSE 'paper' END,
           CASE WHEN n % 2 = 0 THEN 'Formulaire de contact du site' ELSE 'Fiche client signée, classeur ' || extract(year FROM created_at) END,
           created_at, created_at, $2, $3, $4 FROM given WHERE created_at <= $5",
    )
    .bind(tenant)
    .bind(actor.kind.as_str())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now.to_sqlx())
    .execute(tx.conn())
    .await?;
    let leaving: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM (SELECT id, email, row_number() OVER (ORDER BY sort_name, created_at) AS n FROM contacts WHERE tenant_id = $1 AND kind = 'person') p
         WHERE email IS NOT NULL AND n % 60 = 5 ORDER BY n LIMIT 5",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await?;
    let key = OppositionKey::ensure(tx, crypto).await?;
    for id in leaving {
        let decision = ConsentIn {
            channels: vec![Channel::Email],
            purposes: vec![Purpose::Offers],
            granted: false,
            source: ConsentSource::Email,
            reference: None,
            given_at: None,
            confirmed_at: None,
            after_opposition: false,
        };
        // Not through `record`: the home page of the demo begins with its own events.
        if let Some(contact) = contacts::get(tx, id).await? {
            store::insert(tx, id, &decision, now).await?;
            let emails: Vec<Address> = ops::addresses(&contact).into_iter().filter(|address| address.suits(Channel::Email)).collect();
            oppositions::add(tx, &key, &emails, &decision.channels, &decision.purposes, decision.source).await?;
        }
    }
    Ok(())
}
