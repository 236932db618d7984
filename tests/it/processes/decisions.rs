//! Many processes decide on one question at once.

use serde_json::{Value, json};

use crate::site::*;

/// Twenty processes at once answer each of five questions; the wanted kinds of answers alternate.
#[test]
fn of_a_hundred_decisions_from_twenty_processes_one_wins_each_question() {
    let test = "of_a_hundred_decisions_from_twenty_processes_one_wins_each_question";
    let Some(site) = Site::with_control_system(test, json!({})) else {
        return;
    };
    let mut conflicts = 0;
    for round in 0..5 {
        let (thread, value) = (format!("round-{round}"), fresh_value());
        let question = site.ask(&thread, &put(value));
        // Round 0 only approves, round 1 only rejects, the others mix.
        let approves = |number: usize| round == 0 || round > 1 && number % 2 == round % 2;
        let deciding: Vec<(usize, Running)> = (0..20)
            .map(|number| {
                let name = format!("decider-{round}-{number}");
                let running = match approves(number) {
                    true => site.start(&["approve", &question, "--as", &name]),
                    false => site.start(&["reject", &question, "--reason", "not now", "--as", &name]),
                };
                (number, running)
            })
            .collect();
        let said: Vec<(usize, Said)> = deciding
            .into_iter()
            .map(|(number, running)| (number, running.end()))
            .collect();
        let (won, lost): (Vec<_>, Vec<_>) = said.iter().partition(|(_, said)| said.code() == Some(0));
        assert_eq!(won.len(), 1, "{said:#?}");
        let winner = won[0].0;
        let name = format!("decider-{round}-{winner}");
        let wanted = if approves(winner) { "completed" } else { "rejected" };
        assert_eq!(won[0].1.told(), wanted);
        for (_, said) in lost {
            said.refuse(CONFLICT, "already_resolved", &name);
            let detail = &said.json()["error"]["detail"];
            assert_eq!(detail["by"]["name"], json!(name), "{said:#?}");
            conflicts += 1;
        }
        assert_eq!(site.puts(value), usize::from(approves(winner)), "round {round}");
        assert_eq!(site.count(&thread, "answered"), 1);
        assert_eq!(
            site.count(&thread, "effect_started"),
            usize::from(approves(winner))
        );
        site.replay(&thread);
    }
    assert_eq!(conflicts, 95);
    let executions = site.verify()["executions"].as_array().map(Vec::len);
    assert!(executions >= Some(1), "{executions:?}");
}

/// The same question is decided over and over by one after the other: only the first counts.
#[test]
fn an_answer_counts_once() {
    let Some(site) = Site::with_control_system("an_answer_counts_once", json!({})) else {
        return;
    };
    let value = fresh_value();
    let question = site.ask("once", &put(value));
    site.run(&["approve", &question, "--as", "ada"]).expect(COMPLETED);
    for words in [
        &["approve", &question, "--as", "bob"][..],
        &["reject", &question, "--reason", "too late", "--as", "bob"],
        &["edit", &question, "--code", "once.py"],
        &["respond", &question, "slower"],
        &["settle", &question, "done"],
    ] {
        site.run(words).refuse(CONFLICT, "already_resolved", "ada");
    }
    assert_eq!(site.puts(value), 1);
    let executions = site.verify()["executions"].as_array().unwrap().clone();
    assert_eq!(executions.len(), 1);
    let ran: &Value = &executions[0];
    assert_eq!(ran["ran_sha256"], ran["approved_sha256"]);
    assert_eq!(ran["approved_by"]["name"], "ada");
}
