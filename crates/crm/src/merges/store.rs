//! SQL of duplicates and merges.

use jiff_sqlx::ToSqlx;
use serde_json::Value;
use uuid::Uuid;
use vision_platform::Tx;

/// A merge as stored.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct MergeRow {
    pub id: Uuid,
    pub kept_id: Uuid,
    pub merged_id: Uuid,
    pub merged_name: String,
    pub merged_by_name: String,
    pub merged_at: jiff_sqlx::Timestamp,
    pub undone_at: Option<jiff_sqlx::Timestamp>,
    pub merged_row: Option<Value>,
    pub kept_before: Option<Value>,
    pub kept_after: Option<Value>,
    pub moves: Option<Value>,
}

/// A merge to be written.
pub(crate) struct NewMerge<'a> {
    pub id: Uuid,
    pub kept_id: Uuid,
    pub merged_id: Uuid,
    pub merged_name: &'a str,
    pub merged_row: Value,
    pub kept_before: Value,
    pub kept_after: Value,
    pub moves: Value,
}

pub(crate) async fn insert(tx: &mut Tx, new: NewMerge<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO contact_merges (tenant_id, id, kept_id, merged_id, merged_name, merged_by, merged_by_name, merged_at, merged_row, kept_before, kept_after, moves)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(tenant)
    .bind(new.id)
    .bind(new.kept_id)
    .bind(new.merged_id)
    .bind(new.merged_name)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .bind(new.merged_row)
    .bind(new.kept_before)
    .bind(new.kept_after)
    .bind(new.moves)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<MergeRow>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT * FROM contact_merges WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// The merges into a contact, newest first; at most a hundred.
pub(crate) async fn of_contact(tx: &mut Tx, kept: Uuid) -> sqlx::Result<Vec<MergeRow>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT * FROM contact_merges WHERE tenant_id = $1 AND kept_id = $2 AND undone_at IS NULL ORDER BY id DESC LIMIT 100")
        .bind(tenant)
        .bind(kept)
        .fetch_all(tx.conn())
        .await
}

pub(crate) async fn mark_undone(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE contact_merges SET undone_at = $3, merged_row = NULL, kept_before = NULL, kept_after = NULL, moves = NULL WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The name of the contact whose later merge carried this merge along: it must be undone first.
pub(crate) async fn carried_by(tx: &mut Tx, merge: &MergeRow) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT merged_name FROM contact_merges WHERE tenant_id = $1 AND kept_id = $2 AND undone_at IS NULL AND id > $3
           AND moves #> '{contact_merges.kept_id,moved}' @> jsonb_build_array(jsonb_build_object('id', $3)) LIMIT 1",
    )
    .bind(tenant)
    .bind(merge.kept_id)
    .bind(merge.id)
    .fetch_optional(tx.conn())
    .await
}

/// The contact that an id stands for after merges, if the actor may see it.
pub(crate) async fn alias(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Uuid>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_scalar(
        "WITH RECURSIVE chain AS (
           SELECT kept_id, 1 AS hops FROM contact_merges WHERE tenant_id = $1 AND merged_id = $2 AND undone_at IS NULL
           UNION ALL
           SELECT m.kept_id, c.hops + 1 FROM chain c JOIN contact_merges m ON m.tenant_id = $1 AND m.merged_id = c.kept_id AND m.undone_at IS NULL WHERE c.hops < 20
         )
         SELECT x.id FROM chain JOIN contacts x ON x.tenant_id = $1 AND x.id = chain.kept_id WHERE $3::uuid[] IS NULL OR x.owner_id = ANY ($3)",
    )
    .bind(tenant)
    .bind(id)
    .bind(scope)
    .fetch_optional(tx.conn())
    .await
}

/// A contact's row with every column.
pub(crate) async fn whole_row(tx: &mut Tx, id: Uuid) -> sqlx::Result<Value> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT to_jsonb(c) FROM contacts c WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_one(tx.conn())
        .await
}

/// Puts a row back. Columns that were added since have no value in it: name their default in the first object.
pub(crate) async fn restore_row(tx: &mut Tx, row: &Value) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO contacts SELECT * FROM jsonb_populate_record(NULL::contacts, '{\"custom\": {}}'::jsonb || $1)")
        .bind(row)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes the custom values of a contact.
pub(crate) async fn set_custom(tx: &mut Tx, id: Uuid, custom: &serde_json::Map<String, Value>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE contacts SET custom = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(Value::Object(custom.clone()))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The kept contact is as old as the older one, and a client if either was; it was collected when the later one was (GD-06).
pub(crate) async fn join_facts(tx: &mut Tx, kept: Uuid, other: &Value) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "UPDATE contacts c SET created_at = least(c.created_at, o.created_at), first_invoiced_at = least(c.first_invoiced_at, o.first_invoiced_at),
           last_collected_at = greatest(c.created_at, c.last_collected_at, o.created_at, o.last_collected_at)
         FROM jsonb_populate_record(NULL::contacts, $3) o WHERE c.tenant_id = $1 AND c.id = $2",
    )
    .bind(tenant)
    .bind(kept)
    .bind(other)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes [`join_facts`] back; an invoice that came since stays.
pub(crate) async fn part_facts(tx: &mut Tx, kept: Uuid, before: &Value, other: &Value) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "UPDATE contacts c SET created_at = b.created_at, last_collected_at = b.last_collected_at,
           first_invoiced_at = CASE WHEN c.first_invoiced_at = o.first_invoiced_at THEN b.first_invoiced_at ELSE c.first_invoiced_at END
         FROM jsonb_populate_record(NULL::contacts, $3) b, jsonb_populate_record(NULL::contacts, $4) o WHERE c.tenant_id = $1 AND c.id = $2",
    )
    .bind(tenant)
    .bind(kept)
    .bind(before)
    .bind(other)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Contacts that share an e-mail, a phone or a SIREN: (kind, value, contacts), in that order after `after`; and where to go on.
pub(crate) async fn exact_groups(
    tx: &mut Tx,
    after: Option<(String, String)>,
    limit: i64,
) -> sqlx::Result<Vec<(String, String, Vec<Uuid>)>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let (kind, value) = after.map_or((None, None), |(kind, value)| (Some(kind), Some(value)));
    // As in imports: the same phone or SIREN says nothing when each has an e-mail of their own.
    sqlx::query_as(
        "WITH g AS MATERIALIZED (SELECT kind, value FROM contact_keys WHERE tenant_id = $1 AND ($2::text IS NULL OR (kind, value) > ($2::\"char\", $3))
                    GROUP BY kind, value HAVING count(*) > 1 ORDER BY kind, value LIMIT $5)
         SELECT g.kind::text, g.value, CASE WHEN x.n > 1 AND (g.kind = 'e' OR x.loose) AND x.n * (x.n - 1) / 2 > (
                  SELECT count(*) FROM contact_distinct d WHERE d.tenant_id = $1 AND d.low_id = ANY (x.ids) AND d.high_id = ANY (x.ids))
                THEN x.ids[1:20] ELSE '{}' END
         FROM g CROSS JOIN LATERAL (
           SELECT count(*) AS n, bool_or(c.email IS NULL) AS loose, array_agg(c.id ORDER BY c.id) AS ids
           FROM contact_keys k JOIN contacts c ON c.tenant_id = $1 AND c.id = k.contact_id AND c.archived_at IS NULL AND ($4::uuid[] IS NULL OR c.owner_id = ANY ($4))
           WHERE k.tenant_id = $1 AND k.kind = g.kind AND k.value = g.value) x
         ORDER BY g.kind, g.value",
    )
    .bind(tenant)
    .bind(kind)
    .bind(value)
    .bind(scope)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Pairs with like names at one postal code that share no e-mail, phone or SIREN: a suggestion, nothing more.
pub(crate) async fn suggestions(tx: &mut Tx, limit: i64) -> sqlx::Result<Vec<(Uuid, Uuid, f32)>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(
        "WITH p AS MATERIALIZED (
           SELECT c.id, c.kind, c.sort_name, c.addresses #>> '{0,postal_code}' AS place, left(w, 3) AS block
           FROM contacts c CROSS JOIN regexp_split_to_table(c.sort_name, '[^[:alnum:]]+') w
           WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND c.addresses #>> '{0,postal_code}' <> '' AND length(w) > 2
             AND ($2::uuid[] IS NULL OR c.owner_id = ANY ($2))
         ), small AS (
           -- A block of thousands (one town, one frequent name) would cost its square and suggest nothing useful.
           SELECT kind, place, block FROM p GROUP BY 1, 2, 3 HAVING count(*) BETWEEN 2 AND 300
         ), pairs AS (
           SELECT DISTINCT a.id AS low, b.id AS high, similarity(a.sort_name, b.sort_name) AS likeness
           FROM small s JOIN p a USING (kind, place, block) JOIN p b ON b.place = a.place AND b.kind = a.kind AND b.block = a.block AND b.id > a.id
           WHERE similarity(a.sort_name, b.sort_name) >= 0.5
         )
         SELECT low, high, likeness FROM pairs
         WHERE NOT EXISTS (SELECT FROM contact_distinct d WHERE d.tenant_id = $1 AND d.low_id = low AND d.high_id = high)
           AND NOT EXISTS (SELECT FROM contact_keys x JOIN contact_keys y ON y.tenant_id = $1 AND y.kind = x.kind AND y.value = x.value AND y.contact_id = high
                           WHERE x.tenant_id = $1 AND x.contact_id = low)
         ORDER BY likeness DESC, low, high LIMIT $3",
    )
    .bind(tenant)
    .bind(scope)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Remembers, or forgets, that two contacts are not the same.
pub(crate) async fn set_distinct(tx: &mut Tx, low: Uuid, high: Uuid, distinct: bool) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().id);
    if distinct {
        sqlx::query("INSERT INTO contact_distinct (tenant_id, low_id, high_id, said_by, said_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
            .bind(tenant)
            .bind(low)
            .bind(high)
            .bind(actor)
            .bind(now)
            .execute(tx.conn())
            .await?;
    } else {
        sqlx::query("DELETE FROM contact_distinct WHERE tenant_id = $1 AND low_id = $2 AND high_id = $3")
            .bind(tenant)
            .bind(low)
            .bind(high)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
