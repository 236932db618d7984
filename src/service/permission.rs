//! Asks the gate's table before anything is done, whichever entrance it comes by.

use std::sync::Arc;

use crate::{
    engine::{Admission, EngineError, Invocation},
    gate::{self, Action, Refusal, Subject},
    graph::AnswerRefused,
    model::{Caller, Head, ServiceEvent, ThreadId},
};

use super::{Core, ServiceError};

/// Whether `caller` may see the thread.
pub(super) fn sees(caller: &Caller, head: &Head) -> bool {
    gate::may(caller, Action::Read, Subject::Thread(head)).is_ok()
}

/// What `invocation` does to a thread.
pub(super) fn action(invocation: &Invocation) -> Action {
    match invocation {
        Invocation::Input(_) => Action::Ask,
        Invocation::Command(command) if command.resume.is_some() => Action::Answer,
        Invocation::Command(_) | Invocation::Continue => Action::Steer,
    }
}

/// The gate's table, to be asked about the head that a run is committed behind.
pub(super) fn admission(caller: &Caller, action: Action) -> Admission {
    let caller = caller.clone();
    Arc::new(move |head: Option<&Head>| {
        gate::may(&caller, action, Subject::from(head)).map_err(|refusal| AnswerRefused {
            code: refusal.code.to_owned(),
            message: refusal.message,
        })
    })
}

impl Core {
    /// Whether `caller` may do `action` to the service itself.
    pub(super) async fn allow(&self, caller: &Caller, action: Action) -> Result<(), ServiceError> {
        match gate::may(caller, action, Subject::Service) {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refused(caller, refusal, None).await),
        }
    }

    /// The head of a thread to which `caller` may do `action`. A thread that they may not even see is none
    /// that they are told of.
    pub(super) async fn allow_on(
        &self,
        caller: &Caller,
        action: Action,
        thread: ThreadId,
    ) -> Result<Head, ServiceError> {
        let head = self.engine.head(thread).await?;
        if !sees(caller, &head) {
            return Err(EngineError::UnknownThread(thread).into());
        }
        match gate::may(caller, action, Subject::Thread(&head)) {
            Ok(()) => Ok(head),
            Err(refusal) => Err(self.refused(caller, refusal, Some(thread)).await),
        }
    }

    /// Keeps a refusal in the audit log.
    pub(super) async fn refused(
        &self,
        caller: &Caller,
        refusal: Refusal,
        thread: Option<ThreadId>,
    ) -> ServiceError {
        let event = ServiceEvent::Refused {
            what: "a command".into(),
            reason: refusal.message.clone(),
            by: caller.actor.clone(),
            thread,
        };
        if let Err(error) = self.engine.store().log(event).await {
            tracing::error!(%error, "a refusal could not be kept in the audit log");
        }
        ServiceError::Refused(refusal)
    }
}
