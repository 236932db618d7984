//! The generators, against a real HTTP server on loopback and a real Python.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use holdpoint::{
    config::{BasicSettings, GenerationSettings, MockBehavior, MockSettings},
    generation::{
        CodeGenerator, Generated, GenerationError, GenerationRequest, PreviousError, Registry,
        SharedGenerator, Tell,
        answer::{self, Unreadable},
        prompt::{FIELDS, Prompt},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_partial_json, header, method, path},
};

const KEY: &str = "hp-test-0123456789-abcdefghij";

fn basic(base_url: &str) -> BasicSettings {
    BasicSettings {
        base_url: base_url.to_owned(),
        model: "writer-1".to_owned(),
        api_key: Some(KEY.into()),
        timeout: Duration::from_secs(20),
        max_retries: 0,
        temperature: Some(0.0),
        max_tokens: Some(2000),
        max_errors: 2,
        templates: None,
        fields: FIELDS.map(String::from).to_vec(),
    }
}

fn settings(generator: &str) -> GenerationSettings {
    GenerationSettings {
        generator: generator.to_owned(),
        basic: basic("http://127.0.0.1:9/v1"),
        mock: MockSettings {
            behaviors: vec![MockBehavior::Success],
        },
        custom: Default::default(),
    }
}

fn create(settings: &GenerationSettings) -> SharedGenerator {
    Registry::builtin().create(settings).unwrap()
}

fn failure(stage: &str, message: &str) -> PreviousError {
    PreviousError {
        attempt: 1,
        stage: stage.to_owned(),
        code: "runtime_error".to_owned(),
        message: message.to_owned(),
        failed_code: "results = {'a': 1 / 0}".to_owned(),
        traceback: "Traceback (most recent call last):\nZeroDivisionError: division by zero".to_owned(),
    }
}

fn request() -> GenerationRequest {
    GenerationRequest {
        user_query: "How stable was the beam?".to_owned(),
        task_objective: "Compute mean and spread of the beam current".to_owned(),
        expected_results: json!({"mean": "number, mA", "spread": {"unit": "mA"}})
            .as_object()
            .unwrap()
            .clone(),
        capability_prompts: vec![
            "- Use the standard library.".to_owned(),
            "- Round to 3 digits.".to_owned(),
        ],
        capability_context_data: json!({"readings": [499.8, 500.1]}),
        execution_mode: "read_only".to_owned(),
        code: None,
        errors: Vec::new(),
        attempt: 1,
    }
}

async fn write(
    generator: &dyn CodeGenerator,
    request: &GenerationRequest,
) -> Result<Generated, GenerationError> {
    generator.generate(request, &|_| {}).await
}

/// The generator `basic` before a server that always answers in the same way.
async fn ask(
    answer: ResponseTemplate,
    change: impl FnOnce(&mut BasicSettings),
) -> (Result<Generated, GenerationError>, usize) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let mut settings = settings("basic");
    settings.basic = basic(&server.uri());
    change(&mut settings.basic);
    let outcome = write(&*create(&settings), &request()).await;
    (outcome, server.received_requests().await.unwrap().len())
}

fn completion(content: Value, finish: &str) -> Value {
    json!({
        "id": "c-1",
        "model": "writer-1-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
    })
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

// ---- registry

#[test]
fn registry_knows_its_generators_by_name() {
    for (name, own) in [
        ("fixed", "fixed"),
        ("mock", "mock"),
        ("basic", "basic"),
        ("legacy", "basic"),
    ] {
        assert_eq!(create(&settings(name)).name(), own);
    }
}

#[test]
fn registry_refuses_what_it_does_not_know() {
    let check = |name: &str, expected: &str| {
        let error = Registry::builtin().create(&settings(name)).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    let known = "known are basic, fixed, legacy, mock";
    check(
        "bsic",
        &format!("no generator is called `bsic`; {known} (did you mean `basic`?)"),
    );
    check(
        "Mock",
        &format!("no generator is called `Mock`; {known} (did you mean `mock`?)"),
    );
    check(
        "claude_code",
        &format!("no generator is called `claude_code`; {known}"),
    );
    check("", &format!("no generator is called ``; {known}"));
}

struct Own(String);

#[async_trait]
impl CodeGenerator for Own {
    fn name(&self) -> &str {
        "own"
    }

    async fn generate(&self, _: &GenerationRequest, tell: Tell<'_>) -> Result<Generated, GenerationError> {
        tell(&self.0);
        Ok(Generated {
            code: self.0.clone(),
            generator: "own".to_owned(),
            model: None,
            usage: None,
            metadata: Default::default(),
        })
    }
}

fn own(settings: &Value) -> Result<SharedGenerator, GenerationError> {
    let code = settings.get("code").and_then(Value::as_str);
    let code = code.ok_or_else(|| GenerationError::Setup("`code` is missing".to_owned()))?;
    Ok(Arc::new(Own(code.to_owned())))
}

#[tokio::test]
async fn an_application_registers_its_own() {
    let mut registry = Registry::builtin();
    registry.register("own", own).unwrap();
    let mut settings = settings("own");

    let error = registry.create(&settings).err().unwrap();
    assert_eq!(
        error.to_string(),
        "generator `own`: the generator is not set up rightly: `code` is missing"
    );
    settings
        .custom
        .insert("own".to_owned(), json!({"code": "results = {}"}));
    let generated = write(&*registry.create(&settings).unwrap(), &request())
        .await
        .unwrap();
    assert_eq!(generated.code, "results = {}");

    for name in ["own", "fixed", "legacy"] {
        let error = registry.register(name, own).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("a generator called `{name}` is registered already")
        );
    }
}

// ---- fixed

#[tokio::test]
async fn fixed_hands_out_the_callers_code_once() {
    let code = "\u{feff}# caf\u{e9}\r\nresults = {'fence': '```'}\r\n\r\n";
    let fixed = create(&settings("fixed"));
    let with = |code: Option<&str>, attempt, errors| GenerationRequest {
        code: code.map(String::from),
        attempt,
        errors,
        ..request()
    };
    let generated = write(&*fixed, &with(Some(code), 1, Vec::new())).await.unwrap();
    assert_eq!(
        (
            generated.code.as_str(),
            generated.generator.as_str(),
            generated.model
        ),
        (code, "fixed", None)
    );

    for (request, expected) in [
        (with(None, 1, Vec::new()), "generator_setup"),
        (with(Some(" \n"), 1, Vec::new()), "generator_setup"),
        (
            with(Some(code), 2, vec![failure("execution", "x")]),
            "generator_exhausted",
        ),
        (with(Some(code), 2, Vec::new()), "generator_exhausted"),
        (
            with(Some(code), 1, vec![failure("analysis", "x")]),
            "generator_exhausted",
        ),
    ] {
        let error = write(&*fixed, &request).await.unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
        assert!(!error.may_regenerate());
    }
}

// ---- mock

fn python(arguments: &[&str], folder: &Path) -> std::process::Output {
    Command::new("python3")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[tokio::test]
async fn mock_behaves_as_its_settings_say() {
    use MockBehavior::*;
    let folder = tempfile::tempdir().unwrap();
    // A stand-in for pyepics, so that the code runs here: it prints what it is asked to do.
    fs::write(
        folder.path().join("epics.py"),
        "def caput(name, value, **_):\n    print('caput', name, value)\n    return 1\n\
         def caget(name, **_):\n    print('caget', name)\n    return 1.5\n",
    )
    .unwrap();
    let dump = "\nimport json\nprint(json.dumps(sorted(results)))\n";
    let told = vec![failure("execution", "KeyError: 'current'")];
    for (behavior, errors, compiles, output, name) in [
        (
            Success,
            vec![],
            true,
            Ok("[\"count\", \"maximum\", \"mean\", \"minimum\", \"spread\"]"),
            "success",
        ),
        (SyntaxError, vec![], false, Err("SyntaxError"), "syntax_error"),
        (
            RuntimeError,
            vec![],
            true,
            Err("ZeroDivisionError"),
            "runtime_error",
        ),
        (
            MissingResults,
            vec![],
            true,
            Err("NameError: name 'results'"),
            "missing_results",
        ),
        (
            ChannelWrite,
            vec![],
            true,
            Ok("caput SR:MAG:QF1:SP 3.0"),
            "channel_write",
        ),
        (
            ChannelRead,
            vec![],
            true,
            Ok("caget SR:MAG:QF1:SP"),
            "channel_read",
        ),
        (
            ErrorAware,
            vec![],
            true,
            Err("KeyError: 'current'"),
            "error_aware",
        ),
        (
            ErrorAware,
            told,
            true,
            Ok("\"corrected\", \"current\", \"mean\""),
            "error_aware",
        ),
        (
            SecurityRisk,
            vec![],
            true,
            Ok("\"returncode\", \"spread\", \"stdout\""),
            "security_risk",
        ),
        (
            Code("results = {'x': 1}".to_owned()),
            vec![],
            true,
            Ok("[\"x\"]"),
            "code",
        ),
    ] {
        let mut settings = settings("mock");
        settings.mock.behaviors = vec![behavior];
        let mock = create(&settings);
        let request = GenerationRequest { errors, ..request() };
        let generated = write(&*mock, &request).await.unwrap();
        assert_eq!(generated, write(&*mock, &request).await.unwrap());
        assert_eq!(generated.generator, "mock");
        assert_eq!(generated.metadata["mock"], json!(true));
        assert_eq!(generated.metadata["behavior"], json!(name));

        fs::write(folder.path().join("program.py"), &generated.code).unwrap();
        let compiled = python(&["-m", "py_compile", "program.py"], folder.path());
        assert_eq!(compiled.status.success(), compiles, "{name}: {compiled:?}");

        let run = python(&["-c", &(generated.code.clone() + dump)], folder.path());
        match output {
            Ok(text) => assert!(
                String::from_utf8_lossy(&run.stdout).contains(text),
                "{name}: {run:?}"
            ),
            Err(text) => assert!(
                String::from_utf8_lossy(&run.stderr).contains(text),
                "{name}: {run:?}"
            ),
        }
        assert_eq!(generated.code.contains("subprocess."), name == "security_risk");
    }
}

#[tokio::test]
async fn mock_goes_through_its_sequence_and_repeats_the_last() {
    let mut settings = settings("mock");
    settings.mock.behaviors = vec![
        MockBehavior::SyntaxError,
        MockBehavior::RuntimeError,
        MockBehavior::Code("results = {}".to_owned()),
    ];
    let mock = create(&settings);
    for (attempt, expected) in [
        (0, "syntax_error"),
        (1, "syntax_error"),
        (2, "runtime_error"),
        (3, "code"),
        (4, "code"),
        (99, "code"),
    ] {
        let generated = write(&*mock, &GenerationRequest { attempt, ..request() })
            .await
            .unwrap();
        assert_eq!(
            generated.metadata["behavior"],
            json!(expected),
            "attempt {attempt}"
        );
    }
    settings.mock.behaviors.clear();
    let error = Registry::builtin().create(&settings).err().unwrap();
    assert_eq!(
        error.to_string(),
        "generator `mock`: the generator is not set up rightly: `mock` needs at least one behavior"
    );
}

#[tokio::test]
async fn mock_gives_expected_keys_values_of_their_kind() {
    let mut request = request();
    let key = "a\"]\nimport os #";
    request.expected_results =
        json!({key: "dict", "list": "list of names", "s": "string", "b": "Boolean", "n": 3, "mean": "dict"})
            .as_object()
            .unwrap()
            .clone();
    let generated = write(&*create(&settings("mock")), &request).await.unwrap();
    let shown = generated.code + "\nimport json\nprint(json.dumps(results))\n";
    let run = python(&["-c", &shown], Path::new("."));
    let results: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(results[key], json!({}));
    assert_eq!(results["list"], json!([]));
    assert_eq!(results["s"], json!("mock"));
    assert_eq!(results["b"], json!(true));
    assert_eq!(results["n"], json!(0.0));
    assert_eq!(results["mean"], json!(2.5));
}

// ---- the code in an answer

#[test]
fn code_is_found_in_answers() {
    let check = |text: &str, expected: Result<&str, Unreadable>| {
        assert_eq!(answer::code(text), expected.map(String::from), "{text:?}");
    };
    // Bare answers.
    check("results = {}", Ok("results = {}"));
    check("\n\n  \nx = 1\n\n\n", Ok("x = 1"));
    check("\u{feff}x = 1", Ok("x = 1"));
    check("if x:\r\n    y = 1\r\n", Ok("if x:\r\n    y = 1"));
    check("x = '```'\ny = 2", Ok("x = '```'\ny = 2"));
    check(
        "d = \"\"\"\n```python\nx\n```\n\"\"\"\nx = 1",
        Ok("d = \"\"\"\n```python\nx\n```\n\"\"\"\nx = 1"),
    );
    check(
        "# it's \"\"\" a comment\nx = 1",
        Ok("# it's \"\"\" a comment\nx = 1"),
    );
    check("", Err(Unreadable::Empty));
    check(" \r\n\n", Err(Unreadable::Empty));
    // One block.
    check("```python\nx = 1\n```", Ok("x = 1"));
    check("\u{feff}```Python\nx = 1\n```\n", Ok("x = 1"));
    check("```\nx = 1\n```", Ok("x = 1"));
    check("~~~py\nx = 1\n~~~", Ok("x = 1"));
    check("```{python}\nx = 1\n```", Ok("x = 1"));
    check("```python title=\"a.py\"\nx = 1\n```", Ok("x = 1"));
    check(
        "Here's the code:\n\n```python\nx = 1\n```\nIt's done.",
        Ok("x = 1"),
    );
    check("```python\r\nx = 1\r\ny = 2\r\n```\r\n", Ok("x = 1\r\ny = 2"));
    check("```python\n\n  x = 1\n\n```", Ok("\n  x = 1\n"));
    check("````python\nx = 1\n```\ny = 2\n````", Ok("x = 1\n```\ny = 2"));
    check("~~~\nx = 1\n```\n~~~", Ok("x = 1\n```"));
    check("  ```python\n  x = 1\n  ```", Ok("  x = 1"));
    // A fence in a string of the block.
    check(
        "```python\nd = '''\n```\ntext\n```\n'''\nx = 1\n```\nDone.",
        Ok("d = '''\n```\ntext\n```\n'''\nx = 1"),
    );
    check(
        "```python\nd = \"it's\" + '\\'' # \"\"\"\n```\ntext",
        Ok("d = \"it's\" + '\\'' # \"\"\""),
    );
    check(
        "```python\nd = '''never closed\n```\nDone.",
        Ok("d = '''never closed"),
    );
    // Several blocks.
    check(
        "```python\nx = 1\n```\nor\n```python\nx = 1\ny = 2\n```",
        Ok("x = 1\ny = 2"),
    );
    check("```python\na = 1\n```\nor\n```python\nb = 1\n```", Ok("b = 1"));
    check(
        "```\nmuch longer than the code\n```\n```python\nx = 1\n```",
        Ok("x = 1"),
    );
    check(
        "```bash\npip install it's\n```\n```python\nx = 1\n```",
        Ok("x = 1"),
    );
    check("```json\n{}\n```", Err(Unreadable::Empty));
    check("```python\n\n```", Err(Unreadable::Empty));
    check("```python\n```", Err(Unreadable::Empty));
    // Cut off.
    check("```python\nx = 1\n", Err(Unreadable::Open));
    check(
        "```python\nx = 1\n```\nand\n```python\ny = 2",
        Err(Unreadable::Open),
    );
    check("```python", Err(Unreadable::Open));
    // Thoughts.
    check(
        "<think>\n```python\nwrong = 1\n```\n</think>\n\nx = 1\n",
        Ok("x = 1"),
    );
    check("\n<think>hm", Err(Unreadable::Open));
    check("x = '<think>'", Ok("x = '<think>'"));
}

proptest! {
    #[test]
    fn a_fenced_program_comes_out_as_it_went_in(
        code in prop_oneof![
            any::<String>(),
            "([ -~\r\t'\"\\\\#`]{0,20}\n){0,8}[ -~'\"`]{0,20}",
        ]
        .prop_filter("no fence lines, some code", |code| {
            !code.trim().is_empty() && !code.lines().any(|line| line.trim().starts_with("```"))
        })
    ) {
        prop_assert_eq!(answer::code(&format!("```python\n{code}\n```")), Ok(code.clone()));
        prop_assert_eq!(answer::code(&format!("Sure, it's:\n\n```python\n{code}\n```\nDone.")), Ok(code));
    }

    #[test]
    fn no_answer_is_too_odd_to_be_read(text in "(```|~~~|python|'''|\"\"\"|\\\\|\n|\r\n|é| |#|<think>|</think>|x){0,40}") {
        if let Ok(code) = answer::code(&text) {
            prop_assert!(!code.trim().is_empty());
            prop_assert!(text.contains(&code));
        }
    }
}

// ---- prompts

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

// ---- basic, against a server

#[tokio::test]
async fn basic_asks_and_takes_the_answer() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_partial_json(
            json!({"model": "writer-1", "temperature": 0.0, "max_tokens": 2000}),
        ))
        .respond_with(ok(completion(
            json!("```python\nresults = {'mean': 1}\n```"),
            "stop",
        )))
        .expect(2)
        .mount(&server)
        .await;
    for base in ["/v1", "/v1/"] {
        let mut settings = settings("basic");
        settings.basic.base_url = server.uri() + base;
        let told = Mutex::new(String::new());
        let tell = |piece: &str| told.lock().unwrap().push_str(piece);
        let generated = create(&settings).generate(&request(), &tell).await.unwrap();
        insta::allow_duplicates!(insta::assert_json_snapshot!("basic_generated", generated));
        assert_eq!(
            told.lock().unwrap().as_str(),
            "```python\nresults = {'mean': 1}\n```"
        );
    }
    let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(sent["messages"][0]["role"], "system");
    assert_eq!(sent["messages"][1]["role"], "user");
    assert!(
        sent["messages"][1]["content"]
            .as_str()
            .unwrap()
            .contains("Compute mean and spread")
    );
    assert!(!sent.to_string().contains(KEY));
}

#[tokio::test]
async fn basic_reads_answers_of_many_servers() {
    let plain = |change: fn(&mut Value)| {
        let mut body = completion(json!("x = 1"), "stop");
        change(&mut body);
        body
    };
    for (body, model, has_usage) in [
        (plain(|_| {}), "writer-1-2026", true),
        (
            plain(|body| {
                body["choices"][0]["message"]["content"] = json!([{"type": "text", "text": "x = 1"}])
            }),
            "writer-1-2026",
            true,
        ),
        (plain(|body| body["usage"] = Value::Null), "writer-1-2026", false),
        (plain(|body| body["model"] = Value::Null), "writer-1", true),
        (plain(|body| body["error"] = Value::Null), "writer-1-2026", true),
        (
            plain(|body| body["choices"][0]["message"]["refusal"] = Value::Null),
            "writer-1-2026",
            true,
        ),
        (
            plain(|body| body["choices"][0]["finish_reason"] = Value::Null),
            "writer-1-2026",
            true,
        ),
    ] {
        let (outcome, _) = ask(ok(body), |settings| settings.api_key = None).await;
        let generated = outcome.unwrap();
        assert_eq!(
            (generated.code.as_str(), generated.model.as_deref()),
            ("x = 1", Some(model))
        );
        assert_eq!(generated.usage.is_some(), has_usage);
    }
}

#[tokio::test]
async fn basic_tells_every_failure_apart() {
    let status = |code: u16, body: Value| ResponseTemplate::new(code).set_body_json(body);
    let refusal = {
        let mut body = completion(Value::Null, "stop");
        body["choices"][0]["message"]["refusal"] = json!("I can't help\nwith that.");
        body
    };
    let message = |text: &str| json!({"error": {"message": text}});
    for (answer, expected) in [
        (
            status(400, message("unknown parameter")),
            "model_request_rejected: status 400: unknown parameter",
        ),
        (
            status(401, json!({"error": "bad key"})),
            "model_request_rejected: status 401: bad key",
        ),
        (
            status(403, json!({"detail": "no access"})),
            "model_request_rejected: status 403: no access",
        ),
        (
            status(404, json!({"message": "no such model"})),
            "model_request_rejected: status 404: no such model",
        ),
        (ResponseTemplate::new(404), "model_request_rejected: status 404"),
        (
            ResponseTemplate::new(307).insert_header("location", "http://127.0.0.2:9/"),
            "model_request_rejected: status 307: it points elsewhere, and the key is not sent there; correct `base_url`",
        ),
        (
            status(
                429,
                json!({"error": {"message": "no credit", "code": "insufficient_quota"}}),
            ),
            "model_request_rejected: status 429: no credit",
        ),
        (
            status(429, message("slow down")),
            "model_unreachable: status 429: slow down",
        ),
        (status(500, json!({})), "model_unreachable: status 500: {}"),
        (
            ResponseTemplate::new(503).set_body_string("<h1>busy</h1>"),
            "model_unreachable: status 503: <h1>busy</h1>",
        ),
        (
            ok(json!({"error": {"message": "upstream", "code": 502}})),
            "model_unreachable: status 502: upstream",
        ),
        (
            ok(json!({"error": {"message": "bad"}})),
            "model_request_rejected: status 400: bad",
        ),
        (ok(refusal), "model_declined: I can't help with that."),
        (
            ok(completion(json!("x"), "content_filter")),
            "model_declined: the endpoint's content filter stopped it",
        ),
        (ok(completion(json!("x = 1"), "length")), "model_answer_cut: 30"),
        (
            ok(completion(json!("```python\nx = 1"), "stop")),
            "model_answer_cut: 30",
        ),
        (ok(completion(Value::Null, "length")), "model_answer_cut: 30"),
        (ok(completion(Value::Null, "stop")), "model_answer_empty"),
        (ok(completion(json!(" \n"), "stop")), "model_answer_empty"),
        (
            ok(completion(json!("```json\n{}\n```"), "stop")),
            "model_answer_empty",
        ),
        (
            ok(json!({"choices": []})),
            "model_answer_malformed: `choices` is empty",
        ),
        (ok(json!({})), "model_answer_malformed: missing field `choices`"),
        (ok(json!([1])), "model_answer_malformed: "),
        (
            ok(json!({"choices": [{}]})),
            "model_answer_malformed: missing field `message`",
        ),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            "model_answer_malformed: expected value at line 1 column 1",
        ),
        (
            ResponseTemplate::new(200),
            "model_answer_malformed: EOF while parsing",
        ),
        (
            ResponseTemplate::new(200).set_body_string("x".repeat(5 << 20)),
            "model_answer_malformed: it has more than 4194304 bytes",
        ),
    ] {
        let (outcome, calls) = ask(answer, |_| {}).await;
        let error = outcome.unwrap_err();
        let told = match &error {
            GenerationError::Unreachable { message: text, .. }
            | GenerationError::Refused(text)
            | GenerationError::Malformed(text)
            | GenerationError::Rejected(text) => format!("{}: {text}", error.code()),
            GenerationError::Cut(tokens) => format!("{}: {tokens}", error.code()),
            _ => error.code().to_owned(),
        };
        assert!(told.starts_with(expected), "{told}\n{expected}");
        assert_eq!(calls, 1);
    }
}

#[tokio::test]
async fn long_messages_are_capped_and_kept_on_one_line() {
    let text = format!("a\u{1b}[31m\r\n{}", "b".repeat(2000));
    let (outcome, _) = ask(ResponseTemplate::new(400).set_body_string(text), |_| {}).await;
    let message = outcome.unwrap_err().to_string();
    assert!(message.len() < 620 && message.ends_with(" […]"), "{message}");
    assert!(!message.chars().any(char::is_control));
}

#[tokio::test]
async fn the_key_is_sent_and_shown_nowhere() {
    let masked = format!("Incorrect key: {}****{}", &KEY[..8], &KEY[KEY.len() - 6..]);
    for (status, text) in [
        (401, format!("wrong key {KEY}")),
        (401, masked),
        (
            503,
            json!({"error": {"message": format!("Bearer {KEY}")}}).to_string(),
        ),
        (200, json!({"choices": KEY}).to_string()),
        (
            200,
            json!({"choices": [{"message": {"refusal": format!("no {KEY}")}}]}).to_string(),
        ),
        (200, json!({"error": {"message": KEY}}).to_string()),
    ] {
        let (outcome, _) = ask(ResponseTemplate::new(status).set_body_string(text), |_| {}).await;
        let error = outcome.unwrap_err();
        let shown = format!("{error} {error:?}");
        for part in KEY.as_bytes().windows(6) {
            assert!(!shown.contains(std::str::from_utf8(part).unwrap()), "{shown}");
        }
        assert!(shown.contains("[key]"), "{shown}");
    }
    let settings = settings("basic");
    assert!(!format!("{settings:?} {:?}", Registry::builtin()).contains(KEY));
}

#[tokio::test]
async fn wrong_settings_are_told_at_creation() {
    let check = |change: fn(&mut BasicSettings), expected: &str| {
        let mut settings = settings("basic");
        change(&mut settings.basic);
        let error = Registry::builtin().create(&settings).err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{shown}");
        assert!(!shown.contains("hidden"), "{shown}");
    };
    check(
        |basic| basic.base_url = "no address".to_owned(),
        "`base_url` is no address",
    );
    check(
        |basic| basic.base_url = "ftp://host/".to_owned(),
        "must begin with http:// or https://",
    );
    check(
        |basic| basic.base_url = "https://me:hidden@host/v1".to_owned(),
        "must not hold a user or a password",
    );
    check(|basic| basic.model = " ".to_owned(), "`model` is empty");
    check(
        |basic| basic.api_key = Some("hidden\nkey".into()),
        "characters that an HTTP header can't carry",
    );
}

#[tokio::test]
async fn a_key_of_blanks_is_no_key_and_one_with_a_line_end_is_trimmed() {
    for (key, expected) in [(" \n", None), ("abc\n", Some("Bearer abc"))] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ok(completion(json!("x = 1"), "stop")))
            .mount(&server)
            .await;
        let mut settings = settings("basic");
        settings.basic.base_url = server.uri() + "/v1?api-version=2";
        settings.basic.api_key = Some(key.into());
        write(&*create(&settings), &request()).await.unwrap();
        let sent = &server.received_requests().await.unwrap()[0];
        assert_eq!(
            sent.headers
                .get("authorization")
                .map(|value| value.to_str().unwrap()),
            expected
        );
        assert_eq!(
            (sent.url.path(), sent.url.query()),
            ("/v1/chat/completions", Some("api-version=2"))
        );
    }
}

/// A server that gives `answers` in turn and notes when it was asked.
async fn in_turn(answers: Vec<ResponseTemplate>) -> (MockServer, Arc<Mutex<Vec<Instant>>>) {
    let server = MockServer::start().await;
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (next, seen) = (AtomicUsize::new(0), calls.clone());
    Mock::given(method("POST"))
        .respond_with(move |_: &Request| {
            seen.lock().unwrap().push(Instant::now());
            answers[next.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].clone()
        })
        .mount(&server)
        .await;
    (server, calls)
}

#[tokio::test]
async fn an_overloaded_endpoint_is_called_again() {
    let good = || ok(completion(json!("x = 1"), "stop"));
    let date = |ahead: u64| {
        let at = jiff::Timestamp::try_from(SystemTime::now() + Duration::from_secs(ahead)).unwrap();
        at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    let busy = |after: &str| ResponseTemplate::new(429).insert_header("retry-after", after);
    for (answers, retries, calls, least, expected) in [
        (vec![ResponseTemplate::new(503), good()], 1, 2, 250, Ok(())),
        (
            vec![ResponseTemplate::new(500), ResponseTemplate::new(408), good()],
            2,
            3,
            750,
            Ok(()),
        ),
        (vec![busy("1"), good()], 1, 2, 1000, Ok(())),
        (vec![busy(&date(3)), good()], 1, 2, 1000, Ok(())),
        (vec![busy(&date(0)), good()], 1, 2, 250, Ok(())),
        (vec![busy("soon"), good()], 1, 2, 250, Ok(())),
        (vec![busy("7")], 0, 1, 0, Err(Some(Duration::from_secs(7)))),
        (vec![busy("3600")], 5, 1, 0, Err(Some(Duration::from_secs(3600)))),
        (vec![ResponseTemplate::new(503)], 1, 2, 250, Err(None)),
    ] {
        let (server, seen) = in_turn(answers).await;
        let mut settings = settings("basic");
        settings.basic.base_url = server.uri();
        settings.basic.max_retries = retries;
        let outcome = write(&*create(&settings), &request()).await;
        match (outcome, expected) {
            (Ok(generated), Ok(())) => assert_eq!(generated.code, "x = 1"),
            (Err(GenerationError::Unreachable { retry_after, .. }), Err(asked)) => {
                assert_eq!(retry_after, asked)
            }
            (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), calls);
        assert!(
            seen[calls - 1] - seen[0] >= Duration::from_millis(least),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn what_will_not_change_is_not_asked_again() {
    for answer in [
        ResponseTemplate::new(401),
        ok(json!({})),
        ok(completion(json!("x"), "length")),
    ] {
        let (outcome, calls) = ask(answer, |settings| settings.max_retries = 3).await;
        assert_eq!((outcome.is_err(), calls), (true, 1));
    }
}

#[tokio::test]
async fn a_silent_or_absent_endpoint_is_unreachable() {
    let late = ok(completion(json!("x = 1"), "stop")).set_delay(Duration::from_secs(30));
    let (outcome, calls) = ask(late, |settings| {
        settings.timeout = Duration::from_millis(100);
        settings.max_retries = 1;
    })
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model cannot be reached: no answer within 100ms"
    );
    assert_eq!(calls, 2);

    // A port that was free a moment ago, with nobody behind it.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut settings = settings("basic");
    settings.basic.base_url = format!("http://127.0.0.1:{port}/v1?token=hidden");
    let error = write(&*create(&settings), &request()).await.unwrap_err();
    assert_eq!(error.code(), "model_unreachable");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hidden"), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unreachable() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 64];
        stream.read_exact(&mut head).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\"")
            .await
            .unwrap();
    });
    let mut settings = settings("basic");
    settings.basic.base_url = format!("http://{address}");
    let error = write(&*create(&settings), &request()).await.unwrap_err();
    assert_eq!(error.code(), "model_unreachable", "{error}");
}
