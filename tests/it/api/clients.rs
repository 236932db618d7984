//! The whole life of a thread, through `langgraph-sdk` and `RemoteGraph`.

use std::{path::Path, process::Command};

use super::server::Server;

/// Runs a scenario of `tests/langgraph/client.py` against a service of its own.
fn play(scenario: &str) {
    let variables = ["HOLDPOINT_TEST_LANGGRAPH", "HOLDPOINT_TEST_PYTHON"];
    let [Some(python), Some(_)] = variables.map(std::env::var_os) else {
        assert!(
            std::env::var_os("HOLDPOINT_TEST_NO_SKIP").is_none(),
            "{scenario} needs {variables:?}: run `demo/setup.sh --tests`, or `make test`"
        );
        eprintln!("SKIPPED {scenario}: set {variables:?}");
        return;
    };
    let server = Server::start("");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/langgraph/client.py");
    let output = Command::new(python)
        .arg(script)
        .args([scenario, &server.url])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}: {told}");
    assert!(server.stop(), "{scenario}: the service did not end well");
}

#[test]
fn the_python_sdk_leads_a_thread_through_its_life() {
    play("life");
}

#[test]
fn an_answer_counts_once_and_for_its_question_alone() {
    play("answers");
}

#[test]
fn every_stream_mode_tells_its_part_and_can_be_come_back_to() {
    play("streams");
}

#[test]
fn a_remote_graph_is_asked_and_answered() {
    play("remote_graph");
}
