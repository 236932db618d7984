//! What was running when a process died.
//!
//! An effect that had started is never started again: it waits for a human to settle it. A
//! permission under which nothing had started is void: the thread goes back to its hold point and
//! asks anew. Everything else may go on from its last checkpoint when someone says so.

use serde_json::Value;

use crate::{
    graph::{Question, Work},
    model::{Actor, Entry, ErrorClass, Failure, Head, InterruptKind, Namespace, Outcome, Source, ThreadId},
    store::StoreError,
};

use super::{
    Engine, EngineError,
    runner::{Asking, Place, UNKNOWN_ORDINAL, load_live, make_checkpoint, make_interrupt},
    steering::void_grants,
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
            if head
                .run
                .as_ref()
                .is_some_and(|active| !self.is_running(active.run))
            {
                match self.recover_thread(head).await {
                    Ok(what) => recovered.push(what),
                    Err(error @ EngineError::Store(_)) => return Err(error),
                    // It stays as it is, owned by a run that is gone, until someone can put it in order.
                    Err(error) => tracing::error!(%thread, %error, "a thread could not be put in order"),
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
        let graph = self.graph(&head.graph)?.clone();
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
            let Some(stored) = self.store.checkpoint(thread, effect.checkpoint).await? else {
                continue;
            };
            let Entry::Checkpoint(checkpoint) = stored.record.entry else {
                continue;
            };
            let Some(planned) = checkpoint.tasks.iter().find(|task| task.id == effect.task) else {
                continue;
            };
            let reason = "the process ended while it was going on";
            let value = match graph.node(&effect.node).map(|node| &node.work) {
                Some(Work::Action(action)) => action.outcome_unknown(&effect.name, &effect.facts, reason),
                _ => Value::String(reason.into()),
            };
            let asking = Asking {
                kind: InterruptKind::OutcomeUnknown,
                ordinal: UNKNOWN_ORDINAL,
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
        let held = !unknown
            && head
                .grants
                .iter()
                .any(|grant| grant.namespace == Namespace::root());
        if held && let (Some(hold), Some(mark)) = (graph.hold_point(), head.checkpoint()) {
            let mut live = load_live(self.store.as_ref(), &graph, thread, mark.id).await?;
            hold.note(&mut live.state, ended);
            let root = Namespace::root();
            let place = Place {
                namespace: &root,
                parent: Some(&live.checkpoint),
                step: live.checkpoint.step + 1,
                source: Source::Return,
                fresh: false,
            };
            let due = vec![(hold.entry.clone(), None)];
            let made = make_checkpoint(
                thread,
                active.run,
                &graph,
                place,
                live.state,
                |name| hold.notes_in(name),
                due,
            );
            writer.note(made.1, made.2);
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
        if held {
            self.ask_again(thread, by).await?;
            return Ok(Recovered::AskedAgain(thread));
        }
        Ok(Recovered::CanContinue(thread))
    }
}
