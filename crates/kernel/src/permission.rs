//! What a role may allow. A permission is the unit of authorisation: handlers name one, roles are sets of them.

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $key:literal / $group:literal),+ $(,)?) => {
        /// One right; its key is `domain.verb`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum Permission { $($(#[$doc])* #[serde(rename = $key)] $variant),+ }

        impl Permission {
            /// Every permission, in the order in which a matrix shows them.
            pub const ALL: &'static [Permission] = &[$(Permission::$variant),+];

            /// The stable key, as stored in roles and sent to clients.
            pub fn key(self) -> &'static str { match self { $(Self::$variant => $key),+ } }

            /// The part of the product that the permission belongs to.
            pub fn group(self) -> &'static str { match self { $(Self::$variant => $group),+ } }

            /// Reads a stored key; unknown keys give nothing, so a removed permission is simply lost.
            pub fn from_key(key: &str) -> Option<Self> { match key { $($key => Some(Self::$variant),)+ _ => None } }
        }
    };
}

permissions! {
    /// See contacts, their timeline and notes.
    ContactsRead = "contacts.read" / "contacts",
    /// Create, change, tag, archive and restore contacts; write notes.
    ContactsWrite = "contacts.write" / "contacts",
    /// Delete archived contacts for good.
    ContactsDelete = "contacts.delete" / "contacts",
    /// Take contacts out of the product as a file.
    ContactsExport = "contacts.export" / "contacts",
    /// Import files of contacts.
    ContactsImport = "contacts.import" / "contacts",
    /// Save views of lists for the whole team, change and delete them.
    ViewsShare = "views.share" / "contacts",
    /// Change the company's profile.
    CompanyManage = "company.manage" / "company",
    /// See who works here.
    TeamRead = "team.read" / "company",
    /// Invite, change and deactivate members.
    TeamManage = "team.manage" / "company",
    /// Create and change roles.
    RolesManage = "roles.manage" / "company",
    /// Read the audit log.
    AuditRead = "audit.read" / "company",
    /// Create and revoke API keys.
    ApiKeysManage = "api_keys.manage" / "company",
    /// See tasks.
    TasksRead = "tasks.read" / "tasks",
    /// Create, change, complete and delete tasks.
    TasksWrite = "tasks.write" / "tasks",
    /// See the catalogue.
    CatalogRead = "catalog.read" / "sales",
    /// Change the catalogue.
    CatalogWrite = "catalog.write" / "sales",
    /// See quotes.
    OrdersRead = "orders.read" / "sales",
    /// Write quotes, their versions and templates.
    OrdersWrite = "orders.write" / "sales",
    /// Send quotes, cancel them, record the customer's answer.
    OrdersSend = "orders.send" / "sales",
    /// See invoices, payments and closings.
    InvoicesRead = "invoices.read" / "billing",
    /// Write drafts of invoices and credit notes.
    InvoicesWrite = "invoices.write" / "billing",
    /// Issue invoices and credit notes: from then on they are numbered and final.
    InvoicesIssue = "invoices.issue" / "billing",
    /// Record and reverse payments.
    PaymentsWrite = "payments.write" / "billing",
    /// Change how the company invoices; close days, months and years.
    BillingManage = "billing.manage" / "billing",
    /// Take journals, the FEC of sales and fiscal archives out of the product as files.
    AccountingExport = "accounting.export" / "billing",
    /// Set the accounts and the fiscal year; lock periods.
    AccountingManage = "accounting.manage" / "billing",
}

/// A role that every tenant starts with and cannot change.
#[derive(Debug, Clone, Copy)]
pub struct BuiltinRole {
    /// Stable key.
    pub key: &'static str,
    /// French name, the default shown.
    pub name: &'static str,
    /// Whose records the role sees.
    pub visibility: crate::Visibility,
    /// What it may do.
    pub permissions: &'static [Permission],
}

use Permission as P;

/// The six roles of a new tenant; `owner` is held by at least one active member at all times.
pub const BUILTIN_ROLES: &[BuiltinRole] = &[
    BuiltinRole { key: "owner", name: "Propriétaire", visibility: crate::Visibility::All, permissions: Permission::ALL },
    BuiltinRole { key: "admin", name: "Administrateur", visibility: crate::Visibility::All, permissions: Permission::ALL },
    BuiltinRole {
        key: "manager",
        name: "Responsable",
        visibility: crate::Visibility::All,
        permissions: &[
            P::ContactsRead,
            P::ContactsWrite,
            P::ContactsDelete,
            P::ContactsExport,
            P::ContactsImport,
            P::ViewsShare,
            P::TeamRead,
            P::AuditRead,
            P::TasksRead,
            P::TasksWrite,
            P::CatalogRead,
            P::CatalogWrite,
            P::OrdersRead,
            P::OrdersWrite,
            P::OrdersSend,
            P::InvoicesRead,
            P::InvoicesWrite,
            P::InvoicesIssue,
            P::PaymentsWrite,
        ],
    },
    BuiltinRole {
        key: "member",
        name: "Membre",
        visibility: crate::Visibility::All,
        permissions: &[
            P::ContactsRead,
            P::ContactsWrite,
            P::TeamRead,
            P::TasksRead,
            P::TasksWrite,
            P::CatalogRead,
            P::OrdersRead,
            P::OrdersWrite,
            P::OrdersSend,
            P::InvoicesRead,
            P::InvoicesWrite,
            P::InvoicesIssue,
            P::PaymentsWrite,
        ],
    },
    BuiltinRole {
        key: "technician",
        name: "Technicien",
        visibility: crate::Visibility::Team,
        permissions: &[P::ContactsRead, P::TeamRead, P::TasksRead, P::TasksWrite, P::CatalogRead],
    },
    BuiltinRole {
        key: "accountant",
        name: "Comptable",
        visibility: crate::Visibility::All,
        permissions: &[
            P::ContactsRead,
            P::ContactsExport,
            P::TeamRead,
            P::TasksRead,
            P::TasksWrite,
            P::CatalogRead,
            P::OrdersRead,
            P::InvoicesRead,
            P::AccountingExport,
            P::AccountingManage,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_read_back() {
        for (index, permission) in Permission::ALL.iter().enumerate() {
            assert_eq!(Permission::from_key(permission.key()), Some(*permission));
            assert!(Permission::ALL.iter().skip(index + 1).all(|other| other.key() != permission.key()));
        }
    }

    #[test]
    fn an_accountant_reads_and_exports_but_writes_nothing() {
        let role = BUILTIN_ROLES.iter().find(|role| role.key == "accountant").expect("builtin");
        assert!(role.permissions.contains(&P::ContactsExport));
        assert!(!role.permissions.contains(&P::ContactsWrite));
    }
}
