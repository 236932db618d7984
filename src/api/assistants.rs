//! Assistants: graphs, as clients know them. They come with the program; nobody makes, changes or deletes one.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    graph::{Channel, END, EdgeKind, Graph, Reducer, START, Work},
    model::Timestamp,
    service::Assistant,
};

use super::{
    body::{Asked, Body, Named},
    error::ApiError,
    shape,
    state::Door,
};

/// Which assistants are searched for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    graph_id: Option<String>,
    name: Option<String>,
    metadata: Option<Map<String, Value>>,
    limit: Option<usize>,
    offset: Option<usize>,
    select: Option<Vec<String>>,
}

pub(super) async fn search(State(door): State<Door>, Body(search): Body<Search>) -> Response {
    let found = found(&door, &search);
    let (offset, limit) = (search.offset.unwrap_or(0), search.limit.unwrap_or(10));
    let page: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|assistant| shape::selected(shown(assistant, door.since()), search.select.as_deref()))
        .collect();
    (shape::pages(found.len(), offset, page.len()), Json(page)).into_response()
}

pub(super) async fn count(State(door): State<Door>, Body(search): Body<Search>) -> Json<usize> {
    Json(found(&door, &search).len())
}

pub(super) async fn show(
    State(door): State<Door>,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&by_id(&door, &id)?, door.since())))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Drawing {
    xray: Option<String>,
}

pub(super) async fn graph(
    State(door): State<Door>,
    Named(id): Named<String>,
    Asked(drawing): Asked<Drawing>,
) -> Result<Json<Value>, ApiError> {
    let graph = graph_of(&door, &id)?;
    let depth = match drawing.xray.as_deref() {
        None | Some("false" | "False" | "0") => 0,
        Some("true" | "True") => usize::MAX,
        Some(depth) => depth
            .parse()
            .map_err(|_| ApiError::invalid("xray is true, false or a number of levels"))?,
    };
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    draw(&graph, "", depth, &mut nodes, &mut edges);
    Ok(Json(json!({ "nodes": nodes, "edges": edges })))
}

/// Draws a graph; graphs that are its nodes are drawn in their place, down to `depth` levels.
fn draw(graph: &Graph, prefix: &str, depth: usize, nodes: &mut Vec<Value>, edges: &mut Vec<Value>) {
    let id = |name: &str| format!("{prefix}{name}");
    let node = |name: &str| json!({ "id": id(name), "type": "runnable", "data": { "name": name } });
    nodes.push(node(START));
    for spec in graph.nodes() {
        match &spec.work {
            Work::Subgraph(subgraph) if depth > 0 => {
                let below = format!("{prefix}{}:", spec.name);
                draw(&subgraph.graph, &below, depth - 1, nodes, edges);
            }
            _ => nodes.push(node(&spec.name)),
        }
    }
    nodes.push(json!({ "id": id(END) }));
    let opened = |name: &str| {
        depth > 0
            && graph
                .node(name)
                .is_some_and(|spec| matches!(spec.work, Work::Subgraph(_)))
    };
    for edge in graph.edges() {
        let source = match opened(&edge.from) {
            true => id(&format!("{}:{END}", edge.from)),
            false => id(&edge.from),
        };
        let target = match opened(&edge.to) {
            true => id(&format!("{}:{START}", edge.to)),
            false => id(&edge.to),
        };
        let mut drawn = json!({ "source": source, "target": target });
        if edge.kind != EdgeKind::Always {
            drawn["conditional"] = true.into();
        }
        edges.push(drawn);
    }
}

pub(super) async fn schemas(
    State(door): State<Door>,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    let graph = graph_of(&door, &id)?;
    let mut schemas = schemas_of(&graph);
    schemas["graph_id"] = graph.name().into();
    Ok(Json(schemas))
}

fn schemas_of(graph: &Graph) -> Value {
    let schema = |open: bool| {
        let channels = graph
            .channels()
            .iter()
            .filter(|channel| !open || !channel.protected);
        let properties: Map<String, Value> = channels
            .map(|channel| (channel.name.clone(), schema_of(channel)))
            .collect();
        json!({ "title": graph.name(), "type": "object", "properties": properties })
    };
    json!({
        "input_schema": schema(true),
        "output_schema": schema(false),
        "state_schema": schema(false),
        "config_schema": {},
        "context_schema": null,
    })
}

fn schema_of(channel: &Channel) -> Value {
    match channel.reducer {
        Reducer::Append => json!({ "title": channel.name, "type": "array", "items": {} }),
        Reducer::Merge => json!({ "title": channel.name, "type": "object" }),
        _ => json!({ "title": channel.name }),
    }
}

pub(super) async fn subgraphs(
    State(door): State<Door>,
    Named(id): Named<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(subgraphs_in(&*graph_of(&door, &id)?, None)))
}

pub(super) async fn subgraphs_of(
    State(door): State<Door>,
    Named((id, namespace)): Named<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(subgraphs_in(&*graph_of(&door, &id)?, Some(&namespace))))
}

fn subgraphs_in(graph: &Graph, wanted: Option<&str>) -> Value {
    let below = graph.nodes().filter_map(|spec| match &spec.work {
        Work::Subgraph(subgraph) if wanted.is_none_or(|wanted| wanted == spec.name) => {
            Some((spec.name.clone(), schemas_of(&subgraph.graph)))
        }
        _ => None,
    });
    Value::Object(below.collect())
}

pub(super) async fn versions(
    State(door): State<Door>,
    Named(id): Named<String>,
    Body(search): Body<Search>,
) -> Result<Json<Value>, ApiError> {
    let mut version = shown(&by_id(&door, &id)?, door.since());
    if let Some(version) = version.as_object_mut() {
        version.shift_remove("updated_at");
    }
    let skipped = search.offset.unwrap_or(0) > 0 || search.limit == Some(0);
    Ok(Json(if skipped { json!([]) } else { json!([version]) }))
}

/// The assistant that a run names, by its id or by its graph.
pub(super) fn named(door: &Door, name: &str) -> Result<Assistant, ApiError> {
    let all = door.service().assistants();
    if let Some(found) = all.iter().find(|assistant| assistant.graph == name) {
        return Ok(found.clone());
    }
    match Uuid::parse_str(name) {
        Ok(id) => all
            .into_iter()
            .find(|assistant| assistant.id == id)
            .ok_or_else(|| ApiError::not_found("Thread or assistant not found.")),
        Err(_) => {
            let graphs: Vec<&str> = all.iter().map(|assistant| assistant.graph.as_str()).collect();
            Err(ApiError::invalid(format!(
                "Invalid assistant: '{name}'. Must be either:\n- A valid assistant UUID, or\n\
                 - One of the registered graphs: {}",
                graphs.join(", ")
            )))
        }
    }
}

fn by_id(door: &Door, id: &str) -> Result<Assistant, ApiError> {
    let id = Uuid::parse_str(id).map_err(|_| ApiError::invalid("Invalid assistant ID: must be a UUID"))?;
    door.service()
        .assistants()
        .into_iter()
        .find(|assistant| assistant.id == id)
        .ok_or_else(|| ApiError::not_found("Not Found"))
}

fn graph_of(door: &Door, id: &str) -> Result<std::sync::Arc<Graph>, ApiError> {
    let assistant = named(door, id)?;
    let found = door.service().engine().graph(&assistant.graph);
    found
        .cloned()
        .map_err(|error| crate::service::ServiceError::from(error).into())
}

fn found(door: &Door, search: &Search) -> Vec<Assistant> {
    let fits = |assistant: &Assistant| {
        let is = |wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| *wanted == assistant.graph);
        let metadata = search.metadata.iter().flatten();
        let described = |(key, value): (&String, &Value)| match key.as_str() {
            "created_by" => value == "system",
            "graph_id" => *value == assistant.graph,
            _ => false,
        };
        is(&search.graph_id) && is(&search.name) && metadata.into_iter().all(described)
    };
    door.service().assistants().into_iter().filter(fits).collect()
}

fn shown(assistant: &Assistant, since: Timestamp) -> Value {
    json!({
        "assistant_id": assistant.id,
        "graph_id": assistant.graph,
        "config": {},
        "context": {},
        "metadata": { "created_by": "system" },
        "name": assistant.graph,
        "created_at": shape::time(since),
        "updated_at": shape::time(since),
        "version": 1,
        "description": null,
    })
}
