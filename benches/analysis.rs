//! How fast code is analyzed: `cargo bench --bench analysis -- [FOLDER]`.
//!
//! The folder is one with the packages named below; without one, `HOLDPOINT_BENCH_SITE`, or the
//! site-packages of `python3`. `make bench-analysis` installs them and runs other tools beside.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic, and prints rounded figures"
)]
#![allow(
    missing_docs,
    dead_code,
    reason = "a benchmark has no readers, and uses a part of what it includes"
)]

// The stages are timed in the very files of the library, so that its interface needn't show them.
#[path = "../src/analysis/depth.rs"]
mod depth;
#[path = "../tests/it/hostile.rs"]
mod hostile;
#[path = "../src/analysis/intake.rs"]
mod intake;
#[path = "../src/analysis/mask.rs"]
mod mask;
#[path = "../src/analysis/patterns.rs"]
mod patterns;
#[path = "../src/analysis/syntax.rs"]
mod syntax;

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use holdpoint::{
    analysis::{AnalysisSetupError, Analyzer, Verdict},
    config::{self, AnalysisSettings, Config},
};
use rustix::time::{ClockId, clock_gettime};

const PACKAGES: [&str; 6] = ["epics", "caproto", "ophyd", "bluesky", "p4p", "numpy"];

/// Each measurement is made so often, and the best one counts.
const ROUNDS: usize = 3;

/// A script of so many lines is what a model writes.
const SCRIPT_LINES: usize = 200;

fn settings() -> AnalysisSettings {
    AnalysisSettings {
        max_bytes: 64 << 20,
        ..Config::builtin().analysis
    }
}

/// The CPU time of the whole process, the threads of the analysis included.
fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap()
}

/// The least CPU time of `work`.
fn best(mut work: impl FnMut()) -> Duration {
    (0..ROUNDS)
        .map(|_| {
            let since = cpu();
            work();
            cpu() - since
        })
        .min()
        .unwrap()
}

fn site() -> PathBuf {
    if let Some(folder) = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
    {
        return folder.into();
    }
    if let Some(folder) = std::env::var_os("HOLDPOINT_BENCH_SITE") {
        return folder.into();
    }
    let code = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let output = Command::new("python3").args(["-c", code]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().into()
}

fn python_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            python_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "py") {
            found.push(path);
        }
    }
}

/// Pieces of `text` of 200 lines that are whole programs.
fn scripts(text: &str, found: &mut Vec<String>) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let begins = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase() || first == '@');
    let mut at = 0;
    while let Some(start) = (at..lines.len()).find(|&line| begins(&lines[line])) {
        let stop = start + SCRIPT_LINES;
        if stop > lines.len() {
            break;
        }
        let script = lines[start..stop].concat();
        if syntax::parse(&script).is_some_and(|parsed| parsed.has_valid_syntax()) {
            found.push(script);
            at = stop;
        } else {
            at = start + 20;
        }
    }
}

/// The wall time of each of `scripts`, sorted, in microseconds.
fn latencies(analyzer: &Analyzer, scripts: &[String]) -> Vec<f64> {
    let mut times: Vec<f64> = scripts
        .iter()
        .map(|script| {
            (0..ROUNDS)
                .map(|_| {
                    let since = Instant::now();
                    black_box(analyzer.analyze(script.as_bytes()));
                    since.elapsed().as_secs_f64() * 1e6
                })
                .fold(f64::INFINITY, f64::min)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The most memory this process ever had, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Analyzes one file and prints how much more memory that took; a process of its own does it.
fn print_memory_of(path: &str) {
    let analyzer = Analyzer::new(&settings()).unwrap();
    let code = std::fs::read(path).unwrap();
    let before = peak_memory();
    black_box(analyzer.analyze(&code));
    println!("{}", peak_memory() - before);
}

fn memory_of(path: &Path) -> usize {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--memory")
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// What even the shortest program takes.
fn print_fixed_costs(analyzer: &Analyzer) {
    let times = latencies(analyzer, &vec!["x = 1".to_owned(); 1_000]);
    println!("one line: p50 {:.0} us", times[times.len() / 2]);
}

/// The slowest of the programs that the tests hold to be hostile.
fn print_hostile(analyzer: &Analyzer) {
    let mut times: Vec<_> = hostile::programs(1_000_000)
        .into_iter()
        .map(|(name, code)| {
            let since = cpu();
            black_box(analyzer.analyze(&code));
            (cpu() - since, name)
        })
        .collect();
    times.sort();
    println!("{} hostile programs of 1 MB; the slowest:", times.len());
    for (time, name) in times.iter().rev().take(8) {
        println!("{:8.1} ms {name}", time.as_secs_f64() * 1e3);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path] = arguments.as_slice()
        && flag == "--memory"
    {
        return print_memory_of(path);
    }
    let mut paths = Vec::new();
    for package in PACKAGES {
        python_files(&site().join(package), &mut paths);
    }
    paths.sort();
    assert!(
        !paths.is_empty(),
        "none of {PACKAGES:?} is in {}",
        site().display()
    );
    let sources: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{} files, {megabytes:.2} MB; CPU time, best of {ROUNDS}",
        sources.len()
    );

    let analyzer = Analyzer::new(&settings()).unwrap();
    let whole = best(|| {
        for source in &sources {
            black_box(analyzer.analyze(source));
        }
    });

    let patterns = patterns::Patterns::new(&settings()).unwrap();
    let decoded: Vec<_> = sources
        .iter()
        .filter_map(|source| intake::decode(source, usize::MAX).ok())
        .collect();
    let trees: Vec<_> = decoded.iter().filter_map(|text| syntax::parse(text)).collect();
    let pairs = || decoded.iter().zip(&trees);
    let masked: Vec<_> = pairs()
        .map(|(text, tree)| mask::Masked::new(text, tree.tokens()))
        .collect();
    let stages = [
        (
            "decode",
            best(|| {
                for source in &sources {
                    black_box(intake::decode(source, usize::MAX).is_ok());
                }
            }),
        ),
        (
            "depth",
            best(|| {
                for text in &decoded {
                    black_box(depth::check(text).is_ok());
                }
            }),
        ),
        (
            "parse",
            best(|| {
                for text in &decoded {
                    black_box(syntax::parse(text));
                }
            }),
        ),
        (
            "mask",
            best(|| {
                for (text, tree) in pairs() {
                    black_box(mask::Masked::new(text, tree.tokens()));
                }
            }),
        ),
        (
            "patterns",
            best(|| {
                for text in &masked {
                    black_box(patterns.hits(text, &rustc_hash::FxHashSet::default()).len());
                }
            }),
        ),
    ];
    let known: Duration = stages.iter().map(|&(_, time)| time).sum();
    let rest = whole.saturating_sub(known);
    for (name, time) in
        stages
            .into_iter()
            .chain([("resolve", rest), ("but resolve", known), ("whole", whole)])
    {
        println!(
            "{name:12} {:8.1} ms {:8.1} MB/s {:5.1} %",
            time.as_secs_f64() * 1e3,
            megabytes / time.as_secs_f64(),
            100.0 * time.as_secs_f64() / whole.as_secs_f64()
        );
    }
    let unread = sources
        .iter()
        .filter(|source| analyzer.analyze(source).verdict != Verdict::Readable)
        .count();
    println!("{unread} files are not readable");

    let mut pieces = Vec::new();
    for text in &decoded {
        scripts(text, &mut pieces);
    }
    let times = latencies(&analyzer, &pieces);
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{} scripts of {SCRIPT_LINES} lines: p50 {:.0} us, p99 {:.0} us, longest {:.0} us",
        times.len(),
        at(50),
        at(99),
        at(100)
    );

    print_fixed_costs(&analyzer);
    print_hostile(&analyzer);

    let mut by_size: Vec<_> = paths.iter().zip(&sources).collect();
    by_size.sort_by_key(|(_, source)| std::cmp::Reverse(source.len()));
    for (path, source) in by_size.into_iter().take(3) {
        println!(
            "memory: {:.1} bytes per byte of {} ({} kB)",
            memory_of(path) as f64 / source.len() as f64,
            path.strip_prefix(site()).unwrap().display(),
            source.len() / 1000
        );
    }
}
