//! What the analysis knows of Python's modules: the client libraries of control systems with their
//! members, and the modules that are harmless to import.

/// The client libraries of control systems, by top-level module.
const CLIENTS: &[&str] = &[
    "epics",
    "p4p",
    "caproto",
    "pvaccess",
    "pvapy",
    "cothread",
    "aioca",
    "ophyd",
    "ophyd_async",
    "bluesky",
    "apstools",
    "tango",
    "PyTango",
    "taurus",
    "fandango",
    "sardana",
    "pydoocs",
    "doocspy",
    "pyoocs",
    "opcua",
    "asyncua",
    "osprey",
    "pcaspy",
    "softioc",
    "pythonSoftIOC",
    "pysmurf",
    "pyads",
    "pymodbus",
    "snap7",
    "labview",
    "pydim",
    "pvapy_utils",
    "pyepics",
    "CaChannel",
    "epicscorelibs",
    "epicsarchiver_client",
    "epicsdbbuilder",
    "pyda",
    "pyjapc",
    "pjlsa",
    "cachannel",
    "happi",
    "lume_epics",
    "pytac",
];

/// Parts of client libraries that reach no control system.
const HARMLESS_PARTS: &[&str] = &[
    "epicsarchiver_client",
    "osprey.context",
    "osprey.utils",
    "p4p.nt",
    "opcua.ua",
    "asyncua.ua",
];

/// What a member of a client library, or of one of its objects, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    /// It writes.
    Write,
    /// It reads.
    Read,
    /// It gives an object of the library.
    Object,
    /// It does neither.
    Quiet,
    /// Nobody knows; using it is a potential write.
    Unlisted,
}

const WRITE: &[&str] = &[
    "caput",
    "caput_many",
    "put",
    "sg_put",
    "move",
    "tweak",
    "stop",
    "drive",
    "mv",
    "mvr",
    "mov",
    "movr",
    "abs_set",
    "rel_set",
    "post",
    "rpc",
    "SharedPV",
    "write",
    "write_channel",
    "write_channels",
    "libca",
    "set",
    "trigger",
    "command_inout",
    "command_inout_asynch",
    "call_method",
    "kickoff",
    "open",
    "process",
    "fput",
    "array_put",
    "home",
    "umv",
    "umvr",
    "configure",
    "softLimits",
    "change_limits",
];
const WRITE_PREFIXES: &[&str] = &["put", "set", "write", "caput", "Set", "Write", "Put", "command_"];
const READ: &[&str] = &[
    "get",
    "value",
    "char_value",
    "read",
    "monitor",
    "subscribe",
    "add_callback",
    "camonitor",
    "caget",
    "caget_many",
    "cainfo",
    "read_channel",
    "read_channels",
    "state",
    "State",
    "Status",
    "status",
    "RBV",
    "readback",
    "position",
    "describe",
    "cainfo_many",
    "history",
    "data",
    "user_readback",
];
const READ_PREFIXES: &[&str] = &["get", "read", "caget", "camonitor", "Get", "Read"];
const OBJECT: &[&str] = &[
    "PV",
    "Device",
    "Motor",
    "get_pv",
    "get_pvs",
    "create_channel",
    "ca",
    "pv",
    "device",
    "devices",
    "motor",
    "sg_create",
    "Context",
    "client",
    "thread",
    "asyncio",
    "sync",
    "threading",
    "Batch",
    "Channel",
    "MultiChannel",
    "catools",
    "EpicsSignal",
    "EpicsSignalRO",
    "EpicsSignalWithRBV",
    "EpicsMotor",
    "Signal",
    "Component",
    "Cpt",
    "FormattedComponent",
    "DynamicDeviceComponent",
    "PVPositioner",
    "PositionerBase",
    "DeviceProxy",
    "AttributeProxy",
    "Group",
    "Database",
    "Client",
    "get_node",
    "nodes",
    "get_root_node",
    "get_objects_node",
    "get_children",
    "get_child",
    "runtime",
    "connector",
    "RunEngine",
    "plans",
    "plan_stubs",
    "raw",
    "cothread",
    "pyepics_compat",
    "get_pv_by_name",
    "sim",
    "signal",
    "areadetector",
    "status",
    "utils",
    "positioner",
    "epics_motor",
    "Alarm",
];
const QUIET: &[&str] = &[
    "close",
    "wait_for_connection",
    "connect",
    "connected",
    "disconnect",
    "reconnect",
    "pvname",
    "name",
    "units",
    "severity",
    "timestamp",
    "precision",
    "upper_disp_limit",
    "lower_disp_limit",
    "upper_ctrl_limit",
    "lower_ctrl_limit",
    "upper_alarm_limit",
    "lower_alarm_limit",
    "upper_warning_limit",
    "lower_warning_limit",
    "enum_strs",
    "nelm",
    "count",
    "ftype",
    "host",
    "access",
    "read_access",
    "write_access",
    "info",
    "type",
    "typefull",
    "chid",
    "put_complete",
    "clear_callbacks",
    "remove_callback",
    "poll",
    "pend_event",
    "pend_io",
    "initialize_libca",
    "finalize_libca",
    "camonitor_clear",
    "sg_block",
    "sg_get",
    "dbr",
    "nt",
    "providers",
    "set_debug",
    "set_timeout_millis",
    "set_source",
    "metadata",
    "wait",
    "ping",
    "dev_name",
    "event_id",
    "attribute_list_query",
    "attribute_query",
    "command_list_query",
    "unsubscribe_event",
    "names",
    "WaitForQuit",
    "Sleep",
    "Event",
    "Timeout",
    "ca_nothing",
    "ChannelAccessException",
    "CASeverityException",
    "clear",
    "done",
    "success",
    "kind",
    "prefix",
    "attrs",
    "component_names",
    "asscalar",
    "tolist",
    "setMaxQueueLength",
    "set_pvAccess",
    "unsubscribe",
    "startMonitor",
    "stopMonitor",
    "run",
    "printexp",
    "show_pvs",
    "purge_io",
    "FORMAT_TIME",
    "FORMAT_CTRL",
    "DevFailed",
    "DevState",
    "Type",
    "Value",
    "NTScalar",
    "NTEnum",
    "setLevel",
    "SubscriptionType",
];

/// Whether `path` (a dotted name) lies in a client library.
pub(super) fn is_client(path: &str) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    CLIENTS.contains(&root)
        && !HARMLESS_PARTS
            .iter()
            .any(|part| path == *part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('.')))
}

/// What the member `name` of a client library or its objects does.
pub(super) fn member(name: &str) -> Member {
    if OBJECT.contains(&name) && !READ.contains(&name) {
        Member::Object
    } else if QUIET.contains(&name) || (name.starts_with("__") && name.ends_with("__")) {
        Member::Quiet
    } else if WRITE.contains(&name) {
        Member::Write
    } else if READ.contains(&name) || READ_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        Member::Read
    } else if WRITE_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        Member::Write
    } else {
        Member::Unlisted
    }
}

/// Whether an object made by `name` stands for one channel, named by its first argument.
pub(super) fn names_channel(name: &str) -> bool {
    matches!(
        name,
        "PV" | "get_pv" | "Channel" | "create_channel" | "EpicsSignal" | "EpicsSignalRO"
    )
}

/// Whether `attribute` leads around the names that the analysis follows.
pub(super) fn is_gateway(attribute: &str) -> bool {
    matches!(
        attribute,
        "__globals__"
            | "__builtins__"
            | "__subclasses__"
            | "__mro__"
            | "__bases__"
            | "__base__"
            | "__code__"
            | "__closure__"
            | "__getattribute__"
            | "__getattr__"
            | "__setattr__"
            | "__delattr__"
            | "__set__"
            | "__self__"
            | "__func__"
            | "__wrapped__"
            | "__loader__"
            | "__spec__"
            | "__reduce__"
            | "__reduce_ex__"
            | "__import__"
            | "__call__"
            | "fset"
            | "fget"
            | "f_globals"
            | "f_locals"
            | "f_builtins"
            | "f_back"
            | "gi_frame"
            | "cr_frame"
            | "ag_frame"
            | "tb_frame"
            | "cell_contents"
    )
}

/// Whether a function of this name calls what it is given.
pub(super) fn calls_its_argument(name: &str) -> bool {
    matches!(
        name,
        "Thread"
            | "Timer"
            | "Process"
            | "submit"
            | "map"
            | "imap"
            | "starmap"
            | "filter"
            | "reduce"
            | "partial"
            | "partialmethod"
            | "register"
            | "signal"
            | "apply"
            | "apply_async"
            | "to_thread"
            | "run_in_executor"
            | "call_soon"
            | "call_later"
            | "call_at"
            | "call_soon_threadsafe"
            | "add_done_callback"
            | "sorted"
            | "max"
            | "min"
            | "iter"
            | "finalize"
            | "enter"
            | "enterabs"
            | "callback"
            | "push"
            | "minimize"
            | "pipe"
            | "vectorize"
            | "frompyfunc"
            | "apply_along_axis"
            | "fromfunction"
            | "runcall"
            | "run"
            | "timeit"
            | "property"
    )
}

/// Methods of Python's own containers, which write nothing but the container.
pub(super) fn is_container_method(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "extend"
            | "insert"
            | "remove"
            | "items"
            | "values"
            | "keys"
            | "get"
            | "pop"
            | "popitem"
            | "popleft"
            | "appendleft"
            | "setdefault"
            | "update"
            | "sort"
            | "reverse"
            | "index"
            | "count"
            | "copy"
            | "clear"
            | "add"
            | "discard"
            | "union"
    )
}

/// The ports of Channel Access, PV Access and the Tango database.
pub(super) const CONTROL_PORTS: &[i64] = &[5064, 5065, 5075, 5076, 5084, 10000, 4840, 502, 8888, 48898];

/// Command-line programs that reach no control system, or only read from one.
pub(super) const HARMLESS_PROGRAMS: &[&str] = &[
    "caget",
    "camonitor",
    "cainfo",
    "pvget",
    "pvmonitor",
    "pvinfo",
    "pvlist",
    "ls",
    "date",
    "uname",
    "hostname",
    "whoami",
    "pwd",
    "echo",
    "cat",
    "head",
    "tail",
    "wc",
    "df",
    "du",
    "free",
    "uptime",
    "nproc",
    "lscpu",
    "id",
    "true",
    "false",
    "sleep",
    "which",
    "printenv",
];

/// The programs among them that read from a control system.
pub(super) const READING_PROGRAMS: &[&str] = &[
    "caget",
    "camonitor",
    "cainfo",
    "pvget",
    "pvmonitor",
    "pvinfo",
    "pvlist",
];

/// Modules whose import is harmless: Python's own and the common scientific ones.
const HARMLESS: &[&str] = &[
    "__future__",
    "_thread",
    "abc",
    "aifc",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "atexit",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "calendar",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "compileall",
    "compression",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "cProfile",
    "csv",
    "ctypes",
    "_ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "doctest",
    "email",
    "encodings",
    "enum",
    "errno",
    "faulthandler",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "imaplib",
    "imp",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "marshal",
    "math",
    "mimetypes",
    "mmap",
    "multiprocessing",
    "netrc",
    "numbers",
    "operator",
    "opcode",
    "optparse",
    "os",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posix",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "py_compile",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "_posixsubprocess",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tarfile",
    "telnetlib",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "timeit",
    "tkinter",
    "token",
    "tokenize",
    "tomllib",
    "trace",
    "traceback",
    "tracemalloc",
    "turtle",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
    "typing_extensions",
    // The common scientific ones, and those of data, plots and the web.
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "mpl_toolkits",
    "pylab",
    "seaborn",
    "plotly",
    "bokeh",
    "altair",
    "sklearn",
    "statsmodels",
    "sympy",
    "xarray",
    "dask",
    "numba",
    "numexpr",
    "h5py",
    "tables",
    "netCDF4",
    "pyarrow",
    "polars",
    "duckdb",
    "sqlalchemy",
    "PIL",
    "imageio",
    "skimage",
    "cv2",
    "networkx",
    "torch",
    "torchvision",
    "tensorflow",
    "keras",
    "jax",
    "jaxlib",
    "flax",
    "lightgbm",
    "xgboost",
    "lmfit",
    "emcee",
    "corner",
    "uncertainties",
    "pint",
    "astropy",
    "at",
    "pyat",
    "elegant",
    "ocelot",
    "cpymad",
    "xtrack",
    "xobjects",
    "xpart",
    "pmd_beamphysics",
    "gpytorch",
    "botorch",
    "xopt",
    "optuna",
    "nevergrad",
    "tqdm",
    "rich",
    "tabulate",
    "click",
    "typer",
    "yaml",
    "ruamel",
    "toml",
    "tomli",
    "jinja2",
    "pydantic",
    "attr",
    "attrs",
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "boto3",
    "botocore",
    "fastapi",
    "starlette",
    "flask",
    "pytest",
    "hypothesis",
    "dateutil",
    "pytz",
    "tzlocal",
    "orjson",
    "ujson",
    "msgpack",
    "simplejson",
    "joblib",
    "cloudpickle",
    "dill",
    "psutil",
    "IPython",
    "ipywidgets",
    "nbformat",
    "openpyxl",
    "xlrd",
    "xlsxwriter",
    "markdown",
    "bs4",
    "lxml",
    "regex",
    "pyvista",
    "trimesh",
    "shapely",
    "control",
    "filterpy",
    "pywt",
    "noisereduce",
    "soundfile",
    "holoviews",
    "panel",
    "dash",
    "streamlit",
    "redis",
    "pymongo",
    "psycopg",
    "psycopg2",
    "influxdb",
    "influxdb_client",
    "elasticsearch",
    "mlflow",
    "wandb",
    "cffi",
];

/// Whether `path` lies in a module that is harmless to import.
pub(super) fn is_harmless(path: &str, own: &[String]) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    HARMLESS.contains(&root)
        || HARMLESS_PARTS
            .iter()
            .any(|part| path == *part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('.')))
        || own.iter().any(|module| {
            path == module
                || path
                    .strip_prefix(module.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        })
}

/// Names of Python's built-in functions and types.
pub(super) const BUILTINS: &[&str] = &[
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "__import__",
    "__build_class__",
    "__builtins__",
    "__loader__",
    "__spec__",
    "get_ipython",
    "True",
    "False",
    "None",
    "Ellipsis",
    "NotImplemented",
    "__name__",
    "__file__",
    "__doc__",
    "__debug__",
    "BaseException",
    "Exception",
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "EnvironmentError",
    "BaseExceptionGroup",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
];
