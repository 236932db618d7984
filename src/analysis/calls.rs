//! What a call does: to a control system, to the program's own functions, to Python's modules.

use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextSize};

use super::{
    libraries::{self, Member},
    names::{Origin, Value, is_namespace},
    risk::{self, Risk},
    walk::Walker,
};
use crate::model::{Category, Evidence, Severity};

/// The arguments of a call, evaluated.
struct Arguments<'a> {
    at: TextSize,
    positional: Vec<Value<'a>>,
    named: Vec<(Option<&'a str>, Value<'a>)>,
    /// Whether `*` or `**` hides some of them.
    starred: bool,
    node: &'a ast::Arguments,
}

impl<'a> Arguments<'a> {
    fn get(&self, index: usize, name: &str) -> Option<&Value<'a>> {
        if self.starred {
            return None;
        }
        self.positional.get(index).or_else(|| {
            self.named
                .iter()
                .find(|(known, _)| *known == Some(name))
                .map(|(_, value)| value)
        })
    }

    fn all(&self) -> impl Iterator<Item = &Value<'a>> {
        self.positional
            .iter()
            .chain(self.named.iter().map(|(_, value)| value))
    }

    fn joined(&self) -> Value<'a> {
        let mut value = Value::default();
        for argument in self.all() {
            value.join(argument);
        }
        value
    }

    fn taint(&self) -> Value<'a> {
        self.joined().taint()
    }

    /// The taint, without functions that only read.
    fn objects(&self) -> Value<'a> {
        let mut value = Value::default();
        for origin in self.taint().origins() {
            let reads = matches!(origin, Origin::Path(path)
                if libraries::member(path.rsplit('.').next().unwrap_or(path)) == Member::Read);
            if !reads {
                value.add(origin.clone());
            }
        }
        value
    }
}

/// Evaluates a call.
pub(super) fn call<'a>(walker: &mut Walker<'a, '_>, call: &'a ast::ExprCall) -> Value<'a> {
    let mut arguments = Arguments {
        at: call.range_start,
        positional: Vec::with_capacity(call.arguments.args.len()),
        named: Vec::with_capacity(call.arguments.keywords.len()),
        starred: false,
        node: &call.arguments,
    };
    for argument in &call.arguments.args {
        arguments.starred |= argument.is_starred_expr();
        let value = walker.expression(argument);
        arguments.positional.push(value);
    }
    for keyword in &call.arguments.keywords {
        let value = walker.expression(&keyword.value);
        let name = keyword.arg.as_ref().map(|name| name.as_str());
        arguments.starred |= name.is_none();
        arguments.named.push((name, value));
    }
    let first = first_texts(call);
    let function = walker.callee(&call.func, first);
    if let Expr::Attribute(attribute) = &*call.func
        && !function.is_client()
    {
        let taint = arguments.objects();
        if !taint.origins().is_empty() {
            walker.put_into(&attribute.value, &taint);
        }
    }
    let last = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    };
    if function.is_container() && function.is_client() && libraries::is_container_method(last) {
        return match last {
            "get" | "pop" | "popleft" | "setdefault" => function.element(),
            _ => function,
        };
    }
    let mut result = Value::default();
    for origin in function.origins() {
        let given = match origin {
            Origin::Path(path) if libraries::is_client(path) => call_client(walker, path, &arguments),
            Origin::Path(path) => call_path(walker, path, last, &arguments),
            Origin::Client(_) => {
                walker.emit(
                    arguments.at,
                    "control_write_possible",
                    Category::PotentialWrite,
                    Evidence::Unresolved,
                    "An object of a control system's client library is called.",
                );
                Value::of(Origin::Client(None))
            }
            Origin::Member => {
                possible(
                    walker,
                    arguments.at,
                    "A member of a control system's object is called that may write.",
                );
                Value::of(Origin::Client(None))
            }
            Origin::Local(name) => call_own(
                walker,
                name,
                matches!(&*call.func, Expr::Attribute(_)),
                &arguments,
            ),
            Origin::Instance(_) => call_own(walker, "__call__", true, &arguments),
            Origin::Unknown => {
                if !arguments.taint().origins().is_empty() {
                    possible(
                        walker,
                        arguments.at,
                        "A control system's object is handed to something that could not be resolved.",
                    );
                }
                if let Some(risk) = risk::of_method(last) {
                    walker.emit_risk(arguments.at, risk);
                }
                Value::unknown().joined(&arguments.taint())
            }
            Origin::Container(_) | Origin::Text(_) | Origin::Number(_) | Origin::Harmless => {
                hand_on(walker, last, &arguments);
                if let Some(risk) = risk::of_method(last) {
                    walker.emit_risk(arguments.at, risk);
                }
                Value::harmless().joined(&arguments.taint())
            }
        };
        result.join(&given);
    }
    result
}

fn possible(walker: &mut Walker<'_, '_>, at: TextSize, why: &str) {
    walker.emit(
        at,
        "control_write_possible",
        Category::PotentialWrite,
        Evidence::Unresolved,
        why,
    );
}

/// A function that calls what it is given must not be given an unknown member.
fn hand_on(walker: &mut Walker<'_, '_>, name: &str, arguments: &Arguments<'_>) {
    if libraries::calls_its_argument(name) && arguments.all().any(|value| value.has(&Origin::Member)) {
        possible(
            walker,
            arguments.at,
            "A member of a control system's object is handed on to be called; it may write.",
        );
    }
}

/// The literal texts of a call's first argument: a text, or a list or dictionary of texts.
fn first_texts(call: &ast::ExprCall) -> Option<Vec<String>> {
    let literal = |expression: &Expr| match expression {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    };
    let first = match call.arguments.args.first() {
        Some(first) => first,
        None => call
            .arguments
            .keywords
            .iter()
            .find(|keyword| {
                keyword.arg.as_ref().is_some_and(|name| {
                    matches!(name.as_str(), "pvname" | "channel" | "channel_address" | "name")
                })
            })
            .map(|keyword| &keyword.value)?,
    };
    match first {
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
            elts.iter().map(literal).collect()
        }
        Expr::Dict(dictionary) => dictionary
            .items
            .iter()
            .map(|item| item.key.as_ref().and_then(literal))
            .collect(),
        other => literal(other).map(|text| vec![text]),
    }
    .filter(|texts: &Vec<String>| !texts.is_empty())
}

fn call_client<'a>(walker: &mut Walker<'a, '_>, path: &Rc<str>, arguments: &Arguments<'a>) -> Value<'a> {
    let last = path.rsplit('.').next().unwrap_or(path);
    match libraries::member(last) {
        Member::Object => {
            let channel = match arguments.get(0, "pvname").and_then(Value::texts).as_deref() {
                Some([only]) if libraries::names_channel(last) => Some(only.clone()),
                _ => None,
            };
            if arguments.named.iter().any(|(name, _)| *name == Some("callback")) {
                walker.emit(
                    arguments.at,
                    "control_read",
                    Category::Read,
                    Evidence::Resolved,
                    "A callback is told the values of a channel.",
                );
            }
            Value::of(Origin::Client(channel))
        }
        Member::Write | Member::Read | Member::Quiet => Value::harmless(),
        Member::Unlisted => {
            possible(
                walker,
                arguments.at,
                &format!("'{path}' belongs to a control system's client library and may write."),
            );
            Value::of(Origin::Client(None))
        }
    }
}

fn call_own<'a>(
    walker: &mut Walker<'a, '_>,
    name: &'a str,
    bound: bool,
    arguments: &Arguments<'a>,
) -> Value<'a> {
    let mut result = Value::default();
    let is_class = walker.names.is_class(name);
    if is_class {
        result.join(&walker.names.instance(name));
    }
    let functions = if is_class {
        walker.names.functions("__init__")
    } else {
        walker.names.functions(name)
    };
    for function in functions {
        let skipped = usize::from(function.is_method && (bound || is_class));
        for (index, parameter) in function.parameters.iter().skip(skipped).enumerate() {
            let value = if arguments.starred {
                Value::unknown().joined(&arguments.taint())
            } else {
                arguments.get(index, parameter).cloned().unwrap_or_default()
            };
            walker.names.bind_in(function.scope, parameter, &value);
        }
        if !is_class {
            let given = walker.names.given(function.scope);
            result.join(&given);
        }
    }
    if result.origins().is_empty() {
        result.add(Origin::Harmless);
    }
    result
}

/// Calls a name of Python's own modules, or of a module of which nothing is known.
fn call_path<'a>(
    walker: &mut Walker<'a, '_>,
    path: &str,
    last: &str,
    arguments: &Arguments<'a>,
) -> Value<'a> {
    if !libraries::is_harmless(path, walker.safe_modules) {
        if !arguments.taint().origins().is_empty() {
            possible(
                walker,
                arguments.at,
                "A control system's object is handed to a module of which nothing is known.",
            );
        }
        return Value::unknown();
    }
    match path {
        "builtins.getattr" => return get_attribute(walker, arguments),
        "builtins.setattr" | "builtins.delattr" => return set_attribute(walker, arguments),
        "builtins.super" => return walker.parent_object(),
        "builtins.vars" if !arguments.positional.is_empty() => {
            let value = arguments.joined();
            if !value.is_harmless(walker.safe_modules) {
                reflection(walker, arguments.at, "The dictionary of an object is reached.");
            }
            return value.joined(&Value::unknown());
        }
        "builtins.globals" | "builtins.locals" | "builtins.vars" => return Value::path(format!("{path}()")),
        "builtins.open" | "io.open" | "codecs.open" | "gzip.open" | "bz2.open" | "lzma.open"
        | "os.fdopen" => {
            open(walker, arguments, 1);
            return Value::harmless();
        }
        "builtins.__import__" | "importlib.import_module" => return import(walker, arguments),
        "operator.methodcaller" | "operator.attrgetter" => {
            let harmless = arguments
                .get(0, "name")
                .and_then(Value::texts)
                .is_some_and(|texts| texts.iter().all(|text| !may_write(text)));
            if !harmless {
                reflection(
                    walker,
                    arguments.at,
                    "A member is reached by a name that may be a write.",
                );
            }
            return Value::harmless();
        }
        "socket.create_connection" | "asyncio.open_connection" => {
            let index = if path.starts_with("socket") { None } else { Some(1) };
            connect(walker, arguments, index);
            return Value::path("socket.socket()");
        }
        "socket.socket().connect" | "socket.socket().connect_ex" => {
            connect(walker, arguments, None);
            return Value::harmless();
        }
        "socket.socket().sendto" | "socket.socket().sendmsg" => {
            let last = arguments.positional.len().saturating_sub(1);
            connect_to(walker, arguments, arguments.node.args.get(last));
            return Value::harmless();
        }
        "os.environ.update"
        | "os.environ.setdefault"
        | "os.environ.pop"
        | "os.environ.clear"
        | "os.environ.__setitem__"
        | "os.putenv"
        | "os.unsetenv" => {
            if arguments.get(0, "key").is_none_or(is_guarding_variable) {
                walker.emit_fact(
                    arguments.at,
                    "guard_tamper",
                    Category::Risk,
                    Severity::High,
                    Evidence::Resolved,
                    "The environment that guards the run is changed.",
                    Vec::new(),
                );
            }
            return Value::harmless();
        }
        "numpy.load" => {
            if arguments
                .named
                .iter()
                .any(|(name, _)| *name == Some("allow_pickle"))
                && let Some(risk) = risk::of("pickle.load")
            {
                walker.emit_risk(arguments.at, risk);
            }
            return Value::harmless();
        }
        "yaml.load"
            if arguments.named.iter().any(|(name, value)| {
                *name == Some("Loader")
                    && value
                        .origins()
                        .iter()
                        .all(|origin| matches!(origin, Origin::Path(path) if path.ends_with("SafeLoader")))
            }) =>
        {
            return Value::harmless();
        }
        "builtins.chr" => return Value::harmless(),
        _ => {}
    }
    if is_namespace(path) {
        return Value::unknown();
    }
    if let Some(rest) = path.strip_prefix("pathlib.") {
        return path_method(walker, rest, arguments);
    }
    if let Some(risk) = risk::of(path) {
        let risk = if risk.rule == "subprocess" {
            process(walker, risk, path, arguments)
        } else {
            risk
        };
        walker.emit_risk(arguments.at, risk);
    }
    hand_on(walker, last, arguments);
    hand_on(walker, path.rsplit('.').next().unwrap_or(path), arguments);
    if path == "socket.socket" {
        return Value::path("socket.socket()");
    }
    let mut result = Value::harmless().joined(&arguments.taint());
    let collects = matches!(
        path,
        "builtins.list"
            | "builtins.dict"
            | "builtins.set"
            | "builtins.tuple"
            | "builtins.sorted"
            | "builtins.reversed"
            | "builtins.zip"
            | "builtins.enumerate"
            | "builtins.map"
            | "builtins.filter"
            | "builtins.frozenset"
    );
    if collects && result.is_client() {
        result = result.contained();
    }
    let root = path.split('.').next().unwrap_or(path);
    let passes_on = matches!(
        root,
        "builtins" | "copy" | "functools" | "itertools" | "contextlib" | "concurrent" | "asyncio" | "weakref"
    );
    if passes_on && arguments.joined().has(&Origin::Unknown) {
        result.add(Origin::Unknown);
    }
    if root == "functools"
        || root == "builtins" && matches!(last, "map" | "filter" | "iter" | "next" | "type")
    {
        for argument in arguments.all() {
            for origin in argument.origins() {
                if matches!(origin, Origin::Local(_) | Origin::Instance(_)) {
                    result.add(origin.clone());
                }
            }
        }
    }
    result
}

fn reflection(walker: &mut Walker<'_, '_>, at: TextSize, why: &str) {
    walker.emit(
        at,
        "reflection",
        Category::PotentialWrite,
        Evidence::Unresolved,
        why,
    );
}

/// Whether a member of this name may be a write of some client library.
fn may_write(name: &str) -> bool {
    name.split('.').any(|part| {
        libraries::member(part) == Member::Write || libraries::is_gateway(part) || part == "value"
    })
}

fn get_attribute<'a>(walker: &mut Walker<'a, '_>, arguments: &Arguments<'a>) -> Value<'a> {
    let Some(object) = arguments.get(0, "").cloned() else {
        reflection(walker, arguments.at, "A member is reached by a computed name.");
        return Value::unknown();
    };
    let name = arguments.node.args.get(1).and_then(|node| match node {
        Expr::StringLiteral(literal) => Some(literal.value.to_str()),
        _ => None,
    });
    if let Some(name) = name {
        if libraries::is_gateway(name) || (object.is_unknown() && may_write(name)) {
            reflection(
                walker,
                arguments.at,
                "A member is reached by its name that may be a write.",
            );
        }
        let mut value = walker.member_of(&object, name, arguments.at, false, None);
        if let Some(fallback) = arguments.positional.get(2) {
            value.join(fallback);
        }
        return value;
    }
    let folded = arguments.get(1, "").and_then(Value::texts);
    let on_builtins = object
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Path(path) if is_powerful(path)));
    if object.is_harmless(walker.safe_modules) && !on_builtins {
        return Value::harmless();
    }
    match folded {
        Some(texts) if object.is_client() && texts.iter().any(|text| may_write(text)) => {
            walker.control_write(
                arguments.at,
                &object,
                None,
                format!(
                    "'{}' of a control system's library is reached by its name.",
                    texts.join("', '")
                ),
            );
            Value::of(Origin::Client(None))
        }
        Some(texts) if on_builtins && texts.len() == 1 && object.origins().len() == 1 => {
            let Origin::Path(path) = &object.origins()[0] else {
                return Value::unknown();
            };
            let full = format!("{path}.{}", texts[0]);
            if let Some(risk) = risk::of(&full) {
                walker.emit_risk(arguments.at, risk);
            }
            Value::path(full)
        }
        _ => {
            reflection(walker, arguments.at, "A member is reached by a computed name.");
            if object.is_client() {
                Value::of(Origin::Client(None))
            } else {
                Value::unknown()
            }
        }
    }
}

/// Whether a computed member of the module `path` could be anything dangerous.
fn is_powerful(path: &str) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    matches!(
        root,
        "builtins"
            | "os"
            | "posix"
            | "sys"
            | "subprocess"
            | "importlib"
            | "ctypes"
            | "shutil"
            | "pickle"
            | "socket"
            | "asyncio"
            | "operator"
            | "types"
            | "inspect"
            | "gc"
            | "code"
            | "runpy"
            | "pty"
            | "cffi"
    )
}

fn set_attribute<'a>(walker: &mut Walker<'a, '_>, arguments: &Arguments<'a>) -> Value<'a> {
    let object = arguments.get(0, "").cloned().unwrap_or_else(Value::unknown);
    if object.is_client() {
        walker.control_write(
            arguments.at,
            &object,
            None,
            "Setting a member of a control system's object writes to it.".to_owned(),
        );
        return Value::harmless();
    }
    let texts = arguments.get(1, "").and_then(Value::texts);
    match texts {
        Some(texts) => {
            if object.is_unknown() && texts.iter().any(|text| may_write(text)) {
                reflection(
                    walker,
                    arguments.at,
                    "A member is set by its name that may be a write.",
                );
            }
            for origin in object.origins() {
                if let Origin::Path(path) = origin
                    && texts.iter().any(|text| guards(path, text))
                {
                    walker.emit_fact(
                        arguments.at,
                        "guard_tamper",
                        Category::Risk,
                        Severity::High,
                        Evidence::Resolved,
                        "A member of a module is replaced, which others rely on.",
                        Vec::new(),
                    );
                }
            }
            if let Some(Expr::StringLiteral(name)) = arguments.node.args.get(1)
                && let Some(value) = arguments.positional.get(2)
            {
                walker.names.bind_field(name.value.to_str(), value);
            }
        }
        None if object.is_harmless(walker.safe_modules)
            && !object
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Path(_))) => {}
        None => reflection(walker, arguments.at, "A member is set by a computed name."),
    }
    Value::harmless()
}

fn import<'a>(walker: &mut Walker<'a, '_>, arguments: &Arguments<'a>) -> Value<'a> {
    let mut risk = Risk {
        rule: "dynamic_import",
        category: Category::PotentialWrite,
        severity: Severity::High,
        why: "A module is imported by a name that is made at run time.",
    };
    let Some(names) = arguments.get(0, "name").and_then(Value::texts) else {
        walker.emit_risk(arguments.at, risk);
        return Value::unknown();
    };
    let mut value = Value::default();
    if names
        .iter()
        .all(|name| libraries::is_client(name) || libraries::is_harmless(name, walker.safe_modules))
    {
        risk.category = Category::Risk;
        risk.why = "A module is imported by a call.";
    }
    for name in names {
        walker.note_import(&name, arguments.at);
        value.add(Origin::Path(name));
    }
    walker.emit_risk(arguments.at, risk);
    value
}

fn open(walker: &mut Walker<'_, '_>, arguments: &Arguments<'_>, index: usize) {
    let reads_only = if arguments.starred {
        false
    } else {
        match arguments.get(index, "mode") {
            None => true,
            Some(mode) => mode
                .texts()
                .is_some_and(|modes| modes.iter().all(|mode| !mode.contains(['w', 'a', 'x', '+']))),
        }
    };
    if !reads_only {
        walker.emit_fact(
            arguments.at,
            "file_write",
            Category::Risk,
            Severity::Warning,
            Evidence::Resolved,
            "A file is written.",
            Vec::new(),
        );
    }
}

fn path_method<'a>(walker: &mut Walker<'a, '_>, path: &str, arguments: &Arguments<'a>) -> Value<'a> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let (rule, severity, why) = match last {
        "unlink" | "rmdir" => ("file_delete", Severity::High, "Files are deleted."),
        "write_text" | "write_bytes" | "touch" | "mkdir" | "rename" | "replace" | "symlink_to"
        | "hardlink_to" | "chmod" => ("file_write", Severity::Warning, "Files are written."),
        "open" => {
            open(walker, arguments, 0);
            return Value::harmless();
        }
        "read_text" | "read_bytes" | "exists" | "is_file" | "is_dir" | "stat" | "as_posix" => {
            return Value::harmless();
        }
        _ => return Value::path("pathlib.Path()"),
    };
    walker.emit_fact(
        arguments.at,
        rule,
        Category::Risk,
        severity,
        Evidence::Resolved,
        why,
        Vec::new(),
    );
    Value::path("pathlib.Path()")
}

/// Looks at the port a connection goes to: a positional argument, or the second part of an address.
fn connect<'a>(walker: &mut Walker<'a, '_>, arguments: &Arguments<'a>, port: Option<usize>) {
    match port {
        Some(index) => {
            let ports = arguments.get(index, "port").and_then(Value::numbers);
            network(walker, arguments.at, ports);
        }
        None => connect_to(walker, arguments, arguments.node.args.first()),
    }
}

fn connect_to<'a>(walker: &mut Walker<'a, '_>, arguments: &Arguments<'a>, address: Option<&'a Expr>) {
    let ports = match address {
        Some(Expr::Tuple(tuple)) if tuple.elts.len() >= 2 => walker.expression(&tuple.elts[1]).numbers(),
        _ => None,
    };
    network(walker, arguments.at, ports);
}

fn network(walker: &mut Walker<'_, '_>, at: TextSize, ports: Option<Vec<i64>>) {
    let harmless =
        ports.is_some_and(|ports| ports.iter().all(|port| !libraries::CONTROL_PORTS.contains(port)));
    walker.emit_risk(
        at,
        if harmless {
            Risk {
                rule: "network",
                category: Category::Risk,
                severity: Severity::Warning,
                why: "A network connection is opened.",
            }
        } else {
            Risk {
                rule: "network",
                category: Category::PotentialWrite,
                severity: Severity::High,
                why: "A network connection is opened that may reach a control system.",
            }
        },
    );
}

/// Looks at which program a process runs.
fn process<'a>(walker: &mut Walker<'a, '_>, mut risk: Risk, path: &str, arguments: &Arguments<'a>) -> Risk {
    let plain = !arguments.starred
        && !arguments
            .named
            .iter()
            .any(|(name, _)| matches!(*name, Some("executable" | "preexec_fn" | "env" | "pass_fds")));
    let index =
        usize::from(path.contains("spawn") && !path.starts_with("pty") && !path.contains("posix_spawn"));
    let node = arguments.node.args.get(index).or_else(|| {
        arguments
            .node
            .keywords
            .iter()
            .find(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "args"))
            .map(|keyword| &keyword.value)
    });
    let Some(node) = node.filter(|_| plain) else {
        return risk;
    };
    let texts = match node {
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
            elts.first().and_then(|first| walker.expression(first).texts())
        }
        other => walker.expression(other).texts(),
    };
    let programs: Option<Vec<String>> = texts.map(|texts| texts.iter().map(|text| program(text)).collect());
    if let Some(programs) = programs
        && programs
            .iter()
            .all(|program| libraries::HARMLESS_PROGRAMS.contains(&program.as_str()))
    {
        risk.category = Category::Risk;
        risk.why = "Another process is started.";
        if programs
            .iter()
            .any(|program| libraries::READING_PROGRAMS.contains(&program.as_str()))
        {
            walker.emit(
                node.start(),
                "control_read",
                Category::Read,
                Evidence::Resolved,
                "A program that reads from the control system is started.",
            );
        }
    }
    risk
}

/// The program that a command runs, or nothing recognisable if a shell does more with it.
fn program(command: &str) -> String {
    if command.contains([';', '|', '&', '$', '`', '>', '<', '\n', '(', '\\']) {
        return String::new();
    }
    let first = command.split_whitespace().next().unwrap_or_default();
    // A program in the working directory may be anything, whatever its name.
    let trusted = !first.contains('/') || first.starts_with("/usr/") || first.starts_with("/bin/");
    let name = first.rsplit('/').next().unwrap_or_default();
    if trusted { name.to_owned() } else { String::new() }
}

/// Whether a change of this environment variable may loosen what guards the run.
pub(super) fn is_guarding_variable(key: &Value<'_>) -> bool {
    match key.texts() {
        None => true,
        Some(names) => names.iter().any(|name| {
            [
                "EPICS_",
                "OSPREY_",
                "HOLDPOINT_",
                "TANGO_",
                "PYTHON",
                "LD_",
                "CONFIG_FILE",
                "PATH",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        }),
    }
}

/// Whether replacing `path.name` changes what other code relies on.
pub(super) fn guards(path: &str, name: &str) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    let replaceable = root == "sys" && matches!(name, "stdout" | "stderr" | "stdin" | "argv" | "path");
    let guarded = matches!(
        root,
        "builtins"
            | "sys"
            | "os"
            | "posix"
            | "math"
            | "time"
            | "socket"
            | "subprocess"
            | "importlib"
            | "io"
            | "json"
            | "threading"
            | "types"
            | "inspect"
            | "operator"
            | "functools"
    );
    guarded && !path.contains("()") && !replaceable
}
