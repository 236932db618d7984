//! What a model is told.

use std::fs;

use holdpoint::{
    config::BasicSettings,
    generation::{
        GenerationRequest, PreviousError, Registry,
        prompt::{FIELDS, Prompt},
    },
};
use serde_json::json;

use super::{basic, failure, request, settings};

fn render(change: impl FnOnce(&mut BasicSettings), request: &GenerationRequest) -> String {
    let mut settings = basic("http://127.0.0.1:9");
    change(&mut settings);
    let messages = Prompt::new(&settings).unwrap().render(request).unwrap();
    format!("[system]\n{}\n[user]\n{}", messages.system, messages.user)
}

#[test]
fn prompt_of_a_first_attempt() {
    insta::assert_snapshot!(render(|_| {}, &request()));
}

#[test]
fn prompt_of_a_write_after_errors() {
    let errors = vec![
        failure("generation", "the oldest, not told"),
        failure("analysis", "invalid syntax at line 3"),
        PreviousError {
            traceback: "t".repeat(1200),
            ..failure("execution", "division by zero")
        },
    ];
    let request = GenerationRequest {
        execution_mode: "write_access".to_owned(),
        errors,
        ..request()
    };
    insta::assert_snapshot!(render(|_| {}, &request));
}

#[test]
fn prompt_without_data() {
    insta::assert_snapshot!(render(|_| {}, &GenerationRequest::default()));
}

#[test]
fn only_configured_fields_reach_the_model() {
    let marked = GenerationRequest {
        user_query: "MARK-user_query".to_owned(),
        task_objective: "MARK-task_objective".to_owned(),
        expected_results: json!({"MARK-expected_results": 1}).as_object().unwrap().clone(),
        capability_prompts: vec!["MARK-capability_prompts".to_owned()],
        capability_context_data: json!("MARK-capability_context_data"),
        execution_mode: "write_access".to_owned(),
        code: Some("MARK-code".to_owned()),
        errors: vec![failure("execution", "MARK-errors")],
        attempt: 2,
    };
    for field in FIELDS {
        let prompt = render(|settings| settings.fields = vec![field.to_owned()], &marked);
        for other in FIELDS.into_iter().chain(["code"]) {
            let told = prompt.contains(&format!("MARK-{other}"));
            assert_eq!(
                told,
                other == field && field != "execution_mode",
                "{field}: {other}\n{prompt}"
            );
        }
        assert_eq!(prompt.contains("may write"), field == "execution_mode");
    }
}

#[test]
fn values_are_never_template_source() {
    let text = "{{ errors }} {% for x in y %} {# c #} {% raw %} <b>&</b> ' \" \\";
    let request = GenerationRequest {
        user_query: text.to_owned(),
        capability_context_data: json!({ text: text }),
        errors: vec![failure("execution", text)],
        ..request()
    };
    let prompt = render(|_| {}, &request);
    assert_eq!(prompt.matches(text).count(), 2);
    assert!(prompt.contains(&serde_json::to_string(text).unwrap()));
}

#[test]
fn long_tracebacks_keep_their_ends() {
    let shown = |length: usize| {
        let mut traceback = "ä".repeat(length);
        traceback.replace_range(0..2, "F");
        traceback.push('L');
        let errors = vec![PreviousError {
            traceback,
            ..failure("execution", "m")
        }];
        render(
            |settings| settings.max_errors = 1,
            &GenerationRequest { errors, ..request() },
        )
    };
    assert!(shown(999).contains(&format!("F{}L", "ä".repeat(998))));
    let prompt = shown(1500);
    assert!(prompt.contains(&format!(
        "F{}\n[501 characters left out]\n{}L\n",
        "ä".repeat(499),
        "ä".repeat(499)
    )));
    assert!(
        !render(
            |settings| settings.max_errors = 0,
            &GenerationRequest {
                errors: vec![failure("execution", "m")],
                ..request()
            }
        )
        .contains("went wrong")
    );
}

#[test]
fn own_templates_stand_in_and_wrong_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |user: Option<&str>, expected: Result<&str, &str>| {
        fs::write(folder.path().join("system.j2"), "Be brief.").unwrap();
        let file = folder.path().join("user.j2");
        match user {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap_or_default(),
        }
        let mut settings = settings("basic");
        settings.basic.templates = Some(folder.path().to_owned());
        let made = Registry::builtin().create(&settings);
        match expected {
            Ok(text) => {
                assert!(made.is_ok());
                let own = |basic: &mut BasicSettings| basic.templates = settings.basic.templates.clone();
                assert_eq!(
                    render(own, &request()),
                    format!("[system]\nBe brief.\n[user]\n{text}")
                );
            }
            Err(text) => {
                let error = made.err().unwrap().to_string();
                let expected = format!(
                    "generator `basic`: the generator is not set up rightly: {}{text}",
                    file.display()
                );
                assert!(error.starts_with(&expected), "{error}\n{expected}");
            }
        }
    };
    check(None, Err(": No such file or directory"));
    check(
        Some("Do: {{ task_objective }}"),
        Ok("Do: Compute mean and spread of the beam current"),
    );
    check(Some("{{ range(2) | list }}"), Ok("[0, 1]"));
    check(Some("line one\n{% if %}"), Err(", line 2: syntax error"));
    check(
        Some("line one\n\n{{ user_qery }}"),
        Err(", line 3: `user_qery` is no field of a request; known are"),
    );
    check(Some("{{ code }}"), Err(", line 1: `code` is no field"));
    check(
        Some("\n{{ user_query | shout }}"),
        Err(", line 2: unknown filter"),
    );
    check(
        Some("{% for e in errors %}\n{{ e.mesage }}{% endfor %}"),
        Err(", line 2: undefined value"),
    );

    let mut settings = basic("http://127.0.0.1:9");
    settings.fields = vec!["user_query".to_owned(), "code".to_owned()];
    let error = Prompt::new(&settings).unwrap_err().to_string();
    assert!(
        error.contains("`code` is no field for a prompt; known are user_query, "),
        "{error}"
    );
}
