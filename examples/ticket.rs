//! A support ticket on its way to a reply: the engine on its own, without Python or control systems.
//!
//! ```text
//! START → triage ─┬─ simple ──────────────────────────┬→ review ─ (asks a human) ─→ send → END
//!                 └─ hard → plan ⇉ look_up ⇉ … ⇉ write ┘
//! ```
//!
//! `triage` chooses the way, `plan` fans out into one `look_up` per question, and `review` is a graph
//! of its own that ends in a question to a human. There the run is over and the process may end; the
//! answer comes to another engine over the same directory. Run it with `cargo run --example ticket`.

use std::{collections::BTreeMap, error::Error, path::Path, sync::Arc};

use holdpoint::{
    config::StoreSettings,
    engine::{Engine, Invocation, NewThread, RunOptions, RunReport},
    graph::{Context, END, Graph, GraphBuilder, NodeError, Send},
    model::{Actor, Channels, Clock, Command, Entrance, Event, ThreadId},
    store::SledStore,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

holdpoint::state! {
    /// What is known of a ticket.
    pub struct Ticket, TicketPatch, version = 1 {
        /// What the customer wrote.
        message: String [replace],
        /// What was found out, in the order it was asked.
        findings: Vec<String> [append],
        /// The reply, as far as it has come.
        reply: String [replace],
        /// Who let it go out; nobody can write this from outside.
        signed_by: Option<String> [replace, protected],
    }
}

holdpoint::state! {
    /// What a review is about.
    pub struct Review, ReviewPatch, version = 1 {
        /// The text under review.
        text: String [replace],
        /// Who signed it.
        signature: Option<String> [replace, protected],
    }
}

holdpoint::route! {
    /// How much work a ticket is.
    pub enum Triage { Simple => "review", Hard => "plan" }
}

/// A human's answer to the review.
#[derive(Debug, Serialize, Deserialize)]
struct Verdict {
    text: String,
    signature: String,
}

/// The questions in a message.
fn questions(ticket: &Ticket) -> impl Iterator<Item = &str> {
    ticket
        .message
        .split_inclusive('?')
        .map(str::trim)
        .filter(|part| part.ends_with('?'))
}

async fn triage(ticket: Ticket, _: Context) -> Result<TicketPatch, NodeError> {
    match questions(&ticket).count() {
        0 => Ok(TicketPatch::new().reply("Thank you for writing to us.")),
        _ => Ok(TicketPatch::new()),
    }
}

fn after_triage(ticket: &Ticket) -> Triage {
    match ticket.reply.is_empty() {
        true => Triage::Hard,
        false => Triage::Simple,
    }
}

async fn plan(_: Ticket, _: Context) -> Result<TicketPatch, NodeError> {
    Ok(TicketPatch::new())
}

/// One task per question; they run side by side, and their findings keep this order.
fn one_each(ticket: &Ticket) -> Vec<Send> {
    questions(ticket)
        .map(|question| Send::to("look_up", json!(question)))
        .collect()
}

async fn look_up(_: Ticket, context: Context) -> Result<TicketPatch, NodeError> {
    let question: String = context.argument()?;
    context.message(&format!("looking up \"{question}\""));
    let finding = match question.to_lowercase() {
        text if text.contains("when") => "Your order leaves on Monday.",
        text if text.contains("cost") => "There is nothing to pay.",
        _ => "We will ask around and write again.",
    };
    Ok(TicketPatch::new().findings(vec![finding.to_owned()]))
}

async fn write(ticket: Ticket, _: Context) -> Result<TicketPatch, NodeError> {
    Ok(TicketPatch::new().reply(ticket.findings.join(" ")))
}

async fn proofread(review: Review, _: Context) -> Result<ReviewPatch, NodeError> {
    Ok(ReviewPatch::new().text(review.text.replace("  ", " ")))
}

async fn sign(review: Review, context: Context) -> Result<ReviewPatch, NodeError> {
    // The first time the run ends here. With the answer this node runs again and goes on.
    let verdict: Verdict = context.interrupt(json!({ "may this go out": review.text }))?;
    Ok(ReviewPatch::new().text(verdict.text).signature(verdict.signature))
}

async fn send(ticket: Ticket, context: Context) -> Result<TicketPatch, NodeError> {
    context.message(&format!("sent: {}", ticket.reply));
    Ok(TicketPatch::new())
}

fn review() -> Result<Arc<Graph>, Box<dyn Error>> {
    Ok(GraphBuilder::<Review>::new("review")
        .pure("proofread", proofread)
        .pure("sign", sign)
        .start_at("proofread")
        .edge("proofread", "sign")
        .edge("sign", END)
        .build()?)
}

fn ticket() -> Result<Arc<Graph>, Box<dyn Error>> {
    Ok(GraphBuilder::<Ticket>::new("ticket")
        .pure("triage", triage)
        .pure("plan", plan)
        .node("look_up", look_up)
        .pure("write", write)
        .subgraph(
            "review",
            review()?,
            |ticket: &Ticket| ReviewPatch::new().text(ticket.reply.clone()),
            |review: Review| TicketPatch::new().reply(review.text).signed_by(review.signature),
        )
        // At most once, whatever happens: if the process dies in here, a human is asked what became of it.
        .effect("send", send)
        .start_at("triage")
        .branch("triage", after_triage)
        .fan_out("plan", &["look_up"], one_each)
        .edge("look_up", "write")
        .edge("write", "review")
        .edge("review", "send")
        .edge("send", END)
        .build()?)
}

/// Opens the store, as a new process would, and lets the thread do one thing.
async fn process(
    folder: &Path,
    thread: ThreadId,
    invocation: Invocation,
    who: &str,
) -> Result<RunReport, Box<dyn Error>> {
    let settings = StoreSettings {
        segment_bytes: 2 << 20,
        cache_bytes: 16 << 20,
        min_free_bytes: 0,
    };
    let store = Arc::new(SledStore::open(folder, &settings, Clock::system())?);
    let engine = Engine::new(store, Clock::system(), [ticket()?]);
    // What a process that died had been doing is put in order before anything else.
    engine.recover().await?;
    let by = Actor::asserted(who, "example", Entrance::Library);
    if let Invocation::Input(_) = invocation {
        let new = NewThread {
            id: thread,
            graph: "ticket".into(),
            name: None,
            by: by.clone(),
            metadata: BTreeMap::new(),
        };
        engine.create_thread(new).await?;
    }
    let (events, mut heard) = mpsc::unbounded_channel();
    let options = RunOptions {
        events: Some(events),
        ..RunOptions::default()
    };
    let report = engine.invoke(thread, invocation, by, options).await?;
    while let Some(event) = heard.recv().await {
        tell(&event);
    }
    let replay = engine.replay(thread).await?;
    println!(
        "   replayed for audit: {} checkpoints, {} routes and {} verdicts derived again, {} differences",
        replay.checkpoints,
        replay.routes,
        replay.verdicts,
        replay.divergences.len()
    );
    engine.store().close().await?;
    Ok(report)
}

fn tell(event: &Event) {
    match event {
        Event::TaskStarted { node, namespace, .. } if namespace.0.is_empty() => println!("   {node}"),
        Event::TaskStarted { node, .. } => println!("   review/{node}"),
        Event::Message { text, .. } => println!("      {text}"),
        Event::Interrupted { question, .. } => println!("      asks: {question}"),
        Event::RunFinished { outcome, .. } => println!("   the run ended: {}", json!(outcome)["type"]),
        _ => {}
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let thread = ThreadId::new();

    println!("A ticket comes in, and is worked on until someone has to sign.");
    let message = "When will it come? What does it cost?";
    let input = Channels::from([("message".to_owned(), json!(message))]);
    let report = process(folder.path(), thread, Invocation::Input(input), "customer desk").await?;

    println!("\nThe process has ended. Days later another one is given the answer.");
    let asked = report.interrupts.first().ok_or("nobody was asked")?;
    let reply = asked.question["may this go out"].as_str().unwrap_or_default();
    let verdict = Verdict {
        text: format!("Dear customer, {reply}"),
        signature: "Ada".into(),
    };
    let answer = Command::answer(asked.interrupt.id, serde_json::to_value(verdict)?);
    let answer = Invocation::Command(answer);
    let report = process(folder.path(), thread, answer.clone(), "Ada").await?;
    println!("   signed by {}", report.values["signed_by"]);

    println!("\nThe same answer a second time:");
    match process(folder.path(), thread, answer, "Eve").await {
        Ok(_) => Err("an answer was taken twice".into()),
        Err(refusal) => {
            println!("   refused: {refusal}");
            Ok(())
        }
    }
}
