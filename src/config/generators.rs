//! The generators' settings: `mock`, `basic` (over the model the file names, over its provider) and others.

use secrecy::SecretString;
use serde_json::Value;

use super::{
    MockBehavior,
    authored::MALFORMED,
    environment::{self, Unfilled},
    keys,
    resolve::{Resolver, unset_message},
    settings::Setting,
};

pub(super) const OPENAI_URL: &str = "https://api.openai.com/v1";

/// Providers with an OpenAI-compatible endpoint: name, address, and the variable that holds the key.
const PROVIDERS: [(&str, &str, Option<&str>); 4] = [
    ("openai", OPENAI_URL, Some("OPENAI_API_KEY")),
    (
        "anthropic",
        "https://api.anthropic.com/v1",
        Some("ANTHROPIC_API_KEY"),
    ),
    (
        "google",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        Some("GEMINI_API_KEY"),
    ),
    ("ollama", "http://localhost:11434/v1", None),
];

impl Resolver<'_> {
    pub(super) fn generation(&mut self) {
        let settings = &self.authored.settings;
        let generation = &mut self.config.generation;
        settings.set("execution.code_generator", &mut generation.generator);
        match generation.generator.as_str() {
            "legacy" => generation.generator = "basic".to_owned(),
            "" => self.complain("execution.code_generator", "must not be empty"),
            _ => {}
        }
        self.mock();
        self.basic();
        self.custom();
    }

    fn mock(&mut self) {
        let settings = &self.authored.settings;
        let named = settings.texts("execution.generators.mock.behavior");
        let code = settings.text("execution.generators.mock.code");
        let sequence = settings.texts("execution.generators.mock.code_sequence");
        let behaviors: Vec<MockBehavior> = match (named, code, sequence) {
            (None, None, None) => return,
            (Some(names), None, None) => names.iter().map(|name| behavior(name)).collect(),
            (None, Some(code), None) => vec![MockBehavior::Code(code.to_owned())],
            (None, None, Some(codes)) => codes.iter().cloned().map(MockBehavior::Code).collect(),
            _ => {
                let message = "only one of behavior, code and code_sequence can be given";
                return self.complain("execution.generators.mock", message);
            }
        };
        if behaviors.is_empty() {
            return self.complain("execution.generators.mock.code_sequence", "must not be empty");
        }
        self.config.generation.mock.behaviors = behaviors;
    }

    fn custom(&mut self) {
        let chosen = self.config.generation.generator.clone();
        let sections: Vec<(String, Value)> = self
            .authored
            .settings
            .iter()
            .filter_map(generator_section)
            .collect();
        for (name, value) in sections {
            let path = ["execution", "generators", name.as_str()].map(str::to_owned);
            if name == "legacy" {
                self.authored.complain(
                    &path,
                    "legacy is the old name of basic; put its settings there".to_owned(),
                );
            } else if name != chosen
                && let Some(near) = keys::nearest(&name, ["basic", "mock"].into_iter())
            {
                let message = format!(
                    "unknown key; did you mean {near}? Another generator's settings may stand \
                     here if execution.code_generator names it"
                );
                self.authored.complain(&path, message);
            }
            let filled = match name == chosen {
                true => environment::fill(&value, self.authored.environment),
                false => Ok(environment::Filled {
                    value,
                    from_environment: false,
                }),
            };
            match filled {
                Ok(filled) => drop(self.config.generation.custom.insert(name, filled.value)),
                Err(Unfilled::Malformed) => self.authored.complain(&path, MALFORMED.to_owned()),
                Err(Unfilled::Unset(variable)) => self.authored.complain(&path, unset_message(&variable)),
            }
        }
    }

    fn basic(&mut self) {
        let chosen = self.config.generation.generator == "basic";
        if let Some(path) = self.path(&own("templates")) {
            self.config.generation.basic.templates = Some(path);
        }
        let settings = &self.authored.settings;
        let basic = &mut self.config.generation.basic;
        settings.set(&own("timeout_seconds"), &mut basic.timeout);
        settings.set(&own("max_retries"), &mut basic.max_retries);
        settings.set(&own("temperature"), &mut basic.temperature);
        settings.set(&own("max_tokens"), &mut basic.max_tokens);
        settings.set(&own("max_errors"), &mut basic.max_errors);
        settings.set(&own("fields"), &mut basic.fields);
        let text = |name: &str| {
            settings
                .text(&own(name))
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let (model_id, model) = (text("model_id"), text("model"));
        let (provider, base_url) = (text("provider"), text("base_url"));
        let (api_key, named) = (text("api_key"), text("model_config_name"));
        if model_id.is_some() && model.is_some() && model_id != model {
            self.complain(&own("model"), "says something else than model_id");
        }
        if !chosen {
            // The settings of a generator that is not used can still be shown, but nothing is looked up for them.
            self.endpoint(base_url, model_id.or(model), api_key);
            return;
        }
        if let Some(name) = &named
            && self.authored.foreign(&["models", name]).is_none()
        {
            self.hold_up(
                &own("model_config_name"),
                &format!("the file has no models.{name}"),
            );
        }
        let of_model = |resolver: &mut Self, key: &str| {
            let name = named.as_deref()?;
            resolver.foreign_text(&["models", name, key])
        };
        let model = model_id
            .or(model)
            .or_else(|| of_model(self, "model_id"))
            .or_else(|| of_model(self, "model"));
        let provider = provider.or_else(|| of_model(self, "provider"));
        let base_url = base_url.or_else(|| of_model(self, "base_url"));
        let api_key = api_key.or_else(|| of_model(self, "api_key"));
        self.model_numbers(named.as_deref());
        let base_url = match (base_url, provider.as_deref()) {
            (Some(url), _) => Some(url),
            (None, None) => Some(OPENAI_URL.to_owned()),
            (None, Some(name)) => self
                .foreign_text(&["api", "providers", name, "base_url"])
                .or_else(|| {
                    PROVIDERS
                        .iter()
                        .find(|(known, ..)| *known == name)
                        .map(|(_, url, _)| (*url).to_owned())
                }),
        };
        let api_key = match (api_key, provider.as_deref()) {
            (Some(key), _) => Some(key),
            (None, Some(name)) => self.foreign_text(&["api", "providers", name, "api_key"]),
            (None, None) => None,
        };
        // A provider's usual variable is read for that provider's own address alone, so that no key strays.
        let api_key = api_key.or_else(|| {
            let (.., variable) = PROVIDERS
                .iter()
                .find(|(_, url, _)| Some(*url) == base_url.as_deref())?;
            (self.authored.environment)((*variable)?).filter(|key| !key.is_empty())
        });
        match &base_url {
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                self.complain(
                    &own("base_url"),
                    "must be an address that starts with http:// or https://",
                );
            }
            Some(_) => {}
            None => {
                let known = PROVIDERS.map(|(name, ..)| name).join(", ");
                let message =
                    format!("the address of this provider is not known; give base_url (known: {known})");
                self.hold_up(&own("provider"), &message);
            }
        }
        if model.is_none()
            && self
                .config
                .not_startable
                .iter()
                .all(|it| it.key != own("model_config_name"))
        {
            self.hold_up(&own("model_id"), "code_generator is basic, but no model is named");
        }
        self.endpoint(base_url, model, api_key);
    }

    fn endpoint(&mut self, base_url: Option<String>, model: Option<String>, api_key: Option<String>) {
        let basic = &mut self.config.generation.basic;
        basic.base_url = base_url
            .unwrap_or_else(|| basic.base_url.clone())
            .trim_end_matches('/')
            .to_owned();
        basic.model = model.unwrap_or_default();
        basic.api_key = api_key.map(SecretString::from);
    }

    /// `temperature` and `max_tokens` of the named model, where `basic` itself says nothing.
    fn model_numbers(&mut self, named: Option<&str>) {
        let Some(name) = named else { return };
        let number = |key: &str| {
            self.authored
                .foreign(&["models", name, key])
                .map(|(value, _)| value)
        };
        let (temperature, max_tokens) = (number("temperature"), number("max_tokens"));
        let basic = &mut self.config.generation.basic;
        basic.temperature = basic.temperature.or_else(|| temperature.and_then(Value::as_f64));
        basic.max_tokens = basic.max_tokens.or_else(|| max_tokens.and_then(Value::as_u64));
    }

    /// A text in a section that is not ours, with its variables filled in.
    fn foreign_text(&mut self, path: &[&str]) -> Option<String> {
        let (value, place) = self.authored.foreign(path)?;
        let problem = match environment::fill(value, self.authored.environment) {
            Ok(filled) => match filled.value {
                Value::String(text) => return Some(text).filter(|text| !text.is_empty()),
                Value::Null => return None,
                _ => "must be a text".to_owned(),
            },
            Err(Unfilled::Unset(variable)) => unset_message(&variable),
            Err(Unfilled::Malformed) => MALFORMED.to_owned(),
        };
        self.authored
            .problems
            .push(self.authored.document.problem(&place, problem));
        None
    }
}

fn behavior(name: &str) -> MockBehavior {
    match name {
        "syntax_error" => MockBehavior::SyntaxError,
        "runtime_error" => MockBehavior::RuntimeError,
        "missing_results" => MockBehavior::MissingResults,
        "channel_write" | "epics_write" => MockBehavior::ChannelWrite,
        "channel_read" => MockBehavior::ChannelRead,
        "error_aware" => MockBehavior::ErrorAware,
        "security_risk" => MockBehavior::SecurityRisk,
        _ => MockBehavior::Success,
    }
}

fn generator_section((path, setting): (&Vec<String>, &Setting)) -> Option<(String, Value)> {
    match (path.as_slice(), setting) {
        ([execution, generators, name], Setting::Mapping(value))
            if execution == "execution" && generators == "generators" =>
        {
            Some((name.clone(), value.clone()))
        }
        _ => None,
    }
}

fn own(name: &str) -> String {
    format!("execution.generators.basic.{name}")
}
