//! Files with what lies outside: a bucket of a real S3 server, a real ClamAV daemon.

use jiff::SignedDuration;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serde_json::json;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vision_testkit::TestApp;

/// An S3 server on a folder, for as long as the test runs.
async fn s3(folder: &Path) -> String {
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).expect("folder"));
    service.set_auth(SimpleAuth::from_single("key", "sesame"));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let http = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                drop(http.serve_connection(hyper_util::rt::TokioIo::new(socket), service).await);
            });
        }
    });
    format!("http://{address}")
}

fn objects(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| if entry.path().is_dir() { objects(&entry.path()) } else { 1 })
        .sum()
}

#[tokio::test]
async fn files_live_in_a_bucket_as_well_as_in_a_folder() {
    let folder = tempfile::tempdir().expect("folder");
    let bucket = folder.path().join("vision");
    std::fs::create_dir(&bucket).expect("bucket");
    let endpoint = s3(folder.path()).await;
    let settings = [
        ("VISION_S3_ENDPOINT", endpoint.as_str()),
        ("VISION_S3_BUCKET", "vision"),
        ("VISION_S3_KEY_ID", "key"),
        ("VISION_S3_SECRET", "sesame"),
    ];
    let t = TestApp::with(&settings).await;
    let files = &t.app.files;
    for key in ["a/b/1", "a/b/2", "a/bc/3"] {
        files.put(key, key.as_bytes().to_vec().into()).await.expect("put");
    }
    files.delete_all("a/b").await.expect("deleted");
    assert!(matches!(files.get("a/b/1").await, Err(vision_ports::FilesError::NotFound)));
    assert_eq!(files.get("a/bc/3").await.expect("untouched"), "a/bc/3");
    files.delete("a/b/1").await.expect("what is not there");
    files.delete("a/bc/3").await.expect("deleted");
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    // Large enough for an upload in several parts.
    let content: Vec<u8> = (0..12_000_000_u32).map(|n| u8::try_from(n % 253).expect("byte")).collect();
    let file = owner.attach("contact", &contact, "relevé.bin", &content).await.expect(201);
    t.run_jobs().await;
    let path = format!("/files/{}", file["id"].as_str().expect("id"));
    let links = owner.get(&format!("{path}/links")).await.expect(200);
    let link = links["download"].as_str().expect("link");
    assert!(t.fetch(link, &[]).await.bytes == content);
    let part = t.fetch(link, &[("range", "bytes=11999990-")]).await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &content[11_999_990..]));
    assert_eq!(objects(&bucket), 1, "the parts are gone");
    owner.delete(&path).await.expect(204);
    t.advance(SignedDuration::from_hours(24 * 31));
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    assert_eq!(objects(&bucket), 0);
}

/// A daemon that knows one signature; ends with the test.
struct Clamd {
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Clamd {
    fn socket(&self) -> String {
        self.folder.path().join("clamd.ctl").display().to_string()
    }

    /// `false` where it is not installed.
    fn start(&mut self) -> bool {
        let config = self.folder.path().join("clamd.conf");
        let database = self.folder.path().join("db");
        let text =
            format!("LocalSocket {}\nDatabaseDirectory {}\nForeground yes\nStreamMaxLength 60M\n", self.socket(), database.display());
        std::fs::write(&config, text).expect("configuration");
        std::fs::create_dir_all(&database).expect("folder");
        let signature: String = b"VISION-TEST-MALWARE".iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(database.join("vision.ndb"), format!("Vision.Test.Malware:0:*:{signature}\n")).expect("signature");
        let mut command = Command::new("clamd");
        command.arg(format!("--config-file={}", config.display())).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin");
        let Ok(child) = command.spawn() else { return false };
        self.child = Some(child);
        let began = Instant::now();
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            assert!(began.elapsed() < Duration::from_mins(1), "clamd does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

#[tokio::test]
async fn malware_is_kept_apart_and_a_file_waits_while_the_scanner_is_away() {
    let mut clamd = Clamd { folder: tempfile::tempdir().expect("folder"), child: None };
    let t = TestApp::with(&[("VISION_CLAMD", &clamd.socket())]).await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let bad = owner.attach("contact", &contact, "facture.txt", b"bonjour VISION-TEST-MALWARE").await.expect(201);
    let good = owner.attach("contact", &contact, "devis.txt", b"bonjour").await.expect(201);
    let status = async |file: &serde_json::Value| {
        let seen = owner.get(&format!("/files/{}", file["id"].as_str().expect("id"))).await.expect(200);
        (seen["status"].as_str().expect("status").to_owned(), seen["threat"].as_str().map(str::to_owned))
    };
    t.run_jobs().await;
    assert_eq!(status(&good).await.0, "checking", "nobody has looked into it");
    if !clamd.start() {
        crate::files::skipped("clamd (clamav-daemon) is not installed, nothing is scanned");
        return;
    }
    vision_crm::files::beat(&t.app).await.expect("beat");
    t.run_jobs().await;
    assert_eq!(status(&good).await.0, "checking", "not before its time");
    t.advance(SignedDuration::from_mins(1));
    vision_crm::files::beat(&t.app).await.expect("beat");
    t.run_jobs().await;
    assert_eq!(status(&good).await, ("ready".to_owned(), None));
    assert_eq!(status(&bad).await, ("quarantined".to_owned(), Some("Vision.Test.Malware.UNOFFICIAL".to_owned())));
    let refused = owner.get(&format!("/files/{}/links", bad["id"].as_str().expect("id"))).await;
    assert_eq!((refused.status.as_u16(), refused.json["reason"].as_str()), (409, Some("quarantined")));
    let history = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    assert_eq!(history["items"][0]["kind"], "file.quarantined");
    owner.delete(&format!("/files/{}", bad["id"].as_str().expect("id"))).await.expect(204);
}
