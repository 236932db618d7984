//! What was found in programs: first what they write, then what is risky, then each finding in its place.

use std::time::Duration;

use owo_colors::OwoColorize;

use crate::{
    analysis::Analysis,
    cli::analyze::{Policy, Program, Tally},
    gate::{self, CodedValue, CodedWrite, Listing, Risk, on_lines, text::visible_line},
    model::{Category, Evidence, Finding},
};

use super::page::{Page, category, severity};

/// The most findings that are told of a program; `--json` has all that were kept.
const MAX_FINDINGS: usize = 100;

/// The most that are told of one among several.
const MAX_AMONG_SEVERAL: usize = 20;

/// The most characters of a line of code around what it is told for.
const MAX_LINE: usize = 120;

/// What an analysis found in a program. Among several, one that would just run takes a line.
pub(in crate::cli) fn analysis(program: &Program, several: bool) -> String {
    let analyzed = &program.analyzed;
    let found = &analyzed.analysis;
    let mut page = Page::default();
    let name = visible_line(&program.path.display().to_string());
    let follows = match analyzed.policy {
        Policy::Run => "runs without a question".green().to_string(),
        Policy::Ask => "a human is asked".yellow().bold().to_string(),
        Policy::Refuse => "refused".red().bold().to_string(),
    };
    page.line(&format!("{}: {follows}{}", name.bold(), in_short(found)));
    if several && analyzed.policy == Policy::Run {
        return page.done();
    }
    page.fact("sha256", &found.code_sha256.to_string());
    writes(&mut page, found);
    risks(&mut page, &gate::risks(&found.risks, &found.findings));
    // What the findings say themselves is not said twice.
    let concerns = found.concerns();
    let reasons: Vec<String> = analyzed
        .reasons
        .iter()
        .filter(|reason| !concerns.contains(reason))
        .cloned()
        .collect();
    if !reasons.is_empty() {
        page.heading("If it is asked for as read_only");
        page.reasons(&reasons);
    }
    let most = match several {
        true => MAX_AMONG_SEVERAL,
        false => MAX_FINDINGS,
    };
    findings(&mut page, found, &program.text(), most);
    if several {
        page.blank();
    }
    page.done()
}

/// What many programs come to.
pub(in crate::cli) fn tally(tally: &Tally, time: Duration) -> String {
    let mut page = Page::default();
    page.line(&tally.done(time).bold().to_string());
    page.line(&format!(
        "  {} write, {} may write, {} read, {} unreadable",
        tally.write,
        tally.may_write,
        tally.read,
        tally.unreadable + tally.missing
    ));
    page.line(&format!(
        "  {} run without a question, {} need approval, {} are refused",
        tally.run, tally.ask, tally.refuse
    ));
    page.done()
}

/// What it does, in the line with its name.
fn in_short(found: &Analysis) -> String {
    let writes = match (found.has_writes, any_write(found)) {
        (true, true) => ", it writes",
        (true, false) => ", it may write",
        (false, _) => "",
    };
    let reads = match (writes, found.has_reads) {
        (_, false) => "",
        ("", true) => ", it reads",
        (_, true) => " and reads",
    };
    format!("{writes}{reads}")
}

fn any_write(found: &Analysis) -> bool {
    found
        .findings
        .iter()
        .any(|finding| finding.category == Category::Write)
}

/// The table of writes.
fn writes(page: &mut Page, found: &Analysis) {
    if !found.has_writes {
        return;
    }
    page.heading("What it writes");
    let written = gate::written(&found.findings);
    coded(page, &written.iter().collect::<Vec<_>>());
    let hidden = found
        .findings
        .iter()
        .filter(|finding| finding.category == Category::PotentialWrite && finding.channels.is_empty());
    match (written.is_empty(), hidden.count()) {
        (_, 0) => {}
        (true, _) => page.line("  nothing that could be named, but it may hide a write; see the findings"),
        (false, _) => page.line("  and it may hide further writes; see the findings"),
    }
}

/// Writes as the code has them.
pub(super) fn coded(page: &mut Page, writes: &[&CodedWrite]) {
    let width = writes
        .iter()
        .map(|write| write.target().chars().count())
        .max()
        .unwrap_or(0)
        .min(48);
    for write in writes {
        let target = write.target();
        let gap = " ".repeat(width.saturating_sub(target.chars().count()));
        let target = match write.name {
            Some(_) => target.bold().to_string(),
            None => target.yellow().to_string(),
        };
        let value = match &write.value {
            CodedValue::Literal(_) => write.value.shown().bold().to_string(),
            CodedValue::Computed | CodedValue::Unknown => write.value.shown().yellow().to_string(),
        };
        let lines = on_lines(&write.lines);
        page.line(&format!("  {target}{gap} ← {value}  {}", lines.dimmed()));
    }
}

/// The risks, each with its lines.
pub(super) fn risks(page: &mut Page, risks: &[Risk]) {
    if risks.is_empty() {
        return;
    }
    page.heading("Risks");
    let width = risks
        .iter()
        .map(|risk| risk.rule.chars().count())
        .max()
        .unwrap_or(0);
    for risk in risks {
        let gap = " ".repeat(width - risk.rule.chars().count());
        let title = match risk.title.as_str() {
            "" => String::new(),
            title => format!("{}  ", visible_line(title)),
        };
        page.line(&format!(
            "  {}{gap}  {title}{}",
            visible_line(&risk.rule).yellow(),
            on_lines(&risk.lines).dimmed()
        ));
    }
}

/// What to do, once for each rule.
pub(super) fn advice(page: &mut Page, findings: &[Finding]) {
    let advice = gate::advice(findings);
    if advice.is_empty() {
        return;
    }
    page.heading("What to look at");
    for (rule, advice) in advice {
        page.line(&format!("  {}: {advice}", rule.bold()));
    }
}

/// Each finding with the code it is about, up to `most`.
fn findings(page: &mut Page, found: &Analysis, source: &str, most: usize) {
    if found.findings.is_empty() {
        page.heading("Findings: none");
        return;
    }
    page.heading("Findings");
    let listing = Listing::new(source);
    let told = &found.findings[..found.findings.len().min(most)];
    for finding in told {
        page.line(&format!(
            "  {}, {}, {}, {}:{}: {}",
            visible_line(&finding.rule).bold(),
            severity(finding.severity),
            category(finding.category),
            finding.line,
            finding.column,
            visible_line(&finding.explanation)
        ));
        excerpt(page, &listing, finding);
        if let Some(origin) = gate::origin(finding) {
            page.line(&format!("      {} {origin}", "=".dimmed()));
        }
        let basis = gate::basis(finding.evidence);
        let basis = match finding.evidence {
            Evidence::Unresolved => basis.yellow().to_string(),
            Evidence::Regex | Evidence::Resolved => basis.dimmed().to_string(),
        };
        page.line(&format!("      {} {basis}", "=".dimmed()));
    }
    let more = found.findings_total.saturating_sub(told.len());
    if more > 0 {
        page.item(&format!("{more} more; --json has {}", found.findings.len()));
    }
    advice(page, told);
}

/// The line before, the line itself, and a mark below it.
fn excerpt(page: &mut Page, listing: &Listing<'_>, finding: &Finding) {
    let number = finding.line as usize;
    let width = number.to_string().len().max(3);
    let before = listing
        .line(number.saturating_sub(1), &[])
        .filter(|line| !line.text.trim().is_empty());
    if let Some(line) = before {
        page.listed(&line.cut(MAX_LINE), width);
    }
    // A program that is empty has no lines to show.
    if let Some(mut line) = listing.line(number, &[finding]) {
        for mark in &mut line.marks {
            mark.rules.clear();
        }
        page.listed(&line.cut(MAX_LINE), width);
    }
}
