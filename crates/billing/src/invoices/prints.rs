//! What is handed out of an issued document: the very files, checked against their seal at each download (QI-53), and prints, which are
//! counted (IS-11).

use super::events::InvoiceEvent;
use super::{ops, store};
use crate::seal;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vision_documents::commercial::Commercial;
use vision_kernel::Problem;
use vision_platform::{Failure, Tx};

/// The files of an issued document, PDF and XML, or nothing where there is none. Files that are not those that were sealed are not handed out.
pub(super) async fn files(tx: &mut Tx, id: Uuid) -> Result<Option<(Vec<u8>, Vec<u8>)>, Failure> {
    let Some((pdf, xml)) = store::files(tx, id).await? else { return Ok(None) };
    let found = (seal::hexadecimal(&Sha256::digest(&pdf)), seal::hexadecimal(&Sha256::digest(&xml)));
    if seal::file_hashes(tx, id).await? != Some(found) {
        tracing::error!(invoice = %id, "the files of an invoice are not those that were sealed");
        return Err(Problem::conflict(
            "Ce document ne correspond plus à son empreinte : il n’est pas remis. Prévenez votre administrateur.",
        )
        .with("reason", "tampered")
        .into());
    }
    Ok(Some((pdf, xml)))
}

/// Number and files of an issued document, for an archive: as they are, whatever their hash says; the archive's check tells.
pub(crate) async fn issued_files(tx: &mut Tx, id: Uuid) -> Result<Option<(String, Vec<u8>, Vec<u8>)>, Failure> {
    let Some(row) = store::get(tx, id, false).await? else { return Ok(None) };
    let files = store::files(tx, id).await?;
    Ok(row.number.zip(files).map(|(number, (pdf, xml))| (number, pdf, xml)))
}

/// What a print hands out.
pub(super) enum Print {
    /// The first: the issued file itself.
    Original(Vec<u8>),
    /// Another: marked, with its number.
    Duplicate(Box<Commercial>),
}

/// Counts a print and says what to hand out.
pub(super) async fn print(tx: &mut Tx, id: Uuid) -> Result<(String, Print), Failure> {
    let (row, _) = ops::get(tx, id).await?;
    let Some(number) = row.number.clone() else {
        return Err(Problem::conflict("Un brouillon ne s’imprime pas : il s’aperçoit.").into());
    };
    let count = store::count_print(tx, id).await?;
    let print = if count == 1 {
        let (pdf, _) = files(tx, id).await?.ok_or_else(Problem::not_found)?;
        tx.emit(&InvoiceEvent::new("invoice.printed", &row));
        Print::Original(pdf)
    } else {
        let frozen = store::document(tx, id).await?.ok_or_else(Problem::not_found)?;
        let mut document: Commercial = serde_json::from_value(frozen)?;
        document.duplicate = u32::try_from(count - 1).ok();
        tx.emit(&InvoiceEvent::new("invoice.reprinted", &row));
        Print::Duplicate(Box::new(document))
    };
    Ok((number, print))
}
