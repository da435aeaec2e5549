//! Invoices that other parts of the context begin and issue: fees of lateness, recurring invoices.

use super::model::InvoiceIn;
use super::{issue, ops};
use uuid::Uuid;
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

pub(crate) use issue::logo;
