//! Threads: made, found, changed, deleted; their states and their pasts.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    model::{Caller, CheckpointId, Head, ThreadId},
    service::{Order, ServiceError, Standing, StateView, ThreadQuery, ThreadView},
};

use super::{
    assistants,
    body::{Asked, Body, Named, checkpoint_id, thread_id},
    caller::By,
    error::ApiError,
    shape,
    state::Door,
};

/// How many threads or checkpoints are told where nothing else is asked for.
const PAGE: usize = 10;

/// The most that are told at once.
const MAX_PAGE: usize = 1000;

/// A thread that is to be made.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Creation {
    thread_id: Option<String>,
    metadata: Option<BTreeMap<String, Value>>,
    if_exists: Option<String>,
    graph_id: Option<String>,
    supersteps: Option<Vec<Value>>,
}

pub(super) async fn create(
    State(door): State<Door>,
    By(by): By,
    Body(creation): Body<Creation>,
) -> Result<Json<Value>, ApiError> {
    let id = match creation.thread_id.as_deref() {
        Some(text) => thread_id(text)?,
        None => ThreadId::new(),
    };
    let keeps = match creation.if_exists.as_deref() {
        None | Some("raise") => false,
        Some("do_nothing") => true,
        Some(other) => {
            return Err(ApiError::invalid(format!(
                "if_exists is \"raise\" or \"do_nothing\", not {other:?}"
            )));
        }
    };
    if creation.supersteps.is_some_and(|steps| !steps.is_empty()) {
        return Err(ApiError::invalid(
            "a thread's past cannot be written, only made; copy a thread, or update its state",
        ));
    }
    let mut metadata = creation.metadata.unwrap_or_default();
    let graph = match (
        creation.graph_id,
        metadata.get("graph_id").and_then(Value::as_str),
    ) {
        (Some(graph), _) => {
            let graph = assistants::named(&door, &graph)?.graph;
            metadata.insert("graph_id".into(), graph.clone().into());
            Some(graph)
        }
        // The caller's own data may say anything; if it names a graph, that is meant.
        (None, Some(graph)) => assistants::named(&door, graph).ok().map(|found| found.graph),
        (None, None) => None,
    };
    let service = door.service();
    match service
        .create_thread(id, graph, metadata, &by)
        .await
        .map_err(ApiError::from)
    {
        Ok(view) => Ok(Json(shape::thread(&view))),
        Err(error) if keeps && error.code() == "thread_exists" => {
            Ok(Json(shape::thread(&service.thread(id, &by).await?)))
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn show(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    let view = door.service().thread(thread_id(&id)?, &by).await?;
    Ok(Json(shape::thread(&view)))
}

/// What is written over the data of a thread.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Patch {
    metadata: Option<BTreeMap<String, Value>>,
}

pub(super) async fn patch(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(patch): Body<Patch>,
) -> Result<Json<Value>, ApiError> {
    let (id, metadata) = (thread_id(&id)?, patch.metadata.unwrap_or_default());
    let view = door.service().describe_thread(id, metadata, &by).await?;
    Ok(Json(shape::thread(&view)))
}

pub(super) async fn delete(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
) -> Result<StatusCode, ApiError> {
    door.service().delete_thread(thread_id(&id)?, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn copy(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    let view = door.service().copy_thread(thread_id(&id)?, &by).await?;
    Ok(Json(shape::thread(&view)))
}

/// Which threads are searched for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    ids: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    values: Option<Map<String, Value>>,
    status: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    select: Option<Vec<String>>,
}

impl Search {
    fn query(&self) -> Result<ThreadQuery, ApiError> {
        let ids = self.ids.iter().flatten().map(|id| thread_id(id));
        Ok(ThreadQuery {
            ids: ids.collect::<Result<_, _>>()?,
            metadata: self.metadata.clone().unwrap_or_default(),
            values: self.values.clone().unwrap_or_default(),
            standing: self.status.as_deref().map(standing).transpose()?,
            order: match self.sort_by.as_deref() {
                None | Some("updated_at" | "state_updated_at") => Order::Updated,
                Some("created_at") => Order::Created,
                Some("status") => Order::Standing,
                Some("thread_id") => Order::Id,
                Some(other) => {
                    return Err(ApiError::invalid(format!(
                        "sort_by is thread_id, status, created_at, updated_at or state_updated_at, not {other:?}"
                    )));
                }
            },
            ascending: match self.sort_order.as_deref() {
                None | Some("desc") => false,
                Some("asc") => true,
                Some(other) => {
                    return Err(ApiError::invalid(format!(
                        "sort_order is \"asc\" or \"desc\", not {other:?}"
                    )));
                }
            },
            offset: self.offset.unwrap_or(0),
            limit: Some(self.limit.unwrap_or(PAGE).min(MAX_PAGE)),
        })
    }
}

fn standing(text: &str) -> Result<Standing, ApiError> {
    let all = [
        Standing::Idle,
        Standing::Busy,
        Standing::Interrupted,
        Standing::Error,
    ];
    all.into_iter()
        .find(|standing| standing.as_str() == text)
        .ok_or_else(|| {
            ApiError::invalid(format!(
                "status is idle, busy, interrupted or error, not {text:?}"
            ))
        })
}

pub(super) async fn search(
    State(door): State<Door>,
    By(by): By,
    Body(search): Body<Search>,
) -> Result<Response, ApiError> {
    let query = search.query()?;
    let (views, total) = door.service().search_threads(&query, &by).await?;
    let page: Vec<Value> = views
        .iter()
        .map(|view: &ThreadView| shape::selected(shape::thread(view), search.select.as_deref()))
        .collect();
    Ok((shape::pages(total, query.offset, page.len()), Json(page)).into_response())
}

pub(super) async fn count(
    State(door): State<Door>,
    By(by): By,
    Body(search): Body<Search>,
) -> Result<Json<usize>, ApiError> {
    Ok(Json(door.service().count_threads(&search.query()?, &by).await?))
}

/// A checkpoint, as clients name it: by its id, or by an object that holds it, which may also stand for the last one.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Place {
    Id(String),
    Config { configurable: Spot },
    Spot(Spot),
}

/// Where a checkpoint stands.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Spot {
    checkpoint_id: Option<String>,
    checkpoint_ns: Option<String>,
    thread_id: Option<String>,
}

impl Place {
    /// The checkpoint's id, if one is named.
    pub(super) fn checkpoint(&self, thread: ThreadId) -> Result<Option<CheckpointId>, ApiError> {
        let spot = match self {
            Self::Id(id) => return checkpoint_id(id).map(Some),
            Self::Config { configurable } => configurable,
            Self::Spot(spot) => spot,
        };
        if let Some(named) = &spot.thread_id
            && thread_id(named)? != thread
        {
            return Err(ApiError::invalid("the checkpoint belongs to another thread"));
        }
        if spot
            .checkpoint_ns
            .as_ref()
            .is_some_and(|namespace| !namespace.is_empty())
        {
            return Err(ApiError::invalid(
                "checkpoints of graphs below the thread's own cannot be named here",
            ));
        }
        spot.checkpoint_id.as_deref().map(checkpoint_id).transpose()
    }
}

async fn shown(
    door: &Door,
    thread: ThreadId,
    at: Option<CheckpointId>,
    by: &Caller,
) -> Result<Value, ApiError> {
    let unknown = |error: &ApiError| at.is_some() && error.code() == "unknown_checkpoint";
    match door.service().state(thread, at, by).await.map_err(ApiError::from) {
        Ok(Some(view)) => Ok(state_of_view(door, &view)),
        Ok(None) => Ok(shape::no_state(Value::Null)),
        Err(error) if unknown(&error) => Ok(shape::no_state(
            json!({ "checkpoint_id": at, "thread_id": thread }),
        )),
        Err(error) => Err(error),
    }
}

fn state_of_view(door: &Door, view: &StateView) -> Value {
    let graph = door.service().engine().graph(&view.head.graph).ok();
    shape::state(view, graph.map(AsRef::as_ref))
}

pub(super) async fn state(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&door, thread_id(&id)?, None, &by).await?))
}

pub(super) async fn state_of(
    State(door): State<Door>,
    By(by): By,
    Named((id, checkpoint)): Named<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (id, at) = (thread_id(&id)?, checkpoint_id(&checkpoint)?);
    Ok(Json(shown(&door, id, Some(at), &by).await?))
}

/// The checkpoint whose state is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct At {
    checkpoint: Option<Place>,
}

pub(super) async fn state_at(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(at): Body<At>,
) -> Result<Json<Value>, ApiError> {
    let id = thread_id(&id)?;
    let at = at.checkpoint.map(|place| place.checkpoint(id)).transpose()?;
    Ok(Json(shown(&door, id, at.flatten(), &by).await?))
}

/// What is written to a thread's state.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Update {
    values: Option<Value>,
    as_node: Option<String>,
    checkpoint: Option<Place>,
    checkpoint_id: Option<String>,
}

pub(super) async fn update(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(update): Body<Update>,
) -> Result<Json<Value>, ApiError> {
    let id = thread_id(&id)?;
    let at = placed(id, update.checkpoint, update.checkpoint_id)?;
    let values = match update.values {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(values)) => values,
        Some(_) => return Err(ApiError::invalid("values is an object of channels, or null")),
    };
    let as_node = update.as_node.as_deref();
    let head = door.service().write_state(id, at, values, as_node, &by).await?;
    let place = json!({
        "thread_id": id,
        "checkpoint_ns": "",
        "checkpoint_id": head.checkpoint().map(|mark| mark.id),
    });
    Ok(Json(json!({
        "checkpoint": place,
        "configurable": place,
        "checkpoint_id": place["checkpoint_id"],
    })))
}

/// The checkpoint that one of two keys names.
pub(super) fn placed(
    thread: ThreadId,
    place: Option<Place>,
    id: Option<String>,
) -> Result<Option<CheckpointId>, ApiError> {
    let by_place = place.map(|place| place.checkpoint(thread)).transpose()?.flatten();
    let by_id = id.as_deref().map(checkpoint_id).transpose()?;
    match (by_place, by_id) {
        (Some(one), Some(other)) if one != other => Err(ApiError::invalid(
            "checkpoint and checkpoint_id name two checkpoints",
        )),
        (one, other) => Ok(one.or(other)),
    }
}

/// Which part of a thread's past is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Past {
    limit: Option<usize>,
    before: Option<Place>,
    metadata: Option<Map<String, Value>>,
    checkpoint: Option<Place>,
}

pub(super) async fn history(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Body(past): Body<Past>,
) -> Result<Json<Value>, ApiError> {
    let id = thread_id(&id)?;
    let before = past
        .before
        .map(|place| place.checkpoint(id))
        .transpose()?
        .flatten();
    // A checkpoint says which graph's past is meant; its id says nothing here.
    past.checkpoint.map(|place| place.checkpoint(id)).transpose()?;
    told(
        &door,
        id,
        before,
        past.limit,
        past.metadata.unwrap_or_default(),
        &by,
    )
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PastQuery {
    limit: Option<usize>,
    before: Option<String>,
}

pub(super) async fn history_get(
    State(door): State<Door>,
    By(by): By,
    Named(id): Named<String>,
    Asked(past): Asked<PastQuery>,
) -> Result<Json<Value>, ApiError> {
    let before = past.before.as_deref().map(checkpoint_id).transpose()?;
    told(&door, thread_id(&id)?, before, past.limit, Map::new(), &by).await
}

async fn told(
    door: &Door,
    id: ThreadId,
    before: Option<CheckpointId>,
    limit: Option<usize>,
    wanted: Map<String, Value>,
    by: &Caller,
) -> Result<Json<Value>, ApiError> {
    let limit = limit.unwrap_or(PAGE).min(MAX_PAGE);
    let fits = move |head: &Head, snapshot: &crate::engine::Snapshot| {
        let metadata = shape::state_metadata(head, snapshot);
        wanted.iter().all(|(key, value)| metadata.get(key) == Some(value))
    };
    let views = door.service().state_history(id, before, limit, fits, by).await;
    let views = views.map_err(|error: ServiceError| ApiError::from(error))?;
    let states: Vec<Value> = views.iter().map(|view| state_of_view(door, view)).collect();
    Ok(Json(states.into()))
}
