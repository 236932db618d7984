//! A capability of a control-room assistant that lets a human decide in the middle of its work.
//!
//! Run it with `cargo run --example capability`. It needs Python 3 and bubblewrap. Two stages run
//! one after the other; each stops at the gate, because the configuration says that all code asks.
//! Between the question and the answer nothing is kept in memory but the agent's own state.

use holdpoint::{
    config::Config,
    graphs::python_executor::Request,
    model::{Actor, Entrance, InterruptId},
    service::{
        RunReply, Service, ServiceError,
        capability::{
            ResumeData, approval_type, clear_approval_state, interrupt_value, resume_command, resume_data,
        },
        os_user,
    },
};
use serde_json::{Map, Value, json};

/// What a stage of the capability does: a first call, or a resume.
enum Stage {
    /// It waits for a human; the agent shows this value.
    Waits(Value),
    /// It is done; the agent's state takes this update.
    Done {
        reply: Box<RunReply>,
        update: Map<String, Value>,
    },
}

/// Seed code for the stages; an assistant would let a model write it.
const PREPROCESSING: &str =
    "values = [v for v in context['orbit'] if v is not None]\nresults = {'cleaned_data': values}\n";
const ANALYSIS: &str = "data = context['preprocessing_results']['cleaned_data']\n\
results = {'statistics': {'mean': sum(data) / len(data), 'largest': max(data)}}\n";

/// One turn of the capability: called by the agent first, and again once a human has answered.
async fn turn(
    service: &Service,
    agent_state: &Map<String, Value>,
    name: &str,
    request: Request,
) -> Result<Stage, ServiceError> {
    let by = Actor::asserted("orbit-assistant", os_user(), Entrance::Library);
    let kind = approval_type(name);
    let data = resume_data(agent_state, &kind);
    let (reply, update) = match &data {
        ResumeData::FirstCall => (service.invoke(request, Some(name), by).await?, Map::new()),
        answered => {
            let interrupt = interrupt_of(agent_state);
            let command = interrupt
                .and_then(|id| resume_command(answered, id))
                .ok_or(ServiceError::NoSubject)?;
            let human = Actor::asserted("operator", os_user(), Entrance::Library);
            (
                service.resume(name, command, human).await?,
                clear_approval_state(),
            )
        }
    };
    Ok(match interrupt_value(&reply, &kind) {
        Some(value) => Stage::Waits(value),
        None => Stage::Done {
            reply: Box::new(reply),
            update,
        },
    })
}

fn interrupt_of(agent_state: &Map<String, Value>) -> Option<InterruptId> {
    agent_state
        .get("approved_payload")?
        .get("interrupt_id")?
        .as_str()?
        .parse()
        .ok()
}

/// Runs a stage to its end, with a human who approves what is asked.
async fn stage(
    config: &Config,
    agent_state: &mut Map<String, Value>,
    name: &str,
    request: Request,
) -> Result<RunReply, ServiceError> {
    loop {
        // A service of its own each time: hours may lie between two turns, and a restart.
        let service = Service::open(config.clone()).await?;
        let stage = turn(&service, agent_state, name, request.clone()).await;
        service.close().await?;
        match stage? {
            Stage::Waits(value) => {
                println!("[{name}] stops at the gate:");
                for line in value["user_message"]
                    .as_str()
                    .unwrap_or_default()
                    .lines()
                    .take(12)
                {
                    println!("    | {line}");
                }
                println!("[{name}] … hours later a human says yes");
                agent_state.insert("approval_approved".into(), json!(true));
                agent_state.insert("approved_payload".into(), value["resume_payload"].clone());
            }
            Stage::Done { reply, update } => {
                agent_state.extend(update);
                println!("[{name}] {}", reply.status.as_str());
                return Ok(*reply);
            }
        }
    }
}

fn request(task: &str, expected: &str, context: Value, code: &str) -> Request {
    Request {
        task_objective: task.into(),
        execution_folder_name: "orbit".into(),
        expected_results: Map::from_iter([(expected.to_owned(), json!("dict"))]),
        capability_context_data: context,
        code: Some(code.into()),
        ..Request::default()
    }
}

#[tokio::main]
async fn main() -> Result<(), ServiceError> {
    let directory = tempfile::tempdir().map_err(|source| ServiceError::Directory {
        path: "data".into(),
        source,
    })?;
    let yaml = format!(
        "holdpoint: {{data_dir: {:?}}}\napproval: {{capabilities: {{python_execution: {{mode: all_code}}}}}}\n",
        directory.path()
    );
    let config = Config::from_text(&yaml, None, &|name| std::env::var(name).ok())?;
    let mut agent_state = Map::new();

    let first = request(
        "clean the orbit data",
        "cleaned_data",
        json!({"orbit": [0.1, null, 0.4]}),
        PREPROCESSING,
    );
    let first = stage(&config, &mut agent_state, "stage1_preprocessing", first).await?;
    let cleaned = first.result.and_then(|result| result.results).unwrap_or_default();
    println!("cleaned: {cleaned}\n");

    let context = json!({ "preprocessing_results": cleaned });
    let second = request("statistics of the orbit", "statistics", context, ANALYSIS);
    let second = stage(&config, &mut agent_state, "stage2_analysis", second).await?;
    println!(
        "statistics: {}",
        second
            .result
            .and_then(|result| result.results)
            .unwrap_or_default()
    );
    Ok(())
}
