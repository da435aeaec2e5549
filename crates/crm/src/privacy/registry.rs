//! Which data are held where: every column of every table, classified. A test compares this list with the database, so that a new
//! column without a class fails. Erasure, access export and the register that a company can read all follow from it.

use super::tables::TABLES;
use super::tables_elsewhere::TABLES as ELSEWHERE;
use super::tables_trade::TABLES as TRADE;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Ids, clocks, states, settings: says nothing about a person by itself.
    Technical,
    /// About the people who work here. A customer's erasure does not touch it.
    Staff,
    /// About the customer to whom the row belongs. Goes, or is emptied, with the customer.
    Person(Category),
    /// Text that may name anybody. Goes with its own customer; elsewhere, what names an erased customer is masked.
    Free,
    /// Personal and kept after an erasure, for this reason.
    Keep(&'static str),
}

/// Kinds of personal data, as a register of processing names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Name, birthday, numbers.
    Identity,
    /// Addresses, telephones.
    Contact,
    /// What is bought, owned, asked for.
    Activity,
    /// Agreements and objections.
    Consent,
    /// Documents and photos.
    Document,
}

/// What an erasure does with the rows of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// There are none.
    None,
    /// They are deleted.
    Delete,
    /// They stay, emptied of what is personal.
    Anonymise,
    /// They stay as they are, for this reason.
    Keep(&'static str),
}

/// Who writes a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// This crate.
    Crm,
    /// The platform.
    Platform,
    /// The accounts.
    Accounts,
    /// The catalogue.
    Sales,
    /// Invoices and payments.
    Billing,
}

/// A table.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Who writes it.
    pub owner: Owner,
    /// The person's rows, as a condition on the table in which `$1` is the company and `$2` the ids under which the person is known.
    /// `None`: rows belong to nobody, or are found otherwise.
    pub rows: Option<&'static str>,
    /// What an erasure does with them.
    pub erasure: Erasure,
    /// What is in it and how long it is kept, in French, for the register.
    pub about: &'static str,
    /// Columns by class, separated by spaces.
    pub columns: &'static [(Class, &'static str)],
}

impl Table {
    /// Columns of a class that may name anybody.
    pub fn free(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter(|(class, _)| *class == Class::Free).flat_map(|(_, names)| names.split_whitespace())
    }

    /// Columns that an access export leaves out: who works here, and ids of no use to anybody.
    pub fn of_staff(&self) -> Vec<&'static str> {
        self.columns.iter().filter(|(class, _)| *class == Class::Staff).flat_map(|(_, names)| names.split_whitespace()).collect()
    }

    /// Categories of personal data in it.
    pub fn categories(&self) -> Vec<Category> {
        let mut found = Vec::new();
        for (class, _) in self.columns {
            if let Class::Person(category) = class
                && !found.contains(category)
            {
                found.push(*category);
            }
        }
        found
    }
}

/// Every table. Children come before their parents: that is the order of deletion.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().chain(TRADE).chain(ELSEWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_every_column_is_named_once() {
        let mut seen = std::collections::BTreeSet::new();
        for table in tables() {
            for column in table.columns.iter().flat_map(|(_, names)| names.split_whitespace()) {
                assert!(seen.insert((table.name, column)), "{}.{column}", table.name);
            }
            assert!(table.rows.is_none() || table.erasure != Erasure::None, "{}", table.name);
        }
    }
}
