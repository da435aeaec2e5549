//! Invoices that are paid online.
//!
//! Invariants: the amount comes from the invoice, never from a browser; what came in is what the provider says when it is asked, never
//! what a message says; one page is open for an invoice at a time; the same payment makes one entry, however often and in whatever order
//! its messages come; money that nobody expected is the customer's credit (BA-06); no call to the provider is made inside a transaction.

pub mod account;
mod checkouts;
pub(crate) mod demo;
pub mod disputes;
pub mod http;
pub mod jobs;
pub mod page;
pub mod refunds;
mod store;
pub mod webhook;

pub use checkouts::{Start, start};
pub use disputes::disputed;
pub use http::routes;

use vision_kernel::Actor;
use vision_ports::PaymentsError;

/// Who enters what comes in on the web.
pub(crate) fn actor(tenant: uuid::Uuid) -> Actor {
    Actor { name: "Paiement en ligne".to_owned(), ..Actor::system(tenant) }
}

/// What a person is told when the provider did not do it.
pub(crate) fn problem(error: &PaymentsError) -> vision_kernel::Problem {
    use vision_kernel::{Problem, ProblemKind};
    match error {
        PaymentsError::Refused(words) => {
            Problem::conflict(format!("Le prestataire de paiement refuse : {words}")).with("reason", "refused")
        }
        PaymentsError::None => {
            Problem::conflict("Aucun prestataire de paiement n’est configuré sur ce serveur.").with("reason", "no_provider")
        }
        PaymentsError::NotFound => Problem::conflict("Le prestataire de paiement ne connaît plus cet élément.").with("reason", "unknown"),
        PaymentsError::Unavailable(_) => {
            Problem::new(ProblemKind::Unavailable).detail("Le prestataire de paiement ne répond pas. Réessayez dans un instant.")
        }
    }
}
