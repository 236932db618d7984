//! What a host offers, as a human reads it.

use owo_colors::OwoColorize;

use crate::{
    execution::{HostReport, TierReport},
    gate::text::visible_line,
};

use super::page::Page;

/// What was found, which isolations stand, and what to do about the others.
pub(in crate::cli) fn host(report: &HostReport) -> String {
    let mut page = Page::default();
    page.heading("This host");
    for finding in &report.findings {
        page.fact(&finding.subject, &visible_line(&finding.found));
        if let Some(advice) = &finding.advice {
            page.item(&visible_line(advice).yellow().to_string());
        }
    }
    page.heading("Isolation, the best first");
    for tier in &report.tiers {
        page.fact(&tier.name, &standing(tier));
        page.item(&visible_line(&tier.holds));
        if let Some(missing) = &tier.missing {
            page.item(&visible_line(missing).yellow().to_string());
        }
    }
    page.blank();
    let asked = &report.asked;
    page.line(&match report.isolation.as_deref() {
        Some("none") => "Programs run without any isolation (execution.local.isolation: none)."
            .red()
            .to_string(),
        Some(runs) => format!("Programs run in {runs} (execution.local.isolation: {asked}).")
            .green()
            .to_string(),
        None => format!("No program can run (execution.local.isolation: {asked}).")
            .red()
            .to_string(),
    });
    page.done()
}

fn standing(tier: &TierReport) -> String {
    match tier.missing {
        None => "stands".green().to_string(),
        Some(_) => "missing".red().to_string(),
    }
}
