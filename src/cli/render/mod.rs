//! Replies as a human reads them. Whatever comes from outside is made visible first.

mod analysis;
mod conduct;
mod history;
mod host;
mod keys;
mod page;
mod proof;
mod question;
mod thread;

use std::fmt::Write;

use owo_colors::OwoColorize;
use serde_json::Value;

use crate::{
    config::Config,
    execution::Backend,
    gate::text::visible_line,
    service::{FreezeReply, PendingReply, RunStatus, ThreadReply},
};

use super::arguments::Globals;

pub(super) use analysis::{analysis, tally};
pub(super) use history::history;
pub(super) use host::host;
pub(super) use keys::{key, keys, new_key};
pub(super) use proof::{replay, verification};
pub(super) use thread::thread;

use page::{Page, ago, status, until, who};

/// The exact commands to answer with: with the global flags of this call.
pub(super) struct Hints {
    prefix: String,
    quiet: bool,
}

impl Hints {
    /// The commands as they follow on a call with `globals`.
    pub(super) fn new(globals: &Globals) -> Self {
        let mut prefix = "holdpoint".to_owned();
        let paths = [("--config", &globals.config), ("--data-dir", &globals.data_dir)];
        for (flag, path) in paths {
            if let Some(path) = path {
                prefix.push_str(&format!(" {flag} {}", quoted(&path.display().to_string())));
            }
        }
        Self {
            prefix,
            quiet: globals.quiet,
        }
    }

    /// A command line.
    fn command(&self, rest: &str) -> String {
        format!("{} {rest}", self.prefix)
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./=:,@+".contains(character);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", visible_line(word).replace('\'', "'\\''")),
    }
}

/// What waits for a human.
pub(super) fn pending(pending: &[PendingReply], hints: &Hints) -> String {
    if pending.is_empty() {
        return "Nothing is pending.\n".to_owned();
    }
    let mut page = Page::default();
    for (index, asked) in pending.iter().enumerate() {
        if index > 0 {
            page.rule();
        }
        let kind = match asked.kind {
            crate::model::InterruptKind::Question => "waits for a decision".yellow().bold().to_string(),
            crate::model::InterruptKind::OutcomeUnknown => status(RunStatus::OutcomeUnknown),
        };
        page.line(&kind);
        page.fact(
            "thread",
            &page::thread_name(&asked.thread_id.to_string(), asked.thread_name.as_deref()),
        );
        question::question(
            &mut page,
            &question::Asked {
                id: asked.interrupt_id,
                kind: asked.kind,
                node: None,
                asked_at: asked.asked_at,
                expires_at: asked.expires_at,
                votes: &asked.votes,
                question: &asked.question,
            },
            hints,
        );
    }
    page.done()
}

/// Threads, in a table.
pub(super) fn threads(threads: &[ThreadReply]) -> String {
    if threads.is_empty() {
        return "There are no threads.\n".to_owned();
    }
    let mut rows = vec![
        ["THREAD", "STATUS", "PENDING", "CHANGED", "BY", "NAME"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for thread in threads {
        rows.push(vec![
            thread.thread_id.to_string(),
            thread.status.as_str().to_owned(),
            thread.pending.to_string(),
            ago(thread.updated_at),
            visible_line(&thread.created_by.name),
            visible_line(thread.thread_name.as_deref().unwrap_or("")),
        ]);
    }
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let gap = " ".repeat(width - cell.chars().count() + 2);
            let cell = match (index, column) {
                (0, _) => cell.bold().to_string(),
                (_, 1) => status(threads[index - 1].status).clone(),
                _ => cell.clone(),
            };
            line.push_str(&cell);
            line.push_str(&gap);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Whether writes are frozen.
pub(super) fn freeze(reply: &FreezeReply) -> String {
    let mut page = Page::default();
    match reply.frozen {
        true => page.line(&"writes are frozen".red().bold().to_string()),
        false => page.line(&"writes are not frozen".green().to_string()),
    }
    if let Some(by) = &reply.by {
        page.fact("by", &who(by));
    }
    if let Some(reason) = &reply.reason {
        page.fact("reason", &visible_line(reason));
    }
    if let Some(at) = reply.at {
        page.fact("since", &ago(at));
    }
    page.done()
}

/// The configuration, with what is to be known of it.
pub(super) fn configuration(config: &Config, programs: Option<&Backend>, problems: &[String]) -> String {
    let mut text = String::new();
    let from = match &config.file {
        Some(file) => format!("from {}", visible_line(&file.display().to_string())),
        None => "the defaults; there is no file".to_owned(),
    };
    let _ = writeln!(text, "{}", format!("# {from}").dimmed());
    text.push_str(&config.display_yaml());
    let mut page = Page::default();
    if !config.notes.is_empty() {
        page.heading("Notes");
        for note in &config.notes {
            page.item(&visible_line(note));
        }
    }
    if let Some(programs) = programs {
        page.heading("Programs can run");
        page.fact("isolation", &visible_line(&programs.isolation));
        page.fact("interpreter", &visible_line(&programs.interpreter));
    }
    match problems.is_empty() {
        true => {
            page.blank();
            page.line(&"The configuration can be used.".green().to_string());
        }
        false => {
            page.heading("Problems");
            for problem in problems {
                page.item(&visible_line(problem).red().to_string());
            }
        }
    }
    text.push_str(&page.done());
    text
}

/// JSON to look at: with line ends, and with nothing in it that hides.
fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    crate::gate::text::visible(&text)
}

/// Until when something can be answered.
fn deadline(at: Option<crate::model::Timestamp>) -> String {
    match at {
        Some(at) => until(at),
        None => "does not expire".to_owned(),
    }
}
