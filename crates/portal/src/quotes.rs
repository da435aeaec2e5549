//! `/proposition/{token}`: a quote as it was sent, and the customer's answer to it.
//!
//! Every step is a page of its own: the lines, the summary with its total and the words that one agrees to, the code. Nothing is stored
//! between them; what a step shows is checked again by the next (QI-08).

use crate::shell::{self, Frame, Look};
use crate::visitor::Visitor;
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use vision_billing::orders::answer::{self, Confirmation, Tried};
use vision_billing::orders::opened::{self, Opened, OpenedLine, Standing};
use vision_billing::orders::{ask_for_deposit, logo};
use vision_kernel::french::{day, decimal, euros};
use vision_kernel::totals::Totals;
use vision_kernel::{Actor, Problem, ProblemKind};
use vision_platform::public_link::PublicLink;
use vision_platform::{App, Failure, Tx, public_link};

/// Largest form: the lines, a name, and a drawn signature.
const MAX_FORM: usize = 512 * 1024;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/proposition/{token}", get(show))
        .route("/proposition/{token}/devis.pdf", get(pdf))
        .route("/proposition/{token}/devis-signe.pdf", get(signed_pdf))
        .route("/proposition/{token}/preuve.json", get(proof))
        .route("/proposition/{token}/total", post(total))
        .route("/proposition/{token}/resume", post(summary))
        .route("/proposition/{token}/code", post(code))
        .route("/proposition/{token}/accepter", post(accept))
        .route("/proposition/{token}/refuser", get(ask_refusal).post(refuse))
        .route("/proposition/{token}/retractation", get(ask_withdrawal).post(withdraw))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

/// A form, read without a library's opinion of repeated names.
#[derive(Debug, Default)]
struct Form(Vec<(String, String)>);

impl Form {
    fn read(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().take(2_000).collect())
    }

    fn text(&self, name: &str) -> String {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// Places of the lines that are ticked; of a quote without a choice, those that it offers.
    fn lines(&self, opened: &Opened) -> Vec<usize> {
        let ticked: Vec<usize> = self.0.iter().filter(|(key, _)| key == "ligne").filter_map(|(_, value)| value.parse().ok()).collect();
        if opened.has_choice() { ticked } else { opened.offered() }
    }

    fn confirmation(&self, opened: &Opened) -> Confirmation {
        // Drawn on a device of the company's, and nowhere else.
        let drawn = if opened.in_person() { self.text("signature") } else { String::new() };
        Confirmation {
            lines: self.lines(opened),
            name: self.text("nom"),
            mention: self.text("mention"),
            terms: self.ticked("cgv"),
            early_start: self.ticked("debut"),
            signature: drawn.strip_prefix("data:image/png;base64,").and_then(|data| STANDARD.decode(data).ok()),
        }
    }
}

/// Who asks, and for what.
struct Asked {
    app: App,
    token: String,
    link: PublicLink,
    visitor: Visitor,
}

impl Asked {
    fn new(app: App, token: String, visitor: Visitor) -> Option<Self> {
        let link = public_link::read(&token)?;
        Some(Self { app, token, link, visitor })
    }

    /// The actor that the evidence names: the customer, from this address.
    fn actor(&self, name: &str) -> Actor {
        let name = if name.is_empty() { "Client" } else { name };
        Actor::customer(self.link.tenant, name.chars().take(120).collect(), self.visitor.ip.clone())
    }

    async fn read(&self) -> Result<Option<(Tx, Opened, Look)>, Failure> {
        let mut tx = self.app.db.read(self.actor("")).await?;
        let Some(opened) = opened::open(&mut tx, &self.link.hash).await? else { return Ok(None) };
        let look = Look::of(&mut tx, &self.token).await?;
        Ok(look.map(|look| (tx, opened, look)))
    }

    async fn write(&self, name: &str) -> Result<Option<(Tx, Opened, Look)>, Failure> {
        let mut tx = self.app.db.begin(self.actor(name)).await?;
        let Some(opened) = opened::open_to_answer(&mut tx, &self.link.hash).await? else { return Ok(None) };
        let look = Look::of(&mut tx, &self.token).await?;
        Ok(look.map(|look| (tx, opened, look)))
    }

    fn home(&self) -> Response {
        Redirect::to(&format!("/proposition/{}", self.token)).into_response()
    }
}

/// What a page shows of the sums.
struct Sums {
    rows: Vec<(String, String)>,
    gross: String,
}

fn sums(totals: &Totals) -> Sums {
    let mut rows = Vec::new();
    if totals.allowance_minor != 0 {
        rows.push(("Remise HT".to_owned(), euros(-totals.allowance_minor)));
    }
    rows.push(("Total HT".to_owned(), euros(totals.net_minor)));
    for vat in totals.vat.iter().filter(|vat| vat.vat_minor != 0) {
        rows.push((format!("TVA {} %", decimal(vat.rate)), euros(vat.vat_minor)));
    }
    Sums { rows, gross: euros(totals.gross_minor) }
}

#[derive(Template)]
#[template(path = "quote.html")]
struct QuotePage<'a> {
    frame: &'a Frame,
    opened: &'a Opened,
    base: String,
    lines: Vec<OpenedLine>,
    sums: Sums,
    deposit: String,
    valid_until: String,
    sent: String,
    state: Shown<'a>,
    choice: bool,
    error: String,
    pay: String,
}

/// What a page says of where its quote stands.
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page")]
struct Shown<'a> {
    open: bool,
    tone: &'static str,
    label: String,
    text: String,
    accepted: bool,
    may_withdraw: bool,
    withdraw_until: String,
    sealed: String,
    stamped: bool,
    reason: &'a str,
}

fn state<'a>(opened: &'a Opened, look: &Look, today: jiff::civil::Date) -> Shown<'a> {
    let said = |tone, label: &str, text: String| Shown {
        open: false,
        tone,
        label: label.to_owned(),
        text,
        accepted: false,
        may_withdraw: false,
        withdraw_until: String::new(),
        sealed: String::new(),
        stamped: false,
        reason: "",
    };
    match opened.standing {
        Standing::Open => Shown { open: true, ..said("wait", "À accepter", String::new()) },
        Standing::Expired => said(
            "bad",
            "Expiré",
            "Ce devis n’est plus valable. Demandez-en une nouvelle version : elle tiendra compte des prix du jour.".to_owned(),
        ),
        Standing::Replaced => said(
            "bad",
            "Remplacé",
            "Une version plus récente de ce devis existe : ouvrez le dernier message que vous avez reçu.".to_owned(),
        ),
        Standing::Cancelled => said("bad", "Annulé", "Ce devis est annulé.".to_owned()),
        Standing::Answered => {
            let Some(answer) = opened.answered() else { return said("wait", "Répondu", String::new()) };
            let at = look.moment(answer.at);
            if let Some(withdrawn) = answer.withdrawn_at {
                let text = format!("Accepté par {} le {at}. Vous avez renoncé au contrat le {}.", answer.by, look.moment(withdrawn));
                return Shown { sealed: answer.sealed_sha256, stamped: answer.stamped, ..said("bad", "Rétracté", text) };
            }
            if !answer.accepted {
                return Shown { reason: answer.reason, ..said("bad", "Refusé", format!("Refusé par {} le {at}.", answer.by)) };
            }
            let label = if answer.partially { "Accepté en partie" } else { "Accepté" };
            let until = answer.withdrawable_until.filter(|until| *until >= today);
            Shown {
                accepted: true,
                may_withdraw: until.is_some(),
                withdraw_until: until.map(day).unwrap_or_default(),
                sealed: answer.sealed_sha256,
                stamped: answer.stamped,
                ..said("good", label, format!("Accepté par {} le {at}.", answer.by))
            }
        }
    }
}

async fn quote_page(asked: &Asked, opened: &Opened, look: Look, error: &str, chosen: Option<Vec<usize>>) -> Result<Response, Failure> {
    let today = asked.app.clock.now().to_zoned(look.zone.clone()).date();
    let state = state(opened, &look, today);
    let mut lines = opened.lines()?;
    if let Some(chosen) = &chosen {
        for line in &mut lines {
            line.taken = chosen.contains(&line.place);
        }
    }
    let totals = match &chosen {
        Some(chosen) => opened.totals_for(chosen).or_else(|_| opened.totals()),
        None => opened.totals(),
    }?;
    let frame = Frame::new(format!("Devis {}", opened.reference()), Some(look.clone()));
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let pay = if state.accepted { crate::deposit_address(&asked.app, asked.link.tenant, opened.order_id()).await? } else { String::new() };
    let page = QuotePage {
        frame: &frame,

        opened,
        base: format!("/proposition/{}", asked.token),
        lines,
        deposit: opened.deposit_words(totals.gross_minor),
        sums: sums(&totals),
        valid_until: day(opened.valid_until()),
        sent: look.moment(opened.sent_at()),
        choice: state.open && opened.has_choice(),
        state,
        error: error.to_owned(),
        pay,
    };
    Ok(frame.answer(status, &page, ""))
}

/// Turns a refusal into words on a page; what is ours to mend stays a failure.
fn words(failure: &Failure) -> Option<String> {
    let problem: &Problem = &failure.0;
    if problem.kind.status() >= 500 {
        return None;
    }
    let first = problem.errors.first().map(|error| error.detail.clone());
    first
        .or_else(|| problem.detail.clone())
        .or_else(|| (problem.kind == ProblemKind::NotFound).then(|| "Ce devis n’existe plus.".to_owned()))
}

fn finished(result: Result<Response, Failure>) -> Response {
    result.unwrap_or_else(|failure| match words(&failure) {
        Some(text) => shell::message(StatusCode::CONFLICT, None, "Ce n’est pas possible", &text),
        None => shell::failed(&failure),
    })
}

async fn show(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    finished(shown(&asked).await)
}

async fn shown(asked: &Asked) -> Result<Response, Failure> {
    let Some((tx, opened, look)) = asked.read().await? else { return Ok(shell::unknown()) };
    drop(tx);
    if asked.visitor.navigates && opened.standing == Standing::Open {
        let mut tx = asked.app.db.begin(asked.actor("")).await?;
        opened::seen(&mut tx, &opened, &asked.visitor.user_agent).await?;
        tx.commit().await?;
    }
    quote_page(asked, &opened, look, "", None).await
}

fn download(kind: &str, name: &str, bytes: Vec<u8>) -> Response {
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'".to_owned()),
    ];
    (headers, bytes).into_response()
}

async fn pdf(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let sent = async {
        let Some((mut tx, opened, _)) = asked.read().await? else { return Ok(shell::unknown()) };
        let bytes = opened::sent_pdf(&mut tx, &opened).await?;
        Ok(bytes.map_or_else(shell::unknown, |bytes| download("application/pdf", &format!("{}.pdf", opened.reference()), bytes)))
    };
    finished(sent.await)
}

async fn sealed(asked: &Asked, evidence: bool) -> Result<Response, Failure> {
    let Some((mut tx, opened, _)) = asked.read().await? else { return Ok(shell::unknown()) };
    let Some((pdf, record)) = opened::proof(&mut tx, &opened).await? else { return Ok(shell::unknown()) };
    Ok(if evidence {
        download("application/json", "evidence.json", record.into_bytes())
    } else {
        download("application/pdf", &format!("{}-signe.pdf", opened.reference()), pdf)
    })
}

async fn signed_pdf(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    finished(sealed(&asked, false).await)
}

async fn proof(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    finished(sealed(&asked, true).await)
}

/// What a choice comes to, for the script of the page: the same sums that the next step shows.
#[derive(Serialize)]
struct LiveTotals {
    rows: Vec<(String, String)>,
    gross: String,
    deposit: String,
}

async fn total(State(app): State<App>, Path(token): Path<String>, visitor: Visitor, body: Bytes) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return StatusCode::NOT_FOUND.into_response() };
    let form = Form::read(&body);
    let Ok(Some((_, opened, _))) = asked.read().await else { return StatusCode::NOT_FOUND.into_response() };
    match opened.totals_for(&form.lines(&opened)) {
        Ok(totals) => {
            let Sums { rows, gross } = sums(&totals);
            axum::Json(LiveTotals { rows, gross, deposit: opened.deposit_words(totals.gross_minor) }).into_response()
        }
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

#[derive(Template)]
#[template(path = "quote_confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    opened: &'a Opened,
    base: String,
    taken: Vec<OpenedLine>,
    left: Vec<OpenedLine>,
    places: Vec<usize>,
    sums: Sums,
    deposit: String,
    form: &'a Form,
    error: String,
    withdrawable: bool,
}

fn confirm_page(asked: &Asked, opened: &Opened, look: Look, form: &Form, error: &str) -> Result<Response, Failure> {
    let places = form.lines(opened);
    let totals = opened.totals_for(&places)?;
    let (taken, left): (Vec<_>, Vec<_>) = opened.lines()?.into_iter().partition(|line| places.contains(&line.place));
    let frame = Frame::new(format!("Accepter le devis {}", opened.reference()), Some(look));
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ConfirmPage {
        frame: &frame,
        opened,
        base: format!("/proposition/{}", asked.token),
        taken,
        left,
        places,
        deposit: opened.deposit_words(totals.gross_minor),
        sums: sums(&totals),
        form,
        error: error.to_owned(),
        withdrawable: opened.withdrawable(),
    };
    Ok(frame.answer(status, &page, ""))
}

async fn summary(State(app): State<App>, Path(token): Path<String>, visitor: Visitor, body: Bytes) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let form = Form::read(&body);
    let shown = async {
        let Some((tx, opened, look)) = asked.read().await? else { return Ok(shell::unknown()) };
        drop(tx);
        if opened.standing != Standing::Open {
            return Ok(asked.home());
        }
        let places = form.lines(&opened);
        match opened.totals_for(&places) {
            Ok(_) => confirm_page(&asked, &opened, look, &form, ""),
            Err(problem) => {
                let text = words(&problem.into()).unwrap_or_default();
                quote_page(&asked, &opened, look, &text, Some(places)).await
            }
        }
    };
    finished(shown.await)
}

#[derive(Template)]
#[template(path = "quote_code.html")]
struct CodePage<'a> {
    frame: &'a Frame,
    opened: &'a Opened,
    base: String,
    places: Vec<usize>,
    sums: Sums,
    form: &'a Form,
    error: String,
}

fn code_page(asked: &Asked, opened: &Opened, look: Look, form: &Form, error: &str) -> Result<Response, Failure> {
    let places = form.lines(opened);
    let totals = opened.totals_for(&places)?;
    let frame = Frame::new(format!("Accepter le devis {}", opened.reference()), Some(look));
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = CodePage {
        frame: &frame,
        opened,
        base: format!("/proposition/{}", asked.token),
        places,
        sums: sums(&totals),
        form,
        error: error.to_owned(),
    };
    Ok(frame.answer(status, &page, ""))
}

async fn code(State(app): State<App>, Path(token): Path<String>, visitor: Visitor, body: Bytes) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let form = Form::read(&body);
    let sent = async {
        let Some((mut tx, opened, look)) = asked.write(&form.text("nom")).await? else { return Ok(shell::unknown()) };
        if opened.standing != Standing::Open || !opened.needs_code() {
            return Ok(asked.home());
        }
        match answer::send_code(&asked.app, &mut tx, &opened, &form.confirmation(&opened), &asked.visitor.user_agent).await {
            Ok(()) => {
                tx.commit().await?;
                code_page(&asked, &opened, look, &form, "")
            }
            Err(failure) => match words(&failure) {
                Some(text) => confirm_page(&asked, &opened, look, &form, &text),
                None => Err(failure),
            },
        }
    };
    finished(sent.await)
}

async fn accept(State(app): State<App>, Path(token): Path<String>, visitor: Visitor, body: Bytes) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let form = Form::read(&body);
    finished(accepted(&asked, &form).await)
}

async fn accepted(asked: &Asked, form: &Form) -> Result<Response, Failure> {
    let logo = logo(&asked.app, &asked.actor("")).await?;
    let Some((mut tx, opened, look)) = asked.write(&form.text("nom")).await? else { return Ok(shell::unknown()) };
    // A second click, another tab: the page says what became of it.
    if opened.standing != Standing::Open {
        return Ok(asked.home());
    }
    let confirmation = form.confirmation(&opened);
    let agent = &asked.visitor.user_agent;
    if let Err(problem) = answer::check(&opened, &confirmation) {
        let text = words(&problem.into()).unwrap_or_default();
        return confirm_page(asked, &opened, look, form, &text);
    }
    let mut verified = false;
    if opened.needs_code() {
        match answer::try_code(&asked.app, &mut tx, &opened, &confirmation, &form.text("code"), agent).await? {
            Tried::Right => verified = true,
            Tried::Wrong => {
                tx.commit().await?;
                return code_page(asked, &opened, look, form, "Ce code ne convient pas. Vérifiez-le, ou demandez-en un autre.");
            }
            Tried::Gone => return code_page(asked, &opened, look, form, "Ce code n’est plus valable : demandez-en un autre."),
        }
    }
    match answer::accept(&asked.app, &mut tx, &opened, &confirmation, verified, agent, logo).await {
        Ok(()) => tx.commit().await?,
        Err(failure) => {
            return match words(&failure) {
                Some(text) => confirm_page(asked, &opened, look, form, &text),
                None => Err(failure),
            };
        }
    }
    // The deposit that the quote asks for: what is lacking for it is the company's to mend, and does not undo the agreement.
    if let Err(failure) = ask_for_deposit(&asked.app, asked.link.tenant, opened.order_id()).await
        && words(&failure).is_none()
    {
        vision_platform::telemetry::page_failed(&failure);
    }
    Ok(asked.home())
}

#[derive(Template)]
#[template(path = "quote_refuse.html")]
struct RefusePage<'a> {
    frame: &'a Frame,
    opened: &'a Opened,
    base: String,
    error: String,
}

async fn ask_refusal(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let shown = async {
        let Some((_, opened, look)) = asked.read().await? else { return Ok(shell::unknown()) };
        if opened.standing != Standing::Open {
            return Ok(asked.home());
        }
        Ok(refuse_page(&asked, &opened, look, ""))
    };
    finished(shown.await)
}

fn refuse_page(asked: &Asked, opened: &Opened, look: Look, error: &str) -> Response {
    let frame = Frame::new(format!("Refuser le devis {}", opened.reference()), Some(look));
    let page = RefusePage { frame: &frame, opened, base: format!("/proposition/{}", asked.token), error: error.to_owned() };
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    frame.answer(status, &page, "")
}

async fn refuse(State(app): State<App>, Path(token): Path<String>, visitor: Visitor, body: Bytes) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let form = Form::read(&body);
    let done = async {
        let Some((mut tx, opened, look)) = asked.write(&form.text("nom")).await? else { return Ok(shell::unknown()) };
        if opened.standing != Standing::Open {
            return Ok(asked.home());
        }
        let agent = &asked.visitor.user_agent;
        match answer::refuse(&mut tx, &opened, &form.text("nom"), &form.text("motif"), Some(agent)).await {
            Ok(()) => {
                tx.commit().await?;
                Ok(asked.home())
            }
            Err(failure) => match words(&failure) {
                Some(text) => Ok(refuse_page(&asked, &opened, look, &text)),
                None => Err(failure),
            },
        }
    };
    finished(done.await)
}

#[derive(Template)]
#[template(path = "quote_withdraw.html")]
struct WithdrawPage<'a> {
    frame: &'a Frame,
    opened: &'a Opened,
    base: String,
    gross: String,
    by: String,
    at: String,
}

async fn ask_withdrawal(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let shown = async {
        let Some((_, opened, look)) = asked.read().await? else { return Ok(shell::unknown()) };
        let Some(answer) = opened.answered().filter(|answer| answer.accepted && answer.withdrawn_at.is_none()) else {
            return Ok(asked.home());
        };
        let frame = Frame::new(format!("Renoncer au devis {}", opened.reference()), Some(look.clone()));
        let page = WithdrawPage {
            frame: &frame,
            opened: &opened,
            base: format!("/proposition/{}", asked.token),
            gross: euros(opened.totals()?.gross_minor),
            by: answer.by.to_owned(),
            at: look.moment(answer.at),
        };
        Ok(frame.answer(StatusCode::OK, &page, ""))
    };
    finished(shown.await)
}

async fn withdraw(State(app): State<App>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(asked) = Asked::new(app, token, visitor) else { return shell::unknown() };
    let done = async {
        let Some((mut tx, opened, _)) = asked.write("").await? else { return Ok(shell::unknown()) };
        answer::withdraw(&asked.app, &mut tx, &opened, &asked.visitor.user_agent).await?;
        tx.commit().await?;
        Ok(asked.home())
    };
    finished(done.await)
}
