//! The one error type of use cases and handlers: a [`Problem`] that knows how database failures become one.

use axum::response::{IntoResponse, Response};
use vision_kernel::{Problem, ProblemKind};

/// A use case that did not succeed. Wraps the problem that the caller will read.
#[derive(Debug)]
pub struct Failure(pub Box<Problem>);

/// What a handler returns.
pub type ApiResult<T> = Result<T, Failure>;

impl Failure {
    /// The kind of problem, for callers that act on it.
    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let kind = match &error {
            sqlx::Error::RowNotFound => return Problem::not_found().into(),
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed => ProblemKind::Unavailable,
            // 57P0x: the server is going away; 53300: it has no connection left; 57014: the statement ran too long;
            // 40P01, 40001: another transaction was in the way, and a retry will find it gone.
            sqlx::Error::Database(db)
                if matches!(db.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300" | "57014" | "40P01" | "40001")) =>
            {
                ProblemKind::Unavailable
            }
            _ => ProblemKind::Internal,
        };
        Self(Box::new(Problem { source: Some(Box::new(error)), ..Problem::new(kind) }))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Problem::internal(error).into()
    }
}

impl From<vision_ports::FilesError> for Failure {
    fn from(error: vision_ports::FilesError) -> Self {
        match error {
            vision_ports::FilesError::NotFound => Problem::not_found().into(),
            other @ vision_ports::FilesError::Store(_) => Problem::internal(other).into(),
        }
    }
}

impl IntoResponse for Failure {
    /// The body is completed with the request id by the outermost layer, which also logs the source once.
    fn into_response(self) -> Response {
        crate::http::problem::respond(*self.0)
    }
}

/// Turns the violation of a named unique constraint into a problem that a person can act on.
pub trait OnUnique<T> {
    /// `constraint` is the name of the index or constraint.
    fn on_unique(self, constraint: &str, problem: impl FnOnce() -> Problem) -> ApiResult<T>;
}

impl<T> OnUnique<T> for sqlx::Result<T> {
    fn on_unique(self, constraint: &str, problem: impl FnOnce() -> Problem) -> ApiResult<T> {
        self.map_err(|error| match &error {
            sqlx::Error::Database(db) if db.constraint() == Some(constraint) => problem().into(),
            _ => error.into(),
        })
    }
}
