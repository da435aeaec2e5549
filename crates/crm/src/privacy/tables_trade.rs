//! The tables of the catalogue and of the invoices, for the registry.

use super::registry::Class::{Free, Keep, Person, Staff, Technical};
use super::registry::{Category, Class, Erasure, Owner, Table};

const TEN_YEARS: &str = "Pièces comptables : dix ans à compter de la clôture de l’exercice (C. com. L123-22, QI-52).";
const SEALED: &str =
    "Enregistrements scellés : une écriture ne se modifie pas (IS-05), et sa chaîne ne contient que ce que la facture exige (GD-04).";
const KEPT: Class = Keep(TEN_YEARS);
const AGREED: &str = "Devis envoyés : preuve de ce qui a été proposé et convenu, dix ans (C. conso. L213-1, QI-11, QI-52).";
const PROOF: Class = Keep(AGREED);

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
        name: "invoice_deductions",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Acomptes déduits des factures de solde, par taux.",
        columns: &[(Technical, "tenant_id invoice_id deposit_id category rate base_minor vat_minor")],
    },
    Table {
        name: "order_settings",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Façon de faire des devis.",
        columns: &[(
            Technical,
            "tenant_id validity_days deposit_percent deposit_kind verification line_by_line reminders series_year last_number version",
        )],
    },
    Table {
        name: "sales_terms",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Conditions générales de vente, par version.",
        columns: &[(Technical, "tenant_id version body created_at"), (Staff, "created_by_name")],
    },
    Table {
        name: "document_proofs",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(AGREED),
        about: "Empreintes des devis envoyés et signés, pour vérifier un document sans l’envoyer.",
        columns: &[(Technical, "sha256 company kind number at")],
    },
    Table {
        name: "order_codes",
        owner: Owner::Billing,
        rows: Some("order_id IN (SELECT o.id FROM orders o WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2))"),
        erasure: Erasure::Keep(AGREED),
        about: "Codes envoyés pour signer.",
        columns: &[
            (Technical, "tenant_id id order_id revision link_id code_hash bound_to attempts created_at expires_at used_at"),
            (PROOF, "sent_to"),
        ],
    },
    Table {
        name: "order_links",
        owner: Owner::Billing,
        rows: Some("order_id IN (SELECT o.id FROM orders o WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2))"),
        erasure: Erasure::Keep(AGREED),
        about: "Liens par lesquels un devis s’ouvre.",
        columns: &[
            (Technical, "tenant_id id order_id revision token_hash mode created_at expires_at revoked_at"),
            (Staff, "created_by_name"),
            (PROOF, "sent_to"),
        ],
    },
    Table {
        name: "order_evidence",
        owner: Owner::Billing,
        rows: Some("order_id IN (SELECT o.id FROM orders o WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2))"),
        erasure: Erasure::Keep(AGREED),
        about: "Journal probant des devis : envois, consultations, codes, réponses. Dix ans (L7).",
        columns: &[(Technical, "tenant_id id order_id revision kind at"), (PROOF, "actor_name ip user_agent data")],
    },
    Table {
        name: "order_answers",
        owner: Owner::Billing,
        rows: Some("order_id IN (SELECT o.id FROM orders o WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2))"),
        erasure: Erasure::Keep(AGREED),
        about: "Réponses aux devis et leur preuve. Dix ans.",
        columns: &[
            (
                Technical,
                "tenant_id order_id revision kind method lines totals gross_minor terms_version early_start withdrawable_until evidence_sha256 evidence_signature
                 timestamp_token timestamp_authority sealed_sha256",
            ),
            (PROOF, "at signer_name signer_email mention reason ip user_agent signature_image withdrawn_at withdrawal evidence sealed_pdf"),
        ],
    },
    Table {
        name: "order_versions",
        owner: Owner::Billing,
        rows: Some("order_id IN (SELECT o.id FROM orders o WHERE o.tenant_id = $1 AND o.contact_id = ANY ($2))"),
        erasure: Erasure::Keep(AGREED),
        about: "Devis envoyés, tels quels. Dix ans.",
        columns: &[
            (Technical, "tenant_id order_id revision pdf_sha256 valid_until gross_minor customer_kind terms_version sent_at replaced_at"),
            (Staff, "sent_by_name"),
            (PROOF, "content document pdf buyer_name"),
        ],
    },
    Table {
        name: "order_lines",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(AGREED),
        about: "Lignes des devis.",
        columns: &[
            (
                Technical,
                "tenant_id order_id position item_id reference quantity unit unit_price discount vat_category vat_rate nature optional net_minor gross_minor",
            ),
            (PROOF, "section label description"),
        ],
    },
    Table {
        name: "orders",
        owner: Owner::Billing,
        rows: Some("contact_id = ANY ($2)"),
        erasure: Erasure::Keep(AGREED),
        about: "Devis. Dix ans ; les brouillons aussi longtemps que la fiche.",
        columns: &[
            (
                Technical,
                "tenant_id id state revision template_name contact_id entity_id prices_include_vat discount deposit deposit_kind line_by_line verification remind_at
                 created_at updated_at version",
            ),
            (Staff, "created_by created_by_name"),
            (Person(Category::Activity), "number valid_until net_minor vat_minor gross_minor accepted_minor sent_at viewed_at answered_at"),
            (PROOF, "title intro outro order_reference execution withdrawal_exception reason search"),
        ],
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
        name: "payment_accounts",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Compte de l’entreprise chez le prestataire de paiement.",
        columns: &[
            (Technical, "tenant_id provider account_id charges_enabled payouts_enabled details_submitted currently_due disconnected_at created_at updated_at"),
        ],
    },
    Table {
        name: "pay_links",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Liens de paiement envoyés : leur empreinte seulement.",
        columns: &[
            (Technical, "tenant_id id invoice_id token_hash standing amount_minor expires_at revoked_at opened_at created_at"),
            (Staff, "created_by created_by_name"),
        ],
    },
    Table {
        name: "payment_checkouts",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Paiements en ligne tentés. Dix ans avec l’encaissement.",
        columns: &[
            (Technical, "tenant_id id invoice_id link_id provider account_id provider_id provider_payment url state amount_minor currency received_minor payment_id receipt_mailed_at created_at updated_at"),
        ],
    },
    Table {
        name: "payment_refunds",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Remboursements de paiements en ligne.",
        columns: &[
            (Technical, "tenant_id id payment_id credit_note_id invoice_id amount_minor state origin failure provider_id entry_id created_at updated_at"),
            (Staff, "created_by created_by_name"),
            (KEPT, "reason"),
        ],
    },
    Table {
        name: "payment_disputes",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Paiements contestés auprès de la banque.",
        columns: &[
            (Technical, "tenant_id provider provider_id payment_id invoice_id amount_minor reason state due_by entry_id created_at updated_at"),
        ],
    },
    Table {
        name: "payment_events",
        owner: Owner::Billing,
        rows: None,
        erasure: Erasure::None,
        about: "Messages signés du prestataire de paiement. 90 jours.",
        columns: &[
            (Technical, "tenant_id provider event_id name signature received_at handled_at outcome"),
            (Free, "body"),
        ],
    },
    Table {
        name: "invoice_sendings",
        owner: Owner::Billing,
        rows: Some("invoice_id IN (SELECT id FROM invoices WHERE tenant_id = $1 AND contact_id = ANY ($2))"),
        erasure: Erasure::Keep(TEN_YEARS),
        about: "Factures envoyées par e-mail : à qui et quand. Dix ans, avec la facture.",
        columns: &[
            (Technical, "tenant_id id invoice_id link_id state failure created_at sent_at"),
            (Staff, "created_by created_by_name"),
            (KEPT, "recipient subject message"),
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
                "tenant_id id state kind contact_id entity_id corrects_id order_id deducted_minor progress prices_include_vat discount currency series chain_seq issued_at type_code process
                 customer_kind lifecycle prints created_at updated_at version",
            ),
            (Staff, "issued_by issued_by_name created_by created_by_name"),
            (Person(Category::Activity), "number issue_date due_date supply_date net_minor vat_minor gross_minor paid_minor credited_minor"),
            (KEPT, "title intro outro order_reference buyer_name document search"),
        ],
    },
];
