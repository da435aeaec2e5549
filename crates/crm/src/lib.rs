//! Customers: people and companies, their tags, notes and history, imports and exports.

pub mod bulk;
pub mod companies;
pub mod consents;
pub mod contacts;
pub mod custom_fields;
pub mod demo;
pub mod demo_entities;
pub mod demo_tasks;
pub mod entities;
pub mod export;
pub mod files;
pub mod filters;
pub mod home;
pub mod imports;
pub mod merges;
pub mod notes;
pub mod notifications;
pub mod privacy;
pub mod reversibility;
pub mod search;
pub mod tags;
pub mod tasks;
pub mod timeline;
pub mod views;
mod zone;

use std::collections::BTreeMap;
use utoipa_axum::router::OpenApiRouter;
use vision_platform::background::Runner;
use vision_platform::jobs::JobRegistry;
use vision_platform::outbox::Subscriber;
use vision_platform::schedule::Beat;
use vision_platform::{App, Job};

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(contacts::routes())
        .merge(bulk::routes())
        .merge(export::routes())
        .merge(tags::routes())
        .merge(notes::routes())
        .merge(timeline::routes())
        .merge(home::routes())
        .merge(imports::routes())
        .merge(custom_fields::routes())
        .merge(views::routes())
        .merge(merges::routes())
        .merge(entities::routes())
        .merge(companies::routes())
        .merge(consents::routes())
        .merge(tasks::routes())
        .merge(notifications::routes())
        .merge(search::routes())
        .merge(files::routes())
        .merge(privacy::routes())
        .merge(reversibility::routes())
}

/// Every job of the context.
pub fn jobs(registry: JobRegistry) -> JobRegistry {
    registry
        .with::<bulk::RunBulk>()
        .with::<bulk::UndoBulk>()
        .with::<export::RunExport>()
        .with::<imports::jobs::Analyse>()
        .with::<imports::jobs::Run>()
        .with::<imports::jobs::Undo>()
        .with::<custom_fields::jobs::Convert>()
        .with::<custom_fields::jobs::Purge>()
        .with::<custom_fields::index::Build>()
        .with::<custom_fields::index::Discard>()
        .with::<merges::jobs::MergeMany>()
        .with::<entities::export::RunEntityExport>()
        .with::<entities::bulk::RunEntityBulk>()
        .with::<entities::bulk::UndoEntityBulk>()
        .with::<tasks::export::RunTaskExport>()
        .with::<tasks::jobs::FollowTimeZone>()
        .with::<notifications::subscriber::Notify>()
        .with::<notifications::jobs::DueWork>()
        .with::<files::jobs::CheckFile>()
        .with::<privacy::EraseContact>()
        .with::<privacy::ExportPerson>()
        .with::<privacy::Sweep>()
        .with::<reversibility::ExportCompany>()
        .with::<reversibility::RestoreCompany>()
}

/// Who reacts to events.
pub fn subscribers() -> Vec<Subscriber> {
    vec![notifications::subscriber::SUBSCRIBER, Subscriber { job: <tasks::jobs::FollowTimeZone as Job>::NAME, events: &["tenant.updated"] }]
}

/// What a clock looks for.
pub fn beats() -> Vec<Beat> {
    vec![notifications::jobs::beat, files::beat]
}

/// How background jobs are undone.
pub fn runners() -> BTreeMap<&'static str, Runner> {
    BTreeMap::from([(bulk::KIND, bulk::undo as Runner), (entities::bulk::KIND, entities::bulk::undo as Runner)])
}
