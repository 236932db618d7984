//! Labelled programs, and how many of them the analysis must judge rightly.
//!
//! `tests/corpus` is the first set; `tests/corpus_unseen` was written without a look at the analysis, and
//! each of its labels was checked by running the program with recording libraries (`check.py`).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use holdpoint::{
    analysis::{Analyzer, RISK_RULES},
    config::Config,
};
use serde_json::Value;

/// Risks that alone ask nobody.
const SOFT: [&str; 2] = ["file_write", "network"];

/// One labelled program.
struct Case {
    path: PathBuf,
    kind: String,
    has_writes: Option<bool>,
    has_reads: bool,
    risks: BTreeSet<String>,
}

fn cases(folder: &str, labels: &[&str]) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut cases = Vec::new();
    for name in labels {
        let labels = std::fs::read_to_string(root.join(name)).unwrap();
        for line in labels.lines().filter(|line| !line.is_empty()) {
            let label: Value = serde_json::from_str(line).unwrap();
            cases.push(Case {
                path: root.join(label["file"].as_str().unwrap()),
                kind: label["kind"].as_str().unwrap().to_owned(),
                has_writes: label["has_writes"].as_bool(),
                has_reads: label["has_reads"].as_bool().unwrap(),
                risks: label["must_flag_risks"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|risk| risk.as_str().unwrap().to_owned())
                    .collect(),
            });
        }
    }
    cases
}

/// Counts of right and wrong answers, and the cases that are wrong.
#[derive(Default)]
struct Score {
    hits: usize,
    rests: usize,
    misses: Vec<String>,
    alarms: Vec<String>,
}

impl Score {
    fn count(&mut self, name: &str, expected: bool, found: bool) {
        match (expected, found) {
            (true, true) => self.hits += 1,
            (true, false) => self.misses.push(name.to_owned()),
            (false, true) => self.alarms.push(name.to_owned()),
            (false, false) => self.rests += 1,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the counts are small")]
    fn share(&self, others: usize) -> f64 {
        self.hits as f64 / (self.hits + others) as f64
    }

    #[track_caller]
    fn check(&self, what: &str, recall: f64, precision: f64) {
        let (reached, exact) = (self.share(self.misses.len()), self.share(self.alarms.len()));
        eprintln!("{what}: recall {reached:.4}, precision {exact:.4}");
        assert!(
            reached >= recall && exact >= precision,
            "{what}: recall {reached:.4}, precision {exact:.4}\nmissed {:#?}\nfalse alarms {:#?}",
            self.misses,
            self.alarms
        );
    }

    /// The share of the cases that should have been left alone and were not.
    #[track_caller]
    #[expect(clippy::cast_precision_loss, reason = "the counts are small")]
    fn check_alarms(&self, what: &str, most: f64) {
        let share = self.alarms.len() as f64 / (self.alarms.len() + self.rests).max(1) as f64;
        eprintln!("{what}: {share:.4} false alarms");
        assert!(
            share <= most,
            "{what}: {share:.4} false alarms {:#?}",
            self.alarms
        );
    }
}

/// The least that is asked: recall and precision of writes and reads, recall of the gate and of risks.
struct Floors {
    writes: (f64, f64),
    reads: (f64, f64),
    gate: f64,
    risks: f64,
    false_requests: f64,
}

#[track_caller]
fn check(cases: &[Case], floors: &Floors) {
    let analyzer = Analyzer::new(&Config::builtin().analysis).unwrap();
    let [mut writes, mut reads, mut gate, mut risks, mut harmless] = [(); 5].map(|()| Score::default());
    for case in cases {
        let name = case.path.file_stem().unwrap().to_string_lossy().into_owned();
        let analysis = analyzer.analyze(&std::fs::read(&case.path).unwrap());
        let asks = !analysis.concerns().is_empty();
        if let Some(expected) = case.has_writes {
            writes.count(&name, expected, analysis.has_writes);
            reads.count(&name, case.has_reads, analysis.has_reads);
        }
        let grave = case.risks.iter().any(|risk| !SOFT.contains(&risk.as_str()));
        let must_ask = case.has_writes != Some(false) || grave;
        gate.count(&name, must_ask, asks);
        if !must_ask && matches!(&*case.kind, "benign" | "benign2" | "read" | "docs") {
            harmless.count(&name, false, asks);
        }
        for risk in &case.risks {
            risks.count(&format!("{name}: {risk}"), true, analysis.risks.contains(risk));
        }
        for risk in &analysis.risks {
            assert!(RISK_RULES.contains(&risk.as_str()));
        }
    }
    writes.check("writes", floors.writes.0, floors.writes.1);
    reads.check("reads", floors.reads.0, floors.reads.1);
    gate.check("gate", floors.gate, 0.98);
    risks.check("risks", floors.risks, 1.0);
    harmless.check_alarms("benign and reading programs", floors.false_requests);
}

#[test]
fn the_corpus_is_judged_rightly() {
    let floors = Floors {
        writes: (1.0, 1.0),
        reads: (0.96, 0.80),
        gate: 1.0,
        risks: 1.0,
        false_requests: 0.0,
    };
    check(&cases("corpus", &["labels.jsonl"]), &floors);
}

#[test]
fn an_unseen_round_is_judged_rightly() {
    let floors = Floors {
        writes: (0.99, 0.98),
        reads: (0.90, 0.70),
        gate: 1.0,
        risks: 0.96,
        false_requests: 0.02,
    };
    check(
        &cases("corpus_unseen", &["labels_writes.jsonl", "labels_reads.jsonl"]),
        &floors,
    );
}
