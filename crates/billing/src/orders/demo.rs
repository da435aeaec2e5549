//! Quotes of a demo company.
