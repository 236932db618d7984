//! Values that stand in texts: Python literals, JSON, indented blocks.

use ruff_python_ast::{Expr, Number, UnaryOp};

use super::{Constant, MAX_DEPTH, MAX_LENGTH, operators};

/// Longer literals are not read: what they nest is then bounded too.
const MAX_LITERAL: usize = 4 * 1024;

/// `ast.literal_eval(text)`.
pub(super) fn python(text: &str) -> Option<Constant> {
    if text.len() > MAX_LITERAL {
        return None;
    }
    let parsed = ruff_python_parser::parse_expression(text.trim_start_matches([' ', '\t'])).ok()?;
    literal(parsed.expr(), MAX_DEPTH)
}

/// A literal of the syntax tree.
fn literal(expression: &Expr, depth: usize) -> Option<Constant> {
    let depth = depth.checked_sub(1)?;
    let items = |elements: &[Expr]| {
        let items = elements.iter().map(|element| literal(element, depth));
        items.collect::<Option<Vec<_>>>()
    };
    match expression {
        Expr::NoneLiteral(_) => Some(Constant::None),
        Expr::BooleanLiteral(literal) => Some(Constant::Bool(literal.value)),
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => value.as_i64().map(Constant::Int),
            Number::Float(value) => Some(Constant::Float(*value)),
            Number::Complex { .. } => None,
        },
        // The parser has this character for half a pair of surrogates as well.
        Expr::StringLiteral(literal) => {
            Constant::text(literal.value.to_str()).filter(|_| !literal.value.to_str().contains('\u{fffd}'))
        }
        Expr::BytesLiteral(literal) => Constant::bytes(literal.value.bytes().collect::<Vec<u8>>()),
        Expr::List(list) => Constant::list(items(&list.elts)?),
        Expr::Tuple(tuple) => Constant::tuple(items(&tuple.elts)?),
        Expr::UnaryOp(operation) if matches!(operation.op, UnaryOp::USub | UnaryOp::UAdd) => {
            match &*operation.operand {
                operand @ Expr::NumberLiteral(_) => operators::unary(operation.op, &literal(operand, depth)?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `shlex.split(text)`, of a text without any escapes.
pub(super) fn words(text: &str) -> Option<Constant> {
    if text.contains('\\') || text.len() > MAX_LITERAL {
        return None;
    }
    Constant::list(
        split(text)
            .into_iter()
            .map(Constant::text)
            .collect::<Option<_>>()?,
    )
}

/// The words of a command, as a shell splits them.
pub(in super::super) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut any = false;
    for letter in line.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => word.push(letter),
            None if matches!(letter, '\'' | '"') => {
                quote = Some(letter);
                any = true;
            }
            None if letter.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            None => word.push(letter),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

/// `json.loads(value)`, of anything but objects.
pub(super) fn json(value: &Constant) -> Option<Constant> {
    let text = match value {
        Constant::Text(text) => text.as_bytes(),
        value => value.as_bytes()?,
    };
    if text.len() > MAX_LENGTH {
        return None;
    }
    from_json(serde_json::from_slice(text).ok()?, MAX_DEPTH)
}

fn from_json(value: serde_json::Value, depth: usize) -> Option<Constant> {
    let depth = depth.checked_sub(1)?;
    match value {
        serde_json::Value::Null => Some(Constant::None),
        serde_json::Value::Bool(value) => Some(Constant::Bool(value)),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(value) => Some(Constant::Int(value)),
            // A large whole number, or minus zero, may have been an integer.
            None => {
                let value = number.as_f64().filter(|value| value.abs() < 9.2e18)?;
                (number.is_f64() && !(value == 0.0 && value.is_sign_negative()))
                    .then_some(Constant::Float(value))
            }
        },
        serde_json::Value::String(text) => Constant::text(text),
        serde_json::Value::Array(items) => {
            let items: Option<_> = items.into_iter().map(|item| from_json(item, depth)).collect();
            Constant::list(items?)
        }
        serde_json::Value::Object(_) => None,
    }
}

/// `textwrap.dedent(text)`.
pub(super) fn dedented(text: &str) -> Option<Constant> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    // Other kinds of white space are treated differently in different versions.
    if text.contains(|character: char| character.is_whitespace() && !matches!(character, ' ' | '\t' | '\n')) {
        return None;
    }
    let is_blank = |line: &str| line.trim_matches([' ', '\t']).is_empty();
    let margin_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut margin: Option<&str> = None;
    for line in text.split('\n').filter(|line| !is_blank(line)) {
        let own = line.get(..margin_of(line))?;
        let common = margin.map_or(own.len(), |margin| {
            margin
                .bytes()
                .zip(own.bytes())
                .take_while(|(left, right)| left == right)
                .count()
        });
        margin = own.get(..common);
    }
    let margin = margin.unwrap_or("");
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            if is_blank(line) {
                ""
            } else {
                line.strip_prefix(margin).unwrap_or(line)
            }
        })
        .collect();
    Constant::text(lines.join("\n"))
}
