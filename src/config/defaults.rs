//! The defaults: they run out of the box, and on the safe side.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{
    AnalysisSettings, ApprovalSettings, BasicSettings, CodeApproval, Config, ControlSystemSettings,
    ExecutionMethod, ExecutionSettings, ExecutorSettings, GenerationSettings, GlobalApproval, Isolation,
    LocalSettings, MockBehavior, MockSettings, PatternMode, ReadOnlyWrite, StoreSettings, generators,
};

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
        },
        analysis: AnalysisSettings {
            control_system: "epics".to_owned(),
            pattern_mode: PatternMode::Extend,
            write_patterns: Vec::new(),
            read_patterns: Vec::new(),
            strict: false,
            max_bytes: 1024 * 1024,
            safe_modules: Vec::new(),
        },
        control_system: ControlSystemSettings {
            writes_enabled: false,
            max_concurrent_writes: 1,
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
                isolation: Isolation::Bubblewrap,
                unsafe_host_network: false,
                user: "nobody".to_owned(),
                environment: BTreeMap::new(),
            },
            workspace_dir: data_dir.join("executed_scripts"),
            max_output_bytes: 1024 * 1024,
            max_file_bytes: 256 * 1024 * 1024,
            max_memory_bytes: 4 * 1024 * 1024 * 1024,
            max_processes: 128,
            max_workspace_bytes: 1024 * 1024 * 1024,
            max_workspace_files: 10_000,
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
        store: StoreSettings {
            segment_bytes: 16 * 1024 * 1024,
            cache_bytes: 64 * 1024 * 1024,
            min_free_bytes: 64 * 1024 * 1024,
        },
        data_dir,
        default_actor: None,
        notes: Vec::new(),
        not_startable: Vec::new(),
    }
}
