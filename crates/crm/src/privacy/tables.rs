//! The tables of this crate, for the registry: what people write about a customer, and what a customer owns. Children come first.

use super::registry::Class::{Free, Keep, Person, Staff, Technical};
use super::registry::{Category, Class, Erasure, Owner, Table};

const IDENTITY: Class = Person(Category::Identity);
const CONTACT: Class = Person(Category::Contact);
const ACTIVITY: Class = Person(Category::Activity);
const CONSENT: Class = Person(Category::Consent);

const BY_CONTACT: Option<&str> = Some("contact_id = ANY ($2)");

/// The tables.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "note_versions",
        owner: Owner::Crm,
        rows: Some("note_id IN (SELECT id FROM notes WHERE tenant_id = $1 AND contact_id = ANY ($2))"),
        erasure: Erasure::Delete,
        about: "Versions précédentes des notes. Aussi longtemps que la note.",
        columns: &[(Technical, "tenant_id note_id version written_at"), (Staff, "author_id author_name"), (Free, "body doc")],
    },
    Table {
        name: "notes",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Notes de l’équipe sur une fiche. Aussi longtemps que la fiche.",
        columns: &[
            (Technical, "tenant_id id contact_id pinned created_at updated_at version"),
            (Staff, "author_id author_name edited_by edited_by_name"),
            (Free, "body doc"),
        ],
    },
    Table {
        name: "notifications",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Notifications de l’équipe. 90 jours.",
        columns: &[
            (Technical, "tenant_id id kind source subject_kind subject_id contact_id in_app read_at mail mail_at mailed_at created_at"),
            (Staff, "user_id actor_id actor_name"),
            (Free, "label data"),
        ],
    },
    Table {
        name: "tasks",
        owner: Owner::Crm,
        rows: Some(
            "contact_id = ANY ($2) OR EXISTS (SELECT FROM entity_owners o WHERE o.tenant_id = $1 AND o.entity_id = tasks.entity_id
             AND o.contact_id = ANY ($2) AND tasks.created_at >= o.since - 1 AND (o.until IS NULL OR tasks.created_at < o.until + 1))",
        ),
        erasure: Erasure::Delete,
        about: "Tâches, appels et rendez-vous de l’équipe. Aussi longtemps que la fiche.",
        columns: &[
            (
                Technical,
                "tenant_id id kind priority due_date due_time due_at time_zone reminder_minutes remind_at repeat_unit repeat_every repeat_until
                 repeat_from series_id occurrence subject_kind subject_id contact_id entity_id done_at duration_minutes deleted_at created_at updated_at version",
            ),
            (Staff, "assignee_id done_by done_by_name created_by created_by_name"),
            (Free, "title description outcome result search"),
        ],
    },
    Table {
        name: "task_undos",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "De quoi annuler une action groupée sur des tâches. Un jour.",
        columns: &[(Technical, "tenant_id id created_at"), (Staff, "created_by"), (Free, "before")],
    },
    Table {
        name: "files",
        owner: Owner::Crm,
        rows: Some(
            "contact_id = ANY ($2) OR EXISTS (SELECT FROM entity_owners o WHERE o.tenant_id = $1 AND o.entity_id = files.entity_id
             AND o.contact_id = ANY ($2) AND files.created_at >= o.since - 1 AND (o.until IS NULL OR files.created_at < o.until + 1))",
        ),
        erasure: Erasure::Delete,
        about: "Fichiers joints à une fiche ou à un bien, avec leur contenu. Corbeille de 30 jours.",
        columns: &[
            (
                Technical,
                "tenant_id id media_type size sha256 subject_kind subject_id contact_id entity_id status threat object_key thumbnail_key
                 preview_keys pages attempts next_check_at deleted_at created_at updated_at version",
            ),
            (Staff, "deleted_by created_by created_by_name"),
            (Free, "name sort_name"),
        ],
    },
    Table {
        name: "file_uploads",
        owner: Owner::Crm,
        rows: Some("subject_kind = 'contact' AND subject_id = ANY ($2)"),
        erasure: Erasure::Delete,
        about: "Envois de fichiers en cours. 24 heures.",
        columns: &[
            (Technical, "tenant_id id size subject_kind subject_id received parts created_at updated_at"),
            (Staff, "created_by"),
            (Free, "name"),
        ],
    },
    Table {
        name: "file_leftovers",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Emplacements de fichiers à effacer. Quelques minutes.",
        columns: &[(Technical, "tenant_id prefix since")],
    },
    Table {
        name: "consents",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Accords et retraits, avec leur preuve (MK-16). Aussi longtemps que la fiche.",
        columns: &[
            (Technical, "tenant_id id contact_id given_at confirmed_at recorded_at wording_version"),
            (CONSENT, "channel purpose granted source reference ip"),
            (Staff, "actor_kind actor_id actor_name"),
        ],
    },
    Table {
        name: "contact_keys",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Adresses et numéros normalisés, pour trouver les doublons. Aussi longtemps que la fiche.",
        columns: &[(Technical, "tenant_id kind contact_id"), (CONTACT, "value")],
    },
    Table {
        name: "privacy_keeps",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Contacts gardés au-delà de la durée de conservation, jusqu’à quand et pourquoi.",
        columns: &[(Technical, "tenant_id contact_id until decided_at"), (Staff, "decided_by decided_by_name"), (Free, "reason")],
    },
    Table {
        name: "contact_tags",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Étiquettes posées sur une fiche.",
        columns: &[(Technical, "tenant_id tag_id contact_id")],
    },
    Table {
        name: "contact_companies",
        owner: Owner::Crm,
        rows: Some("(contact_id = ANY ($2) OR company_id = ANY ($2))"),
        erasure: Erasure::Delete,
        about: "Liens entre une personne et une société.",
        columns: &[(Technical, "tenant_id contact_id company_id created_at"), (IDENTITY, "role")],
    },
    Table {
        name: "contact_distinct",
        owner: Owner::Crm,
        rows: Some("(low_id = ANY ($2) OR high_id = ANY ($2))"),
        erasure: Erasure::Delete,
        about: "Fiches déclarées distinctes.",
        columns: &[(Technical, "tenant_id low_id high_id said_at"), (Staff, "said_by")],
    },
    Table {
        name: "bulk_changes",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "De quoi annuler une action groupée sur des fiches.",
        columns: &[(Technical, "tenant_id job_id contact_id"), (IDENTITY, "before")],
    },
    Table {
        name: "entity_bulk_changes",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "De quoi annuler une action groupée sur des biens.",
        columns: &[(Technical, "tenant_id job_id entity_id")],
    },
    Table {
        name: "import_rows",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Anonymise,
        about: "Ce que chaque ligne d’un import est devenue, et les lignes refusées.",
        columns: &[
            (Technical, "tenant_id import_id row_number outcome filled reason contact_id record_id"),
            (IDENTITY, "label cells before after"),
            (Free, "warnings"),
        ],
    },
    Table {
        name: "imports",
        owner: Owner::Crm,
        rows: Some("id IN (SELECT import_id FROM import_rows WHERE tenant_id = $1 AND contact_id = ANY ($2))"),
        erasure: Erasure::Anonymise,
        about: "Imports : colonnes, exemples, rapport et fichier d’origine.",
        columns: &[
            (
                Technical,
                "tenant_id id status target options format headers mapping remembered duplicates file_key total done cancel_requested
                 created_at finished_at version",
            ),
            (Staff, "created_by created_by_name"),
            (Free, "filename source samples report error"),
        ],
    },
    Table {
        name: "import_mappings",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Correspondances de colonnes retenues d’un import à l’autre.",
        columns: &[(Technical, "tenant_id header_hash mapping updated_at")],
    },
    Table {
        name: "contact_merges",
        owner: Owner::Crm,
        rows: Some("(kept_id = ANY ($2) OR merged_id = ANY ($2))"),
        erasure: Erasure::Anonymise,
        about: "Fusions de fiches ; de quoi les annuler pendant 30 jours.",
        columns: &[
            (Technical, "tenant_id id kept_id merged_id merged_at undone_at moves"),
            (IDENTITY, "merged_name merged_row kept_before kept_after"),
            (Staff, "merged_by merged_by_name"),
        ],
    },
    Table {
        name: "entity_readings",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::Keep("L’historique technique suit le bien (GA-14) : il ne nomme aucun propriétaire."),
        about: "Relevés de kilométrage d’un véhicule.",
        columns: &[(Technical, "tenant_id entity_id id read_on value created_at"), (Staff, "author_name"), (Free, "reason")],
    },
    Table {
        name: "entity_events",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::Keep("L’historique technique suit le bien (GA-14) : il ne nomme aucun propriétaire."),
        about: "Historique technique d’un bien.",
        columns: &[(Technical, "tenant_id entity_id id at kind"), (Staff, "actor_kind actor_id actor_name"), (Free, "changes data")],
    },
    Table {
        name: "entity_owners",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Qui a possédé un bien, et quand. Aussi longtemps que la fiche.",
        columns: &[(Technical, "tenant_id entity_id id contact_id"), (ACTIVITY, "since until")],
    },
    Table {
        name: "entity_values",
        owner: Owner::Crm,
        rows: Some("entity_id IN (SELECT id FROM entities WHERE tenant_id = $1 AND contact_id = ANY ($2))"),
        erasure: Erasure::Anonymise,
        about: "Valeurs des champs par lesquels la liste des biens se trie. Suivent les valeurs du bien.",
        columns: &[(Technical, "tenant_id field_id entity_id"), (ACTIVITY, "n t")],
    },
    Table {
        name: "entities",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Anonymise,
        about: "Véhicules, animaux, équipements et autres biens suivis. Le bien reste, sans propriétaire.",
        columns: &[
            (
                Technical,
                "tenant_id id kind kind_id plate_country make model energy mileage mileage_on first_registration inspection_due species breed
                 birth_date contact_id archived_at created_at updated_at version",
            ),
            (Keep("Désigne le bien, pas une personne : l’historique d’un véhicule suit le véhicule (GA-14)."), "plate plate_code vin serial_number"),
            (CONTACT, "address"),
            // Where people write or name somebody it goes with the owner; elsewhere it describes the thing and follows it.
            (Free, "name display_name sort_name description custom search"),
        ],
    },
    Table {
        name: "entity_kinds",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Sortes de biens de l’entreprise.",
        columns: &[(Technical, "tenant_id id name name_norm facts created_at version")],
    },
    Table {
        name: "tags",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Étiquettes de l’entreprise. Une étiquette qui porte le nom d’une personne effacée est supprimée.",
        columns: &[(Technical, "tenant_id id name name_norm tone created_at")],
    },
    Table {
        name: "custom_fields",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Champs personnalisés de l’entreprise ; les valeurs sont sur les fiches.",
        columns: &[(
            Technical,
            "tenant_id id object applies_to key label label_norm kind options required default_value help group_name position created_at
             updated_at deleted_at version converting index_state index_job",
        )],
    },
    Table {
        name: "contact_values",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Valeurs des champs par lesquels une liste se trie. Aussi longtemps que la fiche.",
        columns: &[(Technical, "tenant_id field_id contact_id"), (ACTIVITY, "n t")],
    },
    Table {
        name: "views",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Vues enregistrées : filtres, colonnes et ordre d’une liste.",
        columns: &[
            (Technical, "tenant_id id object shared columns sort created_at updated_at version"),
            (Staff, "owner_id"),
            (Free, "name name_norm filter"),
        ],
    },
    Table {
        name: "view_defaults",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Vue avec laquelle la liste de chacun s’ouvre.",
        columns: &[(Technical, "tenant_id object view_id"), (Staff, "user_id")],
    },
    Table {
        name: "consent_wordings",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Textes de consentement de l’entreprise.",
        columns: &[(Technical, "tenant_id purpose version body created_at"), (Staff, "author_id author_name")],
    },
    Table {
        name: "oppositions",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::Keep("La liste d’opposition doit survivre à l’effacement pour rester respectée (MK-17). Elle ne contient que des empreintes."),
        about: "Liste d’opposition : des empreintes, pas d’adresses. Sans limite.",
        columns: &[
            (Technical, "tenant_id source created_at"),
            (Keep("Empreinte à clé : dit si une adresse est sur la liste, sans dire laquelle (MK-17)."), "hash channel purpose"),
        ],
    },
    Table {
        name: "opposition_keys",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Clé des empreintes, chiffrée.",
        columns: &[(Technical, "tenant_id sealed")],
    },
    Table {
        name: "privacy_requests",
        owner: Owner::Crm,
        rows: BY_CONTACT,
        erasure: Erasure::Anonymise,
        about: "Demandes d’exercice des droits : dates, suites et attestations d’effacement. 5 ans.",
        columns: &[
            (
                Technical,
                "tenant_id id kind status contact_id received_on identity due_on extended_on answered_on job_id created_at
                 updated_at version alerted",
            ),
            (IDENTITY, "person_name identity_note details extension_reason answer"),
            (Keep("Prouve que la demande a été suivie (art. 5(2)) : empreintes à clé, dates et décomptes, sans nom."), "subject_hashes certificate"),
            (Staff, "created_by created_by_name"),
        ],
    },
    Table {
        name: "privacy_retention",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Durées de conservation choisies par l’entreprise.",
        columns: &[(Technical, "tenant_id prospect_months client_months updated_at version")],
    },
    Table {
        name: "notification_settings",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Préférences de notification de l’équipe.",
        columns: &[(Staff, "user_id choices quiet_from quiet_to digest_hour"), (Technical, "tenant_id updated_at version")],
    },
    Table {
        name: "notification_digests",
        owner: Owner::Crm,
        rows: None,
        erasure: Erasure::None,
        about: "Récapitulatifs envoyés à l’équipe. 90 jours.",
        columns: &[(Staff, "user_id"), (Technical, "tenant_id day sent_at")],
    },
    Table {
        name: "contacts",
        owner: Owner::Crm,
        rows: Some("id = ANY ($2)"),
        erasure: Erasure::Anonymise,
        about: "Fiches des personnes et des sociétés. Prospects : 3 ans après leur dernier contact (GD-06).",
        columns: &[
            (Technical, "tenant_id id kind customer_kind archived_at created_at updated_at version import_id erased_at last_collected_at"),
            (Staff, "owner_id"),
            (
                IDENTITY,
                "display_name sort_name civility first_name last_name company_name job_title birthday siren siret vat_number naf language search",
            ),
            (CONTACT, "email phone city city_sort emails phones addresses website"),
            (ACTIVITY, "first_invoiced_at last_activity_at custom"),
            (Free, "description source"),
        ],
    },
];
