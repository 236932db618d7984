//! What the analysis knows, as data: client libraries of control systems, what Python's own modules
//! do besides computing, and the rules with their levels. The files under `knowledge/` are shipped
//! inside the program; a configuration adds to them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

use super::entry::{self, Entry};
pub use crate::model::Level;
use crate::model::Severity;

/// One client library of a control system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Its stable id, as in `pyepics`.
    pub id: String,
    /// The way to the hardware that it takes.
    pub route: Route,
    /// The modules it is imported as; what lies below them belongs to it.
    pub modules: Vec<String>,
    /// Modules below those that reach no control system.
    #[serde(default)]
    pub harmless: Vec<String>,
    /// What its functions do, by name or by path below a module. Unlisted ones may write.
    #[serde(default)]
    pub functions: Members,
    /// The types of its objects, by name.
    #[serde(default)]
    pub types: BTreeMap<String, LibraryType>,
}

/// The way a library takes to the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Channel Access.
    ChannelAccess,
    /// PV Access.
    PvAccess,
    /// Tango.
    Tango,
    /// DOOCS.
    Doocs,
    /// OPC-UA.
    OpcUa,
    /// Whatever the configuration of the library says.
    Any,
    /// Another one.
    Other,
}

/// Members by what they do. An entry is a name, a path (`ca.put`), or either with its parameters and
/// their roles, as in `caput(pvname=channel, value=value)`. A trailing `*` stands for any ending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// They write; naming one is enough.
    #[serde(default)]
    pub write: Vec<String>,
    /// They read, and give plain data.
    #[serde(default)]
    pub read: Vec<String>,
    /// They do neither, and give plain data.
    #[serde(default)]
    pub quiet: Vec<String>,
    /// They give an object of the named type.
    #[serde(default)]
    pub gives: BTreeMap<String, Vec<String>>,
}

/// What the members of a library's object do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryType {
    /// The type whose members it has besides its own.
    #[serde(default)]
    pub like: Option<String>,
    /// Members that write; naming one is enough.
    #[serde(default)]
    pub write: Vec<String>,
    /// Members that read, and give plain data.
    #[serde(default)]
    pub read: Vec<String>,
    /// Members that do neither, and give plain data.
    #[serde(default)]
    pub quiet: Vec<String>,
    /// Members that give an object of the named type.
    #[serde(default)]
    pub gives: BTreeMap<String, Vec<String>>,
    /// What a member is that stands in no list; where it is not said, the same as in the type that this
    /// one is `like`. Calling or setting one may write in any case.
    #[serde(default)]
    pub unlisted: Option<Unlisted>,
    /// Members that may be set without a write.
    #[serde(default)]
    pub settable: Vec<String>,
    /// What stands between the object's channel and the name of a member, where that is a channel of its
    /// own; none if the object's channel is that of its members too. An empty one says that the object's
    /// channel is only the beginning of names.
    #[serde(default)]
    pub joint: Option<String>,
    /// What such an object is in an instance of the class that it is defined in as a part: its channel then
    /// continues that of the instance.
    #[serde(default)]
    pub part: Option<String>,
}

/// What an unlisted member of an object is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// A value that is read by naming it.
    Value,
    /// Another object of the library.
    #[default]
    Object,
}

/// What Python's own modules and common packages do besides computing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonKnowledge {
    /// Modules whose import tells nothing. What lies below them is harmless unless listed below.
    pub harmless_modules: Vec<String>,
    /// What has an effect, by path.
    pub effects: Vec<Effect>,
    /// Functions whose result is plain data whatever they are given.
    pub plain: Vec<String>,
    /// Names of functions and methods that call what they are given.
    pub callers: Vec<String>,
    /// Members that lead around the names that the analysis follows: exact names, or a trailing `*`.
    pub gateways: Vec<String>,
    /// Members with double underscores that lead nowhere; every other one is a gateway.
    pub harmless_dunders: Vec<String>,
    /// Modules whose members must not be replaced or reached by a computed name.
    pub guarded_modules: Vec<String>,
    /// Prefixes of environment variables that guard the run.
    pub guarding_variables: Vec<String>,
    /// Command-line programs.
    pub programs: Programs,
    /// Ports of control systems, each with its protocol.
    pub ports: BTreeMap<u16, String>,
    /// Native libraries that reach a control system, by the start of their file's name.
    pub native_libraries: Vec<String>,
}

/// What naming or calling something does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The rule that tells of it; none if only its result matters.
    #[serde(default)]
    pub rule: Option<String>,
    /// A second rule that tells of it.
    #[serde(default)]
    pub also: Option<String>,
    /// Dotted paths. `subprocess.*` stands for all below; `pathlib.Path().unlink` for a method of what a
    /// call gives. The longest path that fits counts.
    pub paths: Vec<String>,
    /// Whether a write to a control system may hide behind it.
    #[serde(default)]
    pub may_write: bool,
    /// When it happens.
    #[serde(default)]
    pub when: When,
    /// What can be said more exactly of a call by looking at an argument.
    #[serde(default)]
    pub look: Option<Look>,
    /// The argument to look at, `0` or `0:name`.
    #[serde(default)]
    pub argument: Option<String>,
}

/// When an effect happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Naming it is enough.
    #[default]
    Named,
    /// Only a call has it.
    Called,
    /// Importing it is enough.
    Imported,
    /// Never: an exception from a wider path.
    Never,
}

/// What an argument tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// It is Python's text, which is run.
    Code,
    /// It is the name of a module, which is given back.
    Module,
    /// It is the dotted name of an object, which is given back.
    Object,
    /// It is a command: a text or a list.
    Command,
    /// It is a command for a shell.
    Shell,
    /// It is the address of a connection, a pair of host and port.
    Address,
    /// It is the port of a connection.
    Port,
    /// It is the mode in which a file is opened.
    FileMode,
    /// It is the name of a native library.
    NativeLibrary,
    /// It is the name of an environment variable.
    Variable,
    /// The effect happens only if the argument is given and may be true.
    Flag,
    /// The effect happens only if the argument is given.
    Given,
    /// It is the dotted name of an object that is replaced for a while.
    Replaced,
    /// It is written to: if it is an object of a control system, this may write.
    Stream,
    /// It is data that is loaded as a pickle: what it names, if the code holds it, is imported and called.
    Pickle,
    /// The effect happens unless the argument is given and true.
    Unless,
    /// The effect happens unless the argument is a safe loader.
    Loader,
    /// It is the text of a template: the effect happens unless the text is known and reaches no hidden
    /// member.
    Template,
}

/// Command-line programs by what they do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// They write to a control system. `caput(word1=channel, word2=value)` tells the places of what matters.
    pub write: Vec<String>,
    /// They read from one.
    pub read: Vec<String>,
    /// They do neither, whatever their arguments.
    pub harmless: Vec<String>,
    /// They run the command that their arguments are.
    pub wrappers: Vec<String>,
    /// They run Python: `-c` gives the code.
    pub python: Vec<String>,
}

/// One rule of the analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its stable id.
    pub id: String,
    /// What it tells, as a title of a few words.
    pub title: String,
    /// How grave it is by itself: `info`, `warning`, `high` or `critical`.
    pub severity: Severity,
    /// What follows if the configuration says nothing.
    pub level: Level,
    /// The levels that a configuration may choose.
    pub levels: Vec<Level>,
    /// What to do about it, for the one who decides.
    pub advice: String,
    /// Whether it is told among an analysis's risks.
    #[serde(default)]
    pub risk: bool,
}

/// Everything that is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Knowledge {
    /// The client libraries.
    pub libraries: Vec<Library>,
    /// Python's own modules.
    pub python: PythonKnowledge,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// An entry that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEntry {
    /// The way to it through its library, as in `types`, `PV`, `write`, `[0]`.
    pub place: Vec<String>,
    /// What is wrong with it.
    pub message: String,
}

impl Library {
    /// Checks what the shape alone does not tell: that every entry can be read, that no type has a name
    /// twice, and that each type that is named is there.
    ///
    /// # Errors
    /// [`InvalidEntry`] tells the first entry that cannot be used.
    pub fn check(&self) -> Result<(), InvalidEntry> {
        if self.id.is_empty() {
            return Err(InvalidEntry::new(["id"], "must not be empty"));
        }
        if self.modules.is_empty() {
            return Err(InvalidEntry::new(["modules"], "must name a module"));
        }
        for (index, module) in self.modules.iter().enumerate() {
            if !entry::is_path(module) {
                let message = format!("{module:?} cannot be the name of a module");
                return Err(InvalidEntry::new(["modules", &item(index)], message));
            }
        }
        for (index, module) in self.harmless.iter().enumerate() {
            let below = |above: &String| module.strip_prefix(above.as_str())?.strip_prefix('.');
            if !entry::is_path(module) || self.modules.iter().find_map(below).is_none() {
                let message = format!("{module:?} is no module below one of the library's modules");
                return Err(InvalidEntry::new(["harmless", &item(index)], message));
            }
        }
        let functions = &self.functions;
        let lists = [&functions.write, &functions.read, &functions.quiet];
        self.check_lists(&["functions"], lists, &functions.gives, true)?;
        for (name, of) in &self.types {
            let place = ["types", name];
            self.check_lists(&place, [&of.write, &of.read, &of.quiet], &of.gives, false)?;
            for (index, text) in of.settable.iter().enumerate() {
                let wrong = match Entry::read(text) {
                    Ok(entry) if entry.path.contains('.') => Some(NO_PATH.to_owned()),
                    Ok(_) => None,
                    Err(message) => Some(message),
                };
                if let Some(message) = wrong {
                    let place = ["types", name, "settable", &item(index)];
                    return Err(InvalidEntry::new(place, format!("{text:?} {message}")));
                }
            }
            self.check_descent(name)?;
            if let Some(part) = of.part.as_ref().filter(|part| !self.types.contains_key(*part)) {
                return Err(InvalidEntry::new(["types", name, "part"], self.no_type(part)));
            }
        }
        Ok(())
    }

    fn check_lists(
        &self,
        place: &[&str],
        [write, read, quiet]: [&Vec<String>; 3],
        gives: &BTreeMap<String, Vec<String>>,
        paths: bool,
    ) -> Result<(), InvalidEntry> {
        let mut seen = HashSet::new();
        let mut lists = vec![
            (vec!["write"], write),
            (vec!["read"], read),
            (vec!["quiet"], quiet),
        ];
        lists.extend(gives.iter().map(|(of, list)| (vec!["gives", of.as_str()], list)));
        for (below, list) in lists {
            if let ["gives", of] = below[..]
                && !self.types.contains_key(of)
            {
                return Err(InvalidEntry::new([place, &below].concat(), self.no_type(of)));
            }
            for (index, text) in list.iter().enumerate() {
                let wrong = match Entry::read(text) {
                    Ok(entry) if !paths && entry.path.contains('.') => NO_PATH.to_owned(),
                    Ok(entry) if seen.insert((entry.path, entry.open)) => continue,
                    Ok(_) => "is listed twice".to_owned(),
                    Err(message) => message,
                };
                let item = item(index);
                let place = [place, &below, &[&item]].concat();
                return Err(InvalidEntry::new(place, format!("{text:?} {wrong}")));
            }
        }
        Ok(())
    }

    /// Follows the types that `name` is like.
    fn check_descent(&self, name: &str) -> Result<(), InvalidEntry> {
        let place = ["types", name, "like"];
        let mut above = name;
        for _ in 0..=self.types.len() {
            match self.types.get(above).map(|of| &of.like) {
                Some(None) => return Ok(()),
                Some(Some(like)) => above = like,
                None => return Err(InvalidEntry::new(place, self.no_type(above))),
            }
        }
        Err(InvalidEntry::new(place, "leads around in a circle"))
    }

    fn no_type(&self, name: &str) -> String {
        let known: Vec<_> = self.types.keys().map(String::as_str).collect();
        match known.is_empty() {
            true => format!("there is no type {name:?}; the library has none"),
            false => format!(
                "there is no type {name:?} (the library has: {})",
                known.join(", ")
            ),
        }
    }
}

const NO_PATH: &str = "must be a name: only functions have paths";

fn item(index: usize) -> String {
    format!("[{index}]")
}

impl InvalidEntry {
    fn new<'a>(place: impl IntoIterator<Item = &'a str>, message: impl Into<String>) -> Self {
        Self {
            place: place.into_iter().map(str::to_owned).collect(),
            message: message.into(),
        }
    }
}

/// The shipped files of libraries, by name.
const LIBRARIES: &[(&str, &str)] = &[
    ("acsys.yml", include_str!("../../knowledge/libraries/acsys.yml")),
    ("aioca.yml", include_str!("../../knowledge/libraries/aioca.yml")),
    ("aphla.yml", include_str!("../../knowledge/libraries/aphla.yml")),
    (
        "apstools.yml",
        include_str!("../../knowledge/libraries/apstools.yml"),
    ),
    (
        "bluesky.yml",
        include_str!("../../knowledge/libraries/bluesky.yml"),
    ),
    (
        "bluesky_queueserver.yml",
        include_str!("../../knowledge/libraries/bluesky_queueserver.yml"),
    ),
    ("boards.yml", include_str!("../../knowledge/libraries/boards.yml")),
    (
        "cachannel.yml",
        include_str!("../../knowledge/libraries/cachannel.yml"),
    ),
    (
        "caproto.yml",
        include_str!("../../knowledge/libraries/caproto.yml"),
    ),
    (
        "cothread.yml",
        include_str!("../../knowledge/libraries/cothread.yml"),
    ),
    (
        "epicscorelibs.yml",
        include_str!("../../knowledge/libraries/epicscorelibs.yml"),
    ),
    (
        "fandango.yml",
        include_str!("../../knowledge/libraries/fandango.yml"),
    ),
    (
        "frameworks.yml",
        include_str!("../../knowledge/libraries/frameworks.yml"),
    ),
    ("happi.yml", include_str!("../../knowledge/libraries/happi.yml")),
    (
        "instruments.yml",
        include_str!("../../knowledge/libraries/instruments.yml"),
    ),
    ("japc.yml", include_str!("../../knowledge/libraries/japc.yml")),
    (
        "labview.yml",
        include_str!("../../knowledge/libraries/labview.yml"),
    ),
    (
        "minimalmodbus.yml",
        include_str!("../../knowledge/libraries/minimalmodbus.yml"),
    ),
    (
        "nidaqmx.yml",
        include_str!("../../knowledge/libraries/nidaqmx.yml"),
    ),
    ("opcua.yml", include_str!("../../knowledge/libraries/opcua.yml")),
    ("ophyd.yml", include_str!("../../knowledge/libraries/ophyd.yml")),
    (
        "ophyd_async.yml",
        include_str!("../../knowledge/libraries/ophyd_async.yml"),
    ),
    ("osprey.yml", include_str!("../../knowledge/libraries/osprey.yml")),
    ("p4p.yml", include_str!("../../knowledge/libraries/p4p.yml")),
    ("pcaspy.yml", include_str!("../../knowledge/libraries/pcaspy.yml")),
    ("psp.yml", include_str!("../../knowledge/libraries/psp.yml")),
    (
        "pvaccess.yml",
        include_str!("../../knowledge/libraries/pvaccess.yml"),
    ),
    ("pyads.yml", include_str!("../../knowledge/libraries/pyads.yml")),
    ("pydim.yml", include_str!("../../knowledge/libraries/pydim.yml")),
    (
        "pydoocs.yml",
        include_str!("../../knowledge/libraries/pydoocs.yml"),
    ),
    (
        "pyepics.yml",
        include_str!("../../knowledge/libraries/pyepics.yml"),
    ),
    (
        "pymodbus.yml",
        include_str!("../../knowledge/libraries/pymodbus.yml"),
    ),
    (
        "pyserial.yml",
        include_str!("../../knowledge/libraries/pyserial.yml"),
    ),
    ("pytac.yml", include_str!("../../knowledge/libraries/pytac.yml")),
    ("pytine.yml", include_str!("../../knowledge/libraries/pytine.yml")),
    ("pyvisa.yml", include_str!("../../knowledge/libraries/pyvisa.yml")),
    (
        "sardana.yml",
        include_str!("../../knowledge/libraries/sardana.yml"),
    ),
    ("snap7.yml", include_str!("../../knowledge/libraries/snap7.yml")),
    (
        "softioc.yml",
        include_str!("../../knowledge/libraries/softioc.yml"),
    ),
    ("tango.yml", include_str!("../../knowledge/libraries/tango.yml")),
    ("taurus.yml", include_str!("../../knowledge/libraries/taurus.yml")),
];

const PYTHON: &str = include_str!("../../knowledge/python.yml");

const RULES: &str = include_str!("../../knowledge/rules.yml");

impl Knowledge {
    /// What is shipped with the program, read once.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Knowledge> = LazyLock::new(|| Knowledge {
            libraries: LIBRARIES.iter().map(|(name, text)| shipped(name, text)).collect(),
            python: shipped("python.yml", PYTHON),
            rules: shipped("rules.yml", RULES),
        });
        &SHIPPED
    }
}

/// Reads a file that was built in; the tests read each, so that a broken one is never shipped.
fn shipped<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    match serde_yaml::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("the shipped knowledge/{name} is broken: {error}"),
    }
}
