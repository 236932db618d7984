//! The generator `fixed`: the caller's own code.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{CodeGenerator, Generated, GenerationError, GenerationRequest, Tell};

/// Returns the code that the request brings, byte for byte. There is no other code to try, so it answers
/// only once: the code that failed is never handed out again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fixed;

#[async_trait]
impl CodeGenerator for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    async fn generate(
        &self,
        request: &GenerationRequest,
        _tell: Tell<'_>,
    ) -> Result<Generated, GenerationError> {
        let code = request
            .code
            .as_ref()
            .filter(|code| !code.trim().is_empty())
            .ok_or_else(|| {
                GenerationError::Setup(
                    "`fixed` runs the request's own `code`, and this request brings none".into(),
                )
            })?;
        if request.attempt > 1 || !request.errors.is_empty() {
            let why = request
                .errors
                .last()
                .map(|error| format!(" ({})", error.code))
                .unwrap_or_default();
            return Err(GenerationError::Exhausted(format!(
                "the code that the request brought has failed{why}; correct it and send it anew"
            )));
        }
        Ok(Generated {
            code: code.clone(),
            generator: self.name().to_owned(),
            model: None,
            usage: None,
            metadata: BTreeMap::new(),
        })
    }
}
