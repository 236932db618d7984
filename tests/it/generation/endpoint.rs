//! The generator `basic` against a real HTTP server on loopback.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use holdpoint::{
    config::BasicSettings,
    generation::{Generated, GenerationError, Registry},
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_partial_json, header, method, path},
};

use super::{KEY, basic, create, request, settings, write};

/// The generator `basic` before a server that always answers in the same way.
async fn ask(
    answer: ResponseTemplate,
    change: impl FnOnce(&mut BasicSettings),
) -> (Result<Generated, GenerationError>, usize) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let mut settings = settings("basic");
    settings.basic = basic(&server.uri());
    change(&mut settings.basic);
    let outcome = write(&*create(&settings), &request()).await;
    (outcome, server.received_requests().await.unwrap().len())
}

fn completion(content: Value, finish: &str) -> Value {
    json!({
        "id": "c-1",
        "model": "writer-1-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
    })
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

#[tokio::test]
async fn basic_asks_and_takes_the_answer() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_partial_json(
            json!({"model": "writer-1", "temperature": 0.0, "max_tokens": 2000}),
        ))
        .respond_with(ok(completion(
            json!("```python\nresults = {'mean': 1}\n```"),
            "stop",
        )))
        .expect(2)
        .mount(&server)
        .await;
    for base in ["/v1", "/v1/"] {
        let mut settings = settings("basic");
        settings.basic.base_url = server.uri() + base;
        let told = Mutex::new(String::new());
        let tell = |piece: &str| told.lock().unwrap().push_str(piece);
        let generated = create(&settings).generate(&request(), &tell).await.unwrap();
        insta::allow_duplicates!(insta::assert_json_snapshot!("basic_generated", generated));
        assert_eq!(
            told.lock().unwrap().as_str(),
            "```python\nresults = {'mean': 1}\n```"
        );
    }
    let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(sent["messages"][0]["role"], "system");
    assert_eq!(sent["messages"][1]["role"], "user");
    assert!(
        sent["messages"][1]["content"]
            .as_str()
            .unwrap()
            .contains("Compute mean and spread")
    );
    assert!(!sent.to_string().contains(KEY));
}

#[tokio::test]
async fn basic_reads_answers_of_many_servers() {
    let plain = |change: fn(&mut Value)| {
        let mut body = completion(json!("x = 1"), "stop");
        change(&mut body);
        body
    };
    for (body, model, has_usage) in [
        (plain(|_| {}), "writer-1-2026", true),
        (
            plain(|body| {
                body["choices"][0]["message"]["content"] = json!([{"type": "text", "text": "x = 1"}])
            }),
            "writer-1-2026",
            true,
        ),
        (plain(|body| body["usage"] = Value::Null), "writer-1-2026", false),
        (plain(|body| body["model"] = Value::Null), "writer-1", true),
        (plain(|body| body["error"] = Value::Null), "writer-1-2026", true),
        (
            plain(|body| body["choices"][0]["message"]["refusal"] = Value::Null),
            "writer-1-2026",
            true,
        ),
        (
            plain(|body| body["choices"][0]["finish_reason"] = Value::Null),
            "writer-1-2026",
            true,
        ),
    ] {
        let (outcome, _) = ask(ok(body), |settings| settings.api_key = None).await;
        let generated = outcome.unwrap();
        assert_eq!(
            (generated.code.as_str(), generated.model.as_deref()),
            ("x = 1", Some(model))
        );
        assert_eq!(generated.usage.is_some(), has_usage);
    }
}

#[tokio::test]
async fn basic_tells_every_failure_apart() {
    let status = |code: u16, body: Value| ResponseTemplate::new(code).set_body_json(body);
    let refusal = {
        let mut body = completion(Value::Null, "stop");
        body["choices"][0]["message"]["refusal"] = json!("I can't help\nwith that.");
        body
    };
    let message = |text: &str| json!({"error": {"message": text}});
    for (answer, expected) in [
        (
            status(400, message("unknown parameter")),
            "model_request_rejected: status 400: unknown parameter",
        ),
        (
            status(401, json!({"error": "bad key"})),
            "model_request_rejected: status 401: bad key",
        ),
        (
            status(403, json!({"detail": "no access"})),
            "model_request_rejected: status 403: no access",
        ),
        (
            status(404, json!({"message": "no such model"})),
            "model_request_rejected: status 404: no such model",
        ),
        (ResponseTemplate::new(404), "model_request_rejected: status 404"),
        (
            ResponseTemplate::new(307).insert_header("location", "http://127.0.0.2:9/"),
            "model_request_rejected: status 307: it points elsewhere, and the key is not sent there; correct `base_url`",
        ),
        (
            status(
                429,
                json!({"error": {"message": "no credit", "code": "insufficient_quota"}}),
            ),
            "model_request_rejected: status 429: no credit",
        ),
        (
            status(429, message("slow down")),
            "model_unreachable: status 429: slow down",
        ),
        (status(500, json!({})), "model_unreachable: status 500: {}"),
        (
            ResponseTemplate::new(503).set_body_string("<h1>busy</h1>"),
            "model_unreachable: status 503: <h1>busy</h1>",
        ),
        (
            ok(json!({"error": {"message": "upstream", "code": 502}})),
            "model_unreachable: status 502: upstream",
        ),
        (
            ok(json!({"error": {"message": "bad"}})),
            "model_request_rejected: status 400: bad",
        ),
        (ok(refusal), "model_declined: I can't help with that."),
        (
            ok(completion(json!("x"), "content_filter")),
            "model_declined: the endpoint's content filter stopped it",
        ),
        (ok(completion(json!("x = 1"), "length")), "model_answer_cut: 30"),
        (
            ok(completion(json!("```python\nx = 1"), "stop")),
            "model_answer_cut: 30",
        ),
        (ok(completion(Value::Null, "length")), "model_answer_cut: 30"),
        (ok(completion(Value::Null, "stop")), "model_answer_empty"),
        (ok(completion(json!(" \n"), "stop")), "model_answer_empty"),
        (
            ok(completion(json!("```json\n{}\n```"), "stop")),
            "model_answer_empty",
        ),
        (
            ok(json!({"choices": []})),
            "model_answer_malformed: `choices` is empty",
        ),
        (ok(json!({})), "model_answer_malformed: missing field `choices`"),
        (ok(json!([1])), "model_answer_malformed: "),
        (
            ok(json!({"choices": [{}]})),
            "model_answer_malformed: missing field `message`",
        ),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            "model_answer_malformed: expected value at line 1 column 1",
        ),
        (
            ResponseTemplate::new(200),
            "model_answer_malformed: EOF while parsing",
        ),
        (
            ResponseTemplate::new(200).set_body_string("x".repeat(5 << 20)),
            "model_answer_malformed: it has more than 4194304 bytes",
        ),
    ] {
        let (outcome, calls) = ask(answer, |_| {}).await;
        let error = outcome.unwrap_err();
        let told = match &error {
            GenerationError::Unreachable { message: text, .. }
            | GenerationError::Refused(text)
            | GenerationError::Malformed(text)
            | GenerationError::Rejected(text) => format!("{}: {text}", error.code()),
            GenerationError::Cut(tokens) => format!("{}: {tokens}", error.code()),
            _ => error.code().to_owned(),
        };
        assert!(told.starts_with(expected), "{told}\n{expected}");
        assert_eq!(calls, 1);
    }
}

#[tokio::test]
async fn long_messages_are_capped_and_kept_on_one_line() {
    let text = format!("a\u{1b}[31m\r\n{}", "b".repeat(2000));
    let (outcome, _) = ask(ResponseTemplate::new(400).set_body_string(text), |_| {}).await;
    let message = outcome.unwrap_err().to_string();
    assert!(message.len() < 620 && message.ends_with(" […]"), "{message}");
    assert!(!message.chars().any(char::is_control));
}

#[tokio::test]
async fn the_key_is_sent_and_shown_nowhere() {
    let masked = format!("Incorrect key: {}****{}", &KEY[..8], &KEY[KEY.len() - 6..]);
    for (status, text) in [
        (401, format!("wrong key {KEY}")),
        (401, masked),
        (
            503,
            json!({"error": {"message": format!("Bearer {KEY}")}}).to_string(),
        ),
        (200, json!({"choices": KEY}).to_string()),
        (
            200,
            json!({"choices": [{"message": {"refusal": format!("no {KEY}")}}]}).to_string(),
        ),
        (200, json!({"error": {"message": KEY}}).to_string()),
    ] {
        let (outcome, _) = ask(ResponseTemplate::new(status).set_body_string(text), |_| {}).await;
        let error = outcome.unwrap_err();
        let shown = format!("{error} {error:?}");
        for part in KEY.as_bytes().windows(6) {
            assert!(!shown.contains(std::str::from_utf8(part).unwrap()), "{shown}");
        }
        assert!(shown.contains("[key]"), "{shown}");
    }
    let settings = settings("basic");
    assert!(!format!("{settings:?} {:?}", Registry::builtin()).contains(KEY));
}

#[tokio::test]
async fn wrong_settings_are_told_at_creation() {
    let check = |change: fn(&mut BasicSettings), expected: &str| {
        let mut settings = settings("basic");
        change(&mut settings.basic);
        let error = Registry::builtin().create(&settings).err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{shown}");
        assert!(!shown.contains("hidden"), "{shown}");
    };
    check(
        |basic| basic.base_url = "no address".to_owned(),
        "`base_url` is no address",
    );
    check(
        |basic| basic.base_url = "ftp://host/".to_owned(),
        "must begin with http:// or https://",
    );
    check(
        |basic| basic.base_url = "https://me:hidden@host/v1".to_owned(),
        "must not hold a user or a password",
    );
    check(|basic| basic.model = " ".to_owned(), "`model` is empty");
    check(
        |basic| basic.api_key = Some("hidden\nkey".into()),
        "characters that an HTTP header can't carry",
    );
}

#[tokio::test]
async fn a_key_of_blanks_is_no_key_and_one_with_a_line_end_is_trimmed() {
    for (key, expected) in [(" \n", None), ("abc\n", Some("Bearer abc"))] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ok(completion(json!("x = 1"), "stop")))
            .mount(&server)
            .await;
        let mut settings = settings("basic");
        settings.basic.base_url = server.uri() + "/v1?api-version=2";
        settings.basic.api_key = Some(key.into());
        write(&*create(&settings), &request()).await.unwrap();
        let sent = &server.received_requests().await.unwrap()[0];
        assert_eq!(
            sent.headers
                .get("authorization")
                .map(|value| value.to_str().unwrap()),
            expected
        );
        assert_eq!(
            (sent.url.path(), sent.url.query()),
            ("/v1/chat/completions", Some("api-version=2"))
        );
    }
}

/// A server that gives `answers` in turn and notes when it was asked.
async fn in_turn(answers: Vec<ResponseTemplate>) -> (MockServer, Arc<Mutex<Vec<Instant>>>) {
    let server = MockServer::start().await;
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (next, seen) = (AtomicUsize::new(0), calls.clone());
    Mock::given(method("POST"))
        .respond_with(move |_: &Request| {
            seen.lock().unwrap().push(Instant::now());
            answers[next.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].clone()
        })
        .mount(&server)
        .await;
    (server, calls)
}

#[tokio::test]
async fn an_overloaded_endpoint_is_called_again() {
    let good = || ok(completion(json!("x = 1"), "stop"));
    let busy = |after: &str| ResponseTemplate::new(429).insert_header("retry-after", after);
    for (answers, retries, calls, least, expected) in [
        (vec![ResponseTemplate::new(503), good()], 1, 2, 250, Ok(())),
        (
            vec![ResponseTemplate::new(500), ResponseTemplate::new(408), good()],
            2,
            3,
            750,
            Ok(()),
        ),
        (vec![busy("1"), good()], 1, 2, 1000, Ok(())),
        (
            vec![busy("Sat, 01 Jan 2000 00:00:00 GMT"), good()],
            1,
            2,
            250,
            Ok(()),
        ),
        (vec![busy("soon"), good()], 1, 2, 250, Ok(())),
        (vec![busy("7")], 0, 1, 0, Err(Some(Duration::from_secs(7)))),
        (vec![busy("3600")], 5, 1, 0, Err(Some(Duration::from_secs(3600)))),
        (vec![ResponseTemplate::new(503)], 1, 2, 250, Err(None)),
    ] {
        let (server, seen) = in_turn(answers).await;
        let mut settings = settings("basic");
        settings.basic.base_url = server.uri();
        settings.basic.max_retries = retries;
        let outcome = write(&*create(&settings), &request()).await;
        match (outcome, expected) {
            (Ok(generated), Ok(())) => assert_eq!(generated.code, "x = 1"),
            (Err(GenerationError::Unreachable { retry_after, .. }), Err(asked)) => {
                assert_eq!(retry_after, asked)
            }
            (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), calls);
        assert!(
            seen[calls - 1] - seen[0] >= Duration::from_millis(least),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn a_date_to_retry_after_is_waited_for() {
    let started = Instant::now();
    let date = jiff::Timestamp::try_from(SystemTime::now() + Duration::from_secs(3)).unwrap();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let busy = ResponseTemplate::new(503).insert_header("retry-after", date);
    let (server, seen) = in_turn(vec![busy, ok(completion(json!("x = 1"), "stop"))]).await;
    let mut settings = settings("basic");
    settings.basic.base_url = server.uri();
    settings.basic.max_retries = 1;
    write(&*create(&settings), &request()).await.unwrap();
    // The date has whole seconds only.
    assert!(seen.lock().unwrap()[1] - started >= Duration::from_secs(2));
}

#[tokio::test]
async fn what_will_not_change_is_not_asked_again() {
    for answer in [
        ResponseTemplate::new(401),
        ok(json!({})),
        ok(completion(json!("x"), "length")),
    ] {
        let (outcome, calls) = ask(answer, |settings| settings.max_retries = 3).await;
        assert_eq!((outcome.is_err(), calls), (true, 1));
    }
}

#[tokio::test]
async fn a_silent_or_absent_endpoint_is_unreachable() {
    let late = ok(completion(json!("x = 1"), "stop")).set_delay(Duration::from_secs(30));
    let (outcome, calls) = ask(late, |settings| {
        settings.timeout = Duration::from_secs(1);
        settings.max_retries = 1;
    })
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model cannot be reached: no answer within 1s"
    );
    assert_eq!(calls, 2);

    // A port that was free a moment ago, with nobody behind it.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut settings = settings("basic");
    settings.basic.base_url = format!("http://127.0.0.1:{port}/v1?token=hidden");
    let error = write(&*create(&settings), &request()).await.unwrap_err();
    assert_eq!(error.code(), "model_unreachable");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hidden"), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unreachable() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 64];
        stream.read_exact(&mut head).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\"")
            .await
            .unwrap();
    });
    let mut settings = settings("basic");
    settings.basic.base_url = format!("http://{address}");
    let error = write(&*create(&settings), &request()).await.unwrap_err();
    assert_eq!(error.code(), "model_unreachable", "{error}");
}
