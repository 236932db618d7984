//! The wall around a program: who it runs as, what it sees, what it may use.
//!
//! [`Sandbox::command_line`] is the one place where the wall is put together.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use rustix::process::{getegid, geteuid};

use super::{
    ExecutionError,
    host::{Account, run_bounded, said, tool},
    interpreter::Interpreter,
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

/// The bytes of each private memory file system: `/tmp` and `/dev/shm`.
const TMPFS_BYTES: u64 = 64 << 20;

/// The most open files of one process.
const OPEN_FILES: u64 = 1024;

/// What to do where there is no bubblewrap.
const INSTALL: &str = "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap; RHEL, Fedora: dnf install \
                       bubblewrap) and allow user namespaces, or set execution.local.isolation: none to run \
                       programs without any isolation";

/// What bubblewrap says where it does not know how to turn nested user namespaces off.
const UNKNOWN_OPTION: &str = "Unknown option --disable-userns";

/// The shell's part where the service is root: it hands the program's directories to a user who cannot
/// enter the folders they lie in, by binding them to a place that exists only in a private mount namespace.
const HAND_OVER: &str = "set -e; mount -t tmpfs -o mode=755,size=64k holdpoint \"$1\"; \
                         mkdir \"$1/input\" \"$1/work\"; mount --bind \"$2\" \"$1/input\"; \
                         mount --bind \"$3\" \"$1/work\"; shift 3; exec \"$@\"";

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
    /// The runner.
    Runner,
    /// This text, by `python -c`.
    Text(&'a str),
    /// Nothing of ours: the command `true`.
    Nothing,
}

/// The wall, as this host can build it.
#[derive(Debug, Clone)]
pub(super) struct Sandbox {
    pub(super) isolation: Isolation,
    pub(super) account: Option<Account>,
    pub(super) interpreter: Interpreter,
    /// Whether the program is kept from making user namespaces of its own.
    pub(super) nested_namespaces_off: bool,
    settings: ExecutionSettings,
    setpriv: PathBuf,
    prlimit: PathBuf,
    /// bubblewrap, where it is used.
    bwrap: Option<PathBuf>,
    /// Where the directories are handed over, where the service is root.
    hand_over: Option<HandOver>,
}

#[derive(Debug, Clone)]
struct HandOver {
    unshare: PathBuf,
    shell: PathBuf,
    place: PathBuf,
}

impl Sandbox {
    /// Finds out what this host offers, without starting a sandbox yet.
    pub(super) fn find(settings: &ExecutionSettings) -> Result<Self, ExecutionError> {
        let need = |name: &str| {
            tool(name).ok_or_else(|| {
                ExecutionError::NoIsolation(format!(
                    "'{name}' was not found; install util-linux and coreutils"
                ))
            })
        };
        let (setpriv, prlimit) = (need("setpriv")?, need("prlimit")?);
        let account = geteuid()
            .is_root()
            .then(|| Account::of(&settings.local.user))
            .transpose()?;
        let interpreter = Interpreter::find(&settings.local.python, &setpriv, account.as_ref())?;
        let isolation = settings.local.isolation;
        let (mut bwrap, mut hand_over) = (None, None);
        if isolation == Isolation::Bubblewrap {
            bwrap = Some(
                tool("bwrap")
                    .ok_or_else(|| ExecutionError::NoIsolation(format!("bwrap was not found; {INSTALL}")))?,
            );
            if account.is_some() {
                hand_over = Some(HandOver {
                    unshare: need("unshare")?,
                    shell: need("sh")?,
                    place: hand_over_place(&interpreter, &settings.workspace_dir)?,
                });
            }
        }
        Ok(Self {
            isolation,
            account,
            interpreter,
            nested_namespaces_off: true,
            settings: settings.clone(),
            setpriv,
            prlimit,
            bwrap,
            hand_over,
        })
    }

    /// Refuses private directories that lie in what every program is shown: they hold the workspaces of other
    /// runs, and the store and the service's socket beside them. Paths that are not there hold nothing.
    pub(super) fn keeps_out(&self, private: &[PathBuf]) -> Result<(), ExecutionError> {
        if self.isolation != Isolation::Bubblewrap {
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
        if self.isolation == Isolation::Bubblewrap && said(&first).contains(UNKNOWN_OPTION) {
            self.nested_namespaces_off = false;
            first = self.trial(place, Program::Text("pass"))?;
            if first.status.success() {
                tracing::warn!(
                    "this bubblewrap is older than 0.8 and cannot keep programs from making user namespaces of \
                     their own; a newer one gives a stronger wall"
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
        let advice = if self.isolation == Isolation::Bubblewrap {
            INSTALL
        } else {
            "see the message above"
        };
        Err(ExecutionError::NoIsolation(format!(
            "the sandbox cannot be started: {}; {advice}",
            said(&bare)
        )))
    }

    fn trial(&self, place: Place<'_>, program: Program<'_>) -> Result<Output, ExecutionError> {
        run_bounded(&self.command_line(place, Duration::from_secs(30), false, program))
            .map_err(|error| ExecutionError::NoIsolation(format!("the sandbox cannot be started: {error}")))
    }

    /// The user whose files the program's are.
    pub(super) fn owner(&self) -> u32 {
        self.account
            .as_ref()
            .map_or_else(|| geteuid().as_raw(), |account| account.uid)
    }

    /// The whole command: hand-over, user, wall, limits, interpreter, program. A launcher that adds further
    /// walls from within stands in front of the interpreter.
    pub(super) fn command_line(
        &self,
        place: Place<'_>,
        time: Duration,
        network: bool,
        program: Program<'_>,
    ) -> Vec<OsString> {
        let mut line = Line::default();
        let mut inside = (place.input.to_path_buf(), place.work.to_path_buf());
        if let Some(hand_over) = &self.hand_over {
            line.add(&hand_over.unshare).all(["--mount", "--"]);
            line.add(&hand_over.shell)
                .all(["-c", HAND_OVER, "sh"])
                .add(&hand_over.place);
            line.add(place.input).add(place.work);
            inside = (hand_over.place.join("input"), hand_over.place.join("work"));
        }
        if let Some(account) = &self.account {
            let (uid, gid) = (account.uid.to_string(), account.gid.to_string());
            line.add(&self.setpriv)
                .all(["--reuid", &uid, "--regid", &gid, "--clear-groups", "--"]);
        }
        match &self.bwrap {
            Some(bwrap) => {
                line.add(bwrap);
                self.wall(&mut line, &inside.0, &inside.1, network);
                inside = (INPUT.into(), WORK.into());
            }
            // Nothing but the parent-death signal and the limits.
            None => {
                line.add(&self.setpriv)
                    .all(["--pdeathsig", "KILL", "--no-new-privs", "--"]);
            }
        }
        self.limits(&mut line, time);
        match program {
            Program::Nothing => {
                line.add("true");
            }
            Program::Text(text) => {
                line.add(&self.interpreter.executable)
                    .all(["-I", "-B", "-c", text]);
            }
            Program::Runner => {
                line.add(&self.interpreter.executable).all(["-I", "-B"]);
                line.add(inside.0.join("runner.py")).add(&inside.0).add(&inside.1);
            }
        }
        line.0
    }

    /// bubblewrap's part: namespaces, file system, environment.
    fn wall(&self, line: &mut Line, input: &Path, work: &Path, network: bool) {
        line.all([
            "--unshare-user",
            "--unshare-ipc",
            "--unshare-pid",
            "--unshare-uts",
            "--unshare-cgroup-try",
        ]);
        if !network {
            line.add("--unshare-net");
        }
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
        ]);
        line.add("--clearenv");
        for (name, value) in self.environment(Path::new(WORK), Path::new("/tmp")) {
            line.add("--setenv").add(name).add(value);
        }
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
        let mut files = vec![
            "/etc/ld.so.cache",
            "/etc/alternatives",
            "/etc/fonts",
            "/etc/localtime",
        ];
        if network {
            files.extend(["/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"]);
        }
        for file in files {
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
        line.add("--ro-bind").add(input).add(INPUT);
        line.add("--bind").add(work).add(WORK);
        // Only now: before, bubblewrap could not make the places it binds to.
        line.all(["--remount-ro", "/", "--chdir", WORK, "--"]);
    }

    /// The limits every process of the program inherits.
    fn limits(&self, line: &mut Line, time: Duration) {
        // A program may keep every core busy for its whole time; the wall clock is the supervisor's.
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        let seconds = time.as_secs().saturating_add(1).saturating_mul(cores);
        let limits = &self.settings;
        line.add(&self.prlimit);
        // The kernel counts a user's processes per namespace. Without one of its own, a program would share
        // its limit with everything else that user runs, and fail for what others do.
        if self.bwrap.is_some() {
            line.add(format!("--nproc={}", limits.max_processes));
        }
        line.add(format!("--fsize={}", limits.max_file_bytes));
        line.add(format!("--as={}", limits.max_memory_bytes));
        line.add(format!("--cpu={seconds}:{}", seconds.saturating_add(5)));
        line.add(format!("--nofile={OPEN_FILES}"));
        line.all(["--core=0", "--"]);
    }

    /// The program's whole environment.
    pub(super) fn environment(&self, home: &Path, tmp: &Path) -> Vec<(OsString, OsString)> {
        let fixed: [(&str, &OsStr); 12] = [
            ("PATH", "/usr/bin:/bin".as_ref()),
            ("HOME", home.as_ref()),
            ("USER", "holdpoint".as_ref()),
            ("LANG", "C.UTF-8".as_ref()),
            ("TMPDIR", tmp.as_ref()),
            ("XDG_CACHE_HOME", tmp.as_ref()),
            ("MPLBACKEND", "Agg".as_ref()),
            ("MPLCONFIGDIR", tmp.as_ref()),
            // Every thread of these libraries reserves address space, which is limited.
            ("OMP_NUM_THREADS", "1".as_ref()),
            ("OPENBLAS_NUM_THREADS", "1".as_ref()),
            ("MKL_NUM_THREADS", "1".as_ref()),
            ("NUMEXPR_NUM_THREADS", "1".as_ref()),
        ];
        let own = self
            .settings
            .local
            .environment
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        fixed
            .into_iter()
            .map(|(name, value)| (name.into(), value.to_owned()))
            .chain(own)
            .collect()
    }

    /// The environment and directory the command itself is started with. bubblewrap's own process is seen
    /// by the program as `/proc/1`, so nothing of the service's environment may reach it.
    pub(super) fn outside(&self, place: Place<'_>, mark: &str) -> (Vec<(OsString, OsString)>, PathBuf) {
        if self.bwrap.is_some() {
            return (
                vec![("PATH".into(), "/usr/bin:/bin:/usr/sbin:/sbin".into())],
                "/".into(),
            );
        }
        let mut variables = self.environment(place.work, place.tmp);
        variables.push((mark.into(), "1".into()));
        (variables, place.work.to_path_buf())
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

    fn all<const N: usize>(&mut self, words: [&str; N]) -> &mut Self {
        self.0.extend(words.map(OsString::from));
        self
    }
}

/// A directory that exists on every host, is root's, and hides neither what the interpreter needs nor the
/// workspaces themselves.
fn hand_over_place(interpreter: &Interpreter, workspaces: &Path) -> Result<PathBuf, ExecutionError> {
    let needed = |place: &Path| {
        let interpreters = interpreter.directories.iter().any(|dir| dir.starts_with(place));
        interpreters || workspaces.starts_with(place)
    };
    ["/mnt", "/media", "/srv"]
        .into_iter()
        .map(PathBuf::from)
        .find(|place| place.is_dir() && !needed(place))
        .ok_or_else(|| {
            ExecutionError::NoIsolation("none of /mnt, /media and /srv can hold the workspace".to_owned())
        })
}
