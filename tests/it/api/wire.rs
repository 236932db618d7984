//! What stands on the wire: statuses, headers, and the form of streams.

use reqwest::{Method, Response, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{Server, client};

const CODE: &str = "results = {'mean': 2.0}\n";

async fn sent(server: &Server, method: Method, path: &str, body: Value) -> Response {
    let request = client().request(method, format!("{}{path}", server.url));
    request.json(&body).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn what_is_wrong_has_a_status_a_detail_and_a_code() {
    let server = Server::start("    max_body_bytes: 64 KiB\n");
    let thread = Uuid::new_v4();
    let (nobody, somebody) = (
        format!("/threads/{thread}"),
        format!("/threads/{}", Uuid::new_v4()),
    );
    let made = sent(&server, Method::POST, "/threads", json!({ "thread_id": thread })).await;
    assert_eq!(made.status(), 200);
    let runs = format!("{nobody}/runs/wait");
    let assistant = "python_executor";
    let cases = [
        (Method::GET, "/nothing", json!({}), 404),
        (Method::PUT, "/ok", json!({}), 405),
        (Method::GET, "/assistants/nope", json!({}), 422),
        (
            Method::GET,
            "/assistants/498521b7-7bb7-4fa1-b949-eb90d918266d",
            json!({}),
            404,
        ),
        (Method::POST, "/threads", json!({ "thread_id": thread }), 409),
        (Method::POST, "/threads", json!({ "thread_id": "nope" }), 422),
        (Method::POST, "/threads", json!({ "if_exists": "maybe" }), 422),
        (Method::POST, "/threads", json!([]), 422),
        (Method::POST, "/threads/search", json!({ "status": "tired" }), 422),
        (Method::GET, "/threads/zzz/state", json!({}), 422),
        (Method::GET, &somebody, json!({}), 404),
        (Method::DELETE, &somebody, json!({}), 404),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": "nope", "input": {} }),
            422,
        ),
        (Method::POST, &runs, json!({ "input": {} }), 422),
        (Method::POST, &runs, json!("text"), 422),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": assistant, "input": 5 }),
            422,
        ),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": assistant, "input": { "cod": "x" } }),
            422,
        ),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": assistant, "stream_mode": "bogus" }),
            422,
        ),
        (Method::POST, &runs, json!({ "assistant_id": assistant }), 409),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": assistant, "command": {} }),
            422,
        ),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": assistant, "command": { "resume": true } }),
            409,
        ),
        (
            Method::POST,
            &runs,
            json!({ "assistant_id": assistant, "pad": "x".repeat(70_000) }),
            413,
        ),
        (
            Method::POST,
            "/runs/wait",
            json!({ "assistant_id": assistant, "command": { "resume": true } }),
            400,
        ),
    ];
    for (method, path, body, status) in cases {
        let case = format!("{method} {path} {body:.100}");
        let response = sent(&server, method, path, body).await;
        assert_eq!(response.status(), status, "{case}");
        let told: Value = response.json().await.unwrap();
        assert!(
            told["detail"].is_string() && told["code"].is_string(),
            "{case}: {told}"
        );
    }
}

#[tokio::test]
async fn a_stream_has_its_places_in_headers_and_ends_its_lines_as_clients_expect() {
    let server = Server::start("");
    let body =
        json!({ "assistant_id": "python_executor", "input": { "code": CODE }, "if_not_exists": "create" });
    let thread = Uuid::new_v4();
    let path = format!("/threads/{thread}/runs/stream");
    let response = sent(&server, Method::POST, &path, body).await;
    let place = header(&response, "content-location").to_owned();
    assert!(place.starts_with(&format!("/threads/{thread}/runs/")), "{place}");
    assert_eq!(header(&response, "location"), format!("{place}/stream"));
    assert_eq!(
        header(&response, "content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(header(&response, "cache-control"), "no-store");
    let text = response.text().await.unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let events: Vec<&str> = text.split_terminator("\r\n\r\n").collect();
    for event in &events {
        let lines: Vec<&str> = event.split("\r\n").collect();
        assert!(
            lines[0].starts_with("event: ") && lines[1].starts_with("data: "),
            "{event}"
        );
        assert_eq!(lines.len(), 2, "{event}");
    }
    assert!(events[0].starts_with("event: metadata") && events.last() == Some(&"event: end\r\ndata: null"));
    // Whoever has heard the end finds it on disk.
    let run = sent(&server, Method::GET, &place, Value::Null).await;
    assert_eq!(run.json::<Value>().await.unwrap()["status"], "success");
}

#[tokio::test]
async fn strangers_pages_and_names_are_refused() {
    let server =
        Server::start("    cors_origins: ['https://inbox.example']\n    host_names: [holdpoint.example]\n");
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let cases = [
        (None, None, 200),
        (Some("https://inbox.example"), None, 200),
        (Some("https://evil.example"), None, 403),
        (Some("null"), None, 403),
        (None, Some(format!("localhost:{port}")), 200),
        (None, Some(format!("holdpoint.example:{port}")), 200),
        (None, Some(format!("evil.example:{port}")), 403),
        (Some("http://evil.example"), Some("evil.example".to_owned()), 403),
    ];
    for (origin, host, status) in cases {
        let mut request = client().post(format!("{}/threads", server.url)).body("{}");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        if let Some(host) = &host {
            request = request.header(header::HOST, host);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{origin:?} {host:?}");
        let allowed = header(&response, "access-control-allow-origin");
        let expected = origin.filter(|_| status == 200).unwrap_or_default();
        assert_eq!(allowed, expected, "{origin:?} {host:?}");
    }
    let asked = client()
        .request(Method::OPTIONS, format!("{}/threads", server.url))
        .header(header::ORIGIN, "https://inbox.example");
    let response = asked.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(header(&response, "access-control-allow-headers").contains("x-api-key"));
    assert!(header(&response, "access-control-expose-headers").contains("content-location"));
}
