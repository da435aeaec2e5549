//! The managed PostgreSQL against real processes: every row of the failure table in the database design notes.
//!
//! Run by root, the server drops to an account, and the scenarios of an ordinary user run as `nobody` through `setpriv`.
//! Run by an ordinary user, they run as that user. Scenarios that need a process of their own (another user, another
//! environment, a kill) are the ignored tests of `scenario`, which the others start by name.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step is a failed test")]

mod place;
mod scenario;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

use place::{Place, alive, is_root, kill, open, rows, status};
use vision_platform::postgres::{ManagedError, ManagedPostgres};

#[tokio::test]
async fn a_server_starts_answers_and_stops() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    assert!(!server.adopted());
    assert!(server.version() >= 15);
    let (encoding, listen, fsync): (String, String, String) =
        sqlx::query_as("SELECT current_setting('server_encoding'), current_setting('listen_addresses'), current_setting('fsync')")
            .fetch_one(&mut open(&server).await)
            .await
            .unwrap();
    assert_eq!((encoding.as_str(), listen.as_str(), fsync.as_str()), ("UTF8", "", "off"));
    let lowered: String = sqlx::query_scalar("SELECT lower('ÉÀÇ')").fetch_one(&mut open(&server).await).await.unwrap();
    assert_eq!(lowered, "éàç", "character classes are those of Unicode");

    let password = fs::metadata(place.pg().join("owner-password")).unwrap();
    assert_eq!(password.mode() & 0o777, 0o600);
    assert!(!place.home().join("init-password").exists(), "the password file of initdb is gone");

    let pid = server.pid();
    assert!(alive(pid));
    server.stop().await.unwrap();
    assert!(!alive(pid));
    assert!(!place.data().join("postmaster.pid").exists());

    let again = place.start().await.unwrap();
    assert!(!again.adopted(), "a second start serves the same cluster");
    again.stop().await.unwrap();
}

#[tokio::test]
async fn durable_settings_are_on_for_real_data() {
    let place = Place::new();
    let server = ManagedPostgres::start(place.options(true)).await.unwrap();
    let settings: Vec<String> = sqlx::query_scalar(
        "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums')",
    )
    .fetch_all(&mut open(&server).await)
    .await
    .unwrap();
    assert_eq!(settings, ["on"; 4]);
    sqlx::query("CREATE EXTENSION pg_stat_statements").execute(&mut open(&server).await).await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_instance_adopts_and_may_stop_it() {
    let place = Place::new();
    let first = place.start().await.unwrap();
    let second = place.start().await.unwrap();
    assert!(second.adopted() && !first.adopted());
    assert_eq!((second.pid(), second.version()), (first.pid(), first.version()));
    assert_eq!(rows(&second).await, 0);
    second.stop().await.unwrap();
    assert!(!alive(first.pid()));
    first.stop().await.expect("stopping what is stopped is no error");
}

#[tokio::test]
async fn a_dropped_value_leaves_the_server_to_be_adopted() {
    let place = Place::new();
    let pid = place.start().await.unwrap().pid();
    let second = place.start().await.unwrap();
    assert!(second.adopted());
    second.detach();
    assert!(alive(pid));
    place.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn the_orphan_of_a_killed_application_is_adopted() {
    let place = Place::new();
    let mut parent = place.spawn("starts_and_waits", &[]);
    place.wait_for("ready", &mut parent).await;
    kill(parent.id().unwrap(), "KILL");
    parent.wait().await.unwrap();
    let server = place.start().await.unwrap();
    assert!(server.adopted());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_postmaster_is_replaced_and_its_data_kept() {
    let place = Place::new();
    let mut server = place.start().await.unwrap();
    sqlx::query("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n").execute(&mut open(&server).await).await.unwrap();
    // A busy child holds the shared memory for a while after its parent is gone.
    let mut busy = open(&server).await;
    let mut held = tokio::task::JoinSet::new();
    held.spawn(async move { sqlx::query("SELECT pg_sleep(60)").execute(&mut busy).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    kill(u32::try_from(server.pid()).unwrap(), "KILL");
    server.ended().await;
    let again = place.start().await.unwrap();
    assert!(!again.adopted());
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut open(&again).await).await.unwrap();
    assert_eq!(count, 1000);
    again.stop().await.unwrap();
    held.abort_all();
}

#[tokio::test]
async fn a_stale_pid_file_does_not_prevent_a_start() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let (pid, socket) = (server.pid(), fs::read_to_string(place.data().join("postmaster.pid")).unwrap());
    server.stop().await.unwrap();
    // A dead process; then a living one of another user, when there is one to name.
    let foreign = if is_root() { 1 } else { pid };
    for stale in [pid, foreign] {
        let text = socket.replacen(&pid.to_string(), &stale.to_string(), 1);
        place.as_server_file("postmaster.pid", &text);
        let again = place.start().await.unwrap();
        assert!(!again.adopted());
        again.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_pid_taken_over_by_another_program_is_reported_not_removed() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let account = status(server.pid(), "Uid");
    let (pid, text) = (server.pid(), fs::read_to_string(place.data().join("postmaster.pid")).unwrap());
    server.stop().await.unwrap();
    let mut sleeper = place::sleeper(account.split_whitespace().next().unwrap());
    place.as_server_file("postmaster.pid", &text.replacen(&pid.to_string(), &sleeper.id().unwrap().to_string(), 1));
    let began = Instant::now();
    let error = place.start().await.unwrap_err();
    assert!(matches!(error, ManagedError::Blocked { .. }), "{error}");
    assert!(error.to_string().contains("postmaster.pid"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(45));
    assert!(place.data().join("postmaster.pid").exists());
    sleeper.kill().await.unwrap();
    place.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_run_time_folder_with_a_long_path_is_passed_over() {
    let place = Place::new();
    let long = place.root().join("x".repeat(100));
    fs::create_dir(&long).unwrap();
    fs::set_permissions(&long, fs::Permissions::from_mode(0o777)).unwrap();
    place.run("starts_and_stops", &[("XDG_RUNTIME_DIR", long.to_str().unwrap())]).await;
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0, "the long folder was not used");
}

#[tokio::test]
async fn data_of_another_major_version_is_refused() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    server.stop().await.unwrap();
    place.as_server_file("PG_VERSION", "9\n");
    let error = place.start().await.unwrap_err();
    assert!(matches!(&error, ManagedError::OtherMajor { found, .. } if found == "9"), "{error}");

    // The whole folder is that of a version which is not installed: no empty database is made beside it.
    let old = place.pg().join("99");
    fs::rename(place.home(), &old).unwrap();
    fs::write(old.join("data/PG_VERSION"), "99\n").unwrap();
    let error = place.start().await.unwrap_err();
    assert!(matches!(&error, ManagedError::OtherMajor { found, .. } if found == "99"), "{error}");
    assert!(!place.home().exists());
}

#[tokio::test]
async fn the_server_never_runs_as_root() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let uids = status(server.pid(), "Uid");
    let me = rustix::process::geteuid().as_raw().to_string();
    if is_root() {
        assert!(uids.split_whitespace().all(|uid| uid != "0"), "{uids}");
        assert!(status(server.pid(), "Gid").split_whitespace().all(|gid| gid != "0"));
        assert_eq!(status(server.pid(), "Groups").trim(), "", "no group of root is left");
    } else {
        assert!(uids.split_whitespace().all(|uid| uid == me), "{uids}");
    }
    assert_eq!(fs::metadata(place.data()).unwrap().mode() & 0o777, 0o700);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn data_that_the_account_cannot_reach_lives_elsewhere_and_is_found_again() {
    let place = Place::new();
    fs::set_permissions(place.root(), fs::Permissions::from_mode(0o700)).unwrap();
    let server = place.start().await.unwrap();
    let data = server.data_directory().to_owned();
    if is_root() {
        assert!(data.starts_with("/var/lib/vision"), "{}", data.display());
    } else {
        assert!(data.starts_with(fs::canonicalize(place.root()).unwrap()));
    }
    server.stop().await.unwrap();
    // Reachable now, or moved: the same data is served.
    fs::set_permissions(place.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(place.root().join("data"), place.root().join("moved")).unwrap();
    fs::rename(place.root().join("moved"), place.root().join("data")).unwrap();
    let again = place.start().await.unwrap();
    assert_eq!(again.data_directory(), data);
    again.stop().await.unwrap();
    if is_root() {
        fs::remove_dir_all(data.ancestors().nth(3).unwrap()).unwrap();
    }
}

#[tokio::test]
async fn an_ordinary_user_starts_and_stops_a_server() {
    Place::new().run("starts_and_stops", &[("HOME", "/nonexistent")]).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_in_the_error() {
    Place::new().run("is_told_that_the_folder_is_read_only", &[]).await;
}

#[tokio::test]
async fn a_user_without_a_name_is_told_so() {
    if !is_root() {
        return not_here("needs root, to become a user without a name");
    }
    Place::new().run_as(Some(54_321), "is_told_that_the_user_is_unknown", &[]).await;
}

#[tokio::test]
async fn a_cluster_of_somebody_else_is_named_in_the_error() {
    if !is_root() {
        return not_here("needs root, to leave a cluster of another user behind");
    }
    let place = Place::new();
    place.start().await.unwrap().stop().await.unwrap();
    place.run("is_told_that_the_cluster_belongs_to_another", &[]).await;
}

#[tokio::test]
async fn root_serves_the_cluster_of_an_ordinary_user_as_that_user() {
    let place = Place::new();
    place.run("starts_and_stops", &[]).await;
    let owner = fs::metadata(place.data()).unwrap().uid().to_string();
    let server = place.start().await.unwrap();
    assert!(status(server.pid(), "Uid").split_whitespace().all(|uid| uid == owner));
    server.stop().await.unwrap();
    place.run("starts_and_stops", &[]).await;
}

#[tokio::test]
async fn of_two_starts_at_once_one_initialises_and_the_other_adopts() {
    let place = Place::new();
    let (one, two) = tokio::join!(place.start(), place.start());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.pid(), two.pid());
    assert!(one.adopted() != two.adopted());
    one.stop().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_initialisation_is_done_again() {
    let place = Place::new();
    let mut parent = place.spawn("starts_and_waits", &[]);
    let began = Instant::now();
    while !place.initialising() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never began");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill(parent.id().unwrap(), "KILL");
    parent.wait().await.unwrap();
    assert!(!place.data().exists(), "it was killed before the end");
    let server = place.start().await.unwrap();
    assert!(!server.adopted());
    assert_eq!(rows(&server).await, 0);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_lost_or_wrong_password_is_reported() {
    let place = Place::new();
    place.start().await.unwrap().stop().await.unwrap();
    let file = place.pg().join("owner-password");
    fs::write(&file, "not it").unwrap();
    let error = place.start().await.unwrap_err();
    assert!(matches!(error, ManagedError::PasswordRefused { .. }), "{error}");
    assert!(!place.data().join("postmaster.pid").exists(), "the server that refused us was stopped");
    fs::remove_file(&file).unwrap();
    let error = place.start().await.unwrap_err();
    assert!(matches!(error, ManagedError::PasswordLost { .. }), "{error}");
}

#[tokio::test]
async fn files_that_are_no_database_are_left_alone() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    server.stop().await.unwrap();
    fs::remove_file(place.data().join("PG_VERSION")).unwrap();
    let error = place.start().await.unwrap_err();
    assert!(matches!(error, ManagedError::NotACluster { .. }), "{error}");
    assert!(place.data().join("base").exists());
}

#[tokio::test]
async fn a_folder_without_binaries_is_named_in_the_error() {
    let place = Place::new();
    let mut options = place.options(false);
    options.bin_dir = Some(place.root().to_owned());
    let error = ManagedPostgres::start(options).await.unwrap_err();
    assert!(error.to_string().contains("it has no postgres"), "{error}");
}

#[expect(clippy::print_stderr, reason = "a test that cannot run here says so")]
fn not_here(why: &str) {
    eprintln!("not run: {why}");
}
