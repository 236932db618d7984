//! The shipped knowledge of client libraries is whole: every entry is well formed, stands in one list
//! only, and leads to types that exist.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint::config::Knowledge;

const ROLES: [&str; 4] = ["channel", "value", "mapping", "callback"];

/// The entry's name, or what is wrong with the entry.
fn name(entry: &str) -> Result<&str, String> {
    let (name, parameters) = match entry.split_once('(') {
        Some((name, rest)) => (
            name,
            rest.strip_suffix(')').ok_or(format!("{entry}: not closed"))?,
        ),
        None => (entry, ""),
    };
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
    };
    if name.is_empty() || !plain(name.strip_suffix('*').unwrap_or(name)) {
        return Err(format!("{entry}: not a name"));
    }
    for parameter in parameters
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        let (parameter, role) = parameter.split_once('=').unwrap_or((parameter, "value"));
        if !plain(parameter) || !ROLES.contains(&role) {
            return Err(format!("{entry}: the parameter {parameter}={role}"));
        }
    }
    Ok(name)
}

type Given = BTreeMap<String, Vec<String>>;

/// What is wrong with the lists of one type, or with those of the functions.
fn faults(place: &str, lists: [&Vec<String>; 3], gives: &Given, types: &BTreeSet<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in lists.into_iter().chain(gives.values()).flatten() {
        match name(entry) {
            Ok(name) if !seen.insert(name) => faults.push(format!("{place}: {name} stands there twice")),
            Ok(_) => {}
            Err(fault) => faults.push(format!("{place}: {fault}")),
        }
    }
    let unknown = gives.keys().filter(|given| !types.contains(given.as_str()));
    faults.extend(unknown.map(|given| format!("{place}: there is no type {given}")));
    faults
}

#[test]
fn every_library_is_well_formed() {
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    let mut modules = BTreeSet::new();
    for library in &Knowledge::shipped().libraries {
        let id = &library.id;
        if !ids.insert(id) {
            found.push(format!("{id}: described twice"));
        }
        let again = library.modules.iter().filter(|module| !modules.insert(*module));
        found.extend(again.map(|module| format!("{id}: {module} belongs to another library")));
        for harmless in &library.harmless {
            let below = |module: &String| harmless.starts_with(&format!("{module}."));
            if !library.modules.iter().any(below) {
                found.push(format!("{id}: {harmless} lies below none of its modules"));
            }
        }
        let types: BTreeSet<&str> = library.types.keys().map(String::as_str).collect();
        let lists = [
            &library.functions.write,
            &library.functions.read,
            &library.functions.quiet,
        ];
        found.extend(faults(id, lists, &library.functions.gives, &types));
        for (name, of) in &library.types {
            let place = format!("{id}, {name}");
            found.extend(faults(
                &place,
                [&of.write, &of.read, &of.quiet],
                &of.gives,
                &types,
            ));
            if of.like.as_deref().is_some_and(|like| !types.contains(like)) {
                found.push(format!("{place}: there is no type {:?}", of.like));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(ids.len() > 30, "only {} libraries", ids.len());
}
