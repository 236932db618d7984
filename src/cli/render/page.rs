//! The parts a page is made of.

use std::fmt::Write;

use owo_colors::OwoColorize;

use crate::{
    gate::{
        self, Line, Listing,
        text::{visible, visible_line},
    },
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

    /// A program with its line numbers, whole, and with what was found marked.
    pub(super) fn code(&mut self, code: &str, findings: &[Finding]) {
        let lines = Listing::new(code).marked(findings);
        let width = lines.len().to_string().len().max(3);
        for line in &lines {
            self.listed(line, width);
        }
    }

    /// A line of a program, its number in a column of `width`. Marks stand below it, in lines without a number, so
    /// that no code can pose as one.
    pub(super) fn listed(&mut self, line: &Line, width: usize) {
        let number = format!("{:>width$} │", line.number);
        let _ = writeln!(self.0, "  {} {}", number.dimmed(), line.text);
        for mark in &line.marks {
            let edge = format!("{:width$} │", "");
            let told = format!("{} {}", mark.drawn(), mark.rules.join(", "));
            let told = match mark.severity {
                Severity::Info => told.trim_end().dimmed().to_string(),
                Severity::Warning => told.trim_end().yellow().to_string(),
                Severity::High | Severity::Critical => told.trim_end().red().bold().to_string(),
            };
            let _ = writeln!(self.0, "  {} {told}", edge.dimmed());
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
        let gap = " ".repeat(9_usize.saturating_sub(severity_name(finding.severity).len()));
        let place = format!("{}:{}", finding.line, finding.column);
        let evidence = match finding.evidence {
            Evidence::Resolved => String::new(),
            other => format!(" ({})", gate::basis(other)),
        };
        let _ = writeln!(
            self.0,
            "  {place:<7} {}{gap}{:<10} {}: {}{evidence}",
            severity(finding.severity),
            category(finding.category),
            visible_line(&finding.rule),
            visible_line(&finding.explanation)
        );
        if let Some(origin) = gate::origin(finding) {
            let _ = writeln!(self.0, "  {:<7} {} {origin}", "", "=".dimmed());
        }
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// How grave something is, coloured.
pub(super) fn severity(severity: Severity) -> String {
    let name = severity_name(severity);
    match severity {
        Severity::Info => name.dimmed().to_string(),
        Severity::Warning => name.yellow().to_string(),
        Severity::High | Severity::Critical => name.red().bold().to_string(),
    }
}

/// What a finding is about, in a word or two.
pub(super) fn category(category: Category) -> &'static str {
    match category {
        Category::Write => "write",
        Category::PotentialWrite => "may write",
        Category::Read => "read",
        Category::Risk => "risk",
        Category::Syntax => "syntax",
        Category::Notice => "notice",
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
        Authentication::Proxy { address } => format!("signed in, says the proxy {}", visible_line(address)),
        Authentication::Loopback => "a process on this host, unauthenticated".to_owned(),
        Authentication::Relayed { by } => {
            format!("relayed by {}, human unauthenticated", visible_line(by))
        }
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
