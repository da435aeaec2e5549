//! Serving: listener, worker, live updates, metrics; and the orderly end on SIGINT or SIGTERM.

use crate::boot::{self, BootError, Instance};
use crate::{demo, wiring};
use axum::routing::get;
use std::future::IntoFuture;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vision_platform::{App, Config, live, schedule, telemetry};

/// How long running jobs may take to finish at the end.
const GRACE: Duration = Duration::from_secs(10);
/// How long open requests may take; live streams never end by themselves.
const STREAM_GRACE: Duration = Duration::from_secs(2);
/// Jobs at a time and process.
const CONCURRENCY: usize = 4;

/// Binds the listener. A port that nobody chose gives way to the next free one; a chosen one is an error that says what to do.
async fn bind(config: &mut Config) -> Result<TcpListener, BootError> {
    let wanted = config.listen;
    for attempt in 0..50 {
        let port = if config.port_is_chosen { wanted.port() } else { wanted.port().saturating_add(attempt) };
        match TcpListener::bind(SocketAddr::new(wanted.ip(), port)).await {
            Ok(listener) => {
                config.listen = listener.local_addr()?;
                if !config.public_url_is_chosen {
                    config.public_url = format!("http://localhost:{}", config.listen.port());
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && !config.port_is_chosen => {}
            // An instance that was just killed holds its port until the system has cleared it away.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && attempt < 10 => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(BootError::Other(format!("port {port} cannot be used ({error}); set PORT to another one"))),
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
    let mut instance = boot::instance(config).await?;
    let outcome = serve_on(&mut instance, listener, with_worker, with_demo, &mut end).await;
    finish(instance, outcome).await
}

async fn serve_on(
    instance: &mut Instance,
    listener: TcpListener,
    with_worker: bool,
    with_demo: bool,
    end: &mut EndSignal,
) -> Result<(), BootError> {
    let app = instance.app.clone();
    if with_demo {
        tokio::select! {
            loaded = demo::load(&app, false) => loaded.map_err(|failure| BootError::Other(failure.to_string()))?,
            () = end.recv() => return Ok(()),
        };
    }
    let metrics = start_metrics(&app).await;
    let background: JoinSet<()> = background_tasks(&app).into_iter().collect();
    let (stop, stopped) = watch::channel(false);
    let worker = if with_worker { Some(start_worker(&app, stopped.clone()).await?) } else { None };
    let router = wiring::router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let graceful = axum::serve(listener, router).with_graceful_shutdown(wait(stopped));
    announce(&app, metrics, with_demo);
    let mut server = std::pin::pin!(graceful.into_future());
    let outcome = tokio::select! {
        result = &mut server => result.map_err(BootError::from),
        error = instance.database.keep_up(&app) => Err(error),
        () = end.recv() => Ok(()),
    };
    tracing::info!("stopping");
    stop.send_replace(true);
    if outcome.is_ok() {
        // Open live streams would hold the server for ever: the grace period ends them.
        drop(tokio::time::timeout(STREAM_GRACE, &mut server).await);
    }
    drop(background);
    if let Some(worker) = worker {
        end_worker(worker).await;
    }
    outcome
}

/// Runs jobs until told to stop.
pub async fn work(config: Config) -> Result<(), BootError> {
    let mut end = end_signal()?;
    let mut instance = boot::instance(config).await?;
    let outcome = work_on(&mut instance, &mut end).await;
    finish(instance, outcome).await
}

async fn work_on(instance: &mut Instance, end: &mut EndSignal) -> Result<(), BootError> {
    let app = instance.app.clone();
    let background: JoinSet<()> = background_tasks(&app).into_iter().collect();
    let (stop, stopped) = watch::channel(false);
    let worker = start_worker(&app, stopped).await?;
    tracing::info!("working");
    let outcome = tokio::select! {
        error = instance.database.keep_up(&app) => Err(error),
        () = end.recv() => Ok(()),
    };
    drop(background);
    stop.send_replace(true);
    end_worker(worker).await;
    outcome
}

/// Waits for running jobs, and ends the worker when they take too long: without a database it would wait for ever.
async fn end_worker(worker: tokio::task::JoinHandle<()>) {
    let handle = worker.abort_handle();
    if tokio::time::timeout(GRACE, worker).await.is_err() {
        handle.abort();
    }
}

/// Stops the instance whatever happened, and reports what happened first.
async fn finish(instance: Instance, outcome: Result<(), BootError>) -> Result<(), BootError> {
    let stopped = instance.stop().await;
    outcome.and(stopped)
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}

type Task = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// What runs beside the listener for as long as the instance lives.
fn background_tasks(app: &App) -> Vec<Task> {
    let sweeper = {
        let app = app.clone();
        async move {
            let mut every = tokio::time::interval(Duration::from_mins(1));
            loop {
                every.tick().await;
                app.limiter.sweep();
            }
        }
    };
    vec![
        Box::pin(live::listen(app.clone())),
        Box::pin(sweeper),
        Box::pin(keep_house(app.clone())),
        Box::pin(schedule::run(app.clone(), wiring::beats())),
    ]
}

/// Deletes what is out of date, once an hour. Several instances may do it at once: each row is deleted by one of them.
async fn keep_house(app: App) {
    let mut every = tokio::time::interval(Duration::from_hours(1));
    // Not in the first minutes, which belong to the people who wait for the start.
    tokio::time::sleep(Duration::from_mins(5)).await;
    loop {
        every.tick().await;
        match wiring::sweep(&app).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "out-of-date rows deleted"),
            Err(failure) => tracing::warn!(%failure, "housekeeping failed; it is tried again in an hour"),
        }
    }
}

/// Starts the worker; the task ends after `stop` has become true and running jobs are done.
#[expect(clippy::disallowed_methods, reason = "the worker ends by its stop signal, before the instance")]
async fn start_worker(app: &App, stop: watch::Receiver<bool>) -> Result<tokio::task::JoinHandle<()>, BootError> {
    let first = wiring::jobs().worker(app, CONCURRENCY).await.map_err(|failure| BootError::Other(failure.to_string()))?;
    Ok(tokio::spawn(keep_working(app.clone(), first, stop)))
}

/// Runs the worker, and a new one when it ends by itself: it does when its database goes away.
async fn keep_working(app: App, first: graphile_worker::Worker, stop: watch::Receiver<bool>) {
    let mut next = Some(first);
    loop {
        if let Some(worker) = next.take() {
            let mut running = std::pin::pin!(worker.run());
            tokio::select! {
                result = &mut running => if let Err(error) = result {
                    tracing::warn!(%error, "the worker ended; starting another one");
                },
                () = wait(stop.clone()) => {
                    worker.request_shutdown();
                    drop(running.await);
                    return;
                }
            }
        }
        tokio::select! {
            () = wait(stop.clone()) => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        next = wiring::jobs().worker(&app, CONCURRENCY).await.ok();
    }
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
    let mut lines = vec![format!("\n  Vision CRM est prêt : {url}\n")];
    if demo {
        lines.push("  Comptes de démonstration (mot de passe : vision-demo-2026)".to_owned());
        for (name, domain) in [("Garage Dupré", "garage"), ("Hôtel des Quais", "hotel"), ("La Table d’Ana", "restaurant")] {
            lines.push(format!("    {name:<16} owner@{domain}.example   manager@ · member@ · technician@"));
        }
        lines.push(String::new());
    }
    if app.config.smtp_url.is_none() && !app.config.production {
        lines.push(format!("  Boîte d’essai (les e-mails envoyés) : {url}/boite-essai"));
    }
    if let Some(metrics) = metrics {
        lines.push(format!("  Mesures : http://{metrics}/metrics"));
    }
    lines.push(format!("  API : {url}/api/docs\n\n  Ctrl-C arrête tout.\n"));
    drop(writeln!(std::io::stdout(), "{}", lines.join("\n")));
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
