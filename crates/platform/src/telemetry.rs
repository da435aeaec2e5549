//! Logs and metrics. A log line never carries a body, a token or an address; a failure is logged once, at the edge.

use crate::Config;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging; a second call does nothing.
pub fn init_logs(config: &Config) {
    // The job library asks again every few milliseconds while the database is away, and logs each time; its heartbeat, our pools
    // and `/readyz` say the same at a bearable rate.
    let libraries = "sqlx=warn,graphile_worker=warn,graphile_worker::local_queue=off";
    let filter = EnvFilter::try_new(format!("{},{libraries}", config.log)).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let done = if config.log_json {
        registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).try_init()
    } else {
        registry.with(tracing_subscriber::fmt::layer().compact().with_writer(std::io::stderr)).try_init()
    };
    // An error means that logging runs already, as in tests.
    drop(done);
}

/// Starts collecting metrics; `None` when a recorder is installed already.
pub fn init_metrics() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]).ok()?;
    builder.install_recorder().ok()
}

/// Logs a page that could not be prepared: pages have no problem document that carries the reason to the edge.
pub fn page_failed(failure: &crate::Failure) {
    tracing::error!(%failure, "page failed");
}
