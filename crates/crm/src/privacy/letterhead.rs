//! The head of the documents that the privacy desk hands out.

use serde::Serialize;
use vision_documents::pdf::Dossier;
use vision_platform::Tx;

/// The company that holds the data, as an information notice names it.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub(super) struct Company {
    pub(super) name: String,
    pub(super) legal_name: Option<String>,
    pub(super) address_line1: Option<String>,
    pub(super) address_line2: Option<String>,
    pub(super) postal_code: Option<String>,
    pub(super) city: Option<String>,
    pub(super) siren: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    #[serde(skip)]
    pub(super) accent_color: Option<String>,
}

pub(super) async fn company(tx: &mut Tx) -> sqlx::Result<Company> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT name, legal_name, address_line1, address_line2, postal_code, city, siren, email, phone, accent_color FROM tenants WHERE id = $1",
    )
    .bind(tenant)
    .fetch_one(tx.conn())
    .await
}

impl Company {
    /// A document of the company's, without content yet.
    pub(super) fn document(&self, title: String, subtitle: String) -> Dossier {
        let place = [self.postal_code.as_deref(), self.city.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let siren = self.siren.as_deref().map(|siren| format!("SIREN {siren}"));
        let lines = [self.address_line1.clone(), self.address_line2.clone(), Some(place), siren, self.email.clone()];
        Dossier {
            lang: "fr".to_owned(),
            company: self.name.clone(),
            company_lines: lines.into_iter().flatten().filter(|line| !line.is_empty()).collect(),
            accent: self.accent_color.clone().unwrap_or_else(|| "#1f5fbf".to_owned()),
            title,
            subtitle,
            page_words: ("Page".to_owned(), "sur".to_owned()),
            ..Dossier::default()
        }
    }

    /// The name in law, where there is one.
    pub(super) fn full_name(&self) -> &str {
        self.legal_name.as_deref().unwrap_or(&self.name)
    }
}
