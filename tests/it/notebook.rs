//! Notebooks: valid, complete, and safe to open.

use std::{path::Path, process::Command};

use holdpoint::{
    execution::{Artifact, Execution, NotebookContent, Output, ProgramEnd, write_notebook},
    model::{Category, CodeSha256, Evidence, Finding, Severity, Timestamp},
};
use serde_json::{Value, json};

fn execution(folder: &Path, end: ProgramEnd) -> Execution {
    let png = b"\x89PNG not really";
    std::fs::create_dir_all(folder.join("figures")).unwrap();
    std::fs::write(folder.join("figures/figure_01.png"), png).unwrap();
    let figure = |path: &str, sha256| Artifact {
        path: path.to_owned(),
        kind: "figure".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: png.len() as u64,
        sha256,
    };
    Execution {
        end,
        results: Some(json!({"mean": 1.5, "text": "```\n<script>alert(1)</script>"})),
        stdout: "one\ntwo\n".to_owned(),
        stderr: "\u{1b}[31mred".to_owned(),
        output_truncated: true,
        seconds: 0.25,
        folder: folder.to_path_buf(),
        artifacts: vec![
            figure("figures/figure_01.png", CodeSha256::of(png)),
            figure("figures/figure_02.png", CodeSha256::of(b"another")),
            figure("../../../../etc/passwd", CodeSha256::of(b"another")),
        ],
        outputs: Vec::new(),
        isolation: "bubblewrap".to_owned(),
        interpreter: "/usr/bin/python3 (Python 3.11.2)".to_owned(),
        conduct: None,
        notes: vec!["a file was left out".to_owned()],
    }
}

fn write(path: &Path, execution: Option<&Execution>, stage: &str) -> (Artifact, Value) {
    let findings = [Finding {
        rule: "write.regex".to_owned(),
        category: Category::Write,
        severity: Severity::High,
        line: 2,
        column: 1,
        snippet: "caput('X', 1)  # ```".to_owned(),
        explanation: "It <b>writes</b>.".to_owned(),
        evidence: Evidence::Regex,
        channels: vec!["X".to_owned()],
    }];
    let content = NotebookContent {
        attempt: 2,
        stage,
        created: Timestamp::from_millis(1_763_689_561_000),
        task: "Set X.\n# Approved by **all**\n```\n<img src=x onerror=alert(1)>\u{202e}",
        code: "import epics\r\nepics.caput('X', 1)\n",
        findings: &findings,
        error: None,
        execution,
    };
    let artifact = write_notebook(path, &content).unwrap();
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(artifact.bytes, bytes.len() as u64);
    assert_eq!(artifact.sha256, CodeSha256::of(&bytes));
    (artifact, serde_json::from_slice(&bytes).unwrap())
}

/// P4: every attempt has its notebook.
#[test]
fn a_notebook_tells_the_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let done = execution(dir.path(), ProgramEnd::Finished);
    let (artifact, notebook) = write(
        &dir.path().join("attempts/02_completed.ipynb"),
        Some(&done),
        "completed",
    );
    assert_eq!(
        (artifact.path.as_str(), artifact.kind.as_str()),
        ("02_completed.ipynb", "notebook")
    );
    insta::assert_json_snapshot!("completed", notebook);
}

#[test]
fn what_a_program_showed_stands_in_its_order_and_is_not_rendered() {
    let dir = tempfile::tempdir().unwrap();
    let display = |forms: &[(&str, Value)]| Output::Display {
        data: forms
            .iter()
            .map(|(media, form)| ((*media).to_owned(), form.clone()))
            .collect(),
    };
    let mut done = execution(dir.path(), ProgramEnd::Finished);
    done.outputs = vec![
        Output::Stream {
            name: "stdout".to_owned(),
            text: "one\n".to_owned(),
        },
        display(&[
            ("text/html", json!("<script>alert(1)</script>")),
            ("text/plain", json!("<HTML object>")),
        ]),
        display(&[
            ("image/png", json!("iVBORw0K")),
            ("text/plain", json!("a figure")),
        ]),
        display(&[
            ("image/png", json!("<svg onload=alert(1)>")),
            ("text/plain", json!("none")),
        ]),
        display(&[("application/json", json!({"a": 1}))]),
    ];
    let (_, notebook) = write(&dir.path().join("shown.ipynb"), Some(&done), "completed");
    let outputs = &notebook["cells"][2]["outputs"];
    assert_eq!(outputs[0]["text"], json!(["one\n"]));
    assert_eq!(
        outputs[1]["data"],
        json!({"text/plain": ["<script>alert(1)</script>"]})
    );
    assert_eq!(outputs[2]["data"], json!({"image/png": "iVBORw0K"}));
    assert_eq!(outputs[3]["data"], json!({"text/plain": ["none"]}));
    assert_eq!(
        outputs[4]["data"],
        json!({"text/plain": ["{\n", "  \"a\": 1\n", "}"]})
    );
}

#[test]
fn a_notebook_tells_of_failure() {
    let dir = tempfile::tempdir().unwrap();
    let raised = execution(
        dir.path(),
        ProgramEnd::Raised {
            error_type: "ValueError".to_owned(),
            message: "bad <b>".to_owned(),
            traceback: "Traceback\n  File \"program.py\", line 2\nValueError: bad\n".to_owned(),
            line: Some(2),
        },
    );
    let (_, notebook) = write(
        &dir.path().join("failed.ipynb"),
        Some(&raised),
        "execution_failed",
    );
    let outputs = notebook["cells"][2]["outputs"].as_array().unwrap();
    let error = outputs.last().unwrap();
    assert_eq!(
        error,
        &json!({
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "bad <b>",
            "traceback": ["Traceback", "  File \"program.py\", line 2", "ValueError: bad"],
        })
    );
    let (_, waiting) = write(&dir.path().join("waiting.ipynb"), None, "awaiting_approval");
    assert_eq!(waiting["cells"].as_array().unwrap().len(), 3);
    assert_eq!(waiting["cells"][2]["outputs"], json!([]));
}

#[test]
fn nothing_from_outside_is_rendered() {
    let dir = tempfile::tempdir().unwrap();
    let done = execution(dir.path(), ProgramEnd::Finished);
    let (_, notebook) = write(&dir.path().join("a.ipynb"), Some(&done), "completed");
    for cell in notebook["cells"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|cell| cell["cell_type"] == "markdown")
    {
        let text: String = cell["source"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        assert!(!text.contains('\u{202e}'));
        let mut fence: Option<&str> = None;
        for line in text.lines() {
            match fence {
                Some(open) => fence = if line == open { None } else { fence },
                None if line.starts_with("```") => fence = line.strip_suffix("text"),
                None => assert!(!line.contains('<') && !line.contains("**"), "{line}"),
            }
        }
        assert_eq!(fence, None, "a fence is left open: {text}");
    }
}

#[test]
fn the_python_library_finds_it_valid() {
    let (python, scientific) = super::execution::python();
    if !scientific {
        return super::execution::skip("the_python_library_finds_it_valid");
    }
    let dir = tempfile::tempdir().unwrap();
    let done = execution(dir.path(), ProgramEnd::Finished);
    let path = dir.path().join("a.ipynb");
    write(&path, Some(&done), "completed");
    let python = if python.is_dir() {
        python.join("bin/python3")
    } else {
        python
    };
    let checked = Command::new(python)
        .args(["-c", "import sys, nbformat; n = nbformat.read(sys.argv[1], 4); nbformat.validate(n); assert n.nbformat_minor == 5"])
        .arg(&path)
        .output()
        .unwrap();
    if String::from_utf8_lossy(&checked.stderr).contains("No module named 'nbformat'") {
        return eprintln!("SKIPPED the_python_library_finds_it_valid: nbformat is not installed");
    }
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
