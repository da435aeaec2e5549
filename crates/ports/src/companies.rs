//! Looking up French companies in a public register.

/// A company as a register knows it. Nothing here is trusted: the use case checks the numbers again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyRecord {
    /// Nine digits.
    pub siren: String,
    /// Fourteen digits of the head office.
    pub siret: Option<String>,
    /// Name under which it is registered.
    pub name: String,
    /// Such as `SARL`.
    pub legal_form: Option<String>,
    /// Activity code, `45.20A`.
    pub naf: Option<String>,
    /// Number and street of the head office.
    pub line1: Option<String>,
    /// What completes it.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// False when it has ceased.
    pub active: bool,
}

/// Why a register gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("the company register did not answer: {0}")]
pub struct CompaniesError(pub String);

/// A register of companies.
#[async_trait::async_trait]
pub trait CompanyDirectory: Send + Sync {
    /// Companies for a SIREN or a name, the best first, at most `limit`. Answers or fails within a few seconds.
    async fn search(&self, query: &str, limit: usize) -> Result<Vec<CompanyRecord>, CompaniesError>;
    /// A short name for the answer and the logs: `none`, `offline`, `gouv`.
    fn name(&self) -> &'static str;
}
