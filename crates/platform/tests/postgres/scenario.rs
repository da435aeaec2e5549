//! What the tests run in a process of its own. Each reads its place from `VISION_TEST_PLACE`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use vision_platform::postgres::{ManagedError, ManagedOptions, ManagedPostgres};

use super::place::{self, open};

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("VISION_TEST_PLACE").expect("started by another test"))
}

fn options() -> ManagedOptions {
    place::options(&root().join("data"), false)
}

#[tokio::test]
#[ignore = "started by another test"]
async fn starts_and_waits() {
    let server = ManagedPostgres::start(options()).await.unwrap();
    fs::write(root().join("ready"), server.pid().to_string()).unwrap();
    tokio::time::sleep(std::time::Duration::from_mins(2)).await;
    server.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "started by another test"]
async fn starts_and_stops() {
    let server = ManagedPostgres::start(options()).await.unwrap();
    let user: String = sqlx::query_scalar("SELECT session_user::text").fetch_one(&mut open(&server).await).await.unwrap();
    assert_eq!(user, "vision_owner");
    let pid = server.pid();
    server.stop().await.unwrap();
    assert!(!place::alive(pid));
}

#[tokio::test]
#[ignore = "started by another test"]
async fn is_told_that_the_folder_is_read_only() {
    let data = root().join("data");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    let error = ManagedPostgres::start(options()).await.unwrap_err();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(error, ManagedError::Path { .. }), "{error}");
    assert!(error.to_string().contains("VISION_DATA"), "{error}");
}

#[tokio::test]
#[ignore = "started by another test"]
async fn is_told_that_the_user_is_unknown() {
    let error = ManagedPostgres::start(options()).await.unwrap_err();
    assert!(matches!(error, ManagedError::UnknownUser { uid: 54_321 }), "{error}");
    assert!(error.to_string().contains("DATABASE_URL"), "{error}");
}

#[tokio::test]
#[ignore = "started by another test"]
async fn is_told_that_the_cluster_belongs_to_another() {
    let error = ManagedPostgres::start(options()).await.unwrap_err();
    assert!(matches!(error, ManagedError::WrongOwner { .. }), "{error}");
    assert!(error.to_string().contains("chown"), "{error}");
}
