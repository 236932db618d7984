//! What was running when a process died.
//!
//! An effect that had started is never started again: it waits for a human to settle it. A
//! permission under which nothing had started is void: the thread goes back to its hold point and
//! asks anew. Everything else may go on from its last checkpoint when someone says so.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    graph::{Question, Work},
    model::{Actor, Entry, ErrorClass, Failure, Head, InterruptKind, Namespace, Outcome, Source, ThreadId},
    store::StoreError,
};

use super::{
    Engine, EngineError,
    checkpoint::{
        Asking, Place, due, load_known, load_live, make_checkpoint, make_interrupt, supersede,
        unknown_ordinal,
    },
    replay::graph_of,
    steering::void_grants,
    step,
    writer::Writer,
};

/// What became of a thread whose run died with its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// An effect had started: a human must settle it.
    OutcomeUnknown(ThreadId),
    /// A decision had been made, but nothing started under it: it is asked anew.
    AskedAgain(ThreadId),
    /// It can go on from its last checkpoint.
    CanContinue(ThreadId),
    /// It had been put in order by someone else.
    Untouched(ThreadId),
    /// It can't go on with this program, and why.
    Stuck(ThreadId, String),
}

impl Engine {
    /// Puts every thread in order whose run died with its process. Starts nothing that touches the outside.
    ///
    /// # Errors
    /// The store's.
    pub async fn recover(&self) -> Result<Vec<Recovered>, EngineError> {
        let mut recovered = Vec::new();
        for thread in self.store.busy().await? {
            let head = self.head(thread).await?;
            let Some(active) = &head.run else { continue };
            if self.is_running(active.run) {
                continue;
            }
            match self.recover_thread(head).await {
                Ok(done) => recovered.push(done),
                Err(EngineError::Store(error)) if !error.is_of_one_thread() => return Err(error.into()),
                // One thread that cannot go on keeps none of the others waiting.
                Err(error) => {
                    tracing::error!(%thread, %error, "a thread cannot be put in order");
                    recovered.push(Recovered::Stuck(thread, error.to_string()));
                }
            }
        }
        Ok(recovered)
    }

    pub(super) async fn recover_thread(&self, head: Head) -> Result<Recovered, EngineError> {
        let thread = head.thread;
        let Some(active) = head.run.clone() else {
            return Ok(Recovered::Untouched(thread));
        };
        // A thread whose graph this program doesn't know is put in order all the same.
        let graph = self.graph(&head.graph).ok().cloned();
        let by = Actor::system("recovery");
        let now = self.clock.now();
        let mut writer = Writer::new(
            self.store.clone(),
            self.clock.clone(),
            thread,
            Some(head.clone()),
            None,
        );
        let mut unknown = false;
        for effect in &head.effects {
            unknown = true;
            let asked = |kind, task| {
                head.interrupts
                    .iter()
                    .any(|asked| asked.kind == kind && asked.task == task)
            };
            if asked(InterruptKind::OutcomeUnknown, effect.task) {
                continue;
            }
            // Without its records nobody can be asked what became of it: that is damage, and is told as such.
            let lost = || EngineError::UnknownCheckpoint {
                thread,
                checkpoint: effect.checkpoint,
            };
            let stored = self
                .store
                .checkpoint(thread, effect.checkpoint)
                .await?
                .ok_or_else(lost)?;
            let Entry::Checkpoint(checkpoint) = stored.record.entry else {
                return Err(lost());
            };
            let planned = checkpoint
                .tasks
                .iter()
                .find(|task| task.id == effect.task)
                .ok_or_else(lost)?;
            let reason = "the process ended while it was going on";
            let owner = graph
                .as_ref()
                .and_then(|graph| graph_of(graph, &effect.namespace));
            let action = owner.as_ref().and_then(|graph| graph.node(&effect.node));
            let value = match action.map(|node| &node.work) {
                Some(Work::Action(action)) => action.outcome_unknown(&effect.name, &effect.facts, reason),
                _ => json!({ "type": "outcome_unknown", "effect": effect.name, "reason": reason,
                             "facts": effect.facts, "answers": ["done", "failed", "ask_again"] }),
            };
            let known = load_known(self.store.as_ref(), thread, stored.record.seq, checkpoint.id).await?;
            let before = known.get(&effect.task).map_or(0, |known| known.unknowns);
            let asking = Asking {
                kind: InterruptKind::OutcomeUnknown,
                ordinal: unknown_ordinal(before),
                question: Question {
                    value,
                    expires_at: None,
                },
            };
            let (interrupt, stored) = make_interrupt(thread, now, &checkpoint, planned, asking);
            writer.note(Entry::Asked(interrupt), [stored]);
        }
        let ended = "the process ended before anything was started";
        void_grants(&mut writer, &head, ended);
        // Where a permission was live, the graph goes back to its hold point.
        let mut again = false;
        let below: BTreeSet<&Namespace> = head.grants.iter().map(|grant| &grant.namespace).collect();
        for namespace in below {
            let owner = graph.as_ref().and_then(|graph| graph_of(graph, namespace));
            let mark = head.checkpoints.get(namespace);
            let (false, Some(owner), Some(mark)) = (unknown, owner, mark) else {
                continue;
            };
            let Some(hold) = owner.hold_point() else {
                continue;
            };
            let live = load_live(self.store.as_ref(), &owner, thread, mark.id).await?;
            let mut tasks = Vec::new();
            for planned in &live.checkpoint.tasks {
                let finished = live
                    .known
                    .get(&planned.id)
                    .and_then(|known| known.finished.clone());
                tasks.push((
                    due(self.store.as_ref(), planned).await?,
                    finished.map(|(writes, _)| writes),
                ));
            }
            let (mut state, written, due) = step::back(&owner, &live.state, tasks)?;
            hold.note(&mut state, ended);
            supersede(&mut writer, namespace, &by, now);
            let place = Place {
                namespace,
                parent: Some(&live.checkpoint),
                step: live.checkpoint.step + 1,
                source: Source::Return,
                fresh: false,
            };
            let written = |name: &str| written.contains(name) || hold.notes_in(name);
            let made = make_checkpoint(thread, active.run, &owner, place, state, written, due);
            writer.note(made.1, made.2);
            again = true;
        }
        // A run that was to ask again may have ended before it did.
        if let (false, Some(graph), Some(mark)) = (unknown || again, &graph, head.checkpoint()) {
            let live = load_live(self.store.as_ref(), graph, thread, mark.id).await;
            again = head.interrupts.is_empty()
                && live.is_ok_and(|live| matches!(live.checkpoint.source, Source::Update | Source::Return));
        }
        let outcome = if unknown {
            let asked = writer.pending_interrupts();
            Outcome::Interrupted {
                interrupts: asked.into_iter().map(|interrupt| interrupt.id).collect(),
            }
        } else {
            Outcome::Failed(Failure {
                code: "process_died".into(),
                class: ErrorClass::Transient,
                message: "the process ended during the run; it can go on from its last checkpoint".into(),
                node: None,
                attempts: 1,
            })
        };
        writer.note(
            Entry::RunFinished {
                run: active.run,
                outcome,
            },
            [],
        );
        match writer.flush().await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => return Ok(Recovered::Untouched(thread)),
            Err(error) => return Err(error.into()),
        }
        if unknown {
            return Ok(Recovered::OutcomeUnknown(thread));
        }
        if again
            && let Some(report) = self.ask_again(thread, by).await?
            && !report.interrupts.is_empty()
        {
            return Ok(Recovered::AskedAgain(thread));
        }
        Ok(Recovered::CanContinue(thread))
    }
}
