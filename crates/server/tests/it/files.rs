//! Files: sent in pieces, kept as what they are, seen by those who see their record, gone when their time is over.

use axum::body::{Body, Bytes};
use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::path::Path;
use vision_testkit::{Answer, Persona, TestApp};

const LARGEST: usize = 50 * 1024 * 1024;

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("id")
}

async fn begin(who: &Persona, contact: &str, name: &str, size: usize) -> Answer {
    let body = json!({ "name": name, "size": size, "subject": { "kind": "contact", "id": contact } });
    who.post("/files/uploads", &body).await
}

async fn finish(who: &Persona, upload: &str) -> Answer {
    who.post(&format!("/files/uploads/{upload}/finish"), &json!({})).await
}

async fn links(who: &Persona, file: &str) -> Value {
    who.get(&format!("/files/{file}/links")).await.expect(200)
}

async fn download(t: &TestApp, who: &Persona, file: &str) -> Answer {
    let links = links(who, file).await;
    t.fetch(links["download"].as_str().expect("link"), &[]).await
}

async fn names(who: &Persona, query: &str) -> Vec<String> {
    let page = who.get(&format!("/files?{query}")).await.expect(200);
    page["items"].as_array().expect("items").iter().map(|file| file["name"].as_str().expect("name").to_owned()).collect()
}

/// Says in the output that a part of a test was not run.
pub(crate) fn skipped(why: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "SKIPPED: {why}"));
}

/// The same person, signed in anew: a session does not outlive the days that a test lets pass.
async fn again(t: &TestApp, who: &Persona) -> Persona {
    t.sign_in(who.tenant_id, who.user_id, &who.email).await
}

/// How many files lie below the folders that belong to files, in the store.
fn stored(t: &TestApp, who: &Persona) -> usize {
    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }
    ["files", "uploads"].iter().map(|part| count(&t.folder.path().join(who.tenant_id.to_string()).join(part))).sum()
}

fn png() -> Vec<u8> {
    // One pixel.
    let hex = "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63304898000001e40121ca6cd2320000000049454e44ae426082";
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

/// A PDF of so many empty pages.
fn pdf(pages: usize) -> Vec<u8> {
    let mut text = String::from("%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n");
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", page + 3)).collect();
    text.push_str(&format!("2 0 obj <</Type/Pages/Kids[{kids}]/Count {pages}>> endobj\n"));
    for page in 0..pages {
        text.push_str(&format!("{} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Resources<<>>>> endobj\n", page + 3));
    }
    text.push_str("trailer <</Root 1 0 R>>\n%%EOF\n");
    text.into_bytes()
}

#[tokio::test]
async fn a_file_arrives_in_pieces_goes_on_after_a_cut_and_is_one_however_often_its_end_is_said() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let content: Vec<u8> = (0..9_000_000_u32).map(|n| u8::try_from(n * 7 % 251).expect("byte")).collect();
    let made = begin(&owner, &contact, "../../Été \u{202E}fdp.dat", content.len()).await.expect(201);
    assert_eq!((made["name"].as_str(), made["offset"].as_i64()), (Some("Été fdp.dat"), Some(0)));
    let upload = id(&made).to_owned();
    assert_eq!(finish(&owner, &upload).await.json["offset"], 0, "not before it is here");

    // The line breaks in the middle of a piece: what came counts.
    let broken = futures::stream::iter([Ok(Bytes::copy_from_slice(&content[..5_000_000])), Err(std::io::Error::other("cut"))]);
    assert_eq!(owner.send_part(&upload, 0, Body::from_stream(broken)).await.status.as_u16(), 400);
    let at = owner.call(Method::HEAD, &format!("/files/uploads/{upload}"), None, &[]).await;
    assert_eq!(
        (&at.headers["upload-offset"], &at.headers["upload-length"]),
        (&"5000000".parse().expect("value"), &"9000000".parse().expect("value"))
    );
    for wrong in [0, 4_999_999, 5_000_001] {
        let answer = owner.send_part(&upload, wrong, content[5_000_000..].to_vec()).await;
        assert_eq!((answer.status.as_u16(), answer.json["offset"].as_i64()), (409, Some(5_000_000)), "{wrong}");
    }
    // Twice at once from one place: one of them is kept.
    let both = futures::future::join_all((0..4).map(|_| owner.send_part(&upload, 5_000_000, content[5_000_000..6_000_000].to_vec()))).await;
    let statuses: Vec<u16> = both.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(
        (statuses.iter().filter(|status| **status == 204).count(), statuses.iter().filter(|status| **status == 409).count()),
        (1, 3)
    );
    let over = owner.send_part(&upload, 6_000_000, [&content[6_000_000..], b"x"].concat()).await;
    assert_eq!((over.status.as_u16(), over.json["reason"].as_str()), (413, Some("announced")));
    owner.send_part(&upload, 6_000_000, content[6_000_000..].to_vec()).await.expect(204);

    let ends = futures::future::join_all((0..4).map(|_| finish(&owner, &upload))).await;
    for end in ends {
        assert_eq!(end.expect(201)["id"].as_str(), Some(upload.as_str()));
    }
    assert_eq!(id(&finish(&owner, &upload).await.expect(201)), upload);
    assert_eq!(owner.get("/files").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(owner.send_part(&upload, 0, vec![1]).await.status.as_u16(), 404);
    assert_eq!(stored(&t, &owner), 1, "parts and losers are cleared away");
    let waiting = owner.get(&format!("/files/{upload}/links")).await;
    assert_eq!((waiting.status.as_u16(), waiting.json["reason"].as_str()), (409, Some("checking")));
    t.run_jobs().await;
    let got = download(&t, &owner, &upload).await;
    assert!(got.bytes == content);
    assert_eq!(got.headers["content-disposition"], "attachment; filename=\"Ete fdp.dat\"; filename*=UTF-8''%C3%89t%C3%A9%20fdp.dat");
    let history = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    assert_eq!(
        (history["items"][0]["kind"].as_str(), history["items"][0]["data"]["filename"].as_str()),
        (Some("file.added"), Some("Été fdp.dat"))
    );
    assert_eq!(history["items"].as_array().map(Vec::len), Some(2), "added once");
}

#[tokio::test]
async fn what_is_too_much_empty_or_a_program_is_refused_at_the_door_and_at_the_end() {
    let t = TestApp::with(&[("VISION_FILES_QUOTA_MB", "51")]).await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let code = async |name: &str, size: usize| {
        let answer = begin(&owner, &contact, name, size).await;
        (answer.status.as_u16(), answer.json["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(code("a.pdf", LARGEST + 1).await, (413, "file".to_owned()));
    assert_eq!(code("a.pdf", 0).await.0, 422);
    assert_eq!(code("facture.pdf.EXE", 10).await.0, 415);
    assert_eq!(begin(&owner, "00000000-0000-0000-0000-000000000000", "a", 1).await.pointers(), ["/subject/id"]);
    let unknown = json!({ "name": "a", "size": 1, "subject": { "kind": "planet", "id": contact } });
    assert_eq!(owner.post("/files/uploads", &unknown).await.pointers(), ["/subject/kind"]);

    // The largest file there is, in one stream of which no more than a piece is held.
    let upload = id(&begin(&owner, &contact, &format!("{}.bin", "n".repeat(10_000)), LARGEST).await.expect(201)).to_owned();
    let pieces = futures::stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![7_u8; 1024 * 1024]))));
    owner.send_part(&upload, 0, Body::from_stream(pieces)).await.expect(204);
    let file = finish(&owner, &upload).await.expect(201);
    assert_eq!((file["size"].as_u64(), file["name"].as_str().map(|name| name.chars().count())), (Some(LARGEST as u64), Some(200)));
    assert_eq!(owner.send_part(&upload, LARGEST, vec![1]).await.status.as_u16(), 404);
    // The company's room: 51 MB, of which 50 are taken; what is announced counts before it is here.
    assert_eq!(code("b.txt", 2 * 1024 * 1024).await, (413, "quota".to_owned()));
    let small = begin(&owner, &contact, "c.txt", 900 * 1024).await.expect(201);
    assert_eq!(code("d.txt", 900 * 1024).await, (413, "quota".to_owned()));
    owner.delete(&format!("/files/uploads/{}", id(&small))).await.expect(204);
    let usage = owner.get("/files/usage").await.expect(200);
    assert_eq!(
        (usage["bytes"].as_u64(), usage["limit_bytes"].as_u64(), usage["files"].as_u64()),
        (Some(LARGEST as u64), Some(51 * 1024 * 1024), Some(1))
    );

    for (name, content) in [("photo.jpg", &b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"[..]), ("lisezmoi", b"#!/bin/sh\nrm -rf /")] {
        let answer = owner.attach("contact", &contact, name, content).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (415, "unsupported_media_type"), "{name}");
    }
    let upload = id(&begin(&owner, &contact, "a.txt", 3).await.expect(201)).to_owned();
    owner.send_part(&upload, 0, b"abc".to_vec()).await.expect(204);
    let other = json!({ "sha256": "00".repeat(32) });
    assert_eq!(owner.post(&format!("/files/uploads/{upload}/finish"), &other).await.pointers(), ["/sha256"]);
    owner.get(&format!("/files/uploads/{upload}")).await.expect(404);
    assert_eq!(names(&owner, "").await.len(), 1, "nothing that was refused is kept");
}

#[tokio::test]
async fn nothing_that_is_sent_runs_in_a_browser() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let bomb = [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0; 200]].concat();
    for (name, content, found, served) in [
        (
            "logo.svg",
            &b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..],
            "image/svg+xml",
            "application/octet-stream",
        ),
        ("photo.png", b"<html><script>alert(1)</script>", "text/html", "application/octet-stream"),
        ("a.gif", b"GIF89a/*\0\0\0\0*/=1;alert(1)//", "image/gif", "image/gif"),
        ("a.html", b"%PDF-1.7\n<html><script>alert(1)</script>", "application/pdf", "application/pdf"),
        ("bombe.zip", &bomb, "application/zip", "application/zip"),
        ("note.txt", "Été".as_bytes(), "text/plain", "text/plain; charset=utf-8"),
    ] {
        let file = owner.attach("contact", &contact, name, content).await.expect(201);
        assert_eq!(file["media_type"], found, "{name}");
        t.run_jobs().await;
        let got = download(&t, &owner, id(&file)).await;
        assert_eq!((got.status.as_u16(), &got.bytes[..]), (200, content), "{name}");
        assert_eq!(got.headers["content-type"], served, "{name}");
        assert!(got.headers["content-disposition"].to_str().expect("ascii").starts_with("attachment; "), "{name}");
        assert_eq!(got.headers["x-content-type-options"], "nosniff");
        assert_eq!(got.headers["content-security-policy"], "sandbox; default-src 'none'");
        assert_eq!(links(&owner, id(&file)).await["previews"], json!([]), "{name}: nothing to draw");
    }
}

#[tokio::test]
async fn pictures_and_documents_are_drawn_and_a_link_opens_one_thing_for_minutes() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let picture = owner.attach("contact", &contact, "photo.png", &png()).await.expect(201);
    let document = owner.attach("contact", &contact, "devis.pdf", &pdf(12)).await.expect(201);
    assert_eq!((picture["status"].as_str(), picture["thumbnail_url"].clone()), (Some("checking"), Value::Null));
    t.run_jobs().await;
    let seen = owner.get(&format!("/files/{}", id(&picture))).await.expect(200);
    assert_eq!((seen["status"].as_str(), seen["previews"].as_i64()), (Some("ready"), Some(1)));
    let drawn = t.fetch(seen["thumbnail_url"].as_str().expect("link"), &[]).await;
    assert_eq!((drawn.status.as_u16(), &drawn.bytes[..2]), (200, &b"\xFF\xD8"[..]));
    assert_eq!(drawn.headers["content-type"], "image/jpeg");
    let seen = owner.get(&format!("/files/{}", id(&document))).await.expect(200);
    if std::process::Command::new("pdftoppm").arg("-v").output().is_ok() {
        assert_eq!((seen["pages"].as_i64(), seen["previews"].as_i64()), (Some(12), Some(10)), "of a long document the first pages");
        let pages = links(&owner, id(&document)).await["previews"].clone();
        let last = t.fetch(pages[9].as_str().expect("page"), &[]).await;
        assert_eq!(last.status.as_u16(), 200);
        assert_eq!(last.headers["content-disposition"], "inline");
    } else {
        skipped("pdftoppm (poppler-utils) is not installed, pages of PDFs are not drawn");
    }

    let given = links(&owner, id(&picture)).await;
    let link = given["download"].as_str().expect("link");
    let ends: jiff::Timestamp = given["expires_at"].as_str().expect("end").parse().expect("instant");
    assert!(ends.duration_since(t.app.clock.now()) <= SignedDuration::from_mins(5));
    let part = t.fetch(link, &[("range", "bytes=1-3")]).await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &b"PNG"[..]));
    assert_eq!(part.headers["content-range"], format!("bytes 1-3/{}", png().len()));
    assert_eq!(t.fetch(link, &[("range", "bytes=9999-")]).await.bytes, png());
    // A link is good for what it names: not for another file, tenant, picture or hour.
    let other = link.replace(id(&picture), id(&document));
    let stranger = t.owner().await.tenant_id.to_string();
    for forged in [
        other,
        link.replace(&owner.tenant_id.to_string(), &stranger),
        link.replace("what=file", "what=thumbnail"),
        link.replace("until=1", "until=2"),
        link.replace("seal=", "seal=0"),
        format!("{}&seal=", link.split("&seal=").next().expect("start")),
    ] {
        assert_ne!(forged, link);
        let answer = t.fetch(&forged, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found"), "{forged}");
    }
    // What is thrown away is gone for whoever still holds a link.
    owner.delete(&format!("/files/{}", id(&document))).await.expect(204);
    assert_eq!(t.fetch(seen["thumbnail_url"].as_str().unwrap_or(link), &[]).await.status.as_u16() == 200, seen["thumbnail_url"].is_null());
    t.advance(SignedDuration::from_mins(5));
    assert_eq!(t.fetch(link, &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_file_is_renamed_thrown_away_brought_back_and_leaves_the_store_in_the_end() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    for (name, size) in [("b.txt", 20), ("Été.txt", 30), ("a.txt", 10)] {
        owner.attach("contact", &contact, name, &vec![b'x'; size]).await.expect(201);
    }
    t.run_jobs().await;
    let of = format!("subject_kind=contact&subject_id={contact}");
    assert_eq!(names(&owner, &of).await, ["a.txt", "Été.txt", "b.txt"]);
    assert_eq!(names(&owner, &format!("{of}&sort=name")).await, ["a.txt", "b.txt", "Été.txt"]);
    assert_eq!(names(&owner, "sort=-size").await, ["Été.txt", "b.txt", "a.txt"]);
    for sort in ["name", "-name", "created", "-created", "size", "-size"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner.get(&format!("/files?sort={sort}&limit=1&cursor={cursor}")).await.expect(200);
            seen.extend(page["items"].as_array().expect("items").iter().map(|file| file["name"].as_str().expect("name").to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!(seen, names(&owner, &format!("sort={sort}")).await, "{sort}");
    }
    for wrong in ["sort=hasard", "subject_kind=contact", "subject_kind=x&subject_id=00000000-0000-0000-0000-000000000000", "cursor=zz"] {
        assert_eq!(owner.get(&format!("/files?{wrong}")).await.status.as_u16(), 422, "{wrong}");
    }
    let name_cursor = owner.get("/files?sort=name&limit=1").await.expect(200)["next_cursor"].as_str().expect("cursor").to_owned();
    assert_eq!(owner.get(&format!("/files?sort=size&cursor={name_cursor}")).await.status.as_u16(), 422);

    let file = owner.get("/files?sort=name").await.expect(200)["items"][0].clone();
    let path = format!("/files/{}", id(&file));
    assert_eq!(owner.patch_if(&path, 7, &json!({ "name": "c.txt" })).await.code(), "stale_version");
    for (name, code) in [("  ", "required"), ("a.exe", "refused"), (&*"x".repeat(201), "too_long")] {
        let refused = owner.patch(&path, &json!({ "name": name })).await;
        assert_eq!((refused.status.as_u16(), refused.json["errors"][0]["code"].as_str()), (422, Some(code)));
    }
    assert_eq!(owner.patch_if(&path, 1, &json!({ "name": "../c'; --.txt" })).await.expect(200)["name"], "c'; --.txt");
    assert_eq!(owner.post(&format!("{path}/purge"), &json!({})).await.code(), "conflict");
    for _ in 0..2 {
        owner.delete(&path).await.expect(204);
    }
    assert_eq!((names(&owner, "").await.len(), names(&owner, "trash=true").await), (2, vec!["c'; --.txt".to_owned()]));
    assert_eq!(owner.get("/files/usage").await.expect(200)["trash_bytes"], 10);
    assert_eq!(owner.get(&format!("{path}/links")).await.json["reason"], "deleted");
    for _ in 0..2 {
        assert_eq!(owner.post(&format!("{path}/restore"), &json!({})).await.expect(200)["deleted_at"], Value::Null);
    }
    let history = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    let kinds: Vec<&str> =
        history["items"].as_array().expect("items").iter().take(4).map(|item| item["kind"].as_str().expect("kind")).collect();
    assert_eq!(kinds, ["file.restored", "file.removed", "file.renamed", "file.added"]);
    let log = owner.get("/audit-log?action=file.renamed").await.expect(200);
    assert_eq!(
        (log["items"][0]["object_label"].as_str(), log["items"][0]["changes"][0]["after"].as_str()),
        (Some("a.txt"), Some("c'; --.txt"))
    );

    owner.delete(&path).await.expect(204);
    t.advance(SignedDuration::from_hours(24 * 29));
    let owner = again(&t, &owner).await;
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    assert_eq!((names(&owner, "trash=true").await.len(), stored(&t, &owner)), (1, 3), "a day before");
    t.advance(SignedDuration::from_hours(25));
    let owner = again(&t, &owner).await;
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    assert_eq!((names(&owner, "trash=true").await.len(), stored(&t, &owner)), (0, 2), "30 days");
    // A record that goes for good takes its files along, and nothing of them stays.
    let begun = begin(&owner, &contact, "reste.txt", 3).await.expect(201);
    owner.send_part(id(&begun), 0, vec![b'x'; 2]).await.expect(204);
    owner.post(&format!("/contacts/{contact}/archive"), &json!({})).await.expect(200);
    assert_eq!(begin(&owner, &contact, "a.txt", 1).await.code(), "conflict", "an archived record takes none");
    owner.delete(&format!("/contacts/{contact}")).await.expect(204);
    t.advance(SignedDuration::from_hours(25));
    let owner = again(&t, &owner).await;
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    assert_eq!((names(&owner, "").await.len(), stored(&t, &owner)), (0, 0));
    assert_eq!(owner.send_part(id(&begun), 2, vec![b'x']).await.status.as_u16(), 404, "given up after a day");
    vision_server::wiring::sweep(&t.app).await.expect("again");
}

#[tokio::test]
async fn who_sees_the_record_sees_its_files_and_nobody_else_goes_on_with_an_upload() {
    let t = TestApp::new().await;
    let (owner, other) = (t.owner().await, t.owner().await);
    let bob = t.member_with(owner.tenant_id, &["contacts.read", "contacts.write"], "own").await;
    let contact = owner.contact(&json!({ "last_name": "Secret" })).await;
    let his = owner.contact(&json!({ "last_name": "À Bob", "owner_id": bob.user_id })).await;
    let car = owner.post("/entities", &json!({ "plate": "AB-123-CD", "contact_id": his })).await.expect(201);
    let hidden = owner.attach("contact", &contact, "secret.txt", b"secret").await.expect(201);
    owner.attach("contact", &his, "vu.txt", b"vu").await.expect(201);
    let photo = bob.attach("entity", id(&car), "photo.txt", b"photo").await.expect(201);
    t.run_jobs().await;
    assert_eq!(names(&bob, "sort=name").await, ["photo.txt", "vu.txt"]);
    for path in ["", "/links"] {
        bob.get(&format!("/files/{}{path}", id(&hidden))).await.expect(404);
        other.get(&format!("/files/{}{path}", id(&hidden))).await.expect(404);
    }
    bob.delete(&format!("/files/{}", id(&hidden))).await.expect(404);
    assert_eq!(begin(&bob, &contact, "a.txt", 1).await.pointers(), ["/subject/id"]);
    let upload = begin(&owner, &his, "a.txt", 3).await.expect(201);
    for stranger in [&bob, &other] {
        assert_eq!(stranger.send_part(id(&upload), 0, b"abc".to_vec()).await.status.as_u16(), 404);
        stranger.get(&format!("/files/uploads/{}", id(&upload))).await.expect(404);
        finish(stranger, id(&upload)).await.expect(404);
        stranger.delete(&format!("/files/uploads/{}", id(&upload))).await.expect(404);
        finish(stranger, id(&photo)).await.status.as_u16();
    }
    finish(&other, id(&photo)).await.expect(404);
    // The thing remembers that there is a file, its owner of the time which one (GA-14).
    let thing = owner.get(&format!("/entities/{}/timeline", id(&car))).await.expect(200);
    assert_eq!((thing["items"][0]["kind"].as_str(), thing["items"][0]["data"]["filename"].clone()), (Some("file.added"), Value::Null));
    let person = owner.get(&format!("/contacts/{his}/timeline")).await.expect(200);
    assert_eq!(person["items"][0]["data"]["entity"]["name"].as_str(), Some("AB-123-CD"), "{person}");
    // What was begun on a contact that was merged meanwhile ends on the one that was kept.
    owner.send_part(id(&upload), 0, b"abc".to_vec()).await.expect(204);
    owner.post(&format!("/contacts/{contact}/merge"), &json!({ "other_id": his })).await.expect(200);
    assert_eq!(finish(&owner, id(&upload)).await.expect(201)["subject"]["id"].as_str(), Some(contact.as_str()));
    assert_eq!(names(&owner, &format!("subject_kind=contact&subject_id={contact}&sort=name")).await, ["a.txt", "secret.txt", "vu.txt"]);
}
