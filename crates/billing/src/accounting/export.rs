//! Journals as files: CSV for a French Excel and XLSX, at once or as a job; the FEC of sales always as a job, checked before it is handed out.

use super::fec::{self, FecCheck};
use super::store::{self, AgeingRow, VatLine};
use super::{fec_entries, settings};
use crate::{day, profiles};
use axum::body::Body;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use vision_documents::{Cell, DocumentError, TableWriter};
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Authorized, Failure, Job, JobContext, JobError, Tx, crypto};

/// Kind of the background job.
pub const KIND: &str = "accounting.export";
/// Most rows that are answered at once.
const INLINE: i64 = 5000;
/// Rows per read.
const BATCH: i64 = 1000;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountingReport {
    /// Sales journal.
    Sales,
    /// Receipts.
    Receipts,
    /// VAT by rate.
    Vat,
    /// Balance by age.
    Ageing,
    /// Sales and receipts of a fiscal year in the format of the FEC.
    Fec,
}

impl AccountingReport {
    fn file(self) -> &'static str {
        match self {
            Self::Sales => "journal-des-ventes",
            Self::Receipts => "journal-des-encaissements",
            Self::Vat => "tva",
            Self::Ageing => "balance-agee",
            Self::Fec => "fec",
        }
    }
}

/// As what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountingFormat {
    /// Opens in a French Excel by a double click.
    #[default]
    Csv,
    /// Excel.
    Xlsx,
}

impl AccountingFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// What to export.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountingExportIn {
    /// What.
    pub report: AccountingReport,
    /// As what; the FEC has a format of its own.
    #[serde(default)]
    pub format: AccountingFormat,
    /// First day; of the FEC any day of the fiscal year. Of no meaning for the balance by age.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// Last day; the day of the balance.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
}

/// A file left the product.
#[derive(Debug, Serialize)]
struct Exported {
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    label: String,
    report: AccountingReport,
    from: Date,
    to: Date,
}

impl DomainEvent for Exported {
    fn name(&self) -> &'static str {
        "accounting.exported"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "accounting", id: self.id, label: self.label.clone() }
    }
}

fn failed(error: DocumentError) -> Failure {
    Problem::internal(error).into()
}

fn money(minor: i64) -> Cell<'static> {
    Cell::Number { units: minor, decimals: 2 }
}

fn scratch(extension: &str) -> PathBuf {
    std::env::temp_dir().join(format!("vision-export-{}.{extension}", crypto::random_token()))
}

/// How an invoice's kind is written in a file.
fn kind_words(kind: &str) -> &'static str {
    match kind {
        "deposit" => "Facture d’acompte",
        "situation" => "Facture de situation",
        "balance" => "Facture de solde",
        "credit_note" => "Avoir",
        "corrective" => "Facture rectificative",
        _ => "Facture",
    }
}

fn method_words(method: &str) -> &'static str {
    match method {
        "cash" => "Espèces",
        "cheque" => "Chèque",
        "card" => "Carte",
        "direct_debit" => "Prélèvement",
        "online" => "En ligne",
        _ => "Virement",
    }
}

fn table(path: &Path, format: AccountingFormat, headers: &[&str]) -> Result<TableWriter, Failure> {
    match format {
        AccountingFormat::Csv => TableWriter::csv(path, headers),
        AccountingFormat::Xlsx => TableWriter::xlsx(path, headers),
    }
    .map_err(failed)
}

/// Told between batches; `Ok(false)` when somebody asked to stop.
async fn progress(ctx: &JobContext, job: Option<&BackgroundJob>, done: i64) -> Result<bool, Failure> {
    let Some(job) = job else { return Ok(true) };
    let mut tx = ctx.begin().await?;
    let go_on = background::advance(&mut tx, job.id, done, job.total.max(done), None).await?;
    tx.commit().await?;
    Ok(go_on)
}

async fn sales(ctx: &JobContext, input: &AccountingExportIn, path: &Path, job: Option<&BackgroundJob>) -> Result<bool, Failure> {
    let headers = ["Date", "Numéro", "Nature", "Facture d’origine", "Client", "Échéance", "Total HT", "TVA", "Total TTC"];
    let mut table = table(path, input.format, &headers)?;
    let (mut after, mut done) = (None, 0);
    loop {
        let mut tx = ctx.read().await?;
        let rows = store::sales(&mut tx, input.from, input.to, after, BATCH).await?;
        drop(tx);
        let Some(last) = rows.last() else { break };
        after = Some((last.issue_date.to_jiff(), last.id));
        for row in &rows {
            let due = row.due_date.filter(|_| row.kind != "credit_note");
            let cells = [
                Cell::Date(row.issue_date.to_jiff()),
                Cell::Text(&row.number),
                Cell::Text(kind_words(&row.kind)),
                Cell::text(row.corrects_number.as_deref()),
                Cell::text(row.buyer_name.as_deref()),
                due.map_or(Cell::Empty, |due| Cell::Date(due.to_jiff())),
                money(row.net_minor),
                money(row.vat_minor),
                money(row.gross_minor),
            ];
            table.row(&cells).map_err(failed)?;
        }
        done += i64::try_from(rows.len()).unwrap_or_default();
        if !progress(ctx, job, done).await? {
            return Ok(false);
        }
    }
    table.finish().map_err(failed)?;
    Ok(true)
}

async fn receipts(ctx: &JobContext, input: &AccountingExportIn, path: &Path, job: Option<&BackgroundJob>) -> Result<bool, Failure> {
    let headers = ["Date de valeur", "Saisi le", "Mode", "Montant", "Facture", "Client", "Référence", "Nature", "N° d’écriture"];
    let mut table = table(path, input.format, &headers)?;
    let (mut after, mut done) = (None, 0);
    loop {
        let mut tx = ctx.read().await?;
        let rows = store::receipts(&mut tx, input.from, input.to, after, BATCH).await?;
        drop(tx);
        let Some(last) = rows.last() else { break };
        after = Some((last.received_on.to_jiff(), last.id));
        for row in &rows {
            let cells = [
                Cell::Date(row.received_on.to_jiff()),
                Cell::Date(row.entered_on.to_jiff()),
                Cell::Text(method_words(&row.method)),
                money(row.amount_minor),
                Cell::text(row.invoice_number.as_deref()),
                Cell::text(row.buyer_name.as_deref()),
                Cell::text(row.reference.as_deref()),
                Cell::Text(if row.reverses_id.is_some() { "Annulation" } else { "Encaissement" }),
                Cell::integer(row.chain_seq),
            ];
            table.row(&cells).map_err(failed)?;
        }
        done += i64::try_from(rows.len()).unwrap_or_default();
        if !progress(ctx, job, done).await? {
            return Ok(false);
        }
    }
    table.finish().map_err(failed)?;
    Ok(true)
}

/// Words for a rate.
fn rate_words(line: &VatLine) -> String {
    if line.category == "S" {
        format!("{} %", line.rate.normalize().to_string().replace('.', ","))
    } else {
        format!("Sans TVA ({})", line.category)
    }
}

async fn vat(ctx: &JobContext, input: &AccountingExportIn, path: &Path) -> Result<(), Failure> {
    let headers = ["Taux", "Facturé HT", "TVA facturée", "Encaissé TTC", "Base exigible", "TVA exigible"];
    let mut table = table(path, input.format, &headers)?;
    let mut tx = ctx.read().await?;
    let debits = profiles::seller(&mut tx).await?.profile.vat_on_debits;
    for line in store::vat(&mut tx, input.from, input.to, debits).await? {
        let words = rate_words(&line);
        let amounts =
            [line.invoiced_base_minor, line.invoiced_vat_minor, line.collected_minor, line.due_base_minor, line.due_vat_minor].map(money);
        let [base, taxed, collected, due_base, due_vat] = amounts;
        table.row(&[Cell::Text(&words), base, taxed, collected, due_base, due_vat]).map_err(failed)?;
    }
    table.finish().map_err(failed)?;
    Ok(())
}

async fn ageing(ctx: &JobContext, input: &AccountingExportIn, path: &Path) -> Result<(), Failure> {
    let headers =
        ["Client", "Factures ouvertes", "Non échu", "1 à 30 jours", "31 à 60 jours", "61 à 90 jours", "Plus de 90 jours", "Total dû"];
    let mut table = table(path, input.format, &headers)?;
    let mut tx = ctx.read().await?;
    let rows: Vec<AgeingRow> = store::ageing(&mut tx, input.to).await?;
    for row in &rows {
        let amounts = [row.current_minor, row.to_30_minor, row.to_60_minor, row.to_90_minor, row.over_90_minor, row.total_minor].map(money);
        let mut cells = vec![Cell::Text(&row.name), Cell::integer(row.count)];
        cells.extend(amounts);
        table.row(&cells).map_err(failed)?;
    }
    table.finish().map_err(failed)?;
    Ok(())
}

/// Writes a report; `Ok(false)` when the job was cancelled.
async fn write(ctx: &JobContext, input: &AccountingExportIn, path: &Path, job: Option<&BackgroundJob>) -> Result<bool, Failure> {
    match input.report {
        AccountingReport::Sales => sales(ctx, input, path, job).await,
        AccountingReport::Receipts => receipts(ctx, input, path, job).await,
        AccountingReport::Vat => vat(ctx, input, path).await.map(|()| true),
        AccountingReport::Ageing => ageing(ctx, input, path).await.map(|()| true),
        AccountingReport::Fec => {
            let mut tx = ctx.read().await?;
            store::freeze(&mut tx).await?;
            let books = settings::read(&mut tx).await?;
            let file = std::fs::File::create(path).map_err(Problem::internal)?;
            let mut out = std::io::BufWriter::new(file);
            fec_entries::write(&mut tx, &books.accounts(), books.fiscal_year(input.from), &mut out, job.map(|job| (ctx, job))).await
        }
    }
}

/// The name of a file. The FEC's is written by its rule (FE-01).
async fn file_name(tx: &mut Tx, input: &AccountingExportIn) -> Result<String, Failure> {
    if input.report == AccountingReport::Fec {
        let siren = profiles::seller(tx).await?.siren.unwrap_or_default();
        let (_, end) = settings::read(tx).await?.fiscal_year(input.from);
        return Ok(fec::file_name(&siren, end));
    }
    let days = if input.report == AccountingReport::Ageing { input.to.to_string() } else { format!("{}-{}", input.from, input.to) };
    Ok(format!("{}-{days}.{}", input.report.file(), input.format.extension()))
}

/// What a job shows of itself.
fn with_action(params: &mut Value, action: Value) {
    if let Some(params) = params.as_object_mut() {
        params.insert("action".to_owned(), action);
    }
}

/// Exports: the file of up to 5,000 rows, a job above; the FEC always as a job.
pub(super) async fn export<P>(auth: &Authorized<P>, input: AccountingExportIn) -> Result<Response, Failure> {
    let mut tx = auth.begin().await?;
    crate::seal::whole_company(&tx)?;
    super::http::checked_period(input.from, input.to)?;
    if input.report == AccountingReport::Fec && profiles::seller(&mut tx).await?.siren.is_none() {
        return Err(
            Problem::field("/siren", "required", "Le SIREN manque au profil de l’entreprise : le nom du fichier en a besoin.").into()
        );
    }
    let (documents, payments) = match input.report {
        AccountingReport::Fec => {
            let (from, to) = settings::read(&mut tx).await?.fiscal_year(input.from);
            store::counts(&mut tx, from, to).await?
        }
        _ => store::counts(&mut tx, input.from, input.to).await?,
    };
    let total = match input.report {
        AccountingReport::Sales => documents,
        AccountingReport::Receipts => payments,
        AccountingReport::Fec => documents + payments,
        AccountingReport::Vat | AccountingReport::Ageing => 0,
    };
    if total > INLINE || input.report == AccountingReport::Fec {
        let mut params = serde_json::to_value(&input)?;
        with_action(&mut params, json!({ "type": input.report, "from": input.from, "to": input.to }));
        let job = background::create(&mut tx, KIND, params, false).await?;
        background::set_total(&mut tx, job.id, total).await?;
        tx.enqueue_with(&RunAccountingExport { job_id: job.id }, Some(&format!("export:{}", job.id)), None).await?;
        tx.commit().await?;
        return Ok(background::accepted(BackgroundJob { total, ..job }));
    }
    let name = file_name(&mut tx, &input).await?;
    tx.emit(&Exported { id: auth.actor.tenant_id, label: name.clone(), report: input.report, from: input.from, to: input.to });
    tx.commit().await?;
    let ctx = JobContext { app: auth.app.clone(), actor: auth.actor.clone() };
    let path = scratch(input.format.extension());
    let written = write(&ctx, &input, &path, None).await;
    let content = tokio::fs::read(&path).await;
    drop(tokio::fs::remove_file(&path).await);
    written?;
    let content = content.map_err(Problem::internal)?;
    let size = u64::try_from(content.len()).unwrap_or(0);
    Ok(background::attachment(&name, Some(size), Body::from(content)))
}

/// Writes an export to the file store.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunAccountingExport {
    job_id: Uuid,
}

/// Reads the written FEC again, as the administration would.
async fn checked(path: &Path) -> Result<FecCheck, Failure> {
    let path = path.to_owned();
    let found = tokio::task::spawn_blocking(move || fec::check(std::io::BufReader::new(std::fs::File::open(path)?)));
    Ok(found.await.map_err(Problem::internal)?.map_err(Problem::internal)?)
}

impl RunAccountingExport {
    async fn made(&self, ctx: &JobContext, job: &BackgroundJob, input: &AccountingExportIn, path: &Path) -> Result<bool, Failure> {
        if !write(ctx, input, path, Some(job)).await? {
            return Ok(false);
        }
        if input.report == AccountingReport::Fec {
            let check = checked(path).await?;
            let mut tx = ctx.begin().await?;
            let (from, to) = settings::read(&mut tx).await?.fiscal_year(input.from);
            let mut params = job.params.clone();
            with_action(&mut params, json!({ "type": "fec", "from": from, "to": to, "check": check }));
            background::set_params(&mut tx, job.id, &params).await?;
            tx.commit().await?;
        }
        Ok(true)
    }
}

impl Job for RunAccountingExport {
    const NAME: &'static str = "accounting_export";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let input: AccountingExportIn = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let name = file_name(&mut tx, &input).await?;
        drop(tx);
        let path = scratch("part");
        let stored = match self.made(&ctx, &job, &input, &path).await {
            Ok(true) => {
                let key = format!("{}/exports/{}", ctx.actor.tenant_id, job.id);
                ctx.app.files.put_path(&key, &path).await.map(|()| Some(key)).map_err(Failure::from)
            }
            Ok(false) => Ok(None),
            Err(failure) => Err(failure),
        };
        drop(tokio::fs::remove_file(&path).await);
        let Some(key) = stored? else {
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        };
        let mut tx = ctx.begin().await?;
        tx.emit(&Exported { id: ctx.actor.tenant_id, label: name.clone(), report: input.report, from: input.from, to: input.to });
        background::finish_with(tx, &job, "done", Some((&key, &name)), None).await?;
        Ok(())
    }
}

/// Fiscal years from the first document to today, the newest first.
pub(super) async fn fiscal_years(tx: &mut Tx) -> Result<Vec<(Date, Date)>, Failure> {
    let books = settings::read(tx).await?;
    let (today, first) = (day::today(tx).await?, store::first_day(tx).await?);
    let mut years = vec![books.fiscal_year(today)];
    while let Some((start, _)) = years.last().copied()
        && first.is_some_and(|first| first < start)
        && years.len() < 15
        && let Ok(before) = start.yesterday()
    {
        years.push(books.fiscal_year(before));
    }
    Ok(years)
}
