//! The parts a page is made of.

use std::fmt::Write;

use owo_colors::OwoColorize;

use crate::{
    gate::text::{visible, visible_line},
    model::{Actor, Authentication, Category, Entrance, Evidence, Finding, Severity, Timestamp},
    service::RunStatus,
};

/// The width of the column with the facts' names.
const NAMES: usize = 13;

/// The most findings a page lists; `--json` has all.
const MAX_FINDINGS: usize = 100;

/// A text that grows.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// The text.
    pub(super) fn done(self) -> String {
        self.0
    }

    /// A line.
    pub(super) fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// A line across.
    pub(super) fn rule(&mut self) {
        let rule = "─".repeat(72);
        let _ = writeln!(self.0, "\n{}\n", rule.dimmed());
    }

    /// What follows is about this.
    pub(super) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.0, "\n{}", text.bold());
    }

    /// A fact with its name.
    pub(super) fn fact(&mut self, name: &str, value: &str) {
        let gap = " ".repeat(NAMES.saturating_sub(name.chars().count()).max(1));
        let _ = writeln!(self.0, "  {}{gap}{value}", name.dimmed());
    }

    /// One of several.
    pub(super) fn item(&mut self, text: &str) {
        let _ = writeln!(self.0, "  - {text}");
    }

    /// Why something is so: each reason once, however often it was found.
    pub(super) fn reasons(&mut self, reasons: &[String]) {
        for (index, reason) in reasons.iter().enumerate() {
            if !reasons[..index].contains(reason) {
                self.item(&visible_line(reason));
            }
        }
    }

    /// A text with its own line ends, each line marked at its edge.
    pub(super) fn block(&mut self, text: &str) {
        for line in visible(text).lines() {
            let _ = writeln!(self.0, "  {} {line}", "│".dimmed());
        }
    }

    /// A program with its line numbers, whole.
    pub(super) fn code(&mut self, code: &str) {
        let code = visible(code);
        let lines: Vec<&str> = code.split('\n').collect();
        let lines = match lines.split_last() {
            Some((&"", rest)) => rest,
            _ => &lines,
        };
        let width = lines.len().to_string().len().max(3);
        for (index, line) in lines.iter().enumerate() {
            let number = format!("{:>width$} │", index + 1);
            let _ = writeln!(self.0, "  {} {}", number.dimmed(), line.trim_end_matches('\r'));
        }
    }

    /// What the analysis found.
    pub(super) fn findings(&mut self, findings: &[Finding]) {
        if findings.is_empty() {
            self.heading("Findings: none");
            return;
        }
        self.heading("Findings");
        for finding in findings.iter().take(MAX_FINDINGS) {
            self.finding(finding);
        }
        if findings.len() > MAX_FINDINGS {
            self.item(&format!(
                "{} more; --json has them all",
                findings.len() - MAX_FINDINGS
            ));
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let severity = match finding.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::High => "high",
            Severity::Critical => "critical",
        };
        let severity_gap = " ".repeat(9 - severity.len());
        let severity = match finding.severity {
            Severity::Info => severity.dimmed().to_string(),
            Severity::Warning => severity.yellow().to_string(),
            Severity::High | Severity::Critical => severity.red().bold().to_string(),
        };
        let category = match finding.category {
            Category::Write => "write",
            Category::PotentialWrite => "may write",
            Category::Read => "read",
            Category::Risk => "risk",
            Category::Syntax => "syntax",
            Category::Notice => "notice",
        };
        let place = format!("{}:{}", finding.line, finding.column);
        let evidence = match finding.evidence {
            Evidence::Regex => " (by a pattern)",
            Evidence::Resolved => "",
            Evidence::Unresolved => " (could not be resolved)",
        };
        let _ = writeln!(
            self.0,
            "  {place:<7} {severity}{severity_gap}{category:<10} {}: {}{evidence}",
            visible_line(&finding.rule),
            visible_line(&finding.explanation)
        );
    }
}

/// A status, coloured.
pub(super) fn status(status: RunStatus) -> String {
    let text = status.as_str();
    match status {
        RunStatus::Completed => text.green().bold().to_string(),
        RunStatus::Interrupted | RunStatus::Running => text.yellow().bold().to_string(),
        RunStatus::Idle => text.dimmed().to_string(),
        _ => text.red().bold().to_string(),
    }
}

/// A thread by its id and its caller's name.
pub(super) fn thread_name(id: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{id} ({})", visible_line(name)),
        None => id.to_owned(),
    }
}

/// Who did something, how they were known, and by which door they came.
pub(super) fn who(actor: &Actor) -> String {
    let name = visible_line(&actor.name);
    let known = match &actor.authentication {
        Authentication::Asserted { os_user } => format!("as asserted by user {}", visible_line(os_user)),
        Authentication::Key { id } => format!("by key {}", visible_line(id)),
        Authentication::Relayed { by } => format!("as relayed by {}", visible_line(by)),
        Authentication::System => "Holdpoint itself".to_owned(),
    };
    let door = match actor.entrance {
        Entrance::Library => "library",
        Entrance::Cli => "command line",
        Entrance::Socket => "command line, by the owner's socket",
        Entrance::Http => "HTTP",
        Entrance::System => return format!("{name} ({known})"),
    };
    format!("{name} ({known}; {door})")
}

/// The process variables that are written.
pub(super) fn channels(names: &[String], unresolved: bool) -> String {
    let mut shown: Vec<String> = names.iter().map(|name| visible_line(name)).collect();
    if unresolved {
        shown.push("others that could not be resolved".yellow().to_string());
    }
    match shown.is_empty() {
        true => "none".to_owned(),
        false => shown.join(", "),
    }
}

/// A moment that has passed.
pub(super) fn ago(at: Timestamp) -> String {
    let passed = Timestamp::now().since(at).as_secs();
    format!("{} ({} ago)", moment(at), duration(passed))
}

/// A moment to come, or one that was missed.
pub(super) fn until(at: Timestamp) -> String {
    let left = at.since(Timestamp::now()).as_secs();
    match left {
        0 => format!("{} ({})", moment(at), "over".red()),
        left => format!("{} (in {})", moment(at), duration(left)),
    }
}

/// A moment to the second.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let second = text.split('.').next().unwrap_or(&text);
    format!("{} UTC", second.trim_end_matches('Z').replace('T', " "))
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}
