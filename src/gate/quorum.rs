//! Whose answer counts, and how many approvals a program needs.
//!
//! Everything is judged on the head that the answer is committed behind: of two answers that are given at the
//! same time, the second is judged again with the first in its place.

use serde_json::{Value, json};

use super::{Decided, Decision, Refusal};
use crate::{
    config::ApprovalSettings,
    model::{Actor, Answering, Authentication, ExecutionMode, Role, Vote},
};

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// Under whose name the trail keeps it.
    pub by: Actor,
    /// How many further approvals are needed; with 0 it decides.
    pub missing: u32,
}

/// Judges whether the answerer may decide so, and whether that decides already.
///
/// # Errors
/// [`Refusal`] `forbidden`, `own_request`, `four_eyes`, `voted_before` or `votes_differ`: the question stays.
pub fn weigh(
    decided: &Decided,
    answering: &Answering<'_>,
    settings: &ApprovalSettings,
) -> Result<Weighed, Refusal> {
    let by = answering.by.actor.clone();
    let Some(binding) = &decided.binding else {
        // Whatever lets nothing run, those who ask may say too.
        return match answering.is_own() {
            true => Ok(Weighed { by, missing: 0 }),
            false => must_approve(answering).map(|()| Weighed { by, missing: 0 }),
        };
    };
    let by = approver(binding.mode, answering, settings)?;
    if let Some(vote) = answering.votes.iter().find(|vote| vote.by.may_be(&by)) {
        let message = format!(
            "{} approved this at {}, and whoever approves it with them must be someone else",
            super::text::visible_line(&vote.by.name),
            vote.at
        );
        return Err(Refusal::new("voted_before", message));
    }
    if let Some(vote) = answering.votes.iter().find(|vote| !is_same(vote, decided)) {
        let message = format!(
            "the approval of {} is for other process variables ({}); approve the same, or reject",
            super::text::visible_line(&vote.by.name),
            listed(&vote.facts["channels"]),
        );
        return Err(Refusal::new("votes_differ", message));
    }
    let given = u32::try_from(answering.votes.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    Ok(Weighed {
        by,
        missing: settings.quorum.saturating_sub(given),
    })
}

/// Under whose name an approval counts.
fn approver(
    mode: ExecutionMode,
    answering: &Answering<'_>,
    settings: &ApprovalSettings,
) -> Result<Actor, Refusal> {
    let caller = answering.by;
    let entitled = caller.has(&[Role::Approver, Role::Admin]);
    if !answering.is_own() {
        must_approve(answering)?;
        return Ok(caller.actor.clone());
    }
    if settings.four_eyes {
        return Err(Refusal::new(
            "four_eyes",
            "whoever asked for a program, owns its thread or changed it does not approve it \
             (approval.four_eyes); another must",
        ));
    }
    let alone = mode == ExecutionMode::WriteAccess && caller.is_remote();
    if entitled && !alone {
        return Ok(caller.actor.clone());
    }
    // Several approvals are those of several people: what a key passes on is nobody's that is known.
    if settings.allow_relay && settings.quorum == 1 && caller.is_remote() {
        return Ok(relayed(&caller.actor));
    }
    if entitled {
        return Err(Refusal::new(
            "own_request",
            "write access is not approved by the key that asked for it; another must approve it \
             (approval.allow_relay would let this key pass on a human's word)",
        ));
    }
    must_approve(answering)?;
    Ok(caller.actor.clone())
}

/// Judges whether the answerer may settle an unknown outcome, and under whose name the trail keeps it.
///
/// # Errors
/// [`Refusal`] `forbidden`: the question stays.
pub fn settler(answering: &Answering<'_>, settings: &ApprovalSettings) -> Result<Actor, Refusal> {
    let caller = answering.by;
    if settings.allow_relay && answering.is_own() && !caller.has(&[Role::Approver, Role::Admin]) {
        return Ok(relayed(&caller.actor));
    }
    must_approve(answering)?;
    Ok(caller.actor.clone())
}

fn must_approve(answering: &Answering<'_>) -> Result<(), Refusal> {
    if answering.by.has(&[Role::Approver, Role::Admin]) {
        return Ok(());
    }
    let name = super::text::visible_line(&answering.by.actor.name);
    let message = format!("{name} may not decide this; that takes the role approver");
    Err(Refusal::new("forbidden", message))
}

/// The word of a human that nobody knows, passed on by `actor`.
fn relayed(actor: &Actor) -> Actor {
    let by = match &actor.authentication {
        Authentication::Key { id } => id.clone(),
        Authentication::Proxy { address } => format!("the proxy {address}"),
        Authentication::Asserted { os_user } => os_user.clone(),
        Authentication::Relayed { by } => by.clone(),
        Authentication::Loopback | Authentication::System => actor.name.clone(),
    };
    Actor {
        authentication: Authentication::Relayed { by },
        ..actor.clone()
    }
}

/// Whether an approval that stands permits the same.
fn is_same(vote: &Vote, decided: &Decided) -> bool {
    let channels = decided.binding.as_ref().map(|binding| json!(binding.channels));
    let approves = matches!(
        serde_json::from_value(vote.value.clone()),
        Ok(Decision::Approve { .. })
    );
    approves && vote.facts.get("channels") == channels.as_ref()
}

fn listed(channels: &Value) -> String {
    let names = channels.as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(Value::as_str)
        .map(super::text::visible_line)
        .collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}
