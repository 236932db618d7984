//! Every key that Holdpoint's own sections may hold. `docs/config.md` tells what each does.

use super::{
    Kind::{self, *},
    libraries::LEVELS,
};

/// A key of the configuration file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Its path with dots; `<name>` stands for a name of the user's own.
    pub path: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Why it has no effect, for a key that is accepted and has none.
    pub no_effect: Option<&'static str>,
}

const fn key(path: &'static str, kind: Kind) -> Key {
    Key {
        path,
        kind,
        no_effect: None,
    }
}

const fn idle(path: &'static str, kind: Kind, why: &'static str) -> Key {
    Key {
        path,
        kind,
        no_effect: Some(why),
    }
}

const ANY: u64 = u64::MAX;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const HOST_NETWORK: &str = "programs no longer get the host's network: the gateway has replaced it; remove this key \
                            and name the servers in control_system.epics.address_list";
const OSPREY: &str = "it is a setting of Osprey";
const SERVERS: &str =
    "it is a setting of Osprey; where the servers are is told by control_system.epics.address_list";
const VIOLATION: &str = "a value beyond its limits is always refused";

/// What the generator `mock` can be told to do.
pub(super) const BEHAVIORS: &[&str] = &[
    "success",
    "syntax_error",
    "runtime_error",
    "missing_results",
    "channel_write",
    "epics_write",
    "channel_read",
    "error_aware",
    "security_risk",
];

/// What a caller may be.
pub(super) const ROLES: &[&str] = &["requester", "approver", "auditor", "admin"];

/// The request's fields that may be passed to a model.
pub(super) const FIELDS: &[&str] = &[
    "user_query",
    "task_objective",
    "expected_results",
    "capability_prompts",
    "capability_context_data",
    "execution_mode",
];

/// Every key, section by section.
pub const KEYS: &[Key] = &[
    key("python_executor.max_generation_retries", Count(0, 100)),
    key("python_executor.max_execution_retries", Count(0, 100)),
    key("python_executor.execution_timeout_seconds", Duration),
    key("python_executor.recursion_limit", Count(1, 100_000)),
    key("execution.code_generator", Text),
    key("execution.execution_method", Choice(&["local", "container"])),
    key("execution.python_env_path", Text),
    key("execution.generators.basic.model_config_name", Text),
    key("execution.generators.basic.provider", Text),
    key("execution.generators.basic.model_id", Text),
    key("execution.generators.basic.model", Text),
    key("execution.generators.basic.base_url", Text),
    key("execution.generators.basic.api_key", Secret),
    key("execution.generators.basic.timeout_seconds", Duration),
    key("execution.generators.basic.max_retries", Count(0, 100)),
    key("execution.generators.basic.temperature", Number(0.0, 2.0)),
    key("execution.generators.basic.max_tokens", Count(1, ANY)),
    key("execution.generators.basic.max_errors", Count(0, 100)),
    key("execution.generators.basic.templates", Text),
    key("execution.generators.basic.fields", Choices(FIELDS)),
    key("execution.generators.mock.behavior", OneOrMore(BEHAVIORS)),
    key("execution.generators.mock.code", Text),
    key("execution.generators.mock.code_sequence", Texts),
    key("execution.generators.<name>", Mapping),
    key("execution.modes.read_only.kernel_name", Text),
    key("execution.modes.read_only.allows_writes", Flag),
    key("execution.modes.read_only.requires_approval", Flag),
    key("execution.modes.read_only.environment", Environment),
    idle("execution.modes.read_only.gateway", Text, OSPREY),
    key("execution.modes.write_access.kernel_name", Text),
    key("execution.modes.write_access.allows_writes", Flag),
    key("execution.modes.write_access.requires_approval", Flag),
    key("execution.modes.write_access.environment", Environment),
    idle("execution.modes.write_access.gateway", Text, OSPREY),
    key("execution.container.jupyter_host", Text),
    key("execution.container.jupyter_port", Count(1, 65_535)),
    key("execution.container.url", Text),
    key("execution.container.token", Secret),
    key("execution.container.write_url", Text),
    key("execution.container.write_token", Secret),
    key("execution.container.shared_server", Flag),
    key("execution.container.timeout", Duration),
    key(
        "execution.container.max_message_bytes",
        Bytes(4 * MIB, 1024 * MIB),
    ),
    key("execution.container.username", Text),
    key("execution.container.listen.read_only", Address),
    key("execution.container.listen.write_access", Address),
    key("execution.container.peers.read_only", Texts),
    key("execution.container.peers.write_access", Texts),
    key("execution.local.python_env_path", Text),
    key(
        "execution.local.isolation",
        Choice(&["auto", "bubblewrap_cgroup", "bubblewrap", "landlock", "none"]),
    ),
    key("execution.local.interpreters", Texts),
    key("execution.local.launcher", Text),
    key("execution.local.unsafe_host_network", Gone(HOST_NETWORK)),
    key("execution.local.user", Text),
    key("execution.local.environment", Environment),
    key("execution.local.spares.read_only", Count(0, 16)),
    key("execution.local.spares.write_access", Count(0, 16)),
    key("execution.local.spares.preload", Texts),
    key("execution.limits.output_bytes", Bytes(KIB, ANY)),
    key("execution.limits.file_bytes", Bytes(KIB, ANY)),
    key("execution.limits.memory_bytes", Bytes(64 * MIB, ANY)),
    key("execution.limits.processes", Count(1, ANY)),
    key("execution.limits.workspace_bytes", Bytes(KIB, ANY)),
    key("execution.limits.workspace_files", Count(1, ANY)),
    idle("execution.epics", Mapping, SERVERS),
    key("execution.notebook.html", Flag),
    key("execution.notebook.jupyter_url", Text),
    key(
        "approval.global_mode",
        Choice(&["disabled", "selective", "all_capabilities"]),
    ),
    key("approval.capabilities.python_execution.enabled", Flag),
    key(
        "approval.capabilities.python_execution.mode",
        Choice(&["disabled", "control_writes", "epics_writes", "all_code"]),
    ),
    key(
        "approval.capabilities.python_execution.read_only_write",
        Choice(&["ask", "refuse"]),
    ),
    key("approval.expires_after", Duration),
    key("approval.grant_ttl", Duration),
    key("approval.max_questions", Count(1, 1000)),
    key("approval.max_pending_per_requester", Count(1, ANY)),
    key("approval.four_eyes", Flag),
    key("approval.quorum", Count(1, 20)),
    key("approval.allow_relay", Flag),
    key("approval.notify.url", Text),
    key("approval.notify.secret", Secret),
    key("approval.notify.timeout", Duration),
    key("approval.notify.link", Text),
    key("control_system.type", Text),
    key("control_system.writes_enabled", Flag),
    key("control_system.max_concurrent_writes", Count(1, 1000)),
    key("control_system.patterns.mode", Choice(&["extend", "override"])),
    key("control_system.patterns.write", Patterns),
    key("control_system.patterns.read", Patterns),
    key("control_system.patterns.<type>.write", Patterns),
    key("control_system.patterns.<type>.read", Patterns),
    key("control_system.analysis.mode", Choice(&["resolve", "strict"])),
    key("control_system.analysis.max_bytes", Bytes(1, 64 * MIB)),
    key("control_system.analysis.safe_modules", Texts),
    key("control_system.analysis.libraries", MappingsOrFiles),
    key("control_system.analysis.rules.<rule>", Choice(LEVELS)),
    key("control_system.epics.address_list", Addresses),
    key("control_system.epics.name_servers", Addresses),
    key("control_system.epics.timeout", Duration),
    key("control_system.epics.put_timeout", Duration),
    key("control_system.epics.read_client", Text),
    key("control_system.epics.write_client", Text),
    key("control_system.epics.client_host", Text),
    key("control_system.epics.max_servers", Count(1, 256)),
    key("control_system.epics.max_channels", Count(1, 1_000_000)),
    key("control_system.epics.max_subscriptions", Count(1, 1_000_000)),
    key(
        "control_system.epics.max_message_bytes",
        Bytes(16 * KIB, 1024 * MIB),
    ),
    key("control_system.epics.max_bytes_per_second", Bytes(64 * KIB, ANY)),
    key(
        "control_system.epics.max_puts_per_second",
        Number(0.001, 10_000.0),
    ),
    key("control_system.epics.max_puts", Count(1, 1_000)),
    key("control_system.epics.pva_gateway", Address),
    key("control_system.limits_checking.enabled", Flag),
    key("control_system.limits_checking.database_path", Text),
    key("control_system.limits_checking.allow_unlisted_channels", Flag),
    idle("control_system.limits_checking.on_violation", Text, VIOLATION),
    key("control_system.write_verification.enabled", Flag),
    key(
        "control_system.write_verification.default_level",
        Choice(&["none", "callback", "readback"]),
    ),
    key(
        "control_system.write_verification.default_tolerance_percent",
        Number(0.0, f64::INFINITY),
    ),
    key("control_system.write_verification.timeout", Duration),
    key("control_system.write_verification.fail_on_mismatch", Flag),
    key(
        "control_system.rehearsal.mode",
        Choice(&["auto", "always", "never"]),
    ),
    key("control_system.rehearsal.timeout", Duration),
    key("control_system.drift.absolute", Number(0.0, f64::INFINITY)),
    key("control_system.drift.percent", Number(0.0, f64::INFINITY)),
    key("control_system.interlocks", Mappings),
    idle("control_system.connector", Mapping, SERVERS),
    key("holdpoint.data_dir", Text),
    key("holdpoint.actor", Text),
    key("holdpoint.api.trusted_proxy.header", Text),
    key("holdpoint.api.trusted_proxy.addresses", Texts),
    key("holdpoint.api.trusted_proxy.roles", Choices(ROLES)),
    key("holdpoint.api.trusted_proxy.users.<name>", Choices(ROLES)),
    key("holdpoint.api.rate.per_second", Number(0.1, 1_000_000.0)),
    key("holdpoint.api.rate.burst", Count(1, 1_000_000)),
    key("holdpoint.store.segment_bytes", Bytes(2 * MIB, 16 * MIB)),
    key("holdpoint.store.cache_bytes", Bytes(MIB, ANY)),
    key("holdpoint.store.min_free_bytes", Bytes(0, ANY)),
    key("holdpoint.api.host", Text),
    key("holdpoint.api.port", Count(0, 65_535)),
    key("holdpoint.api.host_names", Texts),
    key("holdpoint.api.cors_origins", Texts),
    key("holdpoint.api.max_body_bytes", Bytes(KIB, 1024 * MIB)),
    key("holdpoint.api.max_requests", Count(1, 100_000)),
    key("holdpoint.api.heartbeat", Duration),
    key("holdpoint.api.stream_events", Count(16, 1_000_000)),
    key("holdpoint.api.stream_kept", Duration),
];

/// What stands at a path.
pub(super) enum Place {
    /// A key.
    Leaf(&'static Key),
    /// A section that holds keys.
    Section,
    /// Nothing: the names that could stand there instead of the last one.
    Unknown(Vec<&'static str>),
}

/// What stands at `path`, which has no `osprey` in front.
pub(super) fn place(path: &[String]) -> Place {
    let matching = |length: usize| {
        let all = KEYS.iter().filter(move |key| fits(key.path, &path[..length]));
        let exact = all
            .clone()
            .filter(move |key| !key.path.split('.').take(length).any(is_wildcard));
        // A name of our own goes before a name of the user's own.
        if exact.clone().next().is_some() {
            exact.collect::<Vec<_>>()
        } else {
            all.collect()
        }
    };
    let found = matching(path.len());
    match found.iter().find(|key| key.path.split('.').count() == path.len()) {
        Some(key) => Place::Leaf(key),
        None if !found.is_empty() => Place::Section,
        None => {
            let above = path.len().saturating_sub(1);
            let mut names: Vec<_> = matching(above)
                .iter()
                .filter_map(|key| key.path.split('.').nth(above))
                .collect();
            names.dedup();
            Place::Unknown(names)
        }
    }
}

/// The names of the sections that are ours.
pub(super) fn sections() -> Vec<&'static str> {
    let mut names: Vec<_> = KEYS.iter().filter_map(|key| key.path.split('.').next()).collect();
    names.dedup();
    names
}

/// The candidate that `word` is most likely meant to be.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .filter(|candidate| !is_wildcard(candidate))
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).clamp(1, 4))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fits(key: &str, path: &[String]) -> bool {
    let mut segments = key.split('.');
    path.iter().all(|name| {
        segments
            .next()
            .is_some_and(|segment| segment == name || is_wildcard(segment))
    })
}

fn is_wildcard(segment: &str) -> bool {
    segment.starts_with('<')
}
