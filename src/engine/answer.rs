//! Answers: accepted by a compare-and-set, consumed once, never queued.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    graph::{Graph, Work},
    model::{Actor, Answer, Entry, Head, Interrupt, InterruptId, Resolution, Resume, ThreadId, Timestamp},
    store::RecordRange,
};

use super::{
    Engine, EngineError, Invocation, RunOptions, RunReport,
    runner::{Live, Run, load_live},
    steering::{check_nodes, resolved},
    values,
};

impl Engine {
    /// Accepts answers: each must be to a question that is pending, in a form the node that asked
    /// takes. All are recorded in one commit, with the permissions that come with them, or none is.
    pub(super) async fn take_answers(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        resume: Resume,
    ) -> Result<Live, EngineError> {
        let answers = match resume {
            Resume::ById(answers) if answers.is_empty() => {
                return Err(EngineError::Contradiction(
                    "an answer must name an interrupt".into(),
                ));
            }
            Resume::ById(answers) => answers,
            Resume::Value(value) => BTreeMap::from([(self.only_question(head)?, value)]),
        };
        let now = self.clock.now();
        let mut accepted = Vec::new();
        let mut deadline: Option<Timestamp> = None;
        for (id, value) in answers {
            let interrupt = match head.interrupts.iter().find(|interrupt| interrupt.id == id) {
                Some(interrupt) => interrupt,
                None => return Err(self.not_pending(head.thread, id).await),
            };
            if let Some(at) = interrupt.expires_at {
                if at <= now {
                    return Err(EngineError::Expired { interrupt: id, at });
                }
                deadline = Some(deadline.map_or(at, |earlier| earlier.min(at)));
            }
            accepted.push(self.accept(run, graph, interrupt, value, now).await?);
        }
        let mark = head.checkpoint().ok_or(EngineError::NothingAsked(head.thread))?;
        let checkpoint = load_live(self.store.as_ref(), graph, head.thread, mark.id)
            .await?
            .checkpoint;
        check_nodes(graph, &checkpoint)?;
        {
            let mut writer = run.writer.lock().await;
            writer.note(
                Entry::RunStarted {
                    run: run.run,
                    owner: self.owner,
                    fence: head.fence + 1,
                    by: run.actor.clone(),
                    input: None,
                    new_input: false,
                },
                [],
            );
            for entry in accepted {
                writer.note(entry, []);
            }
            match writer.flush_before(deadline).await {
                Err(crate::store::StoreError::TooLate { deadline }) => {
                    let interrupt = head
                        .interrupts
                        .iter()
                        .find(|asked| asked.expires_at == Some(deadline));
                    let interrupt = interrupt.map_or_else(|| head.interrupts[0].id, |asked| asked.id);
                    return Err(EngineError::Expired {
                        interrupt,
                        at: deadline,
                    });
                }
                other => other?,
            }
        }
        load_live(self.store.as_ref(), graph, head.thread, mark.id).await
    }

    /// Hands an answer to the node that asked, which puts it in its normal form or refuses it.
    async fn accept(
        &self,
        run: &Run,
        graph: &Graph,
        interrupt: &Interrupt,
        value: Value,
        now: Timestamp,
    ) -> Result<Entry, EngineError> {
        let question = values::load(self.store.as_ref(), &interrupt.question).await?;
        let action = find_action(graph, interrupt)?;
        let accepted = action.accept(interrupt, &question, value, &run.actor, now)?;
        Ok(Entry::Resolved {
            answer: Answer {
                interrupt: interrupt.id,
                namespace: interrupt.namespace.clone(),
                checkpoint: interrupt.checkpoint,
                task: interrupt.task,
                ordinal: interrupt.ordinal,
                resolution: Resolution::Answered {
                    value: accepted.value,
                },
                by: run.actor.clone(),
                at: now,
                facts: accepted.facts,
            },
            grant: accepted.grant,
        })
    }

    /// The question an answer without an id is for: there must have been only this one since the
    /// last input, and none that was superseded.
    fn only_question(&self, head: &Head) -> Result<InterruptId, EngineError> {
        let pending: Vec<InterruptId> = head.interrupts.iter().map(|interrupt| interrupt.id).collect();
        let ambiguous = |reason: &str| EngineError::Ambiguous {
            reason: reason.to_owned(),
            pending: pending.clone(),
        };
        match pending.as_slice() {
            [] => Err(EngineError::NothingAsked(head.thread)),
            [only] if head.asked == 1 && !head.superseded => Ok(*only),
            [_] => Err(ambiguous("the thread asked something else before this question")),
            _ => Err(ambiguous("several questions are pending")),
        }
    }

    /// Why an answer cannot be taken, where that is because its question was answered before.
    pub(super) async fn answered_before(
        &self,
        thread: ThreadId,
        invocation: &Invocation,
    ) -> Option<EngineError> {
        let Invocation::Command(command) = invocation else {
            return None;
        };
        let Some(Resume::ById(answers)) = &command.resume else {
            return None;
        };
        let head = self.head(thread).await.ok()?;
        let pending = |id: &InterruptId| head.interrupts.iter().any(|asked| asked.id == *id);
        let gone = answers.keys().find(|id| !pending(id))?;
        match self.not_pending(thread, *gone).await {
            error @ EngineError::Resolved(_) => Some(error),
            _ => None,
        }
    }

    /// Why `id` cannot be answered on `thread`.
    async fn not_pending(&self, thread: ThreadId, id: InterruptId) -> EngineError {
        match self.store.asker(id).await {
            Err(error) => return error.into(),
            Ok(Some(asker)) if asker == thread => {}
            Ok(_) => return EngineError::UnknownInterrupt(id),
        }
        match self.ended(thread, id).await {
            Ok(Some(answer)) => EngineError::Resolved(Box::new(answer)),
            Ok(None) => EngineError::UnknownInterrupt(id),
            Err(error) => error,
        }
    }

    /// How the interrupt `id` of `thread` ended, if it did.
    ///
    /// # Errors
    /// The store's.
    pub async fn ended(&self, thread: ThreadId, id: InterruptId) -> Result<Option<Answer>, EngineError> {
        let newest = RecordRange {
            newest_first: true,
            ..RecordRange::ALL
        };
        let records = self.store.records(thread, newest).await?;
        Ok(records.into_iter().find_map(|stored| match stored.record.entry {
            Entry::Resolved { answer, .. } if answer.interrupt == id => Some(answer),
            _ => None,
        }))
    }

    /// The thread changed between reading it and committing: says what came first.
    pub(super) async fn lost_race(&self, thread: ThreadId, before: &Head) -> EngineError {
        let head = match self.head(thread).await {
            Ok(head) => head,
            Err(error) => return error,
        };
        for interrupt in &before.interrupts {
            if !head.interrupts.iter().any(|pending| pending.id == interrupt.id) {
                return self.not_pending(thread, interrupt.id).await;
            }
        }
        match head.run {
            Some(active) => EngineError::Busy {
                thread,
                run: active.run,
            },
            None => EngineError::Store(crate::store::StoreError::Conflict {
                thread,
                found: Some(head.mark),
            }),
        }
    }

    /// Ends the questions whose time has run out, and lets their threads go on.
    ///
    /// # Errors
    /// The store's. A thread that is busy, or whose question was answered meanwhile, is left alone.
    pub async fn expire_due(&self) -> Result<Vec<RunReport>, EngineError> {
        let mut reports = Vec::new();
        let now = self.clock.now();
        for pending in self.store.pending().await? {
            if pending.expires_at.is_none_or(|at| at > now) {
                continue;
            }
            match self.expire(pending.thread, pending.interrupt).await {
                Ok(report) => reports.extend(report),
                Err(EngineError::Busy { .. } | EngineError::Resolved(_)) => {}
                Err(error @ EngineError::Store(_)) => return Err(error),
                // One thread that cannot go on, for instance because its graph is not registered
                // here, must not keep the others from expiring.
                Err(error) => {
                    tracing::error!(thread = %pending.thread, %error, "a question could not expire")
                }
            }
        }
        Ok(reports)
    }

    async fn expire(&self, thread: ThreadId, id: InterruptId) -> Result<Option<RunReport>, EngineError> {
        let head = self.unowned_head(thread).await?;
        let Some(interrupt) = head.interrupts.iter().find(|interrupt| interrupt.id == id) else {
            return Ok(None);
        };
        let by = Actor::system("expiry");
        let mut writer = super::Writer::new(
            self.store.clone(),
            self.clock.clone(),
            thread,
            Some(head.clone()),
            None,
        );
        writer.note(
            resolved(interrupt, Resolution::Expired, by.clone(), self.clock.now()),
            [],
        );
        match writer.flush().await {
            Err(crate::store::StoreError::Conflict { .. }) => {
                return Err(self.lost_race(thread, &head).await);
            }
            other => other?,
        }
        match self
            .invoke(thread, Invocation::Continue, by, RunOptions::default())
            .await
        {
            Ok(report) => Ok(Some(report)),
            Err(error) => Err(error),
        }
    }
}

/// The node that asked.
fn find_action<'a>(
    graph: &'a Graph,
    interrupt: &Interrupt,
) -> Result<&'a std::sync::Arc<dyn crate::graph::Action>, EngineError> {
    let gone = || EngineError::GraphChanged {
        graph: graph.name().to_owned(),
        nodes: vec![interrupt.node.clone()],
    };
    let mut current = graph;
    for part in interrupt.namespace.0.split('|').filter(|part| !part.is_empty()) {
        let node = part.split(':').next().unwrap_or_default();
        match current.node(node).map(|spec| &spec.work) {
            Some(Work::Subgraph(subgraph)) => current = &subgraph.graph,
            _ => return Err(gone()),
        }
    }
    match current.node(&interrupt.node).map(|spec| &spec.work) {
        Some(Work::Action(action)) => Ok(action),
        _ => Err(gone()),
    }
}
