//! Invoices that other parts of the context begin and issue: fees of lateness, recurring invoices.

use super::model::{DiscountIn, Draft, InvoiceIn, InvoiceLineIn};
use super::{issue, ops};
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::{App, Failure, Tx};

/// A draft that was begun, or issued.
pub(crate) struct InvoiceDraft {
    pub id: Uuid,
}

/// Begins a draft.
pub(crate) async fn draft(tx: &mut Tx, input: InvoiceIn) -> Result<InvoiceDraft, Failure> {
    let (row, _) = ops::create(tx, input).await?;
    Ok(InvoiceDraft { id: row.id })
}

/// Issues a draft.
pub(crate) async fn issue_draft(app: &App, tx: &mut Tx, id: Uuid, logo: Option<Vec<u8>>) -> Result<(), Failure> {
    issue::issue(tx, &app.crypto, id, None, logo).await?;
    Ok(())
}

/// A draft as a template keeps it: what a client writes of an invoice, without the customer and the days of one occurrence.
fn kept(draft: &Draft) -> Value {
    json!({ "title": draft.title, "intro": draft.intro, "outro": draft.outro, "order_reference": draft.order_reference,
        "prices_include_vat": draft.prices_include_vat, "discount": DiscountIn::from(draft.discount), "lines": draft.lines })
}

/// What a client wrote, checked, as a template keeps it.
pub(crate) fn checked_content(input: InvoiceIn) -> Result<Value, Failure> {
    let draft = Draft::default().apply(input).map_err(|problem| below(problem, "/content"))?;
    Ok(kept(&draft))
}

/// Pointers into a part of a larger body.
fn below(mut problem: Problem, base: &str) -> Problem {
    for error in &mut problem.errors {
        error.pointer = format!("{base}{}", error.pointer);
    }
    problem
}

/// Customer and content of an invoice.
pub(crate) async fn content_of(tx: &mut Tx, id: Uuid) -> Result<(Option<Uuid>, Value), Failure> {
    let (row, lines) = ops::get(tx, id).await?;
    let draft = row.draft(lines.iter().map(InvoiceLineIn::from).collect());
    Ok((row.contact_id, kept(&draft)))
}

/// What a content comes to, with VAT, in cents.
pub(crate) fn gross_of(content: &Value) -> Result<i64, Failure> {
    let draft = Draft::default().apply(serde_json::from_value(content.clone())?)?;
    Ok(draft.totals().map_err(|problem| below(problem, "/content"))?.gross_minor)
}
