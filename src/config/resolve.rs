//! From what the file says to what the program uses: defaults, and settings that contradict the gate.

use std::path::{Path, PathBuf};

use super::{
    CodeApproval, Config, ConfigError, ExecutionMethod, GlobalApproval, Isolation, PatternMode, Problem,
    ReadOnlyWrite, authored::Authored, defaults, keys, settings::Setting,
};

/// Control systems that Holdpoint knows by name.
const CONTROL_SYSTEMS: [&str; 5] = ["epics", "tango", "doocs", "labview", "mock"];

/// Puts what the file says over the defaults.
pub(super) fn resolve(authored: Authored<'_>) -> Result<Config, ConfigError> {
    let mut resolver = Resolver {
        authored,
        config: defaults::builtin(),
    };
    resolver.config.file = resolver.authored.document.file.clone();
    resolver.executor();
    resolver.execution();
    resolver.generation();
    resolver.approval();
    resolver.notify();
    resolver.identity();
    resolver.control_system();
    resolver.rules();
    resolver.libraries();
    resolver.gateway();
    resolver.modes();
    resolver.own();
    resolver.own_environment();
    resolver.unset();
    let Resolver {
        mut authored,
        mut config,
    } = resolver;
    config.notes.append(&mut authored.notes);
    if authored.problems.is_empty() {
        return Ok(config);
    }
    // What has no place is about the whole file and comes last.
    authored
        .problems
        .sort_by_key(|problem| (problem.line.is_none(), problem.line, problem.column));
    authored.problems.dedup();
    Err(ConfigError::Invalid(authored.problems))
}

/// The way from the file to the program.
pub(super) struct Resolver<'a> {
    pub(super) authored: Authored<'a>,
    pub(super) config: Config,
}

impl Resolver<'_> {
    fn executor(&mut self) {
        let executor = &mut self.config.executor;
        let settings = &self.authored.settings;
        settings.set(
            "python_executor.max_generation_retries",
            &mut executor.max_generation_retries,
        );
        settings.set(
            "python_executor.max_execution_retries",
            &mut executor.max_execution_retries,
        );
        settings.set(
            "python_executor.execution_timeout_seconds",
            &mut executor.execution_timeout,
        );
        settings.set("python_executor.recursion_limit", &mut executor.recursion_limit);
    }

    fn execution(&mut self) {
        let execution = &mut self.config.execution;
        let settings = &self.authored.settings;
        if settings.text("execution.execution_method") == Some("container") {
            execution.method = ExecutionMethod::Container;
        }
        settings.set("execution.limits.output_bytes", &mut execution.max_output_bytes);
        settings.set("execution.limits.file_bytes", &mut execution.max_file_bytes);
        settings.set("execution.limits.memory_bytes", &mut execution.max_memory_bytes);
        settings.set("execution.limits.processes", &mut execution.max_processes);
        settings.set(
            "execution.limits.workspace_bytes",
            &mut execution.max_workspace_bytes,
        );
        settings.set(
            "execution.limits.workspace_files",
            &mut execution.max_workspace_files,
        );
        settings.set("execution.notebook.html", &mut execution.notebook.html);
        execution.notebook.jupyter_url = settings
            .text("execution.notebook.jupyter_url")
            .filter(|url| !url.is_empty())
            .map(str::to_owned);
        let local = &mut execution.local;
        let isolations = [
            Isolation::BubblewrapCgroup,
            Isolation::Bubblewrap,
            Isolation::Landlock,
            Isolation::None,
        ];
        let asked = settings.text("execution.local.isolation");
        if let Some(asked) = isolations.into_iter().find(|one| Some(one.name()) == asked) {
            local.isolation = asked;
        }
        settings.set("execution.local.user", &mut local.user);
        settings.set("execution.local.environment", &mut local.environment);
        let spares = &mut local.spares;
        settings.set("execution.local.spares.read_only", &mut spares.read_only);
        settings.set("execution.local.spares.write_access", &mut spares.write_access);
        settings.set("execution.local.spares.preload", &mut spares.preload);
        for key in ["execution.python_env_path", "execution.local.python_env_path"] {
            if let Some(path) = self.path(key) {
                self.config.execution.local.python = path;
            }
        }
        let base = self.authored.document.file.as_deref().and_then(Path::parent);
        let listed = self
            .authored
            .settings
            .texts("execution.local.interpreters")
            .unwrap_or_default();
        self.config.execution.local.interpreters = listed
            .iter()
            .map(|path| base.map_or_else(|| PathBuf::from(path), |base| base.join(path)))
            .collect();
        self.config.execution.local.launcher = self.path("execution.local.launcher");
        self.container();
        if let Some(url) = &self.config.execution.notebook.jupyter_url
            && !is_base(url)
        {
            let message =
                "must be an http or https address that a path can be put behind: no login, no ?, no #";
            self.complain("execution.notebook.jupyter_url", message);
        }
        let preload = &self.config.execution.local.spares.preload;
        if preload.iter().any(|name| !is_module(name)) {
            let message = "must be a list of names of modules, such as numpy or matplotlib.pyplot".to_owned();
            self.complain("execution.local.spares.preload", &message);
        }
        if self.config.execution.local.user.is_empty() {
            self.complain("execution.local.user", "must not be empty");
        }
    }

    fn approval(&mut self) {
        let settings = &self.authored.settings;
        let approval = &mut self.config.approval;
        match settings.text("approval.global_mode") {
            Some("disabled") => approval.global_mode = GlobalApproval::Disabled,
            Some("all_capabilities") => approval.global_mode = GlobalApproval::AllCapabilities,
            _ => {}
        }
        match settings.text("approval.capabilities.python_execution.mode") {
            Some("disabled") => approval.python_execution = CodeApproval::Disabled,
            Some("all_code") => approval.python_execution = CodeApproval::AllCode,
            _ => {}
        }
        if settings.flag("approval.capabilities.python_execution.enabled") == Some(false) {
            approval.python_execution = CodeApproval::Disabled;
        }
        if settings.text("approval.capabilities.python_execution.read_only_write") == Some("refuse") {
            approval.read_only_write = ReadOnlyWrite::Refuse;
        }
        settings.set("approval.expires_after", &mut approval.expires_after);
        settings.set("approval.grant_ttl", &mut approval.grant_ttl);
        settings.set("approval.max_questions", &mut approval.max_questions);
        settings.set(
            "approval.max_pending_per_requester",
            &mut approval.max_pending_per_requester,
        );
        settings.set("approval.four_eyes", &mut approval.four_eyes);
        settings.set("approval.quorum", &mut approval.quorum);
        settings.set("approval.allow_relay", &mut approval.allow_relay);
        if approval.allow_relay && (approval.four_eyes || approval.quorum > 1) {
            let message = "contradicts approval.four_eyes and approval.quorum: what a key passes on is the word of \
                           nobody that is known, and does not count among several";
            self.complain("approval.allow_relay", message);
        }
    }

    fn control_system(&mut self) {
        let settings = &self.authored.settings;
        let analysis = &mut self.config.analysis;
        settings.set("control_system.type", &mut analysis.control_system);
        settings.set(
            "control_system.max_concurrent_writes",
            &mut self.config.control_system.max_concurrent_writes,
        );
        analysis.strict = settings.text("control_system.analysis.mode") == Some("strict");
        settings.set("control_system.analysis.max_bytes", &mut analysis.max_bytes);
        settings.set("control_system.analysis.safe_modules", &mut analysis.safe_modules);
        if settings.text("control_system.patterns.mode") == Some("override") {
            analysis.pattern_mode = PatternMode::Override;
        }
        let system = analysis.control_system.to_lowercase();
        if system.is_empty() {
            return self.complain("control_system.type", "must not be empty");
        }
        if !CONTROL_SYSTEMS.contains(&analysis.control_system.as_str())
            && let Some(near) = keys::nearest(&system, CONTROL_SYSTEMS.into_iter())
        {
            let message = format!("unknown control system; did you mean {near}?");
            return self.complain("control_system.type", &message);
        }
        self.patterns();
        let analysis = &self.config.analysis;
        if analysis.pattern_mode == PatternMode::Override && analysis.write_patterns.is_empty() {
            let message = format!(
                "override without any write pattern for {} would find no write at all; add write patterns or use \
                 extend",
                analysis.control_system
            );
            self.complain("control_system.patterns.mode", &message);
        }
    }

    fn patterns(&mut self) {
        let chosen = self.config.analysis.control_system.clone();
        let mut foreign = Vec::new();
        for (path, setting) in self.authored.settings.iter() {
            let Setting::Texts(patterns) = setting else {
                continue;
            };
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            let side = match parts.as_slice() {
                ["control_system", "patterns", side] => side,
                ["control_system", "patterns", system, side] if **system == chosen => side,
                ["control_system", "patterns", system, _] => {
                    foreign.push((path[..3].to_vec(), (*system).to_owned()));
                    continue;
                }
                _ => continue,
            };
            let sourced = patterns
                .iter()
                .enumerate()
                .map(|(index, pattern)| (format!("{}[{index}]", path.join(".")), pattern.clone()));
            match *side {
                "write" => self.config.analysis.write_patterns.extend(sourced),
                _ => self.config.analysis.read_patterns.extend(sourced),
            }
        }
        foreign.dedup();
        for (path, system) in foreign {
            if CONTROL_SYSTEMS.contains(&system.as_str()) {
                let key = path.join(".");
                self.authored
                    .notes
                    .push(format!("{key} has no effect: control_system.type is {chosen}"));
            } else {
                let names = CONTROL_SYSTEMS.into_iter().chain([chosen.as_str()]);
                let hint = keys::nearest(&system, names).map(|near| format!("; did you mean {near}?"));
                let message = format!(
                    "these patterns would have no effect: control_system.type is {chosen}{}",
                    hint.unwrap_or_default()
                );
                self.authored.complain(&path, message);
            }
        }
    }

    /// The modes' switches say again what the gate already holds to; where they say otherwise, they are errors.
    fn modes(&mut self) {
        let settings = &self.authored.settings;
        let writes_enabled = settings.flag("control_system.writes_enabled");
        let allows_writes = settings.flag("execution.modes.write_access.allows_writes");
        let write_asks = settings.flag("execution.modes.write_access.requires_approval");
        let read_allows_writes = settings.flag("execution.modes.read_only.allows_writes");
        let read_asks = settings.flag("execution.modes.read_only.requires_approval");
        let asks_nothing = self.config.approval.python_execution == CodeApproval::Disabled
            || self.config.approval.global_mode == GlobalApproval::Disabled;
        self.config.control_system.writes_enabled = writes_enabled.or(allows_writes).unwrap_or(false);
        if writes_enabled == Some(true) && allows_writes == Some(false) {
            let message = "contradicts control_system.writes_enabled: true";
            self.complain("execution.modes.write_access.allows_writes", message);
        }
        if write_asks == Some(false) {
            let message = "write access always needs a human's approval; no setting removes that";
            self.complain("execution.modes.write_access.requires_approval", message);
        }
        if read_allows_writes == Some(true) {
            let message = "read-only never allows writes; a request that writes has the mode write_access";
            self.complain("execution.modes.read_only.allows_writes", message);
        }
        if read_asks == Some(true) {
            if asks_nothing {
                let message = "contradicts approval, whose global_mode or python_execution is disabled";
                self.complain("execution.modes.read_only.requires_approval", message);
            }
            self.config.approval.python_execution = CodeApproval::AllCode;
        }
    }

    fn own(&mut self) {
        if let Some(path) = self.path("holdpoint.data_dir") {
            self.config.set_data_dir(&path);
        }
        let settings = &self.authored.settings;
        self.config.default_actor = settings
            .text("holdpoint.actor")
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        let store = &mut self.config.store;
        settings.set("holdpoint.store.segment_bytes", &mut store.segment_bytes);
        settings.set("holdpoint.store.cache_bytes", &mut store.cache_bytes);
        settings.set("holdpoint.store.min_free_bytes", &mut store.min_free_bytes);
        let api = &mut self.config.api;
        settings.set("holdpoint.api.host", &mut api.host);
        settings.set("holdpoint.api.port", &mut api.port);
        settings.set("holdpoint.api.host_names", &mut api.host_names);
        settings.set("holdpoint.api.cors_origins", &mut api.cors_origins);
        settings.set("holdpoint.api.max_body_bytes", &mut api.max_body_bytes);
        settings.set("holdpoint.api.max_requests", &mut api.max_requests);
        settings.set("holdpoint.api.heartbeat", &mut api.heartbeat);
        settings.set("holdpoint.api.stream_events", &mut api.stream_events);
        settings.set("holdpoint.api.stream_kept", &mut api.stream_kept);
        if !store.segment_bytes.is_power_of_two() {
            self.complain(
                "holdpoint.store.segment_bytes",
                "must be a power of two: 2, 4, 8 or 16 MiB",
            );
        }
    }

    /// Where there is a control system, programs are told of the gateway and of nothing else.
    fn own_environment(&mut self) {
        let epics = &self.config.control_system.epics;
        if epics.address_list.is_empty() && epics.name_servers.is_empty() {
            return;
        }
        let names = self.config.execution.local.environment.keys();
        for name in names.filter(|name| name.starts_with("EPICS_")) {
            self.authored.notes.push(format!(
                "execution.local.environment.{name} has no effect: programs reach the control system through the \
                 gateway, and control_system.epics says where that finds it"
            ));
        }
    }

    /// A variable that is not set is an error where its key is used, and else a note.
    fn unset(&mut self) {
        let generator = self.config.generation.generator.clone();
        let local = self.config.execution.method == ExecutionMethod::Local;
        for (path, variable) in std::mem::take(&mut self.authored.unset) {
            let unused = match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["execution", "local", ..] | ["execution", "python_env_path"] if !local => {
                    Some("execution_method is container".to_owned())
                }
                ["execution", "generators", name, ..] if *name != generator => {
                    Some(format!("code_generator is {generator}"))
                }
                ["execution", "container", ..] | ["execution", "modes", _, "kernel_name" | "environment"]
                    if local =>
                {
                    Some("execution_method is local".to_owned())
                }
                ["execution", "modes", _, "gateway"] => Some("the key has no effect".to_owned()),
                _ => None,
            };
            match unused {
                Some(why) => self.authored.notes.push(format!(
                    "{}: {variable} is not set; not used, because {why}",
                    path.join(".")
                )),
                None => self.authored.complain(&path, unset_message(&variable)),
            }
        }
    }

    pub(super) fn complain(&mut self, key: &str, message: &str) {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.authored.complain(&path, message.to_owned());
    }

    /// Tells why nothing can run, though the file is right.
    pub(super) fn hold_up(&mut self, key: &str, message: &str) {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let problem = self
            .authored
            .document
            .problem(&self.authored.place_of(&path), message.to_owned());
        self.config.not_startable.push(Problem {
            key: key.to_owned(),
            ..problem
        });
    }

    /// A path of the file: relative ones count from the file's own directory; an empty one is none.
    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        let text = self.authored.settings.text(key).filter(|text| !text.is_empty())?;
        let base = self.authored.document.file.as_deref().and_then(Path::parent);
        Some(base.map_or_else(|| PathBuf::from(text), |base| base.join(text)))
    }
}

/// Whether a path can be put behind an address, which is shown to whoever sees a result.
pub(super) fn is_base(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// Whether a text can be the name of a Python module.
fn is_module(name: &str) -> bool {
    name.split('.').all(|part| {
        part.chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
            && part.starts_with(|letter: char| !letter.is_numeric())
    })
}

pub(super) fn unset_message(variable: &str) -> String {
    format!("the environment variable {variable} is not set; set it, or write ${{{variable}:-default}}")
}
