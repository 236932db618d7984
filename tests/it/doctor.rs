//! What a host offers, told.

use std::process::Command;

use holdpoint::{
    config::{Config, Isolation},
    execution::{HostReport, LocalExecutor},
};
use serde_json::Value;

fn doctor(config: &str, words: &[&str]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.yml"), config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .arg("doctor")
        .args(words)
        .current_dir(dir.path())
        .env_remove("CONFIG_FILE")
        .output()
        .unwrap();
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "it left something: {left:?}");
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// The report and the probe see the same host.
#[test]
fn the_report_is_what_the_probe_finds() {
    let dir = tempfile::tempdir().unwrap();
    for isolation in [
        Isolation::Auto,
        Isolation::BubblewrapCgroup,
        Isolation::Bubblewrap,
        Isolation::None,
    ] {
        let mut settings = Config::builtin().execution;
        settings.local.isolation = isolation;
        settings.workspace_dir = dir.path().join("runs");
        let report = HostReport::of(&settings);
        let again: HostReport = serde_json::from_value(serde_json::to_value(&report).unwrap()).unwrap();
        assert_eq!(again, report);
        assert_eq!(report.asked, isolation.name());
        for tier in &report.tiers {
            assert!(!tier.holds.is_empty());
            assert_ne!(tier.missing.as_deref(), Some(""), "{tier:?}");
        }
        if isolation != Isolation::None {
            assert_eq!(
                report.isolation.is_some(),
                LocalExecutor::probe(&settings).is_ok(),
                "{report:?}"
            );
        }
    }
}

#[test]
fn it_tells_people_and_programs() {
    let (code, text) = doctor("", &[]);
    for part in [
        "kernel",
        "bubblewrap",
        "Landlock",
        "seccomp",
        "control groups",
        "Isolation",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let (json_code, json) = doctor("", &["--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, json_code);
    assert_eq!(code == 0, report["isolation"].is_string(), "{report}");
    assert_eq!(report["tiers"].as_array().unwrap().len(), 3);
}

/// What is missing is named, and so is the way to it.
#[test]
fn it_says_what_is_missing() {
    for (config, parts) in [
        (
            "execution: { local: { python_env_path: /no/such/python } }",
            &["/no/such/python", "No such file"][..],
        ),
        (
            "execution: { local: { launcher: /no/such/launcher } }",
            &["/no/such/launcher", "execution.local.launcher"],
        ),
    ] {
        let (code, text) = doctor(config, &[]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("No program can run"), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
