//! Routes of the proof.

use super::chain::Key;
use super::verify::{self, Verdict};
use jiff::Timestamp;
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use vision_platform::http::Json;
use vision_platform::permits::InvoicesRead;
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_numbering_proof))
}

/// A chain.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SealedChain {
    #[serde(flatten)]
    verdict: Verdict,
    /// First and last number of a series.
    first_number: Option<String>,
    last_number: Option<String>,
    /// Hash of the last record, in hexadecimal: what an accountant can keep.
    head: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    sealed_at: Option<Timestamp>,
}

/// Numbering, proved now: every chain was read again for this answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NumberingProof {
    chains: Vec<SealedChain>,
    /// True: no chain is broken.
    valid: bool,
    /// Ed25519, in hexadecimal: the public half of the key that signs.
    public_key: String,
}

/// Bytes as text.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Totals of the whole company are not for those who see a part of it.
pub(crate) fn whole_company(tx: &vision_platform::Tx) -> Result<(), vision_kernel::Problem> {
    if tx.actor().owner_scope.is_some() { Err(vision_kernel::Problem::new(vision_kernel::ProblemKind::Forbidden)) } else { Ok(()) }
}

/// Reads every chain again and says what it found (QI-28, IS-06).
#[utoipa::path(get, path = "/numbering-proof", operation_id = "get_numbering_proof", tag = "billing",
    responses((status = 200, body = NumberingProof)), security(("session" = ["invoices.read"])))]
async fn get_numbering_proof(auth: Authorized<InvoicesRead>) -> ApiResult<Json<NumberingProof>> {
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let verdicts = verify::chains(&mut tx, &auth.app.crypto).await?;
    let valid = verdicts.iter().all(|(verdict, _)| verdict.fault.is_none());
    let chains = verdicts
        .into_iter()
        .map(|(verdict, head)| SealedChain {
            verdict,
            first_number: head.first_number,
            last_number: head.last_number,
            head: hexadecimal(head.hash.as_deref().unwrap_or_default()),
            sealed_at: head.sealed_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect();
    Ok(Json(NumberingProof { chains, valid, public_key: hexadecimal(Key::of(&auth.app.crypto).public().as_bytes()) }))
}
