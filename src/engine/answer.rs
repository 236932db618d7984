//! Answers: accepted by a compare-and-set, consumed once, never queued.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    graph::{Accepted, Graph, Work},
    model::{
        Actor, Answer, Answering, Caller, Entry, Event, Head, Interrupt, InterruptId, Outcome, Resolution,
        Resume, ThreadId, Timestamp, Vote,
    },
    store::{RecordRange, StoreError},
};

use super::{
    Engine, EngineError, RunOptions, RunReport, Taken, Taking,
    checkpoint::{Live, load_live},
    runner::Run,
    steering::{authored, check_nodes, resolved},
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
    ) -> Result<Taken, EngineError> {
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
        let askers = head.askers();
        let mut entries = Vec::new();
        let mut decides = false;
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
            let answering = Answering {
                by: &run.caller,
                askers: &askers,
                votes: &head.votes_on(id),
                now,
            };
            let accepted = self.accept(graph, interrupt, value, &answering).await?;
            decides |= !accepted.counts;
            entries.extend(taken_up(interrupt, accepted, &run.caller, now));
        }
        if decides {
            let live = self.resume_with(run, graph, head, entries, deadline).await?;
            return Ok(Taken::Live(live));
        }
        let mark = head.checkpoint().ok_or(EngineError::NothingAsked(head.thread))?;
        let live = load_live(self.store.as_ref(), graph, head.thread, mark.id).await?;
        let outcome = self.keep_votes(run, head, entries, deadline).await?;
        Ok(Taken::Votes(outcome, live.state))
    }

    /// Keeps votes after which every question is still pending: a run that begins and ends in one commit.
    async fn keep_votes(
        &self,
        run: &Run,
        head: &Head,
        votes: Vec<Entry>,
        deadline: Option<Timestamp>,
    ) -> Result<Outcome, EngineError> {
        let outcome = Outcome::Interrupted {
            interrupts: head.interrupts.iter().map(|interrupt| interrupt.id).collect(),
        };
        let mut writer = run.writer.lock().await;
        writer.note(self.resumption(run, head), []);
        for vote in votes {
            writer.note(vote, []);
        }
        writer.note(
            Entry::RunFinished {
                run: run.run,
                outcome: outcome.clone(),
            },
            [],
        );
        writer.tell(Event::RunFinished {
            run: run.run,
            outcome: outcome.clone(),
        });
        in_time(head, writer.flush_before(deadline).await)?;
        Ok(outcome)
    }

    /// A question's time is over: its node runs again and is told so.
    pub(super) async fn take_expiry(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        id: InterruptId,
    ) -> Result<Live, EngineError> {
        let Some(interrupt) = head.interrupts.iter().find(|interrupt| interrupt.id == id) else {
            return Err(self.not_pending(head.thread, id).await);
        };
        let expired = resolved(
            interrupt,
            Resolution::Expired,
            run.caller.actor.clone(),
            self.clock.now(),
        );
        self.resume_with(run, graph, head, vec![expired], None).await
    }

    /// Begins the run that goes on with the ends of questions, in the commit that records them.
    async fn resume_with(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        accepted: Vec<Entry>,
        deadline: Option<Timestamp>,
    ) -> Result<Live, EngineError> {
        let mark = head.checkpoint().ok_or(EngineError::NothingAsked(head.thread))?;
        let checkpoint = load_live(self.store.as_ref(), graph, head.thread, mark.id)
            .await?
            .checkpoint;
        check_nodes(graph, &checkpoint)?;
        {
            let mut writer = run.writer.lock().await;
            writer.note(self.resumption(run, head), []);
            for entry in accepted {
                writer.note(entry, []);
            }
            in_time(head, writer.flush_before(deadline).await)?;
        }
        load_live(self.store.as_ref(), graph, head.thread, mark.id).await
    }

    /// The start of a run that goes on with answers.
    fn resumption(&self, run: &Run, head: &Head) -> Entry {
        Entry::RunStarted {
            run: run.run,
            owner: self.owner,
            fence: head.fence + 1,
            by: run.caller.actor.clone(),
            input: None,
            new_input: false,
            about: run.options.about.clone(),
        }
    }

    /// Hands an answer to the node that asked, which puts it in its normal form or refuses it.
    async fn accept(
        &self,
        graph: &Graph,
        interrupt: &Interrupt,
        value: Value,
        answering: &Answering<'_>,
    ) -> Result<Accepted, EngineError> {
        let question = values::load(self.store.as_ref(), &interrupt.question).await?;
        let action = find_action(graph, interrupt)?;
        Ok(action.accept(interrupt, &question, value, answering).await?)
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

    /// How the thread's last question ended, if someone answered it.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_answer(&self, thread: ThreadId) -> Result<Option<Answer>, EngineError> {
        let newest = RecordRange {
            newest_first: true,
            ..RecordRange::ALL
        };
        let records = self.store.records(thread, newest).await?;
        let last = records.into_iter().find_map(|stored| match stored.record.entry {
            Entry::Resolved { answer, .. } => Some(answer),
            _ => None,
        });
        Ok(last.filter(|answer| matches!(answer.resolution, Resolution::Answered { .. })))
    }

    /// Who answered first, where an answer finds the thread busy: the winner of the questions `ids`,
    /// or, without ids, whoever began the run that goes on.
    pub(super) async fn forestalled(
        &self,
        thread: ThreadId,
        ids: &[InterruptId],
    ) -> Result<Option<EngineError>, EngineError> {
        let head = self.head(thread).await?;
        if let Some(id) = ids
            .iter()
            .find(|id| !head.interrupts.iter().any(|pending| pending.id == **id))
        {
            return Ok(Some(self.not_pending(thread, *id).await));
        }
        if !ids.is_empty() {
            return Ok(None);
        }
        let newest = RecordRange {
            newest_first: true,
            ..RecordRange::ALL
        };
        let records = self.store.records(thread, newest).await?;
        let begun = records
            .into_iter()
            .take_while(|stored| !matches!(stored.record.entry, Entry::RunStarted { .. }));
        let winner = begun
            .filter_map(|stored| match stored.record.entry {
                Entry::Resolved { answer, .. } => Some(answer),
                _ => None,
            })
            .last();
        Ok(winner.map(|answer| EngineError::Resolved(Box::new(answer))))
    }

    /// The thread changed between reading it and committing: says what came first.
    pub(super) async fn lost_race(
        &self,
        thread: ThreadId,
        before: &Head,
        answers: &[InterruptId],
    ) -> EngineError {
        let head = match self.head(thread).await {
            Ok(head) => head,
            Err(error) => return error,
        };
        let asked = before.interrupts.iter().map(|interrupt| interrupt.id);
        for id in answers.iter().copied().chain(asked) {
            if !head.interrupts.iter().any(|pending| pending.id == id) {
                return self.not_pending(thread, id).await;
            }
        }
        match head.run {
            Some(active) => EngineError::Busy {
                thread,
                run: active.run,
            },
            None => EngineError::Store(StoreError::Conflict {
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
                Ok(report) => reports.push(report),
                Err(
                    EngineError::Busy { .. }
                    | EngineError::Resolved(_)
                    | EngineError::Store(StoreError::Conflict { .. }),
                ) => {}
                Err(EngineError::Store(error)) if !error.is_of_one_thread() => return Err(error.into()),
                // One thread that cannot go on keeps none of the others waiting.
                Err(error) => tracing::warn!(thread = %pending.thread, %error, "a question cannot expire"),
            }
        }
        Ok(reports)
    }

    async fn expire(&self, thread: ThreadId, id: InterruptId) -> Result<RunReport, EngineError> {
        let by = Actor::system("expiry");
        self.take(thread, Taking::Expiry(id), by.into(), RunOptions::default())
            .await?
            .finish()
            .await
    }
}

/// What the trail keeps of an answer that was accepted.
fn taken_up(interrupt: &Interrupt, accepted: Accepted, caller: &Caller, now: Timestamp) -> Vec<Entry> {
    let by = accepted.by.unwrap_or_else(|| caller.actor.clone());
    if accepted.counts {
        return vec![Entry::Voted {
            checkpoint: interrupt.checkpoint,
            vote: Vote {
                interrupt: interrupt.id,
                by,
                at: now,
                value: accepted.value,
                facts: accepted.facts,
            },
        }];
    }
    let author = accepted.authored.map(|what| authored(by.clone(), what));
    let resolved = Entry::Resolved {
        answer: Answer {
            interrupt: interrupt.id,
            namespace: interrupt.namespace.clone(),
            checkpoint: interrupt.checkpoint,
            task: interrupt.task,
            ordinal: interrupt.ordinal,
            resolution: Resolution::Answered {
                value: accepted.value,
            },
            by,
            at: now,
            facts: accepted.facts,
        },
        grant: accepted.grant,
    };
    std::iter::once(resolved).chain(author).collect()
}

/// A commit that came too late, told by the question whose time had run out.
fn in_time(head: &Head, committed: Result<(), StoreError>) -> Result<(), EngineError> {
    match committed {
        Err(StoreError::TooLate { deadline }) => {
            let mut expiring = head.interrupts.iter();
            match expiring.find(|asked| asked.expires_at == Some(deadline)) {
                Some(asked) => Err(EngineError::Expired {
                    interrupt: asked.id,
                    at: deadline,
                }),
                None => Err(StoreError::TooLate { deadline }.into()),
            }
        }
        other => Ok(other?),
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
