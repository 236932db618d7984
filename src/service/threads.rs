//! Threads as doors show them: how they stand, what they hold, and their past.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::{Map, Value};

use crate::{
    engine::{NewThread, PendingQuestion, RunRecord, Snapshot},
    gate::{self, Action, Subject},
    graph::END,
    graphs::python_executor::NAME,
    model::{Caller, Channels, CheckpointId, Head, Namespace, RunId, ThreadId, ThreadStatus},
    store::ThreadFilter,
};

use super::{Assistant, Service, ServiceError, permission};

/// How a thread stands, in the words clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Nothing runs and nothing is asked.
    Idle,
    /// A run goes on.
    Busy,
    /// It waits: for an answer, at a breakpoint, or since its run was cancelled.
    Interrupted,
    /// Its last run failed.
    Error,
}

impl Standing {
    /// How the thread of `head` stands.
    pub fn of(head: &Head) -> Self {
        if head.run.is_some() {
            return Self::Busy;
        }
        if !head.interrupts.is_empty() {
            return Self::Interrupted;
        }
        match head.status {
            ThreadStatus::Busy => Self::Busy,
            ThreadStatus::Idle => Self::Idle,
            ThreadStatus::Interrupted | ThreadStatus::Cancelled => Self::Interrupted,
            ThreadStatus::Failed => Self::Error,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Interrupted => "interrupted",
            Self::Error => "error",
        }
    }
}

/// A thread with what it holds.
#[derive(Debug, Clone)]
pub struct ThreadView {
    /// Its head.
    pub head: Head,
    /// Its state; `None` if it never had input.
    pub values: Option<Channels>,
    /// The questions that are pending.
    pub interrupts: Vec<PendingQuestion>,
}

/// The data of a thread that its callers gave it, with what says which graph it runs.
pub fn metadata(head: &Head) -> Map<String, Value> {
    let mut metadata: Map<String, Value> = head.metadata.clone().into_iter().collect();
    // Before its first run a thread may still take another graph.
    if head.fence > 0 || head.checkpoint().is_some() {
        let assistant = Assistant::of(&head.graph);
        metadata.insert("graph_id".into(), assistant.graph.into());
        metadata.insert("assistant_id".into(), assistant.id.to_string().into());
    }
    metadata
}

/// A checkpoint with its state and what is pending there.
#[derive(Debug, Clone)]
pub struct StateView {
    /// The thread's head.
    pub head: Head,
    /// The checkpoint.
    pub snapshot: Snapshot,
    /// The questions that are pending on it.
    pub interrupts: Vec<PendingQuestion>,
}

/// By what threads are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// When they last changed.
    #[default]
    Updated,
    /// When they were made.
    Created,
    /// How they stand.
    Standing,
    /// Their ids.
    Id,
}

/// Which threads to search for.
#[derive(Debug, Clone, Default)]
pub struct ThreadQuery {
    /// Only these; all if empty.
    pub ids: Vec<ThreadId>,
    /// Only threads whose data contains this.
    pub metadata: Map<String, Value>,
    /// Only threads whose state contains this.
    pub values: Map<String, Value>,
    /// Only threads that stand so.
    pub standing: Option<Standing>,
    /// By what they are sorted.
    pub order: Order,
    /// Whether the smallest come first.
    pub ascending: bool,
    /// Skip this many.
    pub offset: usize,
    /// At most this many; all if `None`.
    pub limit: Option<usize>,
}

impl Service {
    /// Makes a thread; its graph is the main one until its first run names another.
    ///
    /// # Errors
    /// A thread of this id exists, no such graph, or the store's.
    pub async fn create_thread(
        &self,
        id: ThreadId,
        graph: Option<String>,
        metadata: BTreeMap<String, Value>,
        by: &Caller,
    ) -> Result<ThreadView, ServiceError> {
        if let Err(refusal) = gate::may(by, Action::Ask, Subject::NewThread) {
            return Err(self.core.refused(by, refusal, None).await);
        }
        let graph = graph.unwrap_or_else(|| NAME.to_owned());
        let new = NewThread {
            id,
            graph,
            name: None,
            by: by.actor.clone(),
            metadata,
        };
        let head = self.core.engine.create_thread(new).await?;
        self.view(head).await
    }

    /// A thread with what it holds.
    ///
    /// # Errors
    /// There is no such thread, or the store's.
    pub async fn thread(&self, id: ThreadId, by: &Caller) -> Result<ThreadView, ServiceError> {
        let head = self.core.allow_on(by, Action::Read, id).await?;
        self.view(head).await
    }

    async fn view(&self, head: Head) -> Result<ThreadView, ServiceError> {
        let engine = &self.core.engine;
        let values = match head.checkpoint() {
            Some(mark) => Some(engine.snapshot(head.thread, mark.id).await?.values),
            None => None,
        };
        let interrupts = engine.questions(&head).await?;
        Ok(ThreadView {
            head,
            values,
            interrupts,
        })
    }

    /// Writes `metadata` over the caller's own data of a thread.
    ///
    /// # Errors
    /// There is no such thread, or the store's.
    pub async fn describe_thread(
        &self,
        id: ThreadId,
        metadata: BTreeMap<String, Value>,
        by: &Caller,
    ) -> Result<ThreadView, ServiceError> {
        self.core.allow_on(by, Action::Steer, id).await?;
        let head = self.core.engine.describe(id, metadata, by.actor.clone()).await?;
        self.view(head).await
    }

    /// Deletes a thread; what happened on it stays in the store.
    ///
    /// # Errors
    /// There is no such thread, a run goes on, an outcome is unknown, or the store's.
    pub async fn delete_thread(&self, id: ThreadId, by: &Caller) -> Result<(), ServiceError> {
        self.core.allow_on(by, Action::Steer, id).await?;
        Ok(self.core.engine.delete(id, by.actor.clone()).await?)
    }

    /// Makes a thread with the state of another.
    ///
    /// # Errors
    /// There is no such thread, an outcome is unknown, or the store's.
    pub async fn copy_thread(&self, id: ThreadId, by: &Caller) -> Result<ThreadView, ServiceError> {
        self.core.allow_on(by, Action::Read, id).await?;
        if let Err(refusal) = gate::may(by, Action::Ask, Subject::NewThread) {
            return Err(self.core.refused(by, refusal, Some(id)).await);
        }
        let copied = self.core.engine.copy(id, None, ThreadId::new(), by.actor.clone());
        let head = copied.await?;
        self.view(head).await
    }

    /// The threads that `query` asks for, and how many there are without its offset and limit.
    ///
    /// # Errors
    /// The store's.
    pub async fn search_threads(
        &self,
        query: &ThreadQuery,
        by: &Caller,
    ) -> Result<(Vec<ThreadView>, usize), ServiceError> {
        let found = self.found(query, by).await?;
        let total = found.len();
        let mut views = Vec::new();
        for head in found
            .into_iter()
            .skip(query.offset)
            .take(query.limit.unwrap_or(usize::MAX))
        {
            views.push(self.view(head).await?);
        }
        Ok((views, total))
    }

    /// How many threads `query` asks for, without its offset and limit.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_threads(&self, query: &ThreadQuery, by: &Caller) -> Result<usize, ServiceError> {
        Ok(self.found(query, by).await?.len())
    }

    async fn found(&self, query: &ThreadQuery, by: &Caller) -> Result<Vec<Head>, ServiceError> {
        self.core.allow(by, Action::List).await?;
        let store = self.core.engine.store();
        let mut found = store.threads(ThreadFilter::default()).await?;
        found.retain(|head| {
            permission::sees(by, head)
                && (query.ids.is_empty() || query.ids.contains(&head.thread))
                && query.standing.is_none_or(|wanted| Standing::of(head) == wanted)
                && (query.metadata.is_empty() || contains_all(&metadata(head), &query.metadata))
        });
        if !query.values.is_empty() {
            let mut fitting = Vec::new();
            for head in found {
                let state = self.core.engine.state(head.thread).await?;
                let values = state.map(|state| state.values.into_iter().collect());
                if contains_all(&values.unwrap_or_default(), &query.values) {
                    fitting.push(head);
                }
            }
            found = fitting;
        }
        let order = |one: &Head, other: &Head| match query.order {
            Order::Updated => one.updated_at.cmp(&other.updated_at),
            Order::Created => one.created_at.cmp(&other.created_at),
            Order::Standing => Standing::of(one).cmp(&Standing::of(other)),
            Order::Id => one.thread.cmp(&other.thread),
        };
        found.sort_by(|one, other| {
            let by = order(one, other).then_with(|| one.thread.cmp(&other.thread));
            if query.ascending {
                by
            } else {
                Ordering::reverse(by)
            }
        });
        Ok(found)
    }

    /// A thread's state: at the checkpoint `at`, or the last one; `None` if it never had input.
    ///
    /// # Errors
    /// There is no such thread, no such checkpoint, or the store's.
    pub async fn state(
        &self,
        id: ThreadId,
        at: Option<CheckpointId>,
        by: &Caller,
    ) -> Result<Option<StateView>, ServiceError> {
        let engine = &self.core.engine;
        let head = self.core.allow_on(by, Action::Read, id).await?;
        let Some(at) = at.or(head.checkpoint().map(|mark| mark.id)) else {
            return Ok(None);
        };
        let snapshot = engine.snapshot(id, at).await?;
        self.state_view(head, snapshot).await.map(Some)
    }

    async fn state_view(&self, head: Head, snapshot: Snapshot) -> Result<StateView, ServiceError> {
        let newest = head
            .checkpoint()
            .is_some_and(|mark| mark.id == snapshot.checkpoint.id);
        let mut interrupts = Vec::new();
        // What a graph below asks is pending on the newest checkpoint of the thread's own.
        if newest {
            interrupts = self.core.engine.questions(&head).await?;
        }
        Ok(StateView {
            head,
            snapshot,
            interrupts,
        })
    }

    /// The checkpoints of a thread's own graph, the newest first: those before `before`, `limit` at most, of which
    /// `wanted` says that they are asked for.
    ///
    /// # Errors
    /// There is no such thread, or the store's.
    pub async fn state_history(
        &self,
        id: ThreadId,
        before: Option<CheckpointId>,
        limit: usize,
        wanted: impl Fn(&Head, &Snapshot) -> bool + Send,
        by: &Caller,
    ) -> Result<Vec<StateView>, ServiceError> {
        let engine = &self.core.engine;
        let head = self.core.allow_on(by, Action::Read, id).await?;
        let snapshots = engine.history(id, &Namespace::root()).await?;
        let mut views = Vec::new();
        let past = snapshots
            .into_iter()
            .filter(|snapshot| snapshot.checkpoint.namespace == Namespace::root())
            .skip_while(|snapshot| before.is_some_and(|before| snapshot.checkpoint.id >= before))
            .filter(|snapshot| wanted(&head, snapshot))
            .take(limit);
        for snapshot in past {
            views.push(self.state_view(head.clone(), snapshot).await?);
        }
        Ok(views)
    }

    /// Writes to a thread's state, at its last checkpoint or at an earlier one, as if `as_node` had written it.
    ///
    /// # Errors
    /// As [`Engine::update_state`](crate::engine::Engine::update_state), and an unknown checkpoint.
    pub async fn write_state(
        &self,
        id: ThreadId,
        at: Option<CheckpointId>,
        values: Map<String, Value>,
        as_node: Option<&str>,
        by: &Caller,
    ) -> Result<Head, ServiceError> {
        self.core.allow_on(by, Action::Steer, id).await?;
        let by = by.actor.clone();
        let engine = &self.core.engine;
        if let Some(at) = at
            && engine
                .head(id)
                .await?
                .checkpoint()
                .is_none_or(|mark| mark.id != at)
        {
            engine.fork(id, at, by.clone()).await?;
        }
        let as_node = as_node.map(|node| if node == "END" { END } else { node });
        match engine.update_state(id, values, as_node, by.clone()).await {
            Ok(head) => Ok(head),
            Err(error) => {
                self.core.log_refusal(id, &error, by).await;
                Err(error.into())
            }
        }
    }

    /// The runs of a thread, the last one first.
    ///
    /// # Errors
    /// There is no such thread, or the store's.
    pub async fn runs(&self, id: ThreadId, by: &Caller) -> Result<Vec<RunRecord>, ServiceError> {
        self.core.allow_on(by, Action::Read, id).await?;
        Ok(self.core.engine.runs(id).await?)
    }

    /// One run of a thread, or `None` if it has no such run.
    ///
    /// # Errors
    /// There is no such thread, or the store's.
    pub async fn run(
        &self,
        id: ThreadId,
        run: RunId,
        by: &Caller,
    ) -> Result<Option<RunRecord>, ServiceError> {
        let runs = self.runs(id, by).await?;
        Ok(runs.into_iter().find(|record| record.run == run))
    }

    /// What a run was given.
    ///
    /// # Errors
    /// The store's.
    pub async fn input_of(&self, run: &RunRecord) -> Result<Option<Value>, ServiceError> {
        Ok(self.core.engine.input_of(run).await?)
    }

    /// Cancels the run `run` of a thread, if it goes on in this process; whether it did.
    ///
    /// # Errors
    /// There is no such thread, or the store's.
    pub async fn cancel_run(&self, id: ThreadId, run: RunId, by: &Caller) -> Result<bool, ServiceError> {
        let engine = &self.core.engine;
        let head = self.core.allow_on(by, Action::Cancel, id).await?;
        let going = head.run.is_some_and(|active| active.run == run);
        Ok(going && engine.cancel(run, &format!("cancelled by {}", by.actor.name)))
    }

    /// Waits until no run of a thread goes on in this process.
    pub async fn wait_for(&self, id: ThreadId) {
        self.core.engine.wait_for(id).await;
    }
}

/// Whether `values` contains everything of `wanted`, as JSON containment goes.
fn contains_all(values: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    wanted
        .iter()
        .all(|(key, wanted)| values.get(key).is_some_and(|value| contains(value, wanted)))
}

fn contains(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => contains_all(value, wanted),
        (Value::Array(value), Value::Array(wanted)) => wanted
            .iter()
            .all(|wanted| value.iter().any(|value| contains(value, wanted))),
        (value, wanted) => value == wanted,
    }
}
