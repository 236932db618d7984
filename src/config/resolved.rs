//! What the program uses: every setting with its final value.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Level, Library, Network, Problem, Route};
use crate::model::{PvValue, Role, VerificationLevel};

/// Every setting of the program.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from; `None` if the defaults stand.
    pub file: Option<PathBuf>,
    /// Where the store, the socket and the workspaces live.
    pub data_dir: PathBuf,
    /// The gate's settings.
    pub approval: ApprovalSettings,
    /// The analysis's settings.
    pub analysis: AnalysisSettings,
    /// The control system's settings.
    pub control_system: ControlSystemSettings,
    /// The settings of the graph `python_executor`.
    pub executor: ExecutorSettings,
    /// Where and how programs run.
    pub execution: ExecutionSettings,
    /// Which generator writes the code, and the settings of each.
    pub generation: GenerationSettings,
    /// How callers are known, besides their keys.
    pub identity: IdentitySettings,
    /// Who is told of a question, if anyone.
    pub notify: NotifySettings,
    /// The store's settings.
    pub store: StoreSettings,
    /// The settings of the HTTP service.
    pub api: ApiSettings,
    /// The name decisions are recorded under when none is given.
    pub default_actor: Option<String>,
    /// What a reader of the file should know: keys that have no effect, and why.
    pub notes: Vec<String>,
    /// Why nothing can run with these settings; see [`Config::check_startable`].
    pub not_startable: Vec<Problem>,
}

/// `approval.global_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GlobalApproval {
    /// No capability asks of its own accord; write access asks all the same.
    Disabled,
    /// Each capability asks as its own mode says.
    Selective,
    /// Everything asks.
    AllCapabilities,
}

/// `approval.capabilities.python_execution.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeApproval {
    /// Nothing asks but write access.
    Disabled,
    /// Control-system writes and what may hide one ask (`epics_writes` is the older name).
    ControlWrites,
    /// All code asks.
    AllCode,
}

/// What happens to `read_only` code in which a write was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadOnlyWrite {
    /// A human is asked to raise it to write access.
    Ask,
    /// It is refused.
    Refuse,
}

/// The gate's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalSettings {
    /// Over all capabilities.
    pub global_mode: GlobalApproval,
    /// For the execution of Python.
    pub python_execution: CodeApproval,
    /// For `read_only` code in which a write was found.
    pub read_only_write: ReadOnlyWrite,
    /// How long a question can be answered.
    pub expires_after: Duration,
    /// How long a grant stands before the effect must have started.
    pub grant_ttl: Duration,
    /// How many questions one request may ask.
    pub max_questions: u32,
    /// How many questions one requester may have pending.
    pub max_pending_per_requester: u32,
    /// Whether nobody approves what they asked for or changed.
    pub four_eyes: bool,
    /// How many must approve one question.
    pub quorum: u32,
    /// Whether a key may pass on a human's approval of what it asked for itself.
    pub allow_relay: bool,
}

/// How callers are known, besides their keys, and how often they may ask.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentitySettings {
    /// The proxy that says who signed in, if one is trusted with that.
    pub proxy: ProxySettings,
    /// How often one caller may ask.
    pub rate: RateSettings,
}

/// A proxy that says who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// The header that holds the name, in lower case; `None` if no proxy is trusted.
    pub header: Option<String>,
    /// Where its connections come from; from elsewhere the header says nothing.
    pub addresses: Vec<Network>,
    /// What those may be who are not listed by name.
    pub roles: BTreeSet<Role>,
    /// What those may be who are.
    pub users: BTreeMap<String, BTreeSet<Role>>,
}

/// How often one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateSettings {
    /// Requests per second, over time.
    pub per_second: f64,
    /// Requests at once.
    pub burst: u32,
}

/// Who is told of a question.
#[derive(Debug, Clone)]
pub struct NotifySettings {
    /// Where it is posted; `None` if nobody is told.
    pub url: Option<String>,
    /// What it is signed with.
    pub secret: Option<SecretString>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The address under which people reach this service, without a `/` at its end.
    pub link: Option<String>,
}

/// How regular expressions of the configuration join the built-in ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternMode {
    /// They are added.
    Extend,
    /// They stand alone.
    Override,
}

/// The analysis's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisSettings {
    /// The control system's type: `epics`, `tango`, `doocs`, `labview`, `mock` or another name.
    pub control_system: String,
    /// How the patterns below join the built-in ones.
    pub pattern_mode: PatternMode,
    /// Regular expressions for writes, each with the key it came from.
    pub write_patterns: Vec<(String, String)>,
    /// Regular expressions for reads, each with the key it came from.
    pub read_patterns: Vec<(String, String)>,
    /// Whether a regular expression's hit always stands.
    pub strict: bool,
    /// The most bytes a program may have.
    pub max_bytes: usize,
    /// Modules whose import is harmless, besides the built-in list.
    pub safe_modules: Vec<String>,
    /// Client libraries besides the shipped ones; one with a shipped id takes its place.
    pub libraries: Vec<Library>,
    /// What follows from the findings of a rule, where the configuration says so.
    pub rules: BTreeMap<String, Level>,
    /// The ways to the hardware that a program has here.
    pub routes: Vec<Route>,
}

/// The control system's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlSystemSettings {
    /// Whether write access is possible at all.
    pub writes_enabled: bool,
    /// How many write runs may go on at once.
    pub max_concurrent_writes: usize,
    /// Where the servers are, and how they are talked to.
    pub epics: EpicsSettings,
    /// The limits of process variables.
    pub limits: LimitsSettings,
    /// How written values are verified.
    pub verification: VerificationSettings,
    /// Whether a program is rehearsed before a human is asked.
    pub rehearsal: RehearsalSettings,
    /// How far a process variable may move between question and first put.
    pub drift: Tolerance,
    /// What must hold for anything to be written.
    pub interlocks: Vec<Interlock>,
}

/// How EPICS servers are found and talked to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpicsSettings {
    /// Where searches go by UDP: `host` or `host:port`. Empty, with no name servers: programs have no
    /// control system.
    pub address_list: Vec<String>,
    /// Where searches go by TCP: `host` or `host:port`.
    pub name_servers: Vec<String>,
    /// How long a search, a connection or a read may take.
    pub timeout: Duration,
    /// How long the answer to a put may take before its outcome counts as unknown.
    pub put_timeout: Duration,
    /// The client's name towards servers for whatever only reads.
    pub read_client: String,
    /// The client's name towards servers for approved writes.
    pub write_client: String,
    /// The client's host name towards servers; `None` for this host's own.
    pub client_host: Option<String>,
    /// The most servers one program may reach.
    pub max_servers: usize,
    /// The most channels one program may have open.
    pub max_channels: usize,
    /// The most subscriptions one program may have.
    pub max_subscriptions: usize,
    /// The most bytes of one message.
    pub max_message_bytes: usize,
    /// The most bytes per second that servers may send one program.
    pub max_bytes_per_second: u64,
    /// The most puts of one program per second.
    pub max_puts_per_second: f64,
    /// The most puts of one program in all.
    pub max_puts: u64,
    /// The PV Access gateway for reading, `host:port`, if there is one.
    pub pva_gateway: Option<String>,
}

/// `control_system.limits_checking`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsSettings {
    /// Whether there are limits besides the approval's own list.
    pub enabled: bool,
    /// The file with the limits of each process variable.
    pub database_path: Option<PathBuf>,
    /// Whether process variables that the file does not name may be written.
    pub allow_unlisted_channels: bool,
}

/// `control_system.write_verification`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationSettings {
    /// Whether written values are verified.
    pub enabled: bool,
    /// How, where the limits file does not say.
    pub default_level: VerificationLevel,
    /// The tolerance of a read-back, in percent of what was written.
    pub default_tolerance_percent: f64,
    /// How long a value may take to come back.
    pub timeout: Duration,
    /// Whether a value that does not come back fails the run.
    pub fail_on_mismatch: bool,
}

/// When a program is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RehearsalMode {
    /// Unless all code needs approval: then none runs before it.
    Auto,
    /// Whenever a human is asked about writes.
    Always,
    /// Never.
    Never,
}

/// `control_system.rehearsal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalSettings {
    /// When.
    pub mode: RehearsalMode,
    /// How long one may take.
    pub timeout: Duration,
}

/// How far two values may lie apart: the greater of both bounds counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// In the process variable's own unit.
    pub absolute: f64,
    /// In percent of the first value.
    pub percent: f64,
}

/// A condition on a process variable that must hold for anything to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interlock {
    /// The process variable.
    pub pv: String,
    /// It must hold one of these: a number, a text, or a choice's label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<PvValue>,
    /// It must be at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// It must be at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What the operator is told when it does not hold.
    #[serde(default)]
    pub message: String,
}

/// The settings of the graph `python_executor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorSettings {
    /// How often code is generated anew because of its text (generation, syntax, findings).
    pub max_generation_retries: u32,
    /// How often code is generated anew because of how it ran.
    pub max_execution_retries: u32,
    /// The wall time of one execution.
    pub execution_timeout: Duration,
    /// How many supersteps one run may take.
    pub recursion_limit: u32,
}

/// `execution.execution_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionMethod {
    /// In a sandbox on this host.
    Local,
    /// In a Jupyter server.
    Container,
}

/// `execution.local.isolation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// The best of the three that the host offers, or refuse.
    Auto,
    /// bubblewrap, Landlock, seccomp, and limits of the whole run by a control group.
    BubblewrapCgroup,
    /// The same without a control group.
    Bubblewrap,
    /// Landlock and seccomp, without any network.
    Landlock,
    /// None at all: the program sees what the service's user sees.
    None,
}

impl Isolation {
    /// Whether programs have namespaces of their own in it.
    pub fn is_contained(self) -> bool {
        matches!(self, Self::BubblewrapCgroup | Self::Bubblewrap)
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::BubblewrapCgroup => "bubblewrap_cgroup",
            Self::Bubblewrap => "bubblewrap",
            Self::Landlock => "landlock",
            Self::None => "none",
        }
    }
}

/// Where and how programs run.
#[derive(Debug, Clone)]
pub struct ExecutionSettings {
    /// The backend.
    pub method: ExecutionMethod,
    /// The sandbox on this host.
    pub local: LocalSettings,
    /// The Jupyter server.
    pub container: ContainerSettings,
    /// Where runs keep their folders.
    pub workspace_dir: PathBuf,
    /// The most bytes of standard output and of standard error that are kept.
    pub max_output_bytes: usize,
    /// The most bytes of one file.
    pub max_file_bytes: u64,
    /// The most bytes of memory of one process, and with a control group of the whole run.
    pub max_memory_bytes: u64,
    /// The most processes of one run.
    pub max_processes: u64,
    /// The most bytes of all files of one run together.
    pub max_workspace_bytes: u64,
    /// The most files of one run.
    pub max_workspace_files: usize,
    /// What there is besides the notebooks themselves.
    pub notebook: NotebookSettings,
}

/// What there is besides the notebooks themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookSettings {
    /// Whether the last notebook of a run is written as a page of HTML too.
    pub html: bool,
    /// The address under which a Jupyter server shows `workspace_dir`, if there is one.
    pub jupyter_url: Option<String>,
}

/// The sandbox on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalSettings {
    /// The interpreter: an executable, or the directory of a virtual environment.
    pub python: PathBuf,
    /// Other interpreters that a request may ask for.
    pub interpreters: Vec<PathBuf>,
    /// The isolation to run in.
    pub isolation: Isolation,
    /// The launcher `holdpoint-launch`; `None`: it is looked for where it is installed.
    pub launcher: Option<PathBuf>,
    /// The user programs run as when the service runs as root.
    pub user: String,
    /// Environment variables the program gets, besides the fixed ones (`EPICS_CA_ADDR_LIST` …).
    pub environment: BTreeMap<String, String>,
    /// The interpreters that are kept ready.
    pub spares: SpareSettings,
}

/// Interpreters that stand in their sandboxes before there is a program for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpareSettings {
    /// How many for programs that read.
    pub read_only: usize,
    /// How many for programs that write.
    pub write_access: usize,
    /// The modules that they import beforehand.
    pub preload: Vec<String>,
}

/// The Jupyter server that programs run in under `container`, or a gateway that speaks its protocol.
#[derive(Debug, Clone)]
pub struct ContainerSettings {
    /// Its address, `http(s)://host[:port][/base]`, without a login; empty where none is configured.
    pub url: String,
    /// The token it wants, if it wants one.
    pub token: Option<SecretString>,
    /// The address of the server for approved writes; empty where there is none.
    pub write_url: String,
    /// The token that one wants.
    pub write_token: Option<SecretString>,
    /// Whether one server may have the kernels of both modes, because each kernel has a network of its own.
    pub shared_server: bool,
    /// How long one of its answers may take, and a kernel until it is ready.
    pub timeout: Duration,
    /// The most bytes of one message from a kernel.
    pub max_message_bytes: usize,
    /// The user that a gateway starts kernels for (`KERNEL_USERNAME`).
    pub username: String,
    /// Where programs that read find our gateway: an address of this host that their kernel reaches.
    pub listen_read_only: Option<String>,
    /// The same for programs with write access; without it there are none.
    pub listen_write_access: Option<String>,
    /// Where kernels that read come from; empty: whoever reaches the address is served.
    pub peers_read_only: Vec<Network>,
    /// The same for kernels that write.
    pub peers_write_access: Vec<Network>,
    /// The kernel of programs that read.
    pub read_only: KernelSettings,
    /// The kernel of programs that write.
    pub write_access: KernelSettings,
}

/// A kernel that programs of one mode run in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelSettings {
    /// The name of its specification on the server.
    pub kernel_name: String,
    /// Environment variables that programs get, besides the kernel's own.
    pub environment: BTreeMap<String, String>,
}

/// Which generator writes the code, and the settings of each.
#[derive(Debug, Clone)]
pub struct GenerationSettings {
    /// The generator's name.
    pub generator: String,
    /// The settings of `basic`.
    pub basic: BasicSettings,
    /// The settings of `mock`.
    pub mock: MockSettings,
    /// The settings of generators that an application registers, by name.
    pub custom: BTreeMap<String, Value>,
}

/// The settings of the generator `basic`.
#[derive(Debug, Clone)]
pub struct BasicSettings {
    /// Where the endpoint is: the part before `/chat/completions`.
    pub base_url: String,
    /// The model.
    pub model: String,
    /// The key, if the endpoint wants one.
    pub api_key: Option<SecretString>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How often an unreachable or overloaded endpoint is called again.
    pub max_retries: u32,
    /// The sampling temperature.
    pub temperature: Option<f64>,
    /// The most tokens of an answer.
    pub max_tokens: Option<u64>,
    /// How many of the last errors the prompt tells.
    pub max_errors: usize,
    /// A directory whose `system.j2` and `user.j2` stand in for the built-in templates.
    pub templates: Option<PathBuf>,
    /// The request's fields that may reach the model.
    pub fields: Vec<String>,
}

/// The settings of the generator `mock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MockSettings {
    /// What it does on each attempt; the last one repeats.
    pub behaviors: Vec<MockBehavior>,
}

/// What the generator `mock` does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MockBehavior {
    /// Code that runs and fills `results`.
    Success,
    /// Code that is not Python.
    SyntaxError,
    /// Code that divides by zero.
    RuntimeError,
    /// Code that leaves no `results`.
    MissingResults,
    /// Code that writes a process variable (`epics_write` is another name).
    ChannelWrite,
    /// Code that reads a process variable.
    ChannelRead,
    /// Fails at first, and succeeds once it is told of an error.
    ErrorAware,
    /// Code with a risk finding.
    SecurityRisk,
    /// This code.
    Code(String),
}

/// The store's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSettings {
    /// The size of sled's segments, in bytes.
    pub segment_bytes: usize,
    /// The size of sled's cache, in bytes.
    pub cache_bytes: u64,
    /// Below this many free bytes on the disk new requests are refused.
    pub min_free_bytes: u64,
}

/// The settings of the HTTP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSettings {
    /// The address to listen on: a host's name or an IP address.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Names besides `host` and the loopback's under which requests reach this service.
    pub host_names: Vec<String>,
    /// The origins of web pages that may use this service.
    pub cors_origins: Vec<String>,
    /// The most bytes of a request's body.
    pub max_body_bytes: usize,
    /// How many requests may be worked on at a time; streams count until they end.
    pub max_requests: usize,
    /// How often something is sent on a stream where nothing happens.
    pub heartbeat: Duration,
    /// How many events of a run are kept for streams that lag behind or come back.
    pub stream_events: usize,
    /// How long the events of a run that has ended are kept for streams that come back.
    pub stream_kept: Duration,
}
