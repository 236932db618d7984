//! How a question tells what was found: writes and risks first, and marks in the code.

use holdpoint::{
    gate::{CodedValue, Listing, QuestionFacts, question, risks, text, written},
    model::{Category, Evidence, ExecutionMode, Finding, Severity},
};
use proptest::prelude::*;
use serde_json::json;

use crate::gate::facts;

const CODE: &str = "from epics import caput as w\nimport os\nfor n in range(3):\n\tw('SR:QF%d' % n, 1)\n\
    w('SR:QD1', 3.0)\nos.system('ls')\n";

fn finding(rule: &str, category: Category, at: (u32, u32), to: (u32, u32)) -> Finding {
    Finding {
        end_line: to.0,
        end_column: to.1,
        ..Finding::new(
            rule,
            category,
            Severity::High,
            at,
            format!("It is told by {rule}."),
        )
    }
}

/// Findings as a resolver gives them.
fn found() -> Vec<Finding> {
    let write = |at, to| Finding {
        resolved: "epics.caput".to_owned(),
        chain: vec!["`w` is `epics.caput`, imported as `w` on line 1".to_owned()],
        ..finding("control_write", Category::Write, at, to)
    };
    vec![
        Finding {
            evidence: Evidence::Unresolved,
            ..write((4, 2), (4, 21))
        },
        Finding {
            channels: vec!["SR:QD1".to_owned(), "SR:QD2".to_owned()],
            values: vec![Some("3.0".to_owned()), None],
            ..write((5, 1), (5, 17))
        },
        Finding {
            advice: "Look at the command.".to_owned(),
            ..finding("subprocess", Category::Risk, (6, 1), (6, 10))
        },
    ]
}

fn asked() -> QuestionFacts {
    QuestionFacts {
        code: CODE.to_owned(),
        findings: found(),
        writes: Vec::new(),
        channels_unresolved: true,
        rehearsal: None,
        analysis: json!({"has_writes": true, "risks": ["subprocess", "network"]}),
        ..facts()
    }
}

#[test]
fn writes_and_risks_stand_before_everything_else() {
    let shown = question(&asked());
    let message = shown["user_message"].as_str().unwrap();
    insta::assert_snapshot!("message", message);
    assert_eq!(
        shown["writes_in_code"],
        json!([
            {"name": null, "value": {"type": "unknown"}, "lines": [4]},
            {"name": "SR:QD1", "value": {"type": "literal", "value": "3.0"}, "lines": [5]},
            {"name": "SR:QD2", "value": {"type": "computed"}, "lines": [5]},
        ])
    );
    assert_eq!(
        shown["risks"],
        json!([
            {"rule": "network", "title": "Network connection", "lines": []},
            {"rule": "subprocess", "title": "Another process", "lines": [6]},
        ])
    );
    assert_eq!(shown["findings"][1]["values"], json!(["3.0", null]));
    // A program that only reads has risks and no table of writes.
    let reads = QuestionFacts {
        mode: ExecutionMode::ReadOnly,
        raised: false,
        ..asked()
    };
    let message = question(&reads)["user_message"].as_str().unwrap().to_owned();
    assert!(!message.contains("Process variables it writes"), "{message}");
    assert!(message.contains("\nRisks:\n"), "{message}");
}

#[test]
fn what_the_rehearsal_put_is_told_in_place_of_the_code() {
    let rehearsed = QuestionFacts {
        findings: vec![Finding {
            channels: vec!["SR:MAG:QF:01:CURRENT:SP.VAL".to_owned()],
            values: vec![None],
            ..found().remove(1)
        }],
        ..facts()
    };
    let message = |facts: &QuestionFacts| question(facts)["user_message"].as_str().unwrap().to_owned();
    let told = message(&rehearsed);
    assert!(
        told.contains("    SR:MAG:QF:01:CURRENT:SP: 148.5 → 150, limits"),
        "{told}"
    );
    assert!(!told.contains("run time"), "{told}");
    let mut not_rehearsed = rehearsed;
    not_rehearsed.writes[0].wanted = None;
    let told = message(&not_rehearsed);
    assert!(
        told.contains("    SR:MAG:QF:01:CURRENT:SP: 148.5 now, ← computed at run time (line 5)"),
        "{told}"
    );
}

#[test]
fn no_finding_can_hide_or_pose_as_holdpoint() {
    let hostile = "x\u{202e}\u{1b}[2J\nRisks:\n\nnone\t";
    let facts = QuestionFacts {
        findings: vec![Finding {
            rule: hostile.to_owned(),
            resolved: hostile.to_owned(),
            chain: vec![hostile.to_owned()],
            channels: vec![hostile.to_owned()],
            values: vec![Some(hostile.to_owned())],
            explanation: hostile.to_owned(),
            advice: hostile.to_owned(),
            snippet: hostile.to_owned(),
            ..finding("", Category::Risk, (5, 1), (5, 2))
        }],
        analysis: json!({"risks": [hostile]}),
        ..asked()
    };
    let shown = question(&facts);
    let message = shown["user_message"].as_str().unwrap();
    assert_eq!(message.matches("\nRisks:\n").count(), 1, "{message}");
    for text in [
        message,
        &shown["risks"].to_string(),
        &shown["writes_in_code"].to_string(),
    ] {
        let bad = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!text.contains(bad), "{text:?}");
    }
}

#[test]
fn code_cannot_pose_as_a_mark() {
    let code = "x = 1\n  | ^ nothing to see\n2 | import os\r3\n";
    let facts = QuestionFacts {
        code: code.to_owned(),
        findings: vec![finding("control_write", Category::Write, (4, 1), (4, 2))],
        ..asked()
    };
    let shown = question(&facts);
    let message = shown["user_message"].as_str().unwrap();
    let expected = "    1 | x = 1\n    2 |   | ^ nothing to see\n    3 | 2 | import os\\u{d}\n      |              ^ hidden_character\n    4 | 3\n      | ^ control_write\n";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_mark_stands_under_the_code_as_it_is_drawn() {
    let line = "\tw('\u{202e}', ü) # ".to_owned() + &"x".repeat(300) + " bad()";
    let listing = Listing::new(&line);
    let marks = |from: u32, to: u32| {
        let finding = finding("r", Category::Write, (1, from), (1, to));
        let drawn = listing.line(1, &[&finding]).unwrap();
        let mark = &drawn.marks[0];
        let marked: String = drawn.text.chars().skip(mark.at).take(mark.width).collect();
        let cut = drawn.clone().cut(100);
        assert!(cut.text.chars().count() <= 102);
        let mark = &cut.marks[0];
        let again: String = cut.text.chars().skip(mark.at).take(mark.width).collect();
        assert!(
            marked.starts_with(again.trim_end_matches('…')),
            "{marked} {again}"
        );
        marked
    };
    assert_eq!(marks(2, 3), "w");
    assert_eq!(marks(4, 7), "'\\u{202e}'");
    assert_eq!(marks(9, 10), "ü");
    let bad = u32::try_from(line.chars().count()).unwrap() - 4;
    assert_eq!(marks(bad, bad + 3), "bad");
    // Where only the start is known the word is marked, and a place that does not exist is the line's end.
    let start = |column| Finding::new("r", Category::Write, Severity::High, (1, column), String::new());
    let at = |column| listing.line(1, &[&start(column)]).unwrap().marks[0].clone();
    assert_eq!((at(2).at, at(2).width), (4, 1));
    assert_eq!(at(u32::MAX).width, 1);
    assert_eq!(listing.line(2, &[]), None);
    assert_eq!(listing.line(0, &[]), None);
    let far = listing.line(1, &[&start(bad)]).unwrap();
    assert_eq!(far.marks[0].drawn(), format!("at column {bad}:"));
}

#[test]
fn the_same_write_is_told_once_with_its_lines() {
    let write = |line| Finding {
        channels: vec!["A".to_owned()],
        values: vec![Some("1".to_owned())],
        ..finding("control_write", Category::Write, (line, 1), (line, 2))
    };
    let told = written(&[write(3), write(3), write(7)]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].lines, [3, 7]);
    assert_eq!(told[0].value, CodedValue::Literal("1".to_owned()));
    assert!(told[0].is_of("A.VAL") && !told[0].is_of("AB"));
    let flood: Vec<Finding> = (0..5000)
        .map(|index| Finding {
            channels: vec![format!("PV{index}")],
            ..write(index + 1)
        })
        .collect();
    assert!(written(&flood).len() <= 100);
    let names: Vec<String> = (0..5000).map(|index| format!("r{index}")).collect();
    assert!(risks(&names, &flood).len() <= 100);
}

proptest! {
    #[test]
    fn a_listing_shows_every_line_and_hides_nothing(
        code in "([a-zа-я\u{202e}\u{1b}\t'()=. ]|\r|\n|\r\n){0,200}",
        places in prop::collection::vec((0..20_u32, 0..60_u32, 0..25_u32, 0..60_u32), 0..8),
    ) {
        let found: Vec<Finding> = places
            .iter()
            .map(|&(line, column, end_line, end_column)| {
                finding("r", Category::Write, (line, column), (end_line, end_column))
            })
            .collect();
        let lines = Listing::new(&code).marked(&found);
        prop_assert_eq!(lines.len(), code.replace("\r\n", "\n").split_inclusive(['\r', '\n']).count());
        for (index, line) in lines.iter().enumerate() {
            prop_assert_eq!(line.number, index + 1);
            let hides = |character: char| character.is_control() || character == '\u{202e}';
            prop_assert!(!line.text.contains(hides));
            for mark in &line.marks {
                prop_assert!(mark.width >= 1 && mark.at + mark.width <= line.text.chars().count() + 1);
            }
            prop_assert!(line.clone().cut(30).text.chars().count() <= 32);
        }
        // The notices count lines and columns as the listing does.
        for notice in text::notices(&code) {
            let drawn = Listing::new(&code).line(notice.line as usize, &[&notice]).unwrap();
            let mark = &drawn.marks[0];
            let marked: String = drawn.text.chars().skip(mark.at).collect();
            let escaped = marked.starts_with("\\u{");
            prop_assert!(escaped, "{:?} in {:?}", marked, drawn.text);
        }
    }
}
