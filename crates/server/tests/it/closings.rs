//! Closings that a clock makes, archives that are checked without us, prints, documents made while training.

use crate::invoices::{direct, draft, issued, ready};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::process::Command;
use vision_server::wiring;
use vision_testkit::{Persona, TestApp};

async fn pay(owner: &Persona, invoice: &Value, amount: i64) {
    let path = format!("/invoices/{}/payments", invoice["id"].as_str().expect("id"));
    owner.post(&path, &json!({ "method": "card", "amount_minor": amount })).await.expect(201);
}

async fn beat(t: &TestApp) {
    for beat in wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.run_jobs().await;
}

async fn later(t: &TestApp, who: &Persona, days: i64) -> Persona {
    t.advance(SignedDuration::from_hours(24 * days));
    t.sign_in(who.tenant_id, who.user_id, &who.email).await
}

async fn closings(owner: &Persona, period: &str) -> Vec<Value> {
    owner.get(&format!("/closings?period={period}")).await.expect(200)["items"].as_array().expect("items").clone()
}

#[tokio::test] // IS-07, IS-08
async fn the_clock_closes_days_and_months_once_and_never_the_running_day() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    pay(&owner, &invoice, 1_000).await;
    beat(&t).await;
    assert_eq!(closings(&owner, "day").await.len(), 0, "today is open");
    let owner = later(&t, &owner, 1).await;
    beat(&t).await;
    beat(&t).await;
    let days = closings(&owner, "day").await;
    assert_eq!((days.len(), days[0]["total_minor"].as_i64(), days[0]["closed_by"].as_str()), (1, Some(1_000), Some("Vision CRM")));
    pay(&owner, &invoice, 500).await;
    // More than a month later the month is closed too, though nothing came in on its last day, and its total is that of its days.
    let owner = later(&t, &owner, 40).await;
    beat(&t).await;
    beat(&t).await;
    let months = closings(&owner, "month").await;
    assert!(!months.is_empty(), "the month is closed");
    let total: i64 = months.iter().map(|month| month["total_minor"].as_i64().expect("cents")).sum();
    assert_eq!((total, months[0]["perpetual_minor"].as_i64()), (1_500, Some(1_500)));
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);
    pay(&owner, &invoice, 100).await;
}

async fn archive(t: &TestApp, owner: &Persona, from: &str, to: &str) -> (Value, Vec<u8>) {
    owner.post("/fiscal-archives", &json!({ "from": from, "to": to })).await.expect(202);
    t.run_jobs().await;
    let made = owner.get("/fiscal-archives").await.expect(200)["items"][0].clone();
    let file = owner.get(&format!("/fiscal-archives/{}/file", made["id"].as_str().expect("made"))).await;
    assert_eq!(file.status.as_u16(), 200);
    (made, file.bytes)
}

/// The files of an archive by their names.
fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("archive");
    let read = |index| {
        let mut entry = zip.by_index(index).expect("entry");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("read");
        (entry.name().expect("name").into_owned(), content)
    };
    (0..zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("archive").len()).map(read).collect()
}

/// Runs the archive's own check in a folder: (status, what it said).
fn verified(folder: &std::path::Path) -> Option<(bool, String)> {
    let run = Command::new("python3").arg(folder.join("verifier.py")).output().ok()?;
    Some((run.status.success(), String::from_utf8_lossy(&run.stdout).into_owned()))
}

#[tokio::test] // IS-09, QI-53
async fn an_archive_is_checked_without_us_and_the_first_touched_file_is_named() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    pay(&owner, &invoice, 1_000).await;
    let day = invoice["issue_date"].as_str().expect("day").to_owned();
    assert_eq!(owner.post("/fiscal-archives", &json!({ "from": day, "to": day })).await.pointers(), ["/to"], "the day is not over");
    let owner = later(&t, &owner, 1).await;
    let (made, bytes) = archive(&t, &owner, &day, &day).await;
    // The invoice and the payment; the closing of the day was made on the next.
    assert_eq!((made["records"].as_i64(), made["documents"].as_i64()), (Some(2), Some(1)), "{made}");
    let files = unpacked(&bytes);
    let folder = tempfile::tempdir().expect("folder");
    for (name, content) in &files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, content).expect("written");
    }
    let number = invoice["number"].as_str().expect("number");
    assert_eq!(
        files[&format!("documents/{number}.pdf")],
        owner.get(&format!("/invoices/{}/pdf", invoice["id"].as_str().expect("id"))).await.bytes
    );
    assert!(String::from_utf8_lossy(&files["LISEZ-MOI.txt"]).contains("openssl pkeyutl -verify"));
    let Some((good, said)) = verified(folder.path()) else { return };
    assert!(good && said.contains("2 enregistrements vérifiés"), "{said}");
    // The signature, by a tool that is not ours.
    let openssl = |folder: &std::path::Path| {
        let file = |name: &str| folder.join(name);
        let run = Command::new("openssl")
            .args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey"])
            .arg(file("cle-publique.der"))
            .arg("-in")
            .arg(file("manifeste.json"))
            .arg("-sigfile")
            .arg(file("manifeste.sig"))
            .output();
        run.map_or(true, |run| run.status.success())
    };
    assert!(openssl(folder.path()));
    // Whatever is touched is found.
    let chain = folder.path().join("chaines/F.jsonl");
    let text = std::fs::read_to_string(&chain).expect("chain");
    std::fs::write(&chain, text.replace("15709", "15708")).expect("written");
    let (good, said) = verified(folder.path()).expect("run");
    assert!(!good && said.contains("chaines/F.jsonl"), "{said}");
    let manifest = folder.path().join("manifeste.json");
    let text = std::fs::read_to_string(&manifest).expect("manifest");
    std::fs::write(&manifest, text.replace(&day, "2020-01-01")).expect("written");
    assert!(!openssl(folder.path()) || Command::new("openssl").arg("version").output().is_err());

    // Those who may not export do not take it.
    let member = t.member(owner.tenant_id, "member").await;
    member.get(&format!("/fiscal-archives/{}/file", made["id"].as_str().expect("id"))).await.expect(403);
}

#[tokio::test] // IS-11
async fn looking_is_no_print_and_prints_are_counted_and_marked() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let id = invoice["id"].as_str().expect("id");
    let pdf = owner.get(&format!("/invoices/{id}/pdf")).await.bytes;
    assert_eq!(owner.get(&format!("/invoices/{id}")).await.expect(200)["prints"], 0);
    let first = owner.post(&format!("/invoices/{id}/print"), &json!({})).await;
    assert_eq!(first.bytes, pdf, "the first print is the issued file");
    let second = owner.post(&format!("/invoices/{id}/print"), &json!({})).await;
    assert!(second.bytes.starts_with(b"%PDF") && second.bytes != pdf);
    assert_eq!(owner.get(&format!("/invoices/{id}")).await.expect(200)["prints"], 2);
    let log = |action: &'static str| {
        let owner = owner.clone();
        async move { owner.get(&format!("/audit-log?action={action}")).await.expect(200)["items"].as_array().map(Vec::len) }
    };
    assert_eq!((log("invoice.printed").await, log("invoice.reprinted").await), (Some(1), Some(1)));
    let id = draft(&owner, &contact).await;
    owner.post(&format!("/invoices/{id}/print"), &json!({})).await.expect(409);
}

#[tokio::test] // QI-53
async fn a_file_that_is_not_the_one_that_was_sealed_is_not_handed_out() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let id = invoice["id"].as_str().expect("id");
    let mut conn = direct(&t, "owner").await;
    sqlx::raw_sql("UPDATE invoice_files SET pdf = pdf || '\\x00'::bytea").execute(&mut conn).await.expect("touched");
    for path in ["pdf", "xml"] {
        assert_eq!(owner.get(&format!("/invoices/{id}/{path}")).await.expect(409)["reason"], "tampered");
    }
}

#[tokio::test] // IS-10
async fn what_a_training_company_issues_is_marked_and_recorded_as_such() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let plain = issued(&owner, &contact).await;
    let mut conn = direct(&t, "owner").await;
    sqlx::query("UPDATE tenants SET simulation = true WHERE id = $1").bind(owner.tenant_id).execute(&mut conn).await.expect("marked");
    let marked = issued(&owner, &contact).await;
    let frozen: Vec<(String, bool)> =
        sqlx::query_as("SELECT number, (document->>'simulation')::boolean FROM invoices WHERE state = 'issued' ORDER BY number")
            .fetch_all(&mut conn)
            .await
            .expect("rows");
    let number = |invoice: &Value| invoice["number"].as_str().expect("number").to_owned();
    assert_eq!(frozen, [(number(&plain), false), (number(&marked), true)]);
    let sealed: String = sqlx::query_scalar("SELECT body FROM sealed_records WHERE kind = 'invoice' ORDER BY seq DESC LIMIT 1")
        .fetch_one(&mut conn)
        .await
        .expect("record");
    assert!(sealed.contains("\"simulation\":true"));
}

#[tokio::test] // IS-03
async fn the_attestation_is_filled_in_from_the_profile() {
    let t = TestApp::new().await;
    let (owner, _) = ready(&t).await;
    let pdf = owner.get("/attestation").await;
    assert_eq!((pdf.status.as_u16(), pdf.bytes.starts_with(b"%PDF")), (200, true));
    let name = pdf.headers["content-disposition"].to_str().expect("name");
    assert!(name.contains("attestation-logiciel-de-caisse-v"), "{name}");
}
