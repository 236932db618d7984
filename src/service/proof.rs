//! The proof that what ran is what was approved, drawn from a thread's records alone.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    execution::gateway::PvName,
    gate::Binding,
    model::{
        Actor, Answer, CodeSha256, Entry, Grant, GrantId, InterruptId, Resolution, TaskId, ThreadId, Vote,
    },
    store::StoredRecord,
};

use super::{ExecutionProof, ProblemReply};

/// Every execution under an approval, and those that don't fit their approval.
pub(super) fn executions(
    thread: ThreadId,
    records: &[StoredRecord],
) -> (Vec<ExecutionProof>, Vec<ProblemReply>) {
    let mut grants: HashMap<GrantId, (&Grant, &Answer)> = HashMap::new();
    let mut votes: HashMap<InterruptId, Vec<&Vote>> = HashMap::new();
    let mut proofs: Vec<(TaskId, String, ExecutionProof)> = Vec::new();
    let mut permitted: HashMap<TaskId, Vec<String>> = HashMap::new();
    let mut problems = Vec::new();
    for StoredRecord { record, .. } in records {
        let mut problem = |what: String| {
            problems.push(ProblemReply {
                thread_id: Some(thread),
                seq: Some(record.seq),
                what,
            })
        };
        match &record.entry {
            Entry::Voted { vote, .. } => votes.entry(vote.interrupt).or_default().push(vote),
            Entry::Resolved { answer, grant } => {
                if let Some(grant) = grant {
                    let given = votes.remove(&answer.interrupt).unwrap_or_default();
                    if let Some(what) = misfit(&given, answer) {
                        problem(what);
                    }
                    grants.insert(grant.id, (grant, answer));
                }
                // A human's settlement is how an unknown outcome came to its end.
                let settled = match &answer.resolution {
                    Resolution::Answered { value } => value.get("settlement").and_then(Value::as_str),
                    _ => None,
                };
                if let Some(settled) = settled {
                    for (_, _, proof) in proofs.iter_mut().filter(|(task, _, _)| *task == answer.task) {
                        proof.ended = format!("settled as {settled} by {}", answer.by.name);
                    }
                }
            }
            Entry::EffectStarted {
                task,
                name,
                grant: Some(id),
                facts,
                ..
            } => {
                let Some((grant, answer)) = grants.get(id) else {
                    problem(format!(
                        "an effect was started under a grant {id} that nobody gave"
                    ));
                    continue;
                };
                let binding = match Binding::of(grant) {
                    Ok(binding) => binding,
                    // Another graph's grant is bound to something this proof knows nothing of.
                    Err(_) => continue,
                };
                let code = facts.get("code").and_then(Value::as_str).unwrap_or_default();
                let ran = CodeSha256::of(code.as_bytes());
                let approved = &binding.code_sha256;
                let decided = answer.facts.get("code_sha256").and_then(Value::as_str);
                if ran != *approved || decided != Some(approved.0.as_str()) {
                    problem(format!(
                        "the code that ran ({ran}) is not the code that was approved ({approved})"
                    ));
                }
                if facts.get("execution_mode").and_then(Value::as_str) != Some(binding.mode.as_str()) {
                    problem("a program was started in another mode than was approved".into());
                }
                if answer.facts.get("decision").and_then(Value::as_str) != Some("approve") {
                    problem("a program was started on an answer that was no approval".into());
                }
                if record.at > grant.expires_at {
                    problem("a program was started after its approval had run out".into());
                }
                permitted.insert(
                    *task,
                    binding.channels.iter().map(|name| canonical(name)).collect(),
                );
                let proof = ExecutionProof {
                    thread_id: thread,
                    seq: record.seq,
                    started_at: record.at,
                    ran_sha256: ran.to_string(),
                    approved_sha256: approved.to_string(),
                    interrupt_id: Some(grant.interrupt),
                    approved_by: Some(grant.approved_by.clone()),
                    approved_with: approvers(answer),
                    approved_at: Some(grant.issued_at),
                    execution_mode: binding.mode.as_str().to_owned(),
                    ended: "unknown".into(),
                };
                proofs.push((*task, name.clone(), proof));
            }
            Entry::EffectStarted {
                grant: None, facts, ..
            } if facts.get("code").is_some() => {
                problem("a program was started as an effect without any approval".into());
            }
            Entry::Noted {
                task, name, facts, ..
            } if name == "put" => {
                let pv = facts.get("pv").and_then(Value::as_str).unwrap_or_default();
                let approved = permitted
                    .get(task)
                    .is_some_and(|names| names.iter().any(|name| name == pv));
                if !approved {
                    problem(format!(
                        "{} was written, which was not among the process variables that were approved",
                        crate::gate::text::visible_line(pv)
                    ));
                }
            }
            Entry::EffectFinished { task, name, .. } => {
                for (_, _, proof) in proofs
                    .iter_mut()
                    .filter(|(of, effect, _)| of == task && effect == name)
                {
                    proof.ended = "finished".into();
                }
            }
            _ => {}
        }
    }
    (proofs.into_iter().map(|(_, _, proof)| proof).collect(), problems)
}

/// Those who approved besides whoever approved last, as the answer tells.
fn approvers(answer: &Answer) -> Vec<Actor> {
    let listed = answer.facts.get("approvals").and_then(Value::as_array);
    let mut actors: Vec<Actor> = listed
        .into_iter()
        .flatten()
        .filter_map(|one| serde_json::from_value(one.get("by")?.clone()).ok())
        .collect();
    actors.pop();
    actors
}

/// Whether an approval rests on others than those that were given, or on one person twice.
fn misfit(votes: &[&Vote], answer: &Answer) -> Option<String> {
    let given: Vec<&Actor> = votes.iter().map(|vote| &vote.by).collect();
    if given != approvers(answer).iter().collect::<Vec<_>>() {
        return Some("the approvals that an answer tells of are not those that were given".into());
    }
    let people: Vec<&Actor> = given.into_iter().chain([&answer.by]).collect();
    let twice = (1..people.len()).any(|at| people[..at].iter().any(|other| other.may_be(people[at])));
    twice.then(|| "someone's approval counted twice".into())
}

/// A process variable's one name; what is none stands for nothing.
fn canonical(name: &str) -> String {
    PvName::parse(name).map_or_else(|_| String::new(), |name| name.canonical().to_owned())
}
