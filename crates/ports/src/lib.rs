//! What the product asks of the outside world, one module per capability. Traits have no default methods: an adapter that
//! does not do a thing cannot compile. Knows nothing of HTTP clients, databases or providers.

pub mod files;
pub mod mail;

pub use files::{FileStore, FilesError};
pub use mail::{MailError, MailMessage, MailSender};
