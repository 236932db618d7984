//! Checkpoints and questions: how they are made, and how they are read back.

use std::collections::{BTreeMap, HashMap};

use crate::{
    graph::{Graph, TaskInfo},
    model::{
        Actor, Channels, Checkpoint, CheckpointId, Entry, Event, Interrupt, InterruptKind, Namespace,
        PlannedTask, Resolution, RunId, Source, TaskId, ThreadId, Timestamp, ValueRef,
    },
    store::{RecordRange, Store},
};

use super::{
    EngineError,
    journal::{self, Known},
    steering::resolved,
    step, values,
    writer::Writer,
};

/// The state of one graph while it runs.
pub(super) struct Live {
    pub(super) checkpoint: Checkpoint,
    pub(super) state: Channels,
    pub(super) known: HashMap<TaskId, Known>,
    /// Whether this run made the checkpoint, so that breakpoints before its tasks count. A run that
    /// goes on from an older checkpoint passes the breakpoint where it stopped.
    pub(super) fresh: bool,
}

/// The ordinal of the question that settles an effect, `before` of which were asked on the task
/// already; a node's own questions count from 0, these count down from the top.
pub(super) fn unknown_ordinal(before: u32) -> u32 {
    u32::MAX - before
}

/// What is asked.
pub(super) struct Asking {
    pub(super) kind: InterruptKind,
    pub(super) ordinal: u32,
    pub(super) question: crate::graph::Question,
}

/// Makes an interrupt for a task's question.
pub(super) fn make_interrupt(
    thread: ThreadId,
    now: crate::model::Timestamp,
    checkpoint: &Checkpoint,
    planned: &PlannedTask,
    asking: Asking,
) -> (Interrupt, crate::store::StoredValue) {
    let digest = crate::model::Digest::of_json(&asking.question.value);
    let (question, stored) = values::whole(&asking.question.value);
    let interrupt = Interrupt {
        id: step::interrupt_id(thread, checkpoint.id, planned.id, asking.ordinal, digest),
        kind: asking.kind,
        namespace: checkpoint.namespace.clone(),
        checkpoint: checkpoint.id,
        task: planned.id,
        node: planned.node.clone(),
        ordinal: asking.ordinal,
        digest,
        question,
        asked_at: now,
        expires_at: asking.question.expires_at,
    };
    (interrupt, stored)
}

/// Where a checkpoint stands.
pub(super) struct Place<'a> {
    pub(super) namespace: &'a Namespace,
    pub(super) parent: Option<&'a Checkpoint>,
    pub(super) step: i64,
    pub(super) source: Source,
    /// Whether the state begins anew instead of growing from the parent's.
    pub(super) fresh: bool,
}

/// Makes a checkpoint, the entry that records it and the values to store.
pub(super) fn make_checkpoint(
    thread: ThreadId,
    run: RunId,
    graph: &Graph,
    place: Place<'_>,
    state: Channels,
    written: impl Fn(&str) -> bool,
    due: Vec<step::Due>,
) -> (Live, Entry, Vec<crate::store::StoredValue>) {
    let id = CheckpointId::after(place.parent.map(|parent| parent.id));
    let none = BTreeMap::new();
    // A state that starts clean, or was brought up to date, shares nothing with what stood before.
    let shared = place
        .parent
        .filter(|parent| !place.fresh && parent.graph.state_version == graph.version().state_version);
    let before: &BTreeMap<String, ValueRef> = shared.map_or(&none, |parent| &parent.channels);
    let (channels, mut stored) = values::refer(graph, &state, before, written);
    let tasks = due
        .into_iter()
        .enumerate()
        .map(|(index, (node, argument))| PlannedTask {
            id: step::task_id(thread, place.namespace, id, index, &node),
            node,
            argument: argument.map(|argument| {
                let (reference, value) = values::whole(&argument);
                stored.push(value);
                reference
            }),
        })
        .collect();
    let checkpoint = Checkpoint {
        format: Checkpoint::FORMAT,
        id,
        namespace: place.namespace.clone(),
        parent: place.parent.map(|parent| parent.id),
        step: place.step,
        source: place.source,
        graph: graph.version(),
        run,
        channels,
        tasks,
    };
    let entry = Entry::Checkpoint(checkpoint.clone());
    (
        Live {
            checkpoint,
            state,
            known: HashMap::new(),
            fresh: true,
        },
        entry,
        stored,
    )
}

/// Reads a checkpoint with its state, and what is known of its tasks.
pub(super) async fn load_live(
    store: &dyn Store,
    graph: &Graph,
    thread: ThreadId,
    id: CheckpointId,
) -> Result<Live, EngineError> {
    let stored = store
        .checkpoint(thread, id)
        .await?
        .ok_or(EngineError::UnknownCheckpoint {
            thread,
            checkpoint: id,
        })?;
    let Entry::Checkpoint(checkpoint) = stored.record.entry else {
        return Err(EngineError::UnknownCheckpoint {
            thread,
            checkpoint: id,
        });
    };
    if checkpoint.format > Checkpoint::FORMAT {
        return Err(EngineError::NewerFormat {
            checkpoint: id,
            format: checkpoint.format,
        });
    }
    let state = values::load_all(store, &checkpoint.channels).await?;
    let state = graph.upcast(checkpoint.graph.state_version, state)?;
    let known = load_known(store, thread, stored.record.seq, id).await?;
    Ok(Live {
        checkpoint,
        state,
        known,
        fresh: false,
    })
}

/// Reads what is known of the tasks of the checkpoint `id`, whose record has the number `seq`.
pub(super) async fn load_known(
    store: &dyn Store,
    thread: ThreadId,
    seq: u64,
    id: CheckpointId,
) -> Result<HashMap<TaskId, Known>, EngineError> {
    let records: Vec<_> = store
        .records(thread, RecordRange::after(seq))
        .await?
        .into_iter()
        .filter(|stored| stored.record.entry.checkpoint() == Some(id))
        .collect();
    Ok(journal::known(store, &records).await?)
}

/// A planned task with its argument.
pub(super) async fn due(store: &dyn Store, planned: &PlannedTask) -> Result<step::Due, EngineError> {
    let argument = match &planned.argument {
        Some(reference) => Some(values::load(store, reference).await?),
        None => None,
    };
    Ok((planned.node.clone(), argument))
}

/// Ends the questions that the graph in `namespace`, and those below it, asked on a checkpoint that
/// is no longer the newest.
pub(super) fn supersede(writer: &mut Writer, namespace: &Namespace, by: &Actor, at: Timestamp) {
    for interrupt in writer.pending_interrupts() {
        if interrupt.namespace.is_within(namespace) && interrupt.kind != InterruptKind::OutcomeUnknown {
            writer.note(resolved(&interrupt, Resolution::Superseded, by.clone(), at), []);
        }
    }
}

pub(super) fn note_finished(writer: &mut Writer, info: &TaskInfo, writes: &Channels, attempts: u32) {
    let mut references = BTreeMap::new();
    let mut stored = Vec::new();
    for (name, value) in writes {
        let (reference, piece) = values::whole(value);
        references.insert(name.clone(), reference);
        stored.push(piece);
    }
    writer.note(
        Entry::TaskFinished {
            namespace: info.namespace.clone(),
            checkpoint: info.checkpoint,
            task: info.task,
            node: info.node.clone(),
            writes: references,
            attempts,
        },
        stored,
    );
    writer.tell(Event::TaskFinished {
        namespace: info.namespace.clone(),
        task: info.task,
        node: info.node.clone(),
        writes: writes.clone(),
    });
}
