//! One error shape for every edge: RFC 9457 problem details. The kind fixes the HTTP status and the stable `type`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal);+ $(;)?) => {
        /// The registry of problem types. The code is part of the public API and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemKind { $($(#[$doc])* $variant),+ }
        impl ProblemKind {
            /// Stable code, the last part of the problem's `type`.
            pub fn code(self) -> &'static str { match self { $(Self::$variant => $code),+ } }
            /// HTTP status.
            pub fn status(self) -> u16 { match self { $(Self::$variant => $status),+ } }
            /// Short French title.
            pub fn title(self) -> &'static str { match self { $(Self::$variant => $title),+ } }
        }
    };
}

kinds! {
    /// The request itself is malformed.
    BadRequest = "bad_request", 400, "Requête incorrecte";
    /// No valid credentials were sent.
    Unauthenticated = "unauthenticated", 401, "Connexion requise";
    /// Wrong e-mail, password or code; never says which.
    InvalidCredentials = "invalid_credentials", 401, "Identifiants incorrects";
    /// The password is right; a second factor is needed.
    MfaRequired = "mfa_required", 401, "Second facteur requis";
    /// The actor lacks the permission.
    Forbidden = "forbidden", 403, "Action non autorisée";
    /// The CSRF token is missing or wrong.
    Csrf = "csrf", 403, "Jeton de sécurité absent ou périmé";
    /// No such thing in this tenant.
    NotFound = "not_found", 404, "Introuvable";
    /// The method does not exist at this path.
    MethodNotAllowed = "method_not_allowed", 405, "Méthode non permise";
    /// The state of the resource forbids the action.
    Conflict = "conflict", 409, "Action impossible dans cet état";
    /// The resource changed since it was read.
    StaleVersion = "stale_version", 412, "Modifié entre-temps";
    /// The body is larger than allowed.
    TooLarge = "too_large", 413, "Trop volumineux";
    /// The body's type or content is not accepted.
    UnsupportedMediaType = "unsupported_media_type", 415, "Format non pris en charge";
    /// One or several fields are wrong; see `errors`.
    Validation = "validation", 422, "Saisie incorrecte";
    /// The request that carried this `Idempotency-Key` was applied, but its answer was lost in a crash.
    AlreadyApplied = "already_applied", 409, "Cette demande a déjà été enregistrée";
    /// The idempotency key was used with another request.
    IdempotencyMismatch = "idempotency_mismatch", 422, "Clé d’idempotence déjà utilisée pour une autre requête";
    /// Too many requests.
    RateLimited = "rate_limited", 429, "Trop de requêtes";
    /// A bug or an outage; the detail is in the log under the request id.
    Internal = "internal", 500, "Erreur interne";
    /// A dependency does not answer.
    Unavailable = "unavailable", 503, "Service momentanément indisponible";
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer into the request body, such as `/emails/0/email`, or `?name` for a query parameter.
    pub pointer: String,
    /// Stable code, such as `required`, `invalid`, `too_long`, `taken`.
    pub code: String,
    /// A French sentence.
    pub detail: String,
}

impl FieldError {
    /// Builds a field error.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

/// A problem to send. `source` is logged once at the edge and never sent.
#[derive(Debug)]
pub struct Problem {
    /// Kind, hence status and type.
    pub kind: ProblemKind,
    /// A French sentence about this occurrence.
    pub detail: Option<String>,
    /// Wrong fields.
    pub errors: Vec<FieldError>,
    /// Extension members.
    pub extra: Map<String, Value>,
    /// What caused it, for the log.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    /// A problem without detail.
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), extra: Map::new(), source: None }
    }

    /// Adds a French sentence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds an extension member.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(key.to_owned(), value.into());
        self
    }

    /// 422 with these fields.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemKind::Validation) }
    }

    /// 422 with one field.
    pub fn field(pointer: &str, code: &str, detail: &str) -> Self {
        Self::validation(vec![FieldError::new(pointer, code, detail)])
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound)
    }

    /// 409 with a French sentence.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict).detail(detail)
    }

    /// 500 whose cause goes to the log only.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(ProblemKind::Internal) }
    }

    /// The JSON body.
    pub fn to_json(&self, request_id: &str) -> Value {
        let mut body = self.extra.clone();
        body.insert("type".into(), format!("urn:vision:problem:{}", self.kind.code()).into());
        body.insert("title".into(), self.kind.title().into());
        body.insert("status".into(), self.kind.status().into());
        body.insert("request_id".into(), request_id.into());
        if let Some(detail) = &self.detail {
            body.insert("detail".into(), detail.clone().into());
        }
        if !self.errors.is_empty() {
            body.insert("errors".into(), serde_json::to_value(&self.errors).unwrap_or_default());
        }
        Value::Object(body)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.status(), self.kind.code())?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}
