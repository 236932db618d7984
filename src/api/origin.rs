//! Which web pages may call, and by which names.
//!
//! A browser sends requests for whatever page is open in it, and can be led to believe that a stranger's name stands
//! for this host. Neither may approve anything, so both are refused before a request is looked at.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, ORIGIN, VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{error::ApiError, state::Door};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
const HEADERS: &str = "accept, authorization, content-type, last-event-id, x-api-key, x-auth-scheme";
const EXPOSED: &str = "content-location, location, x-pagination-total, x-pagination-next";

/// Refuses requests for other names and of pages that were not let in; answers what browsers ask beforehand.
pub(super) async fn check(State(door): State<Door>, request: Request, next: Next) -> Response {
    if let Err(error) = check_host(&door, request.headers(), request.uri()) {
        return error.into_response();
    }
    let origin = match allowed(&door, request.headers()) {
        Ok(origin) => origin,
        Err(error) => return error.into_response(),
    };
    let Some(origin) = origin else {
        return next.run(request).await;
    };
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.append(VARY, HeaderValue::from_static("Origin"));
    response
}

fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::OK, headers).into_response()
}

/// The page's origin, if a page asks and may.
fn allowed(door: &Door, headers: &HeaderMap) -> Result<Option<HeaderValue>, ApiError> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(None);
    };
    let text = origin.to_str().unwrap_or_default();
    let own = own_page(text, headers);
    let named = door
        .settings()
        .cors_origins
        .iter()
        .any(|named| named.trim_end_matches('/') == text);
    match own || named {
        true => Ok(Some(origin.clone())),
        false => Err(ApiError::forbidden(format!(
            "pages of {text:?} may not use this service; holdpoint.api.cors_origins names those that may"
        ))),
    }
}

/// Whether the page came from here. The host was found to be one of ours.
fn own_page(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let of = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some() && of == host
}

/// The name that the request was sent to must be one of ours.
fn check_host(door: &Door, headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
    let host = match (uri.host(), headers.get(HOST)) {
        (Some(host), _) => host,
        (None, Some(host)) => host.to_str().map(without_port).unwrap_or_default(),
        (None, None) => "",
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let settings = door.settings();
    let ours = bare.eq_ignore_ascii_case("localhost")
        || bare.eq_ignore_ascii_case(&settings.host)
        || settings
            .host_names
            .iter()
            .any(|name| bare.eq_ignore_ascii_case(name))
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip == door.address().ip());
    match ours {
        true => Ok(()),
        false => Err(ApiError::forbidden(format!(
            "{host:?} is no name of this service; holdpoint.api.host_names names others it has"
        ))),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
