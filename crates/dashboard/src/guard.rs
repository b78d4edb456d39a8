//! Who may ask: hosts, origins and the token; and the headers that tell a browser what the page may do.
//!
//! A page of another site can make a browser send requests to this machine. It is kept out in three ways: a `Host` that is
//! a name of somebody else's (DNS rebinding) is refused, so is an `Origin` that is not ours, and answers may not be
//! read or embedded by other origins. Where other machines can connect, a token is asked for as well.

use std::hint::black_box;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::error::{Error, Result};

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Whom to let in.
pub struct Guard {
    /// The host that the user asked us to listen on.
    pub host: String,
    /// The port that we listen on, which names the cookie: browsers share cookies among the ports of a host.
    pub port: u16,
    /// What others have to know.
    pub token: Option<String>,
}

impl Guard {
    /// Is `headers`' host one of ours? Addresses are, whichever they are: only names can be rebound.
    fn knows_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = text(headers, &header::HOST) else { return false };
        let name = without_port(host);
        name == "localhost" || name.eq_ignore_ascii_case(&self.host) || name.parse::<IpAddr>().is_ok()
    }

    fn has_token(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let authorization = text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        [token_in(uri), self.cookie(headers), authorization].into_iter().flatten().any(|given| same(given, token))
    }

    fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.cookie_name();
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        cookies.flat_map(|line| line.split(';')).find_map(|cookie| cookie.trim().strip_prefix(&name)?.strip_prefix('='))
    }

    fn cookie_name(&self) -> String {
        format!("blockfold_{}", self.port)
    }

    /// To the page without the token in its address, which then is in a cookie that scripts cannot read.
    fn to_the_page(&self, token: &str) -> Response {
        let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict", self.cookie_name());
        let mut response = Redirect::to("/").into_response();
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, value);
        }
        response
    }

    fn refusal(&self, request: &Request) -> Option<(StatusCode, &'static str)> {
        let headers = request.headers();
        if !self.knows_host(headers) {
            return Some((StatusCode::MISDIRECTED_REQUEST, "this name is not one of the dashboard's: use its address"));
        }
        if !is_own_origin(headers) {
            return Some((StatusCode::FORBIDDEN, "pages of other origins may not ask"));
        }
        if !self.has_token(request.uri(), headers) {
            return Some((StatusCode::UNAUTHORIZED, "open the address with the token that blockfold printed"));
        }
        None
    }
}

/// Answers those who may not ask, and sets the headers of every answer.
pub async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let token = guard.token.as_deref().filter(|_| {
        request.method() == Method::GET && request.uri().path() == "/" && token_in(request.uri()).is_some()
    });
    let mut response = match (guard.refusal(&request), token) {
        (Some(refusal), _) => refusal.into_response(),
        (None, Some(token)) => guard.to_the_page(token),
        (None, None) => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A token of 128 random bits.
pub fn random_token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Start { source: io::Error::other(error.to_string()) })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Does the request come from no page, or from one of ours?
fn is_own_origin(headers: &HeaderMap) -> bool {
    match (headers.get(header::ORIGIN), text(headers, &header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => {
            origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://")) == Some(host)
        }
        (Some(_), None) => false,
    }
}

fn token_in(uri: &Uri) -> Option<&str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token="))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

/// Are these the same? Takes as long whichever byte differs.
fn same(given: &str, token: &str) -> bool {
    let differ = given.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    given.len() == token.len() && black_box(differ) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same("abc", "abc"));
        assert!(!same("abd", "abc"));
        assert!(!same("ab", "abc"));
        assert!(!same("", "abc"));
    }

    #[test]
    fn random_tokens_differ() {
        let (one, two) = (random_token().unwrap(), random_token().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }

    #[test]
    fn hosts_without_their_ports() {
        assert_eq!(without_port("localhost:80"), "localhost");
        assert_eq!(without_port("[::1]:80"), "::1");
        assert_eq!(without_port("example.org"), "example.org");
    }
}
