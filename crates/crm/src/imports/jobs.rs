//! The background side of an import. Every job looks at the row first: run again after a crash, it goes on or does nothing.

use super::contacts::{self, Contacts};
use super::entities::{self, Entities};
use super::store::{self, ImportRow};
use super::target::{Kind, Mode, Target, Who};
use super::tasks::{self, Tasks};
use super::{reader, report};
use crate::contacts::events::ContactsEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use uuid::Uuid;
use vision_kernel::ActorKind;
use vision_platform::{Failure, Job, JobContext, JobError, Tx, crypto};

/// A private copy of the file, for readers that seek; deleted when dropped.
struct Scratch(PathBuf);

impl Scratch {
    async fn of(ctx: &JobContext, import: &ImportRow) -> Result<Self, JobError> {
        let scratch = Self(std::env::temp_dir().join(format!("vision-import-{}", crypto::random_token())));
        ctx.app.files.fetch_to(&import.file_key, &scratch.0).await?;
        Ok(scratch)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

async fn load(ctx: &JobContext, id: Uuid) -> Result<Option<ImportRow>, Failure> {
    let mut tx = ctx.read().await?;
    Ok(store::get(&mut tx, id).await?)
}

/// The context in which rows are applied: the import acts for the user, and must know every contact to find duplicates.
fn as_import(mut ctx: JobContext) -> JobContext {
    ctx.actor.kind = ActorKind::Import;
    ctx.actor.owner_scope = None;
    ctx
}

async fn finish(ctx: &JobContext, import: &ImportRow, status: &str, report: Option<&Value>, error: Option<&str>) -> Result<(), Failure> {
    let mut tx = ctx.begin().await?;
    store::finish(&mut tx, import.id, status, report, error).await?;
    let name = match status {
        "done" => "import.done",
        "cancelled" => "import.cancelled",
        "undone" => "import.undone",
        "failed" => "import.failed",
        _ => "import.analysed",
    };
    let count = report.and_then(|report| report.get("created")).and_then(Value::as_i64).unwrap_or(0);
    tx.emit(&ContactsEvent { name, kind: "import", id: import.id, label: import.filename.clone(), count });
    tx.commit().await
}

fn unreadable(error: &super::engine::FileError) -> String {
    format!("{}: {error}", error.key())
}

/// The dry run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Analyse {
    pub(crate) import_id: Uuid,
    /// Who asked for it may not read contacts: jobs have every right of their own.
    #[serde(default)]
    pub(crate) blind: bool,
}

impl Job for Analyse {
    const NAME: &'static str = "import_analyse";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let Some(import) = load(&ctx, self.import_id).await?.filter(|import| import.status == "analysing") else { return Ok(()) };
        match import.kind() {
            Kind::Contacts => analyse::<Contacts>(ctx, import, self.blind).await,
            Kind::Entities => analyse::<Entities>(ctx, import, self.blind).await,
            Kind::Tasks => analyse::<Tasks>(ctx, import, self.blind).await,
        }
    }
}

async fn analyse<T: Target>(ctx: JobContext, import: ImportRow, blind: bool) -> Result<(), JobError> {
    let mut target = T::new(&Who::new(&ctx.actor, blind, ctx.app.config.hds_hosting), &import);
    let ctx = as_import(ctx);
    let scratch = Scratch::of(&ctx, &import).await?;
    let mut batches = reader::batches(scratch.path().to_owned(), import.format.0, target.parser(), 1);
    let mut outcome = report::Report::default();
    let mut tx = ctx.begin().await?;
    store::clear_rows(&mut tx, import.id).await?;
    tx.commit().await?;
    while let Some(batch) = batches.recv().await {
        let items = match batch {
            Ok(items) => items,
            Err(error) => return Ok(finish(&ctx, &import, "failed", None, Some(&unreadable(&error))).await?),
        };
        let mut tx = ctx.begin().await?;
        let verdicts = target.batch(&mut tx, &items, Mode::Rehearsal).await?;
        for (item, verdict) in items.iter().zip(&verdicts) {
            outcome.count(item, verdict);
        }
        report::keep(&mut tx, import.id, &items, verdicts).await?;
        let last = items.last().map_or(0, |item| i64::try_from(item.number).unwrap_or(i64::MAX));
        let cancelled = store::advance(&mut tx, import.id, last).await?;
        tx.commit().await?;
        if cancelled {
            return Ok(finish(&ctx, &import, "uploaded", None, None).await?);
        }
    }
    Ok(finish(&ctx, &import, "analysed", Some(&outcome.to_json()), None).await?)
}

/// The import itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) import_id: Uuid,
    /// As in [`Analyse`].
    #[serde(default)]
    pub(crate) blind: bool,
}

impl Job for Run {
    const NAME: &'static str = "import_run";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let Some(import) = load(&ctx, self.import_id).await?.filter(|import| import.status == "running") else { return Ok(()) };
        match import.kind() {
            Kind::Contacts => run::<Contacts>(ctx, import, self.blind).await,
            Kind::Entities => run::<Entities>(ctx, import, self.blind).await,
            Kind::Tasks => run::<Tasks>(ctx, import, self.blind).await,
        }
    }
}

async fn run<T: Target>(ctx: JobContext, import: ImportRow, blind: bool) -> Result<(), JobError> {
    let mut target = T::new(&Who::new(&ctx.actor, blind, ctx.app.config.hds_hosting), &import);
    let ctx = as_import(ctx);
    let scratch = Scratch::of(&ctx, &import).await?;
    let first = u64::try_from(import.done).unwrap_or(0) + 1;
    let mut batches = reader::batches(scratch.path().to_owned(), import.format.0, target.parser(), first);
    let mut done = import.done;
    while let Some(batch) = batches.recv().await {
        let items = match batch {
            Ok(items) => items,
            Err(error) => return Ok(finish(&ctx, &import, "failed", None, Some(&unreadable(&error))).await?),
        };
        let mut tx = ctx.begin().await?;
        // A worker that was thought dead may still be at it: the row's own progress decides, under its lock.
        let current = store::lock(&mut tx, import.id).await?;
        let Some(row) = current.filter(|row| row.status == "running") else { return Ok(()) };
        if row.done != done {
            return Err(JobError::Retry("another worker goes on with this import".to_owned()));
        }
        let verdicts = target.batch(&mut tx, &items, Mode::Real).await?;
        report::keep(&mut tx, import.id, &items, verdicts).await?;
        done = items.last().map_or(done, |item| i64::try_from(item.number).unwrap_or(i64::MAX));
        let cancelled = store::advance(&mut tx, import.id, done).await?;
        tx.commit().await?;
        if cancelled {
            return end(&ctx, &import, "cancelled").await;
        }
    }
    end(&ctx, &import, "done").await
}

async fn end(ctx: &JobContext, import: &ImportRow, status: &str) -> Result<(), JobError> {
    let mut tx = ctx.read().await?;
    let report = report::of_run(&mut tx, import.id).await?;
    drop(tx);
    Ok(finish(ctx, import, status, Some(&report), None).await?)
}

/// The undo.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) import_id: Uuid,
}

impl Job for Undo {
    const NAME: &'static str = "import_undo";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let ctx = as_import(ctx);
        let Some(import) = load(&ctx, self.import_id).await?.filter(|import| import.status == "undoing") else { return Ok(()) };
        let mut undone = contacts::undo::Undone::default();
        // What was filled first, then what was made: of things as of contacts, and contacts last, since things belong to them.
        let (mut record, mut row) = (None, 0);
        while import.kind() == Kind::Entities {
            let mut tx = ctx.begin().await?;
            let more = entities::undo::restore_filled(&mut tx, import.id, &mut record, &mut undone).await?
                || entities::undo::delete_created(&mut tx, import.id, &mut row, &mut undone).await?;
            advance(tx, &import, &undone).await?;
            if !more {
                break;
            }
        }
        while import.kind() == Kind::Tasks {
            let mut tx = ctx.begin().await?;
            let more = tasks::undo::delete_created(&mut tx, import.id, &mut row, &mut undone).await?;
            advance(tx, &import, &undone).await?;
            if !more {
                break;
            }
        }
        let (mut filled, mut created) = (None, None);
        loop {
            let mut tx = ctx.begin().await?;
            let more = contacts::undo::restore_filled(&mut tx, import.id, &mut filled, &mut undone).await?
                || contacts::undo::delete_created(&mut tx, import.id, &mut created, &mut undone).await?;
            advance(tx, &import, &undone).await?;
            if !more {
                break;
            }
        }
        let mut report = import.report.clone().unwrap_or_default();
        if let Some(report) = report.as_object_mut() {
            report.insert("undo".to_owned(), undone.to_json());
        }
        Ok(finish(&ctx, &import, "undone", Some(&report), None).await?)
    }
}

async fn advance(mut tx: Tx, import: &ImportRow, undone: &contacts::undo::Undone) -> Result<(), Failure> {
    store::advance(&mut tx, import.id, undone.deleted + undone.restored + undone.kept).await?;
    tx.commit().await
}
