//! The defaults: they run out of the box, and on the safe side.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use super::{
    AnalysisSettings, ApiSettings, ApprovalSettings, BasicSettings, CodeApproval, Config, ContainerSettings,
    ControlSystemSettings, EpicsSettings, ExecutionMethod, ExecutionSettings, ExecutorSettings,
    GenerationSettings, GlobalApproval, IdentitySettings, Isolation, KernelSettings, LimitsSettings,
    LocalSettings, MockBehavior, MockSettings, NotebookSettings, NotifySettings, PatternMode, ProxySettings,
    RateSettings, ReadOnlyWrite, RehearsalMode, RehearsalSettings, Route, SpareSettings, StoreSettings,
    Tolerance, VerificationSettings, generators,
};
use crate::model::{Role, VerificationLevel};

/// The defaults: what a file that says nothing means.
pub(super) fn builtin() -> Config {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let data_dir = PathBuf::from(".holdpoint");
    Config {
        file: None,
        approval: ApprovalSettings {
            global_mode: GlobalApproval::Selective,
            python_execution: CodeApproval::ControlWrites,
            read_only_write: ReadOnlyWrite::Ask,
            expires_after: minutes(24 * 60),
            grant_ttl: minutes(1),
            max_questions: 3,
            max_pending_per_requester: 20,
            four_eyes: false,
            quorum: 1,
            allow_relay: false,
        },
        analysis: AnalysisSettings {
            control_system: "epics".to_owned(),
            pattern_mode: PatternMode::Extend,
            write_patterns: Vec::new(),
            read_patterns: Vec::new(),
            strict: false,
            max_bytes: 1024 * 1024,
            safe_modules: Vec::new(),
            libraries: Vec::new(),
            rules: BTreeMap::new(),
            routes: vec![Route::ChannelAccess, Route::Any],
        },
        control_system: ControlSystemSettings {
            writes_enabled: false,
            max_concurrent_writes: 1,
            epics: EpicsSettings {
                address_list: Vec::new(),
                name_servers: Vec::new(),
                timeout: Duration::from_secs(5),
                put_timeout: Duration::from_secs(30),
                read_client: "holdpoint-read".to_owned(),
                write_client: "holdpoint-write".to_owned(),
                client_host: None,
                max_servers: 16,
                max_channels: 2_000,
                max_subscriptions: 1_000,
                max_message_bytes: 16 * 1024 * 1024,
                max_bytes_per_second: 64 * 1024 * 1024,
                max_puts_per_second: 10.0,
                max_puts: 1_000,
                pva_gateway: None,
            },
            limits: LimitsSettings {
                enabled: false,
                database_path: None,
                allow_unlisted_channels: false,
            },
            verification: VerificationSettings {
                enabled: false,
                default_level: VerificationLevel::Callback,
                default_tolerance_percent: 0.1,
                timeout: Duration::from_secs(5),
                fail_on_mismatch: true,
            },
            rehearsal: RehearsalSettings {
                mode: RehearsalMode::Auto,
                timeout: minutes(1),
            },
            drift: Tolerance {
                absolute: 0.0,
                percent: 1.0,
            },
            interlocks: Vec::new(),
        },
        executor: ExecutorSettings {
            max_generation_retries: 3,
            max_execution_retries: 3,
            execution_timeout: minutes(10),
            recursion_limit: 100,
        },
        execution: ExecutionSettings {
            method: ExecutionMethod::Local,
            local: LocalSettings {
                python: PathBuf::from("/usr/bin/python3"),
                interpreters: Vec::new(),
                isolation: Isolation::Auto,
                launcher: None,
                user: "nobody".to_owned(),
                environment: BTreeMap::new(),
                spares: SpareSettings::default(),
            },
            container: ContainerSettings {
                url: String::new(),
                token: None,
                timeout: minutes(1),
                max_message_bytes: 16 * 1024 * 1024,
                username: "holdpoint".to_owned(),
                write_url: String::new(),
                write_token: None,
                shared_server: false,
                listen_read_only: None,
                listen_write_access: None,
                peers_read_only: Vec::new(),
                peers_write_access: Vec::new(),
                read_only: kernel("python3-epics-readonly"),
                write_access: kernel("python3-epics-write"),
            },
            workspace_dir: data_dir.join("executed_scripts"),
            max_output_bytes: 1024 * 1024,
            max_file_bytes: 256 * 1024 * 1024,
            max_memory_bytes: 4 * 1024 * 1024 * 1024,
            max_processes: 128,
            max_workspace_bytes: 1024 * 1024 * 1024,
            max_workspace_files: 10_000,
            notebook: NotebookSettings::default(),
        },
        generation: GenerationSettings {
            generator: "fixed".to_owned(),
            basic: BasicSettings {
                base_url: generators::OPENAI_URL.to_owned(),
                model: String::new(),
                api_key: None,
                timeout: minutes(2),
                max_retries: 3,
                temperature: None,
                max_tokens: None,
                max_errors: 2,
                templates: None,
                fields: [
                    "user_query",
                    "task_objective",
                    "expected_results",
                    "capability_prompts",
                    "execution_mode",
                ]
                .map(str::to_owned)
                .to_vec(),
            },
            mock: MockSettings {
                behaviors: vec![MockBehavior::Success],
            },
            custom: BTreeMap::new(),
        },
        identity: IdentitySettings {
            proxy: ProxySettings {
                header: None,
                addresses: Vec::new(),
                roles: BTreeSet::from([Role::Requester]),
                users: BTreeMap::new(),
            },
            rate: RateSettings {
                per_second: 50.0,
                burst: 200,
            },
        },
        notify: NotifySettings {
            url: None,
            secret: None,
            timeout: Duration::from_secs(10),
            link: None,
        },
        store: StoreSettings {
            segment_bytes: 16 * 1024 * 1024,
            cache_bytes: 64 * 1024 * 1024,
            min_free_bytes: 64 * 1024 * 1024,
        },
        api: ApiSettings {
            host: "127.0.0.1".to_owned(),
            port: 2024,
            host_names: Vec::new(),
            cors_origins: Vec::new(),
            max_body_bytes: 8 * 1024 * 1024,
            max_requests: 1024,
            heartbeat: Duration::from_secs(5),
            stream_events: 1000,
            stream_kept: minutes(5),
        },
        data_dir,
        default_actor: None,
        notes: Vec::new(),
        not_startable: Vec::new(),
    }
}

fn kernel(name: &str) -> KernelSettings {
    KernelSettings {
        kernel_name: name.to_owned(),
        environment: BTreeMap::new(),
    }
}
