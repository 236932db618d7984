//! Who calls over HTTP, and what becomes of those who may not.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{Server, client};

const CODE: &str = "results = {'mean': 2.0}\n";

async fn sent(server: &Server, key: &str, method: Method, path: &str, body: &Value) -> Response {
    let request = client()
        .request(method, format!("{}{path}", server.url))
        .json(body);
    let request = match key {
        "" => request,
        key => request.header("x-api-key", key),
    };
    request.send().await.unwrap()
}

fn key(server: &Server, name: &str, roles: &[&str]) -> String {
    let mut words = vec!["keys", "create", name];
    for role in roles {
        words.extend(["--role", role]);
    }
    server.command(&words)["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_is_that_of_its_key_and_of_nobody_else() {
    let server = Server::start("");
    let open = sent(&server, "", Method::POST, "/threads/search", &json!({})).await;
    assert_eq!(open.status(), 200, "without keys this host may call");
    let assistant = key(&server, "assistant", &["requester", "approver"]);
    let closed = sent(&server, "", Method::POST, "/threads/search", &json!({})).await;
    assert_eq!(
        closed.status(),
        401,
        "with the first key nobody calls without one"
    );
    assert_eq!(closed.headers()["www-authenticate"], "Bearer");
    assert_eq!(closed.json::<Value>().await.unwrap()["code"], "unauthenticated");
    let (other, grace) = (
        key(&server, "other", &["requester"]),
        key(&server, "grace", &["approver"]),
    );
    let auditor = key(&server, "auditor", &["auditor"]);
    assert_eq!(
        sent(&server, "", Method::GET, "/ok", &json!({})).await.status(),
        200
    );

    let thread = Uuid::new_v4();
    let input =
        json!({ "assistant_id": "python_executor", "if_not_exists": "create", "input": { "code": CODE } });
    let runs = format!("/threads/{thread}/runs/wait");
    assert_eq!(
        sent(&server, &grace, Method::POST, &runs, &input).await.status(),
        403
    );
    let asked = sent(&server, &assistant, Method::POST, &runs, &input).await;
    assert_eq!(asked.status(), 200);
    let place = asked.headers()["content-location"].to_str().unwrap().to_owned();
    let asked: Value = asked.json().await.unwrap();
    assert!(asked["__interrupt__"][0]["id"].is_string(), "{asked}");

    // Every way to a thread: what the owner, another requester, an approver and an auditor are answered.
    let at = format!("/threads/{thread}");
    let path = |rest: &str| format!("{at}{rest}");
    let nothing = json!({});
    let ways = [
        (Method::GET, path(""), json!({}), [200, 404, 200, 200]),
        (Method::GET, path("/state"), json!({}), [200, 404, 200, 200]),
        (Method::GET, path("/history"), json!({}), [200, 404, 200, 200]),
        (Method::POST, path("/history"), json!({}), [200, 404, 200, 200]),
        (Method::GET, path("/runs"), json!({}), [200, 404, 200, 200]),
        (Method::GET, place.clone(), json!({}), [200, 404, 200, 200]),
        (
            Method::GET,
            format!("{place}/join"),
            json!({}),
            [200, 404, 200, 200],
        ),
        (
            Method::GET,
            format!("{place}/stream"),
            json!({}),
            [200, 404, 200, 200],
        ),
        (
            Method::PATCH,
            at.clone(),
            json!({ "metadata": { "a": 1 } }),
            [200, 404, 403, 403],
        ),
        (Method::POST, path("/copy"), json!({}), [200, 404, 403, 403]),
        (
            Method::POST,
            path("/runs/wait"),
            json!({ "assistant_id": "python_executor" }),
            [0, 404, 403, 403],
        ),
        (
            Method::POST,
            path("/runs/stream"),
            json!({ "assistant_id": "python_executor" }),
            [0, 404, 403, 403],
        ),
        (
            Method::POST,
            path("/runs"),
            json!({ "assistant_id": "python_executor",
            "command": { "resume": "yes" } }),
            [0, 404, 0, 403],
        ),
        (
            Method::POST,
            path("/state"),
            json!({ "values": { "generated_code": "x = 1" } }),
            [0, 404, 403, 403],
        ),
        (
            Method::POST,
            format!("{place}/cancel"),
            json!({}),
            [0, 404, 0, 403],
        ),
        (Method::DELETE, at.clone(), json!({}), [0, 404, 403, 403]),
    ];
    for (method, path, body, expected) in ways {
        for (caller, expected) in [&assistant, &other, &grace, &auditor].into_iter().zip(expected) {
            if expected != 0 {
                let answer = sent(&server, caller, method.clone(), &path, &body).await;
                assert_eq!(answer.status(), expected, "{method} {path} {caller}");
            }
        }
        for wrong in ["", "hp_0000000000000000_x"] {
            let answer = sent(&server, wrong, method.clone(), &path, &body).await;
            assert_eq!(answer.status(), 401, "{method} {path}");
        }
    }
    for (caller, count) in [(&assistant, 2), (&other, 0), (&grace, 1), (&auditor, 2)] {
        let found = sent(&server, caller, Method::POST, "/threads/count", &nothing).await;
        assert_eq!(found.json::<Value>().await.unwrap(), json!(count));
        let found = sent(&server, caller, Method::POST, "/threads/search", &nothing).await;
        assert_eq!(found.json::<Vec<Value>>().await.unwrap().len(), count);
    }

    // Revoked: at once, while the service runs.
    server.command(&["keys", "revoke", "grace"]);
    assert_eq!(
        sent(&server, &grace, Method::GET, &at, &nothing).await.status(),
        401
    );
    let judge = key(&server, "judge", &["approver"]);
    let answer = json!({ "assistant_id": "python_executor", "command": { "resume": { "approved": false } } });
    let bearer = client()
        .post(format!("{}{runs}", server.url))
        .bearer_auth(&judge)
        .json(&answer);
    assert_eq!(bearer.send().await.unwrap().status(), 200);
    let shown = server.command(&["history", &thread.to_string()]);
    assert!(shown.to_string().contains("\"judge\""), "{shown}");
}

#[tokio::test]
async fn who_calls_too_often_is_told_when_to_come_back() {
    let server = Server::start("    rate: { per_second: 0.1, burst: 5 }\n");
    let (one, other) = (
        key(&server, "one", &["requester"]),
        key(&server, "other", &["requester"]),
    );
    let asks = async |key: &str| sent(&server, key, Method::GET, "/info", &json!({})).await;
    for _ in 0..5 {
        assert_eq!(asks(&one).await.status(), 200);
    }
    let late = asks(&one).await;
    assert_eq!(late.status(), 429);
    let wait: u64 = late.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(late.json::<Value>().await.unwrap()["code"], "too_often");
    assert_eq!(asks(&other).await.status(), 200);
}
