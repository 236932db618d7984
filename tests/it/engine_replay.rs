//! E10: replay for audit executes nothing and names what today's program would decide otherwise.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use holdpoint::{
    engine::Engine,
    graph::{Context, END, Graph, GraphBuilder},
};
use serde_json::json;

use super::engine::{Hands, Work, WorkPatch, begin, finish, memory, noting};

holdpoint::route! { enum Way { Left => "left", Right => "right" } }

/// What differs between yesterday's program and today's.
struct Program {
    verdict: &'static str,
    choose: fn(&Work) -> Way,
    once: Option<Arc<AtomicUsize>>,
}

fn left(_: &Work) -> Way {
    Way::Left
}

fn right(_: &Work) -> Way {
    Way::Right
}

fn graph(program: Program, outside: &Arc<AtomicUsize>) -> Arc<Graph> {
    let (outside, once) = (outside.clone(), program.once);
    GraphBuilder::<Work>::new("replayed")
        .pure("judge", move |_: Work, context: Context| {
            let once = once.clone();
            async move {
                assert!(program.verdict != "panics", "a fault on purpose");
                if let Some(once) = once {
                    context
                        .once("part", || async move { Ok(once.fetch_add(1, Ordering::SeqCst)) })
                        .await?;
                }
                Ok(WorkPatch::new().verdict(program.verdict.to_owned()))
            }
        })
        .node("left", move |_: Work, _: Context| {
            outside.fetch_add(1, Ordering::SeqCst);
            async { Ok(WorkPatch::new().log(vec!["outside".to_owned()])) }
        })
        .pure("right", noting("right"))
        .start_at("judge")
        .branch("judge", program.choose)
        .edge("left", END)
        .edge("right", END)
        .build()
        .unwrap()
}

#[tokio::test]
async fn e10_replay_names_a_changed_node_and_a_changed_branch_and_executes_nothing() {
    let yesterday = || Program {
        verdict: "fine",
        choose: left,
        once: None,
    };
    let outside = Arc::new(AtomicUsize::new(0));
    let ran = Arc::new(AtomicUsize::new(0));
    let hands = Hands::default();
    let store = memory(&hands);
    let old = Engine::new(store.clone(), hands.clock(), [graph(yesterday(), &outside)]);
    let (thread, _) = begin(&old, "x").await;
    finish(&old, thread).await;
    assert_eq!(outside.load(Ordering::SeqCst), 1);
    let cases = [
        ("the same", yesterday(), vec![]),
        (
            "another verdict",
            Program {
                verdict: "bad",
                ..yesterday()
            },
            vec!["node judge"],
        ),
        (
            "a panic",
            Program {
                verdict: "panics",
                ..yesterday()
            },
            vec!["node judge"],
        ),
        (
            "another branch",
            Program {
                choose: right,
                ..yesterday()
            },
            vec!["route"],
        ),
        (
            "something done in a pure node",
            Program {
                once: Some(ran.clone()),
                ..yesterday()
            },
            vec!["node judge"],
        ),
    ];
    for (case, program, expected) in cases {
        let today = Engine::new(store.clone(), hands.clock(), [graph(program, &outside)]);
        let before = store.audit(0, usize::MAX).await.unwrap().len();
        let report = today.replay(thread).await.unwrap();
        let found: Vec<&str> = report
            .divergences
            .iter()
            .map(|found| found.what.as_str())
            .collect();
        assert_eq!(found, expected, "{case}");
        assert_eq!((report.checkpoints, report.routes, report.verdicts), (3, 3, 1));
        assert_eq!(
            store.audit(0, usize::MAX).await.unwrap().len(),
            before,
            "{case}: nothing is written"
        );
        if case == "another branch" {
            let divergence = &report.divergences[0];
            assert_eq!(
                (&divergence.recorded, &divergence.today),
                (&json!(["left"]), &json!(["right"]))
            );
        }
    }
    assert_eq!(outside.load(Ordering::SeqCst), 1, "nothing is executed");
    assert_eq!(ran.load(Ordering::SeqCst), 0, "not even a part of a pure node");
}
