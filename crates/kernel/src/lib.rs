//! The words that every part of Vision CRM shares: identifiers, permissions, actors, problems, pages, patches, French
//! business numbers, names and phones. Pure: knows nothing about HTTP servers, databases or time sources.

pub mod actor;
pub mod business;
pub mod contact_point;
pub mod event;
pub mod french;
pub mod page;
pub mod patch;
pub mod permission;
pub mod problem;
pub mod secret;
pub mod text;
pub mod totals;
pub mod vehicle;

pub use actor::{Actor, ActorKind, Attempt, Visibility};
pub use business::{Siren, Siret, VatNumber};
pub use contact_point::{Email, Phone};
pub use event::{Change, DomainEvent, Subject};
pub use page::{Cursor, Page};
pub use patch::Patch;
pub use permission::Permission;
pub use problem::{FieldError, Problem, ProblemKind};
pub use secret::Secret;
pub use vehicle::{Plate, Vin};
