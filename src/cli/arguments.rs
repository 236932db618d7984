//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit;

/// Runs LLM-written Python against a control system only after a human approved exactly that code.
#[derive(Debug, Parser)]
#[command(
    name = "holdpoint",
    version,
    after_help = exit::HELP,
    max_term_width = 100
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags that every command takes, before its name or after it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// The configuration; without it $CONFIG_FILE, config.yml here, or the defaults
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where the store and the workspaces are, in place of the configuration's holdpoint.data_dir
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// The name you act under in the record [default: holdpoint.actor, or the system's user]
    #[arg(long = "as", global = true, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Print JSON on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// No progress line and no hints
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a request, to its end or to its first question
    Run(Box<RunArguments>),
    /// List what waits for a human
    Pending,
    /// Show a thread: its questions, or its result
    #[command(after_help = "Example:\n  holdpoint show 3fa2c1")]
    Show {
        /// A thread's id or name, or an interrupt's id (6 digits or more will do)
        #[arg(value_name = "THREAD|INTERRUPT")]
        subject: String,
    },
    /// Let exactly the code that was shown run once
    #[command(after_help = APPROVE_HELP)]
    Approve {
        /// The interrupt's id (6 digits or more will do), or its thread
        interrupt: String,
        /// The process variables it may write; needed where the analysis could not resolve them all
        #[arg(
            long,
            value_name = "A,B",
            value_delimiter = ',',
            conflicts_with = "no_channels"
        )]
        channels: Option<Vec<String>>,
        /// It may write no process variable
        #[arg(long)]
        no_channels: bool,
        /// A remark for the record
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Do not let it run
    #[command(after_help = "Exits with 0 if the request ended rejected.\n\n\
        Example:\n  holdpoint reject 3fa2c1 --reason \"250 A is too much for QD1\"")]
    Reject {
        /// The interrupt's id (6 digits or more will do), or its thread
        interrupt: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Put other code in place of what was shown; it is analyzed and asked about anew
    #[command(
        after_help = "Approves nothing. Without --code, $VISUAL or $EDITOR opens on the code.\n\n\
        Example:\n  holdpoint edit 3fa2c1 --code better.py"
    )]
    Edit {
        /// The interrupt's id (6 digits or more will do), or its thread
        interrupt: String,
        /// The file with the code; - for standard input
        #[arg(long, value_name = "FILE")]
        code: Option<PathBuf>,
        /// A remark for the record
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Ask for changes: code is generated anew with this message, and asked about anew
    #[command(
        after_help = "Example:\n  holdpoint respond 3fa2c1 \"Ramp in steps of 1 A and wait in between\""
    )]
    Respond {
        /// The interrupt's id (6 digits or more will do), or its thread
        interrupt: String,
        /// What to change
        message: String,
    },
    /// Say what became of a program whose outcome is unknown
    #[command(after_help = "Exits with 0 if `failed` leaves the request failed.\n\n\
        Example:\n  holdpoint settle 3fa2c1 done --note \"QF1 reads 182.5 A\"")]
    Settle {
        /// The interrupt's id (6 digits or more will do), or its thread
        interrupt: String,
        /// It was done; it was not done, or not rightly; or ask about the code again
        outcome: Outcome,
        /// A remark for the record
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Cancel a thread's run, or end its pending questions
    #[command(after_help = "Exits with 0 if the thread ended cancelled.")]
    Cancel {
        /// The thread's id or name
        thread: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Stop the writes that run, and let no new ones start
    Freeze {
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Let writes start again
    Unfreeze,
    /// Answer requests over HTTP, until a signal comes
    #[command(
        after_help = "The API is that of LangGraph Server. A signal ends it once what runs has come to its end; a \
        second one ends it at once.\n\nExample:\n  holdpoint serve --port 2024"
    )]
    Serve {
        /// Where to listen [default: holdpoint.api.host]
        #[arg(long)]
        host: Option<String>,
        /// The port; 0 takes a free one [default: holdpoint.api.port]
        #[arg(long)]
        port: Option<u16>,
    },
    /// List threads, the last changed first
    Threads {
        /// At most so many
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Tell what happened on a thread
    History {
        /// The thread's id or name
        thread: String,
    },
    /// Derive a thread's decisions again, without running anything, and say where they differ
    Replay {
        /// The thread's id or name
        thread: String,
    },
    /// Go back to a checkpoint of a thread, or copy the thread from there, and go on
    #[command(
        after_help = "A fork carries no approval: what it comes to is asked about anew.\n\n\
        Example:\n  holdpoint fork ramp --checkpoint 0197f2b4-… --into ramp-again"
    )]
    Fork {
        /// The thread's id or name
        thread: String,
        /// The checkpoint, as `history` tells it [default: the last one]
        #[arg(long, value_name = "ID")]
        checkpoint: Option<String>,
        /// The new thread's name; without it the same thread goes back
        #[arg(long, value_name = "NAME")]
        into: Option<String>,
    },
    /// Ask for what a run wrote to be put back
    #[command(
        after_help = "It is a new request with write access, analyzed and asked about like any other. What is put\n\
        back are the values that the gateway read before the run's first put.\n\n\
        Example:\n  holdpoint revert ramp"
    )]
    Revert {
        /// The run's id, or a thread, whose last run that wrote is meant
        run: String,
    },
    /// Check every record, and that what ran is what was approved
    #[command(
        after_help = "Exits with 1 if something does not fit. --export needs no store: an export log that was\n\
        copied to another machine is checked by itself."
    )]
    Verify {
        /// Check an export log (a directory with 00000001.log, or a data directory) instead of the store
        #[arg(long, value_name = "DIR")]
        export: Option<PathBuf>,
    },
    /// Say what this host offers for running programs, and what is missing
    #[command(
        after_help = "Each isolation is tried by running a program in it. Needs no store. Exits with 1 if no \
        program can run."
    )]
    Doctor,
    /// Make a store anew from an export log: the way out of a damaged one
    #[command(after_help = "Example:\n  holdpoint rebuild copy/store/log rebuilt\n\n\
        The new directory takes the place of 'store' in the data directory.")]
    Rebuild {
        /// The directory with 00000001.log
        log: PathBuf,
        /// Where the new store is made; must not exist yet
        into: PathBuf,
    },
    /// Print a position of the audit log to keep elsewhere, or check one that was kept
    #[command(
        after_help = "A chain proves that nothing in it was changed, not that the whole was not written anew:\n\
        for that an anchor is kept where this host cannot reach it.\n\n\
        Examples:\n  holdpoint anchor --sign key.pem > anchor.json\n  holdpoint anchor --check anchor.json\n\n\
        A key is made with: openssl genpkey -algorithm ed25519 -out key.pem"
    )]
    Anchor {
        /// Sign it with this Ed25519 private key (PEM)
        #[arg(long, value_name = "FILE", conflicts_with = "check")]
        sign: Option<PathBuf>,
        /// Check this anchor against the store; exits with 1 if it does not fit
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
        /// Trust only a signature of this public key (Base64, as in the anchor)
        #[arg(long, value_name = "KEY", requires = "check")]
        key: Option<String>,
    },
    /// Draw a graph
    #[command(after_help = "Example:\n  holdpoint graph --format svg > graph.svg")]
    Graph {
        /// The graph
        #[arg(default_value = crate::graphs::python_executor::NAME)]
        name: String,
        /// The form of the drawing
        #[arg(long, value_enum, default_value_t = DrawingFormat::Mermaid)]
        format: DrawingFormat,
    },
    /// Say what programs would do, without running them
    #[command(after_help = ANALYZE_HELP)]
    Analyze(AnalyzeArguments),
    /// Give API keys to others, list them, and revoke them
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key and show it, this once
    #[command(
        after_help = "Examples:\n  holdpoint keys create assistant --role requester\n  \
        holdpoint keys create grace --role approver --role auditor --expires 90d\n\n\
        Whoever has the key is its holder. It goes into the header x-api-key, or Authorization: Bearer."
    )]
    Create {
        /// Who holds it: the name that every record will have
        #[arg(value_name = "NAME")]
        holder: String,
        /// What they may be; can be given several times
        #[arg(long = "role", value_name = "ROLE", required = true,
            value_parser = clap::builder::PossibleValuesParser::new(crate::model::Role::ALL.map(|role| role.as_str())))]
        roles: Vec<String>,
        /// How long it is good, such as 90d or 12h [default: until it is revoked]
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List every key there ever was
    List,
    /// Revoke a key: from here on it is good for nothing
    Revoke {
        /// Its id, or the name of its holder
        key: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the resolved configuration with secrets masked, and everything that is wrong with it
    #[command(after_help = "Exits with 2 if there is a problem.")]
    Check,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DrawingFormat {
    /// A Mermaid flow chart
    Mermaid,
    /// A Graphviz graph
    Dot,
    /// A picture
    Svg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Outcome {
    /// It was done
    Done,
    /// It was not done, or not rightly
    Failed,
    /// Put the code before the gate again
    AskAgain,
}

/// A request: a file, and flags that overrule its fields.
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP)]
pub(super) struct RunArguments {
    /// The request as a JSON object; - for standard input
    #[arg(value_name = "FILE.json")]
    pub(super) file: Option<PathBuf>,
    /// What the user said
    #[arg(long, value_name = "TEXT", help_heading = "The request's fields")]
    pub(super) user_query: Option<String>,
    /// The task, in one sentence
    #[arg(long, value_name = "TEXT", help_heading = "The request's fields")]
    pub(super) task_objective: Option<String>,
    /// The name the run's folder should carry
    #[arg(long, value_name = "NAME", help_heading = "The request's fields")]
    pub(super) execution_folder_name: Option<String>,
    /// Keys that `results` should hold, and what they mean, as a JSON object
    #[arg(long, value_name = "JSON", help_heading = "The request's fields")]
    pub(super) expected_results: Option<String>,
    /// What the calling capability adds to the prompt; can be given several times
    #[arg(long, value_name = "TEXT", help_heading = "The request's fields")]
    pub(super) capability_prompts: Vec<String>,
    /// Data the program finds as `context`
    #[arg(long, value_name = "JSON|@FILE", help_heading = "The request's fields")]
    pub(super) capability_context_data: Option<String>,
    /// How many attempts may fail in all
    #[arg(long, value_name = "N", help_heading = "The request's fields")]
    pub(super) retries: Option<u32>,
    /// Whether the program may write
    #[arg(long, value_name = "MODE", value_parser = ["read_only", "write_access"],
        help_heading = "The request's fields")]
    pub(super) execution_mode: Option<String>,
    /// Where the program runs
    #[arg(long, value_name = "METHOD", value_parser = ["local", "container"],
        help_heading = "The request's fields")]
    pub(super) execution_method: Option<String>,
    /// The interpreter or environment, one of those that are configured
    #[arg(long, value_name = "PATH", help_heading = "The request's fields")]
    pub(super) python_env_path: Option<String>,
    /// The most time one execution may take
    #[arg(long, value_name = "SECONDS", help_heading = "The request's fields")]
    pub(super) execution_timeout_seconds: Option<f64>,
    /// Your own code, in a file; - for standard input
    #[arg(long, value_name = "FILE", help_heading = "The request's fields")]
    pub(super) code: Option<PathBuf>,
    /// The thread's name or id: a new one, or one that takes up this request next
    #[arg(long, value_name = "NAME")]
    pub(super) thread: Option<String>,
    /// Go on with a thread from its last checkpoint instead
    #[arg(long = "continue", value_name = "THREAD", conflicts_with_all = ["file", "user_query",
        "task_objective", "execution_folder_name", "expected_results", "capability_prompts",
        "capability_context_data", "retries", "execution_mode", "execution_method", "python_env_path",
        "execution_timeout_seconds", "code", "thread"])]
    pub(super) go_on: Option<String>,
}

/// What to analyze, and how to tell of it.
#[derive(Debug, Args)]
pub(super) struct AnalyzeArguments {
    /// Files; directories, searched for *.py; - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Print one SARIF 2.1.0 log, for viewers and code scanning
    #[arg(long)]
    pub(super) sarif: bool,
    /// Exit with 10 if a human would be asked about some program, with 12 if some would be refused
    #[arg(long)]
    pub(super) check: bool,
    /// Search hidden directories, virtual environments, node_modules and __pycache__ too
    #[arg(long)]
    pub(super) all: bool,
}

const ANALYZE_HELP: &str = "\
needs_approval says whether the configured policy would ask a human about the code, or refuse
it, if it were asked for as read_only. Under --json each file gives one line, in order.

Exit codes:
   0  every file was read and analyzed; with --check: and every program would simply run
   2  some file could not be read; the others were analyzed all the same
  10  with --check: a human would be asked about some program
  12  with --check: some program would be refused

Examples:
  holdpoint analyze set_qf1.py
  holdpoint analyze --json scripts/ | jq -r 'select(.needs_approval).file'
  holdpoint analyze --check --sarif . > holdpoint.sarif";

const RUN_HELP: &str = "\
Ctrl-C cancels the run and tells what became of it; a second one ends the command at once.

Examples:
  holdpoint run request.json
  holdpoint run --task-objective \"Set QF1\" --execution-mode write_access --code set_qf1.py
  generate-request | holdpoint run - --retries 1 --json
  holdpoint run --continue ramp";

const APPROVE_HELP: &str = "\
The approval is for one run of exactly this code, and runs it now. Process variables can be left out
of the question's list, not added to it. The gateway lets the program write those that are left and
no others, within their limits, and only while they hold what the question shows.

Examples:
  holdpoint approve 3fa2c1
  holdpoint approve 3fa2c1 --channels SR:MAG:QF1:CURRENT:SP --note \"as agreed with the shift\"";

impl Command {
    /// Whether it may run something.
    pub(super) fn runs(&self) -> bool {
        matches!(
            self,
            Self::Run(_)
                | Self::Approve { .. }
                | Self::Reject { .. }
                | Self::Edit { .. }
                | Self::Respond { .. }
                | Self::Settle { .. }
                | Self::Fork { .. }
                | Self::Revert { .. }
        )
    }
}
