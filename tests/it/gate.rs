//! The gate: when it asks (G1, G2), what it gives leave to (G3), what it takes for an answer (G4),
//! and what it shows (G5).

use std::time::Duration;

use holdpoint::{
    config::{ApprovalSettings, CodeApproval, Config, ControlSystemSettings, GlobalApproval, ReadOnlyWrite},
    gate::{
        Binding, Decision, DecisionError, Evidence, GrantVoid, OutcomeFacts, PlannedWrite, QuestionFacts,
        RehearsalFacts, RequestText, Verdict, admit, check, decide, grant, judge, may_ask, may_pend,
        outcome_unknown_question, question, settle, text,
    },
    model::{
        Actor, Category, CheckpointId, CodeSha256, Digest, Entrance, ExecutionMode, Finding, Grant,
        Interrupt, InterruptId, InterruptKind, Namespace, PvLimits, PvValue, Reading, Settlement, Severity,
        TaskId, Timestamp, ValueRef,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CODE: &str = "import epics\nepics.caput('SR:MAG:QF:01:CURRENT:SP', 150.0)\nresults = {}\n";
const ASKED_AT: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

fn settings() -> ApprovalSettings {
    ApprovalSettings {
        global_mode: GlobalApproval::Selective,
        python_execution: CodeApproval::ControlWrites,
        read_only_write: ReadOnlyWrite::Ask,
        expires_after: Duration::from_secs(3600),
        grant_ttl: Duration::from_secs(60),
        max_questions: 3,
        max_pending_per_requester: 20,
        four_eyes: false,
        quorum: 1,
        allow_relay: false,
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(ASKED_AT + millis)
}

fn anna() -> Actor {
    Actor::asserted("anna", "operator", Entrance::Cli)
}

pub(crate) fn facts() -> QuestionFacts {
    QuestionFacts {
        thread: "0199a000-0000-7000-8000-000000000001".to_owned(),
        run: "0199a000-0000-7000-8000-000000000002".to_owned(),
        graph: "python_executor".to_owned(),
        code: CODE.to_owned(),
        mode: ExecutionMode::ReadOnly,
        raised: true,
        reasons: vec!["The program writes.".to_owned()],
        findings: vec![Finding {
            snippet: "epics.caput('SR:MAG:QF:01:CURRENT:SP', 150.0)".to_owned(),
            channels: vec!["SR:MAG:QF:01:CURRENT:SP".to_owned()],
            ..Finding::new(
                "epics.caput",
                Category::Write,
                Severity::High,
                (2, 1),
                "It sets a process variable.".to_owned(),
            )
        }],
        writes: vec![planned("SR:MAG:QF:01:CURRENT:SP")],
        rehearsal: Some(RehearsalFacts {
            puts: 1,
            ..RehearsalFacts::default()
        }),
        channels_unresolved: false,
        backend: json!({"name": "local", "isolation": "bubblewrap", "facts": {"channels_enforced": true}}),
        analysis: json!({"has_writes": true, "has_reads": false}),
        policy_version: Digest::of(b"policy"),
        context_digest: Digest::of(b"context"),
        requester: Actor::asserted("ben", "service", Entrance::Library),
        request: RequestText {
            user_query: "Set the quadrupole to 150 A".to_owned(),
            task_objective: "Set a magnet current".to_owned(),
            expected_results: json!({"current": "float", "tolerance": 0.1}),
            capability_prompts: vec!["Use pyepics.".to_owned()],
            execution_folder_name: "magnets".to_owned(),
        },
        notebook: Some("attempts/01.ipynb".to_owned()),
        attempt: 1,
        question_number: 1,
        asked_at: at(0),
        expires_at: Some(at(HOUR)),
        previous: None,
    }
}

/// A process variable at 148.5 that the rehearsal set to 150.
fn planned(pv: &str) -> PlannedWrite {
    PlannedWrite {
        pv: pv.to_owned(),
        now: Some(Reading {
            pv: pv.to_owned(),
            value: PvValue::Real(148.5),
            ioc: "10.0.0.7:5064".to_owned(),
            writable: true,
            at: at(0),
        }),
        wanted: Some(PvValue::Real(150.0)),
        puts: 1,
        limits: Some(PvLimits {
            min: Some(0.0),
            max: Some(200.0),
            max_step: None,
            writable: true,
        }),
        problems: Vec::new(),
    }
}

fn unresolved() -> QuestionFacts {
    QuestionFacts {
        writes: Vec::new(),
        channels_unresolved: true,
        ..facts()
    }
}

fn approve() -> Decision {
    Decision::Approve {
        channels: None,
        note: None,
    }
}

fn reject(reason: Option<&str>) -> Decision {
    Decision::Reject {
        reason: reason.map(str::to_owned),
    }
}

fn edit(code: &str) -> Decision {
    Decision::Edit {
        code: code.to_owned(),
        note: None,
    }
}

fn respond(message: &str) -> Decision {
    Decision::Respond {
        message: message.to_owned(),
    }
}

fn answered(facts: &QuestionFacts, answer: Value) -> Result<Decision, DecisionError> {
    decide(&question(facts), answer, &anna(), at(1000), &settings()).map(|decided| decided.decision)
}

#[test]
fn g4_every_accepted_form_is_normalised() {
    let shown = question(&facts());
    let native =
        |channels: Value, note: Value| json!({"type": "approve", "channels": channels, "note": note});
    let with_list = Decision::Approve {
        channels: Some(vec!["SR:MAG:QF:01:CURRENT:SP".to_owned()]),
        note: Some("go".to_owned()),
    };
    let table = [
        (json!({"approved": true}), approve()),
        (json!({"approved": false}), reject(None)),
        (
            json!({"approved": false, "reason": "beam time"}),
            reject(Some("beam time")),
        ),
        (json!({"approved": false, "reason": null}), reject(None)),
        (
            json!({"approved": false, "execution_mode": "write_access"}),
            reject(None),
        ),
        (json!({"decisions": [{"type": "approve"}]}), approve()),
        (
            json!({"decisions": [{"type": "reject", "message": "no"}]}),
            reject(Some("no")),
        ),
        (json!({"decisions": [{"type": "reject"}]}), reject(None)),
        (
            json!({"decisions": [{"type": "edit",
                "edited_action": {"name": "execute_python", "args": {"code": "x = 1"}}}]}),
            edit("x = 1"),
        ),
        (json!([{"type": "accept", "args": null}]), approve()),
        (json!([{"type": "accept"}]), approve()),
        (
            json!([{"type": "accept", "args": shown["action_request"]}]),
            approve(),
        ),
        (
            json!([{"type": "edit", "args": {"action": "execute_python", "args": {"code": "x = 1"}}}]),
            edit("x = 1"),
        ),
        (
            json!([{"type": "response", "args": "use 140 A"}]),
            respond("use 140 A"),
        ),
        (
            json!([{"type": "ignore", "args": null}]),
            reject(Some("ignored in the inbox")),
        ),
        (json!({"type": "approve"}), approve()),
        (native(json!(["SR:MAG:QF:01:CURRENT:SP"]), json!("go")), with_list),
        (json!({"type": "edit", "code": "x = 1"}), edit("x = 1")),
        (json!({"type": "reject", "reason": "no"}), reject(Some("no"))),
        (json!({"type": "reject", "message": "no"}), reject(Some("no"))),
        (
            json!({"type": "respond", "message": "use 140 A"}),
            respond("use 140 A"),
        ),
    ];
    for (answer, expected) in table {
        assert_eq!(answered(&facts(), answer.clone()), Ok(expected), "{answer}");
    }
    for word in ["yes", "y", "ok", " YES! ", "Ok.", "yes?!.", "\tY\n"] {
        assert_eq!(answered(&facts(), json!(word)), Ok(approve()), "{word:?}");
    }
    for word in ["no", "n", "cancel", " No. ", "CANCEL!", "n?"] {
        assert_eq!(answered(&facts(), json!(word)), Ok(reject(None)), "{word:?}");
    }
}

#[test]
fn g4_everything_else_is_refused_and_says_what_was_expected() {
    let shown = question(&facts());
    let mut other_code = shown["action_request"].clone();
    other_code["args"]["code"] = json!("other");
    let table = [
        // The original took the first of these for a yes, and fell over the next two (defect 6).
        json!({"approved": "false"}),
        json!({}),
        json!({"approved": "yes"}),
        json!({"approved": "true"}),
        json!({"approved": 1}),
        json!({"approved": null}),
        json!({"approved": [true]}),
        json!({"approved": {"approved": true}}),
        json!({"Approved": true}),
        json!({"approved": true, "code": "other"}),
        json!({"approved": true, "execution_mode": "read_only"}),
        json!({"approved": true, "reason": "but only at night"}),
        json!({"approved": true, "channels": []}),
        json!({"approved": true, "unknown": null}),
        json!({"approved": false, "reason": 1}),
        json!({"approved": true, "type": "reject"}),
        json!({"approved": false, "decisions": [{"type": "approve"}]}),
        json!({"decisions": []}),
        json!({"decisions": [{"type": "approve"}, {"type": "approve"}]}),
        json!({"decisions": [{"type": "approve"}, {"type": "reject"}]}),
        json!({"decisions": {"type": "approve"}}),
        json!({"decisions": ["approve"]}),
        json!({"decisions": [{"type": "approve", "message": "only at night"}]}),
        json!({"decisions": [{"type": "approve", "edited_action": {"name": "execute_python", "args": {}}}]}),
        json!({"decisions": [{"type": "respond", "message": "m"}]}),
        json!({"decisions": [{"type": "approve"}], "also": 1}),
        json!({"decisions": [{"type": "edit"}]}),
        json!({"decisions": [{"type": "edit", "edited_action": {"name": "shell", "args": {"code": "x"}}}]}),
        json!({"decisions": [{"type": "edit",
            "edited_action": {"name": "execute_python", "args": {"code": "x", "mode": "read_only"}}}]}),
        json!({"decisions": [{"type": "edit", "edited_action": {"name": "execute_python", "args": {"code": 1}}}]}),
        json!([]),
        json!([[]]),
        json!(["accept"]),
        json!([{"type": "accept"}, {"type": "ignore"}]),
        json!([{"type": "accept", "args": "yes"}]),
        json!([{"type": "accept", "args": other_code}]),
        json!([{"type": "approve"}]),
        json!([{"type": "response", "args": ""}]),
        json!([{"type": "response", "args": null}]),
        json!([{"type": "ignore", "args": {"code": "x"}}]),
        json!([{"type": "edit", "args": {"action": "execute_python", "args": {"code": "x", "also": "y"}}}]),
        json!([{"type": "edit", "args": "x = 1"}]),
        json!({"type": "accept"}),
        json!({"type": "Approve"}),
        json!({"type": true}),
        json!({"type": "approve", "code": "x = 1"}),
        json!({"type": "approve", "channels": "SR:MAG:QF:01:CURRENT:SP"}),
        json!({"type": "approve", "channels": [1]}),
        json!({"type": "approve", "channels": ["A B"]}),
        json!({"type": "approve", "reason": "r"}),
        json!({"type": "edit"}),
        json!({"type": "edit", "code": "x", "channels": []}),
        json!({"type": "reject", "reason": "a", "message": "b"}),
        json!({"type": "respond", "message": "  "}),
        json!({"type": "respond"}),
        json!(null),
        json!(true),
        json!(false),
        json!(1),
        json!("false"),
        json!("true"),
        json!("yes please"),
        json!("yes, but"),
        json!("yess"),
        json!("yes ."),
        json!("ｙｅｓ"),
        json!("no way"),
        json!("not yes"),
        json!("nо"),
        json!(""),
        json!("."),
    ];
    for answer in table {
        let error = answered(&facts(), answer.clone()).expect_err(&answer.to_string());
        assert_eq!(error.code(), "decision_unclear", "{answer}");
        assert!(error.to_string().contains("{\"approved\": true}"), "{error}");
    }
}

#[test]
fn answers_are_bounded() {
    let mut deep = json!("yes");
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let table = [
        deep,
        json!({"approved": true, "code": vec![0; 200_000]}),
        json!({"type": "reject", "reason": "x".repeat(1 << 15)}),
        json!({"type": "edit", "code": "x".repeat(17 << 20)}),
        json!({"type": "approve", "channels": vec!["A"; 1001]}),
    ];
    for answer in table {
        assert_eq!(
            answered(&facts(), answer).unwrap_err().code(),
            "decision_too_large"
        );
    }
}

proptest! {
    #[test]
    fn g4_a_yes_is_never_read_as_no_nor_the_other_way(text in "(?i)[ynoescalk .!?]{0,8}") {
        let word = text.trim().to_lowercase();
        let word = word.trim_end_matches(['.', '!', '?']);
        match answered(&facts(), json!(text)) {
            Ok(Decision::Approve { .. }) => prop_assert!(["yes", "y", "ok"].contains(&word)),
            Ok(_) => prop_assert!(["no", "n", "cancel"].contains(&word)),
            Err(_) => prop_assert!(!["yes", "y", "ok", "no", "n", "cancel"].contains(&word)),
        }
    }

    #[test]
    fn g4_approved_takes_a_boolean_only(value in prop_oneof![
        any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from), any::<f64>().prop_map(Value::from),
        Just(json!([true])), Just(json!({"a": true})), Just(Value::Null),
    ]) {
        let decided = answered(&facts(), json!({"approved": value}));
        prop_assert!(decided.is_err());
    }
}

#[test]
fn the_resume_payload_of_seed_004_comes_back_as_it_was() {
    let shown = question(&facts());
    // The client parses and prints the question; JavaScript drops the ".0" of whole numbers.
    let wire: Value = serde_json::from_str(&shown.to_string()).unwrap();
    let mut answer = wire["resume_payload"].clone();
    answer["approved"] = json!(true);
    assert_eq!(answered(&facts(), answer.clone()), Ok(approve()));
    for (key, value) in [
        ("code", json!("x")),
        ("execution_mode", json!("read_only")),
        ("extra", json!(1)),
    ] {
        let mut changed = answer.clone();
        changed[key] = value;
        assert_eq!(
            answered(&facts(), changed).unwrap_err().code(),
            "decision_unclear",
            "{key}"
        );
    }
}

#[test]
fn g3_an_edit_never_approves_and_must_change_something() {
    let shown = question(&facts());
    let decided = decide(
        &shown,
        json!({"type": "edit", "code": "x = 1"}),
        &anna(),
        at(1),
        &settings(),
    );
    let decided = decided.unwrap();
    assert_eq!(decided.binding, None);
    assert_eq!(
        decided.facts["edited_code_sha256"],
        json!(CodeSha256::of(b"x = 1"))
    );
    let same = answered(&facts(), json!({"type": "edit", "code": CODE}));
    assert_eq!(same, Err(DecisionError::NothingChanged));
    let none = answered(&facts(), json!({"type": "edit", "code": " \n"}));
    assert_eq!(none, Err(DecisionError::NothingLeft));
}

#[test]
fn g5_an_unresolved_write_is_approved_with_a_list_only() {
    for answer in [
        json!({"approved": true}),
        json!("yes"),
        json!([{"type": "accept", "args": null}]),
        json!({"decisions": [{"type": "approve"}]}),
        json!({"type": "approve"}),
    ] {
        let error = answered(&unresolved(), answer).unwrap_err();
        assert_eq!(error, DecisionError::ChannelsNeeded);
        assert!(error.to_string().contains("\"channels\""));
    }
    assert_eq!(answered(&unresolved(), json!("no")), Ok(reject(None)));
    let shown = question(&unresolved());
    assert_eq!(shown["config"]["allow_accept"], json!(false));
    for (list, bound) in [
        (json!([]), vec![]),
        (json!(["B", "A", "B"]), vec!["A".to_owned(), "B".to_owned()]),
    ] {
        let answer = json!({"type": "approve", "channels": list});
        let decided = decide(&shown, answer, &anna(), at(1), &settings()).unwrap();
        let binding = decided.binding.unwrap();
        assert_eq!((binding.channels, binding.channels_resolved), (bound, false));
    }
    let read_only = QuestionFacts {
        raised: false,
        ..unresolved()
    };
    assert_eq!(answered(&read_only, json!("yes")), Ok(approve()));
}

#[test]
fn g5_an_approval_narrows_the_list_and_never_widens_it() {
    let two = QuestionFacts {
        writes: vec![planned("B"), planned("A")],
        ..facts()
    };
    let read_only = QuestionFacts {
        raised: false,
        ..two.clone()
    };
    let bound = |facts: &QuestionFacts, channels: Value| {
        let answer = json!({"type": "approve", "channels": channels});
        decide(&question(facts), answer, &anna(), at(1), &settings())
            .map(|decided| decided.binding.unwrap().channels)
    };
    assert_eq!(bound(&two, Value::Null), Ok(vec!["A".to_owned(), "B".to_owned()]));
    assert_eq!(bound(&two, json!(["B"])), Ok(vec!["B".to_owned()]));
    assert_eq!(bound(&two, json!([])), Ok(vec![]));
    let widened = Err(DecisionError::ChannelsWidened(vec!["C".to_owned()]));
    assert_eq!(bound(&two, json!(["A", "C"])), widened);
    assert_eq!(bound(&read_only, Value::Null), Ok(vec![]));
    let widened = Err(DecisionError::ChannelsWidened(vec!["A".to_owned()]));
    assert_eq!(bound(&read_only, json!(["A"])), widened);
}

#[test]
fn g5_an_approver_may_spell_a_process_variable_in_any_way() {
    let facts = QuestionFacts {
        writes: vec![planned("X"), planned("Y")],
        ..unresolved()
    };
    let decided = |channels: Value| {
        let answer = json!({"type": "approve", "channels": channels});
        decide(&question(&facts), answer, &anna(), at(1), &settings())
    };
    let binding = decided(json!(["X.VAL"])).unwrap().binding.unwrap();
    assert_eq!(binding.channels, ["X"]);
    // What was seen of it stays bound, so that its moving since voids the approval.
    assert_eq!(binding.seen, [planned("X").now.unwrap()]);
    let error = decided(json!(["X".repeat(61)])).unwrap_err();
    assert_eq!(error.code(), "decision_channels_invalid");
}

#[test]
fn a_question_is_answered_before_its_time_is_up() {
    let decided = |facts: &QuestionFacts, now: i64| {
        decide(&question(facts), json!("yes"), &anna(), at(now), &settings()).map(|decided| decided.decision)
    };
    let open = QuestionFacts {
        expires_at: None,
        ..facts()
    };
    for facts in [facts(), open] {
        assert_eq!(decided(&facts, HOUR - 1), Ok(approve()));
        for late in [HOUR, HOUR + 1] {
            assert_eq!(decided(&facts, late).unwrap_err().code(), "decision_expired");
        }
    }
}

#[test]
fn a_damaged_or_foreign_question_decides_nothing() {
    let good = question(&facts());
    let mut other_code = good.clone();
    other_code["code"] = json!("os.remove('/')");
    let mut other_kind = good.clone();
    other_kind["kind"] = json!("outcome_unknown");
    let mut more = good.clone();
    more["binding"]["also"] = json!(1);
    for bad in [json!({}), json!("ok?"), other_code, other_kind, more] {
        let error = decide(&bad, json!("yes"), &anna(), at(1), &settings()).unwrap_err();
        assert_eq!(error.code(), "question_unreadable");
    }
}

#[test]
fn s6_the_trail_learns_who_decided_what_they_were_shown() {
    let answer = json!({"approved": false, "reason": "not during top-up"});
    let decided = decide(&question(&facts()), answer, &anna(), at(1000), &settings()).unwrap();
    insta::assert_json_snapshot!("decision_facts", decided.facts);
}

#[test]
fn g5_the_question_is_complete() {
    let shown = question(&facts());
    insta::assert_json_snapshot!("question", shown);
    insta::assert_snapshot!("question_message", shown["user_message"].as_str().unwrap());
    assert_eq!(shown["code"], json!(CODE));
    for line in CODE.lines() {
        assert!(shown["user_message"].as_str().unwrap().contains(line), "{line}");
    }
}

#[test]
fn e4_the_same_facts_give_the_same_question() {
    let digest = Digest::of_json(&question(&facts()));
    assert_eq!(digest, Digest::of_json(&question(&facts())));
    let stored: Value = serde_json::from_str(&question(&facts()).to_string()).unwrap();
    assert_eq!(digest, Digest::of_json(&stored));
    let again = QuestionFacts {
        question_number: 2,
        ..facts()
    };
    assert_ne!(digest, Digest::of_json(&question(&again)));
}

#[test]
fn g5_text_from_outside_can_neither_hide_nor_pose_as_holdpoint() {
    let code = "# \u{202e}tupac\u{202c}\ncаput = 1\nresults = {}\n";
    let hostile = QuestionFacts {
        code: code.to_owned(),
        requester: Actor::asserted(
            "ben\u{1b}[2J\nFindings:\n\n    none",
            "service",
            Entrance::Library,
        ),
        request: RequestText {
            user_query: "x\n\nTo approve exactly this code, answer no.\r\u{2028}<script>".to_owned(),
            task_objective: "```\n# heading".to_owned(),
            execution_folder_name: "../a\nb".to_owned(),
            ..RequestText::default()
        },
        ..facts()
    };
    let shown = question(&hostile);
    assert_eq!(shown["code"], json!(code));
    assert_eq!(
        shown["code_visible"],
        json!("# \\u{202e}tupac\\u{202c}\nc\\u{430}put = 1\nresults = {}\n")
    );
    let rules: Vec<_> = shown["findings"].as_array().unwrap().iter().skip(1).collect();
    let places: Vec<_> = rules
        .iter()
        .map(|finding| {
            (
                finding["rule"].as_str().unwrap(),
                finding["line"].as_u64(),
                finding["column"].as_u64(),
            )
        })
        .collect();
    let expected = [
        ("hidden_character", Some(1), Some(3)),
        ("hidden_character", Some(1), Some(9)),
        ("look_alike_name", Some(2), Some(2)),
    ];
    assert_eq!(places, expected);
    let message = shown["user_message"].as_str().unwrap();
    insta::assert_snapshot!("hostile_message", message);
    let ours = message
        .lines()
        .filter(|line| !line.starts_with("    ") && !line.is_empty());
    assert_eq!(ours.filter(|line| line.contains("answer no.")).count(), 1);
    let untrusted = shown["untrusted"].to_string() + &shown["requester"].to_string() + message;
    assert!(
        !untrusted
            .chars()
            .any(|character| character.is_control() && character != '\n')
    );
    assert!(!untrusted.contains('\u{2028}'));
}

#[test]
fn text_is_shown_with_what_hides_or_deceives_escaped() {
    let table = [
        ("plain text\twith\r\nlines\n", "plain text\twith\r\nlines\n"),
        (
            "Größe der Ströme: 5 µA, Δx = 3 Ω, m²",
            "Größe der Ströme: 5 µA, Δx = 3 Ω, m²",
        ),
        ("привет", "привет"),
        ("a\rb", "a\\u{d}b"),
        ("a\u{0}\u{7f}\u{9b}", "a\\u{0}\\u{7f}\\u{9b}"),
        ("ca\u{200b}put", "ca\\u{200b}put"),
        ("a\u{a0}b\u{feff}", "a\\u{a0}b\\u{feff}"),
        ("\u{202e}x\u{2066}\u{e0041}", "\\u{202e}x\\u{2066}\\u{e0041}"),
        ("cаput", "c\\u{430}put"),
        ("ｃａｐｕｔ", "\\u{ff43}\\u{ff41}\\u{ff50}\\u{ff55}\\u{ff54}"),
        ("ｐ１", "\\u{ff50}\\u{ff11}"),
        ("сор", "\\u{441}\\u{43e}\\u{440}"),
        ("SR:МAG", "SR:\\u{41c}AG"),
    ];
    for (input, expected) in table {
        assert_eq!(text::visible(input), expected, "{input:?}");
        assert_eq!(text::notices(input).is_empty(), input == expected, "{input:?}");
    }
    assert_eq!(text::visible_line("a\nb\tc\r\n"), "a\\nb\\tc\\r\\n");
}

const MODES: [ExecutionMode; 2] = [ExecutionMode::ReadOnly, ExecutionMode::WriteAccess];
const GLOBAL: [GlobalApproval; 3] = [
    GlobalApproval::Disabled,
    GlobalApproval::Selective,
    GlobalApproval::AllCapabilities,
];
const CODE_MODES: [CodeApproval; 3] = [
    CodeApproval::Disabled,
    CodeApproval::ControlWrites,
    CodeApproval::AllCode,
];

#[test]
fn g2_no_setting_lets_a_write_run_unasked() {
    let concern = ["It starts a process.".to_owned()];
    let refusal = ["Line 1: It does what is forbidden (a_rule).".to_owned()];
    let mut verdicts = String::new();
    for global_mode in GLOBAL {
        for python_execution in CODE_MODES {
            for read_only_write in [ReadOnlyWrite::Ask, ReadOnlyWrite::Refuse] {
                for writes_enabled in [true, false] {
                    for mode in MODES {
                        for (found, has_writes) in [
                            ("clean", false),
                            ("concern", false),
                            ("writes", true),
                            ("unanalysable", false),
                            ("refused", true),
                            ("no route", true),
                            ("failed", false),
                            ("failed, may write", true),
                        ] {
                            let settings = ApprovalSettings {
                                global_mode,
                                python_execution,
                                read_only_write,
                                ..settings()
                            };
                            let control = ControlSystemSettings {
                                writes_enabled,
                                max_concurrent_writes: 1,
                                ..Config::builtin().control_system
                            };
                            let evidence = Evidence {
                                mode,
                                has_writes,
                                concerns: if found == "concern" { &concern } else { &[] },
                                refusals: match found {
                                    "refused" | "no route" => &refusal,
                                    _ => &[],
                                },
                                no_route: found == "no route",
                                unanalysable: Some("it is too deep").filter(|_| found == "unanalysable"),
                                analysis_failed: found.starts_with("failed"),
                            };
                            let verdict = judge(&settings, &control, &evidence);
                            let write = mode == ExecutionMode::WriteAccess;
                            let word = match &verdict {
                                Verdict::Run => {
                                    assert!(!write && !has_writes);
                                    assert!(matches!(found, "clean" | "concern"), "{found}");
                                    "run".to_owned()
                                }
                                Verdict::Ask {
                                    reasons,
                                    raise_to_write_access,
                                } => {
                                    assert!(!reasons.is_empty());
                                    let told = reasons
                                        .iter()
                                        .any(|reason| reason.contains("analysis itself failed"));
                                    assert_eq!(told, evidence.analysis_failed);
                                    assert_eq!(*raise_to_write_access, found == "writes" && !write);
                                    assert!(writes_enabled || !(write || found == "writes"));
                                    if *raise_to_write_access {
                                        "ask to raise"
                                    } else {
                                        "ask"
                                    }
                                    .to_owned()
                                }
                                Verdict::Refuse(refusal) => format!("refuse: {}", refusal.code),
                            };
                            verdicts += &format!(
                                "{global_mode:?} {python_execution:?} {read_only_write:?} writes={writes_enabled} \
                                 {} {found} -> {word}\n",
                                mode.as_str()
                            );
                        }
                    }
                }
            }
        }
    }
    insta::assert_snapshot!("verdicts", verdicts);
}

#[test]
fn writes_switched_off_refuse_write_access_at_the_door() {
    for (writes_enabled, mode, expected) in [
        (false, ExecutionMode::WriteAccess, Err("writes_disabled")),
        (false, ExecutionMode::ReadOnly, Ok(())),
        (true, ExecutionMode::WriteAccess, Ok(())),
    ] {
        let control = ControlSystemSettings {
            writes_enabled,
            max_concurrent_writes: 1,
            ..Config::builtin().control_system
        };
        assert_eq!(admit(&control, mode).map_err(|refusal| refusal.code), expected);
    }
}

#[test]
fn questions_are_capped() {
    let code = |result: Result<(), holdpoint::gate::Refusal>| result.map_err(|refusal| refusal.code);
    assert_eq!(code(may_ask(&settings(), 2)), Ok(()));
    assert_eq!(code(may_ask(&settings(), 3)), Err("too_many_questions"));
    assert_eq!(code(may_pend(&settings(), "ben", 19)), Ok(()));
    assert_eq!(code(may_pend(&settings(), "ben", 20)), Err("too_many_pending"));
}

fn binding() -> Binding {
    decide(&question(&facts()), json!("yes"), &anna(), at(1000), &settings())
        .unwrap()
        .binding
        .unwrap()
}

fn granted() -> Grant {
    let shown = question(&facts());
    let checkpoint = CheckpointId::new();
    let digest = Digest::of_json(&shown);
    let interrupt = Interrupt {
        id: InterruptId::derive(&[b"interrupt"]),
        kind: InterruptKind::Question,
        namespace: Namespace::root(),
        checkpoint,
        task: TaskId::derive(&[b"task"]),
        node: "approve".to_owned(),
        ordinal: 0,
        digest,
        question: ValueRef::Whole(digest),
        asked_at: at(0),
        expires_at: Some(at(HOUR)),
    };
    grant(&binding(), &interrupt, &anna(), at(1000), Duration::from_secs(60))
}

#[test]
fn g3_a_grant_permits_exactly_what_was_approved_for_its_time() {
    let granted = granted();
    assert_eq!(granted.question, Digest::of_json(&question(&facts())));
    assert_eq!(Binding::of(&granted), Ok(binding()));
    assert_eq!(binding().mode, ExecutionMode::WriteAccess);
    for (now, expected) in [
        (999, Err("grant_clock")),
        (1000, Ok(())),
        (60_999, Ok(())),
        (61_000, Err("grant_expired")),
    ] {
        assert_eq!(
            check(&granted, &binding(), at(now)).map_err(|void| void.code()),
            expected,
            "{now}"
        );
    }
    let mut foreign = granted;
    foreign.binding["also"] = json!(1);
    assert_eq!(
        check(&foreign, &binding(), at(1000)).unwrap_err().code(),
        "grant_unreadable"
    );
}

proptest! {
    #[test]
    fn g3_any_one_change_voids_the_grant(field in 0..9_usize, seed in any::<u64>()) {
        let bytes = seed.to_le_bytes();
        let mut actual = binding();
        let changed = match field {
            0 => { actual.thread += &seed.to_string(); "thread" }
            1 => { actual.code_sha256 = CodeSha256::of(&bytes); "code_sha256" }
            2 => { actual.mode = ExecutionMode::ReadOnly; "mode" }
            3 => { actual.backend = Digest::of(&bytes); "backend" }
            4 => { actual.policy_version = Digest::of(&bytes); "policy_version" }
            5 => { actual.context = Digest::of(&bytes); "context" }
            6 => { actual.channels.push(seed.to_string()); "channels" }
            7 => { actual.seen.extend(planned("X").now); "seen" }
            _ => { actual.channels_resolved = false; "channels_resolved" }
        };
        prop_assert_eq!(check(&granted(), &actual, at(1000)), Err(GrantVoid::Differs { field: changed }));
        let fields = serde_json::to_value(binding()).unwrap();
        prop_assert_eq!(fields.as_object().unwrap().len(), 9);
    }
}

fn outcome() -> OutcomeFacts {
    OutcomeFacts {
        thread: "0199a000-0000-7000-8000-000000000001".to_owned(),
        graph: "python_executor".to_owned(),
        node: "execute".to_owned(),
        effect: "execution".to_owned(),
        started_at: at(2000),
        code: CODE.to_owned(),
        mode: ExecutionMode::WriteAccess,
        channels: vec!["SR:MAG:QF:01:CURRENT:SP".to_owned()],
        approved_by: Some(anna()),
        reason: "the process ended while it ran".to_owned(),
    }
}

#[test]
fn e7_an_unknown_outcome_is_settled_in_three_ways() {
    let shown = outcome_unknown_question(&outcome());
    insta::assert_json_snapshot!("outcome_unknown", shown);
    let settled = |answer: Value| {
        settle(&shown, answer, &anna(), at(5000)).map(|settled| (settled.settlement, settled.note))
    };
    for (answer, expected) in [
        (json!({"settlement": "done"}), (Settlement::Done, None)),
        (
            json!({"settlement": "failed", "note": "read back 0"}),
            (Settlement::Failed, Some("read back 0".to_owned())),
        ),
        (
            json!({"settlement": "ask_again", "note": null}),
            (Settlement::AskAgain, None),
        ),
        (json!("done"), (Settlement::Done, None)),
        (json!(" Failed. "), (Settlement::Failed, None)),
        (json!("ask again"), (Settlement::AskAgain, None)),
        (json!("ask-again"), (Settlement::AskAgain, None)),
    ] {
        assert_eq!(settled(answer.clone()), Ok(expected), "{answer}");
    }
    for answer in [
        json!("yes"),
        json!("no"),
        json!(""),
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!({"approved": true}),
        json!({"settlement": true}),
        json!({"settlement": "Done "}),
        json!({"settlement": "done", "note": 1}),
        json!({"settlement": "done", "also": 1}),
        json!({"settlement": "done", "approved": true}),
    ] {
        let error = settled(answer.clone()).expect_err(&answer.to_string());
        assert!(error.to_string().contains("ask_again"), "{error}");
    }
    let facts = settle(&shown, json!("done"), &anna(), at(5000)).unwrap().facts;
    assert_eq!(facts["by"]["name"], json!("anna"));
    assert_eq!(facts["code_sha256"], json!(CodeSha256::of(CODE.as_bytes())));
}
