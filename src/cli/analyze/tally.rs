//! What many programs come to.

use std::time::Duration;

use crate::{analysis::Verdict, model::Category};

use super::super::exit;
use super::{Analyzed, Policy};

/// Counts over programs.
#[derive(Debug, Default)]
pub(in crate::cli) struct Tally {
    /// Those that could be read from the disk.
    pub(in crate::cli) programs: u64,
    pub(in crate::cli) bytes: u64,
    pub(in crate::cli) write: u64,
    pub(in crate::cli) may_write: u64,
    pub(in crate::cli) read: u64,
    /// Those that are no Python, or that nobody can tell of.
    pub(in crate::cli) unreadable: u64,
    pub(in crate::cli) run: u64,
    pub(in crate::cli) ask: u64,
    pub(in crate::cli) refuse: u64,
    /// Files that could not be read from the disk.
    pub(in crate::cli) missing: u64,
}

impl Tally {
    /// Counts a program of `bytes` in.
    pub(super) fn add(&mut self, bytes: usize, analyzed: &Analyzed) {
        let analysis = &analyzed.analysis;
        let writes = analysis
            .findings
            .iter()
            .any(|finding| finding.category == Category::Write);
        self.programs += 1;
        self.bytes += bytes as u64;
        self.write += u64::from(writes);
        self.may_write += u64::from(analysis.has_writes && !writes);
        self.read += u64::from(analysis.has_reads);
        self.unreadable += u64::from(analysis.verdict != Verdict::Readable);
        *match analyzed.policy {
            Policy::Run => &mut self.run,
            Policy::Ask => &mut self.ask,
            Policy::Refuse => &mut self.refuse,
        } += 1;
    }

    /// The code to exit with. Where nothing is to be checked, only a file that could not be read counts.
    pub(super) fn code(&self, check: bool) -> u8 {
        match self {
            Self { missing: 1.., .. } => exit::USAGE,
            Self { refuse: 1.., .. } if check => exit::REFUSED,
            Self { ask: 1.., .. } if check => exit::INTERRUPTED,
            _ => exit::DONE,
        }
    }

    /// What was done in `time`, with its speed where there was enough to measure.
    pub(in crate::cli) fn done(&self, time: Duration) -> String {
        let programs = match self.programs {
            1 => "1 program".to_owned(),
            programs => format!("{programs} programs"),
        };
        let megabytes = self.bytes as f64 / 1e6;
        let seconds = time.as_secs_f64();
        match self.bytes {
            0..100_000 => format!("{programs}, {:.1} kB", self.bytes as f64 / 1e3),
            _ => format!(
                "{programs}, {megabytes:.1} MB in {seconds:.1} s ({:.1} MB/s)",
                megabytes / seconds.max(1e-6)
            ),
        }
    }
}
