//! What Python's own modules can do that a human should see: processes, dynamic code, native code,
//! the network, files. Found by the resolved name of what is called, never by its spelling.

use crate::model::{Category, Severity};

/// The stable rule ids of risks.
pub const RISK_RULES: &[&str] = &[
    "subprocess",
    "dynamic_exec",
    "dynamic_import",
    "reflection",
    "native_code",
    "network",
    "file_write",
    "file_delete",
    "deserialization",
    "guard_tamper",
    "syntax_error",
];

/// One risk that a name carries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Risk {
    pub(super) rule: &'static str,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) why: &'static str,
}

const fn risk(rule: &'static str, category: Category, severity: Severity, why: &'static str) -> Option<Risk> {
    Some(Risk {
        rule,
        category,
        severity,
        why,
    })
}

/// The risk of calling, or handing on, what `path` names, whatever the arguments.
pub(super) fn of(path: &str) -> Option<Risk> {
    use Category::{PotentialWrite, Risk as Plain};
    use Severity::{High, Warning};
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    let last = path.rsplit('.').next().unwrap_or(path);
    match (root, rest) {
        ("builtins", "exec" | "eval" | "compile" | "breakpoint")
        | ("code" | "codeop" | "runpy" | "pdb" | "bdb" | "doctest" | "cProfile" | "profile" | "trace", _)
        | ("timeit", "timeit" | "repeat" | "Timer")
        | ("types", "FunctionType" | "CodeType" | "LambdaType")
        | ("pandas", "eval")
        | ("IPython", "get_ipython" | "embed" | "start_ipython" | "start_kernel")
        | ("builtins", "get_ipython") => risk(
            "dynamic_exec",
            PotentialWrite,
            High,
            "Code that is made at run time is executed; what it does cannot be seen here.",
        ),
        ("builtins", "__import__") | ("importlib" | "imp" | "pkgutil" | "zipimport", _)
            if !matches!(rest, "" | "metadata" | "resources")
                && !rest.starts_with("metadata.")
                && !rest.starts_with("resources.") =>
        {
            risk(
                "dynamic_import",
                PotentialWrite,
                High,
                "A module is imported by a name that is made at run time.",
            )
        }
        ("gc", "get_objects" | "get_referrers" | "get_referents")
        | (
            "inspect",
            "currentframe" | "stack" | "getmembers" | "getattr_static" | "trace" | "getclosurevars",
        )
        | ("sys", "_getframe" | "modules" | "_current_frames" | "settrace" | "setprofile" | "meta_path")
        | ("sys", "path_hooks" | "addaudithook" | "modules.get" | "modules.pop")
        | ("builtins", "__build_class__" | "__builtins__" | "__loader__" | "__spec__") => risk(
            "reflection",
            PotentialWrite,
            High,
            "Objects are reached around the names that the analysis follows.",
        ),
        ("ctypes" | "_ctypes" | "cffi", _) if is_native(rest) => risk(
            "native_code",
            PotentialWrite,
            High,
            "Native code is called; what it does cannot be seen here.",
        ),
        ("numpy", "ctypeslib.load_library") | ("torch", "ops.load_library" | "utils.cpp_extension.load") => {
            risk(
                "native_code",
                PotentialWrite,
                High,
                "A native library is loaded; what it does cannot be seen here.",
            )
        }
        ("subprocess", "") => None,
        ("subprocess", _) if !is_subprocess_constant(last) => SUBPROCESS,
        ("os" | "posix", _) if is_os_process(last) => SUBPROCESS,
        ("pty", "spawn" | "fork")
        | ("_posixsubprocess", _)
        | ("asyncio", "create_subprocess_shell" | "create_subprocess_exec")
        | ("asyncio", "subprocess.create_subprocess_shell" | "subprocess.create_subprocess_exec")
        | ("multiprocessing", "spawnv_passfds" | "util.spawnv_passfds")
        | ("webbrowser", _) => SUBPROCESS,
        (
            "socket",
            "socket" | "create_connection" | "create_server" | "fromfd" | "socketpair" | "SocketType",
        )
        | ("asyncio", "open_connection" | "open_unix_connection" | "start_server")
        | ("socketserver", _) => risk("network", Plain, Warning, "A network connection is opened."),
        ("multiprocessing", "connection.Client" | "connection.Listener" | "managers.BaseManager") => {
            CONNECTION
        }
        ("telnetlib" | "xmlrpc" | "ftplib" | "smtplib" | "imaplib" | "poplib" | "ssl", _)
        | ("requests" | "httpx" | "aiohttp" | "urllib3" | "boto3" | "botocore" | "urllib" | "http", _)
        | (
            "redis" | "pymongo" | "psycopg" | "psycopg2" | "influxdb" | "influxdb_client" | "elasticsearch",
            _,
        ) if is_network(root, rest) => risk("network", Plain, Warning, "The network is used."),
        ("os" | "posix", "remove" | "unlink" | "rmdir" | "removedirs" | "truncate")
        | ("shutil", "rmtree") => risk("file_delete", Plain, High, "Files are deleted."),
        ("os" | "posix", "rename" | "replace" | "renames" | "mkdir" | "makedirs" | "symlink" | "link")
        | ("os" | "posix", "chmod" | "chown" | "open" | "mknod" | "mkfifo" | "write")
        | ("shutil", "copy" | "copy2" | "copyfile" | "copytree" | "move")
        | ("shelve" | "dbm", "open")
        | ("numpy", "save" | "savez" | "savez_compressed" | "savetxt")
        | ("joblib" | "torch", "save" | "dump")
        | ("tempfile", "NamedTemporaryFile" | "mkstemp" | "mkdtemp") => {
            risk("file_write", Plain, Warning, "Files are written.")
        }
        (
            "pickle" | "_pickle" | "cPickle" | "dill" | "cloudpickle" | "marshal",
            "load" | "loads" | "Unpickler",
        )
        | ("joblib" | "torch", "load")
        | ("pandas", "read_pickle")
        | ("yaml", "load" | "unsafe_load" | "full_load" | "load_all" | "unsafe_load_all") => risk(
            "deserialization",
            Plain,
            High,
            "Data is turned into objects in a way that can run code of its own.",
        ),
        ("os", "putenv" | "unsetenv") => risk(
            "guard_tamper",
            Plain,
            High,
            "The environment that guards the run is changed.",
        ),
        _ => None,
    }
}

/// The risk of handing on what `path` names, where only a visible call can be followed.
pub(super) fn of_reference(path: &str) -> Option<Risk> {
    let followed = matches!(
        path,
        "builtins.getattr"
            | "builtins.setattr"
            | "builtins.delattr"
            | "builtins.vars"
            | "builtins.globals"
            | "builtins.locals"
            | "operator.methodcaller"
            | "operator.attrgetter"
    );
    if !followed {
        return None;
    }
    risk(
        "reflection",
        Category::PotentialWrite,
        Severity::High,
        "A function that reaches members by name is handed on.",
    )
}

/// The risk of calling a method of this name on an object of Python's own.
pub(super) fn of_method(name: &str) -> Option<Risk> {
    match name {
        "subprocess_shell" | "subprocess_exec" => SUBPROCESS,
        "create_datagram_endpoint" | "create_connection" | "sock_connect" | "sock_sendto" => CONNECTION,
        _ => None,
    }
}

const CONNECTION: Option<Risk> = risk(
    "network",
    Category::PotentialWrite,
    Severity::High,
    "A network connection is opened that may reach a control system.",
);

const SUBPROCESS: Option<Risk> = risk(
    "subprocess",
    Category::PotentialWrite,
    Severity::High,
    "Another process is started; what it does cannot be seen here.",
);

fn is_native(rest: &str) -> bool {
    let last = rest.rsplit('.').next().unwrap_or(rest);
    rest.starts_with("cdll")
        || rest.starts_with("windll")
        || rest.starts_with("pythonapi")
        || matches!(
            last,
            "CDLL"
                | "PyDLL"
                | "WinDLL"
                | "OleDLL"
                | "LibraryLoader"
                | "pydll"
                | "oledll"
                | "find_library"
                | "CFUNCTYPE"
                | "PYFUNCTYPE"
                | "memmove"
                | "memset"
                | "cast"
                | "py_object"
                | "string_at"
                | "dlopen"
                | "dlsym"
                | "call_function"
                | "call_cdeclfunction"
                | "FFI"
                | "verify"
        )
}

fn is_subprocess_constant(name: &str) -> bool {
    matches!(
        name,
        "PIPE"
            | "STDOUT"
            | "DEVNULL"
            | "CalledProcessError"
            | "TimeoutExpired"
            | "SubprocessError"
            | "CompletedProcess"
            | "list2cmdline"
    )
}

fn is_os_process(name: &str) -> bool {
    matches!(name, "system" | "popen" | "startfile")
        || name.starts_with("exec")
        || name.starts_with("spawn")
        || name.starts_with("posix_spawn")
}

fn is_network(root: &str, rest: &str) -> bool {
    match root {
        "urllib" => rest.starts_with("request") && rest != "request" && !rest.ends_with("quote"),
        "http" => rest.starts_with("client.") || rest.starts_with("server."),
        "xmlrpc" => rest.contains("ServerProxy") || rest.contains("Server"),
        "ssl" => rest == "get_server_certificate",
        "requests" | "httpx" => {
            !rest.is_empty()
                && !rest.starts_with("exceptions")
                && !rest.ends_with("Error")
                && !rest.ends_with("Exception")
        }
        _ => !rest.is_empty(),
    }
}
