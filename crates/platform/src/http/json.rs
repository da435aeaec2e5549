//! JSON bodies: refused with a pointer to the wrong field, and `201 Created` with its address.

use crate::failure::Failure;
use axum::extract::{FromRequest, Request, rejection::JsonRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Serialize, de::DeserializeOwned};
use vision_kernel::{FieldError, Problem, ProblemKind};

/// A JSON body in, or out.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refusal(&rejection).into()),
        }
    }
}

fn refusal(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(error) => {
            let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
            Problem::validation(vec![FieldError::new(pointer(&text), "invalid", format!("La donnée n’a pas la forme attendue ({text})."))])
        }
        JsonRejection::JsonSyntaxError(_) => {
            Problem::new(ProblemKind::BadRequest).detail("Le corps de la requête n’est pas du JSON valable.")
        }
        JsonRejection::MissingJsonContentType(_) => {
            Problem::new(ProblemKind::UnsupportedMediaType).detail("Le corps doit être envoyé en application/json.")
        }
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge),
        _ => Problem::new(ProblemKind::BadRequest),
    }
}

/// serde's path (`emails[0].email: invalid type…`) as a JSON pointer.
fn pointer(text: &str) -> String {
    let path = text.split(": ").next().unwrap_or_default();
    if path.is_empty() || path.contains(' ') {
        return String::new();
    }
    format!("/{}", path.replace('[', "/").replace(']', "").replace("./", "/").replace('.', "/"))
}

/// `201 Created` with `Location` and `ETag`.
pub struct Created<T> {
    location: String,
    body: T,
}

impl<T: Serialize> Created<T> {
    /// The new resource and its path.
    pub fn at(location: impl Into<String>, body: T) -> Self {
        Self { location: location.into(), body }
    }
}

impl Created<()> {
    /// Only the header.
    pub fn location(path: &str) -> AppendHeaders<[(header::HeaderName, HeaderValue); 1]> {
        AppendHeaders([(header::LOCATION, HeaderValue::from_str(path).unwrap_or_else(|_| HeaderValue::from_static("/")))])
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Created::location(&self.location), axum::Json(self.body)).into_response()
    }
}
