//! Notebooks: valid, complete, and safe to open.

use std::{path::Path, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use holdpoint::{
    config::NotebookSettings,
    execution::{
        Artifact, Execution, NotebookContent, NotebookError, Output, ProgramEnd, write_notebook,
        write_notebook_html,
    },
    model::{Category, CodeSha256, Evidence, Finding, Severity, Timestamp},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::rig::{READ, ReadOnly, Rig, code, ending, requester, task};

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
        stdout: "one\r\ntwo\n<script>alert(1)</script></pre>\n".to_owned(),
        stderr: "\u{1b}[1;31mred\u{1b}[0m \u{1b}]0;title\u{7}\u{1b}[2J".to_owned(),
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
    let (artifact, bytes) = write_as(write_notebook, path, execution, stage);
    (artifact, serde_json::from_slice(&bytes).unwrap())
}

fn page(execution: Option<&Execution>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (artifact, bytes) = write_as(
        write_notebook_html,
        &dir.path().join("a.html"),
        execution,
        "completed",
    );
    assert_eq!(
        (artifact.path.as_str(), artifact.media_type.as_str()),
        ("a.html", "text/html")
    );
    String::from_utf8(bytes).unwrap()
}

type Write = fn(&Path, &NotebookContent<'_>) -> Result<Artifact, NotebookError>;

fn write_as(write: Write, path: &Path, execution: Option<&Execution>, stage: &str) -> (Artifact, Vec<u8>) {
    let findings = [Finding {
        snippet: "caput('X', 1)  # ```".to_owned(),
        evidence: Evidence::Regex,
        channels: vec!["X".to_owned()],
        ..Finding::new(
            "write.regex",
            Category::Write,
            Severity::High,
            (2, 1),
            "It <b>writes</b>.".to_owned(),
        )
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
    let artifact = write(path, &content).unwrap();
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(artifact.bytes, bytes.len() as u64);
    assert_eq!(artifact.sha256, CodeSha256::of(&bytes));
    assert!(write(path, &content).is_err(), "what stands there stays");
    (artifact, bytes)
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
            traceback: "\u{1b}[31mTraceback\u{1b}[0m\n  File \"program.py\", line 2\nValueError: bad\n"
                .to_owned(),
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

/// A figure of each kind that is shown or not, with what is told of it.
#[test]
fn figures_are_shown_within_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let mut done = execution(dir.path(), ProgramEnd::Finished);
    let mut add = |path: &str, content: &[u8], media_type: &str| {
        std::fs::write(dir.path().join(path), content).unwrap();
        done.artifacts.push(Artifact {
            path: path.to_owned(),
            kind: "figure".to_owned(),
            media_type: media_type.to_owned(),
            bytes: content.len() as u64,
            sha256: CodeSha256::of(content),
        });
    };
    add("figures/large.png", &vec![0; (2 << 20) + 1], "image/png");
    add("figures/drawing.svg", b"<svg onload=alert(1)>", "image/svg+xml");
    for number in 3..20 {
        add(&format!("figures/figure_{number}.png"), &[number], "image/png");
    }
    let (_, notebook) = write(&dir.path().join("a.ipynb"), Some(&done), "completed");
    let outputs = notebook["cells"][2]["outputs"].as_array().unwrap();
    let images = outputs
        .iter()
        .filter(|output| output["data"]["image/png"].is_string())
        .count();
    assert_eq!(images, 16);
    assert_eq!(page(Some(&done)).matches("<img ").count(), 16);
    let told = notebook["cells"][3]["source"].to_string().replace('\\', "");
    for (figure, reason) in [
        ("figure_02.png", "it is no longer what was recorded"),
        ("../etc/passwd", "it is no longer what was recorded"),
        ("large.png", "it is larger than 2 MiB"),
        ("drawing.svg", "it is no PNG"),
        ("figure_18.png", "there are more than 16"),
        ("figure_19.png", "there are more than 16"),
    ] {
        assert!(
            told.contains(&format!("{figure} is not shown: {reason}")),
            "{figure}: {told}"
        );
    }
}

#[test]
fn long_results_are_cut() {
    let dir = tempfile::tempdir().unwrap();
    let mut done = execution(dir.path(), ProgramEnd::Finished);
    done.results = Some(json!({"text": "é".repeat(200_000)}));
    let (_, notebook) = write(&dir.path().join("a.ipynb"), Some(&done), "completed");
    let outputs = notebook["cells"][2]["outputs"].as_array().unwrap();
    let results = outputs
        .iter()
        .find(|output| output["output_type"] == "execute_result")
        .unwrap();
    assert!(results["data"].get("application/json").is_none());
    assert!(
        results["data"]["text/plain"]
            .to_string()
            .contains("longer than what is shown")
    );
    assert!(serde_json::to_string(results).unwrap().len() < 300_000);
}

#[test]
fn a_page_holds_no_markup_from_outside() {
    let dir = tempfile::tempdir().unwrap();
    let mut done = execution(
        dir.path(),
        ProgramEnd::Raised {
            error_type: "<b>Error".to_owned(),
            message: "\"><img src=x onerror=alert(1)>".to_owned(),
            traceback: "\u{1b}[31mTraceback\u{1b}[0m </pre><script>alert(1)</script>".to_owned(),
            line: None,
        },
    );
    let name = "figures/\"onerror=\"alert(1)'.png";
    std::fs::write(dir.path().join(name), b"png").unwrap();
    done.artifacts.push(Artifact {
        path: name.to_owned(),
        kind: "figure".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: 3,
        sha256: CodeSha256::of(b"png"),
    });
    done.notes
        .push("</li></ul><iframe src=//evil.example>".to_owned());
    let page = page(Some(&done));
    // Every tag is one of ours, and none can run or load anything.
    let ours = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "section",
        "h1",
        "h2",
        "p",
        "ul",
        "li",
        "code",
        "pre",
        "figure",
        "img",
        "figcaption",
    ];
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        assert!(ours.contains(&name), "<{tag}>");
        // Attributes end where we end them.
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        let outside: String = tag.split('"').step_by(2).collect();
        assert!(!outside.contains("onerror"), "<{tag}>");
        assert!(
            !tag.contains("src=") || tag.contains(" src=\"data:image/png;base64,"),
            "<{tag}>"
        );
    }
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(
        page.contains("Traceback &lt;/pre&gt;&lt;script&gt;"),
        "colours are left out"
    );
    // The policy lets our own style in and nothing else.
    let style = page
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    let policy = page
        .split("content=\"default-src")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let digest = BASE64.encode(Sha256::digest(style.as_bytes()));
    assert_eq!(
        policy,
        format!(" 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
    );
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[test]
fn a_page_tells_what_the_notebook_tells() {
    let dir = tempfile::tempdir().unwrap();
    let done = execution(dir.path(), ProgramEnd::Finished);
    insta::assert_snapshot!("page", page(Some(&done)).split("</head>").nth(1).unwrap());
    assert!(page(None).contains("epics.caput(&#39;X&#39;, 1)"));
}

#[tokio::test]
async fn a_result_has_a_page_and_a_link_only_where_they_are_asked_for() {
    let rig = Rig::new([code(READ)]);
    let service = rig.open().await;
    let plain = service
        .invoke(task(ReadOnly), Some("t"), requester())
        .await
        .unwrap();
    let plain = json!(plain.result.unwrap());
    assert!(plain["notebook"].is_string());
    assert!(plain.get("notebook_html").is_none() && plain.get("notebook_link").is_none());

    let rig = Rig::new([code(&ending(READ, "raise")), code(READ)]).with(|config| {
        config.execution.notebook = NotebookSettings {
            html: true,
            jupyter_url: Some("https://jupyter.example/lab/tree/site%20runs/".to_owned()),
        };
    });
    let service = rig.open().await;
    let reply = service
        .invoke(task(ReadOnly), Some("t"), requester())
        .await
        .unwrap();
    let result = reply.result.unwrap();
    let (notebook, page) = (result.notebook.unwrap(), result.notebook_html.unwrap());
    assert_eq!(page, notebook.with_extension("html"));
    assert!(
        std::fs::read_to_string(page)
            .unwrap()
            .starts_with("<!doctype html>")
    );
    // The attempt that failed has its notebook, and no page.
    let pages = result
        .artifacts
        .iter()
        .filter(|file| file.media_type == "text/html");
    assert_eq!(pages.count(), 1);
    let names: Vec<_> = notebook
        .iter()
        .rev()
        .take(3)
        .map(|name| name.to_str().unwrap())
        .collect();
    let [file, folder, month] = names[..] else {
        panic!("{names:?}");
    };
    assert_eq!(
        result.notebook_link.unwrap(),
        format!("https://jupyter.example/lab/tree/site%20runs/{month}/{folder}/{file}")
    );
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
