//! SQL of erasures: what is known of a person, and how it goes. Protected tables of the platform are not written here.

use super::registry::{Erasure, Owner, Table, tables};
use super::terms::Terms;
use crate::custom_fields::model::FieldKind;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_kernel::text;
use vision_platform::{Failure, Tx, privacy};

/// The contact to erase.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Target {
    pub display_name: String,
    pub erased: bool,
}

/// The contact, if the actor may see it.
pub(crate) async fn target(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Target>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(
        "SELECT display_name, erased_at IS NOT NULL AS erased FROM contacts
         WHERE tenant_id = $1 AND id = $2 AND ($3::uuid[] IS NULL OR owner_id = ANY ($3))",
    )
    .bind(tenant)
    .bind(id)
    .bind(scope)
    .fetch_optional(tx.conn())
    .await
}

/// The same, with its row locked: whoever adds something to the contact waits, or comes before.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Target>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT display_name, erased_at IS NOT NULL AS erased FROM contacts WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// The ids under which a contact is known: its own, and those of the contacts that were merged into it.
pub(crate) async fn ids(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT $2::uuid UNION SELECT merged_id FROM contact_merges WHERE tenant_id = $1 AND kept_id = $2 AND undone_at IS NULL ORDER BY 1",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// How many rows each table has of the person.
pub(crate) async fn counts(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<BTreeMap<String, i64>> {
    let tenant = tx.tenant();
    let parts: Vec<String> = tables()
        .filter_map(|table| {
            table.rows.map(|rows| format!("SELECT '{0}' AS name, count(*) AS n FROM {0} WHERE tenant_id = $1 AND ({rows})", table.name))
        })
        .collect();
    let rows: Vec<(String, i64)> =
        sqlx::query_as(AssertSqlSafe(parts.join(" UNION ALL "))).bind(tenant).bind(ids).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().collect())
}

/// What names the person and nobody else: what is shared with a namesake or a household stays where it stands elsewhere.
pub(crate) async fn terms(tx: &mut Tx, ids: &[Uuid]) -> Result<Terms, Failure> {
    let tenant = tx.tenant();
    let keys: Vec<(String, String)> = sqlx::query_as(
        "SELECT k.kind::text, k.value FROM contact_keys k WHERE k.tenant_id = $1 AND k.contact_id = ANY ($2) AND NOT EXISTS (
           SELECT FROM contact_keys o WHERE o.tenant_id = $1 AND o.kind = k.kind AND o.value = k.value AND o.contact_id <> ALL ($2))",
    )
    .bind(tenant)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    // The names of today, and those of the records that were merged into it.
    let names: Vec<(Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT first_name, coalesce(last_name, company_name) FROM contacts WHERE tenant_id = $1 AND id = ANY ($2)
         UNION SELECT m.merged_row->>'first_name', coalesce(m.merged_row->>'last_name', m.merged_row->>'company_name') FROM contact_merges m
           WHERE m.tenant_id = $1 AND m.kept_id = ANY ($2) AND m.undone_at IS NULL AND m.merged_row IS NOT NULL",
    )
    .bind(tenant)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let mut terms = Terms::default();
    for (kind, value) in keys {
        match kind.as_str() {
            "e" => terms.emails.push(value),
            "p" => terms.phones.push(value),
            _ => {}
        }
    }
    for (first, last) in names {
        let Some(last) = last.filter(|last| text::fold(last).chars().count() > 1) else { continue };
        let (bare, whole) = (text::fold(&last), text::fold(&format!("{} {last}", first.as_deref().unwrap_or_default())));
        let (namesakes, bearers): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM contacts WHERE tenant_id = $1 AND id <> ALL ($2) AND sort_name IN ($3, $4)),
               EXISTS (SELECT FROM contacts WHERE tenant_id = $1 AND id <> ALL ($2) AND (sort_name = $5 OR sort_name LIKE $6))",
        )
        .bind(tenant)
        .bind(ids)
        .bind(whole.trim())
        .bind(text::fold(&format!("{last} {}", first.as_deref().unwrap_or_default())).trim())
        .bind(&bare)
        .bind(format!("{} %", text::escape_like(&bare)))
        .fetch_one(tx.conn())
        .await?;
        if !namesakes {
            terms.names.push((first, last.clone()));
        }
        if !bearers {
            terms.last_names.push(last);
        }
    }
    Ok(terms)
}

/// Records of the person that are about to go, by id: the platform's log knows them by these.
pub(crate) async fn records(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    let parts: Vec<String> = tables()
        .filter(|table| matches!(table.name, "notes" | "tasks" | "files" | "file_uploads"))
        .filter_map(|table| table.rows.map(|rows| format!("SELECT id FROM {} WHERE tenant_id = $1 AND ({rows})", table.name)))
        .collect();
    sqlx::query_scalar(AssertSqlSafe(parts.join(" UNION ALL "))).bind(tenant).bind(ids).fetch_all(tx.conn()).await
}

/// Where the bytes of the person's files are.
pub(crate) async fn file_prefixes(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<String>> {
    let tenant = tx.tenant();
    let rows = |name: &str| tables().find(|table| table.name == name).and_then(|table| table.rows).unwrap_or("false");
    sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT $1::uuid || '/' || kind || '/' || id FROM (SELECT id FROM files WHERE tenant_id = $1 AND ({}) UNION SELECT id FROM file_uploads
           WHERE tenant_id = $1 AND ({})) x, unnest(ARRAY['files', 'uploads']) kind",
        rows("files"),
        rows("file_uploads")
    )))
    .bind(tenant)
    .bind(ids)
    .fetch_all(tx.conn())
    .await
}

/// Deletes the person's rows of a table.
async fn delete(tx: &mut Tx, table: &Table, ids: &[Uuid]) -> sqlx::Result<u64> {
    let (tenant, Some(rows)) = (tx.tenant(), table.rows) else { return Ok(0) };
    let sql = format!("DELETE FROM {} WHERE tenant_id = $1 AND ({rows})", table.name);
    Ok(sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(ids).execute(tx.conn()).await?.rows_affected())
}

/// One statement on the person's rows: `$1` the company, `$2` the ids.
async fn apply(tx: &mut Tx, sql: &'static str, ids: &[Uuid]) -> sqlx::Result<u64> {
    let tenant = tx.tenant();
    Ok(sqlx::query(sql).bind(tenant).bind(ids).execute(tx.conn()).await?.rows_affected())
}

/// Empties rows that stay.
async fn anonymise(tx: &mut Tx, counts: &mut BTreeMap<String, u64>, ids: &[Uuid]) -> sqlx::Result<()> {
    let mut note = |table: &str, rows: u64| *counts.entry(table.to_owned()).or_default() += rows;
    // An address is the person's home; a patient is a person. Anything else goes on without an owner (GA-14).
    let gone =
        apply(tx, "DELETE FROM entities WHERE tenant_id = $1 AND contact_id = ANY ($2) AND kind IN ('patient', 'property')", ids).await?;
    // Its copies for sorting follow by a trigger. What is being converted may still be text.
    let left = sqlx::query(
        "UPDATE entities SET contact_id = NULL, address = NULL, description = NULL, version = version + 1,
           custom = custom - ARRAY(SELECT key FROM custom_fields WHERE tenant_id = $1 AND object = 'entity' AND (kind = ANY ($3) OR converting))
         WHERE tenant_id = $1 AND contact_id = ANY ($2)",
    )
    .bind(tx.tenant())
    .bind(ids)
    .bind(FieldKind::personal())
    .execute(tx.conn())
    .await?
    .rows_affected();
    note("entities", gone + left);
    let merges = apply(
        tx,
        "UPDATE contact_merges SET merged_name = 'Personne effacée', merged_row = NULL, kept_before = NULL, kept_after = NULL, moves = NULL
         WHERE tenant_id = $1 AND (kept_id = ANY ($2) OR merged_id = ANY ($2))",
        ids,
    )
    .await?;
    note("contact_merges", merges);
    let imports = apply(
        tx,
        "UPDATE imports SET samples = '[]', report = CASE WHEN report ? 'examples' THEN jsonb_set(report, '{examples}', '[]') ELSE report END
         WHERE tenant_id = $1 AND id IN (SELECT import_id FROM import_rows WHERE tenant_id = $1 AND contact_id = ANY ($2))",
        ids,
    )
    .await?;
    note("imports", imports);
    let rows = apply(
        tx,
        "UPDATE import_rows SET label = '', cells = NULL, before = NULL, after = NULL, warnings = '[]' WHERE tenant_id = $1 AND contact_id = ANY ($2)",
        ids,
    )
    .await?;
    note("import_rows", rows);
    let requests = apply(
        tx,
        "UPDATE privacy_requests SET person_name = NULL, identity_note = NULL, details = NULL, answer = NULL,
           extension_reason = CASE WHEN extended_on IS NOT NULL THEN '[effacé]' END WHERE tenant_id = $1 AND contact_id = ANY ($2)",
        ids,
    )
    .await?;
    note("privacy_requests", requests);
    let tenant = tx.tenant();
    let now = tx.now().to_sqlx();
    let contacts = sqlx::query(
        "UPDATE contacts SET display_name = CASE kind WHEN 'company' THEN 'Société effacée' ELSE 'Personne effacée' END,
           sort_name = CASE kind WHEN 'company' THEN 'societe effacee' ELSE 'personne effacee' END,
           civility = NULL, first_name = NULL, last_name = NULL, company_name = NULL, job_title = NULL, email = NULL, phone = NULL, city = NULL,
           city_sort = '', emails = '[]', phones = '[]', addresses = '[]', siren = NULL, siret = NULL, vat_number = NULL, naf = NULL,
           language = 'fr', birthday = NULL, website = NULL, source = NULL, description = NULL, owner_id = NULL, import_id = NULL,
           custom = '{}', search = '', archived_at = coalesce(archived_at, $3), erased_at = $3, updated_at = $3, version = version + 1
         WHERE tenant_id = $1 AND id = ANY ($2)",
    )
    .bind(tenant)
    .bind(ids)
    .bind(now)
    .execute(tx.conn())
    .await?;
    note("contacts", contacts.rows_affected());
    Ok(())
}

/// Rows that name the person without being theirs: text is masked; lines of files, tags and undo data go.
async fn mask(tx: &mut Tx, counts: &mut BTreeMap<String, u64>, terms: &Terms) -> Result<(), Failure> {
    let Some(pattern) = terms.pattern() else { return Ok(()) };
    let tenant = tx.tenant();
    let kinds: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb') AND is_generated = 'NEVER'",
    )
    .fetch_all(tx.conn())
    .await?;
    let first: Vec<String> = terms.names.iter().map(|(first, _)| first.clone().unwrap_or_default()).collect();
    let last: Vec<String> = terms.names.iter().map(|(_, last)| last.clone()).collect();
    let refused = sqlx::query(
        "DELETE FROM import_rows r WHERE r.tenant_id = $1 AND (r.cells::text ~ $2 OR r.label ~ $2 OR r.before::text ~ $2 OR r.after::text ~ $2
           OR EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS n (f, l) WHERE n.f <> '' AND r.cells ?& ARRAY[n.f, n.l]))",
    )
    .bind(tenant)
    .bind(&pattern)
    .bind(&first)
    .bind(&last)
    .execute(tx.conn())
    .await?;
    *counts.entry("import_rows".to_owned()).or_default() += refused.rows_affected();
    for (table, sql) in [
        ("tags", "DELETE FROM tags WHERE tenant_id = $1 AND name ~ $2"),
        ("task_undos", "DELETE FROM task_undos WHERE tenant_id = $1 AND before::text ~ $2"),
        ("imports", "UPDATE imports SET samples = '[]' WHERE tenant_id = $1 AND samples::text ~ $2"),
    ] {
        let done = sqlx::query(sql).bind(tenant).bind(&pattern).execute(tx.conn()).await?;
        *counts.entry(table.to_owned()).or_default() += done.rows_affected();
    }
    for table in tables().filter(|table| table.owner == Owner::Crm && table.name != "import_rows" && table.name != "task_undos") {
        let columns: Vec<(&str, &str)> = table
            .free()
            .filter_map(|column| {
                kinds.iter().find(|(name, known, _)| name == table.name && known == column).map(|(.., kind)| (column, kind.as_str()))
            })
            .collect();
        if columns.is_empty() {
            continue;
        }
        let (set, found) = privacy::masking(&columns);
        let sql = format!("UPDATE {} SET {set} WHERE tenant_id = $1 AND ({found})", table.name);
        let done = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(&pattern).execute(tx.conn()).await?;
        *counts.entry(table.name.to_owned()).or_default() += done.rows_affected();
    }
    Ok(())
}

/// Everything of this crate's in one transaction: either the person is known here, or not.
pub(crate) async fn erase(tx: &mut Tx, ids: &[Uuid], terms: &Terms) -> Result<BTreeMap<String, u64>, Failure> {
    let mut counts = BTreeMap::new();
    // A bulk action on tasks remembers them whole.
    let rows = tables().find(|table| table.name == "tasks").and_then(|table| table.rows).unwrap_or("false");
    let tenant = tx.tenant();
    let undos = format!(
        "DELETE FROM task_undos u WHERE u.tenant_id = $1 AND EXISTS (SELECT FROM tasks WHERE tenant_id = $1 AND ({rows})
           AND position(tasks.id::text in u.before::text) > 0)"
    );
    let undos = sqlx::query(AssertSqlSafe(undos)).bind(tenant).bind(ids).execute(tx.conn()).await?.rows_affected();
    counts.insert("task_undos".to_owned(), undos);
    for table in tables().filter(|table| table.owner == Owner::Crm && table.erasure == Erasure::Delete) {
        let rows = delete(tx, table, ids).await?;
        *counts.entry(table.name.to_owned()).or_default() += rows;
    }
    anonymise(tx, &mut counts, ids).await?;
    mask(tx, &mut counts, terms).await?;
    Ok(counts)
}

/// Files of imports: those of imports that ended (a copy that nobody needs), and those that may still be read.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ImportFile {
    pub id: Uuid,
    pub file_key: String,
    pub format: Value,
    pub ended: bool,
}

/// The files of imports, oldest first.
pub(crate) async fn import_files(tx: &mut Tx) -> sqlx::Result<Vec<ImportFile>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT id, file_key, format, status IN ('done', 'cancelled', 'failed', 'undone') AS ended FROM imports
         WHERE tenant_id = $1 AND file_key <> '' ORDER BY id",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
}

/// Marks an import whose file is gone; one that has not begun is over.
pub(crate) async fn forget_import_file(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE imports SET file_key = '', samples = '[]', version = version + 1,
           error = CASE WHEN status IN ('uploaded', 'analysed') THEN 'Le fichier nommait une personne effacée depuis : il a été supprimé.' ELSE error END,
           finished_at = coalesce(finished_at, $3), status = CASE WHEN status IN ('uploaded', 'analysed') THEN 'cancelled' ELSE status END
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
