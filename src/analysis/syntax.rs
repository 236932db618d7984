//! The one place that knows the Python parser.

use ruff_python_ast::{ModModule, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::{Ranged, TextSize};

/// The first error of a text that is not Python.
pub(super) struct SyntaxError {
    pub(super) at: TextSize,
    pub(super) message: String,
}

/// Parses `text` as a module, as the newest Python would.
pub(super) fn parse(text: &str) -> Option<Parsed<ModModule>> {
    let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY314);
    parse_unchecked(text, options).try_into_module()
}

/// The first syntax error, if there is one.
pub(super) fn first_error(parsed: &Parsed<ModModule>) -> Option<SyntaxError> {
    parsed.errors().first().map(|error| SyntaxError {
        at: error.start(),
        message: error.error.to_string(),
    })
}
