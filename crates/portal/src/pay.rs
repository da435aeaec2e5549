//! `/payer/{token}`: one invoice, what is to be paid of it, and the button that leads to the provider's page. The amount is ours: no field of
//! the page says one.

use crate::shell::{self, Frame, Look};
use crate::visitor::Visitor;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use uuid::Uuid;
use vision_billing::payments::online::page::{self, Page, State as Pay};
use vision_billing::payments::online::{Start, start};
use vision_kernel::french::{day, euros};
use vision_kernel::{Actor, ProblemKind};
use vision_platform::public_link::{self, PublicLink};
use vision_platform::{App, Failure};

/// How often the page looks again by itself after a payer has come back.
const LOOKS: u8 = 6;

/// Routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/payer/{token}", get(show).post(pay))
        .route("/payer/{token}/facture.pdf", get(invoice))
        .route("/payer/{token}/recu/{payment}", get(receipt))
}

struct Line {
    href: String,
    label: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "pay.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence of the page")]
struct PayPage<'a> {
    frame: &'a Frame,
    token: &'a str,
    page: &'a Page,
    to_pay: bool,
    processing: bool,
    cancelled: bool,
    away: bool,
    ended: bool,
    gross: String,
    paid: String,
    credited: String,
    deducted: String,
    due: String,
    asked: String,
    part: bool,
    issued: String,
    due_on: String,
    late: bool,
    receipts: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct ShowQuery {
    /// The payer comes back from the provider; how often the page has looked since.
    retour: Option<u8>,
    /// The provider did not answer.
    absent: Option<u8>,
}

fn customer(key: &PublicLink, visitor: &Visitor) -> Actor {
    Actor::customer(key.tenant, "Client".to_owned(), visitor.ip.clone())
}

async fn read(app: &App, key: &PublicLink, token: &str, visitor: &Visitor) -> Result<Option<(Look, Page)>, Failure> {
    let mut tx = app.db.read(customer(key, visitor)).await?;
    let Some(page) = page::view(&mut tx, app, key).await? else { return Ok(None) };
    Ok(Look::of(&mut tx, token).await?.map(|look| (look, page)))
}

async fn shown(app: &App, token: &str, query: &ShowQuery, visitor: &Visitor) -> Result<Response, Failure> {
    let Some(key) = public_link::read(token) else { return Ok(shell::unknown()) };
    let Some((mut look, mut view)) = read(app, &key, token, visitor).await? else { return Ok(shell::unknown()) };
    if query.retour.is_some() {
        // The provider's message may still be on its way: it is asked.
        page::returned(app, &key, &view).await;
        if let Some(again) = read(app, &key, token, visitor).await? {
            (look, view) = again;
        }
    }
    if view.state == Pay::Expired {
        let words = "Ce lien de paiement n’est plus valable. Demandez-en un nouveau à l’entreprise : ses coordonnées sont ci-dessous.";
        return Ok(shell::message(StatusCode::GONE, Some(look), "Lien expiré", words));
    }
    if visitor.navigates {
        let mut tx = app.db.begin(customer(&key, visitor)).await?;
        page::opened(&mut tx, &key).await?;
        tx.commit().await?;
    }
    let looks = query.retour.unwrap_or(LOOKS);
    let waits = looks < LOOKS && !view.refused && matches!(view.state, Pay::ToPay | Pay::Processing);
    let frame = Frame::new(format!("Facture {}", view.number), Some(look));
    let page = PayPage {
        frame: &frame,
        token,
        to_pay: view.state == Pay::ToPay && view.online,
        processing: view.state == Pay::Processing,
        cancelled: view.state == Pay::Cancelled,
        away: query.absent.is_some() && view.state == Pay::ToPay,
        ended: query.retour.is_some() && view.ended,
        gross: euros(view.gross_minor),
        paid: euros(view.paid_minor),
        credited: euros(view.credited_minor),
        deducted: euros(view.deducted_minor),
        due: euros(view.due_minor),
        asked: euros(view.asked_minor),
        part: view.asked_minor < view.due_minor,
        issued: view.issued_on.map(day).unwrap_or_default(),
        due_on: view.due_on.map(day).unwrap_or_default(),
        late: view.late,
        receipts: view
            .payments
            .iter()
            .map(|payment| Line {
                href: format!("/payer/{token}/recu/{}", payment.id),
                label: format!("{} · {} · reçu {}", day(payment.received_on), payment.method, payment.number),
                amount: euros(payment.amount_minor),
            })
            .collect(),
        page: &view,
    };
    let mut answer = frame.answer(StatusCode::OK, &page, view.leads_to);
    if waits && let Ok(refresh) = HeaderValue::from_str(&format!("4; url=/payer/{token}?retour={}", looks + 1)) {
        answer.headers_mut().insert(header::REFRESH, refresh);
    }
    Ok(answer)
}

async fn show(State(app): State<App>, Path(token): Path<String>, Query(query): Query<ShowQuery>, visitor: Visitor) -> Response {
    shown(&app, &token, &query, &visitor).await.unwrap_or_else(|failure| shell::failed(&failure))
}

async fn pay(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(key) = public_link::read(&token) else { return shell::unknown() };
    match start(&app, &token, &key, visitor.ip).await {
        Ok(Start::Go(url)) => Redirect::to(&url).into_response(),
        Ok(Start::Nothing) => Redirect::to(&format!("/payer/{token}")).into_response(),
        Ok(Start::Away) => Redirect::to(&format!("/payer/{token}?absent=1")).into_response(),
        Err(failure) => shell::failed(&failure),
    }
}

fn pdf(found: Result<(String, Vec<u8>), Failure>) -> Response {
    match found {
        Ok((name, bytes)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf".to_owned()),
                (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
            ];
            (headers, bytes).into_response()
        }
        Err(failure) if failure.kind() == ProblemKind::NotFound => shell::unknown(),
        Err(failure) => shell::failed(&failure),
    }
}

async fn invoice_pdf(app: &App, key: &PublicLink, visitor: &Visitor) -> Result<(String, Vec<u8>), Failure> {
    let mut tx = app.db.read(customer(key, visitor)).await?;
    page::pdf(&mut tx, key).await
}

async fn invoice(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(key) = public_link::read(&token) else { return shell::unknown() };
    pdf(invoice_pdf(&app, &key, &visitor).await)
}

async fn receipt(State(app): State<App>, Path((token, payment)): Path<(String, Uuid)>) -> Response {
    let Some(key) = public_link::read(&token) else { return shell::unknown() };
    pdf(page::receipt(&app, &key, payment).await)
}
