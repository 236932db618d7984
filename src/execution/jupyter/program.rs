//! A program in its kernel: sent there, run, watched, and what it left fetched.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    files,
    kernel::{Incoming, Kernel, KernelError, is_death},
    post::{Manned, Serving},
    shown::Shown,
    wire::{Execute, Message, Request},
};
use crate::{
    config::ExecutionSettings,
    execution::{
        Conduct, Execution, Prepared, ProgramEnd,
        collect::{Bounds, Workspace},
        outcome::{Told, cap_notes, raised},
        workspace::{OUTCOME, RUNNER, Start},
    },
};

/// The runner's part in the kernel.
pub(super) const KERNEL: &str = include_str!("kernel.py");

/// The expression by which the runner is reached in the kernel.
pub(super) const POST: &str = "__import__('sys').modules['holdpoint_kernel'].post";

/// The most bytes of the program, or of its context, in one message.
const PIECE: usize = 1 << 20;

/// How long an interrupted program may take to end before its kernel is deleted.
const GRACE: Duration = Duration::from_secs(2);

/// How long what a program has shown may take to come in after its end.
const SETTLING: Duration = Duration::from_secs(5);

/// How long what a program has left may take to come in.
const FETCHING: Duration = Duration::from_secs(300);

/// How much later than its wall time a kernel ends itself, if nobody else does.
const MARGIN: u64 = 60;

/// Puts the runner into a kernel, and a program beside it.
pub(super) async fn install(
    kernel: &mut Kernel,
    code: &str,
    context: &Value,
    environment: &Value,
) -> Result<(), KernelError> {
    let module = |name: &str, source: &str| {
        format!(
            "def _holdpoint():\n    import base64, sys, types\n    module = types.ModuleType('{name}')\n    \
             exec(compile(base64.b64decode('{}'), '{name}.py', 'exec'), module.__dict__)\n    \
             sys.modules['{name}'] = module\n_holdpoint()\ndel _holdpoint\n",
            BASE64.encode(source)
        )
    };
    kernel.tell(&module("holdpoint_runner", RUNNER)).await?;
    kernel.tell(&module("holdpoint_outcome", OUTCOME)).await?;
    kernel.tell(&module("holdpoint_kernel", KERNEL)).await?;
    let post = "sys.modules['holdpoint_kernel'].post = sys.modules['holdpoint_kernel'].Post(\
                sys.modules['holdpoint_runner'], sys.modules['holdpoint_outcome'])";
    kernel.tell(&format!("import sys; {post}; del sys")).await?;
    let (context, environment) = (context.to_string(), environment.to_string());
    for (name, content) in [
        ("program", code.as_bytes()),
        ("context", context.as_bytes()),
        ("environment", environment.as_bytes()),
    ] {
        let mut taken = 0;
        for piece in content.chunks(PIECE) {
            taken += piece.len();
            let call = format!("{POST}.take('{name}', '{}')", BASE64.encode(piece));
            let answer = kernel.ask(&call).await?;
            if answer.get("bytes").and_then(Value::as_u64) != Some(taken as u64) {
                return Err(KernelError::Answer(format!("it did not take the {name}")));
            }
        }
    }
    Ok(())
}

/// A program whose kernel stands and waits.
pub(super) struct JupyterProgram {
    pub(super) kernel: Kernel,
    pub(super) settings: Arc<ExecutionSettings>,
    pub(super) start: Start,
    pub(super) folder: PathBuf,
    pub(super) timeout: Duration,
    pub(super) interpreter: String,
    /// Its way to the control system, where that is ours.
    pub(super) post: Option<Manned>,
}

/// How the watch over a program ended.
enum Watched {
    /// The kernel told that it was over.
    Over,
    /// It did not end when it was told to.
    Defiant,
    /// The kernel, or the way to it, is gone.
    Gone { code: &'static str, reason: String },
}

/// Why a program was stopped.
struct Stop {
    code: &'static str,
    reason: String,
    until: Instant,
}

#[async_trait]
impl Prepared for JupyterProgram {
    async fn run(mut self: Box<Self>, cancel: CancellationToken) -> Execution {
        let begun = Instant::now();
        let mut shown = Shown::new(self.settings.max_output_bytes);
        let (mut stop, mut notes) = (None, Vec::new());
        let post = self.post.take();
        notes.extend(post.as_ref().and_then(|post| post.note.clone()));
        let mut conduct = post.is_some().then(Conduct::default);
        let (mut way, watched) = match open(post, &cancel).await {
            _ if cancel.is_cancelled() => {
                stop = Some(Stop {
                    code: "cancelled",
                    reason: "cancelled before the program began".to_owned(),
                    until: begun,
                });
                (None, Watched::Defiant)
            }
            Ok(way) => {
                let watched = self.watch(&cancel, way.as_ref(), &mut shown, &mut stop).await;
                (way, watched)
            }
            Err(error) => {
                let reason = format!("its way to the control system could not be opened: {error}");
                (
                    None,
                    Watched::Gone {
                        code: "signal",
                        reason,
                    },
                )
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        if self.kernel.was_lost {
            notes.push(
                "the connection to its kernel was lost for a while; some of its output may be missing"
                    .to_owned(),
            );
        }
        let is_over = matches!(watched, Watched::Over);
        if !is_over && let Some(way) = &way {
            way.stop();
        }
        // What a program that has ended left running has no more business there.
        if is_over && let Some(way) = way.take() {
            conduct = Some(way.finish().await);
        }
        let mut end = match (&stop, watched) {
            (Some(stop), _) => Some(killed(stop.code, stop.reason.clone())),
            (None, Watched::Gone { code, reason }) => Some(killed(code, reason)),
            (None, _) => None,
        };
        let fetched = match is_over && !cancel.is_cancelled() {
            true => self.fetch(&cancel, &mut notes).await,
            false => Err("its files were not fetched".to_owned()),
        };
        if let Err(reason) = &fetched {
            notes.push(reason.clone());
        }
        let Self {
            kernel,
            settings,
            start,
            folder,
            interpreter,
            ..
        } = *self;
        if let Err(reason) = kernel.delete().await {
            let reason = format!("its kernel may be left behind: {reason}");
            match &mut end {
                Some(ProgramEnd::Killed { reason: why, .. }) => why.push_str(&format!("; {reason}")),
                _ => notes.push(reason),
            }
        }
        if let Some(way) = way {
            conduct = Some(way.finish().await);
        }
        let error = shown.error.take();
        let mut execution = Execution {
            end: killed("signal", "what it left could not be read".to_owned()),
            results: None,
            stdout: std::mem::take(&mut shown.stdout),
            stderr: std::mem::take(&mut shown.stderr),
            output_truncated: shown.truncated,
            seconds,
            folder,
            artifacts: Vec::new(),
            outputs: shown.outputs(&mut notes),
            isolation: "deployment".to_owned(),
            interpreter,
            conduct,
            notes,
        };
        let fallback = execution.clone();
        let read = tokio::task::spawn_blocking(move || {
            let told = left(&mut execution, &start, &bounds(&settings));
            if end.is_some() {
                // What was stopped has no results, whatever it says.
                execution.results = None;
            }
            execution.end = match (end, told, fetched, error) {
                (Some(end), ..) => end,
                (None, Some(told), ..) => told,
                (None, None, Err(reason), _) => killed("connection_lost", reason),
                (None, None, Ok(()), Some((name, text, traceback))) => {
                    raised(name, text, traceback, None, &|_| modules(&execution.interpreter))
                }
                (None, None, Ok(()), None) => {
                    killed("signal", "it ended without the runner's word on how".to_owned())
                }
            };
            execution
        });
        read.await.unwrap_or(fallback)
    }
}

/// Opens a program's way to the control system, if it has one.
async fn open(post: Option<Manned>, cancel: &CancellationToken) -> std::io::Result<Option<Serving>> {
    match post {
        Some(post) if !cancel.is_cancelled() => post.open(cancel).await.map(Some),
        _ => Ok(None),
    }
}

impl JupyterProgram {
    /// Starts the program, once, and watches it until it is over, one way or another.
    async fn watch(
        &mut self,
        cancel: &CancellationToken,
        way: Option<&Serving>,
        shown: &mut Shown,
        stop: &mut Option<Stop>,
    ) -> Watched {
        let seconds = self.timeout.as_secs().saturating_add(MARGIN);
        let request = Execute::silent(&format!("{POST}.run({seconds})")).request();
        let deadline = Instant::now() + self.timeout;
        if let Err(lost) = self.kernel.send(&request).await {
            // It may have arrived all the same, so it is not sent again.
            return gone(KernelError::Lost(lost));
        }
        let (mut replied, mut idle) = (false, false);
        let mut settled = deadline;
        let mut probe: Option<Request> = None;
        loop {
            if replied && idle {
                return Watched::Over;
            }
            let until = match stop {
                Some(stop) => stop.until,
                None if replied => settled,
                None => deadline,
            };
            let halt = tokio::select! {
                incoming = self.kernel.next() => match incoming {
                    Ok(Incoming::Message(message)) if is_death(&message) => {
                        return gone(KernelError::Died);
                    }
                    Ok(Incoming::Message(message)) if message.parent == request.id => {
                        match message.kind.as_str() {
                            "execute_reply" => {
                                replied = true;
                                settled = Instant::now() + SETTLING;
                            }
                            "status" => idle |= message.text("execution_state") == "idle",
                            "input_request" => self.refuse_input(&message).await,
                            _ => shown.take(&message),
                        }
                        (shown.truncated && stop.is_none()).then(|| {
                            let most = self.settings.max_output_bytes;
                            ("output_limit", format!("it wrote more than {most} bytes of output"))
                        })
                    }
                    Ok(Incoming::Message(message)) => {
                        let answered = probe.as_ref().is_some_and(|probe| probe.id == message.parent);
                        // A kernel answers in order: what was due before this will not come any more.
                        if answered && message.kind == "kernel_info_reply" && !replied {
                            return lost("its end was told while the connection was lost");
                        }
                        None
                    }
                    Ok(Incoming::Reconnected) => {
                        let asked = Request::new("kernel_info_request", json!({}));
                        // If this is lost again, the next connection asks again.
                        let _ = self.kernel.send(&asked).await;
                        probe = Some(asked);
                        None
                    }
                    Err(error) => return gone(error),
                },
                () = cancel.cancelled(), if stop.is_none() => {
                    Some(("cancelled", "it was cancelled".to_owned()))
                }
                () = sleep_until(until) => match stop {
                    Some(_) => return Watched::Defiant,
                    None if replied => return Watched::Over,
                    None => {
                        let seconds = self.timeout.as_secs_f64();
                        Some(("timeout", format!("it ran longer than {seconds} seconds")))
                    }
                },
            };
            if let Some((code, reason)) = halt {
                if let Some(way) = way {
                    way.stop();
                }
                // What does not heed this is ended with its kernel.
                let _ = timeout(GRACE, self.kernel.interrupt()).await;
                *stop = Some(Stop {
                    code,
                    reason,
                    until: Instant::now() + GRACE,
                });
            }
        }
    }

    async fn refuse_input(&mut self, question: &Message) {
        // A program that gets no answer waits until its time is up.
        let _ = self.kernel.send(&Request::no_input(question)).await;
    }

    async fn fetch(&mut self, cancel: &CancellationToken, notes: &mut Vec<String>) -> Result<(), String> {
        let bounds = bounds(&self.settings);
        tokio::select! {
            fetched = files::fetch(&mut self.kernel, &bounds, &self.start.work, notes) => {
                fetched.map_err(|error| format!("its files could not be fetched: {error}"))?;
            }
            () = cancel.cancelled() => return Err("it was cancelled while its files were fetched".to_owned()),
            () = sleep(FETCHING) => {
                return Err(format!("its files could not be fetched within {FETCHING:?}"));
            }
        }
        if let Err(error) = self.kernel.ask(&format!("{POST}.clear()")).await {
            notes.push(format!("its files may be left in the kernel: {error}"));
        }
        Ok(())
    }
}

/// Reads what was fetched: artifacts and results; gives the end as the runner tells it.
fn left(execution: &mut Execution, start: &Start, bounds: &Bounds) -> Option<ProgramEnd> {
    let workspace = match Workspace::open(&start.work) {
        Ok(workspace) => workspace,
        Err(error) => {
            execution
                .notes
                .push(format!("what it left could not be read: {error}"));
            return None;
        }
    };
    let modules = modules(&execution.interpreter);
    let told = Told::read(&workspace, bounds, &mut execution.notes, &|_| modules.clone());
    let prefix = format!("{}/work", start.name);
    execution.artifacts = workspace.artifacts(&prefix, bounds, &mut execution.notes);
    cap_notes(&mut execution.notes);
    let mut told = told?;
    told.note(&mut execution.notes);
    execution.results = told.results;
    Some(told.end)
}

fn modules(interpreter: &str) -> String {
    format!("programs run with {interpreter}; add the module to the image of that kernel")
}

fn bounds(settings: &ExecutionSettings) -> Bounds {
    Bounds {
        file_bytes: settings.max_file_bytes,
        total_bytes: settings.max_workspace_bytes,
        files: settings.max_workspace_files,
        owner: rustix::process::geteuid().as_raw(),
    }
}

fn killed(code: &str, reason: String) -> ProgramEnd {
    ProgramEnd::Killed {
        reason,
        code: code.to_owned(),
    }
}

fn gone(error: KernelError) -> Watched {
    let (code, reason) = match error {
        KernelError::Died => (
            "signal",
            "its kernel died: the program ended it, or ran out of memory".to_owned(),
        ),
        KernelError::Lost(super::channel::Lost::TooLarge(most)) => (
            "output_limit",
            format!("it showed something of more than {most} bytes"),
        ),
        other => return lost(&other.to_string()),
    };
    Watched::Gone { code, reason }
}

fn lost(reason: &str) -> Watched {
    Watched::Gone {
        code: "connection_lost",
        reason: format!("the connection to its kernel was lost ({reason}); what it did is not known"),
    }
}
