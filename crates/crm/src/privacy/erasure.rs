//! Erasing a person: what it would do, what stands against it, and its beginning. The work itself is a job.

use super::registry::{Erasure, tables};
use super::requests::{self, Kind, NewRequest};
use super::store;
use crate::consents::{model, oppositions, oppositions::OppositionKey, ops as consents};
use crate::contacts::store as contacts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_kernel::{Permission, Problem, ProblemKind, text};
use vision_platform::background::{self, BackgroundJob};
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// Kind of the background job.
pub(crate) const KIND: &str = "privacy.erasure";

/// Something that an erasure runs into. A domain with records that the law keeps (GD-03: invoices, accepted contracts, police forms) or
/// that must be ended first (bookings) joins by one line of [`HOLDS`].
struct Hold {
    key: &'static str,
    /// Whether nothing can be erased before it is ended.
    blocks: bool,
    /// How many there are: `$1` the company, `$2` the ids under which the person is known.
    count: &'static str,
    explain: &'static str,
}

const HOLDS: &[Hold] = &[
    Hold {
        key: "invoice_drafts",
        blocks: true,
        count: "SELECT count(*) FROM invoices WHERE tenant_id = $1 AND contact_id = ANY ($2) AND state = 'draft'",
        explain: "Des brouillons de facture sont à son nom : émettez-les ou supprimez-les d’abord.",
    },
    Hold {
        key: "open_orders",
        blocks: true,
        count: "SELECT count(*) FROM orders WHERE tenant_id = $1 AND contact_id = ANY ($2) AND state IN ('draft', 'sent', 'viewed')",
        explain: "Des devis sont en préparation ou attendent une réponse : supprimez-les ou annulez-les d’abord.",
    },
    Hold {
        key: "orders",
        blocks: false,
        count: "SELECT count(*) FROM orders WHERE tenant_id = $1 AND contact_id = ANY ($2) AND number IS NOT NULL",
        explain: "Les devis envoyés et leur réponse sont conservés dix ans, comme preuve de ce qui a été proposé et convenu (C. conso. L213-1).",
    },
    Hold {
        key: "unpaid_invoices",
        blocks: false,
        count: "SELECT count(*) FROM invoices WHERE tenant_id = $1 AND contact_id = ANY ($2) AND state = 'issued' AND kind <> 'credit_note'
                AND gross_minor > deducted_minor + paid_minor + credited_minor",
        explain: "Des factures restent à payer : elles le restent après l’effacement, mais plus rien ne permettra de joindre la personne.",
    },
    Hold {
        key: "invoices",
        blocks: false,
        count: "SELECT count(*) FROM invoices WHERE tenant_id = $1 AND contact_id = ANY ($2) AND state = 'issued'",
        explain: "Les factures émises sont conservées dix ans, avec le nom et l’adresse qu’elles portent (C. com. L123-22).",
    },
    Hold {
        key: "restriction",
        blocks: true,
        count: "SELECT count(*) FROM privacy_requests WHERE tenant_id = $1 AND contact_id = ANY ($2) AND kind = 'restriction' AND status = 'open'",
        explain: "Une demande de limitation est en cours : la personne a demandé que ses données soient conservées sans être utilisées (art. 18). Répondez-y d’abord.",
    },
    Hold {
        key: "entities",
        blocks: false,
        count: "SELECT count(*) FROM entities WHERE tenant_id = $1 AND contact_id = ANY ($2) AND kind NOT IN ('patient', 'property')",
        explain: "Ses biens restent, sans propriétaire : l’historique technique d’un véhicule suit le véhicule (GA-14).",
    },
    Hold {
        key: "open_tasks",
        blocks: false,
        count: "SELECT count(*) FROM tasks WHERE tenant_id = $1 AND done_at IS NULL AND deleted_at IS NULL AND (contact_id = ANY ($2) OR EXISTS (
                  SELECT FROM entity_owners o WHERE o.tenant_id = $1 AND o.entity_id = tasks.entity_id AND o.contact_id = ANY ($2)
                    AND tasks.created_at >= o.since - 1 AND (o.until IS NULL OR tasks.created_at < o.until + 1)))",
        explain: "Des tâches encore ouvertes seront supprimées avec la fiche.",
    },
];

/// Something that an erasure runs into.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureHold {
    /// `invoice_drafts`, `unpaid_invoices`, `invoices`, `restriction`, `entities`, `open_tasks`
    key: &'static str,
    /// True: nothing can be erased before it is ended.
    pub(super) blocks: bool,
    count: i64,
    /// Why, in French.
    explanation: &'static str,
}

/// What an erasure does to a table.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// Rows go.
    Delete,
    /// Rows stay, emptied.
    Anonymise,
    /// Rows stay as they are.
    Keep,
}

/// What an erasure does to a table.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureEffect {
    /// Name of the table, as in the register.
    table: &'static str,
    /// What it holds, in French.
    about: &'static str,
    effect: EffectKind,
    /// Rows of this person; 0 where they are not counted one by one.
    count: i64,
    /// Why it is kept.
    reason: Option<&'static str>,
}

/// What an erasure would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasurePreview {
    /// What to type to confirm.
    confirm: String,
    holds: Vec<ErasureHold>,
    effects: Vec<ErasureEffect>,
    /// E-mails and telephones that another contact has too: they stay there.
    shared: i64,
}

/// Erasing needs the right to delete contacts as well as that of the company.
pub(super) fn check_right(tx: &Tx) -> Result<(), Failure> {
    if tx.actor().permissions.contains(&Permission::ContactsDelete) { Ok(()) } else { Err(Problem::new(ProblemKind::Forbidden).into()) }
}

async fn holds(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<ErasureHold>, Failure> {
    let tenant = tx.tenant();
    let sql = HOLDS.iter().map(|hold| format!("({})", hold.count)).collect::<Vec<_>>().join(", ");
    let counts: Vec<i64> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT unnest(ARRAY[{sql}])"))).bind(tenant).bind(ids).fetch_all(tx.conn()).await?;
    let found = HOLDS.iter().zip(counts).filter(|(_, count)| *count > 0);
    Ok(found.map(|(hold, count)| ErasureHold { key: hold.key, blocks: hold.blocks, count, explanation: hold.explain }).collect())
}

async fn target(tx: &mut Tx, id: Uuid) -> Result<store::Target, Failure> {
    check_right(tx)?;
    let target = store::target(tx, id).await?.ok_or_else(Problem::not_found)?;
    if target.erased {
        return Err(Problem::conflict("Les données de cette personne ont déjà été effacées.").into());
    }
    Ok(target)
}

/// What erasing a contact would do.
pub(super) async fn preview(tx: &mut Tx, id: Uuid) -> Result<ErasurePreview, Failure> {
    let target = target(tx, id).await?;
    let ids = store::ids(tx, id).await?;
    let counts = store::counts(tx, &ids).await?;
    let effects = tables().filter_map(|table| {
        let (effect, reason) = match table.erasure {
            Erasure::None => return None,
            Erasure::Delete => (EffectKind::Delete, None),
            Erasure::Anonymise => (EffectKind::Anonymise, None),
            Erasure::Keep(reason) => (EffectKind::Keep, Some(reason)),
        };
        let count = counts.get(table.name).copied().unwrap_or(0);
        (count > 0 || reason.is_some()).then_some(ErasureEffect { table: table.name, about: table.about, effect, count, reason })
    });
    let effects = effects.collect();
    let tenant = tx.tenant();
    let shared = sqlx::query_scalar(
        "SELECT count(*) FROM contact_keys k WHERE k.tenant_id = $1 AND k.contact_id = ANY ($2) AND EXISTS (
           SELECT FROM contact_keys o WHERE o.tenant_id = $1 AND o.kind = k.kind AND o.value = k.value AND o.contact_id <> ALL ($2))",
    )
    .bind(tenant)
    .bind(&ids)
    .fetch_one(tx.conn())
    .await?;
    Ok(ErasurePreview { confirm: target.display_name, holds: holds(tx, &ids).await?, effects, shared })
}

/// A decision to erase.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ErasureIn {
    /// The contact's name, typed: nobody erases by a slip of the hand.
    confirm: String,
    /// Also list the person's addresses as objecting to everything, so that no later import writes to them (MK-17). True by default.
    oppose: Option<bool>,
    /// The request that it answers; one is written where there is none.
    request_id: Option<Uuid>,
}

/// What the job must know. Sealed: what the person is recognised by, once the record itself is gone; forgotten at the end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Params {
    pub(super) contact_id: Uuid,
    pub(super) request_id: Uuid,
    #[serde(default)]
    pub(super) oppose: bool,
    #[serde(default)]
    pub(super) ids: Vec<Uuid>,
    #[serde(default)]
    pub(super) records: Vec<Uuid>,
    #[serde(default)]
    pub(super) prefixes: Vec<String>,
    #[serde(default)]
    pub(super) sealed: Vec<u8>,
    #[serde(default)]
    pub(super) counts: BTreeMap<String, u64>,
    /// The job that this one is a part of: it is not shown by itself, and nobody is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<Uuid>,
}

/// Queues the erasure; it cannot be stopped or taken back.
pub(super) async fn start(tx: &mut Tx, id: Uuid, input: ErasureIn) -> Result<BackgroundJob, Failure> {
    target(tx, id).await?;
    // Two people press at once: the second one waits here, and finds the request of the first.
    let target = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    if target.erased || requests::is_erasing(tx, id).await? {
        return Err(Problem::conflict("L’effacement de cette personne est déjà en cours.").into());
    }
    if text::fold(&input.confirm).trim() != text::fold(&target.display_name).trim() {
        return Err(Problem::field("/confirm", "mismatch", "Recopiez le nom affiché pour confirmer.").into());
    }
    let ids = store::ids(tx, id).await?;
    if let Some(hold) = holds(tx, &ids).await?.into_iter().find(|hold| hold.blocks) {
        return Err(Problem::conflict(hold.explanation).with("reason", hold.key).into());
    }
    let request = match input.request_id {
        Some(request) => request,
        None => requests::insert(tx, NewRequest::now(tx, Kind::Erasure, Some(id), None)).await?,
    };
    let params = Params { contact_id: id, request_id: request, oppose: input.oppose.unwrap_or(true), ..Params::default() };
    let job = background::create(tx, KIND, serde_json::to_value(&params)?, false).await?;
    background::set_total(tx, job.id, 4).await?;
    requests::begin(tx, request, id, job.id).await?;
    tx.enqueue_with(&super::jobs::EraseContact { job_id: job.id }, Some(&format!("erase:{}", job.id)), Some("erase")).await?;
    Ok(BackgroundJob { total: 4, ..job })
}

/// Begins the erasure of somebody who is kept too long, as a part of another job, which carries it out; `None` where something stands
/// against it, or where another erasure was faster. Unlike on request, nothing is objected to in the person's name: they asked for nothing.
pub(super) async fn begin_for_retention(tx: &mut Tx, id: Uuid, parent: Uuid) -> Result<Option<BackgroundJob>, Failure> {
    let Some(target) = store::lock(tx, id).await? else { return Ok(None) };
    let ids = store::ids(tx, id).await?;
    if target.erased || requests::is_erasing(tx, id).await? || holds(tx, &ids).await?.iter().any(|hold| hold.blocks) {
        return Ok(None);
    }
    let details = Some("Durée de conservation atteinte.".to_owned());
    let request = requests::insert(tx, NewRequest { details, ..NewRequest::now(tx, Kind::Erasure, Some(id), None) }).await?;
    let params = Params { contact_id: id, request_id: request, parent: Some(parent), ..Params::default() };
    let job = background::create(tx, KIND, serde_json::to_value(&params)?, false).await?;
    requests::begin(tx, request, id, job.id).await?;
    Ok(Some(job))
}

/// MK-17: what the person objected to is listed under keyed hashes before the addresses are forgotten; with `everything`, on every channel.
/// Gives the hashes, which recognise the person later without naming them.
pub(super) async fn remember_objections(tx: &mut Tx, crypto: &Crypto, id: Uuid, everything: bool) -> Result<Vec<Vec<u8>>, Failure> {
    let Some(contact) = contacts::get(tx, id).await? else { return Ok(Vec::new()) };
    let addresses = consents::addresses(&contact);
    let key = OppositionKey::ensure(tx, crypto).await?;
    if everything {
        oppositions::add(tx, &key, &addresses, model::Channel::ALL, model::Purpose::ALL, model::ConsentSource::Other).await?;
    } else {
        for state in consents::states(tx, crypto, &contact).await? {
            if state.status == consents::ConsentStatus::Withdrawn {
                let suited: Vec<oppositions::Address> = addresses.iter().filter(|address| address.suits(state.channel)).cloned().collect();
                oppositions::add(tx, &key, &suited, &[state.channel], &[state.purpose], model::ConsentSource::Other).await?;
            }
        }
    }
    Ok(addresses.iter().map(|address| key.hash(address)).collect())
}
