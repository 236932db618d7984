//! The generators by name.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{GenerationError, SharedGenerator, basic::Basic, fixed::Fixed, mock::Mock};
use crate::config::GenerationSettings;

type Factory = Arc<dyn Fn(&GenerationSettings) -> Result<SharedGenerator, GenerationError> + Send + Sync>;

/// How alike two names must be (0 to 1) for one to be proposed in place of the other.
const ALIKE: f64 = 0.6;

/// Why a generator could not be registered or made.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nobody registered the name.
    #[error("no generator is called `{name}`; known are {}{}", known.join(", "), proposal(nearest))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Every known name, sorted.
        known: Vec<String>,
        /// The known name that looks most like it, if one does.
        nearest: Option<String>,
    },
    /// The name belongs to another generator already.
    #[error("a generator called `{0}` is registered already")]
    Taken(String),
    /// The generator is known but can't be made from its settings.
    #[error("generator `{name}`: {source}")]
    Create {
        /// The generator's name.
        name: String,
        /// What is wrong.
        source: GenerationError,
    },
}

fn proposal(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|name| format!(" (did you mean `{name}`?)"))
        .unwrap_or_default()
}

/// The generators by name: the built-in ones, and those an application adds.
#[derive(Clone, Default)]
pub struct Registry {
    factories: BTreeMap<String, Factory>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("names", &self.names()).finish()
    }
}

impl Registry {
    /// The registry with `fixed`, `mock` and `basic`, the last also under its old name `legacy`.
    pub fn builtin() -> Self {
        let basic: Factory = Arc::new(|settings| Ok(Arc::new(Basic::new(&settings.basic)?)));
        let mut registry = Self::default();
        registry.add("fixed", Arc::new(|_| Ok(Arc::new(Fixed))));
        registry.add(
            "mock",
            Arc::new(|settings| Ok(Arc::new(Mock::new(&settings.mock)?))),
        );
        registry.add("basic", basic.clone());
        registry.add("legacy", basic);
        registry
    }

    fn add(&mut self, name: &str, factory: Factory) {
        self.factories.insert(name.to_owned(), factory);
    }

    /// Adds an application's own generator. `factory` gets the settings that stand under
    /// `execution.generators.<name>`, or an empty object if there are none.
    ///
    /// # Errors
    /// [`RegistryError::Taken`]: a name says who wrote the code in the audit trail, so none is given twice.
    pub fn register<F>(&mut self, name: &str, factory: F) -> Result<(), RegistryError>
    where
        F: Fn(&Value) -> Result<SharedGenerator, GenerationError> + Send + Sync + 'static,
    {
        if self.factories.contains_key(name) {
            return Err(RegistryError::Taken(name.to_owned()));
        }
        let key = name.to_owned();
        self.add(
            name,
            Arc::new(move |settings| match settings.custom.get(&key) {
                Some(own) => factory(own),
                None => factory(&Value::Object(Map::new())),
            }),
        );
        Ok(())
    }

    /// Every known name, sorted.
    pub fn names(&self) -> Vec<String> {
        self.factories.keys().cloned().collect()
    }

    /// Makes the generator that `settings.generator` names. Nothing stands in for one that is unknown or
    /// can't be made.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] and [`RegistryError::Create`].
    pub fn create(&self, settings: &GenerationSettings) -> Result<SharedGenerator, RegistryError> {
        let name = &settings.generator;
        let factory = self.factories.get(name).ok_or_else(|| RegistryError::Unknown {
            name: name.clone(),
            known: self.names(),
            nearest: self.nearest(name),
        })?;
        factory(settings).map_err(|source| RegistryError::Create {
            name: name.clone(),
            source,
        })
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        self.factories
            .keys()
            .map(|known| (strsim::normalized_damerau_levenshtein(&name, known), known))
            .filter(|(likeness, _)| *likeness >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known.clone())
    }
}
