//! The generators: by name, the caller's code, and the mock, whose code a real Python runs.

mod answer;
mod endpoint;
mod prompt;

use std::{fs, path::Path, process::Command, sync::Arc, time::Duration};

use async_trait::async_trait;
use holdpoint::{
    config::{BasicSettings, GenerationSettings, MockBehavior, MockSettings},
    generation::{
        CodeGenerator, Generated, GenerationError, GenerationRequest, PreviousError, Registry,
        SharedGenerator, Tell, prompt::FIELDS,
    },
};
use serde_json::{Value, json};

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
