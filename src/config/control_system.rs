//! The settings of `control_system` that are about the control system itself.

use serde_json::{Map, Value};

use super::{Interlock, RehearsalMode, keys, resolve::Resolver};
use crate::model::{PvValue, VerificationLevel};

/// The most bytes of a client's name; servers keep it in their access-security lists.
const MAX_CLIENT_BYTES: usize = 60;

/// The keys of an interlock.
const INTERLOCK: [&str; 6] = ["pv", "one_of", "equals", "min", "max", "message"];

impl Resolver<'_> {
    pub(super) fn gateway(&mut self) {
        self.epics();
        self.limits();
        self.interlocks();
        let settings = &self.authored.settings;
        let control = &mut self.config.control_system;
        let verification = &mut control.verification;
        settings.set(
            "control_system.write_verification.enabled",
            &mut verification.enabled,
        );
        settings.set(
            "control_system.write_verification.default_tolerance_percent",
            &mut verification.default_tolerance_percent,
        );
        settings.set(
            "control_system.write_verification.timeout",
            &mut verification.timeout,
        );
        settings.set(
            "control_system.write_verification.fail_on_mismatch",
            &mut verification.fail_on_mismatch,
        );
        match settings.text("control_system.write_verification.default_level") {
            Some("none") => verification.default_level = VerificationLevel::None,
            Some("callback") => verification.default_level = VerificationLevel::Callback,
            Some("readback") => verification.default_level = VerificationLevel::Readback,
            _ => {}
        }
        match settings.text("control_system.rehearsal.mode") {
            Some("auto") => control.rehearsal.mode = RehearsalMode::Auto,
            Some("always") => control.rehearsal.mode = RehearsalMode::Always,
            Some("never") => control.rehearsal.mode = RehearsalMode::Never,
            _ => {}
        }
        settings.set("control_system.rehearsal.timeout", &mut control.rehearsal.timeout);
        settings.set("control_system.drift.absolute", &mut control.drift.absolute);
        settings.set("control_system.drift.percent", &mut control.drift.percent);
    }

    fn epics(&mut self) {
        let settings = &self.authored.settings;
        let epics = &mut self.config.control_system.epics;
        settings.set("control_system.epics.address_list", &mut epics.address_list);
        settings.set("control_system.epics.name_servers", &mut epics.name_servers);
        settings.set("control_system.epics.timeout", &mut epics.timeout);
        settings.set("control_system.epics.put_timeout", &mut epics.put_timeout);
        settings.set("control_system.epics.read_client", &mut epics.read_client);
        settings.set("control_system.epics.write_client", &mut epics.write_client);
        settings.set("control_system.epics.client_host", &mut epics.client_host);
        settings.set("control_system.epics.max_servers", &mut epics.max_servers);
        settings.set("control_system.epics.max_channels", &mut epics.max_channels);
        settings.set(
            "control_system.epics.max_subscriptions",
            &mut epics.max_subscriptions,
        );
        settings.set(
            "control_system.epics.max_message_bytes",
            &mut epics.max_message_bytes,
        );
        settings.set(
            "control_system.epics.max_bytes_per_second",
            &mut epics.max_bytes_per_second,
        );
        settings.set(
            "control_system.epics.max_puts_per_second",
            &mut epics.max_puts_per_second,
        );
        settings.set("control_system.epics.max_puts", &mut epics.max_puts);
        settings.set("control_system.epics.pva_gateway", &mut epics.pva_gateway);
        if settings.texts("control_system.epics.address_list").is_none()
            && (self.authored.environment)("EPICS_CA_ADDR_LIST").is_some_and(|list| !list.trim().is_empty())
        {
            self.authored.notes.push(
                "the environment variable EPICS_CA_ADDR_LIST has no effect: set control_system.epics.address_list, to \
                 ${EPICS_CA_ADDR_LIST} if it is to be the same"
                    .to_owned(),
            );
        }
        let epics = self.config.control_system.epics.clone();
        if epics.read_client == epics.write_client {
            self.authored.notes.push(
                "control_system.epics.read_client and write_client are the same: no server can tell approved writes \
                 from reads"
                    .to_owned(),
            );
        }
        let names = [
            ("control_system.epics.read_client", Some(&epics.read_client)),
            ("control_system.epics.write_client", Some(&epics.write_client)),
            ("control_system.epics.client_host", epics.client_host.as_ref()),
        ];
        for (key, name) in names {
            let fits = name.is_none_or(|name| {
                (1..=MAX_CLIENT_BYTES).contains(&name.len())
                    && name.bytes().all(|letter| letter.is_ascii_graphic())
            });
            if !fits {
                let message = format!("must have 1 to {MAX_CLIENT_BYTES} plain letters and no white space");
                self.complain(key, &message);
            }
        }
    }

    fn limits(&mut self) {
        let path = self.path("control_system.limits_checking.database_path");
        let settings = &self.authored.settings;
        let limits = &mut self.config.control_system.limits;
        settings.set("control_system.limits_checking.enabled", &mut limits.enabled);
        settings.set(
            "control_system.limits_checking.allow_unlisted_channels",
            &mut limits.allow_unlisted_channels,
        );
        limits.database_path = path;
        if limits.enabled && limits.database_path.is_none() {
            self.complain(
                "control_system.limits_checking.enabled",
                "needs control_system.limits_checking.database_path, the file with the limits",
            );
        }
    }

    fn interlocks(&mut self) {
        let key = "control_system.interlocks";
        let Some(Value::Array(items)) = self.authored.settings.mapping(key).cloned() else {
            return;
        };
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let place = self.authored.place_of(&path);
        for (index, item) in items.iter().enumerate() {
            let Value::Object(map) = item else {
                continue;
            };
            match interlock(map) {
                Ok(interlock) => self.config.control_system.interlocks.push(interlock),
                Err((name, message)) => {
                    let item = [format!("[{index}]"), name.to_owned()];
                    self.authored
                        .complain_at(&[place.as_slice(), &item].concat(), message);
                }
            }
        }
    }
}

/// An interlock, or the key that keeps it from being one and why.
fn interlock(map: &Map<String, Value>) -> Result<Interlock, (&str, String)> {
    for name in map.keys() {
        if !INTERLOCK.contains(&name.as_str()) {
            let hint =
                keys::nearest(name, INTERLOCK.into_iter()).map(|near| format!("; did you mean {near}?"));
            let allowed = INTERLOCK.join(", ");
            let message = format!("unknown key{} (allowed: {allowed})", hint.unwrap_or_default());
            return Err((name, message));
        }
    }
    let given = |name: &str| map.get(name).filter(|value| !value.is_null());
    let text = |name: &'static str| match given(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err((name, "must be a text".to_owned())),
    };
    let bound = |name: &'static str| match given(name).map(Value::as_f64) {
        None => Ok(None),
        Some(Some(number)) if number.is_finite() => Ok(Some(number)),
        Some(_) => Err((name, "must be a number".to_owned())),
    };
    let pv = text("pv")?;
    if pv.is_empty()
        || pv
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err(("pv", "must be the name of a process variable".to_owned()));
    }
    let mut one_of = match given("one_of") {
        None => Vec::new(),
        Some(Value::Array(items)) if !items.is_empty() => items
            .iter()
            .map(|item| single(item).ok_or(("one_of", "must hold numbers and texts only".to_owned())))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(("one_of", "must be a list of numbers and texts".to_owned())),
    };
    if let Some(value) = given("equals") {
        if !one_of.is_empty() {
            return Err((
                "equals",
                "says the same as one_of; only one of both can stand".to_owned(),
            ));
        }
        one_of.push(single(value).ok_or(("equals", "must be a number or a text".to_owned()))?);
    }
    let (min, max) = (bound("min")?, bound("max")?);
    if let (Some(least), Some(most)) = (min, max)
        && least > most
    {
        return Err(("min", format!("{least} is above max, which is {most}")));
    }
    if one_of.is_empty() && min.is_none() && max.is_none() {
        let message = "has no condition: it needs one_of, equals, min or max";
        return Err(("pv", message.to_owned()));
    }
    Ok(Interlock {
        pv,
        one_of,
        min,
        max,
        message: text("message")?,
    })
}

/// A number or a text.
fn single(value: &Value) -> Option<PvValue> {
    match value {
        Value::Number(_) | Value::String(_) => PvValue::try_from(value.clone()).ok(),
        _ => None,
    }
}
