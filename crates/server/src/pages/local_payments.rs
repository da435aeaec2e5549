//! `/paiement-essai`: the provider of payments while there is none. A person pays, is refused, gives up, disputes; what follows comes back
//! through the door that a real provider's messages come through. Never mounted in production, and open to this machine alone.

use super::mailbox::{local_only, page};
use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use vision_billing::payments::online::webhook;
use vision_kernel::french::euros;
use vision_platform::{ApiResult, App, local_payments};
use vision_ports::payments::local::{Choice, Sent};
use vision_ports::payments::{CheckoutState, DisputeState, PaymentsError};

/// Routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/paiement-essai/{id}", get(checkout))
        .route("/paiement-essai/{id}/choisir", post(choose))
        .route("/paiement-essai/compte/{id}", get(account))
        .route("/paiement-essai/compte/{id}/choisir", post(onboard))
        .layer(from_fn(local_only))
}

#[derive(Template)]
#[template(path = "local_checkout.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence or a button of the page")]
struct CheckoutPage {
    id: String,
    label: String,
    amount: String,
    open: bool,
    paid: bool,
    refused: bool,
    disputable: bool,
    disputed: bool,
    back: String,
}

#[derive(Template)]
#[template(path = "local_account.html")]
struct AccountPage {
    id: String,
    name: String,
    ready: bool,
    gone: bool,
}

fn unknown(error: &PaymentsError) -> Response {
    let status = if *error == PaymentsError::NotFound { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
    (status, error.to_string()).into_response()
}

async fn checkout(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let desk = local_payments::gateway(app.db.clone(), &app.crypto, &app.config.public_url);
    let kept = match desk.page(&id).await {
        Ok(kept) => kept,
        Err(error) => return Ok(unknown(&error)),
    };
    let paid = kept.state == CheckoutState::Paid;
    let back = if paid { &kept.asked.success_url } else { &kept.asked.cancel_url };
    Ok(page(&CheckoutPage {
        id,
        amount: euros(kept.asked.amount_minor),
        open: kept.state == CheckoutState::Open,
        paid,
        refused: kept.refused,
        disputable: paid && kept.dispute.is_none(),
        disputed: kept.dispute == Some(DisputeState::Open),
        back: back.clone(),
        label: kept.asked.label,
    }))
}

/// Brings messages to the door.
async fn deliver(app: &App, sent: Vec<Sent>) -> ApiResult<()> {
    for (body, signature) in sent {
        webhook::receive(app, &signature, &body).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct ChoiceForm {
    choix: Choice,
}

async fn choose(State(app): State<App>, Path(id): Path<String>, Form(form): Form<ChoiceForm>) -> ApiResult<Response> {
    let desk = local_payments::gateway(app.db.clone(), &app.crypto, &app.config.public_url);
    let asked = match desk.page(&id).await {
        Ok(kept) => kept.asked,
        Err(error) => return Ok(unknown(&error)),
    };
    match desk.choose(&id, form.choix, app.clock.now().as_second()).await {
        Ok(sent) => deliver(&app, sent).await?,
        // Chosen before, in another tab: the page says how it stands.
        Err(PaymentsError::Refused(_)) => return Ok(Redirect::to(&format!("/paiement-essai/{id}")).into_response()),
        Err(error) => return Ok(unknown(&error)),
    }
    Ok(match form.choix {
        Choice::Pay | Choice::Dispute => Redirect::to(&asked.success_url),
        Choice::Refuse | Choice::Abandon => Redirect::to(&format!("{}?retour=1", asked.cancel_url)),
        Choice::Win | Choice::Lose => Redirect::to(&format!("/paiement-essai/{id}")),
    }
    .into_response())
}

async fn account(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let desk = local_payments::gateway(app.db.clone(), &app.crypto, &app.config.public_url);
    Ok(match desk.account_page(&id).await {
        Ok((name, ready, gone)) => page(&AccountPage { id, name, ready, gone }),
        Err(error) => unknown(&error),
    })
}

#[derive(Deserialize)]
struct OnboardForm {
    choix: String,
}

async fn onboard(State(app): State<App>, Path(id): Path<String>, Form(form): Form<OnboardForm>) -> ApiResult<Response> {
    let desk = local_payments::gateway(app.db.clone(), &app.crypto, &app.config.public_url);
    let ready = match form.choix.as_str() {
        "terminer" => Some(true),
        "revoquer" => None,
        _ => Some(false),
    };
    match desk.onboard(&id, ready, app.clock.now().as_second()).await {
        Ok(sent) => deliver(&app, vec![sent]).await?,
        Err(error) => return Ok(unknown(&error)),
    }
    Ok(Redirect::to("/parametres/encaissement?retour=1").into_response())
}
