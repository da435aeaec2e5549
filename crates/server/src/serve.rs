//! Serving: listener, worker, live updates, metrics; and the orderly end on SIGINT or SIGTERM.

use crate::boot::{self, BootError};
use crate::{demo, wiring};
use axum::routing::get;
use std::future::IntoFuture;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use vision_platform::{App, Config, live, telemetry};

/// How long open requests may take to finish at the end.
const GRACE: Duration = Duration::from_secs(10);
/// Jobs at a time and process.
const CONCURRENCY: usize = 4;

/// Binds the listener. A port that nobody chose gives way to the next free one; a chosen one is an error that says what to do.
async fn bind(config: &mut Config) -> Result<TcpListener, BootError> {
    let wanted = config.listen;
    for offset in 0..50 {
        let address = SocketAddr::new(wanted.ip(), wanted.port().saturating_add(offset));
        match TcpListener::bind(address).await {
            Ok(listener) => {
                config.listen = listener.local_addr()?;
                if !config.public_url_is_chosen {
                    config.public_url = format!("http://localhost:{}", config.listen.port());
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && !config.port_is_chosen => {}
            Err(error) => {
                return Err(BootError::Other(format!("port {} cannot be used ({error}); set PORT to another one", address.port())));
            }
        }
    }
    Err(BootError::Other(format!("no free port from {} on; set PORT", wanted.port())))
}

/// Serves until told to stop.
pub async fn serve(mut config: Config, with_worker: bool, with_demo: bool) -> Result<(), BootError> {
    if with_demo {
        demo::refuse_in_production(&config)?;
    }
    let mut end = end_signal()?;
    // The port first: a second instance should fail, or move, before it touches anything.
    let listener = bind(&mut config).await?;
    let instance = boot::instance(config).await?;
    let app = instance.app.clone();
    if with_demo {
        demo::load(&app, false).await.map_err(|failure| BootError::Other(failure.to_string()))?;
    }
    let metrics = start_metrics(&app).await;
    let background = tokio::task::JoinSet::from_iter(background_tasks(&app).into_iter());
    let worker = if with_worker { Some(start_worker(&app).await?) } else { None };
    let router = wiring::router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let graceful = axum::serve(listener, router).with_graceful_shutdown(wait(stopped));
    announce(&app, metrics, with_demo);
    let mut server = std::pin::pin!(graceful.into_future());
    tokio::select! {
        result = &mut server => result?,
        () = end.recv() => {
            tracing::info!("stopping");
            drop(stop.send(true));
            // Open live streams would hold the server for ever: the grace period ends them.
            drop(tokio::time::timeout(GRACE.min(Duration::from_secs(2)), &mut server).await);
        }
    }
    drop(background);
    if let Some((worker, task)) = worker {
        worker.request_shutdown();
        drop(tokio::time::timeout(GRACE, task).await);
    }
    drop(app);
    instance.stop().await
}

/// Runs jobs until told to stop.
pub async fn work(config: Config) -> Result<(), BootError> {
    let mut end = end_signal()?;
    let instance = boot::instance(config).await?;
    let background = tokio::task::JoinSet::from_iter(background_tasks(&instance.app).into_iter());
    let (worker, task) = start_worker(&instance.app).await?;
    tracing::info!("working");
    end.recv().await;
    drop(background);
    worker.request_shutdown();
    drop(tokio::time::timeout(GRACE, task).await);
    instance.stop().await
}

async fn wait(mut stopped: tokio::sync::watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}

type Task = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// What runs beside the listener for as long as the instance lives.
fn background_tasks(app: &App) -> Vec<Task> {
    let sweeper = {
        let app = app.clone();
        async move {
            let mut every = tokio::time::interval(Duration::from_secs(60));
            loop {
                every.tick().await;
                app.limiter.sweep();
            }
        }
    };
    vec![Box::pin(live::listen(app.clone())), Box::pin(sweeper)]
}

type Worker = (Arc<graphile_worker::Worker>, tokio::task::JoinHandle<()>);

#[expect(clippy::disallowed_methods, reason = "the worker is stopped by request_shutdown before the instance ends")]
async fn start_worker(app: &App) -> Result<Worker, BootError> {
    let worker = wiring::jobs().worker(app, CONCURRENCY).await.map_err(|failure| BootError::Other(failure.to_string()))?;
    let worker = Arc::new(worker);
    let running = Arc::clone(&worker);
    let task = tokio::spawn(async move {
        if let Err(error) = running.run().await {
            tracing::error!(%error, "the worker stopped");
        }
    });
    Ok((worker, task))
}

/// Metrics on a listener of their own. A taken port costs the metrics, not the product.
#[expect(clippy::disallowed_methods, reason = "the listener lives as long as the process")]
async fn start_metrics(app: &App) -> Option<SocketAddr> {
    let address = app.config.metrics?;
    let handle = telemetry::init_metrics()?;
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%address, %error, "metrics are off: their address cannot be used");
            return None;
        }
    };
    let bound = listener.local_addr().ok();
    let router = axum::Router::new().route("/metrics", get(move || std::future::ready(handle.render())));
    tokio::spawn(axum::serve(listener, router).into_future());
    bound
}

/// Tells the person at the terminal where to go.
fn announce(app: &App, metrics: Option<SocketAddr>, demo: bool) {
    let url = &app.config.public_url;
    let mut text = format!("\n  Vision CRM est prêt : {url}\n");
    if demo {
        text.push_str("\n  Comptes de démonstration (mot de passe : vision-demo-2026)\n");
        for (slug, domain) in [("Garage Dupré", "garage"), ("Hôtel des Quais", "hotel"), ("La Table d’Ana", "restaurant")] {
            text.push_str(&format!("    {slug:<16} owner@{domain}.example   manager@ · member@ · technician@\n"));
        }
    }
    if app.config.smtp_url.is_none() && !app.config.production {
        text.push_str(&format!("\n  Boîte d’essai (les e-mails envoyés) : {url}/boite-essai\n"));
    }
    if let Some(metrics) = metrics {
        text.push_str(&format!("  Mesures : http://{metrics}/metrics\n"));
    }
    text.push_str(&format!("  API : {url}/api/docs\n\n  Ctrl-C arrête tout.\n"));
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// SIGINT and SIGTERM as one stream.
struct EndSignal {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

fn end_signal() -> Result<EndSignal, BootError> {
    Ok(EndSignal { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
}

impl EndSignal {
    async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
