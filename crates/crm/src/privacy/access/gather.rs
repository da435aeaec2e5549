//! What an access export reads: every table of the registry that has rows of a person, as the person may have them.

use super::super::letterhead::Company;
use super::super::registry::tables;
use crate::consents::ops as consents;
use crate::contacts::store::DetailRow;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// A table of the export.
pub(super) struct Part {
    pub(super) table: &'static str,
    /// Heading in the PDF.
    pub(super) title: &'static str,
    /// Read instead of the rows that the registry names: where they alone would say nothing, or say something of others.
    instead: Option<&'static str>,
    /// A copy of what stands elsewhere, kept for the machine: in the JSON, not in the PDF.
    pub(super) copy: bool,
}

const fn part(table: &'static str, title: &'static str) -> Part {
    Part { table, title, instead: None, copy: false }
}

const fn copy(table: &'static str, title: &'static str) -> Part {
    Part { table, title, instead: None, copy: true }
}

const fn read(table: &'static str, title: &'static str, sql: &'static str) -> Part {
    Part { table, title, instead: Some(sql), copy: false }
}

/// The tables, in the order in which a person would ask for them. A test holds them against the registry.
pub(super) const PARTS: &[Part] = &[
    part("contacts", "Fiche"),
    read(
        "contact_tags",
        "Étiquettes",
        "SELECT jsonb_build_object('name', t.name) FROM contact_tags c JOIN tags t ON t.tenant_id = c.tenant_id AND t.id = c.tag_id
         WHERE c.tenant_id = $1 AND c.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY t.name_norm",
    ),
    // The other way round, the link names another person.
    read(
        "contact_companies",
        "Sociétés",
        "SELECT jsonb_build_object('company', x.display_name, 'role', c.role, 'created_at', c.created_at)
         FROM contact_companies c JOIN contacts x ON x.tenant_id = c.tenant_id AND x.id = c.company_id
         WHERE c.tenant_id = $1 AND c.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY x.sort_name",
    ),
    read(
        "consents",
        "Consentements et retraits",
        "SELECT to_jsonb(c) - $3 || jsonb_build_object('wording', w.body) FROM consents c LEFT JOIN consent_wordings w
           ON w.tenant_id = c.tenant_id AND w.purpose = c.purpose AND w.version = c.wording_version
         WHERE c.tenant_id = $1 AND c.contact_id = ANY ($2) ORDER BY c.given_at DESC, c.id DESC",
    ),
    part("entities", "Véhicules et biens"),
    read(
        "entity_owners",
        "Périodes de propriété",
        "SELECT jsonb_build_object('name', e.display_name, 'since', o.since, 'until', o.until) FROM entity_owners o
         JOIN entities e ON e.tenant_id = o.tenant_id AND e.id = o.entity_id WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2) AND $3::text[] IS NOT NULL
         ORDER BY o.since DESC",
    ),
    read("entity_readings", "Relevés de kilométrage", READINGS),
    read("entity_events", "Historique des biens pendant la propriété", EVENTS),
    part("notes", "Notes"),
    part("note_versions", "Versions précédentes des notes"),
    // Strictly within the ownership: on the day of a sale a task or a file may be the other owner's.
    read(
        "tasks",
        "Tâches, appels et rendez-vous",
        "SELECT to_jsonb(t) - $3 FROM tasks t WHERE t.tenant_id = $1 AND (t.contact_id = ANY ($2) OR EXISTS (
           SELECT FROM entity_owners o WHERE o.tenant_id = $1 AND o.entity_id = t.entity_id AND o.contact_id = ANY ($2)
             AND t.created_at >= o.since AND (o.until IS NULL OR t.created_at < o.until))) ORDER BY t.id",
    ),
    read(
        "files",
        "Fichiers",
        "SELECT to_jsonb(f) - $3 FROM files f WHERE f.tenant_id = $1 AND (f.contact_id = ANY ($2) OR EXISTS (
           SELECT FROM entity_owners o WHERE o.tenant_id = $1 AND o.entity_id = f.entity_id AND o.contact_id = ANY ($2)
             AND f.created_at >= o.since AND (o.until IS NULL OR f.created_at < o.until))) ORDER BY f.id",
    ),
    read("orders", "Devis", ORDERS),
    read("order_answers", "Réponses aux devis", ANSWERS),
    read("order_evidence", "Journal probant des devis", EVIDENCE),
    read("invoices", "Factures et avoirs", INVOICES),
    read("payment_transactions", "Encaissements", PAYMENTS),
    read("invoice_sendings", "Factures envoyées par e-mail", SENDINGS),
    read("recurring_invoices", "Factures récurrentes", RECURRING),
    read("reminders", "Relances de factures", REMINDERS),
    part("dunning_pauses", "Relances suspendues"),
    part("timeline", "Historique de la fiche"),
    part("privacy_requests", "Demandes d’exercice de droits"),
    part("privacy_keeps", "Conservation prolongée"),
    read(
        "import_rows",
        "Imports : d’où viennent les données",
        "SELECT to_jsonb(r) - $3 || jsonb_build_object('filename', i.filename, 'at', i.created_at) FROM import_rows r
         JOIN imports i ON i.tenant_id = r.tenant_id AND i.id = r.import_id WHERE r.tenant_id = $1 AND r.contact_id = ANY ($2) ORDER BY i.id, r.row_number",
    ),
    copy("contact_merges", "Fiches réunies"),
    copy("bulk_changes", "Copies pour annuler une action groupée"),
    copy("contact_keys", "Coordonnées normalisées"),
    copy("contact_values", "Valeurs par lesquelles une liste se trie"),
    copy("entity_values", "Valeurs par lesquelles la liste des biens se trie"),
    copy("file_uploads", "Envois de fichiers en cours"),
    copy("notifications", "Notifications de l’équipe"),
    copy("audit_log", "Journal de sécurité"),
];

/// Tables with rows of a person that are not handed over, and why.
#[cfg(test)]
const LEFT_OUT: &[(&str, &str)] = &[
    ("imports", "A file of many people; the person's own lines of it are in import_rows."),
    ("contact_distinct", "Says only that another record is somebody else."),
    ("order_versions", "The papers that the person was sent; what they said is in orders."),
    ("order_links", "Keys to pages; their addresses are in the evidence."),
    ("order_codes", "Hashes of codes that are used up; that they were sent is in the evidence."),
];

/// Amounts as people read them; a draft that was never issued is part of it.
const INVOICES: &str = "SELECT jsonb_build_object('number', i.number, 'issue_date', i.issue_date, 'supply_date', i.supply_date, 'due_date', i.due_date,
     'buyer_name', i.buyer_name, 'title', i.title, 'order_reference', i.order_reference, 'intro', i.intro, 'outro', i.outro,
     'net_minor', round(i.net_minor / 100.0, 2) || ' €', 'vat_minor', round(i.vat_minor / 100.0, 2) || ' €', 'gross_minor', round(i.gross_minor / 100.0, 2) || ' €',
     'paid_minor', round(i.paid_minor / 100.0, 2) || ' €', 'credited_minor', round(i.credited_minor / 100.0, 2) || ' €',
     'lines', (SELECT jsonb_agg(concat_ws(' · ', l.label, l.description, trim_scale(l.quantity)::text, round(l.net_minor / 100.0, 2) || ' €') ORDER BY l.position)
       FROM invoice_items l WHERE l.tenant_id = i.tenant_id AND l.invoice_id = i.id))
   FROM invoices i WHERE i.tenant_id = $1 AND i.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY i.id DESC";

const ORDERS: &str = "SELECT jsonb_build_object('number', o.number, 'sent_at', o.sent_at, 'valid_until', o.valid_until, 'title', o.title, 'state', o.state,
     'order_reference', o.order_reference, 'intro', o.intro, 'outro', o.outro, 'gross_minor', round(o.gross_minor / 100.0, 2) || ' €',
     'accepted_minor', round(o.accepted_minor / 100.0, 2) || ' €', 'reason', o.reason, 'execution', o.execution, 'viewed_at', o.viewed_at,
     'answered_at', o.answered_at, 'withdrawal_exception', o.withdrawal_exception,
     'lines', (SELECT jsonb_agg(concat_ws(' · ', l.label, l.description, trim_scale(l.quantity)::text, round(l.net_minor / 100.0, 2) || ' €') ORDER BY l.position)
       FROM order_lines l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id))
   FROM orders o WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY o.id DESC";

const ANSWERS: &str = "SELECT jsonb_build_object('number', o.number, 'kind', a.kind, 'at', a.at, 'method', a.method, 'signer_name', a.signer_name,
     'signer_email', a.signer_email, 'mention', a.mention, 'reason', a.reason, 'gross_minor', round(a.gross_minor / 100.0, 2) || ' €', 'ip', a.ip,
     'user_agent', a.user_agent, 'withdrawn_at', a.withdrawn_at)
   FROM order_answers a JOIN orders o ON o.tenant_id = a.tenant_id AND o.id = a.order_id
   WHERE a.tenant_id = $1 AND o.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY a.at DESC";

const EVIDENCE: &str = "SELECT jsonb_build_object('number', o.number, 'kind', e.kind, 'at', e.at, 'ip', e.ip, 'user_agent', e.user_agent)
   FROM order_evidence e JOIN orders o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
   WHERE e.tenant_id = $1 AND o.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY e.id DESC";

const PAYMENTS: &str =
    "SELECT jsonb_build_object('received_on', p.received_on, 'amount_minor', round(p.amount_minor / 100.0, 2) || ' €', 'method', p.method,
     'reference', p.reference, 'note', p.note) FROM payment_transactions p
   WHERE p.tenant_id = $1 AND p.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY p.id DESC";

const SENDINGS: &str = "SELECT jsonb_build_object('sent_at', s.sent_at, 'number', i.number, 'recipient', s.recipient, 'subject', s.subject, 'message', s.message)
   FROM invoice_sendings s JOIN invoices i ON i.tenant_id = s.tenant_id AND i.id = s.invoice_id
   WHERE s.tenant_id = $1 AND i.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY s.id DESC";
const RECURRING: &str =
    "SELECT jsonb_build_object('name', r.name, 'starts_on', r.starts_on, 'gross_minor', round(r.gross_minor / 100.0, 2) || ' €',
     'content', (SELECT jsonb_agg(l->>'label') FROM jsonb_array_elements(r.content->'lines') l))
   FROM recurring_invoices r WHERE r.tenant_id = $1 AND r.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY r.id DESC";

const REMINDERS: &str = "SELECT jsonb_build_object('number', i.number, 'created_at', r.created_at, 'recipient', r.recipient, 'due_minor', round(r.due_minor / 100.0, 2) || ' €', 'subject', r.subject, 'body', r.body)
   FROM reminders r JOIN invoices i ON i.tenant_id = r.tenant_id AND i.id = r.invoice_id
   WHERE r.tenant_id = $1 AND i.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY r.id DESC";

const READINGS: &str = "SELECT jsonb_build_object('name', e.display_name, 'read_on', r.read_on, 'mileage', r.value) FROM entity_owners o
     JOIN entities e ON e.tenant_id = o.tenant_id AND e.id = o.entity_id
     JOIN entity_readings r ON r.tenant_id = o.tenant_id AND r.entity_id = o.entity_id AND r.read_on >= o.since AND (o.until IS NULL OR r.read_on <= o.until)
     WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY r.read_on DESC";

const EVENTS: &str = "SELECT jsonb_build_object('name', e.display_name, 'at', v.at, 'kind', v.kind, 'changes', v.changes) FROM entity_owners o
     JOIN entities e ON e.tenant_id = o.tenant_id AND e.id = o.entity_id
     JOIN entity_events v ON v.tenant_id = o.tenant_id AND v.entity_id = o.entity_id AND v.at >= o.since AND (o.until IS NULL OR v.at < o.until)
       AND v.kind <> 'entity.owner_changed'
     WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2) AND $3::text[] IS NOT NULL ORDER BY v.id DESC";

/// Columns that say nothing to anybody: keys of indexes, places in the store, the machine's own state.
const OF_THE_MACHINE: &[&str] = &[
    "tenant_id",
    "search",
    "sort_name",
    "city_sort",
    "plate_code",
    "thumbnail_key",
    "preview_keys",
    "file_key",
    "next_check_at",
    "attempts",
    "remind_at",
    "version",
    "doc",
    "import_id",
    "job_id",
    "erased_at",
];

impl Part {
    /// Reads the rows: `$1` the company, `$2` the ids of the person, `$3` the columns that are left out.
    pub(super) fn sql(&self) -> String {
        if let Some(sql) = self.instead {
            return sql.to_owned();
        }
        let rows = tables().find(|table| table.name == self.table).and_then(|table| table.rows).unwrap_or("false");
        let order = if self.has("id") { "ORDER BY id" } else { "" };
        format!("SELECT to_jsonb({0}) - $3 FROM {0} WHERE tenant_id = $1 AND ({rows}) {order}", self.table)
    }

    fn has(&self, column: &str) -> bool {
        tables()
            .filter(|table| table.name == self.table)
            .any(|table| table.columns.iter().any(|(_, names)| names.split_whitespace().any(|name| name == column)))
    }

    /// Columns that are not handed over.
    pub(super) fn left_out(&self) -> Vec<&'static str> {
        let staff = tables().filter(|table| table.name == self.table).flat_map(super::super::registry::Table::of_staff);
        // The notes' structure is the same text again.
        OF_THE_MACHINE.iter().copied().chain(staff).collect()
    }
}

/// What holds now, by channel and purpose: agreed, withdrawn, objected to.
pub(super) async fn choices(tx: &mut Tx, crypto: &Crypto, contact: &DetailRow) -> Result<Vec<Value>, Failure> {
    let states = consents::states(tx, crypto, contact).await?;
    Ok(states.iter().map(|state| json!({ "channel": state.channel, "purpose": state.purpose, "status": state.status })).collect())
}

/// What art. 15(1) asks to tell beside the data.
pub(super) fn information(company: &Company) -> Value {
    let retention: Vec<Value> = PARTS
        .iter()
        .filter_map(|part| tables().find(|table| table.name == part.table))
        .map(|table| json!({ "where": table.name, "what": table.about }))
        .collect();
    json!({
        "purposes": ["Suivi de la relation commerciale", "Respect des obligations légales"],
        "sources": "La personne elle-même, l’équipe, et les fichiers nommés dans import_rows et contacts.source.",
        "recipients": [format!("L’équipe de {}", company.name), "Vision CRM, qui héberge les données pour elle (sous-traitant)"],
        "retention": retention,
        "rights": "Rectification, effacement, limitation, opposition, portabilité ; réclamation auprès de la CNIL (cnil.fr).",
    })
}

/// Ids are of use to programs only.
pub(super) fn is_id(value: &str) -> bool {
    value.len() == 36 && Uuid::try_parse(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_with_rows_of_a_person_is_handed_over_or_left_out_for_a_reason() {
        for table in tables().filter(|table| table.rows.is_some()) {
            let handed = PARTS.iter().any(|part| part.table == table.name);
            let left = LEFT_OUT.iter().any(|(name, _)| *name == table.name);
            assert!(handed != left, "{}: in PARTS, or in LEFT_OUT with its reason", table.name);
        }
        for part in PARTS {
            assert!(tables().any(|table| table.name == part.table), "{}", part.table);
        }
    }

    #[test]
    fn who_works_here_is_left_out() {
        let notes = PARTS.iter().find(|part| part.table == "notes").expect("notes");
        assert!(notes.left_out().contains(&"author_name"));
    }
}
