//! An authority that answers over HTTP, as RFC 3161 §3.4 has it: `application/timestamp-query` in, `application/timestamp-reply` out.
//!
//! What is checked of an answer: that it grants, that its token is of this hash and of this request (nonce). Whose certificate signed it is
//! for whoever verifies later with their own list of authorities.

use super::imprint;
use crate::http;
use cms::signed_data::SignedData;
use der::asn1::Int;
use der::{Decode, Encode};
use std::time::Duration;
use vision_ports::{TimeStamp, TimeStampError, TimestampAuthority};
use x509_tsp::{TimeStampReq, TimeStampResp, TspVersion, TstInfo};

const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_BODY: usize = 256 * 1024;

/// An outside authority.
pub struct RemoteAuthority {
    client: reqwest::Client,
    address: String,
}

fn refused(error: impl std::fmt::Display) -> TimeStampError {
    TimeStampError::Refused(error.to_string())
}

fn temporary(error: impl std::fmt::Display) -> TimeStampError {
    TimeStampError::Temporary(error.to_string())
}

impl RemoteAuthority {
    /// Connects lazily.
    pub fn new(address: &str) -> Result<Self, TimeStampError> {
        Ok(Self { client: http::client(TIMEOUT).map_err(refused)?, address: address.to_owned() })
    }
}

/// The nonce of a request: the beginning of the hash, positive. Each document has another.
fn nonce(sha256: &[u8]) -> der::Result<Int> {
    let mut bytes = sha256.get(..8).unwrap_or_default().to_vec();
    bytes.iter_mut().take(1).for_each(|byte| *byte = (*byte & 0x3f) | 0x40);
    Int::new(&bytes)
}

pub(super) fn request(sha256: &[u8]) -> der::Result<Vec<u8>> {
    TimeStampReq {
        version: TspVersion::V1,
        message_imprint: imprint(sha256)?,
        req_policy: None,
        nonce: Some(nonce(sha256)?),
        cert_req: true,
        extensions: None,
    }
    .to_der()
}

/// The token of an answer, where it is one to this request.
pub(super) fn granted(answer: &[u8], sha256: &[u8]) -> Result<Vec<u8>, TimeStampError> {
    let answer = TimeStampResp::from_der(answer).map_err(refused)?;
    let status = answer.status.status as u32;
    if status > 1 {
        return Err(refused(format!("status {status}")));
    }
    let token = answer.time_stamp_token.ok_or_else(|| refused("no token"))?;
    let signed: SignedData = token.content.decode_as().map_err(refused)?;
    let content = signed.encap_content_info.econtent.ok_or_else(|| refused("an empty token"))?;
    let info = TstInfo::from_der(content.value()).map_err(refused)?;
    if info.message_imprint.hashed_message.as_bytes() != sha256 {
        return Err(refused("a stamp of something else"));
    }
    if info.nonce.is_some_and(|said| nonce(sha256).is_ok_and(|asked| asked != said)) {
        return Err(refused("an answer to another request"));
    }
    token.to_der().map_err(refused)
}

#[async_trait::async_trait]
impl TimestampAuthority for RemoteAuthority {
    async fn stamp(&self, sha256: &[u8]) -> Result<TimeStamp, TimeStampError> {
        let request = request(sha256).map_err(refused)?;
        let sent = self.client.post(&self.address).header("content-type", "application/timestamp-query").body(request).send();
        let answer = sent.await.map_err(temporary)?;
        if !answer.status().is_success() {
            return Err(temporary(answer.status()));
        }
        let bytes = http::body(answer, MAX_BODY).await.map_err(temporary)?;
        Ok(TimeStamp { token: granted(&bytes, sha256)?, authority: self.address.clone() })
    }
}
