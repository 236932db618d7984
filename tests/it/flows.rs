//! Every way through the graph `python_executor`.

use std::time::Duration;

use holdpoint::{
    config::{CodeApproval, Config, Level, ReadOnlyWrite},
    graphs::python_executor::{PythonResult, Request, Verdict},
    model::{Command, Event, ExecutionMode, InterruptKind},
    service::{RunReply, RunStatus, Service, ServiceCommand},
};
use serde_json::{Map, Value, json};

use crate::rig::{
    Line, OTHER_WRITE, READ, ReadOnly, Rig, WRITE, WriteAccess, approve, ask, asked, code, command, ending,
    error_code, human, own, prove, requester, run, show, task,
};

/// One way through: the generator's lines, the settings, the answers, and what is told of it.
struct Way<'a> {
    lines: Vec<Line>,
    mode: ExecutionMode,
    settings: fn(&mut Config),
    request: fn(&mut Request),
    answers: &'a [Value],
}

impl Way<'_> {
    fn of(mode: ExecutionMode, lines: impl IntoIterator<Item = Line>) -> Self {
        Self {
            lines: lines.into_iter().collect(),
            mode,
            settings: |_| {},
            request: |_| {},
            answers: &[],
        }
    }
}

/// Goes the way and tells: the statuses on it, the calls of the generator, the programs started, the
/// errors of the attempts, and the error it ended with.
#[track_caller]
fn check(way: Way<'_>, expected: &str) {
    let told = block_on(told(way));
    assert_eq!(told, expected);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future)
}

async fn told(way: Way<'_>) -> String {
    let rig = Rig::new(way.lines).with(way.settings);
    let service = rig.open().await;
    let mut request = task(way.mode);
    (way.request)(&mut request);
    let mut reply = service.invoke(request, Some("way"), requester()).await.unwrap();
    let mut statuses = vec![reply.status.as_str()];
    for answer in way.answers {
        reply = service
            .answer(asked(&reply), answer.clone(), human())
            .await
            .unwrap();
        statuses.push(reply.status.as_str());
    }
    prove(&service, &rig.executor).await;
    assert_eq!(show(&service, "way").await, reply);
    let result = reply.result.as_ref();
    let errors: Vec<&str> = result
        .iter()
        .flat_map(|result| &result.errors)
        .map(|error| error.code.as_str())
        .collect();
    let error = reply.error.as_ref().map_or("-", |error| error.code.as_str());
    format!(
        "{}; {} generated, {} started; attempts failed: {}; error: {error}",
        statuses.join(" > "),
        rig.script.calls().len(),
        rig.executor.started().len(),
        if errors.is_empty() {
            "-".to_owned()
        } else {
            errors.join(", ")
        },
    )
}

#[test]
fn straight_through_and_through_the_gate() {
    check(
        Way::of(ReadOnly, [code(READ)]),
        "completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
    check(
        Way {
            answers: &[approve()],
            ..Way::of(WriteAccess, [code(WRITE)])
        },
        "interrupted > completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
    // Write access asks, also for code in which nothing was found, and whatever the mode.
    check(
        Way {
            answers: &[approve()],
            settings: |config| {
                config.approval.global_mode = holdpoint::config::GlobalApproval::Disabled;
                config.approval.python_execution = CodeApproval::Disabled;
            },
            ..Way::of(WriteAccess, [code(READ)])
        },
        "interrupted > completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
    // Read-only code that writes is raised, by a human alone.
    check(
        Way {
            answers: &[approve()],
            ..Way::of(ReadOnly, [code(WRITE)])
        },
        "interrupted > completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
    check(
        Way {
            answers: &[approve()],
            settings: |config| config.approval.python_execution = CodeApproval::AllCode,
            ..Way::of(ReadOnly, [code(READ)])
        },
        "interrupted > completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
}

#[test]
fn rejected_with_its_reason() {
    check(
        Way {
            answers: &[json!({"approved": false, "reason": "wrong magnet"})],
            ..Way::of(WriteAccess, [code(WRITE)])
        },
        "interrupted > rejected; 1 generated, 0 started; attempts failed: -; error: rejected",
    );
}

#[test]
fn an_edit_never_approves() {
    let edit = |code: &str| json!({"type": "edit", "code": code});
    check(
        Way {
            answers: &[edit(OTHER_WRITE), approve()],
            ..Way::of(WriteAccess, [code(WRITE)])
        },
        "interrupted > interrupted > completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
    // Code that would have run without a question is asked about where it takes another's place.
    check(
        Way {
            answers: &[edit(READ), approve()],
            ..Way::of(ReadOnly, [code(WRITE)])
        },
        "interrupted > interrupted > completed; 1 generated, 1 started; attempts failed: -; error: -",
    );
    check(
        Way {
            answers: &[edit(OTHER_WRITE), edit(READ), json!("no")],
            ..Way::of(ReadOnly, [code(WRITE)])
        },
        "interrupted > interrupted > interrupted > rejected; 1 generated, 0 started; attempts failed: -; \
         error: rejected",
    );
    // Questions are capped, edits or not.
    check(
        Way {
            answers: &[edit(OTHER_WRITE), edit(WRITE), edit(OTHER_WRITE)],
            ..Way::of(WriteAccess, [code(WRITE)])
        },
        "interrupted > interrupted > interrupted > refused; 1 generated, 0 started; attempts failed: -; \
         error: too_many_questions",
    );
}

#[tokio::test]
async fn an_edited_program_runs_as_edited_and_in_the_mode_that_was_shown() {
    let rig = Rig::new([code(WRITE)]);
    let service = rig.open().await;
    let (first, id) = ask(&service, task(ReadOnly), "t").await;
    assert_eq!(first.interrupts[0].question["execution_mode"], "write_access");
    let edit = json!({"type": "edit", "code": READ});
    let second = service.answer(id, edit, human()).await.unwrap();
    let question = &second.interrupts[0].question;
    assert_ne!(asked(&second), id);
    assert_eq!(question["execution_mode"], "read_only");
    assert_eq!(question["code"], READ);
    assert_eq!(question["question_number"], 2);
    // Whose work it is does not change with whoever answers.
    assert_eq!(question["requester"]["name"], "ada");
    let done = service.answer(asked(&second), approve(), human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    let job = &rig.executor.started()[0];
    assert_eq!((job.code.as_str(), job.mode()), (READ, ReadOnly));
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn an_edit_that_cannot_be_read_decides_nothing() {
    let rig = Rig::new([code(WRITE)]);
    let service = rig.open().await;
    let (before, id) = ask(&service, task(WriteAccess), "t").await;
    for (edit, expected) in [
        ("def f(:\n", "decision_edit_unreadable"),
        ("x = 1\0\n", "decision_edit_unreadable"),
        ("   \n", "decision_nothing_left"),
        (WRITE, "decision_nothing_changed"),
    ] {
        let answer = json!({"type": "edit", "code": edit});
        assert_eq!(error_code(service.answer(id, answer, human()).await), expected);
        assert_eq!(show(&service, "t").await, before, "after {edit:?}");
    }
    assert_eq!(rig.script.calls().len(), 1);
}

#[tokio::test]
async fn changes_requested_go_to_the_generator_with_the_message() {
    let rig = Rig::new([code(WRITE), code(OTHER_WRITE)]);
    let service = rig.open().await;
    let (_, id) = ask(&service, task(WriteAccess), "t").await;
    let respond = json!({"type": "respond", "message": "use QF2"});
    let again = service.answer(id, respond, human()).await.unwrap();
    assert_eq!(again.status, RunStatus::Interrupted);
    let question = &again.interrupts[0].question;
    assert_eq!(question["code"], OTHER_WRITE);
    assert_eq!(question["attempt"], 2);
    assert_eq!(question["requester"]["name"], "ada");
    let told = &rig.script.calls()[1].errors;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].stage.as_str(), told[0].message.as_str()),
        ("approval", "use QF2")
    );
    assert_eq!(told[0].failed_code, WRITE);
    let done = service.answer(asked(&again), approve(), human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    assert_eq!(rig.executor.started()[0].code, OTHER_WRITE);
    prove(&service, &rig.executor).await;
}

#[test]
fn the_callers_own_code_is_not_replaced() {
    let own_write: fn(&mut Request) = |request| request.code = Some(WRITE.into());
    check(
        Way {
            answers: &[json!({"type": "respond", "message": "another magnet"})],
            request: own_write,
            ..Way::of(WriteAccess, [])
        },
        "interrupted > rejected; 0 generated, 0 started; attempts failed: -; error: changes_requested",
    );
    check(
        Way {
            request: |request| request.code = Some("def f(:".into()),
            ..Way::of(ReadOnly, [])
        },
        "failed; 0 generated, 0 started; attempts failed: syntax_error; error: syntax_error",
    );
    check(
        Way {
            request: |request| request.code = Some("results = {}\n# raise boom".into()),
            ..Way::of(ReadOnly, [])
        },
        "failed; 0 generated, 1 started; attempts failed: runtime_error; error: runtime_error",
    );
}

#[test]
fn what_policy_refuses_is_never_generated_anew() {
    check(
        Way {
            settings: |config| config.control_system.writes_enabled = false,
            ..Way::of(WriteAccess, [code(WRITE), code(READ)])
        },
        "refused; 0 generated, 0 started; attempts failed: -; error: writes_disabled",
    );
    check(
        Way {
            settings: |config| config.control_system.writes_enabled = false,
            ..Way::of(ReadOnly, [code(WRITE), code(READ)])
        },
        "refused; 1 generated, 0 started; attempts failed: -; error: writes_disabled",
    );
    check(
        Way {
            settings: |config| config.approval.read_only_write = ReadOnlyWrite::Refuse,
            ..Way::of(ReadOnly, [code(WRITE), code(READ)])
        },
        "refused; 1 generated, 0 started; attempts failed: -; error: write_in_read_only",
    );
    for mode in [ReadOnly, WriteAccess] {
        check(
            Way {
                settings: |config| {
                    config
                        .analysis
                        .rules
                        .insert("control_write".to_owned(), Level::Refuse);
                },
                ..Way::of(mode, [code(WRITE), code(READ)])
            },
            "refused; 1 generated, 0 started; attempts failed: -; error: refused_by_rule",
        );
    }
    check(
        Way::of(ReadOnly, [code(&"# much\n".repeat(200_000)), code(READ)]),
        "refused; 1 generated, 0 started; attempts failed: -; error: analysis_failed",
    );
}

#[test]
fn text_that_is_no_program_is_written_anew() {
    check(
        Way::of(ReadOnly, [code("def f(:"), code(READ)]),
        "completed; 2 generated, 1 started; attempts failed: syntax_error; error: -",
    );
    check(
        Way::of(ReadOnly, [Line::Empty, code(READ)]),
        "completed; 2 generated, 1 started; attempts failed: model_answer_empty; error: -",
    );
    // The same error twice stops early.
    check(
        Way::of(ReadOnly, [code("def f(:"), code("def f(:"), code(READ)]),
        "failed; 2 generated, 0 started; attempts failed: syntax_error, syntax_error; error: syntax_error",
    );
    // A model that declines is not asked for other code.
    check(
        Way::of(ReadOnly, [Line::Declines, code(READ)]),
        "failed; 1 generated, 0 started; attempts failed: model_declined; error: model_declined",
    );
}

#[test]
fn a_read_only_run_that_failed_is_written_anew() {
    check(
        Way::of(ReadOnly, [code(&ending(READ, "raise one")), code(READ)]),
        "completed; 2 generated, 2 started; attempts failed: runtime_error; error: -",
    );
    check(
        Way::of(ReadOnly, [code(&ending(READ, "missing")), code(READ)]),
        "completed; 2 generated, 2 started; attempts failed: results_missing; error: -",
    );
    check(
        Way::of(ReadOnly, [code(&ending(READ, "timeout")), code(READ)]),
        "completed; 2 generated, 2 started; attempts failed: execution_timeout; error: -",
    );
    check(
        Way::of(
            ReadOnly,
            ["one", "one", "two"].map(|what| code(&ending(READ, &format!("raise {what}")))),
        ),
        "failed; 2 generated, 2 started; attempts failed: runtime_error, runtime_error; error: runtime_error",
    );
    // What a second attempt may do is decided anew.
    check(
        Way::of(ReadOnly, [code(&ending(READ, "raise one")), code(WRITE)]),
        "interrupted; 2 generated, 1 started; attempts failed: -; error: -",
    );
}

#[test]
fn a_write_that_was_started_is_never_run_again() {
    check(
        Way {
            answers: &[approve()],
            ..Way::of(
                WriteAccess,
                [code(&ending(WRITE, "raise beam lost")), code(WRITE)],
            )
        },
        "interrupted > failed; 1 generated, 1 started; attempts failed: runtime_error; error: runtime_error",
    );
    check(
        Way {
            answers: &[approve()],
            ..Way::of(WriteAccess, [code(&ending(WRITE, "missing")), code(WRITE)])
        },
        "interrupted > failed; 1 generated, 1 started; attempts failed: results_missing; error: results_missing",
    );
}

#[test]
fn retries_are_capped() {
    let lines = || (1..9).map(|n| code(&ending(READ, &format!("raise {n}"))));
    let texts = || (1..9).map(|n| code(&format!("{}def f(:", "\n".repeat(n))));
    let cases: [(u32, u32, u32, bool, usize); 8] = [
        // retries, generation, execution, fails by running, generated
        (3, 3, 3, true, 3),
        (1, 3, 3, true, 1),
        (0, 3, 3, true, 1),
        (5, 3, 0, true, 1),
        (5, 0, 1, true, 2),
        (5, 0, 3, false, 1),
        (5, 2, 0, false, 3),
        (8, 20, 20, true, 8),
    ];
    for (retries, by_text, by_running, runs, generated) in cases {
        let count = block_on(async {
            let lines: Vec<Line> = if runs {
                lines().collect()
            } else {
                texts().collect()
            };
            let rig = Rig::new(lines).with(|config| {
                config.executor.max_generation_retries = by_text;
                config.executor.max_execution_retries = by_running;
            });
            let service = rig.open().await;
            let request = Request {
                retries,
                ..task(ReadOnly)
            };
            let reply = service.invoke(request, None, requester()).await.unwrap();
            assert_eq!(reply.status, RunStatus::Failed);
            rig.script.calls().len()
        });
        assert_eq!(count, generated, "retries {retries}, {by_text}, {by_running}");
    }
}

#[test]
fn an_unreachable_model_uses_up_no_attempt_and_is_given_its_time() {
    block_on(async {
        let wait = Duration::from_secs(37);
        let rig = Rig::new([Line::Unreachable(Some(wait)), Line::Unreachable(None), code(READ)]);
        let service = rig.open().await;
        let request = Request {
            retries: 1,
            ..task(ReadOnly)
        };
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let order = ServiceCommand::Run {
            request: json!(request),
            thread: None,
        };
        let reply = service.execute(order, requester(), Some(sender)).await.unwrap();
        let reply: RunReply = serde_json::from_value(reply).unwrap();
        let mut waits = Vec::new();
        while let Ok(event) = events.try_recv() {
            if let Event::TaskFailed { retry_in_ms, .. } = event {
                waits.push(retry_in_ms.unwrap());
            }
        }
        assert_eq!(waits[0], 37_000);
        assert_eq!(waits.len(), 2);
        let result = reply.result.unwrap();
        assert_eq!((result.attempts, result.errors.len()), (1, 0));
        assert!(rig.script.calls().iter().all(|call| call.attempt == 1));
        assert_eq!(rig.folders().len(), 1);
    });
    check(
        Way::of(ReadOnly, std::iter::repeat_n(Line::Unreachable(None), 9)),
        "failed; 3 generated, 0 started; attempts failed: -; error: model_unreachable",
    );
}

#[test]
fn a_host_that_is_short_for_a_moment_costs_no_attempt() {
    for (failures, status, prepared, started) in
        [(2, RunStatus::Completed, 3, 1), (9, RunStatus::Failed, 3, 0)]
    {
        for mode in [ReadOnly, WriteAccess] {
            block_on(async {
                let rig = Rig::new([code(READ), code(READ)]);
                rig.executor.fail_preparations(failures);
                let service = rig.open().await;
                let mut reply = service.invoke(task(mode), Some("t"), requester()).await.unwrap();
                if mode == WriteAccess {
                    reply = service.answer(asked(&reply), approve(), human()).await.unwrap();
                }
                assert_eq!(reply.status, status);
                assert_eq!(rig.executor.prepared(), prepared);
                assert_eq!(rig.executor.started().len(), started);
                assert_eq!(rig.script.calls().len(), 1);
                let head = service.engine().head(reply.thread_id).await.unwrap();
                assert!(head.grants.is_empty(), "a permission outlived its run");
                prove(&service, &rig.executor).await;
            });
        }
    }
}

async fn unknown(rig: &Rig, service: &Service) -> RunReply {
    let (_, id) = ask(service, task(WriteAccess), "t").await;
    let reply = service.answer(id, approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::OutcomeUnknown, "{reply:#?}");
    assert_eq!(reply.interrupts[0].kind, InterruptKind::OutcomeUnknown);
    assert_eq!(rig.executor.writes(), 1);
    reply
}

#[tokio::test]
async fn a_write_that_was_killed_is_settled_by_a_human() {
    let cases = [
        (
            json!({"settlement": "done", "note": "read back"}),
            RunStatus::Completed,
            None,
        ),
        (json!("failed"), RunStatus::Failed, Some("settled_as_failed")),
    ];
    for (answer, status, error) in cases {
        let rig = Rig::new([code(&ending(WRITE, "timeout")), code(READ)]);
        let service = rig.open().await;
        let waiting = unknown(&rig, &service).await;
        // A yes is no settlement, and nothing else goes on meanwhile.
        let id = asked(&waiting);
        assert_eq!(
            error_code(service.answer(id, approve(), human()).await),
            "decision_unclear"
        );
        for what in [
            service.invoke(own(READ, ReadOnly), Some("t"), requester()).await,
            service
                .resume(
                    "t",
                    Command {
                        goto: vec!["generate".into()],
                        ..Command::default()
                    },
                    human(),
                )
                .await,
        ] {
            assert_eq!(error_code(what), "outcome_unknown");
        }
        let reply = service.answer(id, answer, human()).await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.error.as_ref().map(|error| error.code.as_str()), error);
        let settled = reply.result.unwrap().settled.unwrap();
        assert_eq!(settled.by, human());
        assert_eq!(rig.executor.writes(), 1);
        assert_eq!(rig.script.calls().len(), 1);
        let proof = prove(&service, &rig.executor).await;
        assert!(proof.executions[0].ended.contains("settled as"));
    }
}

#[tokio::test]
async fn asking_again_after_an_unknown_outcome_says_that_it_may_have_run() {
    let rig = Rig::new([code(&ending(WRITE, "timeout"))]);
    let service = rig.open().await;
    let waiting = unknown(&rig, &service).await;
    let again = json!({"settlement": "ask_again", "note": "the magnet stands still"});
    let reply = service.answer(asked(&waiting), again, human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Interrupted);
    assert_eq!(rig.executor.writes(), 1, "asking is not running");
    let previous = reply.interrupts[0].question["previous"].as_str().unwrap();
    assert!(previous.contains("may already have run"), "{previous}");
    assert!(previous.contains("the magnet stands still"), "{previous}");
    let message = reply.interrupts[0].question["user_message"].as_str().unwrap();
    assert!(message.contains("may already have run"), "{message}");
    let reply = service.answer(asked(&reply), json!("no"), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Rejected);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn nobody_decides_in_time() {
    let rig = Rig::new([code(WRITE)]);
    let service = rig.open().await;
    let (_, id) = ask(&service, task(WriteAccess), "t").await;
    let day = 24 * 3600;
    rig.clock.set(day - 1);
    assert!(service.engine().expire_due().await.unwrap().is_empty());
    rig.clock.set(day);
    // A late decision is refused by the clock, whether the sweep came by or not.
    let late = error_code(service.answer(id, approve(), human()).await);
    assert!(
        ["decision_expired", "already_resolved"].contains(&late.as_str()),
        "{late}"
    );
    service.engine().expire_due().await.unwrap();
    service.engine().wait_idle().await;
    let reply = show(&service, "t").await;
    assert_eq!(reply.status, RunStatus::Expired);
    let result = reply.result.unwrap();
    assert_eq!(result.error.unwrap().code, "approval_expired");
    assert!(result.decision.unwrap().decision.is_none());
    assert_eq!(
        error_code(service.answer(id, approve(), human()).await),
        "already_resolved"
    );
    assert_eq!(rig.executor.prepared(), 0);
    prove(&service, &rig.executor).await;
}

/// The result's keys with the kinds of their values.
fn shape(result: &PythonResult) -> Vec<String> {
    let Value::Object(map) = json!(result) else {
        panic!("a result is an object");
    };
    map.keys().cloned().collect()
}

#[tokio::test]
async fn the_result_is_the_same_however_the_run_got_there() {
    let straight = {
        let rig = Rig::new([code(READ)]);
        let service = rig.open().await;
        let reply = service.invoke(task(ReadOnly), None, requester()).await.unwrap();
        reply.result.unwrap()
    };
    let approved = {
        let rig = Rig::new([code(READ)]).with(|config| {
            config.approval.python_execution = CodeApproval::AllCode;
        });
        let service = rig.open().await;
        let (_, id) = ask(&service, task(ReadOnly), "t").await;
        service
            .answer(id, approve(), human())
            .await
            .unwrap()
            .result
            .unwrap()
    };
    let rejected = {
        let rig = Rig::new([code(WRITE)]);
        let service = rig.open().await;
        let (_, id) = ask(&service, task(WriteAccess), "t").await;
        let reply = service.answer(id, json!("no"), human()).await.unwrap();
        reply.result.unwrap()
    };
    assert_eq!(shape(&straight), shape(&approved));
    assert_eq!(shape(&straight), shape(&rejected));
    let essence = |result: &PythonResult| {
        (
            result.code.clone(),
            result.code_sha256.clone(),
            result.results.clone(),
            result.stdout.clone(),
            result.execution_time_seconds,
            result.attempts,
            result.generator.clone(),
            result.model.clone(),
        )
    };
    assert_eq!(essence(&straight), essence(&approved));
    assert_eq!(straight.decision, None);
    assert!(approved.notebook.is_some() && rejected.notebook.is_some());
}

#[tokio::test]
async fn a_second_request_on_a_finished_thread_starts_clean() {
    let rig = Rig::new([code(&ending(READ, "raise one")), code(WRITE)]);
    let service = rig.open().await;
    let (_, id) = ask(&service, task(ReadOnly), "t").await;
    let first = service.answer(id, json!("no"), human()).await.unwrap();
    let folder = first.result.unwrap().folder.unwrap();
    let second = service
        .invoke(own(READ, ReadOnly), Some("t"), requester())
        .await
        .unwrap();
    assert_eq!(second.status, RunStatus::Completed);
    assert_eq!(second.thread_id, first.thread_id);
    let result = second.result.unwrap();
    assert_eq!(result.attempts, 1);
    assert!(result.errors.is_empty() && result.decision.is_none() && result.error.is_none());
    assert_eq!(result.code.as_deref(), Some(READ));
    assert_ne!(result.folder.unwrap(), folder);
    assert!(second.ended_interrupts.is_empty());
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn a_new_request_over_a_pending_question_cancels_it_and_says_so() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    let (second, other) = ask(&service, own(OTHER_WRITE, WriteAccess), "t").await;
    assert_eq!(second.ended_interrupts, [id]);
    assert_ne!(other, id);
    assert_eq!(
        error_code(service.answer(id, approve(), human()).await),
        "already_resolved"
    );
    let done = service.answer(other, approve(), human()).await.unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    assert_eq!(rig.executor.started().len(), 1);
    assert_eq!(rig.executor.started()[0].code, OTHER_WRITE);
    let thread = "t".to_owned();
    let history = command(&service, ServiceCommand::History { thread })
        .await
        .unwrap();
    assert!(history.to_string().contains("\"what\":\"cancelled\""));
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn missing_expected_results_are_warnings() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let request = Request {
        expected_results: Map::from_iter([
            ("mean".to_owned(), json!("float")),
            ("spread".to_owned(), json!("float")),
        ]),
        ..own(READ, ReadOnly)
    };
    let reply = service.invoke(request, None, requester()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Completed);
    let warnings = reply.result.unwrap().warnings;
    assert_eq!(warnings, ["'results' has no 'spread', which was expected"]);
}

#[tokio::test]
async fn stages_are_chained_by_the_names_of_their_threads() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let first = service
        .invoke(own(READ, ReadOnly), Some("stage1"), requester())
        .await
        .unwrap();
    let request = Request {
        capability_context_data: json!({"stage1": first.result.unwrap().results}),
        ..own(WRITE, WriteAccess)
    };
    let (second, id) = ask(&service, request, "stage2").await;
    assert_ne!(second.thread_id, first.thread_id);
    assert_eq!(second.thread_name.as_deref(), Some("stage2"));
    let again = show(&service, "stage1").await;
    assert_eq!(
        (again.thread_id, again.status),
        (first.thread_id, RunStatus::Completed)
    );
    service.answer(id, approve(), human()).await.unwrap();
    let given = &rig.executor.started()[1].context;
    assert_eq!(given, &json!({"stage1": {"mean": 2.0}}));
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn the_generator_is_told_the_whole_chain_of_errors() {
    let lines = [
        code("def f(:"),
        code(&ending(READ, "raise one")),
        code(&ending(READ, "missing")),
        code(READ),
    ];
    let rig = Rig::new(lines);
    let service = rig.open().await;
    let request = Request {
        retries: 9,
        ..task(ReadOnly)
    };
    let reply = service.invoke(request, None, requester()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Completed);
    let told: Vec<Vec<String>> = rig
        .script
        .calls()
        .iter()
        .map(|call| call.errors.iter().map(|error| error.code.clone()).collect())
        .collect();
    let codes = ["syntax_error", "runtime_error", "results_missing"];
    let expected: Vec<Vec<&str>> = (0..4).map(|n| codes[..n].to_vec()).collect();
    assert_eq!(told, expected);
    let last = &rig.script.calls()[2].errors[1];
    assert!(last.message.contains("one") && last.traceback.contains("RuntimeError"));
    // Every attempt that left code has its notebook.
    let notebooks = reply.result.unwrap().artifacts;
    let notebooks = notebooks.iter().filter(|artifact| artifact.kind == "notebook");
    assert_eq!(notebooks.count(), 4);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn where_the_analysis_is_crossed_the_state_shows_its_verdict() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    for (text, mode, verdict) in [
        (READ, ReadOnly, Verdict::Run),
        (WRITE, WriteAccess, Verdict::Ask),
        ("def f(:", ReadOnly, Verdict::Stop),
    ] {
        let reply = service.invoke(own(text, mode), None, requester()).await.unwrap();
        let state = service.engine().state(reply.thread_id).await.unwrap().unwrap();
        assert_eq!(state.values["analysis_result"]["verdict"], json!(verdict));
        assert_eq!(
            state.values["analysis_result"]["policy_version"],
            json!(service.policy_version())
        );
    }
    let thread = "nobody".to_owned();
    let missing = run(&service, ServiceCommand::Continue { thread }).await;
    assert_eq!(missing.unwrap_err().code, "unknown_thread");
}
