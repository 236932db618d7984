//! The file's settings once each fits its key.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

/// A value that fits its key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Setting {
    Flag(bool),
    Count(u64),
    Number(f64),
    Duration(Duration),
    Text(String),
    Texts(Vec<String>),
    Environment(BTreeMap<String, String>),
    Mapping(Value),
}

/// The settings of the file, by the path of their key.
#[derive(Debug, Default)]
pub(super) struct Settings(BTreeMap<Vec<String>, Setting>);

impl Settings {
    pub(super) fn insert(&mut self, path: Vec<String>, setting: Setting) {
        self.0.insert(path, setting);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Vec<String>, &Setting)> {
        self.0.iter()
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.value(key)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Setting::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn texts(&self, key: &str) -> Option<&[String]> {
        match self.get(key)? {
            Setting::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// Sets `target` if the file holds the key; the key's kind has seen to it that the value fits.
    pub(super) fn set<T: FromSetting>(&self, key: &str, target: &mut T) {
        if let Some(value) = self.value(key) {
            *target = value;
        }
    }

    pub(super) fn mapping(&self, key: &str) -> Option<&Value> {
        match self.get(key)? {
            Setting::Mapping(value) => Some(value),
            _ => None,
        }
    }

    fn value<T: FromSetting>(&self, key: &str) -> Option<T> {
        T::from_setting(self.get(key)?)
    }

    fn get(&self, key: &str) -> Option<&Setting> {
        self.0.get(&key.split('.').map(str::to_owned).collect::<Vec<_>>())
    }
}

/// What a setting can become.
pub(super) trait FromSetting: Sized {
    fn from_setting(setting: &Setting) -> Option<Self>;
}

impl<T: FromSetting> FromSetting for Option<T> {
    fn from_setting(setting: &Setting) -> Option<Self> {
        T::from_setting(setting).map(Some)
    }
}

/// Each line: a type, and the settings that become it.
macro_rules! from_setting {
    ($($type:ty: $pattern:pat => $value:expr;)*) => {
        $(impl FromSetting for $type {
            fn from_setting(setting: &Setting) -> Option<Self> {
                match setting {
                    $pattern => $value,
                    _ => None,
                }
            }
        })*
    };
}

from_setting! {
    bool: Setting::Flag(flag) => Some(*flag);
    u64: Setting::Count(count) => Some(*count);
    u16: Setting::Count(count) => u16::try_from(*count).ok().or(Some(u16::MAX));
    u32: Setting::Count(count) => u32::try_from(*count).ok().or(Some(u32::MAX));
    usize: Setting::Count(count) => usize::try_from(*count).ok().or(Some(usize::MAX));
    f64: Setting::Number(number) => Some(*number);
    Duration: Setting::Duration(duration) => Some(*duration);
    String: Setting::Text(text) => Some(text.clone());
    Vec<String>: Setting::Texts(texts) => Some(texts.clone());
    BTreeMap<String, String>: Setting::Environment(map) => Some(map.clone());
}
