//! The wall around a program: who it runs as, what it sees, what it may use.
//!
//! [`Sandbox::command_line`] is the one place where the wall is put together.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use rustix::process::{getegid, geteuid};

use super::{
    ExecutionError,
    cgroup::{Ceiling, Cgroups, RunGroup},
    ground::{Ground, INSTALL},
    host::{Account, Launcher, orders_text, run_bounded, said},
    interpreter::Interpreter,
    launcher::{Aim, Calls, Enter, Files, HandOver, Limits, Look, Sockets, WALL, Wall},
};
use crate::config::{ExecutionSettings, Isolation};

/// Where the program's directories stand inside the sandbox.
const INPUT: &str = "/input";
const WORK: &str = "/workspace";

/// The system's own directories, which every program sees.
const SYSTEM: [&str; 9] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/fonts",
];

/// What of the private `/dev` may be written.
const DEVICES: [&str; 9] = [
    "/dev/shm",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// The bytes of each private memory file system: `/tmp` and `/dev/shm`.
const TMPFS_BYTES: u64 = 64 << 20;

/// The most bytes that Channel Access clients take for one value.
const MAX_ARRAY_BYTES: &str = "67108864";

/// The most open files of one process.
const OPEN_FILES: u64 = 1024;

/// What bubblewrap says where it does not know how to turn nested user namespaces off.
const UNKNOWN_OPTION: &str = "Unknown option --disable-userns";

/// Where the launcher stands inside the sandbox.
const LAUNCHER: &str = "/holdpoint-launch";

/// The directories a program is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) input: &'a Path,
    pub(super) work: &'a Path,
    pub(super) tmp: &'a Path,
}

/// What is run in the sandbox.
#[derive(Debug, Clone, Copy)]
pub(super) enum Program<'a> {
    /// The runner, which imports these modules before it is ready.
    Runner(&'a [String]),
    /// This text, by `python -c`.
    Text(&'a str),
    /// Nothing of ours: the command `true`.
    Nothing,
}

/// One start in the sandbox.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) place: Place<'a>,
    pub(super) time: Duration,
    pub(super) program: Program<'a>,
    /// The sockets that are handed out.
    pub(super) sockets: Option<Sockets>,
    /// The run's control group.
    pub(super) group: Option<&'a RunGroup>,
    /// The name of an environment variable that only this tree has, where no namespace holds it together.
    pub(super) mark: &'a str,
}

/// The wall, as this host can build it.
#[derive(Debug, Clone)]
pub(super) struct Sandbox {
    /// Which one it is; never [`Isolation::Auto`].
    pub(super) isolation: Isolation,
    pub(super) account: Option<Account>,
    pub(super) interpreter: Interpreter,
    pub(super) look: Look,
    /// Where the control groups of runs are made, if they are.
    pub(super) cgroups: Option<Cgroups>,
    /// Whether the program is kept from making user namespaces of its own by bubblewrap too.
    pub(super) nested_namespaces_off: bool,
    settings: ExecutionSettings,
    launcher: Launcher,
    /// bubblewrap, where it is used.
    bwrap: Option<PathBuf>,
    /// Where the directories are handed over, where the service is root and uses bubblewrap.
    place: Option<PathBuf>,
}

impl Sandbox {
    /// Plans the wall of an isolation; nothing is started yet.
    pub(super) fn plan(
        ground: &Ground,
        isolation: Isolation,
        settings: &ExecutionSettings,
    ) -> Result<Self, ExecutionError> {
        if let Some(lack) = ground.lacks(isolation) {
            return Err(ExecutionError::NoIsolation(lack));
        }
        let contained = isolation.is_contained();
        let place = (contained && ground.account.is_some())
            .then(|| hand_over_place(&ground.interpreter, &settings.workspace_dir, &ground.launcher))
            .transpose()?;
        let cgroups = match isolation {
            // Where it is not what was asked for, it is a second net all the same.
            Isolation::BubblewrapCgroup | Isolation::Landlock => ground.cgroups.clone().ok(),
            _ => None,
        };
        Ok(Self {
            isolation,
            account: ground.account.clone(),
            interpreter: ground.interpreter.clone(),
            look: ground.look,
            cgroups,
            nested_namespaces_off: true,
            settings: settings.clone(),
            launcher: ground.launcher.clone(),
            bwrap: ground.bwrap.clone().filter(|_| contained),
            place,
        })
    }

    /// Refuses private directories that lie in what every program is shown: they hold the workspaces of other
    /// runs, and the store and the service's socket beside them. Paths that are not there hold nothing.
    pub(super) fn keeps_out(&self, private: &[PathBuf]) -> Result<(), ExecutionError> {
        if self.isolation == Isolation::None {
            return Ok(());
        }
        let system = SYSTEM.iter().map(PathBuf::from);
        let shown: Vec<PathBuf> = system.chain(self.interpreter.directories.clone()).collect();
        for dir in private.iter().filter_map(|dir| fs::canonicalize(dir).ok()) {
            if let Some(shown) = shown
                .iter()
                .find(|shown| fs::canonicalize(shown).is_ok_and(|shown| dir.starts_with(shown)))
            {
                return Err(ExecutionError::NoIsolation(format!(
                    "{} lies in {}, which every program can read, and the service's own data lies in it; move \
                     holdpoint.data_dir elsewhere, or the environment of execution.local.python",
                    dir.display(),
                    shown.display()
                )));
            }
        }
        Ok(())
    }

    /// Starts a sandbox to see that it stands: a program in it must run.
    pub(super) fn try_out(&mut self, place: Place<'_>) -> Result<(), ExecutionError> {
        let mut first = self.trial(place, Program::Text("pass"))?;
        if first.status.success() {
            return Ok(());
        }
        // bubblewrap before 0.8 does not know how to turn nested namespaces off. Whatever else went wrong is
        // no reason to do without.
        if self.isolation.is_contained() && said(&first).contains(UNKNOWN_OPTION) {
            self.nested_namespaces_off = false;
            first = self.trial(place, Program::Text("pass"))?;
            if first.status.success() {
                tracing::warn!(
                    "this bubblewrap is older than 0.8: that programs make no user namespaces of their own is left \
                     to seccomp alone"
                );
                return Ok(());
            }
        }
        let bare = self.trial(place, Program::Nothing)?;
        let interpreter = self.interpreter.executable.display();
        if bare.status.success() {
            return Err(ExecutionError::Interpreter(format!(
                "{interpreter} does not start inside the sandbox: {}",
                said(&first)
            )));
        }
        let advice = match self.isolation.is_contained() {
            true => INSTALL,
            false => "see the message above",
        };
        Err(ExecutionError::NoIsolation(format!(
            "the sandbox cannot be started: {}; {advice}",
            said(&bare)
        )))
    }

    fn trial(&self, place: Place<'_>, program: Program<'_>) -> Result<Output, ExecutionError> {
        self.group()
            .and_then(|group| {
                run_bounded(&self.command_line(Order {
                    place,
                    time: Duration::from_secs(30),
                    program,
                    sockets: None,
                    group: group.as_ref(),
                    mark: "HOLDPOINT_TRIAL",
                })?)
            })
            .map_err(|error| ExecutionError::NoIsolation(format!("the sandbox cannot be started: {error}")))
    }

    /// Makes the control group of a run, where there are any.
    pub(super) fn group(&self) -> std::io::Result<Option<RunGroup>> {
        let ceiling = Ceiling {
            memory_bytes: self.settings.max_memory_bytes,
            processes: self.settings.max_processes,
        };
        self.cgroups
            .as_ref()
            .map(|cgroups| cgroups.create(ceiling))
            .transpose()
    }

    /// The user whose files the program's are.
    pub(super) fn owner(&self) -> u32 {
        self.account
            .as_ref()
            .map_or_else(|| geteuid().as_raw(), |account| account.uid)
    }

    /// The whole command: the launcher's outer stage, the wall, the launcher's inner stage, the program.
    pub(super) fn command_line(&self, order: Order<'_>) -> std::io::Result<Vec<OsString>> {
        let place = order.place;
        let mut hand_over = None;
        let aim = match &self.bwrap {
            Some(bwrap) => {
                let mut outside = [place.input, place.work, &self.launcher.path].map(Path::to_path_buf);
                if let Some(at) = &self.place {
                    let names = ["input", "work", "launch"];
                    let binds = names.map(str::to_owned).into_iter().zip(outside).collect();
                    outside = names.map(|name| at.join(name));
                    hand_over = Some(HandOver {
                        place: at.clone(),
                        binds,
                    });
                }
                let mut line = Line::default();
                line.add(bwrap);
                self.namespaces(&mut line, &outside);
                let inside = Place {
                    input: Path::new(INPUT),
                    work: Path::new(WORK),
                    tmp: Path::new("/tmp"),
                };
                let wall = self.inner(inside, order, true);
                line.add(LAUNCHER).add(WALL).add(orders_text(&wall)?);
                Aim::Become(line.text()?)
            }
            None => Aim::Keep(Box::new(self.inner(place, order, false))),
        };
        self.launcher.enter(&Enter {
            groups: order.group.map_or_else(Vec::new, |group| group.dirs().to_vec()),
            hand_over,
            user: self.account.as_ref().map(Account::user),
            aim,
        })
    }

    /// The orders of the launcher's inner stage. `inside` are the program's directories as it sees them.
    fn inner(&self, inside: Place<'_>, order: Order<'_>, contained: bool) -> Wall {
        // A program may keep every core busy for its whole time; the wall clock is the supervisor's.
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        let limits = &self.settings;
        let python = self.interpreter.executable.display().to_string();
        let text = |path: &Path| path.display().to_string();
        let line = match order.program {
            Program::Nothing => vec!["true".to_owned()],
            Program::Text(program) => [&python, "-I", "-B", "-c", program].map(str::to_owned).to_vec(),
            Program::Runner(preload) => {
                let runner = [
                    python,
                    "-I".to_owned(),
                    "-B".to_owned(),
                    text(&inside.input.join("runner.py")),
                    text(inside.input),
                    text(inside.work),
                ];
                runner.into_iter().chain(preload.iter().cloned()).collect()
            }
        };
        let mut environment = self.environment(inside.work, inside.tmp, order.sockets);
        if !contained {
            environment.insert(order.mark.to_owned(), "1".to_owned());
        }
        Wall {
            sockets: order.sockets,
            limits: Limits {
                address_space: limits.max_memory_bytes,
                file_size: limits.max_file_bytes,
                cpu_seconds: order.time.as_secs().saturating_add(1).saturating_mul(cores),
                open_files: OPEN_FILES,
                // Without a namespace of its own a program would share this limit with everything else that
                // its user runs, and fail for what others do.
                processes: contained.then_some(limits.max_processes),
            },
            files: self.files(inside),
            calls: match self.isolation {
                Isolation::None => None,
                Isolation::Landlock => Some(Calls::Shared),
                _ => Some(Calls::Namespaced),
            },
            environment,
            directory: inside.work.to_path_buf(),
            line,
        }
    }

    /// What Landlock leaves of the file system.
    fn files(&self, inside: Place<'_>) -> Option<Files> {
        match self.isolation {
            Isolation::None => None,
            // The view that bubblewrap builds holds nothing else than what the program is shown.
            Isolation::BubblewrapCgroup | Isolation::Bubblewrap | Isolation::Auto => Some(Files {
                read: vec!["/".into()],
                write: [WORK, "/tmp"].iter().chain(&DEVICES).map(PathBuf::from).collect(),
            }),
            Isolation::Landlock => {
                let further = [
                    "/etc/ld.so.cache",
                    "/etc/localtime",
                    "/dev/urandom",
                    "/dev/random",
                    "/dev/zero",
                    "/proc/self",
                    "/proc/cpuinfo",
                    "/proc/meminfo",
                    "/proc/stat",
                    "/sys/devices/system/cpu",
                ];
                let system = SYSTEM.into_iter().chain(further).map(PathBuf::from);
                Some(Files {
                    read: system
                        .chain(self.interpreter.directories.clone())
                        .chain([inside.input.to_path_buf()])
                        .collect(),
                    write: vec![
                        inside.work.to_path_buf(),
                        inside.tmp.to_path_buf(),
                        "/dev/null".into(),
                    ],
                })
            }
        }
    }

    /// bubblewrap's part: namespaces and file system. `outside` are input, work and launcher.
    fn namespaces(&self, line: &mut Line, outside: &[PathBuf; 3]) {
        line.all([
            "--unshare-user",
            "--unshare-ipc",
            "--unshare-pid",
            "--unshare-uts",
            "--unshare-net",
            "--unshare-cgroup-try",
        ]);
        if self.nested_namespaces_off {
            line.add("--disable-userns");
        }
        line.all([
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--hostname",
            "sandbox",
            "--clearenv",
        ]);
        line.all(["--ro-bind", "/usr", "/usr"]);
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            let path = Path::new("/").join(name);
            match fs::read_link(&path) {
                Ok(target) => {
                    line.add("--symlink").add(target).add(&path);
                }
                Err(_) if path.is_dir() => {
                    line.add("--ro-bind").add(&path).add(&path);
                }
                Err(_) => {}
            }
        }
        for file in [
            "/etc/ld.so.cache",
            "/etc/alternatives",
            "/etc/fonts",
            "/etc/localtime",
        ] {
            line.all(["--ro-bind-try", file, file]);
        }
        for dir in &self.interpreter.directories {
            line.add("--ro-bind").add(dir).add(dir);
        }
        let size = TMPFS_BYTES.to_string();
        line.all(["--proc", "/proc", "--dev", "/dev"]);
        line.all([
            "--size", &size, "--tmpfs", "/dev/shm", "--size", &size, "--tmpfs", "/tmp",
        ]);
        let [input, work, launcher] = outside;
        line.add("--ro-bind").add(launcher).add(LAUNCHER);
        line.add("--ro-bind").add(input).add(INPUT);
        line.add("--bind").add(work).add(WORK);
        // Only now: before, bubblewrap could not make the places it binds to.
        line.all(["--remount-ro", "/", "--chdir", WORK, "--"]);
    }

    /// The program's whole environment.
    fn environment(&self, home: &Path, tmp: &Path, sockets: Option<Sockets>) -> BTreeMap<String, String> {
        let (home, tmp) = (home.display().to_string(), tmp.display().to_string());
        let fixed = [
            ("PATH", "/usr/bin:/bin"),
            ("HOME", &home),
            ("USER", "holdpoint"),
            ("LANG", "C.UTF-8"),
            ("TMPDIR", &tmp),
            ("XDG_CACHE_HOME", &tmp),
            ("MPLBACKEND", "Agg"),
            ("MPLCONFIGDIR", &tmp),
            // Every thread of these libraries reserves address space, which is limited.
            ("OMP_NUM_THREADS", "1"),
            ("OPENBLAS_NUM_THREADS", "1"),
            ("MKL_NUM_THREADS", "1"),
            ("NUMEXPR_NUM_THREADS", "1"),
        ];
        let mut variables: BTreeMap<String, String> = fixed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        variables.extend(self.settings.local.environment.clone());
        if let Some(sockets) = sockets {
            // Clients look at the gateway's sockets, whatever the settings say of other places.
            variables.retain(|name, _| !name.starts_with("EPICS_"));
            variables.extend(gateway_variables(sockets));
        }
        variables
    }

    /// The user and group the program runs as, for the operator.
    pub(super) fn user(&self) -> String {
        match &self.account {
            Some(account) => format!("{} ({}:{})", account.name, account.uid, account.gid),
            None => format!(
                "the service's own ({}:{})",
                geteuid().as_raw(),
                getegid().as_raw()
            ),
        }
    }
}

/// A command that grows.
#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn add(&mut self, word: impl AsRef<OsStr>) -> &mut Self {
        self.0.push(word.as_ref().to_owned());
        self
    }

    /// The command, if all of it is text.
    fn text(self) -> std::io::Result<Vec<String>> {
        let words = self.0.into_iter().map(|word| {
            word.into_string()
                .map_err(|word| std::io::Error::other(format!("{word:?} is not plain text")))
        });
        words.collect()
    }

    fn all<const N: usize>(&mut self, words: [&str; N]) -> &mut Self {
        self.0.extend(words.map(OsString::from));
        self
    }
}

/// What tells EPICS clients that the gateway is the only server there is.
fn gateway_variables(sockets: Sockets) -> Vec<(String, String)> {
    let mut variables = vec![
        ("EPICS_CA_ADDR_LIST", "127.0.0.1".to_owned()),
        ("EPICS_CA_AUTO_ADDR_LIST", "NO".to_owned()),
        ("EPICS_CA_SERVER_PORT", "5064".to_owned()),
        ("EPICS_CA_REPEATER_PORT", "5065".to_owned()),
        ("EPICS_CA_MAX_ARRAY_BYTES", MAX_ARRAY_BYTES.to_owned()),
        ("EPICS_PVA_ADDR_LIST", String::new()),
        ("EPICS_PVA_AUTO_ADDR_LIST", "NO".to_owned()),
    ];
    if let Some(port) = sockets.pva {
        variables.push(("EPICS_PVA_NAME_SERVERS", format!("127.0.0.1:{port}")));
    }
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A directory that exists on every host, is root's, and hides neither what the interpreter needs nor the
/// workspaces and the launcher.
fn hand_over_place(
    interpreter: &Interpreter,
    workspaces: &Path,
    launcher: &Launcher,
) -> Result<PathBuf, ExecutionError> {
    let needed = |place: &Path| {
        let interpreters = interpreter.directories.iter().any(|dir| dir.starts_with(place));
        interpreters || workspaces.starts_with(place) || launcher.path.starts_with(place)
    };
    ["/mnt", "/media", "/srv"]
        .into_iter()
        .map(PathBuf::from)
        .find(|place| place.is_dir() && !needed(place))
        .ok_or_else(|| {
            ExecutionError::NoIsolation("none of /mnt, /media and /srv can hold the workspace".to_owned())
        })
}
