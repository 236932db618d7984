//! Values that are known before the code runs, and what Python's own operations make of them.
//!
//! Folding is bounded: a result longer than [`MAX_LENGTH`] is not known.

use std::rc::Rc;

use ruff_python_ast::{Operator, UnaryOp};

/// The longest text, bytes or sequence that is kept, in bytes or elements.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

/// A value that is known before the code runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    /// A list or a tuple.
    Sequence(Rc<[Constant]>),
}

/// A call's arguments, all of them known.
pub(super) struct Known<'a> {
    pub(super) positional: &'a [Constant],
    pub(super) named: &'a [(&'a str, Constant)],
}

/// `left operator right`.
pub(super) fn binary(operator: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    let _ = (operator, left, right);
    None
}

/// `operator operand`.
pub(super) fn unary(operator: UnaryOp, operand: &Constant) -> Option<Constant> {
    let _ = (operator, operand);
    None
}

/// `container[index]`.
pub(super) fn item(container: &Constant, index: &Constant) -> Option<Constant> {
    let _ = (container, index);
    None
}

/// `container[lower:upper:step]`.
pub(super) fn slice(
    container: &Constant,
    lower: Option<&Constant>,
    upper: Option<&Constant>,
    step: Option<&Constant>,
) -> Option<Constant> {
    let _ = (container, lower, upper, step);
    None
}

/// What a replacement field of an f-string gives: `conversion` is `s`, `r` or `a`.
pub(super) fn format(value: &Constant, conversion: Option<char>, spec: &str) -> Option<String> {
    let _ = (value, conversion, spec);
    None
}

/// `receiver.name(arguments)`.
pub(super) fn method(receiver: &Constant, name: &str, arguments: &Known<'_>) -> Option<Constant> {
    let _ = (receiver, name, arguments);
    None
}

/// A call of what the dotted `path` names, as in `builtins.chr` or `base64.b64decode`.
pub(super) fn call(path: &str, arguments: &Known<'_>) -> Option<Constant> {
    let _ = (path, arguments);
    None
}

/// How Python prints it, shortened; for a reader.
pub(super) fn shown(value: &Constant) -> String {
    format!("{value:?}")
}
