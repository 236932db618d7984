//! The configuration: what is read, what is refused, what is shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use holdpoint::{
    analysis::Analyzer,
    config::{
        CodeApproval, Config, ConfigError, ExecutionMethod, GlobalApproval, Isolation, KEYS, Key, Kind,
        Level, MockBehavior, PatternMode, ReadOnlyWrite, RehearsalMode, Route,
    },
    model::{PvValue, VerificationLevel},
};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let environment = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    Config::from_text(text, Some(Path::new("config.yml")), &environment)
}

fn read(text: &str) -> Config {
    read_with(text, &[]).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// All problems of `text`, one a line; also those that only keep programs from starting.
fn problems(text: &str) -> String {
    match read_with(text, &[]) {
        Ok(config) => match config.check_startable() {
            Ok(()) => "fine".to_owned(),
            Err(error) => format!("[{}] {error}", error.code()),
        },
        Err(error) => error.to_string(),
    }
}

#[test]
fn without_a_file_the_defaults_stand_and_can_start() {
    let config = Config::from_text("", None, &|_| None).unwrap();
    assert_eq!(config.display(), Config::builtin().display());
    assert_eq!(config.policy(), Config::builtin().policy());
    assert!(config.check_startable().is_ok());
    assert!(config.notes.is_empty());
    insta::assert_snapshot!(config.display_yaml());
}

#[test]
fn mistakes_are_told_with_their_place_and_the_way_out() {
    let cases = [
        "execution:\n  code_generater: mock\n",
        "osprey:\n  execution:\n    local:\n      isolaton: none\n",
        "aproval:\n  global_mode: disabled\n",
        "ospry:\n  approval: {}\n",
        "approval: { global_mod: selective, max_questions: 3 }\n",
        "approval:\n  global_mode: sometimes\n",
        "approval:\n  global_mode: selectiv\n",
        "approval:\n  global_mode: [selective]\n",
        "approval: selective\n",
        "approval:\n  capabilities:\n    python_executon:\n      mode: all_code\n",
        "approval:\n  capabilities:\n    python_execution:\n      enabled: yes\n",
        "approval:\n  expires_after: 0\n",
        "approval:\n  expires_after: tomorrow\n",
        "approval:\n  expires_after: 999999999999h\n",
        "approval:\n  max_questions: -1\n",
        "approval:\n  max_questions: 1.5\n",
        "python_executor:\n  max_generation_retries: three\n  max_execution_retries: 101\n",
        "python_executor:\n  execution_timeout_seconds: .inf\n",
        "execution:\n  execution_method: kubernetes\n",
        "execution:\n  generators:\n    mock:\n      behavior: [success, explode]\n",
        "execution:\n  generators:\n    mock:\n      behavior: success\n      code: x = 1\n",
        "execution:\n  generators:\n    baisc:\n      model_id: m\n",
        "execution:\n  generators:\n    legacy:\n      model_id: m\n",
        "execution:\n  generators:\n    basic:\n      fields: [user_query, password]\n",
        "execution:\n  limits:\n    memory_bytes: 1 MB\n",
        "execution:\n  local:\n    environment:\n      'A=B': c\n",
        "execution:\n  local:\n    python_env_path: !env HOME\n",
        "execution:\n  local:\n    spares: { read_only: 17, preload: ['os; import sys'] }\n",
        "execution:\n  notebook:\n    jupyter_url: jupyter.example/lab\n",
        "execution:\n  notebook:\n    jupyter_url: javascript:alert(1)\n",
        "execution:\n  notebook:\n    jupyter_url: https://jupyter.example/lab?token=secret\n",
        "control_system:\n  patterns:\n    epics:\n      write:\n        - '('\n",
        "control_system:\n  patterns:\n    write: ['ok', '(?=x)']\n",
        "control_system:\n  patterns:\n    write: ['']\n",
        "control_system:\n  patterns:\n    wirte: ['x']\n",
        "control_system:\n  patterns:\n    epcis:\n      write: ['x']\n",
        "control_system:\n  limits_checking:\n    enabled: true\n",
        "control_system:\n  limits_checking: { enabled: true, on_violation: warn }\n",
        "control_system:\n  limits_checking:\n    max_value: 3\n",
        "control_system:\n  limits_checking: true\n",
        "control_system:\n  analysis:\n    rules:\n      subproces: allow\n",
        "control_system:\n  analysis:\n    rules:\n      subprocess: alow\n",
        "control_system:\n  analysis:\n    rules:\n      subprocess: warn\n      control_write: warn\n",
        "control_system:\n  analysis:\n    rules: strict\n",
        "control_system:\n  analysis:\n    libraries: mine.yml\n",
        "control_system:\n  analysis:\n    libraries: [3]\n",
        "control_system:\n  analysis:\n    libraries: [no_such_file.yml]\n",
        "control_system:\n  analysis:\n    libraries:\n      - id: a\n        route: radio\n        modules: [a]\n",
        "control_system:\n  analysis:\n    libraries:\n      - id: a\n        route: any\n        module: [a]\n",
        "control_system:\n  analysis:\n    libraries:\n      - id: a\n        route: any\n        modules: []\n",
        "control_system:\n  analysis:\n    libraries:\n      - id: a\n        route: any\n        modules: [epics]\n",
        "control_system:\n  analysis:\n    libraries:\n      - { id: a, route: any, modules: [a] }\n      - { id: a, route: any, modules: [b] }\n",
        "control_system:\n  analysis:\n    libraries:\n      - id: a\n        route: any\n        modules: [a]\n        functions:\n          \
         read: [get]\n          write:\n            - put\n            - set(pv=chanel)\n",
        "control_system:\n  analysis:\n    libraries:\n      - id: a\n        route: any\n        modules: [a]\n        types:\n          \
         T:\n            like: U\n",
        "control_system:\n  epics:\n    address_list: [10.0.0.300]\n",
        "control_system:\n  epics:\n    address_list: ['a b']\n",
        "control_system:\n  epics:\n    address_list: ioc1 ioc2:0\n",
        "control_system:\n  epics:\n    address_list: ${LIST:-ioc1 ioc2:0}\n",
        "control_system:\n  epics:\n    name_servers: ['[::1]:5064']\n",
        "control_system:\n  epics:\n    name_servers: [5064]\n",
        "control_system:\n  epics:\n    pva_gateway: pvagw\n",
        "control_system:\n  epics:\n    read_client: ''\n    client_host: a b\n",
        "control_system:\n  epics:\n    adress_list: ioc1\n",
        "control_system:\n  epics:\n    max_puts_per_second: 0\n",
        "control_system:\n  write_verification:\n    default_level: read\n",
        "control_system:\n  write_verification:\n    default_tolerance_percent: -1\n",
        "control_system:\n  rehearsal:\n    mode: sometimes\n",
        "control_system:\n  drift:\n    percent: .nan\n",
        "control_system:\n  interlocks:\n    pv: X\n",
        "control_system:\n  interlocks: [X]\n",
        "control_system:\n  interlocks:\n    - pv: A\n      min: 1\n    - pv: B\n",
        "control_system:\n  interlocks:\n    - min: 1\n      max: 2\n",
        "control_system:\n  interlocks:\n    - pv: A B\n      min: 1\n",
        "control_system:\n  interlocks:\n    - pv: A\n      minn: 1\n",
        "control_system:\n  interlocks:\n    - pv: A\n      max: '1'\n",
        "control_system:\n  interlocks:\n    - pv: A\n      min: 2\n      max: 1\n",
        "control_system:\n  interlocks:\n    - pv: A\n      one_of: [true]\n",
        "control_system:\n  interlocks:\n    - pv: A\n      one_of: []\n",
        "control_system:\n  interlocks:\n    - pv: A\n      one_of: [1]\n      equals: 1\n",
        "control_system:\n  interlocks:\n    - pv: A\n      equals: [1]\n",
        "holdpoint:\n  store:\n    segment_bytes: 3 MiB\n",
        "holdpoint:\n  store:\n    segment_bytes: 512 KiB\n",
        "holdpoint:\n  data_directory: x\n",
        "control_system:\n  type: EPICS\n",
        "execution:\n  generators:\n    mine: 3\n",
        "models:\n  a: { model_id: [m] }\nexecution:\n  code_generator: basic\n  generators: { basic: { model_config_name: a } }\n",
        "a: [1, 2\nb: 3\n",
        "a: 1\na: 2\n",
        "a: *nowhere\n",
        "- a\n- b\n",
        "just words",
        "a: 1\n---\nb: 2\n",
        "? [a, b]\n: c\n",
        "osprey: 3\n",
        "approval:\n\tglobal_mode: selective\n",
        "execution:\n  python_env_path: ${NOT_SET}\n",
        "execution:\n  python_env_path: ${NOT SET}\n",
        "execution:\n  python_env_path: ${NOT_ENDED\n",
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|text| format!("{text}=> {}\n", problems(text)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn settings_that_contradict_the_gate_are_refused() {
    let cases = [
        "execution: { modes: { write_access: { requires_approval: false } } }",
        "execution: { modes: { read_only: { allows_writes: true } } }",
        "execution: { modes: { write_access: { allows_writes: false } } }\ncontrol_system: { writes_enabled: true }",
        "execution: { modes: { read_only: { requires_approval: true } } }\napproval: { global_mode: disabled }",
        "control_system: { patterns: { mode: override } }",
        "control_system: { patterns: { mode: override, read: ['get'] } }",
        "control_system: { patterns: { mode: override, epics: { write: [] } } }",
        "control_system: { type: tango, patterns: { mode: override, epics: { write: ['caput'] } } }",
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|text| format!("{text}\n=> {}\n", problems(text)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_cannot_start_can_still_be_read() {
    let cases = [
        "execution: { execution_method: container }",
        "execution: { execution_method: container, container: { jupyter_host: jupyter } }",
        "execution: { execution_method: container, container: { url: 'http://a', listen: { write_access: '10.0.0.1:5064' } } }",
        "execution: { execution_method: container, container: { url: 'http://a', write_url: 'http://A/', listen: { write_access: '10.0.0.1:5064' } } }",
        "execution: { code_generator: basic }",
        "execution: { code_generator: legacy, generators: { basic: { model_config_name: writer } } }",
        "execution: { code_generator: basic, generators: { basic: { model_id: m, provider: cborg } } }",
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|text| format!("{text}\n=> {}\n", problems(text)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_jupyter_server_is_named_by_an_address_or_by_host_and_port() {
    let read_container = |container: &str| {
        let text = format!("execution: {{ execution_method: container, container: {container} }}");
        read_with(&text, &[("TOKEN", "s3cret")]).unwrap()
    };
    let cases = [
        (
            "{ jupyter_host: jupyter, jupyter_port: 8888 }",
            "http://jupyter:8888",
        ),
        ("{ jupyter_host: '::1', jupyter_port: 8888 }", "http://[::1]:8888"),
        (
            "{ url: 'https://hub.example/jupyter/' }",
            "https://hub.example/jupyter",
        ),
    ];
    for (container, url) in cases {
        let config = read_container(container);
        config.check_startable().unwrap();
        assert_eq!(config.execution.container.url, url);
        assert!(
            config
                .notes
                .iter()
                .any(|note| note.contains("execution.container.token"))
        );
    }
    let config = read_container("{ url: 'http://jupyter', token: '${TOKEN}', timeout: 5s, username: ops }");
    assert_eq!(config.notes, Vec::<String>::new());
    let shown = config.display_yaml();
    assert!(!shown.contains("s3cret") && !format!("{config:?}").contains("s3cret"));
    assert!(shown.contains("username: ops") && shown.contains("kernel_name: python3-epics-readonly"));

    let mistakes = [
        "{ jupyter_host: jupyter, jupyter_port: 1, url: 'http://jupyter' }",
        "{ jupyter_host: 'jupyter/base', jupyter_port: 1 }",
        "{ url: 'jupyter:8888' }",
        "{ url: 'http://user:pass@jupyter' }",
        "{ url: 'http://jupyter?token=abc' }",
        "{ url: 'http://jupyter', token: \"a b\" }",
        "{ url: 'http://jupyter', username: '' }",
        "{ url: 'http://jupyter', max_message_bytes: 1 KiB }",
        "{ url: 'http://jupyter', write_url: 'write:8888' }",
        "{ url: 'http://jupyter', write_token: \"a b\" }",
        "{ url: 'http://jupyter', listen: { read_only: '0.0.0.0:5064' } }",
        "{ url: 'http://jupyter', listen: { read_only: '10.0.0.1:5064', write_access: '10.0.0.1:5064' } }",
        "{ url: 'http://jupyter', peers: { write_access: ['10.0.0.0/40'] } }",
        "{ url: 'http://jupyter', peers: { write_access: ['write'] } }",
    ];
    let told: Vec<String> = mistakes
        .iter()
        .map(|container| {
            let text = format!("execution: {{ container: {container} }}");
            format!("{container}\n=> {}\n", problems(&text))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn all_problems_come_at_once_and_in_the_order_of_the_file() {
    let error = read_with(
        "holdpoint: { x: 1 }\napproval: { y: 2 }\nexecution:\n  z: 3\n",
        &[],
    )
    .unwrap_err();
    let lines: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| (problem.line, problem.key.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (Some(1), "holdpoint.x"),
            (Some(2), "approval.y"),
            (Some(4), "execution.z")
        ]
    );
}

#[test]
fn a_file_that_says_nothing_means_the_defaults() {
    for text in [
        "",
        " \n",
        "# only a comment\n",
        "---\n",
        "~",
        "{}",
        "osprey:\napproval:\n",
        "approval:\n  global_mode:\n",
    ] {
        assert_eq!(read(text).display(), Config::builtin().display(), "{text:?}");
    }
}

#[test]
fn a_flood_of_problems_is_cut() {
    let text: String = (0..5_000).map(|number| format!("  wrong{number}: 1\n")).collect();
    let error = read_with(&format!("approval:\n{text}"), &[]).unwrap_err();
    assert_eq!(error.problems().len(), 51);
    assert_eq!(error.problems()[50].message, "and more problems after these");
}

/// Run by the test below in a process of its own, since a process has one environment and one directory.
#[test]
#[ignore = "the child of another test"]
fn child_that_loads_without_a_path() {
    match Config::load(None) {
        Ok(config) => println!(
            "questions {} from {:?}",
            config.approval.max_questions, config.file
        ),
        Err(error) => println!("{}", error.code()),
    }
}

#[test]
fn the_file_is_looked_for_in_the_environment_then_here() {
    let dir = tempfile::tempdir().unwrap();
    let child = |config_file: Option<&str>| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "config::child_that_loads_without_a_path",
            "--ignored",
            "--nocapture",
        ]);
        command
            .current_dir(dir.path())
            .env_remove("CONFIG_FILE")
            .envs(config_file.map(|name| ("CONFIG_FILE", name)));
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let told = output
            .lines()
            .find(|line| line.starts_with("questions") || line.starts_with("config_"));
        told.expect(&output).to_owned()
    };
    assert_eq!(child(None), "questions 3 from None");
    fs::write(dir.path().join("config.yml"), "approval: { max_questions: 4 }").unwrap();
    fs::write(dir.path().join("other.yml"), "approval: { max_questions: 5 }").unwrap();
    assert_eq!(child(None), "questions 4 from Some(\"config.yml\")");
    assert_eq!(child(Some("")), "questions 4 from Some(\"config.yml\")");
    assert_eq!(child(Some("other.yml")), "questions 5 from Some(\"other.yml\")");
    assert_eq!(child(Some("gone.yml")), "config_unreadable");
    fs::remove_file(dir.path().join("config.yml")).unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path().join("config.yml")).unwrap();
    assert_eq!(child(None), "config_unreadable");
}

fn fixture(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name),
    )
    .unwrap()
}

#[test]
fn the_complete_example_of_the_service_guide_loads_with_and_without_the_root() {
    let config = read(&fixture("seed_004.yml"));
    assert_eq!(config.generation.generator, "basic");
    assert_eq!(config.execution.method, ExecutionMethod::Container);
    assert_eq!(config.approval.global_mode, GlobalApproval::Selective);
    assert_eq!(config.approval.python_execution, CodeApproval::ControlWrites);
    assert!(
        config.control_system.writes_enabled,
        "the example's write_access allows writes"
    );
    assert_eq!(
        config.analysis.write_patterns[0],
        (
            "control_system.patterns.epics.write[0]".to_owned(),
            r"epics\.caput\(".to_owned()
        )
    );
    assert_eq!(config.generation.custom["claude_code"]["profile"], "fast");
    assert_eq!(config.generation.mock.behaviors, [MockBehavior::Success]);
    insta::assert_snapshot!(config.check_startable().unwrap_err().to_string());
    insta::assert_snapshot!(config.notes.join("\n"));

    let flat = read(&fixture("seed_004_without_root.yml"));
    assert_eq!(flat.display(), config.display());
}

#[test]
fn the_complete_example_starts_once_it_runs_locally_and_its_model_is_there() {
    let text = fixture("seed_004.yml").replace("\"container\"", "\"local\"")
        + "models:\n  python_code_generator: { provider: ollama, model_id: qwen, max_tokens: 99 }\n";
    let config = read_with(&text, &[("LOCAL_PYTHON_VENV", "/opt/venv")]).unwrap();
    assert!(config.check_startable().is_ok());
    assert_eq!(config.execution.local.python, Path::new("/opt/venv"));
    assert_eq!(config.generation.basic.base_url, "http://localhost:11434/v1");
    assert_eq!(config.generation.basic.model, "qwen");
    assert_eq!(config.generation.basic.max_tokens, Some(99));

    let error = read_with(&text, &[]).unwrap_err().to_string();
    assert!(
        error.contains("osprey.execution.local.python_env_path") && error.contains("LOCAL_PYTHON_VENV"),
        "{error}"
    );
}

#[test]
fn the_same_key_in_both_places_must_say_the_same() {
    assert_eq!(
        problems("approval: { max_questions: 2 }\nosprey: { approval: { max_questions: 2 } }"),
        "fine"
    );
    assert_eq!(
        problems("approval: { max_questions: 2 }\nosprey: { approval: { grant_ttl: 5 } }"),
        "fine"
    );
    assert_eq!(
        problems("approval: { max_questions: 2 }\nosprey:\n  approval: { max_questions: 5 }"),
        "config.yml:3:15: osprey.approval.max_questions: the file says something else at approval.max_questions"
    );
}

#[test]
fn sections_of_others_are_left_alone() {
    let text = "models: { a: { max_tokens: .nan } }\nregistry: !include x.yml\nservices: [1, 2]\n1: one\n\
                approval: { capabilities: { memory: { enabled: true } } }\n\
                control_system: { limits_checking: { enabled: false }, connector: { epics: { timeout: 5 } } }\n";
    let config = read(text);
    assert_eq!(config.display(), Config::builtin().display());
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let config =
        read("base: &base { max_questions: 7, grant_ttl: 5 }\napproval:\n  <<: *base\n  grant_ttl: 9\n");
    assert_eq!(
        (config.approval.max_questions, config.approval.grant_ttl),
        (7, Duration::from_secs(9))
    );
}

#[test]
fn documented_keys_are_the_accepted_ones() {
    let documented: BTreeSet<String> = documented().into_iter().map(|(key, _)| key).collect();
    let accepted: BTreeSet<String> = KEYS.iter().map(|key| key.path.to_owned()).collect();
    assert_eq!(documented, accepted);
}

#[test]
fn documented_defaults_are_the_real_ones() {
    let builtin = Config::builtin().display();
    for (key, default) in documented() {
        let shown = key
            .split('.')
            .try_fold(&builtin, |value, name| value.get(name))
            .unwrap_or(&Value::Null);
        let shown = match shown {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| item.as_str().unwrap()).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        };
        assert_eq!(default, shown, "the default of {key}");
    }
}

/// The rows of the tables in `docs/config.md`: key and default.
fn documented() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        (cells[1].to_owned(), cells[3].to_owned())
    })
    .collect()
}

/// The smallest library.
fn library(id: &str, module: &str) -> Value {
    json!({ "id": id, "route": "any", "modules": [module] })
}

/// A value for `key` that differs from its default.
fn sample(key: &Key) -> Value {
    match (key.path, key.kind) {
        ("execution.modes.read_only.allows_writes", _) => json!(false),
        ("execution.generators.basic.base_url", _) => json!("https://models.example/v1"),
        ("execution.container.url" | "execution.container.write_url", _) => json!("https://jupyter.example"),
        ("execution.container.peers.read_only" | "execution.container.peers.write_access", _) => {
            json!(["10.201.1.0/24"])
        }
        ("approval.notify.url" | "approval.notify.link", _) => json!("https://hook.example/told"),
        ("approval.notify.secret", _) => json!("a secret of enough letters"),
        ("holdpoint.api.trusted_proxy.addresses", _) => json!(["10.1.0.0/16"]),
        ("holdpoint.api.trusted_proxy.header", _) => json!("X-Remote-User"),
        ("holdpoint.api.trusted_proxy.roles", _) => json!(["auditor"]),
        ("execution.notebook.jupyter_url", _) => json!("https://jupyter.example/lab/tree/runs"),
        ("execution.generators.basic.provider", _) => json!("ollama"),
        ("execution.generators.basic.model_config_name", _) => json!("writer"),
        (
            "approval.capabilities.python_execution.enabled"
            | "control_system.write_verification.fail_on_mismatch",
            _,
        ) => json!(false),
        (_, Kind::Flag) => json!(true),
        (_, Kind::Count(least, _)) => json!(least + 7),
        (_, Kind::Bytes(least, _)) => json!(if least == 0 { 4096 } else { least * 2 }),
        (_, Kind::Duration) => json!("17s"),
        (_, Kind::Number(..)) => json!(0.5),
        (_, Kind::Text | Kind::Secret) => json!("something"),
        (_, Kind::Choice(words)) => {
            json!(
                words
                    .iter()
                    .find(|word| !Config::builtin().display_yaml().contains(&format!(": {word}\n")))
                    .unwrap()
            )
        }
        (_, Kind::OneOrMore(words)) => json!([words[1], words[2]]),
        (_, Kind::Choices(words)) => json!([words[0]]),
        (_, Kind::Texts | Kind::Patterns) => json!(["something"]),
        (_, Kind::Environment) => json!({ "NAME": "value" }),
        (_, Kind::Mapping) => json!({ "anything": 1 }),
        (_, Kind::Mappings) => json!([{ "pv": "X", "min": 1 }]),
        (_, Kind::MappingsOrFiles) => json!([library("mine", "mine")]),
        (_, Kind::Address) => json!("something:5075"),
        (_, Kind::Addresses) => json!(["something"]),
        (_, Kind::Gone(_)) => json!(false),
    }
}

/// Each accepted key changes the resolved configuration, or is named in a note, or only repeats a rule.
#[test]
fn every_key_does_something_or_says_that_it_does_not() {
    let repeats = [
        "execution.modes.read_only.allows_writes",
        "execution.modes.write_access.requires_approval",
        "execution.local.unsafe_host_network",
    ];
    for key in KEYS {
        let path = key
            .path
            .replace("<name>", "mine")
            .replace("<type>", "epics")
            .replace("<rule>", "subprocess");
        let mut value = sample(key);
        for name in path.rsplit('.') {
            value = json!({ name: value });
        }
        if key.path.starts_with("execution.generators.basic") {
            value["execution"]["code_generator"] = json!("basic");
            value["models"] = json!({ "writer": { "model_id": "m" } });
        }
        // Host and port are an address only together.
        match key.path {
            "execution.container.jupyter_host" => {
                value["execution"]["container"]["jupyter_port"] = json!(8888);
            }
            "execution.container.jupyter_port" => {
                value["execution"]["container"]["jupyter_host"] = json!("jupyter");
            }
            _ => {}
        }
        if key.path == "control_system.patterns.mode" {
            value["control_system"]["patterns"]["write"] = json!(["x"]);
        }
        if key.path == "control_system.limits_checking.enabled" {
            value["control_system"]["limits_checking"]["database_path"] = json!("limits.json");
        }
        let mut base = value.clone();
        let (section, name) = path.rsplit_once('.').unwrap();
        let section = section.split('.').fold(&mut base, |value, name| &mut value[name]);
        section.as_object_mut().unwrap().remove(name);

        let config = read(&value.to_string());
        let changed = config.display() != read(&base.to_string()).display();
        match key.no_effect {
            Some(why) => {
                assert!(!changed, "{path}");
                assert!(
                    config.notes.contains(&format!("{path} has no effect: {why}")),
                    "{path}: {:?}",
                    config.notes
                );
            }
            None => assert_eq!(changed, !repeats.contains(&key.path), "{path}"),
        }
    }
}

#[test]
fn what_is_shown_can_be_read_again() {
    let texts = [
        "",
        "control_system: { type: tango, writes_enabled: true, patterns: { mode: override, tango: { write: ['a.b'] } } }",
        "approval: { global_mode: all_capabilities, expires_after: 90061.5 }",
        "control_system: { epics: { address_list: '10.0.0.5 ioc7:5064', pva_gateway: 'gw:5075', max_puts_per_second: 2 }, \
          limits_checking: { enabled: true, database_path: /etc/limits.json }, rehearsal: { mode: never }, \
          write_verification: { enabled: true, default_level: readback }, drift: { absolute: 0.5 }, \
          interlocks: [{ pv: MODE, one_of: [Machine, 3, 1.5], message: m }, { pv: I, equals: 1, max: 2 }] }",
        "control_system: { analysis: { rules: { subprocess: refuse }, libraries: [{ id: a, route: tango, modules: [a], \
          functions: { write: ['put(x=channel)'], gives: { T: [T] } }, types: { T: { like: U }, U: { unlisted: value } } }] } }",
        "execution: { code_generator: mock, generators: { mock: { code_sequence: [a, b] }, mine: { x: [1] } } }",
    ];
    for text in texts {
        let config = read(text);
        let again = Config::from_text(&config.display_yaml(), None, &|_| None).unwrap();
        assert_eq!(again.display(), config.display(), "{text}");
    }
}

#[test]
fn words_of_the_file_become_the_right_settings() {
    let config = read(
        "approval: { global_mode: disabled, capabilities: { python_execution: { read_only_write: refuse } } }\n\
         control_system: { patterns: { mode: override, write: [x] }, analysis: { mode: strict, max_bytes: 2 MiB } }\n\
         execution: { local: { isolation: none }, generators: { mock: { behavior: epics_write } } }\n\
         holdpoint: { actor: ' alice ', data_dir: data }\n",
    );
    assert_eq!(config.approval.global_mode, GlobalApproval::Disabled);
    assert_eq!(config.approval.read_only_write, ReadOnlyWrite::Refuse);
    assert_eq!(config.analysis.pattern_mode, PatternMode::Override);
    assert!(config.analysis.strict);
    assert_eq!(config.analysis.max_bytes, 2 * 1024 * 1024);
    assert_eq!(config.execution.local.isolation, Isolation::None);
    assert_eq!(config.generation.mock.behaviors, [MockBehavior::ChannelWrite]);
    assert_eq!(config.default_actor.as_deref(), Some("alice"));
    assert_eq!(config.execution.workspace_dir, Path::new("data/executed_scripts"));

    let mode = |text: &str| read(text).approval.python_execution;
    assert_eq!(
        mode("approval: { capabilities: { python_execution: { mode: epics_writes } } }"),
        CodeApproval::ControlWrites
    );
    assert_eq!(
        mode("approval: { capabilities: { python_execution: { mode: all_code } } }"),
        CodeApproval::AllCode
    );
    let off = "approval: { capabilities: { python_execution: { enabled: false, mode: all_code } } }";
    assert_eq!(mode(off), CodeApproval::Disabled);
    assert_eq!(
        mode("execution: { modes: { read_only: { requires_approval: true } } }"),
        CodeApproval::AllCode
    );

    let writes = |text: &str| read(text).control_system.writes_enabled;
    assert!(writes(
        "execution: { modes: { write_access: { allows_writes: true } } }"
    ));
    let switched_off = "execution: { modes: { write_access: { allows_writes: true } } }\n\
                        control_system: { writes_enabled: false }";
    assert!(
        !writes(switched_off),
        "the switch goes before what the mode allows"
    );
}

#[test]
fn the_control_system_is_described() {
    let config = read(
        "control_system:\n  epics: { address_list: ' 10.0.0.5  ioc7:5064 ', name_servers: [ns-1.lab], timeout: 2 }\n  \
         limits_checking: { enabled: true, database_path: limits.json, on_violation: warn }\n  \
         write_verification: { enabled: true, default_level: readback, fail_on_mismatch: false }\n  \
         rehearsal: { mode: always, timeout: 5s }\n  drift: { absolute: 0.5, percent: 0 }\n  interlocks:\n    \
         - { pv: 'SR:MODE', one_of: [Studies, 3, 1.5], message: wait }\n    \
         - { pv: 'SR:CURRENT', equals: 0, max: 5 }\n",
    );
    let control = &config.control_system;
    assert_eq!(control.epics.address_list, ["10.0.0.5", "ioc7:5064"]);
    assert_eq!(control.epics.name_servers, ["ns-1.lab"]);
    assert_eq!(control.epics.timeout, Duration::from_secs(2));
    assert_eq!(
        control.limits.database_path.as_deref(),
        Some(Path::new("limits.json"))
    );
    assert_eq!(control.verification.default_level, VerificationLevel::Readback);
    assert!(control.verification.enabled && !control.verification.fail_on_mismatch);
    assert_eq!(control.rehearsal.mode, RehearsalMode::Always);
    assert_eq!((control.drift.absolute, control.drift.percent), (0.5, 0.0));
    let mode = &control.interlocks[0];
    let states = [
        PvValue::Text("Studies".into()),
        PvValue::Int(3),
        PvValue::Real(1.5),
    ];
    assert_eq!(
        (mode.pv.as_str(), mode.one_of.as_slice(), mode.message.as_str()),
        ("SR:MODE", &states[..], "wait")
    );
    let current = &control.interlocks[1];
    assert_eq!(
        (current.one_of.as_slice(), current.min, current.max),
        (&[PvValue::Int(0)][..], None, Some(5.0))
    );
    assert_eq!(config.notes.len(), 1, "{:?}", config.notes);
    assert!(config.notes[0].contains("a value beyond its limits is always refused"));
}

#[test]
fn where_the_servers_are_is_never_taken_from_elsewhere_silently() {
    let set = [("EPICS_CA_ADDR_LIST", "10.0.0.5 ioc7:5064")];
    let silent = read_with("", &set).unwrap();
    assert!(silent.control_system.epics.address_list.is_empty());
    assert!(
        silent.notes[0].contains("set control_system.epics.address_list"),
        "{:?}",
        silent.notes
    );
    let named = "control_system: { epics: { address_list: '${EPICS_CA_ADDR_LIST}' } }";
    let named = read_with(named, &set).unwrap();
    assert_eq!(named.control_system.epics.address_list, ["10.0.0.5", "ioc7:5064"]);
    assert!(named.notes.is_empty(), "{:?}", named.notes);
    for text in [
        "control_system: { connector: { epics: { gateways: { read_only: { address: gw, port: 5064 } } } } }",
        "execution: { epics: { gateways: { write_access: { address: gw, port: 5084 } } } }",
    ] {
        let config = read(text);
        assert!(config.control_system.epics.address_list.is_empty());
        assert!(
            config.notes[0].contains("told by control_system.epics.address_list"),
            "{:?}",
            config.notes
        );
    }
    let same = read("control_system: { epics: { read_client: me, write_client: me } }");
    assert!(same.notes[0].contains("are the same"), "{:?}", same.notes);
}

#[test]
fn relative_paths_count_from_the_file() {
    let text = "holdpoint: { data_dir: data }\nexecution: { local: { python_env_path: venv } }\n\
                control_system: { limits_checking: { database_path: limits.json } }";
    let config = Config::from_text(text, Some(Path::new("/etc/holdpoint/config.yml")), &|_| None).unwrap();
    assert_eq!(config.data_dir, Path::new("/etc/holdpoint/data"));
    assert_eq!(config.execution.local.python, Path::new("/etc/holdpoint/venv"));
    let limits = config.control_system.limits.database_path.unwrap();
    assert_eq!(limits, Path::new("/etc/holdpoint/limits.json"));
    let bare = Config::from_text("", Some(Path::new("/etc/holdpoint/config.yml")), &|_| None).unwrap();
    assert_eq!(bare.data_dir, Path::new(".holdpoint"));
}

#[test]
fn libraries_and_rules_add_to_what_is_shipped() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("one.yml", "id: one\nroute: channel_access\nmodules: [one]\n");
    write(
        "more.yml",
        "- { id: two, route: tango, modules: [two] }\n- { id: pyepics, route: any, modules: [epics, epics.more] }\n",
    );
    let text = "control_system:\n  analysis:\n    rules: { network: refuse, file_write: allow }\n    \
                libraries:\n      - one.yml\n      - more.yml\n      - { id: own, route: any, modules: [own] }\n";
    write("config.yml", text);
    let config = Config::load(Some(&directory.path().join("config.yml"))).unwrap();
    let ids: Vec<_> = config
        .analysis
        .libraries
        .iter()
        .map(|library| library.id.as_str())
        .collect();
    assert_eq!(ids, ["one", "two", "pyepics", "own"]);
    assert_eq!(
        config.analysis.rules,
        BTreeMap::from([
            ("file_write".to_owned(), Level::Allow),
            ("network".to_owned(), Level::Refuse)
        ])
    );
    assert_eq!(config.analysis.routes, [Route::ChannelAccess, Route::Any]);
    Analyzer::new(&config.analysis).unwrap();

    for (text, expected) in [
        (
            "id: one\nroute: any\nmodules: [one]\ntypes:\n  T:\n    raed: [x]\n",
            "raed",
        ),
        ("- [1]\n", "no library"),
        ("a: [1, 2\nb: 3\n", "line 2"),
        (
            "id: one\nroute: any\nmodules: [one]\ntypes: { T: { write: [a.b] } }\n",
            "one types.T.write.[0]: \"a.b\" must be a name",
        ),
    ] {
        write("one.yml", text);
        let error = Config::load(Some(&directory.path().join("config.yml"))).unwrap_err();
        let [problem] = error.problems() else {
            panic!("{error}")
        };
        assert_eq!(problem.line, Some(5), "{error}");
        assert!(problem.message.contains("one.yml"), "{error}");
        assert!(problem.message.contains(expected), "{error}");
    }
}

#[test]
fn the_environment_fills_texts_and_never_adds_structure() {
    let actor = |text: &str, variables: &[(&str, &str)]| {
        read_with(&format!("holdpoint: {{ actor: '{text}' }}"), variables)
            .unwrap()
            .default_actor
    };
    assert_eq!(actor("${WHO}", &[("WHO", "ann")]).unwrap(), "ann");
    assert_eq!(
        actor("a-${WHO:-bob}-${WHO}", &[("WHO", "ann")]).unwrap(),
        "a-ann-ann"
    );
    assert_eq!(actor("${WHO:-bob}", &[]).unwrap(), "bob");
    assert_eq!(actor("${WHO:-bob}", &[("WHO", "")]).unwrap(), "bob");
    assert_eq!(actor("$WHO $${WHO}", &[("WHO", "ann")]).unwrap(), "$WHO ${WHO}");
    let structure = "x\"\napproval: { global_mode: disabled }\n#";
    assert_eq!(actor("${WHO}", &[("WHO", structure)]).unwrap(), structure);
    assert_eq!(
        actor("${WHO}", &[("WHO", "${OTHER}")]).unwrap(),
        "${OTHER}",
        "values are not filled in again"
    );

    let config = read_with(
        "approval: { max_questions: '${N}', expires_after: '${T}' }",
        &[("N", "8"), ("T", "2h")],
    );
    let approval = config.unwrap().approval;
    assert_eq!(
        (approval.max_questions, approval.expires_after),
        (8, Duration::from_secs(7200))
    );
    // Only the environment may give a number as text.
    assert!(read_with("approval: { max_questions: '8' }", &[]).is_err());
}

#[test]
fn a_variable_matters_only_where_it_is_used() {
    let unused = "execution:\n  generators:\n    basic: { api_key: '${KEY}', model_id: m }\n    mine: { token: '${TOKEN}' }\n";
    let config = read(unused);
    assert_eq!(
        config.notes,
        ["execution.generators.basic.api_key: KEY is not set; not used, because code_generator is fixed"]
    );
    let used = format!("{unused}  code_generator: basic\n");
    assert!(
        read_with(&used, &[])
            .unwrap_err()
            .to_string()
            .contains("the environment variable KEY is not set")
    );
    let mine = format!("{unused}  code_generator: mine\n");
    assert!(
        read_with(&mine, &[])
            .unwrap_err()
            .to_string()
            .contains("the environment variable TOKEN is not set")
    );
    let config = read_with(&mine, &[("TOKEN", "t0k")]).unwrap();
    assert_eq!(config.generation.custom["mine"]["token"], "t0k");
}

#[test]
fn secrets_are_never_shown() {
    let text = "execution:\n  code_generator: mine\n  local: { environment: { DB_PASSWORD: hush-1, PLAIN: seen } }\n  \
                generators:\n    basic: { api_key: hush-2, model_id: m, base_url: 'https://me:hush-3@host/v1' }\n    \
                mine: { nested: [{ auth_token: hush-4 }], url: 'http://u:hush-5@h/', secret: { a: hush-6 } }\n";
    let config = read(text);
    for shown in [
        config.display().to_string(),
        config.display_yaml(),
        format!("{:?}", config.generation.basic.api_key),
    ] {
        assert!(!shown.contains("hush"), "{shown}");
    }
    assert!(config.display_yaml().contains("PLAIN: seen"));
    assert_eq!(config.generation.basic.api_key.unwrap().expose_secret(), "hush-2");

    let wrong = "approval: { global_mode: '${S}', max_questions: '${S}' }\n\
                 control_system: { patterns: { write: ['${S}('] } }\nexecution: { generators: { basic: { api_key: 77321 } } }";
    let told = read_with(wrong, &[("S", "hush")]).unwrap_err();
    assert_eq!(told.problems().len(), 4);
    assert!(
        !told.to_string().contains("hush") && !told.to_string().contains("77321"),
        "{told}"
    );
}

#[test]
fn the_key_of_a_provider_goes_to_that_provider_alone() {
    let key = |basic: &str| {
        let text = format!(
            "execution: {{ code_generator: basic, generators: {{ basic: {{ model_id: m, {basic} }} }} }}\n\
             api: {{ providers: {{ lab: {{ base_url: 'https://lab/v1', api_key: '${{LAB}}' }} }} }}"
        );
        let variables = [("OPENAI_API_KEY", "o"), ("ANTHROPIC_API_KEY", "a"), ("LAB", "l")];
        let basic = read_with(&text, &variables).unwrap().generation.basic;
        (
            basic.base_url,
            basic.api_key.map(|key| key.expose_secret().to_owned()),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        key("provider: openai"),
        ("https://api.openai.com/v1".to_owned(), some("o"))
    );
    assert_eq!(
        key("provider: anthropic"),
        ("https://api.anthropic.com/v1".to_owned(), some("a"))
    );
    assert_eq!(key("provider: lab"), ("https://lab/v1".to_owned(), some("l")));
    assert_eq!(
        key("provider: openai, base_url: 'http://elsewhere/v1/'"),
        ("http://elsewhere/v1".to_owned(), None)
    );
    assert_eq!(
        key("api_key: mine"),
        ("https://api.openai.com/v1".to_owned(), some("mine"))
    );
}

#[test]
fn the_policy_follows_what_decides_and_nothing_else() {
    let policy = |text: &str| read(text).policy();
    assert_ne!(policy("approval: { max_questions: 4 }"), policy(""));
    assert_ne!(policy("control_system: { writes_enabled: true }"), policy(""));
    assert_ne!(policy("control_system: { patterns: { read: [x] } }"), policy(""));
    assert_ne!(policy("control_system: { drift: { percent: 2 } }"), policy(""));
    assert_ne!(
        policy("control_system: { interlocks: [{ pv: X, min: 1 }] }"),
        policy("")
    );
    assert_eq!(
        policy("holdpoint: { actor: a }\nexecution: { code_generator: mock }"),
        policy("")
    );
}

#[test]
fn files_are_found_and_bad_ones_named() {
    let dir = tempfile::tempdir().unwrap();
    let load = |name: &str| Config::load(Some(&dir.path().join(name)));
    fs::write(
        dir.path().join("good.yml"),
        "\u{feff}approval: { max_questions: 5 }\r\n",
    )
    .unwrap();
    let config = load("good.yml").unwrap();
    assert_eq!(config.approval.max_questions, 5);
    assert_eq!(
        config.file.as_deref(),
        Some(dir.path().join("good.yml").as_path())
    );
    fs::write(dir.path().join("bytes.yml"), b"a: b\nc: \xff\n").unwrap();
    fs::write(dir.path().join("large.yml"), " ".repeat(1024 * 1024 + 1)).unwrap();
    let told = |name: &str| {
        let error = load(name).unwrap_err();
        (
            error.code(),
            error.to_string().replace(dir.path().to_str().unwrap(), "DIR"),
        )
    };
    assert_eq!(
        told("bytes.yml"),
        (
            "config_invalid",
            "DIR/bytes.yml:2: the file is not UTF-8 text".to_owned()
        )
    );
    assert_eq!(
        told("large.yml"),
        (
            "config_invalid",
            "DIR/large.yml: the file is larger than 1048576 bytes".to_owned()
        )
    );
    assert_eq!(told("absent.yml").0, "config_unreadable");
    assert!(
        told("absent.yml")
            .1
            .starts_with("DIR/absent.yml: the configuration cannot be read")
    );
    assert_eq!(told(".").0, "config_unreadable");
}

#[test]
fn the_file_of_the_repository_is_right() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.yml")).unwrap();
    let config = read(&text);
    assert!(config.check_startable().is_ok());
    assert_eq!(config.notes, Vec::<String>::new());
    assert_eq!(
        config.display(),
        Config::builtin().display(),
        "it says what the defaults are"
    );
}

#[test]
fn bombs_are_errors() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(50_000), "*a,".repeat(50_000));
    let deep_block: String = (0..600)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let nested = format!("a: {}1{}", "[".repeat(900), "]".repeat(900));
    for (text, expected) in [
        (laughs, "too many"),
        (wide, "too many values"),
        (deep_block, "too deeply nested"),
        (nested, "too deeply nested"),
        (format!("a: {}", "[".repeat(500_000)), "too many nested brackets"),
        (
            format!("a: {}", "{a: ".repeat(200_000)),
            "too many nested brackets",
        ),
        ("a: &a [*a]\n".to_owned(), "too deeply nested"),
    ] {
        let error = read_with(&text, &[]).unwrap_err().to_string();
        assert!(
            error.contains(expected),
            "{} … {error}",
            &text[..20.min(text.len())]
        );
    }
}

fn yaml_soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "approval",
            "execution",
            "osprey",
            "generators",
            "patterns",
            "write",
            "mode",
            "basic",
            ": ",
            ":",
            "\n",
            "\n  ",
            "\n    ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            ",",
            "&a ",
            "*a",
            "<<",
            "!t ",
            "'",
            "\"",
            "|",
            ">",
            "? ",
            "---",
            "...",
            "%YAML 1.2",
            "${",
            "}",
            "null",
            "true",
            "0x1F",
            "1e999",
            "\t",
            "\0",
            "é",
            "\u{2028}",
            "#",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,6}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_read_or_refused(text in yaml_soup()) {
        if let Ok(config) = read_with(&text, &[]) {
            config.display_yaml();
        }
    }

    #[test]
    fn any_values_of_any_keys_are_read_or_refused(
        entries in prop::collection::vec((prop::sample::select(KEYS), any_value()), 1..6)
    ) {
        let mut root = json!({});
        for (key, value) in entries {
            let mut place = &mut root;
            for name in key.path.split('.') {
                if !place.is_object() {
                    *place = json!({});
                }
                place = &mut place[name];
            }
            *place = value;
        }
        match read_with(&root.to_string(), &[]) {
            // Whatever the file says, write access needs a human: no such switch exists in what is resolved.
            Ok(config) => prop_assert!(config.execution.method == ExecutionMethod::Container || config.check_startable().is_ok()
                || config.generation.generator == "basic"),
            Err(error) => prop_assert!(error.problems().iter().all(|problem| problem.line == Some(1))),
        }
    }
}
