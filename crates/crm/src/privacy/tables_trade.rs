//! The tables of the catalogue and of the invoices, for the registry.

use super::registry::Class::{Keep, Person, Staff, Technical};
use super::registry::{Category, Class, Erasure, Owner, Table};

const TEN_YEARS: &str = "Pièces comptables : dix ans à compter de la clôture de l’exercice (C. com. L123-22, QI-52).";
const SEALED: &str =
    "Enregistrements scellés : une écriture ne se modifie pas (IS-05), et sa chaîne ne contient que ce que la facture exige (GD-04).";
const KEPT: Class = Keep(TEN_YEARS);

/// The tables.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "vat_rates",
        owner: Owner::Sales,
        rows: None,
        erasure: Erasure::None,
        about: "Taux de TVA par territoire et par date.",
        columns: &[(Technical, "territory class rate valid_from valid_to")],
    },
    Table {
        name: "catalog_components",
        owner: Owner::Sales,
        rows: None,
        erasure: Erasure::None,
        about: "Composition des forfaits.",
        columns: &[(Technical, "tenant_id package_id position item_id quantity")],
    },
    Table {
        name: "catalog_items",
        owner: Owner::Sales,
        rows: None,
        erasure: Erasure::None,
        about: "Catalogue. Aussi longtemps que l’entreprise le garde.",
        columns: &[(
            Technical,
            "tenant_id id kind reference name description category unit price price_includes_vat vat_class cost supplier supplier_reference barcode stocked search
             archived_at created_at updated_at version",
        )],
    },
    Table {
        name: "legal_mentions",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Mentions légales par date.",
        columns: &[(Technical, "code variant body valid_from valid_to")],
    },
    Table {
        name: "billing_profiles",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Façon de facturer de l’entreprise.",
        columns: &[(
            Technical,
            "tenant_id vat_regime territory vat_on_debits share_capital rcs_city iban bic payment_days late_rate discount_terms mention_set prices_include_vat
             footer version",
        )],
    },
    Table {
        name: "accounting_settings",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Comptes, exercice et période verrouillée.",
        columns: &[(Technical, "tenant_id fiscal_end_month accounts locked_until version")],
    },
    Table {
        name: "accounting_locks",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Verrouillages et réouvertures de périodes : dix ans, avec les pièces.",
        columns: &[(Technical, "tenant_id id previous locked_until created_at"), (Staff, "reason created_by created_by_name")],
    },
    Table {
        name: "fiscal_archives",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(SEALED),
        about: "Archives fiscales produites : période, empreinte, fichier.",
        columns: &[
            (Technical, "tenant_id id starts_on ends_on records documents size_bytes sha256 file_key file_name created_at"),
            (Staff, "created_by created_by_name"),
        ],
    },
    Table {
        name: "invoice_series",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Séries de numéros.",
        columns: &[(Technical, "tenant_id code template reason year last_number last_issue_date")],
    },
    Table {
        name: "payment_allocations",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Répartition des encaissements par facture et par taux.",
        columns: &[(Technical, "tenant_id payment_id invoice_id category rate amount_minor")],
    },
    Table {
        name: "payment_transactions",
        owner: Owner::Billing,
        rows: Some("contact_id = ANY ($2)"),
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Encaissements. Dix ans.",
        columns: &[
            (Technical, "tenant_id id currency till contact_id reverses_id chain_seq entered_on created_at"),
            (Staff, "created_by created_by_name"),
            (Person(Category::Activity), "method amount_minor received_on"),
            (KEPT, "reference note"),
        ],
    },
    Table {
        name: "closings",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(SEALED),
        about: "Clôtures de caisse : des totaux.",
        columns: &[
            (
                Technical,
                "tenant_id till period starts_on ends_on entries total_minor cumulative_minor perpetual_minor by_method by_rate chain_seq closed_at",
            ),
            (Staff, "closed_by_name"),
        ],
    },
    Table {
        name: "sealed_records",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(SEALED),
        about: "Chaîne de preuve des factures et des encaissements. Dix ans.",
        columns: &[(Technical, "tenant_id chain seq kind record_id sealed_at previous hash signature"), (Keep(SEALED), "body")],
    },
    Table {
        name: "seal_heads",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(SEALED),
        about: "Dernier maillon de chaque chaîne.",
        columns: &[(Technical, "tenant_id chain seq hash")],
    },
    Table {
        name: "recurring_runs",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Ce que les factures récurrentes sont devenues, avec leur modèle.",
        columns: &[(Technical, "tenant_id template_id occurs_on state invoice_id failure created_at")],
    },
    Table {
        name: "recurring_invoices",
        owner: Owner::Billing,
        rows: Some("contact_id = ANY ($2)"),
        erasure: Erasure::Delete,
        about: "Modèles de factures récurrentes. Aussi longtemps que l’entreprise les garde, et avec la personne.",
        columns: &[
            (
                Technical,
                "tenant_id id contact_id gross_minor frequency anchor_day starts_on ends_on max_count made_count next_on mode state failure failed_at created_at
                 updated_at version",
            ),
            (Staff, "created_by created_by_name"),
            (Person(Category::Activity), "name content"),
        ],
    },
    Table {
        name: "dunning_plans",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Plans de relance.",
        columns: &[(Technical, "tenant_id audience active activated_on include_existing steps checked_on version")],
    },
    Table {
        name: "reminders",
        owner: Owner::Billing,
        rows: Some("invoice_id IN (SELECT i.id FROM invoices i WHERE i.tenant_id = $1 AND i.contact_id = ANY ($2))"),
        erasure: Erasure::Delete,
        about: "Relances envoyées. Avec la personne, dix ans au plus.",
        columns: &[
            (Technical, "tenant_id id invoice_id offset_days channel state failure created_at posted_at"),
            (Staff, "created_by_name"),
            (Person(Category::Contact), "recipient"),
            (Person(Category::Activity), "due_minor"),
            (Class::Free, "subject body"),
        ],
    },
    Table {
        name: "dunning_pauses",
        owner: Owner::Billing,
        rows: Some("(contact_id = ANY ($2) OR invoice_id IN (SELECT i.id FROM invoices i WHERE i.tenant_id = $1 AND i.contact_id = ANY ($2)))"),
        erasure: Erasure::Delete,
        about: "Relances suspendues : un litige, un accord.",
        columns: &[
            (Technical, "tenant_id id invoice_id contact_id until created_at"),
            (Staff, "created_by created_by_name"),
            (Class::Free, "reason"),
        ],
    },
    Table {
        name: "invoice_files",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Factures émises : PDF et XML d’origine. Dix ans.",
        columns: &[(Technical, "tenant_id invoice_id"), (KEPT, "pdf xml")],
    },
    Table {
        name: "invoice_vat",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "TVA des factures par taux.",
        columns: &[(Technical, "tenant_id invoice_id category rate base_minor vat_minor")],
    },
    Table {
        name: "invoice_items",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Lignes des factures. Dix ans.",
        columns: &[
            (
                Technical,
                "tenant_id invoice_id position item_id reference quantity unit unit_price discount vat_category vat_rate nature net_minor gross_minor",
            ),
            (KEPT, "section label description"),
        ],
    },
    Table {
        name: "invoices",
        owner: Owner::Billing,
        rows: Some("contact_id = ANY ($2)"),
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Factures et avoirs. Dix ans ; les brouillons aussi longtemps que la fiche.",
        columns: &[
            (
                Technical,
                "tenant_id id state kind contact_id entity_id corrects_id prices_include_vat discount currency series chain_seq issued_at type_code process
                 customer_kind lifecycle prints created_at updated_at version",
            ),
            (Staff, "issued_by issued_by_name created_by created_by_name"),
            (Person(Category::Activity), "number issue_date due_date supply_date net_minor vat_minor gross_minor paid_minor credited_minor"),
            (KEPT, "title intro outro order_reference buyer_name document search"),
        ],
    },
];
