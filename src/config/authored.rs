//! What the file says: its keys checked one by one, with every problem told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Problem,
    document::Document,
    environment::{self, Unfilled},
    keys::{self, Key, Place},
    settings::{Setting, Settings},
};

/// The most problems that are told: each is looked for in the file, and nobody reads more at once.
const MAX_PROBLEMS: usize = 50;

/// A key's path without `osprey` in front.
pub(super) type Path = Vec<String>;

/// What the file says in the sections that are ours.
pub(super) struct Authored<'a> {
    pub(super) document: &'a Document,
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
    /// The settings that fit their keys.
    pub(super) settings: Settings,
    /// The keys whose variable is not set: an error only where the key is used.
    pub(super) unset: BTreeMap<Path, String>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
    /// Where each key stands in the file, and the value written there.
    written: BTreeMap<Path, (Path, Value)>,
}

impl<'a> Authored<'a> {
    pub(super) fn read(document: &'a Document, environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let mut authored = Self {
            document,
            environment,
            settings: Settings::default(),
            unset: BTreeMap::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            written: BTreeMap::new(),
        };
        authored.sections(&document.root, &[]);
        match document.root.get("osprey") {
            None | Some(Value::Null) => {}
            Some(Value::Object(inner)) => authored.sections(inner, &["osprey".to_owned()]),
            Some(_) => authored.complain_at(&["osprey".to_owned()], "must be a section".to_owned()),
        }
        authored
    }

    /// Tells a problem with the key at `path`, wherever it stands in the file.
    pub(super) fn complain(&mut self, path: &[String], message: String) {
        let place = self.place_of(path);
        let key = if self.written.contains_key(path) {
            &place
        } else {
            path
        };
        let key = key.join(".");
        self.tell(|document| Problem {
            key,
            ..document.problem(&place, message)
        });
    }

    /// Tells a problem with what stands at `place` in the file.
    pub(super) fn complain_at(&mut self, place: &[String], message: String) {
        self.tell(|document| document.problem(place, message));
    }

    fn tell(&mut self, problem: impl FnOnce(&Document) -> Problem) {
        match self.problems.len() {
            MAX_PROBLEMS => {
                let rest = self
                    .document
                    .problem(&[], "and more problems after these".to_owned());
                self.problems.push(rest);
            }
            told if told < MAX_PROBLEMS => self.problems.push(problem(self.document)),
            _ => {}
        }
    }

    /// The path of the key in the file, or of the section it would belong to.
    pub(super) fn place_of(&self, path: &[String]) -> Path {
        if let Some((place, _)) = self.written.get(path) {
            return place.clone();
        }
        let beside = |(other, (place, _)): (&Path, &(Path, Value))| {
            let shared = other.iter().zip(path).take_while(|(a, b)| a == b).count();
            (shared, place[..place.len() - other.len() + shared].to_vec())
        };
        let nearest = self.written.iter().map(beside).max_by_key(|(shared, _)| *shared);
        match nearest {
            Some((shared, place)) if shared > 0 => place,
            _ => Path::new(),
        }
    }

    /// The value at `path` in a section that is not ours.
    pub(super) fn foreign(&self, path: &[&str]) -> Option<(&'a Value, Path)> {
        [&[][..], &["osprey"]].into_iter().find_map(|prefix| {
            let full: Vec<&str> = prefix.iter().chain(path).copied().collect();
            let (first, below) = full.split_first()?;
            let start = self.document.root.get(*first)?;
            let value = below.iter().try_fold(start, |value, name| value.get(name))?;
            Some((value, full.iter().map(|name| (*name).to_owned()).collect()))
        })
    }

    fn sections(&mut self, map: &serde_json::Map<String, Value>, prefix: &[String]) {
        let ours = keys::sections();
        for (name, value) in map {
            let place = [prefix, std::slice::from_ref(name)].concat();
            if ours.contains(&name.as_str()) {
                self.walk(value, &mut vec![name.clone()], prefix);
            } else if let Some(near) = keys::nearest(name, ours.iter().copied().chain(["osprey"]))
                && name != "osprey"
            {
                // Other sections are Osprey's; but a misspelt one of ours would silently be without effect.
                self.complain_at(&place, format!("unknown section; did you mean {near}?"));
            }
        }
    }

    fn walk(&mut self, value: &Value, path: &mut Path, prefix: &[String]) {
        let full = [prefix, path.as_slice()].concat();
        match (keys::place(path), value) {
            (Place::Unknown(_), _) if is_other_capability(path) => {}
            (Place::Unknown(names), _) => {
                let name = path.last().map_or("", String::as_str);
                let hint = match keys::nearest(name, names.iter().copied()) {
                    Some(near) => format!("; did you mean {near}?"),
                    None => String::new(),
                };
                self.complain_at(
                    &full,
                    format!("unknown key{hint} (allowed: {})", names.join(", ")),
                );
            }
            (_, Value::Null) => {}
            (Place::Section, Value::Object(map)) => {
                for (name, value) in map {
                    path.push(name.clone());
                    self.walk(value, path, prefix);
                    path.pop();
                }
            }
            (Place::Section, _) => {
                path.push(String::new());
                let names = match keys::place(path) {
                    Place::Unknown(names) => format!(" with {}", names.join(", ")),
                    _ => String::new(),
                };
                path.pop();
                self.complain_at(&full, format!("must be a section{names}"));
            }
            (Place::Leaf(key), value) => self.leaf(key, value, path, full),
        }
    }

    fn leaf(&mut self, key: &Key, value: &Value, path: &Path, place: Path) {
        if let Some((other, said)) = self.written.get(path) {
            if said != value {
                let message = format!("the file says something else at {}", other.join("."));
                self.complain_at(&place, message);
            }
            return;
        }
        self.written.insert(path.clone(), (place.clone(), value.clone()));
        if let Some(why) = key.no_effect {
            self.notes
                .push(format!("{} has no effect: {why}", path.join(".")));
        }
        // The settings of other generators are filled in once one of them is chosen.
        if key.path == "execution.generators.<name>" {
            match value {
                Value::Object(_) => self
                    .settings
                    .insert(path.clone(), Setting::Mapping(value.clone())),
                _ => self.complain_at(&place, "must be a section".to_owned()),
            }
            return;
        }
        match environment::fill(value, self.environment) {
            Ok(filled) => match key.kind.fit(&filled.value, filled.from_environment) {
                Ok(setting) => self.settings.insert(path.clone(), setting),
                Err(misfit) => self.complain_at(&place, misfit.0),
            },
            Err(Unfilled::Unset(variable)) => drop(self.unset.insert(path.clone(), variable)),
            Err(Unfilled::Malformed) => self.complain_at(&place, MALFORMED.to_owned()),
        }
    }
}

/// What is said about a variable that is written wrongly.
pub(super) const MALFORMED: &str =
    "a variable is written ${NAME} or ${NAME:-default}; write $${ where the text has ${ itself";

/// Whether `path` is another capability's approval, which is Osprey's, and no misspelling of ours.
fn is_other_capability(path: &[String]) -> bool {
    match path {
        [approval, capabilities, name, ..] => {
            approval == "approval"
                && capabilities == "capabilities"
                && name != "python_execution"
                && keys::nearest(name, ["python_execution"].into_iter()).is_none()
        }
        _ => false,
    }
}
