//! The resolved configuration, to be shown and to be hashed.

use serde_json::{Map, Value, json};

use super::{BasicSettings, Config, KernelSettings, MockBehavior, quantity};

/// What stands in place of a secret.
const MASK: &str = "********";

impl Config {
    /// The resolved configuration under the keys of the file, with readable durations and sizes and with
    /// secrets masked.
    pub fn display(&self) -> Value {
        let duration = |it| quantity::duration_text(it);
        let bytes = |it| quantity::bytes_text(it);
        let size = |it: usize| quantity::bytes_text(it as u64);
        let (approval, analysis, execution) = (&self.approval, &self.analysis, &self.execution);
        let control = &self.control_system;
        let mut generators = json!({ "basic": basic(&self.generation.basic), "mock": self.mock() });
        for (name, settings) in &self.generation.custom {
            generators[name] = masked(settings);
        }
        json!({
            "holdpoint": {
                "data_dir": self.data_dir,
                "actor": self.default_actor,
                "store": {
                    "segment_bytes": size(self.store.segment_bytes),
                    "cache_bytes": bytes(self.store.cache_bytes),
                    "min_free_bytes": bytes(self.store.min_free_bytes),
                },
                "api": {
                    "host": self.api.host,
                    "port": self.api.port,
                    "host_names": self.api.host_names,
                    "cors_origins": self.api.cors_origins,
                    "max_body_bytes": size(self.api.max_body_bytes),
                    "max_requests": self.api.max_requests,
                    "heartbeat": duration(self.api.heartbeat),
                    "stream_events": self.api.stream_events,
                    "stream_kept": duration(self.api.stream_kept),
                    "trusted_proxy": {
                        "header": self.identity.proxy.header,
                        "addresses": self.identity.proxy.addresses,
                        "roles": self.identity.proxy.roles,
                        "users": self.identity.proxy.users,
                    },
                    "rate": {
                        "per_second": self.identity.rate.per_second,
                        "burst": self.identity.rate.burst,
                    },
                },
            },
            "approval": {
                "global_mode": approval.global_mode,
                "capabilities": {
                    "python_execution": {
                        "mode": approval.python_execution,
                        "read_only_write": approval.read_only_write,
                    },
                },
                "expires_after": duration(approval.expires_after),
                "grant_ttl": duration(approval.grant_ttl),
                "max_questions": approval.max_questions,
                "max_pending_per_requester": approval.max_pending_per_requester,
                "four_eyes": approval.four_eyes,
                "quorum": approval.quorum,
                "allow_relay": approval.allow_relay,
                "notify": {
                    "url": self.notify.url,
                    "secret": self.notify.secret.as_ref().map(|_| MASK),
                    "timeout": duration(self.notify.timeout),
                    "link": self.notify.link,
                },
            },
            "control_system": {
                "type": analysis.control_system,
                "writes_enabled": self.control_system.writes_enabled,
                "max_concurrent_writes": self.control_system.max_concurrent_writes,
                "patterns": {
                    "mode": analysis.pattern_mode,
                    "write": patterns(&analysis.write_patterns),
                    "read": patterns(&analysis.read_patterns),
                },
                "analysis": {
                    "mode": if analysis.strict { "strict" } else { "resolve" },
                    "max_bytes": size(analysis.max_bytes),
                    "safe_modules": analysis.safe_modules,
                    "libraries": analysis.libraries,
                    "rules": analysis.rules,
                },
                "epics": self.epics(),
                "limits_checking": {
                    "enabled": control.limits.enabled,
                    "database_path": control.limits.database_path,
                    "allow_unlisted_channels": control.limits.allow_unlisted_channels,
                },
                "write_verification": {
                    "enabled": control.verification.enabled,
                    "default_level": control.verification.default_level,
                    "default_tolerance_percent": control.verification.default_tolerance_percent,
                    "timeout": duration(control.verification.timeout),
                    "fail_on_mismatch": control.verification.fail_on_mismatch,
                },
                "rehearsal": {
                    "mode": control.rehearsal.mode,
                    "timeout": duration(control.rehearsal.timeout),
                },
                "drift": control.drift,
                "interlocks": control.interlocks,
            },
            "python_executor": {
                "max_generation_retries": self.executor.max_generation_retries,
                "max_execution_retries": self.executor.max_execution_retries,
                "execution_timeout_seconds": duration(self.executor.execution_timeout),
                "recursion_limit": self.executor.recursion_limit,
            },
            "execution": {
                "code_generator": self.generation.generator,
                "execution_method": execution.method,
                "generators": generators,
                "modes": {
                    "read_only": kernel(&execution.container.read_only),
                    "write_access": kernel(&execution.container.write_access),
                },
                "container": {
                    "url": Some(without_login(&execution.container.url)).filter(|url| !url.is_empty()),
                    "token": execution.container.token.as_ref().map(|_| MASK),
                    "write_url": Some(without_login(&execution.container.write_url)).filter(|url| !url.is_empty()),
                    "write_token": execution.container.write_token.as_ref().map(|_| MASK),
                    "shared_server": execution.container.shared_server,
                    "timeout": duration(execution.container.timeout),
                    "max_message_bytes": size(execution.container.max_message_bytes),
                    "username": execution.container.username,
                    "listen": {
                        "read_only": execution.container.listen_read_only,
                        "write_access": execution.container.listen_write_access,
                    },
                    "peers": {
                        "read_only": execution.container.peers_read_only,
                        "write_access": execution.container.peers_write_access,
                    },
                },
                "local": {
                    "python_env_path": execution.local.python,
                    "interpreters": execution.local.interpreters,
                    "isolation": execution.local.isolation,
                    "launcher": execution.local.launcher,
                    "user": execution.local.user,
                    "environment": masked(&json!(execution.local.environment)),
                    "spares": {
                        "read_only": execution.local.spares.read_only,
                        "write_access": execution.local.spares.write_access,
                        "preload": execution.local.spares.preload,
                    },
                },
                "limits": {
                    "output_bytes": size(execution.max_output_bytes),
                    "file_bytes": bytes(execution.max_file_bytes),
                    "memory_bytes": bytes(execution.max_memory_bytes),
                    "processes": execution.max_processes,
                    "workspace_bytes": bytes(execution.max_workspace_bytes),
                    "workspace_files": execution.max_workspace_files,
                },
                "notebook": {
                    "html": execution.notebook.html,
                    "jupyter_url": execution.notebook.jupyter_url,
                },
            },
        })
    }

    /// [`Config::display`] as the text of a file.
    pub fn display_yaml(&self) -> String {
        // Plain values always have a YAML form; their JSON is one too.
        serde_yaml::to_string(&self.display()).unwrap_or_else(|_| self.display().to_string())
    }

    /// The resolved approval, control-system and analysis settings: what the policy version is the hash of.
    pub fn policy(&self) -> Value {
        json!({
            "approval": self.approval,
            "control_system": self.control_system,
            "analysis": self.analysis,
        })
    }

    fn epics(&self) -> Value {
        let epics = &self.control_system.epics;
        json!({
            "address_list": epics.address_list,
            "name_servers": epics.name_servers,
            "timeout": quantity::duration_text(epics.timeout),
            "put_timeout": quantity::duration_text(epics.put_timeout),
            "read_client": epics.read_client,
            "write_client": epics.write_client,
            "client_host": epics.client_host,
            "max_servers": epics.max_servers,
            "max_channels": epics.max_channels,
            "max_subscriptions": epics.max_subscriptions,
            "max_message_bytes": quantity::bytes_text(epics.max_message_bytes as u64),
            "max_bytes_per_second": quantity::bytes_text(epics.max_bytes_per_second),
            "max_puts_per_second": epics.max_puts_per_second,
            "max_puts": epics.max_puts,
            "pva_gateway": epics.pva_gateway,
        })
    }

    fn mock(&self) -> Value {
        let behaviors = &self.generation.mock.behaviors;
        let codes: Vec<_> = behaviors
            .iter()
            .filter_map(|behavior| match behavior {
                MockBehavior::Code(code) => Some(code),
                _ => None,
            })
            .collect();
        match codes.is_empty() {
            true => json!({ "behavior": behaviors }),
            false => json!({ "code_sequence": codes }),
        }
    }
}

fn kernel(kernel: &KernelSettings) -> Value {
    json!({
        "kernel_name": kernel.kernel_name,
        "environment": masked(&json!(kernel.environment)),
    })
}

fn patterns(sourced: &[(String, String)]) -> Vec<&str> {
    sourced.iter().map(|(_, pattern)| pattern.as_str()).collect()
}

fn basic(basic: &BasicSettings) -> Value {
    json!({
        "base_url": without_login(&basic.base_url),
        "model_id": basic.model,
        "api_key": basic.api_key.as_ref().map(|_| MASK),
        "timeout_seconds": quantity::duration_text(basic.timeout),
        "max_retries": basic.max_retries,
        "temperature": basic.temperature,
        "max_tokens": basic.max_tokens,
        "max_errors": basic.max_errors,
        "templates": basic.templates,
        "fields": basic.fields,
    })
}

/// `value` without what looks like a secret by its name.
fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let masked = map.iter().map(|(name, value)| match value {
                Value::Null | Value::Bool(_) => (name.clone(), value.clone()),
                _ if is_secret(name) => (name.clone(), Value::from(MASK)),
                _ => (name.clone(), masked(value)),
            });
            Value::Object(masked.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(masked).collect()),
        Value::String(text) => Value::String(without_login(text)),
        other => other.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "key",
        "token",
        "secret",
        "password",
        "passwd",
        "credential",
        "authorization",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// An address without the login in it.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
        None => url.to_owned(),
    }
}
