//! `make bench`: how fast the product answers over HTTP at 1k, 10k and 100k contacts (1M with `--million`), beside pgbench on the
//! same SQL in the same run. Prints requests per second, p50/p95/p99, CPU per request of the application and of PostgreSQL.
//!
//! Everything runs on loopback in a data folder of its own below `target/`, for a bounded time, and is stopped at the end.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring tool stops where it cannot measure, and prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod client;
mod data;
mod heavy;
mod server;

use client::{Client, Measured};
use server::Server;
use std::time::Duration;

/// Seconds per measurement.
const SECONDS: u64 = 5;
/// Connections of the load.
const CONNECTIONS: usize = 8;

fn main() {
    let million = std::env::args().any(|argument| argument == "--million");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    runtime.block_on(run(million));
}

async fn run(million: bool) {
    let server = Server::start().await;
    let mut sizes = vec![1_000, 10_000, 100_000];
    if million {
        sizes.push(1_000_000);
    }
    println!("loading contacts of tenants of {sizes:?} and of 50 tenants of 20,000 …");
    data::load(&server, &sizes, 20_000).await;
    println!("| contacts | route | req/s | p50 ms | p95 ms | p99 ms | app µs/req | PostgreSQL µs/req |");
    println!("|---|---|---|---|---|---|---|---|");
    for size in &sizes {
        let token = server.token(&format!("bench-{size}")).await;
        let middle = size / 2;
        let contact = data::contact_id(&server, *size).await;
        let routes: Vec<(&str, String, Option<String>)> = vec![
            ("get contact", format!("/contacts/{contact}"), None),
            ("list page by name", "/contacts?limit=50".into(), None),
            ("list page by activity", "/contacts?limit=50&sort=-activity".into(), None),
            ("search hit", format!("/contacts?limit=50&q=dupont{middle}"), None),
            ("search phone fragment", format!("/contacts?limit=50&q=06{:06}", middle % 1_000_000), None),
            ("search common word", "/contacts?limit=50&q=exemple".into(), None),
            ("search miss", "/contacts?limit=50&q=zzqxzzqx".into(), None),
            ("contact page (3 calls)", format!("/contacts/{contact}|/contacts/{contact}/timeline|/contacts/{contact}/notes"), None),
            ("search everything, hit", format!("/search?q=dupont{middle}"), None),
            ("search everything, typing error", format!("/search?q=dupomt{middle}"), None),
            ("home", "/home".into(), None),
            ("segment page, 5 criteria", format!("/contacts?limit=50&tree={}", data::segment()), None),
            ("create contact", "/contacts".into(), Some(r#"{"last_name":"Nouveau","emails":[{"email":"nouveau@exemple.fr"}]}"#.into())),
        ];
        for (name, path, body) in routes {
            let before = server.cpu();
            let measured = client::load(&server.address, &token, &path, body.as_deref(), CONNECTIONS, Duration::from_secs(SECONDS)).await;
            print_row(*size, name, &measured, before, server.cpu());
        }
    }
    for (name, sql) in [("get contact", data::GET_SQL), ("list page by name", data::PAGE_SQL)] {
        let before = server.cpu();
        match server.pgbench(sql, 100_000, SECONDS).await {
            Some((tps, latency)) => {
                let (_, database) = server.cpu();
                let per = (database - before.1) * 1e6 / (tps * SECONDS as f64);
                println!("| 100000 | pgbench: {name} | {tps:.0} | {latency:.2} (mean) | | | | {per:.0} |");
            }
            None => println!("pgbench is not installed: no baseline for {name}"),
        }
    }
    heavy::run(&server).await;
    println!("memory: application {} MiB", server.memory_mib());
}

fn print_row(size: u64, name: &str, measured: &Measured, before: (f64, f64), after: (f64, f64)) {
    let count = measured.count() as f64;
    println!(
        "| {size} | {name} | {:.0} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} |",
        count / SECONDS as f64,
        measured.percentile(0.50),
        measured.percentile(0.95),
        measured.percentile(0.99),
        (after.0 - before.0) * 1e6 / count,
        (after.1 - before.1) * 1e6 / count
    );
    assert_eq!(measured.failures, 0, "{name}: some requests failed");
}

/// One request, for set-up.
async fn once(address: &str, token: &str, method: &str, path: &str, body: &str) -> String {
    Client::connect(address).await.send(token, method, path, Some(body)).await.1
}
