//! What the gateway lets be written: names, conversions, the limits file, the rules, interlocks.

mod file;
mod laws;
mod names;
mod rules;

use std::{fs, path::PathBuf, sync::Arc, time::Instant};

use holdpoint::{
    config::{Config, ControlSystemSettings, LimitsSettings},
    execution::{
        Access, Permit,
        gateway::{Attempt, Limits, Native, PvName, Rules},
    },
    model::PvValue,
};
use tempfile::TempDir;

fn name(text: &str) -> PvName {
    PvName::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn text(text: &str) -> PvValue {
    PvValue::Text(text.to_owned())
}

fn choice(index: u16, label: &str) -> PvValue {
    PvValue::Choice {
        index,
        label: Some(label.to_owned()),
    }
}

fn labels() -> Vec<String> {
    ["Off", "On", "7"].map(str::to_owned).to_vec()
}

/// A limits file and its settings.
struct File {
    _dir: TempDir,
    path: PathBuf,
    settings: LimitsSettings,
}

fn file(content: &str) -> File {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("limits.json");
    fs::write(&path, content).unwrap();
    File {
        settings: LimitsSettings {
            enabled: true,
            database_path: Some(path.clone()),
            allow_unlisted_channels: false,
        },
        path,
        _dir: dir,
    }
}

fn limits(content: &str) -> Limits {
    Limits::load(&file(content).settings)
}

fn no_limits() -> Limits {
    Limits::load(&LimitsSettings {
        enabled: false,
        database_path: None,
        allow_unlisted_channels: false,
    })
}

/// The code with which `pv` is refused by the limits alone; `ok` if it is not.
fn refused(limits: &Limits, pv: &str) -> &'static str {
    limits.of(&name(pv)).map_or_else(|refusal| refusal.code, |_| "ok")
}

fn settings() -> ControlSystemSettings {
    Config::builtin().control_system
}

fn write(channels: &[&str]) -> Access {
    Access::Write(Permit {
        channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
        seen: Vec::new(),
    })
}

/// One put, judged alone.
struct Put<'a> {
    pv: &'a str,
    native: Native,
    elements: u32,
    new: PvValue,
    wire: Native,
    current: Option<PvValue>,
}

impl Put<'_> {
    fn judge(&self, rules: &mut Rules, at: Instant) -> Result<PvValue, &'static str> {
        let labels = if self.native == Native::Choice {
            labels()
        } else {
            Vec::new()
        };
        let attempt = Attempt {
            name: &name(self.pv),
            native: self.native,
            labels: &labels,
            element_count: self.elements,
            new: &self.new,
            wire: self.wire,
            current: self.current.as_ref(),
            at,
        };
        rules.judge(&attempt).map_err(|refusal| {
            assert!(!refusal.reason.is_empty());
            refusal.code
        })
    }
}

fn double(pv: &str, new: f64) -> Put<'_> {
    Put {
        pv,
        native: Native::Double,
        elements: 1,
        new: PvValue::Real(new),
        wire: Native::Double,
        current: Some(PvValue::Real(0.0)),
    }
}

/// Judges a put of a program that was approved to write `pv`.
fn alone(limits: Limits, put: &Put<'_>) -> Result<PvValue, &'static str> {
    let mut rules = Rules::new(&write(&[put.pv]), &settings(), Arc::new(limits));
    put.judge(&mut rules, Instant::now())
}
