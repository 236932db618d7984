//! How far the analysis of many files has come.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::output::Output;

/// Fewer files are done before anybody looks.
const MANY: usize = 50;

/// A bar on standard error, where a human looks at it and there is much to do; else nothing.
pub(super) struct Bar {
    line: ProgressBar,
    bytes: u64,
}

impl Bar {
    pub(super) fn new(output: Output, files: usize) -> Self {
        let wanted = files >= MANY && !output.quiet && io::stderr().is_terminal();
        let line = match wanted {
            true => ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {msg}, {elapsed}") {
            line.set_style(style);
        }
        Self { line, bytes: 0 }
    }

    /// A file of `bytes` is done.
    pub(super) fn step(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.line
            .set_message(format!("{:.1} MB", self.bytes as f64 / 1e6));
        self.line.inc(1);
    }

    /// Prints with the bar out of the way.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.line.suspend(print)
    }

    pub(super) fn end(self) {
        self.line.finish_and_clear();
    }
}
