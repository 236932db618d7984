//! The line that says what a run is doing.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};

use crate::{gate::text::visible_line, model::Event};

use super::output::Output;

/// A line on standard error, where a human looks at it; else nothing.
pub(super) struct Progress {
    line: ProgressBar,
    follower: JoinHandle<()>,
}

impl Progress {
    /// Begins to follow `events`.
    pub(super) fn start(output: Output, mut events: UnboundedReceiver<Event>) -> Self {
        let wanted = !output.json && !output.quiet && io::stderr().is_terminal();
        let line = match wanted {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            line.set_style(style);
        }
        if wanted {
            line.enable_steady_tick(Duration::from_millis(120));
        }
        let shown = line.clone();
        let follower = tokio::spawn(async move {
            let mut told = 0;
            while let Some(event) = events.recv().await {
                if let Some(text) = text_of(&event, &mut told) {
                    shown.set_message(text);
                }
            }
        });
        Self { line, follower }
    }

    /// Shows `text` until the next event.
    pub(super) fn say(&self, text: &str) {
        self.line.set_message(text.to_owned());
    }

    /// Takes the line away.
    pub(super) async fn end(self) {
        self.follower.abort();
        self.line.finish_and_clear();
    }
}

/// What to say of an event. A model's text is never shown raw: only how much of it there is.
fn text_of(event: &Event, told: &mut usize) -> Option<String> {
    match event {
        Event::TaskStarted { node, attempt, .. } => {
            *told = 0;
            let node = visible_line(node);
            Some(match attempt {
                1 => node,
                _ => format!("{node}, attempt {attempt}"),
            })
        }
        Event::TaskFailed {
            node,
            failure,
            retry_in_ms: Some(pause),
            ..
        } => Some(format!(
            "{}: {}; again in {:.1} s",
            visible_line(node),
            visible_line(&failure.code),
            Duration::from_millis(*pause).as_secs_f64()
        )),
        Event::Message { node, text, .. } => {
            *told += text.chars().count();
            Some(format!("{}: {told} characters", visible_line(node)))
        }
        _ => None,
    }
}
