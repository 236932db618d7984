//! The generator `basic`: a model behind an OpenAI-compatible chat endpoint.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::json;

use super::{
    CodeGenerator, Generated, GenerationError, GenerationRequest, Tell,
    answer::{self, Unreadable},
    models::chat::Chat,
    prompt::Prompt,
};
use crate::config::BasicSettings;

/// Asks a model once per attempt: a prompt from the request's fields, an answer, the code in it.
pub struct Basic {
    prompt: Prompt,
    chat: Chat,
}

impl Basic {
    /// Checks the settings and the templates; the endpoint is not called.
    ///
    /// # Errors
    /// [`GenerationError::Setup`], which says what is wrong and where.
    pub fn new(settings: &BasicSettings) -> Result<Self, GenerationError> {
        Ok(Self {
            prompt: Prompt::new(settings)?,
            chat: Chat::new(settings)?,
        })
    }
}

#[async_trait]
impl CodeGenerator for Basic {
    fn name(&self) -> &str {
        "basic"
    }

    fn retries_itself(&self) -> bool {
        true
    }

    async fn generate(
        &self,
        request: &GenerationRequest,
        tell: Tell<'_>,
    ) -> Result<Generated, GenerationError> {
        let messages = self.prompt.render(request)?;
        let answer = self.chat.ask(&messages.system, &messages.user).await?;
        tell(&answer.text);
        let code = answer::code(&answer.text).map_err(|unreadable| match unreadable {
            Unreadable::Empty => GenerationError::Empty,
            Unreadable::Open => {
                GenerationError::Cut(answer.usage.as_ref().map_or(0, |usage| usage.output_tokens))
            }
        })?;
        Ok(Generated {
            code,
            generator: self.name().to_owned(),
            model: Some(answer.model),
            usage: answer.usage,
            metadata: BTreeMap::from([("answer_chars".to_owned(), json!(answer.text.chars().count()))]),
        })
    }
}
