//! Runs: begun, waited for, listened to, listed, cancelled.

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_LOCATION, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    engine::RunRecord,
    model::{Caller, RunId, ThreadId, Timestamp},
    service::{Assistant, ErrorReply, Launched, RunEnd, ThreadView},
};

use super::{
    body::{Asked, Body, Named, run_id, thread_id},
    caller::By,
    error::ApiError,
    events::Teller,
    run_request::{Mode, RunBody, RunRequest},
    shape,
    state::Door,
    streams::{self, Events, Seen},
};

/// How many runs are told where nothing else is asked for.
const PAGE: usize = 10;

/// A run that has begun, and what its caller wanted.
struct Begun {
    launched: Launched,
    thread: ThreadId,
    request: RunRequest,
}

async fn begin(
    door: &Door,
    by: Caller,
    thread: ThreadId,
    body: RunBody,
    alone: bool,
) -> Result<Begun, ApiError> {
    let request = body.read(door, thread, alone)?;
    let launched = door.service().launch(request.launch.clone(), by).await;
    let launched = launched
        .map_err(ApiError::from)
        .map_err(|error| match error.code() {
            "unknown_thread" => ApiError::not_found("Thread or assistant not found."),
            _ => error,
        })?;
    Ok(Begun {
        launched,
        thread,
        request,
    })
}

/// Where a run stands, for the headers that clients read.
fn located(thread: ThreadId, run: RunId, leads_to: Option<&str>) -> HeaderMap {
    let place = format!("/threads/{thread}/runs/{run}");
    let mut headers = HeaderMap::new();
    let header = |text: String| HeaderValue::from_str(&text).ok();
    if let Some(leads_to) = leads_to.and_then(|last| header(format!("{place}/{last}"))) {
        headers.insert(LOCATION, leads_to);
    }
    if let Some(place) = header(place) {
        headers.insert(CONTENT_LOCATION, place);
    }
    headers
}

pub(super) async fn create(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    created(begin(&door, by, thread_id(&id)?, body, false).await?)
}

pub(super) async fn create_alone(
    State(door): State<Door>,
    By(by): By,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    created(begin(&door, by, ThreadId::new(), body, true).await?)
}

fn created(begun: Begun) -> Result<Response, ApiError> {
    let Begun {
        launched,
        thread,
        request,
    } = begun;
    let now = Timestamp::now();
    let input = match request.launch.work {
        crate::service::Work::Input(input) => Some(Value::Object(input)),
        _ => None,
    };
    let shown = shape::run_of(
        thread,
        launched.run,
        &request.assistant.graph,
        "pending",
        request.launch.about,
        input,
        (now, now),
    );
    Ok((located(thread, launched.run, None), Json(shown)).into_response())
}

pub(super) async fn wait(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    let begun = begin(&door, by, thread_id(&id)?, body, false).await?;
    Ok(waited(door, begun))
}

pub(super) async fn wait_alone(
    State(door): State<Door>,
    By(by): By,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    let begun = begin(&door, by, ThreadId::new(), body, true).await?;
    Ok(waited(door, begun))
}

fn waited(door: Door, begun: Begun) -> Response {
    let Begun {
        launched,
        thread,
        request,
    } = begun;
    let Launched { run, mut listener } = launched;
    let result = async move {
        match listener.end().await {
            Some(end) => result_of(&end),
            None => Value::Null,
        }
    };
    let answer = streams::kept_alive(door, request.cancels.then_some(run), result);
    (located(thread, run, Some("join")), answer).into_response()
}

/// What a run came to.
fn result_of(end: &Result<RunEnd, ErrorReply>) -> Value {
    match end {
        Err(reply) => json!({ "__error__": { "error": reply.code, "message": reply.message } }),
        Ok(end) => match shape::failure(&end.outcome) {
            Some(failure) => json!({ "__error__": failure }),
            None => {
                let asked = end.interrupts.iter();
                let asked = asked.map(|asked| (&asked.interrupt, &asked.question));
                result_with(shape::values(&end.values), shape::interrupts(asked))
            }
        },
    }
}

fn result_with(mut values: Value, interrupts: Value) -> Value {
    if interrupts.as_array().is_some_and(|asked| !asked.is_empty()) {
        values["__interrupt__"] = interrupts;
    }
    values
}

pub(super) async fn stream(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    let begun = begin(&door, by, thread_id(&id)?, body, false).await?;
    Ok(streamed(door, begun))
}

pub(super) async fn stream_alone(
    State(door): State<Door>,
    By(by): By,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    let begun = begin(&door, by, ThreadId::new(), body, true).await?;
    Ok(streamed(door, begun))
}

fn streamed(door: Door, begun: Begun) -> Response {
    let Begun {
        launched,
        thread,
        request,
    } = begun;
    let Launched { run, listener } = launched;
    let teller = Teller::new(thread, run, request.assistant, request.modes, request.subgraphs);
    let events = Events {
        door,
        run,
        listener,
        teller,
        numbered: request.launch.resumable,
        seen: Seen::NOTHING,
        cancels: request.cancels,
    };
    (located(thread, run, Some("stream")), events.respond()).into_response()
}

/// Which runs are listed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listing {
    limit: Option<usize>,
    offset: Option<usize>,
    status: Option<String>,
}

pub(super) async fn list(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Value>, ApiError> {
    let id = thread_id(&id)?;
    let service = door.service();
    let head = service.thread(id, &by).await?.head;
    let status = |record: &RunRecord| shape::run_status(record.ended.as_ref().map(|(_, outcome)| outcome));
    let wanted = |record: &RunRecord| {
        listing
            .status
            .as_ref()
            .is_none_or(|wanted| wanted == status(record))
    };
    let mut shown = Vec::new();
    let page = service
        .runs(id, &by)
        .await?
        .into_iter()
        .filter(wanted)
        .skip(listing.offset.unwrap_or(0))
        .take(listing.limit.unwrap_or(PAGE));
    for record in page {
        let input = service.input_of(&record).await?;
        shown.push(shape::run(&head, &record, input));
    }
    Ok(Json(shown.into()))
}

async fn known(door: &Door, thread: ThreadId, run: RunId, by: &Caller) -> Result<RunRecord, ApiError> {
    let record = door.service().run(thread, run, by).await?;
    record.ok_or_else(|| ApiError::not_found("Not Found"))
}

pub(super) async fn show(
    State(door): State<Door>,
    By(by): By,
    Named((id, run)): Named<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (id, run) = (thread_id(&id)?, run_id(&run)?);
    let record = known(&door, id, run, &by).await?;
    let head = door.service().thread(id, &by).await?.head;
    let input = door.service().input_of(&record).await?;
    Ok(Json(shape::run(&head, &record, input)))
}

pub(super) async fn join(
    State(door): State<Door>,
    By(by): By,
    Named((id, run)): Named<(String, String)>,
) -> Result<Response, ApiError> {
    let (id, run) = (thread_id(&id)?, run_id(&run)?);
    known(&door, id, run, &by).await?;
    let inner = door.clone();
    let result = async move {
        match joined(&inner, id, run, &by).await {
            Ok(result) => result,
            Err(error) => {
                json!({ "__error__": { "error": error.code(), "message": "the run's end cannot be read" } })
            }
        }
    };
    Ok((
        located(id, run, Some("join")),
        streams::kept_alive(door, None, result),
    )
        .into_response())
}

async fn joined(door: &Door, id: ThreadId, run: RunId, by: &Caller) -> Result<Value, ApiError> {
    let service = door.service();
    if let Some(mut listener) = service.listen(run, Some(0))
        && let Some(end) = listener.end().await
    {
        return Ok(result_of(&end));
    }
    let going = |view: &ThreadView| view.head.run.as_ref().is_some_and(|active| active.run == run);
    let mut view = service.thread(id, by).await?;
    if going(&view) {
        service.wait_for(id).await;
        view = service.thread(id, by).await?;
    }
    if let Some((last, outcome)) = &view.head.last_run
        && *last == run
        && let Some(failure) = shape::failure(outcome)
    {
        return Ok(json!({ "__error__": failure }));
    }
    let asked = view.interrupts.iter();
    let asked = asked.map(|asked| (&asked.interrupt, &asked.question));
    let values = view.values.as_ref().map_or_else(|| json!({}), shape::values);
    Ok(result_with(values, shape::interrupts(asked)))
}

pub(super) async fn join_stream(
    State(door): State<Door>,
    By(by): By,
    Named((id, run)): Named<(String, String)>,
    Asked(joining): Asked<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (id, run) = (thread_id(&id)?, run_id(&run)?);
    let record = known(&door, id, run, &by).await?;
    let seen = match headers.get("last-event-id") {
        None => None,
        Some(text) => {
            let read = text.to_str().ok().and_then(Seen::read);
            Some(read.ok_or_else(|| ApiError::invalid("Last-Event-ID is none of this service's"))?)
        }
    };
    let about = record.about.clone().unwrap_or_default();
    let kwargs = |key: &str| about.get("kwargs").and_then(|kwargs| kwargs.get(key)).cloned();
    let asked = |key: &'static str| {
        joining
            .iter()
            .filter(move |(name, value)| name == key && !value.is_empty())
            .map(|(_, value)| value)
    };
    let mut words: Vec<String> = asked("stream_mode").cloned().collect();
    if words.is_empty() {
        let modes = kwargs("stream_mode").and_then(|modes| serde_json::from_value(modes).ok());
        words = modes.unwrap_or_default();
    }
    let modes = Mode::read(&words)?;
    let flag = |key: &str| kwargs(key).and_then(|flag| flag.as_bool()).unwrap_or(false);
    let (subgraphs, numbered) = (flag("subgraphs"), flag("resumable"));
    let head = door.service().thread(id, &by).await?.head;
    let assistant = Assistant::of(&head.graph);
    let teller = Teller::new(id, run, assistant, modes, subgraphs);
    let place = located(id, run, Some("stream"));
    // Without a number the stream tells only what follows; what came before is heard for what later events need.
    let now = door.service().listen(run, None).map(|listener| listener.heard());
    let Some((listener, now)) = door.service().listen(run, Some(0)).zip(now) else {
        let nothing = futures::stream::empty();
        return Ok((place, streams::event_stream(nothing)).into_response());
    };
    let cancels = asked("cancel_on_disconnect").any(|value| matches!(value.as_str(), "1" | "true" | "True"));
    let events = Events {
        door,
        run,
        listener,
        teller,
        numbered,
        seen: seen.unwrap_or(Seen {
            told: now,
            frame: u64::MAX,
        }),
        cancels,
    };
    Ok((place, events.respond()).into_response())
}

/// How a run is cancelled.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Cancelling {
    wait: Option<String>,
    action: Option<String>,
}

pub(super) async fn cancel(
    State(door): State<Door>,
    By(by): By,
    Named((id, run)): Named<(String, String)>,
    Asked(cancelling): Asked<Cancelling>,
) -> Result<Response, ApiError> {
    let (id, run) = (thread_id(&id)?, run_id(&run)?);
    match cancelling.action.as_deref() {
        None | Some("interrupt") => {}
        Some(other) => {
            return Err(ApiError::invalid(format!(
                "action is interrupt, not {other:?}; rollback is not supported yet"
            )));
        }
    }
    known(&door, id, run, &by).await?;
    if !door.service().cancel_run(id, run, &by).await? {
        return Err(ApiError::not_found(
            "No matching runs to cancel. Please verify the thread ID and run IDs are correct, and the runs haven't \
             been deleted or completed.",
        ));
    }
    if !matches!(cancelling.wait.as_deref(), Some("1" | "true" | "True")) {
        return Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response());
    }
    let inner = door.clone();
    let result = async move {
        inner.service().wait_for(id).await;
        json!({})
    };
    Ok((
        located(id, run, Some("join")),
        streams::kept_alive(door, None, result),
    )
        .into_response())
}
