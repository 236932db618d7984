//! The hold point: one answer, one execution, whatever is done around it.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    engine::{Invocation, Recovered, RunOptions},
    graph::END,
    graphs::python_executor::{Status, Verdict},
    model::{CheckpointId, Command, Entry, Namespace, Resume, ThreadId},
    service::{ErrorKind, PendingReply, RunReply, RunStatus, Service, ServiceCommand},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::rig::{
    CountingExecutor, OTHER_WRITE, READ, ReadOnly, Rig, WRITE, WriteAccess, approve, ask, asked, code,
    command, ending, error_code, human, own, prove, requester, run, show, task,
};

/// What the caller number `n` answers.
type Answer = fn(usize) -> Value;

fn values(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn goto(node: &str) -> Command {
    Command {
        goto: vec![node.to_owned()],
        ..Command::default()
    }
}

async fn cancel(service: &Service, thread: &str) -> RunReply {
    let what = ServiceCommand::Cancel {
        thread: thread.to_owned(),
        reason: Some("the shift ends".into()),
    };
    run(service, what).await.unwrap()
}

async fn go_on(service: &Service, thread: &str) -> RunReply {
    let thread = thread.to_owned();
    run(service, ServiceCommand::Continue { thread }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_decisions_one_wins_and_the_others_learn_who() {
    let approvals = |_: usize| approve();
    let mixed = |n: usize| match n % 3 {
        0 => approve(),
        1 => json!({"approved": false, "reason": format!("from {n}")}),
        _ => json!({"type": "edit", "code": format!("{OTHER_WRITE}# {n}\n")}),
    };
    let kinds: [(&str, Answer); 2] = [("approvals", approvals), ("mixed", mixed)];
    for (name, answer) in kinds {
        let rig = Rig::new([]);
        let service = Arc::new(rig.open().await);
        let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
        let decisions: Vec<_> = (0..100)
            .map(|n| {
                let (service, answer) = (service.clone(), answer(n));
                tokio::spawn(async move {
                    let mut by = human();
                    by.name = format!("human {n}");
                    (n, service.answer(id, answer, by).await)
                })
            })
            .collect();
        let mut winners = Vec::new();
        let mut named = BTreeSet::new();
        for decision in decisions {
            let (n, decision) = decision.await.unwrap();
            match decision {
                Ok(_) => winners.push(format!("human {n}")),
                Err(error) => {
                    let reply = error.reply();
                    assert_eq!(reply.code, "already_resolved", "{name}: {reply:?}");
                    named.insert(reply.detail["by"]["name"].as_str().unwrap().to_owned());
                }
            }
        }
        assert_eq!(winners.len(), 1, "{name}");
        assert_eq!(named, winners.into_iter().collect(), "{name}");
        assert!(rig.executor.writes() <= 1, "{name}");
        if name == "approvals" {
            assert_eq!(rig.executor.writes(), 1);
        }
        prove(&service, &rig.executor).await;
    }
}

#[tokio::test]
async fn an_answer_without_an_id_counts_only_for_the_only_question() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let bare = |answer: Value| Command {
        resume: Some(Resume::Value(answer)),
        ..Command::default()
    };
    // The only question since the input: it counts.
    ask(&service, own(WRITE, WriteAccess), "one").await;
    let reply = service.resume("one", bare(json!("no")), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Rejected);
    assert_eq!(
        error_code(service.resume("one", bare(approve()), human()).await),
        "nothing_asked"
    );
    // A second question, or one that took another's place, must be named.
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "two").await;
    let edit = json!({"type": "edit", "code": OTHER_WRITE});
    let second = service.answer(id, edit, human()).await.unwrap();
    assert_eq!(
        error_code(service.resume("two", bare(approve()), human()).await),
        "ambiguous_answer"
    );
    service
        .answer(asked(&second), json!("no"), human())
        .await
        .unwrap();
    ask(&service, own(WRITE, WriteAccess), "three").await;
    let what = ServiceCommand::UpdateState {
        thread: "three".into(),
        values: values(json!({"generated_code": OTHER_WRITE})),
        as_node: None,
    };
    run(&service, what).await.unwrap();
    assert_eq!(
        error_code(service.resume("three", bare(approve()), human()).await),
        "ambiguous_answer"
    );
    // New input: there is one question again.
    ask(&service, own(WRITE, WriteAccess), "two").await;
    let reply = service.resume("two", bare(approve()), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Completed);
    assert_eq!(rig.executor.writes(), 1);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn stale_foreign_and_unknown_ids_answer_nothing() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (_, one) = ask(&service, own(WRITE, WriteAccess), "one").await;
    let (_, two) = ask(&service, own(WRITE, WriteAccess), "two").await;
    assert_ne!(one, two, "equal questions of two threads");
    let invented = "00112233445566778899aabbccddeeff".parse().unwrap();
    assert_eq!(
        error_code(service.answer(invented, approve(), human()).await),
        "unknown_interrupt"
    );
    // An answer goes to the thread that asked, not to the one that is named.
    let foreign = Command::answer(two, approve());
    assert_eq!(
        error_code(service.resume("one", foreign, human()).await),
        "unknown_interrupt"
    );
    let (_, newer) = ask(&service, own(OTHER_WRITE, WriteAccess), "one").await;
    assert_eq!(
        error_code(service.answer(one, approve(), human()).await),
        "already_resolved"
    );
    assert_eq!(rig.executor.prepared(), 0);
    for id in [newer, two] {
        service.answer(id, json!("no"), human()).await.unwrap();
    }
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn what_only_the_graph_writes_nobody_else_does() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (before, _) = ask(&service, own(WRITE, WriteAccess), "t").await;
    let channels = [
        json!({"decision": {"kind": "approved", "decision": null, "code_sha256": "00"}}),
        json!({"status": "executing"}),
        json!({"analysis_result": {"verdict": Verdict::Run, "reasons": [], "raised": false,
               "policy_version": service.policy_version(), "analysis": null}}),
        json!({"code_sha256": "00"}),
        json!({"questions": 0}),
        json!({"approval_request": null}),
        json!({"asked_again": "no reason"}),
        json!({"execution_result": null}),
        json!({"settled": null}),
        json!({"result": null}),
        json!({"error_chain": []}),
        json!({"folder": "/tmp"}),
    ];
    for update in channels {
        for as_node in [None, Some("approve"), Some("execute")] {
            let what = ServiceCommand::UpdateState {
                thread: "t".into(),
                values: values(update.clone()),
                as_node: as_node.map(str::to_owned),
            };
            assert_eq!(
                run(&service, what).await.unwrap_err().code,
                "protected_channel",
                "{update}"
            );
        }
        let steer = Command {
            update: values(update.clone()),
            ..goto("execute")
        };
        assert_eq!(
            error_code(service.resume("t", steer, human()).await),
            "protected_channel"
        );
    }
    let malformed = ServiceCommand::UpdateState {
        thread: "t".into(),
        values: values(json!({"request": {"execution_mode": "root"}})),
        as_node: None,
    };
    assert_eq!(run(&service, malformed).await.unwrap_err().code, "invalid_state");
    assert_eq!(show(&service, "t").await, before);
    assert_eq!(rig.executor.prepared(), 0);
}

#[tokio::test]
async fn an_answer_goes_alone() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (before, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    let both = Command {
        update: values(json!({"generated_code": OTHER_WRITE})),
        ..Command::answer(id, approve())
    };
    assert_eq!(
        error_code(service.resume("t", both, human()).await),
        "invalid_command"
    );
    let neither = Command::default();
    assert_eq!(
        error_code(service.resume("t", neither, human()).await),
        "invalid_command"
    );
    assert_eq!(show(&service, "t").await, before);
}

/// What the questions say and what ran: each write that was started was answered about, in exactly
/// the code that ran.
async fn nothing_ran_unasked(service: &Service, executor: &CountingExecutor, approvals: usize) {
    let proof = prove(service, executor).await;
    assert!(executor.writes() <= approvals, "more writes than approvals");
    for execution in &proof.executions {
        let asker = execution.interrupt_id.unwrap();
        let records = service.engine().records(execution.thread_id).await.unwrap();
        let approved = records.iter().any(|stored| match &stored.record.entry {
            Entry::Resolved { answer, grant } => {
                answer.interrupt == asker
                    && grant.is_some()
                    && answer.facts["code_sha256"] == json!(execution.ran_sha256)
            }
            _ => false,
        });
        assert!(approved, "{execution:?}");
    }
}

#[tokio::test]
async fn steering_never_passes_the_gate() {
    for used in [false, true] {
        for node in ["generate", "analyze", "approve", "execute", "process", END] {
            for update in [json!({}), json!({"generated_code": OTHER_WRITE})] {
                for by_state in [false, true] {
                    let rig = Rig::new([]);
                    let service = rig.open().await;
                    let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
                    if used {
                        service.answer(id, approve(), human()).await.unwrap();
                    }
                    let before = rig.executor.writes();
                    let reply = if by_state {
                        let what = ServiceCommand::UpdateState {
                            thread: "t".into(),
                            values: values(update.clone()),
                            as_node: Some(node.to_owned()),
                        };
                        run(&service, what).await.unwrap()
                    } else {
                        let steer = Command {
                            update: values(update.clone()),
                            ..goto(node)
                        };
                        service.resume("t", steer, human()).await.unwrap()
                    };
                    let told = format!("used {used}, {node}, {update}, by state {by_state}: {reply:#?}");
                    assert_eq!(rig.executor.writes(), before, "{told}");
                    // The old question is gone, and what is asked is asked about the state as it is.
                    assert_eq!(
                        error_code(service.answer(id, approve(), human()).await),
                        "already_resolved",
                        "{told}"
                    );
                    let ends = node == END || by_state && node == "process";
                    if !used {
                        assert_eq!(reply.interrupts.is_empty(), ends, "{told}");
                        if ends {
                            assert_eq!(reply.status, RunStatus::Cancelled, "{told}");
                        }
                    }
                    if let Some(asked) = reply.interrupts.first() {
                        let regenerates = node == "generate" && !by_state;
                        let shown = match update.get("generated_code") {
                            Some(code) if !regenerates => code.as_str().unwrap(),
                            _ => WRITE,
                        };
                        assert_eq!(asked.question["code"], shown, "{told}");
                        let done = service
                            .answer(asked.interrupt_id, approve(), human())
                            .await
                            .unwrap();
                        assert_eq!(done.status, RunStatus::Completed, "{told}");
                        assert_eq!(rig.executor.started().last().unwrap().code, shown);
                    }
                    nothing_ran_unasked(&service, &rig.executor, 2).await;
                }
            }
        }
    }
}

async fn checkpoints(service: &Service, thread: &str) -> Vec<CheckpointId> {
    let history = service
        .engine()
        .history(ThreadId::of_name(thread), &Namespace::root())
        .await
        .unwrap();
    history.iter().map(|snapshot| snapshot.checkpoint.id).collect()
}

#[tokio::test]
async fn no_fork_and_no_copy_carries_an_approval() {
    for used in [false, true] {
        for copies in [false, true] {
            let rig = Rig::new([]);
            let service = rig.open().await;
            let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
            if used {
                service.answer(id, approve(), human()).await.unwrap();
            }
            let before = rig.executor.writes();
            let places = checkpoints(&service, "t").await;
            assert!(places.len() >= 3);
            for (n, place) in places.into_iter().enumerate() {
                let into = format!("copy {n}");
                let what = ServiceCommand::Fork {
                    thread: "t".into(),
                    checkpoint: Some(place.to_string()),
                    into: copies.then(|| into.clone()),
                };
                let reply = run(&service, what).await.unwrap();
                assert_eq!(rig.executor.writes(), before);
                if let Some(asked) = reply.interrupts.first() {
                    assert_ne!(asked.interrupt_id, id);
                    let own = if copies {
                        ThreadId::of_name(&into)
                    } else {
                        ThreadId::of_name("t")
                    };
                    assert_eq!(asked.question["thread_id"], json!(own));
                }
            }
            nothing_ran_unasked(&service, &rig.executor, usize::from(used)).await;
        }
    }
}

/// One thing that is done to the thread.
#[derive(Debug, Clone)]
enum Step {
    Approve,
    Reject,
    Edit,
    Goto(usize),
    Update(usize, Option<usize>),
    Fork(usize),
    Copy(usize),
    Input(usize),
    Continue,
    Cancel,
    Freeze(bool),
    Reopen,
    Later(i64),
}

const NODES: [&str; 6] = ["generate", "analyze", "approve", "execute", "process", END];
const CODES: [&str; 3] = [WRITE, OTHER_WRITE, READ];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Approve),
        1 => Just(Step::Reject),
        1 => Just(Step::Edit),
        2 => (0..NODES.len()).prop_map(Step::Goto),
        2 => (0..CODES.len(), proptest::option::of(0..NODES.len())).prop_map(|(c, n)| Step::Update(c, n)),
        2 => any::<usize>().prop_map(Step::Fork),
        1 => any::<usize>().prop_map(Step::Copy),
        2 => (0..CODES.len()).prop_map(Step::Input),
        2 => Just(Step::Continue),
        1 => Just(Step::Cancel),
        1 => any::<bool>().prop_map(Step::Freeze),
        1 => Just(Step::Reopen),
        1 => (1_i64..90_000).prop_map(Step::Later),
    ]
}

async fn steered(steps: Vec<Step>) {
    let rig = Rig::new([]);
    let mut service = rig.open().await;
    let mut seconds = 0;
    let mut approvals = 0;
    let mut thread = "t".to_owned();
    let mut copies = 0;
    ask(&service, own(WRITE, WriteAccess), &thread).await;
    for step in steps {
        let before = rig.executor.writes();
        let pending = show(&service, &thread).await.interrupts;
        let answers = matches!(step, Step::Approve);
        match step {
            Step::Approve | Step::Reject | Step::Edit => {
                let Some(asked) = pending.first() else { continue };
                let answer = match step {
                    Step::Approve => approve(),
                    Step::Reject => json!("no"),
                    _ => {
                        let other = if asked.question["code"] == OTHER_WRITE {
                            WRITE
                        } else {
                            OTHER_WRITE
                        };
                        json!({"type": "edit", "code": other})
                    }
                };
                let shown = asked.question["code"].clone();
                let done = service.answer(asked.interrupt_id, answer, human()).await;
                if answers && done.is_ok() {
                    approvals += 1;
                }
                let ran = rig.executor.started();
                if rig.executor.writes() > before {
                    assert!(answers, "{step:?} ran something");
                    assert_eq!(json!(ran.last().unwrap().code), shown);
                }
            }
            // Whatever these come to, an error included, they must not run a write.
            Step::Goto(node) => drop(service.resume(&thread, goto(NODES[node]), human()).await),
            Step::Update(code, node) => {
                let what = ServiceCommand::UpdateState {
                    thread: thread.clone(),
                    values: values(json!({"generated_code": CODES[code]})),
                    as_node: node.map(|node| NODES[node].to_owned()),
                };
                drop(run(&service, what).await);
            }
            Step::Fork(at) | Step::Copy(at) => {
                let places = checkpoints(&service, &thread).await;
                let into = matches!(step, Step::Copy(_)).then(|| {
                    copies += 1;
                    format!("copy {copies}")
                });
                let what = ServiceCommand::Fork {
                    thread: thread.clone(),
                    checkpoint: Some(places[at % places.len()].to_string()),
                    into: into.clone(),
                };
                if run(&service, what).await.is_ok() {
                    thread = into.unwrap_or(thread);
                }
            }
            Step::Input(code) => {
                let mode = if CODES[code] == READ {
                    ReadOnly
                } else {
                    WriteAccess
                };
                drop(
                    service
                        .invoke(own(CODES[code], mode), Some(&thread), requester())
                        .await,
                );
            }
            Step::Continue => drop(
                service
                    .engine()
                    .invoke(
                        ThreadId::of_name(&thread),
                        Invocation::Continue,
                        human(),
                        RunOptions::default(),
                    )
                    .await,
            ),
            Step::Cancel => {
                let what = ServiceCommand::Cancel {
                    thread: thread.clone(),
                    reason: None,
                };
                drop(run(&service, what).await);
            }
            Step::Freeze(true) => drop(service.freeze(None, human()).await.unwrap()),
            Step::Freeze(false) => drop(service.unfreeze(human()).await.unwrap()),
            Step::Reopen => {
                drop(service);
                service = rig.open().await;
            }
            Step::Later(more) => {
                seconds += more;
                rig.clock.set(seconds);
                service.engine().expire_due().await.unwrap();
            }
        }
        if !answers {
            assert_eq!(rig.executor.writes(), before, "a write ran without an answer");
        }
    }
    nothing_ran_unasked(&service, &rig.executor, approvals).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn however_a_thread_is_steered_nothing_runs_unasked(steps in proptest::collection::vec(step(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(steered(steps));
    }
}

#[tokio::test]
async fn an_approval_that_was_not_used_in_time_is_asked_again() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    let clock = rig.clock.clone();
    rig.executor.before_start(move || clock.set(61));
    let reply = service.answer(id, approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Interrupted);
    assert_eq!(rig.executor.started().len(), 0);
    let question = &reply.interrupts[0].question;
    let previous = question["previous"].as_str().unwrap();
    assert!(previous.contains("time ran out"), "{previous}");
    assert_eq!(question["requester"]["name"], "ada");
    let done = service.answer(asked(&reply), approve(), human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn what_changed_between_the_question_and_the_start_is_asked_again() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "rules").await;
    // Another sandbox.
    let (_, other) = ask(&service, own(WRITE, WriteAccess), "backend").await;
    rig.executor.rename("another");
    let reply = service.answer(other, approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Interrupted);
    assert_eq!(reply.interrupts[0].question["backend"]["name"], "another");
    let previous = reply.interrupts[0].question["previous"].as_str().unwrap();
    assert!(previous.contains("backend differs"), "{previous}");
    drop(service);
    // Other rules on the same store.
    let rig = rig.with(|config| {
        config
            .analysis
            .write_patterns
            .push(("x".into(), r"\bzap\(".into()))
    });
    let service = rig.open().await;
    let reply = service.answer(id, approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Interrupted);
    assert_eq!(
        reply.interrupts[0].question["policy_version"],
        json!(service.policy_version())
    );
    assert_eq!(rig.executor.started().len(), 0);
    // Rules under which it may no longer run at all.
    drop(service);
    let rig = rig.with(|config| config.control_system.writes_enabled = false);
    let service = rig.open().await;
    let reply = service.answer(asked(&reply), approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Refused);
    assert_eq!(rig.executor.started().len(), 0);
}

#[tokio::test]
async fn a_freeze_stops_what_is_to_start() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    service.freeze(Some("beam dump".into()), human()).await.unwrap();
    // It survives a restart.
    drop(service);
    let service = rig.open().await;
    let refused = service.answer(id, approve(), human()).await.unwrap_err().reply();
    assert_eq!(
        (refused.code.as_str(), refused.kind),
        ("frozen", ErrorKind::Refused)
    );
    assert_eq!(show(&service, "t").await.interrupts[0].interrupt_id, id);
    // Reading goes on.
    let read = service
        .invoke(own(READ, ReadOnly), None, requester())
        .await
        .unwrap();
    assert_eq!(read.status, RunStatus::Completed);
    let state = service.unfreeze(human()).await.unwrap();
    assert!(!state.frozen);
    // Frozen by another program between the decision and the start: the store refuses the start.
    let store = rig.store.clone().unwrap();
    rig.executor.before_start(move || {
        let store = store.clone();
        let event = holdpoint::model::ServiceEvent::Frozen {
            by: human(),
            reason: "between".into(),
        };
        std::thread::spawn(move || futures::executor::block_on(store.log(event)).unwrap())
            .join()
            .unwrap();
    });
    let reply = service.answer(id, approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Interrupted, "frozen before the start");
    let previous = reply.interrupts[0].question["previous"].as_str().unwrap();
    assert!(previous.contains("frozen"), "{previous}");
    assert_eq!(rig.executor.writes(), 0);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn a_freeze_and_a_cancellation_stop_what_runs_within_a_second() {
    for freezes in [true, false] {
        let rig = Rig::new([]);
        let service = Arc::new(rig.open().await);
        let (_, id) = ask(&service, own(&ending(WRITE, "hang"), WriteAccess), "t").await;
        let answering = {
            let service = service.clone();
            tokio::spawn(async move { service.answer(id, approve(), human()).await })
        };
        rig.executor.wait_for_starts(1).await;
        assert_eq!(show(&service, "t").await.status, RunStatus::Running);
        let since = Instant::now();
        if freezes {
            service.freeze(None, human()).await.unwrap();
        } else {
            let reply = cancel(&service, "t").await;
            assert_eq!(reply.status, RunStatus::OutcomeUnknown);
            let reason = reply.interrupts[0].question["reason"].to_string();
            assert!(
                reason.contains("grace") && reason.contains("the shift ends"),
                "{reason}"
            );
        }
        let reply = answering.await.unwrap().unwrap();
        assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        assert_eq!(reply.status, RunStatus::OutcomeUnknown);
        let done = service
            .answer(asked(&reply), json!("failed"), human())
            .await
            .unwrap();
        assert_eq!(done.status, RunStatus::Failed);
        assert_eq!(rig.executor.writes(), 1);
        prove(&service, &rig.executor).await;
    }
}

#[tokio::test]
async fn cancelling_a_read_and_a_question() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let running = {
        let service = service.clone();
        let request = own(&ending(READ, "hang"), ReadOnly);
        tokio::spawn(async move { service.invoke(request, Some("read"), requester()).await })
    };
    rig.executor.wait_for_starts(1).await;
    assert_eq!(cancel(&service, "read").await.status, RunStatus::Cancelled);
    assert_eq!(running.await.unwrap().unwrap().status, RunStatus::Cancelled);
    let head = service.engine().head(ThreadId::of_name("read")).await.unwrap();
    let outcome = json!(head.last_run.unwrap().1).to_string();
    assert!(
        outcome.contains("grace") && outcome.contains("the shift ends"),
        "{outcome}"
    );

    let (_, id) = ask(&service, own(WRITE, WriteAccess), "question").await;
    let reply = cancel(&service, "question").await;
    assert_eq!(reply.status, RunStatus::Cancelled);
    let late = service.answer(id, approve(), human()).await.unwrap_err().reply();
    assert_eq!(late.code, "already_resolved");
    assert_eq!(late.detail["by"]["name"], "grace");
    let nothing = ServiceCommand::Cancel {
        thread: "question".into(),
        reason: None,
    };
    assert_eq!(run(&service, nothing).await.unwrap_err().code, "nothing_asked");
    assert_eq!(rig.executor.writes(), 0);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn one_write_at_a_time_and_a_cancelled_wait_leaves_no_permission() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let mut waiting = Vec::new();
    for name in ["a", "b", "c"] {
        let (_, id) = ask(&service, own(&ending(WRITE, "wait"), WriteAccess), name).await;
        let of = service.clone();
        let answering = tokio::spawn(async move { of.answer(id, approve(), human()).await });
        waiting.push(answering);
        if name == "a" {
            rig.executor.wait_for_starts(1).await;
        }
    }
    // b and c are approved and wait for a. c is cancelled meanwhile.
    let c = ThreadId::of_name("c");
    while service.engine().head(c).await.unwrap().grants.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(cancel(&service, "c").await.status, RunStatus::Cancelled);
    assert!(service.engine().head(c).await.unwrap().grants.is_empty());
    rig.executor.release(2);
    let mut statuses = Vec::new();
    for answering in waiting {
        statuses.push(answering.await.unwrap().unwrap().status);
    }
    use RunStatus::{Cancelled, Completed};
    assert_eq!(statuses, [Completed, Completed, Cancelled]);
    assert_eq!(rig.executor.most_at_once(), 1);
    // Who lets a cancelled thread go on is asked anew.
    let reply = go_on(&service, "c").await;
    assert_eq!(reply.status, RunStatus::Interrupted);
    assert_eq!(rig.executor.writes(), 2);
    service.answer(asked(&reply), json!("no"), human()).await.unwrap();
    prove(&service, &rig.executor).await;
}

#[test]
fn a_service_closed_and_opened_at_every_step_loses_nothing() {
    let rig = Rig::on_disk([code(WRITE), code(OTHER_WRITE)]);
    // Each life is a runtime of its own, as a process would be.
    let live = |work: fn(Service) -> std::pin::Pin<Box<dyn Future<Output = Service>>>| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let service = rig.open().await;
            assert!(service.recovered().is_empty());
            work(service).await.close().await.unwrap();
        });
    };
    live(|service| {
        Box::pin(async {
            ask(&service, task(WriteAccess), "t").await;
            service
        })
    });
    live(|service| {
        Box::pin(async {
            let reply = show(&service, "t").await;
            let respond = json!({"type": "respond", "message": "the other magnet"});
            let again = service.answer(asked(&reply), respond, human()).await.unwrap();
            assert_eq!(again.interrupts[0].question["code"], OTHER_WRITE);
            service
        })
    });
    live(|service| {
        Box::pin(async {
            let reply = show(&service, "t").await;
            let done = service.answer(asked(&reply), approve(), human()).await.unwrap();
            assert_eq!(done.status, RunStatus::Completed);
            service
        })
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let service = rig.open().await;
        assert_eq!(show(&service, "t").await.status, RunStatus::Completed);
        prove(&service, &rig.executor).await;
        service.close().await.unwrap();
    });
    assert_eq!(rig.executor.started().len(), 1);
}

/// A life that ends without a goodbye: its tasks are dropped where they stand.
async fn dies(service: Arc<Service>, tasks: Vec<tokio::task::JoinHandle<()>>) {
    // All at once: nobody takes the place of one that went first.
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    assert_eq!(Arc::strong_count(&service), 1);
    drop(service);
}

#[tokio::test]
async fn who_dies_while_it_is_asked_finds_the_question_again() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let (before, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    dies(service, Vec::new()).await;
    let service = rig.open().await;
    assert!(service.recovered().is_empty());
    assert_eq!(show(&service, "t").await, before);
    let done = service.answer(id, approve(), human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn who_dies_between_the_decision_and_the_start_is_asked_again() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let (_, first) = ask(&service, own(&ending(WRITE, "wait"), WriteAccess), "a").await;
    let (_, second) = ask(&service, own(WRITE, WriteAccess), "b").await;
    let answer = |id| {
        let service = service.clone();
        tokio::spawn(async move { drop(service.answer(id, approve(), human()).await) })
    };
    let mut tasks = vec![answer(first)];
    rig.executor.wait_for_starts(1).await;
    tasks.push(answer(second));
    // b is approved and waits for a to come to its end.
    let b = ThreadId::of_name("b");
    while service.engine().head(b).await.unwrap().grants.is_empty() {
        tokio::task::yield_now().await;
    }
    dies(service, tasks).await;
    let service = rig.open().await;
    let mut recovered = service.recovered().to_vec();
    recovered.sort_by_key(|what| format!("{what:?}"));
    let a = ThreadId::of_name("a");
    assert_eq!(
        recovered,
        [Recovered::AskedAgain(b), Recovered::OutcomeUnknown(a)]
    );
    assert_eq!(rig.executor.writes(), 1, "recovery starts nothing");
    // a was going on: a human settles it. b had not started: it is asked anew.
    let reply = show(&service, "a").await;
    assert_eq!(reply.status, RunStatus::OutcomeUnknown);
    let done = service
        .answer(asked(&reply), json!("done"), human())
        .await
        .unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    let reply = show(&service, "b").await;
    assert_eq!(reply.status, RunStatus::Interrupted);
    assert_ne!(asked(&reply), second);
    let question = &reply.interrupts[0].question;
    let previous = question["previous"].as_str().unwrap();
    assert!(previous.contains("before anything was started"), "{previous}");
    assert_eq!(question["requester"]["name"], "ada");
    assert_eq!(
        error_code(service.answer(second, approve(), human()).await),
        "already_resolved"
    );
    let done = service.answer(asked(&reply), approve(), human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn who_dies_during_a_read_goes_on_when_told() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let running = {
        let service = service.clone();
        let request = own(&ending(READ, "wait"), ReadOnly);
        tokio::spawn(async move { drop(service.invoke(request, Some("t"), requester()).await) })
    };
    rig.executor.wait_for_starts(1).await;
    dies(service, vec![running]).await;
    let service = rig.open().await;
    assert_eq!(
        service.recovered(),
        [Recovered::CanContinue(ThreadId::of_name("t"))]
    );
    let reply = show(&service, "t").await;
    assert_eq!(reply.status, RunStatus::Failed);
    assert_eq!(reply.error.unwrap().code, "process_died");
    rig.executor.release(1);
    assert_eq!(go_on(&service, "t").await.status, RunStatus::Completed);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn the_trail_says_who_did_what_from_where() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    let note = json!({"type": "approve", "note": "checked on site"});
    service.answer(id, note, human()).await.unwrap();
    let proof = prove(&service, &rig.executor).await;
    let execution = &proof.executions[0];
    assert_eq!(execution.approved_by.as_ref(), Some(&human()));
    assert_eq!(execution.ended, "finished");
    let records = service.engine().records(ThreadId::of_name("t")).await.unwrap();
    let answer = records.iter().find_map(|stored| match &stored.record.entry {
        Entry::Resolved { answer, .. } => Some(answer.clone()),
        _ => None,
    });
    let answer = answer.unwrap();
    assert_eq!(answer.by, human());
    assert_eq!(answer.facts["by"], json!(human()));
    assert_eq!(answer.facts["note"], "checked on site");
    for fact in ["code_sha256", "findings", "policy_version", "at", "question"] {
        assert!(!answer.facts[fact].is_null(), "{fact}");
    }
    assert!(records.iter().any(|stored| matches!(
        &stored.record.entry,
        Entry::RunStarted { by, new_input: true, .. } if *by == requester()
    )));
    // What was refused stands in the audit log too.
    let refused = service.answer(id, json!("maybe"), human()).await;
    assert_eq!(error_code(refused), "already_resolved");
    let audit = service.engine().store().audit(0, usize::MAX).await.unwrap();
    let last = format!("{:?}", audit.last().unwrap().entry);
    assert!(last.contains("Refused") && last.contains("grace"), "{last}");
}

#[tokio::test]
async fn questions_are_capped() {
    let rig = Rig::new([]).with(|config| config.approval.max_pending_per_requester = 2);
    let service = rig.open().await;
    let (_, one) = ask(&service, own(WRITE, WriteAccess), "one").await;
    ask(&service, own(WRITE, WriteAccess), "two").await;
    let third = service
        .invoke(own(WRITE, WriteAccess), Some("three"), requester())
        .await;
    assert_eq!(error_code(third), "too_many_pending");
    // Another requester may, and who decides makes room.
    let other = service
        .invoke(own(WRITE, WriteAccess), Some("four"), human())
        .await
        .unwrap();
    assert_eq!(other.status, RunStatus::Interrupted);
    service.answer(one, json!("no"), human()).await.unwrap();
    ask(&service, own(WRITE, WriteAccess), "three").await;
    assert_eq!(rig.executor.prepared(), 0);
}

#[tokio::test]
async fn the_question_is_complete_and_its_payload_is_an_answer() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (reply, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    let pending: Vec<PendingReply> =
        serde_json::from_value(command(&service, ServiceCommand::Pending).await.unwrap()).unwrap();
    assert_eq!(pending.len(), 1);
    let question = &pending[0].question;
    assert_eq!(pending[0].interrupt_id, id);
    assert_eq!(pending[0].requester, requester());
    assert_eq!(pending[0].channels, ["SR:MAG:QF1:SP"]);
    assert_eq!(pending[0].code_sha256, reply.code_sha256);
    assert_eq!(question, &reply.interrupts[0].question);
    assert_eq!(question["code"], WRITE);
    assert_eq!(question["code_sha256"], json!(reply.code_sha256));
    assert_eq!(question["execution_mode"], "write_access");
    assert_eq!(question["expires_at"], json!(reply.interrupts[0].expires_at));
    assert_eq!(question["findings"][0]["line"], 2);
    let message = question["user_message"].as_str().unwrap();
    assert!(message.contains("epics.caput('SR:MAG:QF1:SP', 3.0)"));
    // Honest about what is not done.
    assert_eq!(question["channels_enforced"], false);
    assert!(std::path::Path::new(question["notebook"].as_str().unwrap()).exists());
    let mut answer = question["resume_payload"].clone();
    answer["approved"] = json!(true);
    // With anything else in it, it is none.
    let mut forged = answer.clone();
    forged["code"] = json!(OTHER_WRITE);
    assert_eq!(
        error_code(service.answer(id, forged, human()).await),
        "decision_unclear"
    );
    let done = service.answer(id, answer, human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    assert_eq!(rig.executor.started()[0].code, WRITE);
    let state = service.engine().state(done.thread_id).await.unwrap().unwrap();
    assert_eq!(state.values["status"], json!(Status::Completed));
}

#[tokio::test]
async fn resolving_from_outside_cancels() {
    for node in [END, "process"] {
        let rig = Rig::new([]);
        let service = rig.open().await;
        let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
        let what = ServiceCommand::UpdateState {
            thread: "t".into(),
            values: Map::new(),
            as_node: Some(node.to_owned()),
        };
        let reply = run(&service, what).await.unwrap();
        assert_eq!(reply.status, RunStatus::Cancelled, "{node}");
        assert!(reply.next.is_empty() && reply.result.is_none(), "{node}");
        let ended = service
            .engine()
            .ended(reply.thread_id, id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(json!(ended.resolution)["type"], "cancelled", "{node}");
        assert_eq!(ended.by, human());
        prove(&service, &rig.executor).await;
    }
}
