//! What takes longer than a page may: once each, in the tenant of 100,000 contacts and a million events, by one person on an idle machine.

use crate::client::Client;
use crate::data;
use crate::server::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SLUG: &str = "bench-100000";
/// Longest that a job may take before the bench gives up.
const PATIENCE: Duration = Duration::from_mins(5);

/// Sends requests of one person, one after the other.
struct One {
    client: Client,
    token: String,
}

impl One {
    async fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string);
        let (status, answer) = self.client.send(&self.token, method, path, body.as_deref()).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// Starts a job and waits for its end; seconds, and the job.
    async fn job(&mut self, path: &str, body: &Value) -> (f64, Value) {
        let started = Instant::now();
        let job = self.call("POST", path, Some(body)).await;
        let id = job.get("id").and_then(Value::as_str).expect("a job").to_owned();
        while started.elapsed() < PATIENCE {
            let job = self.call("GET", &format!("/jobs/{id}"), None).await;
            match job.get("status").and_then(Value::as_str) {
                Some("done") => return (started.elapsed().as_secs_f64(), job),
                Some("queued" | "running") => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{path} ended as {other:?}: {job}"),
            }
        }
        panic!("{path} did not end");
    }
}

/// Measures and prints.
pub(crate) async fn run(server: &Server) {
    let token = server.token(SLUG).await;
    let mut one = One { client: Client::connect(&server.address).await, token };
    println!();
    println!("| once, 100,000 contacts and 1M events | seconds | |");
    println!("|---|---|---|");

    let path = format!("/contacts/count?up_to=1000000&tree={}", data::segment());
    let mut times = Vec::new();
    let mut count = Value::Null;
    for _ in 0..10 {
        let started = Instant::now();
        count = one.call("GET", &path, None).await;
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let [median, worst] = [times.len() / 2, times.len() - 1].map(|at| times.get(at).copied().unwrap_or_default());
    println!("| segment count, 5 criteria, 10 times | {median:.2} median, {worst:.2} worst | {count} |");

    let (kept, other) = data::pair(server, SLUG).await;
    let started = Instant::now();
    one.call("POST", &format!("/contacts/{kept}/merge"), Some(&json!({ "other_id": other }))).await;
    println!("| merge of two contacts with 1,000 references each | {:.2} | |", started.elapsed().as_secs_f64());

    let (seconds, job) = one.job(&format!("/contacts/{kept}/access"), &json!({})).await;
    let size = data::file_size(server, job.get("id").and_then(Value::as_str).unwrap_or_default()).await;
    println!("| access export of the busiest contact (2,000 references, 10,000 events) | {seconds:.2} | {size} KiB |");

    let half = json!({ "field": "city", "op": "is", "value": (0..25).map(|n| format!("Ville{n}")).collect::<Vec<_>>() });
    let selection = json!({ "filter": { "tree": half.to_string() } });
    let body = json!({ "selection": selection, "action": { "type": "add_tags", "tags": [format!("banc-{}", data::stamp())] } });
    let (seconds, job) = one.job("/contacts/bulk", &body).await;
    println!("| bulk tag | {seconds:.2} | {} contacts |", job.get("done").unwrap_or(&Value::Null));

    let (seconds, _) = one.job("/company/export", &json!({})).await;
    println!("| export of the whole company | {seconds:.2} | |");
}
