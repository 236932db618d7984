//! Who may do what: one table, whatever the entrance.

use crate::model::{Actor, Caller, Head, Role};

use super::Refusal;

/// What can be done with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask for a program to be run.
    Ask,
    /// Go on with a thread, go back, change its state, or delete it.
    Steer,
    /// Answer a question. What an answer may say is the gate's to judge, where it is committed.
    Answer,
    /// Cancel a thread's run, or end its questions.
    Cancel,
    /// See a thread with all that happened on it.
    Read,
    /// List what one may see.
    List,
    /// Stop all writes.
    Freeze,
    /// Let writes start again.
    Unfreeze,
    /// Verify everything stored, and vouch for it.
    Audit,
    /// Give keys to others, list them and revoke them.
    ManageKeys,
}

/// What it is done to.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The service.
    Service,
    /// A thread that is still to be made.
    NewThread,
    /// A thread.
    Thread(&'a Head),
}

impl<'a> From<Option<&'a Head>> for Subject<'a> {
    fn from(head: Option<&'a Head>) -> Self {
        head.map_or(Self::NewThread, Self::Thread)
    }
}

/// Who may do an action.
struct Rule {
    /// Those who may always.
    all: &'static [Role],
    /// Those who may on threads of their own, and on new ones.
    own: &'static [Role],
    /// Those who may on threads that asked something since their last input.
    asking: &'static [Role],
}

use Role::{Admin, Approver, Auditor, Requester};

const fn rule(action: Action) -> Rule {
    let (all, own, asking): (&[Role], &[Role], &[Role]) = match action {
        Action::Ask => (&[Admin], &[Requester], &[]),
        Action::Steer => (&[Admin], &[Requester], &[]),
        Action::Answer => (&[Admin], &[Requester], &[Approver]),
        Action::Cancel => (&[Admin], &[Requester], &[Approver]),
        Action::Read => (&[Auditor, Admin], &Role::ALL, &[Approver]),
        Action::List => (&Role::ALL, &[], &[]),
        Action::Freeze => (&[Approver, Admin], &[], &[]),
        Action::Unfreeze => (&[Admin], &[], &[]),
        Action::Audit => (&[Auditor, Admin], &[], &[]),
        Action::ManageKeys => (&[Admin], &[], &[]),
    };
    Rule { all, own, asking }
}

/// Whether `caller` may do `action` to `subject`.
///
/// # Errors
/// [`Refusal`] `forbidden`.
pub fn may(caller: &Caller, action: Action, subject: Subject<'_>) -> Result<(), Refusal> {
    let rule = rule(action);
    let (own, asking) = match subject {
        Subject::Service => (false, false),
        Subject::NewThread => (true, false),
        Subject::Thread(head) => (is_owner(head, &caller.actor), has_asked(head)),
    };
    let allowed = caller.has(rule.all) || own && caller.has(rule.own) || asking && caller.has(rule.asking);
    if allowed {
        return Ok(());
    }
    Err(Refusal::new("forbidden", refusal(caller, action, &rule)))
}

/// Whether `actor` made the thread.
pub fn is_owner(head: &Head, actor: &Actor) -> bool {
    head.created_by.is(actor)
}

fn has_asked(head: &Head) -> bool {
    !head.interrupts.is_empty() || head.asked > 0
}

fn refusal(caller: &Caller, action: Action, rule: &Rule) -> String {
    let what = match action {
        Action::Ask => "ask for programs to be run on this thread",
        Action::Steer => "change this thread",
        Action::Answer => "answer this thread's questions",
        Action::Cancel => "cancel what this thread does",
        Action::Read => "see this thread",
        Action::List => "list anything",
        Action::Freeze => "freeze writes",
        Action::Unfreeze => "unfreeze writes",
        Action::Audit => "audit the store",
        Action::ManageKeys => "manage keys",
    };
    let words = |roles: &[Role]| {
        let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        words.join(" or ")
    };
    let mut who = vec![words(rule.all)];
    if !rule.own.is_empty() {
        who.push("its owner".to_owned());
    }
    if !rule.asking.is_empty() {
        who.push(format!("{} where it asked something", words(rule.asking)));
    }
    let name = super::text::visible_line(&caller.actor.name);
    format!("{name} may not {what}; that takes {}", who.join(", or "))
}
