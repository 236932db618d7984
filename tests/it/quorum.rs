//! Whose approval counts, and how many it takes.

use std::{collections::BTreeSet, sync::Arc};

use holdpoint::{
    config::Config,
    model::{Actor, Authentication, Caller, Entrance, Entry, InterruptId, Role, Vote},
    service::{HistoryReply, PendingReply, RunReply, RunStatus, Service, ServiceCommand},
    store::RecordRange,
};
use serde_json::{Value, json};

use crate::{
    keys::{holder, keyed, make, revoke},
    rig::{
        OTHER_WRITE, READ, ReadOnly, Rig, WRITE, WriteAccess, approve, asked, command, error_code, human,
        own, prove, requester, show,
    },
};

use Role::{Admin, Approver, Requester};

async fn entries(service: &Service, thread: &RunReply) -> Vec<Entry> {
    let records = service
        .engine()
        .store()
        .records(thread.thread_id, RecordRange::ALL);
    let records = records.await.unwrap();
    records.into_iter().map(|stored| stored.record.entry).collect()
}

fn votes(entries: &[Entry]) -> Vec<Vote> {
    let vote = |entry: &Entry| match entry {
        Entry::Voted { vote, .. } => Some(vote.clone()),
        _ => None,
    };
    entries.iter().filter_map(vote).collect()
}

/// The grants that were given, with who answered.
fn grants(entries: &[Entry]) -> Vec<Actor> {
    let given = |entry: &Entry| match entry {
        Entry::Resolved {
            answer,
            grant: Some(grant),
        } => {
            assert_eq!(answer.by, grant.approved_by);
            Some(answer.by.clone())
        }
        _ => None,
    };
    entries.iter().filter_map(given).collect()
}

async fn asks(service: &Service, by: impl Into<Caller>, thread: &str) -> (RunReply, InterruptId) {
    let reply = service
        .invoke(own(WRITE, WriteAccess), Some(thread), by)
        .await
        .unwrap();
    let id = asked(&reply);
    (reply, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_votes_given_at_once_none_is_lost_and_none_counts_twice() {
    for round in 0..5 {
        let rig = Rig::new([]).with(|config| config.approval.quorum = 4);
        let service = Arc::new(rig.open().await);
        let (waits, id) = asks(&service, requester(), "t").await;
        let mut voters = Vec::new();
        for n in 0..10 {
            voters.push(keyed(&service, &format!("approver-{n}"), &[Approver]).await);
        }
        // Each of them approves three times over.
        let answers: Vec<_> = (0..30)
            .map(|n| {
                let (service, by) = (service.clone(), voters[n % 10].clone());
                tokio::spawn(async move {
                    let answer = service.answer(id, approve(), by.clone()).await;
                    (by.actor.name, answer)
                })
            })
            .collect();
        let mut taken = Vec::new();
        for answer in answers {
            match answer.await.unwrap() {
                (name, Ok(_)) => taken.push(name),
                (_, Err(error)) => {
                    let code = error.reply().code;
                    assert!(
                        ["voted_before", "already_resolved"].contains(&code.as_str()),
                        "{round}: {code}"
                    );
                }
            }
        }
        let entries = entries(&service, &waits).await;
        let mut kept: Vec<String> = votes(&entries).into_iter().map(|vote| vote.by.name).collect();
        assert_eq!(kept.len(), 3, "{round}");
        let last = grants(&entries);
        assert_eq!(last.len(), 1, "{round}");
        kept.push(last[0].name.clone());
        assert_eq!(
            kept.iter().collect::<BTreeSet<_>>().len(),
            4,
            "{round}: one counted twice"
        );
        kept.sort();
        taken.sort();
        assert_eq!(kept, taken, "{round}: what was acknowledged is what stands");
        assert_eq!(rig.executor.writes(), 1);
        prove(&service, &rig.executor).await;
    }
}

/// Who answers a question of the key `assistant`.
#[derive(Debug, Clone, Copy)]
enum Who {
    Itself,
    ItsNewKey,
    Namesake,
    Another,
    AnotherRequester,
    Local,
    LocalNamesake,
}

#[tokio::test]
async fn no_key_approves_what_it_asked_for() {
    let plain = |_: &mut Config| {};
    let relay = |config: &mut Config| config.approval.allow_relay = true;
    let four_eyes = |config: &mut Config| config.approval.four_eyes = true;
    let both: &[Role] = &[Requester, Approver];
    type Change = fn(&mut Config);
    let table: [(&[Role], Change, Who, &str); 18] = [
        (&[Requester], plain, Who::Itself, "forbidden"),
        (both, plain, Who::Itself, "own_request"),
        (&[Requester, Admin], plain, Who::Itself, "own_request"),
        (both, plain, Who::ItsNewKey, "own_request"),
        (both, plain, Who::Namesake, "own_request"),
        (both, plain, Who::Another, "key"),
        (both, plain, Who::AnotherRequester, "unknown_interrupt"),
        (both, plain, Who::Local, "asserted"),
        // The word of a name alone is not another's: but who is on the host could do anything.
        (both, plain, Who::LocalNamesake, "asserted"),
        (&[Requester], relay, Who::Itself, "relayed"),
        (both, relay, Who::Itself, "relayed"),
        (both, relay, Who::Another, "key"),
        (both, relay, Who::AnotherRequester, "unknown_interrupt"),
        (both, four_eyes, Who::Itself, "four_eyes"),
        (both, four_eyes, Who::ItsNewKey, "four_eyes"),
        (both, four_eyes, Who::Another, "key"),
        (both, four_eyes, Who::Local, "asserted"),
        (both, four_eyes, Who::LocalNamesake, "four_eyes"),
    ];
    for (index, (roles, change, who, expected)) in table.into_iter().enumerate() {
        let rig = Rig::new([]).with(change);
        let service = rig.open().await;
        let assistant = keyed(&service, "assistant", roles).await;
        let (waits, id) = asks(&service, assistant.clone(), "t").await;
        let by: Caller = match who {
            Who::Itself => assistant.clone(),
            Who::ItsNewKey => {
                revoke(&service, "assistant").await.unwrap();
                keyed(&service, "assistant", roles).await
            }
            Who::Namesake => Caller {
                actor: Actor {
                    name: "Assistant".into(),
                    authentication: Authentication::Proxy {
                        address: "10.0.0.1".into(),
                    },
                    entrance: Entrance::Http,
                },
                roles: [Approver].into(),
            },
            Who::Another => keyed(&service, "grace", &[Approver]).await,
            Who::AnotherRequester => keyed(&service, "other", &[Requester]).await,
            Who::Local => human().into(),
            Who::LocalNamesake => Actor::asserted("assistant", "ops", Entrance::Cli).into(),
        };
        let answer = service.answer(id, approve(), by.clone()).await;
        let trail = grants(&entries(&service, &waits).await);
        let found = match answer {
            Ok(reply) => {
                assert_eq!(reply.status, RunStatus::Completed, "{index}");
                let [given] = trail.as_slice() else {
                    panic!("{index}: {trail:?}")
                };
                assert_eq!(given.name, by.actor.name);
                json!(given.authentication)["type"].as_str().unwrap().to_owned()
            }
            Err(error) => {
                assert!(trail.is_empty());
                // Whatever was refused: the question is pending, and may be rejected by who asked.
                let no = service.answer(id, json!("no"), human()).await.unwrap();
                assert_eq!(no.status, RunStatus::Rejected);
                error.reply().code
            }
        };
        assert_eq!(found, expected, "{index}: {who:?}");
        assert_eq!(rig.executor.writes(), trail.len());
        prove(&service, &rig.executor).await;
    }
}

#[tokio::test]
async fn what_only_reads_an_approver_may_approve_for_themselves() {
    let all_code = |config: &mut Config| {
        config.approval.python_execution = holdpoint::config::CodeApproval::AllCode;
    };
    for (four_eyes, roles, expected) in [
        (false, &[Requester, Approver][..], Ok(RunStatus::Completed)),
        (false, &[Requester], Err("forbidden")),
        (true, &[Requester, Approver], Err("four_eyes")),
    ] {
        let rig = Rig::new([])
            .with(all_code)
            .with(|config| config.approval.four_eyes = four_eyes);
        let service = rig.open().await;
        let by = keyed(&service, "assistant", roles).await;
        let waits = service
            .invoke(own(READ, ReadOnly), None, by.clone())
            .await
            .unwrap();
        let answer = service.answer(asked(&waits), approve(), by.clone()).await;
        let found = answer
            .map(|reply| reply.status)
            .map_err(|error| error.reply().code);
        assert_eq!(found, expected.map_err(str::to_owned));
        if expected.is_err() {
            // Who asks can always let it be.
            let no = service.answer(asked(&waits), json!("no"), by).await.unwrap();
            assert_eq!(no.status, RunStatus::Rejected);
        }
    }
}

#[tokio::test]
async fn whoever_changes_what_is_asked_about_asks_too() {
    let edit = json!({"type": "edit", "code": OTHER_WRITE});
    for four_eyes in [false, true] {
        let rig = Rig::new([]).with(|config| {
            config.approval.four_eyes = four_eyes;
            config.approval.max_questions = 10;
        });
        let service = rig.open().await;
        let editor = keyed(&service, "editor", &[Approver]).await;
        let admin = keyed(&service, "admin", &[Admin]).await;
        let refusal = if four_eyes { "four_eyes" } else { "own_request" };
        let (_, id) = asks(&service, requester(), "edited").await;
        let again = service.answer(id, edit.clone(), editor.clone()).await.unwrap();
        assert_eq!(
            error_code(service.answer(asked(&again), approve(), editor.clone()).await),
            refusal
        );
        // Someone else changes it once more: both are among those who ask.
        let what = ServiceCommand::UpdateState {
            thread: "edited".into(),
            values: json!({"generated_code": WRITE}).as_object().unwrap().clone(),
            as_node: None,
        };
        let changed = service.execute(what, admin.clone(), None).await.unwrap();
        let changed: RunReply = serde_json::from_value(changed).unwrap();
        for by in [&editor, &admin] {
            assert_eq!(
                error_code(service.answer(asked(&changed), approve(), by.clone()).await),
                refusal
            );
        }
        // On a copy it is the same, and whoever copied it is one of them.
        let what = ServiceCommand::Fork {
            thread: "edited".into(),
            checkpoint: None,
            into: Some("copy".into()),
        };
        let copied = command(&service, what).await.unwrap();
        let copied: RunReply = serde_json::from_value(copied).unwrap();
        for by in [&editor, &admin] {
            assert_eq!(
                error_code(service.answer(asked(&copied), approve(), by.clone()).await),
                refusal
            );
        }
        let other = keyed(&service, "judge", &[Approver]).await;
        let done = service
            .answer(asked(&copied), approve(), other.clone())
            .await
            .unwrap();
        assert_eq!(done.status, RunStatus::Completed);
        // New input is a new request: the editor had no part in it.
        let (_, id) = asks(&service, requester(), "edited").await;
        service.answer(id, approve(), editor).await.unwrap();
        assert_eq!(rig.executor.writes(), 2);
        prove(&service, &rig.executor).await;
    }
}

#[tokio::test]
async fn under_four_eyes_one_user_of_the_system_is_one_whatever_they_call_themselves() {
    let rig = Rig::new([]).with(|config| config.approval.four_eyes = true);
    let service = rig.open().await;
    let (_, id) = asks(&service, requester(), "t").await;
    let alias = Actor::asserted("someone else", "ada", Entrance::Cli);
    assert_eq!(
        error_code(service.answer(id, approve(), alias).await),
        "four_eyes"
    );
    service.answer(id, approve(), human()).await.unwrap();
}

#[tokio::test]
async fn votes_outlive_the_process_and_are_shown() {
    let rig = Rig::on_disk([]).with(|config| config.approval.quorum = 2);
    let service = rig.open().await;
    let (first, second) = (
        make(&service, "first", &[Approver], None).await.key,
        make(&service, "second", &[Approver], None).await.key,
    );
    let (waits, id) = asks(&service, requester(), "t").await;
    let voted = service
        .answer(id, approve(), holder(&service, &first))
        .await
        .unwrap();
    assert_eq!(voted.status, RunStatus::Interrupted);
    assert_eq!(asked(&voted), id);
    assert_eq!(voted.interrupts[0].votes[0].by.name, "first");
    assert_eq!(rig.executor.prepared(), 0);
    service.close().await.unwrap();

    let service = rig.open().await;
    let pending = command(&service, ServiceCommand::Pending).await.unwrap();
    let pending: Vec<PendingReply> = serde_json::from_value(pending).unwrap();
    assert_eq!((pending[0].votes.len(), pending[0].quorum), (1, 2));
    let history = command(&service, ServiceCommand::History { thread: "t".into() })
        .await
        .unwrap();
    let history: Vec<HistoryReply> = serde_json::from_value(history).unwrap();
    let events = history.iter().flat_map(|step| &step.events);
    let voted: Vec<_> = events.filter(|event| event.what == "voted").collect();
    assert_eq!(voted.len(), 1);
    assert_eq!(voted[0].by.as_ref().unwrap().name, "first");
    let twice = service.answer(id, approve(), holder(&service, &first)).await;
    assert_eq!(error_code(twice), "voted_before");
    let done = service
        .answer(id, approve(), holder(&service, &second))
        .await
        .unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    let last = entries(&service, &waits)
        .await
        .into_iter()
        .find_map(|entry| match entry {
            Entry::Resolved { answer, .. } => Some(answer),
            _ => None,
        });
    let approvals = last.unwrap().facts["approvals"].clone();
    let names: Vec<&str> = approvals
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["by"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["first", "second"]);
    let proof = prove(&service, &rig.executor).await.executions.remove(0);
    assert_eq!(proof.approved_by.unwrap().name, "second");
    assert_eq!(proof.approved_with[0].name, "first");
    service.close().await.unwrap();
}

#[tokio::test]
async fn one_who_does_not_agree_is_enough() {
    let answers = [
        (json!("no"), RunStatus::Rejected),
        (
            json!({"type": "edit", "code": OTHER_WRITE}),
            RunStatus::Interrupted,
        ),
    ];
    for (answer, status) in answers {
        let rig = Rig::new([]).with(|config| config.approval.quorum = 2);
        let service = rig.open().await;
        let (first, second) = (
            keyed(&service, "first", &[Approver]).await,
            keyed(&service, "second", &[Approver]).await,
        );
        let (waits, id) = asks(&service, requester(), "t").await;
        service.answer(id, approve(), first.clone()).await.unwrap();
        let after = service.answer(id, answer, second).await.unwrap();
        assert_eq!(after.status, status);
        assert!(
            service
                .engine()
                .head(waits.thread_id)
                .await
                .unwrap()
                .votes
                .is_empty()
        );
        if status == RunStatus::Interrupted {
            // What was approved before was other code: nothing of it counts here.
            let id = asked(&after);
            let voted = service.answer(id, approve(), first).await.unwrap();
            assert_eq!(voted.interrupts[0].votes.len(), 1);
            let third = keyed(&service, "third", &[Approver]).await;
            let done = service.answer(id, approve(), third).await.unwrap();
            assert_eq!(done.status, RunStatus::Completed);
        }
        prove(&service, &rig.executor).await;
    }
}

#[tokio::test]
async fn approvals_of_different_things_do_not_add_up() {
    let rig = Rig::new([]).with(|config| config.approval.quorum = 2);
    let service = rig.open().await;
    let (first, second) = (
        keyed(&service, "first", &[Approver]).await,
        keyed(&service, "second", &[Approver]).await,
    );
    let (_, id) = asks(&service, requester(), "t").await;
    let narrower = json!({"type": "approve", "channels": []});
    service.answer(id, narrower.clone(), first).await.unwrap();
    let differs = service.answer(id, approve(), second.clone()).await;
    assert_eq!(error_code(differs), "votes_differ");
    assert_eq!(show(&service, "t").await.interrupts[0].votes.len(), 1);
    service.answer(id, narrower, second).await.unwrap();
    assert_eq!(rig.executor.writes(), 1);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn nothing_runs_on_the_approval_of_a_key_that_was_revoked() {
    let rig = Rig::new([]).with(|config| config.approval.quorum = 2);
    let service = rig.open().await;
    let (first, second) = (
        keyed(&service, "first", &[Approver]).await,
        keyed(&service, "second", &[Approver]).await,
    );
    let (_, id) = asks(&service, requester(), "t").await;
    service.answer(id, approve(), first).await.unwrap();
    revoke(&service, "first").await.unwrap();
    let late = service.answer(id, approve(), second.clone()).await;
    assert_eq!(error_code(late), "key_not_live");
    assert_eq!(rig.executor.prepared(), 0);
    let no = service.answer(id, json!("no"), second).await.unwrap();
    assert_eq!(no.status, RunStatus::Rejected);
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn a_vote_comes_in_time_and_not_while_writes_are_frozen() {
    let rig = Rig::new([]).with(|config| config.approval.quorum = 2);
    let service = rig.open().await;
    let first = keyed(&service, "first", &[Approver]).await;
    let (_, id) = asks(&service, requester(), "t").await;
    service.freeze(None, human()).await.unwrap();
    assert_eq!(
        error_code(service.answer(id, approve(), first.clone()).await),
        "frozen"
    );
    service.unfreeze(human()).await.unwrap();
    rig.clock.set(rig.config.approval.expires_after.as_secs() as i64);
    assert_eq!(
        error_code(service.answer(id, approve(), first).await),
        "decision_expired"
    );
    let votes: Value = json!(
        service
            .engine()
            .head(show(&service, "t").await.thread_id)
            .await
            .unwrap()
            .votes
    );
    assert_eq!(votes, json!([]));
}
