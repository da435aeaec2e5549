//! The tables of the platform and of the accounts, for the registry.

use super::registry::Class::{Free, Person, Staff, Technical};
use super::registry::{Category, Erasure, Owner, Table};

const BY_CONTACT: Option<&str> = Some("contact_id = ANY ($2)");

/// The tables.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "timeline",
        owner: Owner::Platform,
        rows: BY_CONTACT,
        erasure: Erasure::Delete,
        about: "Historique d’une fiche. Aussi longtemps que la fiche.",
        columns: &[
            (Technical, "tenant_id contact_id id at kind"),
            (Staff, "actor_kind actor_id actor_name"),
            (Free, "changes data"),
        ],
    },
    Table {
        name: "audit_log",
        owner: Owner::Platform,
        rows: Some("object_id = ANY ($2)"),
        erasure: Erasure::Anonymise,
        about: "Journal de sécurité : qui a fait quoi et quand (GD-09). 12 mois, 90 jours au moins (GD-08).",
        columns: &[
            (Technical, "tenant_id id at action object_type object_id"),
            (Staff, "actor_kind actor_id actor_name ip"),
            (Free, "object_label changes data"),
        ],
    },
    Table {
        name: "outbox",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Événements en attente d’être transmis. Quelques secondes.",
        columns: &[(Technical, "tenant_id id name subject_kind subject_id created_at"), (Staff, "actor"), (Free, "payload")],
    },
    Table {
        name: "idempotency_keys",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Réponses déjà données à une requête répétée. 24 heures.",
        columns: &[
            (Technical, "tenant_id key request_hash status content_type location created_at attempt applied_by applied"),
            (Staff, "actor_id"),
            (Person(Category::Activity), "body"),
        ],
    },
    Table {
        name: "background_jobs",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Travaux suivis par l’équipe : exports, actions groupées. Les fichiers d’export sont effacés avec la personne.",
        columns: &[
            (
                Technical,
                "tenant_id id kind status total done cursor cancel_requested undoable file_key created_at finished_at",
            ),
            (Staff, "created_by"),
            (Person(Category::Document), "file_name"),
            (Free, "params error"),
        ],
    },
    Table {
        name: "test_mailbox_messages",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Boîte d’essai, hors production seulement. 30 jours.",
        columns: &[(Technical, "id in_reply_to created_at read_at"), (Person(Category::Contact), "recipient sender"), (Free, "subject html body")],
    },
    Table {
        name: "local_payments",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Prestataire de paiement d’essai, hors production seulement.",
        columns: &[
            (Technical, "id created_at"),
            (Free, "body"),
        ],
    },
    Table {
        name: "test_mailbox_files",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Pièces jointes de la boîte d’essai, hors production seulement. 30 jours.",
        columns: &[
            (Technical, "message_id position kind"),
            (Free, "name content"),
        ],
    },
    Table {
        name: "api_usage",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Requêtes par clé d’API et par heure. 40 jours.",
        columns: &[(Technical, "tenant_id key_id hour requests")],
    },
    Table {
        name: "throttles",
        owner: Owner::Platform,
        rows: None,
        erasure: Erasure::None,
        about: "Compteurs contre les essais répétés, par empreinte. Un jour.",
        columns: &[(Technical, "key_hash hits window_started_at")],
    },
    Table {
        name: "tenants",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Profil de l’entreprise.",
        columns: &[
            (
                Technical,
                "id slug name legal_name legal_form siren siret vat_number address_line1 address_line2 postal_code city country website trade
                 time_zone accent_color logo_key plan onboarding_step onboarding_completed_at is_demo simulation created_at version audit_retention_days",
            ),
            (Staff, "phone email"),
        ],
    },
    Table {
        name: "users",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Comptes de l’équipe.",
        columns: &[
            (Technical, "id created_at"),
            (
                Staff,
                "email email_norm full_name password_hash locale email_verified_at totp_secret totp_enabled_at totp_last_step",
            ),
        ],
    },
    Table {
        name: "roles",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Rôles de l’entreprise.",
        columns: &[(Technical, "tenant_id id key name builtin permissions visibility version")],
    },
    Table {
        name: "memberships",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Membres de l’équipe.",
        columns: &[
            (Technical, "tenant_id role_id created_at"),
            (Staff, "user_id email full_name team deactivated_at last_seen_at"),
        ],
    },
    Table {
        name: "user_tenants",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Entreprises d’un membre.",
        columns: &[(Staff, "user_id"), (Technical, "member_of")],
    },
    Table {
        name: "sessions",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Connexions de l’équipe. 30 jours.",
        columns: &[
            (
                Technical,
                "tenant_id id refresh_hash previous_refresh_hash rotated_at created_at last_seen_at expires_at revoked_at revoked_reason",
            ),
            (Staff, "user_id ip user_agent"),
        ],
    },
    Table {
        name: "user_tokens",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Liens et codes à usage unique de l’équipe.",
        columns: &[(Technical, "id purpose token_hash code_hash attempts state created_at expires_at used_at"), (Staff, "user_id")],
    },
    Table {
        name: "recovery_codes",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Codes de secours de l’équipe, par empreinte.",
        columns: &[(Technical, "code_hash used_at"), (Staff, "user_id")],
    },
    Table {
        name: "passkeys",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Clés d’accès de l’équipe.",
        columns: &[(Technical, "id credential_id credential created_at last_used_at"), (Staff, "user_id name")],
    },
    Table {
        name: "invitations",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Invitations à rejoindre l’équipe.",
        columns: &[
            (Technical, "tenant_id id role_id token_hash created_at expires_at accepted_at"),
            (Staff, "email email_norm invited_by invited_by_name"),
        ],
    },
    Table {
        name: "api_keys",
        owner: Owner::Accounts,
        rows: None,
        erasure: Erasure::None,
        about: "Clés d’API de l’entreprise.",
        columns: &[(Technical, "tenant_id id name prefix key_hash permissions created_at last_used_at revoked_at"), (Staff, "created_by")],
    },
];
