//! Writing an archive: records as they were sealed, documents, manifest, signature, and how to check it all.

use super::store::{self, New};
use crate::payments;
use crate::profiles;
use crate::seal::{self, ChainRecord, Key};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use vision_documents::{ArchiveWriter, DocumentError};
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, crypto};

/// Kind of the background job.
pub(super) const KIND: &str = "fiscal.archive";
/// Records per read.
const BATCH: i64 = 200;

const READ_ME: &str = include_str!("LISEZ-MOI.txt");
const VERIFY: &str = include_str!("verifier.py");

/// An archive was made.
#[derive(Debug, Serialize)]
struct Archived {
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    label: String,
    from: Date,
    to: Date,
    records: i64,
    sha256: String,
}

impl DomainEvent for Archived {
    fn name(&self) -> &'static str {
        "fiscal_archive.made"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "fiscal_archive", id: self.id, label: self.label.clone() }
    }
}

/// The archive being written, with what its manifest says.
struct Pack {
    archive: ArchiveWriter,
    files: Vec<Value>,
    hash: Sha256,
    size: u64,
    records: i64,
    documents: i64,
}

fn failed(error: DocumentError) -> Failure {
    Problem::internal(error).into()
}

impl Pack {
    fn begin(&mut self, name: &str, packed: bool) -> Result<(), Failure> {
        (self.hash, self.size) = (Sha256::new(), 0);
        self.archive.entry(name, packed).map_err(failed)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.hash.update(bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or_default();
        Ok(self.archive.write_all(bytes).map_err(Problem::internal)?)
    }

    fn end(&mut self, name: &str) {
        let hash = seal::hexadecimal(&std::mem::take(&mut self.hash).finalize());
        self.files.push(json!({ "path": name, "bytes": self.size, "sha256": hash }));
    }

    fn file(&mut self, name: &str, bytes: &[u8], packed: bool) -> Result<(), Failure> {
        self.begin(name, packed)?;
        self.write(bytes)?;
        self.end(name);
        Ok(())
    }
}

fn record(sealed: &ChainRecord) -> Value {
    json!({ "seq": sealed.seq, "kind": sealed.kind, "record_id": sealed.record_id, "sealed_at": sealed.sealed_at.to_jiff(), "body": sealed.body,
        "previous": seal::hexadecimal(&sealed.previous), "hash": seal::hexadecimal(&sealed.hash), "signature": seal::hexadecimal(&sealed.signature) })
}

/// A name that every system takes.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

/// Makes an archive.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeArchive {
    pub(super) job_id: Uuid,
    pub(super) from: Date,
    pub(super) to: Date,
}

struct Made {
    records: i64,
    documents: i64,
    name: String,
}

impl MakeArchive {
    /// One chain: its records of the period, and the documents of its invoices. `Ok(None)` when it was stopped.
    async fn chain(&self, ctx: &JobContext, job: &BackgroundJob, pack: &mut Pack, chain: &str) -> Result<Option<Value>, Failure> {
        let mut tx = ctx.read().await?;
        let (begin, end) = store::span(&mut tx, self.from, self.to).await?;
        let bounds = seal::bounds(&mut tx, chain, begin, end).await?;
        drop(tx);
        let Some((first, last)) = bounds else { return Ok(Some(Value::Null)) };
        let name = format!("chaines/{}.jsonl", plain(chain));
        let (mut after, mut invoices, mut edge) = (first - 1, Vec::new(), (Vec::new(), Vec::new()));
        pack.begin(&name, true)?;
        while after < last {
            let mut tx = ctx.read().await?;
            let rows = seal::sealed(&mut tx, chain, after, last, BATCH).await?;
            drop(tx);
            let Some(newest) = rows.last() else { break };
            after = newest.seq;
            edge.1.clone_from(&newest.hash);
            for row in &rows {
                if row.seq == first {
                    edge.0.clone_from(&row.previous);
                }
                if row.kind == "invoice" {
                    invoices.push(row.record_id);
                }
                pack.write(format!("{}\n", record(row)).as_bytes())?;
                pack.records += 1;
            }
            let mut tx = ctx.begin().await?;
            let go_on = background::advance(&mut tx, job.id, pack.records, pack.records, None).await?;
            tx.commit().await?;
            if !go_on {
                return Ok(None);
            }
        }
        pack.end(&name);
        for invoice in invoices {
            let mut tx = ctx.read().await?;
            let Some((number, pdf, xml)) = crate::invoices::issued_files(&mut tx, invoice).await? else { continue };
            drop(tx);
            pack.file(&format!("documents/{}.pdf", plain(&number)), &pdf, false)?;
            pack.file(&format!("documents/{}.xml", plain(&number)), &xml, true)?;
            pack.documents += 1;
        }
        Ok(Some(
            json!({ "chain": chain, "file": name, "first": first, "last": last, "previous": seal::hexadecimal(&edge.0), "head": seal::hexadecimal(&edge.1) }),
        ))
    }

    async fn write(&self, ctx: &JobContext, job: &BackgroundJob, path: &Path) -> Result<Option<Made>, Failure> {
        // What the period lacks of closings is closed first: an archive is of closed days (IS-07).
        let mut tx = ctx.begin().await?;
        payments::close_due(&mut tx, &ctx.app.crypto).await?;
        tx.commit().await?;
        let mut tx = ctx.read().await?;
        let seller = profiles::seller(&mut tx).await?;
        let (chains, now) = (seal::chain_names(&mut tx).await?, tx.now());
        drop(tx);
        let archive = ArchiveWriter::create(path).map_err(failed)?;
        let mut pack = Pack { archive, files: Vec::new(), hash: Sha256::new(), size: 0, records: 0, documents: 0 };
        let mut parts = Vec::new();
        for chain in chains {
            match self.chain(ctx, job, &mut pack, &chain).await? {
                None => return Ok(None),
                Some(Value::Null) => {}
                Some(part) => parts.push(part),
            }
        }
        let key = Key::of(&ctx.app.crypto);
        pack.file("LISEZ-MOI.txt", READ_ME.as_bytes(), true)?;
        pack.file("verifier.py", VERIFY.as_bytes(), true)?;
        pack.file("cle-publique.der", &key.public_der(), false)?;
        let manifest = json!({
            "format": "vision-fiscal-archive", "version": 1, "software": concat!("Vision CRM ", env!("CARGO_PKG_VERSION")),
            "company": { "name": seller.legal_name.as_deref().unwrap_or(&seller.name), "siren": seller.siren, "simulation": seller.simulation },
            "from": self.from, "to": self.to, "made_at": now, "public_key": seal::hexadecimal(key.public().as_bytes()),
            "records": pack.records, "documents": pack.documents, "chains": parts, "files": pack.files,
        });
        let manifest = serde_json::to_vec_pretty(&manifest)?;
        let signature = key.sign(&manifest);
        pack.archive.entry("manifeste.json", true).map_err(failed)?;
        pack.archive.write_all(&manifest).map_err(Problem::internal)?;
        pack.archive.entry("manifeste.sig", false).map_err(failed)?;
        pack.archive.write_all(&signature).map_err(Problem::internal)?;
        let name = format!("archive-fiscale-{}-{}.zip", self.from, self.to);
        let made = Made { records: pack.records, documents: pack.documents, name };
        pack.archive.finish().map_err(failed)?;
        Ok(Some(made))
    }
}

/// Hash and size of a file.
async fn measured(path: PathBuf) -> Result<(String, i64), Failure> {
    let read = tokio::task::spawn_blocking(move || {
        let (mut file, mut hash) = (std::fs::File::open(path)?, Sha256::new());
        let (mut buffer, mut size) = (vec![0; 65_536], 0_i64);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok::<_, std::io::Error>((seal::hexadecimal(&hash.finalize()), size));
            }
            hash.update(buffer.get(..read).unwrap_or_default());
            size += i64::try_from(read).unwrap_or_default();
        }
    });
    Ok(read.await.map_err(Problem::internal)?.map_err(Problem::internal)?)
}

impl Job for MakeArchive {
    const NAME: &'static str = "fiscal_archive";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let path = std::env::temp_dir().join(format!("vision-export-{}.zip", crypto::random_token()));
        let key = format!("{}/archives/{}", ctx.actor.tenant_id, job.id);
        let stored = match self.write(&ctx, &job, &path).await {
            Ok(Some(made)) => {
                let (sha256, size_bytes) = measured(path.clone()).await?;
                ctx.app.files.put_path(&key, &path).await.map(|()| Some((made, sha256, size_bytes))).map_err(Failure::from)
            }
            Ok(None) => Ok(None),
            Err(failure) => Err(failure),
        };
        drop(tokio::fs::remove_file(&path).await);
        let Some((made, sha256, size_bytes)) = stored? else {
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        };
        let mut tx = ctx.begin().await?;
        let new = New {
            id: job.id,
            from: self.from,
            to: self.to,
            records: made.records,
            documents: made.documents,
            size_bytes,
            sha256: &sha256,
            file_key: &key,
            file_name: &made.name,
        };
        store::insert(&mut tx, &new).await?;
        tx.emit(&Archived { id: job.id, label: made.name.clone(), from: self.from, to: self.to, records: made.records, sha256 });
        background::finish_with(tx, &job, "done", Some((&key, &made.name)), None).await?;
        Ok(())
    }
}
