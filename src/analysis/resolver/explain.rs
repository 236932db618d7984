//! How a name came to stand for what it stands for.

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Resolver;
use crate::analysis::scopes::{How, ScopeId};

/// The longest chain that is told.
const MAX_STEPS: usize = 6;

/// The longest piece of code in a sentence, in characters.
const MAX_CODE: usize = 60;

impl<'a> Resolver<'a, '_> {
    /// The steps from `subject` to where its names come from, a sentence each.
    pub(super) fn chain(&mut self, subject: &'a Expr, scope: ScopeId) -> Vec<String> {
        let mut steps = Vec::new();
        self.explain(subject, scope, &mut steps);
        steps
    }

    fn explain(&mut self, expression: &'a Expr, scope: ScopeId, steps: &mut Vec<String>) {
        if steps.len() >= MAX_STEPS {
            return;
        }
        let name = match expression {
            Expr::Name(name) => name,
            Expr::Attribute(attribute) => return self.explain(&attribute.value, scope, steps),
            Expr::Call(call) => return self.explain(&call.func, scope, steps),
            Expr::Subscript(subscript) => return self.explain(&subscript.value, scope, steps),
            Expr::Await(node) => return self.explain(&node.value, scope, steps),
            _ => return,
        };
        let text = name.id.as_str();
        let symbol = self.symbols.of(text);
        let Some(holder) = self.world.holder(scope, symbol) else {
            return;
        };
        let Some(binding) = self.world.scope_ref(holder).bindings.get(&symbol) else {
            return;
        };
        let (how, at) = (binding.how, binding.at);
        let line = self.line(at.start());
        let (sentence, next) = match how {
            How::Unbound | How::Defined => return,
            How::Imported(path) => {
                let path = self.paths.text(path);
                let sentence = if *path == *text {
                    format!("`{text}` is imported on line {line}")
                } else if path.rsplit('.').next() == Some(text) {
                    format!("`{text}` is `{path}`, imported on line {line}")
                } else {
                    format!("`{text}` is `{path}`, imported as `{text}` on line {line}")
                };
                (sentence, None)
            }
            How::Assigned(value) => {
                let code = self.code(value.range());
                (
                    format!("`{text}` is `{code}`, assigned on line {line}"),
                    Some(value),
                )
            }
            How::Element(value) => {
                let code = self.code(value.range());
                (
                    format!("`{text}` is one of `{code}`, on line {line}"),
                    Some(value),
                )
            }
            How::Parameter if at.is_empty() => (format!("`{text}` is a parameter"), None),
            How::Parameter => (format!("`{text}` is a parameter, on line {line}"), None),
        };
        if steps.contains(&sentence) {
            return;
        }
        steps.push(sentence);
        if let Some(next) = next {
            self.explain(next, holder, steps);
        }
    }

    fn line(&self, at: TextSize) -> usize {
        self.program.index.line_index(at).get()
    }

    /// The code there, on one line and not too long.
    fn code(&self, range: TextRange) -> String {
        let whole = self.program.text.get(range.to_std_range()).unwrap_or_default();
        let mut code = String::new();
        for (count, letter) in whole
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .enumerate()
        {
            if count >= MAX_CODE {
                code.push('…');
                break;
            }
            code.push(letter);
        }
        code
    }
}
