//! Starts one program's process tree, watches it, and sees it dead.
//!
//! Each program has a thread of its own that starts it and stays until all of it is gone. The kernel sends the
//! parent-death signal when the starting *thread* ends, so a thread of a pool would kill programs at random;
//! and with a thread that waits, the programs die when the service does, however it dies.
//!
//! The start has two steps. The process tree is built and the runner in it says *ready*; only then, and only
//! by a second word, does the program itself start. Whatever goes wrong before is not the program's doing,
//! and a service that dies in between leaves a runner that never got its word.

use std::{
    ffi::OsString,
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use tokio::sync::oneshot;

use super::{
    cgroup::RunGroup,
    collect::{Bounds, Workspace},
    gateway,
    launcher::{self, ACKNOWLEDGED},
    nameless,
    processes::{children, ends_by, pid_of, sweep},
};

/// The runner's first line.
const READY: &[u8] = b"holdpoint: ready\n";

/// What a word begins with.
const GO: u8 = b'g';
const CANCEL: u8 = b'c';

/// How long the process tree may take to stand.
const START_TIME: Duration = Duration::from_secs(60);

/// How often the size of the working directory is looked at, at most.
const WORKSPACE_PERIOD: Duration = Duration::from_millis(50);

/// The part of the time that looking may take: one in this many.
const WORKSPACE_SHARE: u32 = 10;

/// How long the keeper may take to end its tree before the supervisor does it.
const KEEPER_TIME: Duration = Duration::from_secs(5);

/// How long killed processes may take to vanish before the supervisor says that they have not.
const DEATH_TIME: Duration = Duration::from_secs(10);

/// What to start, and within which bounds.
#[derive(Debug)]
pub(super) struct Launch {
    /// The launcher's command.
    pub(super) line: Vec<OsString>,
    /// Whether the tree ends with its process namespace; otherwise the launcher keeps its members, and the
    /// rest is found by `mark`.
    pub(super) contained: bool,
    /// The sockets that the launcher is to hand out.
    pub(super) sockets: Option<launcher::Sockets>,
    /// The run's control group.
    pub(super) group: Option<RunGroup>,
    /// The name of an environment variable that only this tree has.
    pub(super) mark: String,
    /// The most bytes of each output stream.
    pub(super) output_bytes: usize,
    /// The working directory and its bounds.
    pub(super) workspace: Workspace,
    /// Its temporary files, where it has no private `/tmp` of bounded size: on the disk like the others.
    pub(super) temporary: Option<Workspace>,
    /// The bounds of each of both.
    pub(super) bounds: Bounds,
}

/// Why a tree was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// How a tree ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Why it was killed, if it was.
    pub(super) kill: Option<Kill>,
    /// The first process's own end.
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) truncated: bool,
    pub(super) time: Duration,
    /// The working directory, for reading what is left.
    pub(super) workspace: Workspace,
    /// How many of its processes the kernel ended because the run's memory was used up.
    pub(super) ended_for_memory: u64,
    /// What the reader should know besides.
    pub(super) notes: Vec<String>,
}

/// A tree that stands and waits for its word. Dropping it kills the tree.
#[derive(Debug)]
pub(super) struct Standing {
    words: PipeWriter,
    end: oneshot::Receiver<Ended>,
    /// The tree's first process.
    handle: OwnedFd,
    /// The sockets of its network namespace, where they were asked for: whoever serves them takes them.
    pub(super) sockets: Option<gateway::Sockets>,
    /// What was said on the standard error before it stood; the program has not said it.
    pub(super) said: String,
}

/// What a tree is told of once it stands.
struct Stands {
    handle: OwnedFd,
    sockets: Option<gateway::Sockets>,
    said: String,
}

impl Standing {
    /// Gives the word to go, for `timeout` of wall time from now on.
    pub(super) fn go(&mut self, timeout: Duration) {
        let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let mut word = vec![GO];
        word.extend(nanoseconds.to_le_bytes());
        // If the supervisor is gone, the missing end tells.
        let _ = self.words.write_all(&word);
    }

    /// Whether it still stands.
    pub(super) fn stands(&self) -> bool {
        !ends_by(&self.handle, Instant::now())
    }

    /// Asks for the tree's death.
    pub(super) fn cancel(&mut self) {
        let _ = self.words.write_all(&[CANCEL]);
    }

    /// Waits until the tree is gone; `None` if the supervisor itself failed.
    pub(super) async fn end(&mut self) -> Option<Ended> {
        (&mut self.end).await.ok()
    }
}

/// Builds the tree and waits until it stands.
pub(super) async fn launch(launch: Launch) -> Result<Standing, String> {
    let (ears, words) = io::pipe().map_err(|error| error.to_string())?;
    let (ready, stands) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    thread::Builder::new()
        .name("holdpoint-program".to_owned())
        .spawn(move || supervise(launch, ears, ready, end))
        .map_err(|error| error.to_string())?;
    // Until it stands, `words` is held here: if this future is dropped, the tree dies.
    match stands.await {
        Ok(Ok(stands)) => Ok(Standing {
            words,
            end: ended,
            handle: stands.handle,
            sockets: stands.sockets,
            said: stands.said,
        }),
        Ok(Err(fault)) => Err(fault),
        Err(_) => Err("the supervisor ended".to_owned()),
    }
}

fn supervise(
    launch: Launch,
    ears: PipeReader,
    ready: oneshot::Sender<Result<Stands, String>>,
    end: oneshot::Sender<Ended>,
) {
    let mut tree = match Tree::start(launch, ears) {
        Ok(tree) => tree,
        Err(error) => {
            let _ = ready.send(Err(error.to_string()));
            return;
        }
    };
    if let Err(fault) = tree.await_ready() {
        tree.put_down();
        let _ = ready.send(Err(fault));
        return;
    }
    let stands = match tree.stands() {
        Ok(stands) => stands,
        Err(error) => {
            tree.put_down();
            let _ = ready.send(Err(error.to_string()));
            return;
        }
    };
    if ready.send(Ok(stands)).is_err() {
        tree.put_down();
        return;
    }
    if let Some(timeout) = tree.await_word() {
        tree.watch(timeout);
    }
    if let Some(ended) = tree.finish() {
        let _ = end.send(ended);
    }
}

/// What was heard in one turn of the loop.
#[derive(Debug, Default)]
struct Heard {
    exited: bool,
    word: Option<Word>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// For this much wall time.
    Go(Duration),
    Cancel,
    /// Nobody is left who could speak.
    Abandoned,
}

struct Tree {
    launch: Launch,
    child: Child,
    handle: OwnedFd,
    /// The first process of the namespace, once the tree stands.
    init: Option<OwnedFd>,
    /// Our end of the launcher's standard input: sockets come out of it, words go in. A keeper takes its
    /// closing for the service's death.
    link: Option<UnixStream>,
    /// The sockets, once they have come.
    sockets: Option<gateway::Sockets>,
    ears: PipeReader,
    stdout: Stream<std::process::ChildStdout>,
    stderr: Stream<std::process::ChildStderr>,
    kill: Option<Kill>,
    notes: Vec<String>,
    started: Option<Instant>,
    /// Whether nobody listens to `ears` any more.
    deaf: bool,
}

impl Tree {
    fn start(launch: Launch, ears: PipeReader) -> io::Result<Self> {
        let (program, arguments) = launch
            .line
            .split_first()
            .ok_or_else(|| io::Error::other("an empty command"))?;
        let (link, input) = UnixStream::pair()?;
        let mut child = Command::new(program)
            .args(arguments)
            // bubblewrap's own process is seen by the program as `/proc/1`: nothing of ours may reach it.
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(input)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let handle = pid_of(child.id()).and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?));
        let (Ok(handle), Some(stdout), Some(stderr)) = (handle, stdout, stderr) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::Error::other("the process cannot be watched"));
        };
        let cap = launch.output_bytes;
        Ok(Self {
            launch,
            child,
            handle,
            init: None,
            link: Some(link),
            sockets: None,
            ears,
            stdout: Stream::new(stdout, cap.saturating_add(READY.len())),
            stderr: Stream::new(stderr, cap),
            kill: None,
            notes: Vec::new(),
            started: None,
            deaf: false,
        })
    }

    /// Waits for the runner's first line.
    fn await_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + START_TIME;
        loop {
            let heard = self.listen(deadline.saturating_duration_since(Instant::now()))?;
            if self.stdout.bytes.starts_with(READY) {
                self.stdout.bytes.drain(..READY.len());
                self.stdout.cap = self.launch.output_bytes;
                if self.launch.sockets.is_some() {
                    return Err("the launcher handed out no sockets".to_owned());
                }
                if self.launch.contained {
                    // bubblewrap's own process has one child: the first of the namespace, with which all die.
                    self.init = children(self.child.id())
                        .first()
                        .and_then(|pid| pid_of(*pid).ok())
                        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
                    if self.init.is_none() {
                        return Err("the sandbox's first process was not found".to_owned());
                    }
                }
                return Ok(());
            }
            if heard.exited {
                self.drain();
                let text = String::from_utf8_lossy(&self.stderr.bytes).trim().to_owned();
                return Err(if text.is_empty() {
                    "it ended before it stood".to_owned()
                } else {
                    text
                });
            }
            if heard.word.is_some() {
                return Err("abandoned".to_owned());
            }
            if Instant::now() >= deadline {
                return Err(format!(
                    "it did not stand within {} seconds",
                    START_TIME.as_secs()
                ));
            }
        }
    }

    /// What its owner is told of. What was said so far is no output of the program.
    fn stands(&mut self) -> io::Result<Stands> {
        // All of it was said before the runner's first line; a pipe holds no more than this many pieces.
        for _ in 0..8 {
            self.stderr.read_if_ready(Duration::ZERO);
        }
        let said = std::mem::take(&mut self.stderr.bytes);
        self.stderr.full = false;
        Ok(Stands {
            handle: self.handle.try_clone()?,
            sockets: self.sockets.take(),
            said: String::from_utf8_lossy(&said).trim().to_owned(),
        })
    }

    /// Waits for the word to go and passes it on; gives the program's wall time, or nothing if it will not run.
    fn await_word(&mut self) -> Option<Duration> {
        let timeout = loop {
            let heard = match self.listen(Duration::MAX) {
                Ok(heard) => heard,
                Err(fault) => {
                    self.condemn("signal", fault);
                    return None;
                }
            };
            match heard.word {
                Some(Word::Go(timeout)) => break timeout,
                Some(Word::Cancel | Word::Abandoned) => {
                    self.condemn("cancelled", "cancelled before the program began".to_owned());
                    return None;
                }
                None => {}
            }
            if heard.exited {
                self.condemn("signal", "the sandbox died before the program began".to_owned());
                return None;
            }
        };
        self.started = Some(Instant::now());
        let told = match &mut self.link {
            Some(link) => link.write_all(b"go\n"),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        if let Err(error) = told {
            self.condemn(
                "signal",
                format!("the sandbox died before the program began: {error}"),
            );
            return None;
        }
        Some(timeout)
    }

    /// Watches the running program until it ends or has to.
    fn watch(&mut self, timeout: Duration) {
        let started = self.started.unwrap_or_else(Instant::now);
        let mut next_look = started + WORKSPACE_PERIOD;
        loop {
            let left = timeout.saturating_sub(started.elapsed());
            let heard = match self.listen(left.min(next_look.saturating_duration_since(Instant::now()))) {
                Ok(heard) => heard,
                Err(fault) => return self.condemn("signal", fault),
            };
            if self.stdout.full || self.stderr.full {
                let most = self.launch.output_bytes;
                return self.condemn(
                    "output_limit",
                    format!("it wrote more than {most} bytes of output"),
                );
            }
            if heard.exited {
                return;
            }
            if matches!(heard.word, Some(Word::Cancel | Word::Abandoned)) {
                return self.condemn("cancelled", "it was cancelled".to_owned());
            }
            if started.elapsed() >= timeout {
                let seconds = timeout.as_secs_f64();
                return self.condemn("timeout", format!("it ran longer than {seconds} seconds"));
            }
            if Instant::now() >= next_look {
                let look = Instant::now();
                let directories = [Some(&self.launch.workspace), self.launch.temporary.as_ref()];
                let bounds = &self.launch.bounds;
                let excess = directories
                    .into_iter()
                    .flatten()
                    .find_map(|one| one.excess(bounds))
                    .or_else(|| nameless::excess(self.child.id(), bounds));
                if let Some(excess) = excess {
                    return self.condemn("workspace_limit", excess);
                }
                // Looking at many files takes time; it must not become the main thing done.
                let took = look.elapsed().saturating_mul(WORKSPACE_SHARE);
                next_look = Instant::now() + took.max(WORKSPACE_PERIOD);
            }
        }
    }

    /// Waits up to `most` for output, a word or the end.
    fn listen(&mut self, most: Duration) -> Result<Heard, String> {
        let timeout = Timespec::try_from(most.min(Duration::from_secs(3600))).ok();
        let awaits_sockets = self.launch.sockets.is_some() && self.link.is_some();
        let ready = {
            let mut polled = Vec::with_capacity(5);
            polled.push(PollFd::new(&self.handle, PollFlags::IN));
            // A poll without interest in anything keeps the places; a closed pipe would report for ever.
            let interest = |open: bool| if open { PollFlags::IN } else { PollFlags::empty() };
            if !self.deaf {
                polled.push(PollFd::new(&self.ears, interest(true)));
            }
            if let Some(pipe) = &self.stdout.pipe {
                polled.push(PollFd::new(pipe, interest(true)));
            }
            if let Some(pipe) = &self.stderr.pipe {
                polled.push(PollFd::new(pipe, interest(true)));
            }
            if let Some(link) = self.link.as_ref().filter(|_| awaits_sockets) {
                polled.push(PollFd::new(link, interest(true)));
            }
            match poll(&mut polled, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(format!("the program cannot be watched: {error}")),
            }
            let mut flags = polled.iter().map(|polled| !polled.revents().is_empty());
            let mut next = |present: bool| present && flags.next().unwrap_or(false);
            [
                next(true),
                next(!self.deaf),
                next(self.stdout.pipe.is_some()),
                next(self.stderr.pipe.is_some()),
                next(awaits_sockets),
            ]
        };
        let mut heard = Heard {
            exited: ready[0],
            word: None,
        };
        if ready[1] {
            heard.word = Some(self.hear());
        }
        if ready[2] {
            self.stdout.read();
        }
        if ready[3] {
            self.stderr.read();
        }
        // A launcher that ends before it hands them out says why on its standard error.
        if ready[4] && !heard.exited {
            self.take_sockets();
        }
        Ok(heard)
    }

    /// Reads one word; the pipe takes and gives each as a whole.
    fn hear(&mut self) -> Word {
        let mut kind = [0u8];
        let mut nanoseconds = [0u8; 8];
        let mut ears = &self.ears;
        match ears.read_exact(&mut kind) {
            Ok(()) if kind[0] == GO && ears.read_exact(&mut nanoseconds).is_ok() => {
                Word::Go(Duration::from_nanos(u64::from_le_bytes(nanoseconds)))
            }
            Ok(()) => Word::Cancel,
            Err(_) => {
                self.deaf = true;
                Word::Abandoned
            }
        }
    }

    /// Takes the sockets that the launcher hands out, and tells it that they have come.
    fn take_sockets(&mut self) {
        let (Some(wanted), Some(link)) = (self.launch.sockets, &mut self.link) else {
            return;
        };
        let taken = launcher::receive(&*link, wanted).and_then(|sockets| {
            link.write_all(&[ACKNOWLEDGED])?;
            Ok(sockets)
        });
        match taken {
            Ok(sockets) => {
                self.launch.sockets = None;
                self.sockets = Some(sockets);
            }
            // Without them it never says that it is ready, and ends: that tells.
            Err(error) => {
                tracing::debug!(%error, "the sandbox's sockets have not come");
                self.link = None;
            }
        }
    }

    fn condemn(&mut self, code: &'static str, reason: String) {
        self.kill = Some(Kill { code, reason });
    }

    /// Kills whatever is left of the tree and waits until it is gone.
    fn put_down(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + DEATH_TIME;
        self.link = None;
        if !self.launch.contained {
            ends_by(&self.handle, Instant::now() + KEEPER_TIME);
        }
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        if let Some(init) = &self.init {
            let _ = pidfd_send_signal(init, Signal::KILL);
        }
        let status = self.child.wait().ok();
        let gone = match (&self.init, self.launch.contained) {
            // The kernel reports the end of a namespace's first process once all others are gone.
            (Some(init), _) => ends_by(init, deadline),
            (None, true) => true,
            (None, false) => sweep(&self.launch.mark, self.child.id(), deadline),
        };
        let emptied = self.launch.group.as_mut().is_none_or(|group| group.end(deadline));
        if !gone || !emptied {
            self.notes
                .push("some of the program's processes could not be killed".to_owned());
        }
        self.drain();
        status
    }

    /// Reads what is left in the pipes; by now nobody writes to them any more.
    fn drain(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        while (self.stdout.pipe.is_some() || self.stderr.pipe.is_some())
            && !self.stdout.full
            && !self.stderr.full
            && Instant::now() < deadline
        {
            self.stdout.read_if_ready(Duration::from_millis(20));
            self.stderr.read_if_ready(Duration::from_millis(20));
        }
    }

    fn finish(mut self) -> Option<Ended> {
        let time = self.started.map_or(Duration::ZERO, |started| started.elapsed());
        let status = self.put_down()?;
        if self.kill.is_none() && (self.stdout.full || self.stderr.full) {
            let most = self.launch.output_bytes;
            self.condemn(
                "output_limit",
                format!("it wrote more than {most} bytes of output"),
            );
        }
        Some(Ended {
            kill: self.kill,
            status,
            truncated: self.stdout.full || self.stderr.full,
            stdout: self.stdout.bytes,
            stderr: self.stderr.bytes,
            time,
            workspace: self.launch.workspace,
            ended_for_memory: self.launch.group.as_ref().map_or(0, RunGroup::ended_for_memory),
            notes: self.notes,
        })
    }
}

/// One output of the program, up to its cap.
struct Stream<R> {
    pipe: Option<R>,
    bytes: Vec<u8>,
    cap: usize,
    full: bool,
}

impl<R: Read + AsFd> Stream<R> {
    fn new(pipe: R, cap: usize) -> Self {
        Self {
            pipe: Some(pipe),
            bytes: Vec::new(),
            cap,
            full: false,
        }
    }

    /// Reads once; it must be known that there is something to read.
    fn read(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut piece = [0u8; 16 << 10];
        match pipe.read(&mut piece) {
            Ok(count) if count > 0 => {
                let room = self.cap.saturating_sub(self.bytes.len());
                self.bytes.extend_from_slice(&piece[..count.min(room)]);
                self.full |= count > room;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => self.pipe = None,
        }
    }

    fn read_if_ready(&mut self, most: Duration) {
        let Some(pipe) = &self.pipe else { return };
        let mut polled = [PollFd::new(pipe, PollFlags::IN)];
        let timeout = Timespec::try_from(most).ok();
        if poll(&mut polled, timeout.as_ref()).is_ok_and(|count| count > 0) {
            self.read();
        }
    }
}
