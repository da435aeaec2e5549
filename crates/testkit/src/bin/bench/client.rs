//! A small HTTP/1.1 client with kept connections: it must cost less than what it measures.

use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A kept connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// Latencies of one measurement.
pub(crate) struct Measured {
    /// Milliseconds, sorted.
    latencies: Vec<f64>,
    /// Answers other than 2xx.
    pub(crate) failures: usize,
}

impl Measured {
    pub(crate) fn count(&self) -> usize {
        self.latencies.len()
    }

    /// Milliseconds below which this share of requests stayed.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((self.latencies.len() as f64) * share) as usize;
        self.latencies.get(index.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("no delay");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends a request; answers status and body.
    pub(crate) async fn send(&mut self, token: &str, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
        let body = body.unwrap_or_default();
        let authorization = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: localhost\r\n{authorization}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await.expect("sent");
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            self.stream.read_line(&mut line).await.expect("an answer");
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if status == 0 {
                status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
            }
            if let Some(value) = text.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await.expect("a body");
        (status, String::from_utf8_lossy(&answer).into_owned())
    }
}

/// Sends the same requests (paths separated by `|` one after the other) on some connections for a while.
pub(crate) async fn load(address: &str, token: &str, paths: &str, body: Option<&str>, connections: usize, time: Duration) -> Measured {
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (address, token, paths, body) = (address.to_owned(), token.to_owned(), paths.to_owned(), body.map(str::to_owned));
        workers.spawn(async move {
            let mut client = Client::connect(&address).await;
            let (mut latencies, mut failures) = (Vec::new(), 0);
            let end = Instant::now() + time;
            while Instant::now() < end {
                let started = Instant::now();
                for path in paths.split('|') {
                    let (status, _) = client.send(&token, method, path, body.as_deref()).await;
                    failures += usize::from(!(200..300).contains(&status));
                }
                latencies.push(started.elapsed().as_secs_f64() * 1000.0);
            }
            (latencies, failures)
        });
    }
    let mut measured = Measured { latencies: Vec::new(), failures: 0 };
    while let Some(done) = workers.join_next().await {
        let (latencies, failures) = done.expect("a worker");
        measured.latencies.extend(latencies);
        measured.failures += failures;
    }
    measured.latencies.sort_by(f64::total_cmp);
    measured
}
