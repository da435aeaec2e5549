//! The product over HTTP on a real database: one binary for all of it.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops where its set-up fails")]

mod accounting;
mod accounts;
mod bulk;
mod closings;
mod companies;
mod consents;
mod contacts;
mod custom_fields;
mod database;
mod dunning;
mod entities;
mod entity_fields;
mod entity_views;
mod files;
mod files_store;
mod filters;
mod imports;
mod imports_entities;
mod imports_fields;
mod imports_tasks;
mod invoices;
mod merges;
mod notifications;
mod openapi;
mod platform;
mod privacy;
mod privacy_access;
mod privacy_retention;
mod reversibility;
mod schema;
mod search;
mod security;
mod tasks;
mod team;
mod views;
