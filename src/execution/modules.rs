//! Where a module that a program misses can be had.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::interpreter::Interpreter;

/// The most names of a directory that are looked at.
const MOST_NAMES: usize = 20_000;

/// Says how the program's interpreter gets `module`, if it is known which, and which of `others`, the
/// configured interpreters, have it. They are looked at, not run.
pub(super) fn advice(module: Option<&str>, interpreter: &Interpreter, others: &[PathBuf]) -> String {
    let mut advice = format!("programs run with {}", interpreter.label());
    let Some(module) = module else {
        advice.push_str("; another can be set with execution.local.python_env_path");
        return advice;
    };
    let executable = interpreter.executable.display();
    if is_managed(interpreter) {
        advice.push_str(&format!(
            ", whose packages are the system's own: install the system's package of '{module}', or set \
             execution.local.python_env_path to a virtual environment and install it there with `python -m pip \
             install {module}`"
        ));
    } else {
        advice.push_str(&format!(
            "; it is added there with `{executable} -m pip install {module}`, or its package's name if that is \
             another; or set execution.local.python_env_path to an environment that has it"
        ));
    }
    let holders: Vec<String> = others
        .iter()
        .filter(|other| **other != interpreter.executable && **other != interpreter.prefix)
        .filter(|other| packages(other).iter().any(|dir| holds(dir, module)))
        .map(|other| other.display().to_string())
        .collect();
    if !holders.is_empty() {
        advice.push_str(&format!(
            "; a request can ask with python_env_path for one that has it: {}",
            holders.join(", ")
        ));
    }
    advice
}

/// The module that Python says is missing: the outermost part of its name, which is what is installed.
pub(super) fn missing(message: &str) -> Option<&str> {
    let name = message.strip_prefix("No module named ")?;
    let name = name
        .trim_start_matches('\'')
        .split(['\'', '.', ';', ' '])
        .next()?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    (!name.is_empty() && name.len() <= 100 && name.chars().all(plain)).then_some(name)
}

/// Whether pip installs nothing for this interpreter.
fn is_managed(interpreter: &Interpreter) -> bool {
    let (major_minor, _) = interpreter
        .version
        .rsplit_once('.')
        .unwrap_or((&interpreter.version, ""));
    let library = interpreter
        .base_prefix
        .join("lib")
        .join(format!("python{major_minor}"));
    !interpreter.prefix.join("pyvenv.cfg").exists() && library.join("EXTERNALLY-MANAGED").exists()
}

/// The directories of packages of an interpreter or an environment, as their names tell.
fn packages(configured: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    if configured.is_dir() {
        roots.push(configured.to_path_buf());
    } else {
        // An environment is found by its name, another interpreter by what the name leads to.
        let above = |path: &Path| path.parent()?.parent().map(Path::to_path_buf);
        let named = above(configured).filter(|root| root.join("pyvenv.cfg").is_file());
        roots.extend(named.or_else(|| above(&fs::canonicalize(configured).ok()?)));
    }
    if roots.iter().any(|root| root == Path::new("/usr")) {
        roots.push("/usr/local".into());
    }
    let libraries = roots
        .iter()
        .flat_map(|root| ["lib", "lib64"].map(|name| root.join(name)));
    libraries
        .flat_map(|library| names(&library).into_iter().map(move |name| library.join(name)))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("python3")
        })
        .flat_map(|python| ["site-packages", "dist-packages"].map(|name| python.join(name)))
        .collect()
}

/// Whether a directory of packages holds a module: a package, a file, or a compiled one.
fn holds(dir: &Path, module: &str) -> bool {
    let compiled = |name: &String| {
        name.strip_prefix(module)
            .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".so"))
    };
    dir.join(module).is_dir() || dir.join(format!("{module}.py")).is_file() || names(dir).iter().any(compiled)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .take(MOST_NAMES)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
