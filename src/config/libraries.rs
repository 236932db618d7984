//! The settings of `control_system.analysis` that add to what is known: libraries, and what follows from
//! the findings of each rule.

use std::{fs::File, io::Read, path::Path};

use serde_json::Value;

use super::{Knowledge, Level, Library, MAX_FILE_BYTES, keys, resolve::Resolver, settings::Setting};

const LIBRARIES: &str = "control_system.analysis.libraries";

/// The words for levels, from the mildest.
pub(super) const LEVELS: &[&str] = &["allow", "warn", "ask", "refuse"];

impl Resolver<'_> {
    /// `control_system.analysis.rules`: only levels that the rule itself allows.
    pub(super) fn rules(&mut self) {
        let rules = &Knowledge::shipped().rules;
        let mut wrong = Vec::new();
        for (path, setting) in self.authored.settings.iter() {
            let (Some(id), Setting::Text(word)) = (rule_of(path), setting) else {
                continue;
            };
            let Some(rule) = rules.iter().find(|rule| rule.id == id) else {
                let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
                let hint =
                    keys::nearest(id, known.iter().copied()).map(|near| format!("; did you mean {near}?"));
                let message = format!(
                    "unknown rule{} (the rules are: {})",
                    hint.unwrap_or_default(),
                    known.join(", ")
                );
                wrong.push((path.clone(), message));
                continue;
            };
            match level(word) {
                Some(level) if rule.levels.contains(&level) => {
                    self.config.analysis.rules.insert(id.to_owned(), level);
                }
                _ => {
                    let allowed: Vec<_> = rule.levels.iter().map(|level| name(*level)).collect();
                    let message = format!(
                        "the rule cannot be set to {word} (allowed: {})",
                        allowed.join(", ")
                    );
                    wrong.push((path.clone(), message));
                }
            }
        }
        for (path, message) in wrong {
            self.authored.complain(&path, message);
        }
    }

    /// `control_system.analysis.libraries`: entries, and files with entries.
    pub(super) fn libraries(&mut self) {
        let Some(Value::Array(items)) = self.authored.settings.mapping(LIBRARIES).cloned() else {
            return;
        };
        let path: Vec<String> = LIBRARIES.split('.').map(str::to_owned).collect();
        let place = self.authored.place_of(&path);
        for (index, item) in items.into_iter().enumerate() {
            let place = [place.as_slice(), &[format!("[{index}]")]].concat();
            match item {
                Value::String(file) => match self.library_file(&file) {
                    Ok(libraries) => {
                        for library in libraries {
                            self.library(&place, Some(&file), library);
                        }
                    }
                    Err(message) => self.authored.complain_at(&place, message),
                },
                entry => match serde_json::from_value(entry) {
                    Ok(library) => self.library(&place, None, library),
                    Err(error) => self
                        .authored
                        .complain_at(&place, format!("is no library: {error}")),
                },
            }
        }
    }

    /// Adds a library that is told at `place`, or in a `file` that is named there.
    fn library(&mut self, place: &[String], file: Option<&str>, library: Library) {
        if let Err(wrong) = library.check() {
            return match file {
                None => self
                    .authored
                    .complain_at(&[place, &wrong.place].concat(), wrong.message),
                Some(file) => {
                    let message = format!(
                        "{file}: {} {}: {}",
                        library.id,
                        wrong.place.join("."),
                        wrong.message
                    );
                    self.authored.complain_at(place, message);
                }
            };
        }
        let known = &self.config.analysis.libraries;
        if known.iter().any(|other| other.id == library.id) {
            let message = format!("there are two libraries with the id {}", library.id);
            return self.authored.complain_at(place, message);
        }
        // One with a shipped id takes its place; any other one must not claim another's modules.
        let shipped = Knowledge::shipped().libraries.iter();
        let others = shipped
            .filter(|other| known.iter().all(|own| own.id != other.id))
            .chain(known);
        let claimed = others.filter(|other| other.id != library.id).find_map(|other| {
            Some((
                other,
                other.modules.iter().find(|name| library.modules.contains(name))?,
            ))
        });
        if let Some((other, module)) = claimed {
            let message = format!(
                "the module {module} belongs to the library {id} already; with the id {id} this entry would take its \
                 place",
                id = other.id
            );
            return self.authored.complain_at(place, message);
        }
        self.config.analysis.libraries.push(library);
    }

    /// The entry, or the entries, of a file; its name counts from the configuration's directory.
    fn library_file(&self, name: &str) -> Result<Vec<Library>, String> {
        let base = self.authored.document.file.as_deref().and_then(Path::parent);
        let file = base.map_or_else(|| Path::new(name).to_owned(), |base| base.join(name));
        let wrong = |why: String| format!("{}: {why}", file.display());
        let mut text = String::new();
        File::open(&file)
            .and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(wrong("is larger than 1 MiB".to_owned()));
        }
        // The shape is chosen first, so that what is wrong is told with its line.
        match serde_yaml::from_str::<serde_yaml::Value>(&text) {
            Ok(serde_yaml::Value::Sequence(_)) => serde_yaml::from_str(&text),
            Ok(_) => serde_yaml::from_str(&text).map(|library| vec![library]),
            Err(error) => Err(error),
        }
        .map_err(|error| wrong(format!("holds no library: {error}")))
    }
}

/// The rule that the key at `path` is about.
fn rule_of(path: &[String]) -> Option<&str> {
    match path {
        [section, analysis, rules, id]
            if section == "control_system" && analysis == "analysis" && rules == "rules" =>
        {
            Some(id)
        }
        _ => None,
    }
}

fn level(word: &str) -> Option<Level> {
    [Level::Allow, Level::Warn, Level::Ask, Level::Refuse]
        .into_iter()
        .find(|level| name(*level) == word)
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Ask => "ask",
        Level::Refuse => "refuse",
    }
}
