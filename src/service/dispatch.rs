//! Does what a command says.

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    engine::{EngineError, Invocation},
    gate::Action,
    graphs::python_executor::Request,
    model::{Caller, Event},
};

use super::{Core, ServiceCommand, ServiceError, error::thread_of};

impl Core {
    pub(super) async fn execute(
        &self,
        command: ServiceCommand,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<Value, ServiceError> {
        if let (Some(reason), true) = (&self.not_startable, command.runs()) {
            return Err(ServiceError::Remote(Box::new(reason.clone())));
        }
        match command {
            ServiceCommand::Run { request, thread } => {
                let request = Request::from_json(request)?;
                value(self.invoke(request, thread.as_deref(), by, events).await?)
            }
            ServiceCommand::Continue { thread } => value(
                self.run(thread_of(&thread), Invocation::Continue, by, events)
                    .await?,
            ),
            ServiceCommand::Answer {
                interrupt,
                thread,
                answer,
            } => value(
                self.answer(interrupt, thread.as_deref(), answer, by, events)
                    .await?,
            ),
            ServiceCommand::Pending => value(self.pending(&by).await?),
            ServiceCommand::Show { subject } => value(self.show(&subject, &by).await?),
            ServiceCommand::Cancel { thread, reason } => {
                value(self.cancel(thread_of(&thread), reason, by).await?)
            }
            ServiceCommand::Freeze { reason } => value(self.freeze(reason, by).await?),
            ServiceCommand::Unfreeze => value(self.unfreeze(by).await?),
            ServiceCommand::Threads { limit } => value(self.threads(limit, &by).await?),
            ServiceCommand::History { thread } => value(self.history(thread_of(&thread), &by).await?),
            ServiceCommand::Replay { thread } => {
                let head = self.allow_on(&by, Action::Read, thread_of(&thread)).await?;
                value(self.engine.replay(head.thread).await?)
            }
            ServiceCommand::Fork {
                thread,
                checkpoint,
                into,
            } => value(
                self.fork(thread_of(&thread), checkpoint, into, by, events)
                    .await?,
            ),
            ServiceCommand::UpdateState {
                thread,
                values,
                as_node,
            } => value(
                self.update_state(thread_of(&thread), values, as_node.as_deref(), by)
                    .await?,
            ),
            ServiceCommand::Revert { subject, thread } => {
                value(self.revert(&subject, thread.as_deref(), by, events).await?)
            }
            ServiceCommand::Anchor { seq } => {
                self.allow(&by, Action::Audit).await?;
                value(self.anchor(seq).await?)
            }
            ServiceCommand::Verify => {
                self.allow(&by, Action::Audit).await?;
                value(self.verify().await?)
            }
            ServiceCommand::CreateKey { name, roles, lasts } => {
                self.allow(&by, Action::ManageKeys).await?;
                value(self.create_key(name, roles, lasts, by.actor).await?)
            }
            ServiceCommand::Keys => {
                self.allow(&by, Action::ManageKeys).await?;
                value(self.list_keys().await?)
            }
            ServiceCommand::RevokeKey { key, reason } => {
                self.allow(&by, Action::ManageKeys).await?;
                value(self.revoke_key(&key, reason, by.actor).await?)
            }
        }
    }
}

fn value(reply: impl serde::Serialize) -> Result<Value, ServiceError> {
    serde_json::to_value(reply).map_err(|error| EngineError::Internal(error.to_string()).into())
}
