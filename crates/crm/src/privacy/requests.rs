//! The log of requests (GD-01): what a person asked for, until when it must be answered, what was answered.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, FieldError, Problem, ProblemKind, Subject, text};
use vision_platform::{Failure, Tx};

use crate::zone;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        $(#[$doc])*
        pub enum $name { $($(#[$item])* $variant),+ }
        impl $name {
            /// As stored.
            pub(crate) const fn word(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
            /// Reads a stored word.
            pub(crate) fn from_word(word: &str) -> Option<Self> { match word { $($word => Some(Self::$variant),)+ _ => None } }
        }
    };
}

words! {
    /// Which right is exercised (art. 15 to 21).
    #[schema(as = PrivacyRequestKind)]
    Kind {
        /// A copy of one's data.
        Access = "access",
        /// A correction.
        Rectification = "rectification",
        /// To be forgotten.
        Erasure = "erasure",
        /// To be kept and not used.
        Restriction = "restriction",
        /// One's data for another tool.
        Portability = "portability",
        /// No more messages, or no more use at all.
        Objection = "objection",
    }
}

words! {
    /// How far a request is.
    #[schema(as = PrivacyRequestStatus)]
    Status {
        /// To be answered.
        Open = "open",
        /// Its erasure is under way.
        Running = "running",
        /// Answered.
        Answered = "answered",
        /// Refused, with reasons.
        Refused = "refused",
    }
}

words! {
    /// Whether whoever asks is the person.
    #[schema(as = IdentityCheck)]
    Identity {
        /// Not looked at yet.
        Pending = "pending",
        /// It is.
        Verified = "verified",
        /// In doubt: more was asked for.
        Doubtful = "doubtful",
    }
}

/// A request as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct RequestRow {
    pub id: Uuid,
    pub kind: String,
    pub status: String,
    pub contact_id: Option<Uuid>,
    pub person_name: Option<String>,
    pub received_on: jiff_sqlx::Date,
    pub identity: String,
    pub identity_note: Option<String>,
    pub details: Option<String>,
    pub due_on: jiff_sqlx::Date,
    pub extended_on: Option<jiff_sqlx::Date>,
    pub extension_reason: Option<String>,
    pub answered_on: Option<jiff_sqlx::Date>,
    pub answer: Option<String>,
    pub job_id: Option<Uuid>,
    pub certificate: Option<Value>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

const COLUMNS: &str =
    "id, kind, status, contact_id, person_name, received_on, identity, identity_note, details, due_on, extended_on, extension_reason,
    answered_on, answer, job_id, certificate, created_by_name, created_at, version";

/// A month from a day on; where the month is too short, its last day (art. 12(3), and regulation 1182/71).
pub(crate) fn due(received: Date, months: i32) -> Date {
    received.saturating_add(months.months())
}

/// The present day of the company.
pub(crate) async fn today(tx: &mut Tx) -> Result<Date, Failure> {
    let now = tx.now();
    Ok(zone::of_tenant(tx).await?.wall(now).date())
}

/// A request to write down.
pub(crate) struct NewRequest {
    pub(crate) kind: Kind,
    pub(crate) contact_id: Option<Uuid>,
    pub(crate) person_name: Option<String>,
    pub(crate) received_on: Option<Date>,
    pub(crate) identity: Identity,
    pub(crate) identity_note: Option<String>,
    pub(crate) details: Option<String>,
}

impl NewRequest {
    /// One that comes in as it is dealt with.
    pub(crate) fn now(_: &Tx, kind: Kind, contact_id: Option<Uuid>, person_name: Option<String>) -> Self {
        Self { kind, contact_id, person_name, received_on: None, identity: Identity::Verified, identity_note: None, details: None }
    }
}

/// A request changed in some way. It names nobody: the log outlives an erasure.
#[derive(Serialize)]
struct RequestEvent {
    id: Uuid,
    kind: &'static str,
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    changes: Vec<Change>,
}

impl DomainEvent for RequestEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "privacy_request", id: self.id, label: self.kind.to_owned() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}

fn written(field: &str, value: Option<&str>, most: usize, errors: &mut Vec<FieldError>) -> Option<String> {
    let value = value.and_then(|value| text::clean(value, true))?;
    if value.chars().count() > most {
        errors.push(FieldError::new(format!("/{field}"), "too_long", format!("{most} caractères au plus.")));
    }
    Some(value)
}

/// Writes a request down; gives its id.
pub(crate) async fn insert(tx: &mut Tx, new: NewRequest) -> Result<Uuid, Failure> {
    let today = today(tx).await?;
    let received = new.received_on.unwrap_or(today);
    let mut errors = Vec::new();
    if received > today {
        errors.push(FieldError::new("/received_on", "future", "Cette date est à venir.".to_owned()));
    }
    if received < due(today, -36) {
        errors.push(FieldError::new("/received_on", "past", "Cette date est trop ancienne.".to_owned()));
    }
    let name = written("person_name", new.person_name.as_deref(), 200, &mut errors);
    let note = written("identity_note", new.identity_note.as_deref(), 2000, &mut errors);
    let details = written("details", new.details.as_deref(), 5000, &mut errors);
    if new.contact_id.is_none() && name.is_none() {
        errors.push(FieldError::new("/person_name", "required", "Indiquez la personne, ou choisissez sa fiche.".to_owned()));
    }
    if !errors.is_empty() {
        return Err(Problem::validation(errors).into());
    }
    let (id, tenant, now, actor) = (tx.new_id(), tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO privacy_requests (tenant_id, id, kind, contact_id, person_name, received_on, identity, identity_note, details, due_on, created_by,
           created_by_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
    )
    .bind(tenant)
    .bind(id)
    .bind(new.kind.word())
    .bind(new.contact_id)
    .bind(name)
    .bind(received.to_sqlx())
    .bind(new.identity.word())
    .bind(note)
    .bind(details)
    .bind(due(received, 1).to_sqlx())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.emit(&RequestEvent { id, kind: new.kind.word(), name: "privacy_request.received", changes: Vec::new() });
    Ok(id)
}

/// One request.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<RequestRow, Failure> {
    let tenant = tx.tenant();
    let sql = format!("SELECT {COLUMNS} FROM privacy_requests WHERE tenant_id = $1 AND id = $2");
    let row: Option<RequestRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(id).fetch_optional(tx.conn()).await?;
    row.ok_or_else(|| Problem::not_found().into())
}

/// A page: open ones by their day, or all, newest first.
pub(crate) async fn page(
    tx: &mut Tx,
    open: bool,
    kind: Option<Kind>,
    contact: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<RequestRow>> {
    let tenant = tx.tenant();
    let sql = format!(
        "SELECT {COLUMNS} FROM privacy_requests WHERE tenant_id = $1 AND (NOT $2 OR status IN ('open', 'running')) AND ($3::text IS NULL OR kind = $3)
           AND ($4::uuid IS NULL OR contact_id = $4) AND ($5::uuid IS NULL OR id < $5) ORDER BY id DESC LIMIT $6"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant)
        .bind(open)
        .bind(kind.map(Kind::word))
        .bind(contact)
        .bind(before)
        .bind(limit)
        .fetch_all(tx.conn())
        .await
}

/// What can be said of a request later.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = PrivacyRequestPatch)]
pub struct RequestPatch {
    identity: Option<Identity>,
    /// How identity was checked. Never a copy of an identity document.
    identity_note: Option<String>,
    /// Why two more months are needed, as the person was told (art. 12(3)); once, and before the first month is over.
    extension_reason: Option<String>,
    /// What was answered; ends the request.
    answer: Option<String>,
    /// With an answer: it was refused.
    refused: Option<bool>,
}

/// Changes an open request.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, patch: RequestPatch) -> Result<RequestRow, Failure> {
    let tenant = tx.tenant();
    let sql = format!("SELECT {COLUMNS} FROM privacy_requests WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    let row: Option<RequestRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(id).fetch_optional(tx.conn()).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    if row.status != Status::Open.word() {
        return Err(Problem::conflict("Cette demande est close, ou son effacement est en cours.").into());
    }
    let today = today(tx).await?;
    let mut errors = Vec::new();
    let note = written("identity_note", patch.identity_note.as_deref(), 2000, &mut errors);
    let reason = written("extension_reason", patch.extension_reason.as_deref(), 2000, &mut errors);
    let answer = written("answer", patch.answer.as_deref(), 5000, &mut errors);
    if reason.is_some() && row.extended_on.is_some() {
        errors.push(FieldError::new("/extension_reason", "once", "Ce délai a déjà été prolongé.".to_owned()));
    }
    if reason.is_some() && today > row.due_on.to_jiff() {
        errors.push(FieldError::new("/extension_reason", "late", "Le premier mois est passé : il ne peut plus être prolongé.".to_owned()));
    }
    if patch.refused == Some(true) && answer.is_none() {
        errors.push(FieldError::new("/answer", "required", "Un refus se motive : indiquez ce qui a été répondu.".to_owned()));
    }
    if !errors.is_empty() {
        return Err(Problem::validation(errors).into());
    }
    let identity = patch.identity.map_or(row.identity.clone(), |identity| identity.word().to_owned());
    let status = match (&answer, patch.refused) {
        (Some(_), Some(true)) => Status::Refused,
        (Some(_), _) => Status::Answered,
        (None, _) => Status::Open,
    };
    let due_on = if reason.is_some() { due(row.received_on.to_jiff(), 3) } else { row.due_on.to_jiff() };
    let changes: Vec<Change> = [
        Change::between("identity", &row.identity, &identity),
        Change::between("status", &row.status.as_str(), &status.word()),
        Change::between("due_on", &row.due_on.to_jiff(), &due_on),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sql = format!(
        "UPDATE privacy_requests SET identity = $3, identity_note = coalesce($4, identity_note), extension_reason = coalesce($5, extension_reason),
           extended_on = CASE WHEN $5 IS NULL THEN extended_on ELSE $6 END, due_on = $7, alerted = CASE WHEN $5 IS NULL THEN alerted ELSE 0 END, answer = coalesce($8, answer),
           answered_on = CASE WHEN $8 IS NULL THEN answered_on ELSE $6 END, status = $9, updated_at = $10, version = version + 1
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    );
    let now = tx.now().to_sqlx();
    let after: RequestRow = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant)
        .bind(id)
        .bind(identity)
        .bind(note)
        .bind(reason)
        .bind(today.to_sqlx())
        .bind(due_on.to_sqlx())
        .bind(answer)
        .bind(status.word())
        .bind(now)
        .fetch_one(tx.conn())
        .await?;
    let kind = Kind::from_word(&row.kind).map_or("access", Kind::word);
    tx.emit(&RequestEvent {
        id,
        kind,
        name: if status == Status::Open { "privacy_request.updated" } else { "privacy_request.closed" },
        changes,
    });
    Ok(after)
}

/// Whether an erasure of the contact is under way.
pub(crate) async fn is_erasing(tx: &mut Tx, contact: Uuid) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM privacy_requests WHERE tenant_id = $1 AND contact_id = $2 AND status = 'running')")
        .bind(tenant)
        .bind(contact)
        .fetch_one(tx.conn())
        .await
}

/// An erasure begins: the request is the contact's, open, and asks for it.
pub(crate) async fn begin(tx: &mut Tx, id: Uuid, contact: Uuid, job: Uuid) -> Result<(), Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let begun = sqlx::query(
        "UPDATE privacy_requests SET status = 'running', job_id = $4, contact_id = $3, updated_at = $5, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND kind = 'erasure' AND status = 'open' AND (contact_id IS NULL OR contact_id = $3)",
    )
    .bind(tenant)
    .bind(id)
    .bind(contact)
    .bind(job)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if begun.rows_affected() == 1 {
        return Ok(());
    }
    Err(Problem::field("/request_id", "unknown", "Cette demande d’effacement n’existe pas, est close, ou concerne quelqu’un d’autre.")
        .into())
}

/// A copy of the data is being made for a request: the request is the contact's, open, and asks for it.
pub(crate) async fn attach(tx: &mut Tx, id: Uuid, contact: Uuid, job: Uuid) -> Result<(), Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let attached = sqlx::query(
        "UPDATE privacy_requests SET job_id = $4, contact_id = $3, updated_at = $5, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND kind IN ('access', 'portability') AND status = 'open' AND (contact_id IS NULL OR contact_id = $3)",
    )
    .bind(tenant)
    .bind(id)
    .bind(contact)
    .bind(job)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if attached.rows_affected() == 1 {
        return Ok(());
    }
    Err(Problem::field("/request_id", "unknown", "Cette demande d’accès n’existe pas, est close, ou concerne quelqu’un d’autre.").into())
}

/// An erasure was stopped before it did anything.
pub(crate) async fn reopen(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE privacy_requests SET status = 'open', job_id = NULL, updated_at = $3, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND status = 'running'",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers whom an erasure was for, without a name.
pub(crate) async fn set_hashes(tx: &mut Tx, id: Uuid, hashes: &[Vec<u8>]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE privacy_requests SET subject_hashes = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(hashes)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What [`set_hashes`] remembered.
pub(crate) async fn hashes(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<Vec<u8>>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT subject_hashes FROM privacy_requests WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_one(tx.conn())
        .await
}

/// An erasure is done.
pub(crate) async fn certify(tx: &mut Tx, id: Uuid, certificate: &Value) -> Result<(), Failure> {
    let today = today(tx).await?;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE privacy_requests SET status = 'answered', answered_on = $4, certificate = $3, updated_at = $5, version = version + 1
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(certificate)
    .bind(today.to_sqlx())
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.emit(&RequestEvent { id, kind: "erasure", name: "privacy_request.closed", changes: Vec::new() });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::due;
    use jiff::civil::date;

    #[test]
    fn a_month_ends_with_the_month_where_it_is_shorter() {
        // GD-01, art. 12(3)
        assert_eq!(due(date(2027, 1, 31), 1), date(2027, 2, 28));
        assert_eq!(due(date(2026, 11, 22), 1), date(2026, 12, 22));
        assert_eq!(due(date(2026, 11, 30), 3), date(2027, 2, 28));
    }
}
