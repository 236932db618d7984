//! Spare interpreters: used once, for what they were made for, and gone with their service.

use std::{
    fs,
    io::Read,
    net::{TcpStream, UdpSocket},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    config::Isolation,
    execution::{
        Access, Execution, Executor, Job, LocalExecutor,
        gateway::{Gateway, Sockets},
    },
    model::ExecutionMode,
    service::Service,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    execution::{
        Place, bare_environment, killed, offered, outside_tmp, packages, place, results, wait_until,
    },
    gateway::rig::{Events, Ioc, permit, settings},
    rig,
    site::Family,
};

/// A module that programs do not have by themselves.
const MARK: &str = "colorsys";

const TIME: Duration = Duration::from_secs(60);

/// Says whether a spare ran it, and what it found.
const PROGRAM: &str = "import os, sys
tmp = os.environ['TMPDIR']
found = os.listdir('.') + os.listdir(tmp)
open('left', 'w').close()
open(os.path.join(tmp, 'left'), 'w').close()
results = {'spare': 'colorsys' in sys.modules, 'found': found, 'context': context['BEAM_CURRENT']}
";

fn place_with(read_only: usize, preload: &[&str]) -> Place {
    let mut place = place();
    let spares = &mut place.settings.local.spares;
    spares.read_only = read_only;
    spares.preload = preload.iter().map(ToString::to_string).collect();
    place
}

async fn keeping(place: &Place) -> LocalExecutor {
    let executor = LocalExecutor::probe(&place.settings).unwrap();
    executor.keep_spares(TIME);
    executor.spares_stand().await;
    executor
}

async fn run(executor: &LocalExecutor, job: Job) -> Execution {
    let program = executor.prepare(job).await.unwrap();
    program.run(CancellationToken::new()).await
}

/// Whether a spare runs the next program.
async fn is_spare(executor: &LocalExecutor, place: &Place) -> Value {
    results(&run(executor, place.job(PROGRAM)).await)["spare"].clone()
}

fn nests(workspaces: &Path) -> usize {
    fs::read_dir(workspaces.join("spares")).map_or(0, Iterator::count)
}

/// Kills a spare's runner, found by the directory it stands in, and waits until its sandbox is gone.
fn kill_a_spare(workspaces: &Path) {
    let nest = fs::read_dir(workspaces.join("spares")).unwrap().next().unwrap();
    let work = fs::metadata(nest.unwrap().path().join("work")).unwrap().ino();
    let mut pids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let runner: i32 = pids
        .find(|pid: &i32| fs::metadata(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.ino() == work))
        .unwrap();
    let parent = |pid: i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        line.unwrap().trim().parse::<i32>().unwrap()
    };
    let mut sandbox = runner;
    while parent(sandbox) != std::process::id().cast_signed() {
        sandbox = parent(sandbox);
    }
    let family = Family::of(sandbox.cast_unsigned());
    kill_process(Pid::from_raw(runner).unwrap(), Signal::KILL).unwrap();
    family.wait_until_gone();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spare_serves_one_program() {
    for isolation in offered() {
        let mut place = place_with(2, &[MARK]);
        place.settings.local.isolation = isolation;
        place.let_others_pass();
        let executor = keeping(&place).await;
        let contained = !matches!(isolation, Isolation::Landlock | Isolation::None);
        let count = if contained { 2 } else { 0 };
        assert_eq!(executor.spares(ExecutionMode::ReadOnly), count, "{isolation:?}");
        assert_eq!(executor.spares(ExecutionMode::WriteAccess), 0);
        for number in 1..=4 {
            let job = place.job(PROGRAM);
            let folder = job.folder.clone();
            let execution = run(&executor, job).await;
            assert_eq!(
                results(&execution),
                &json!({"spare": contained, "found": [], "context": 500.25}),
                "{isolation:?}, {number}"
            );
            assert_eq!(execution.artifacts.len(), 1, "{:?}", execution.artifacts);
            assert_eq!(execution.artifacts[0].path, "execution_01/work/left");
            assert!(execution.notes.is_empty() && execution.stderr.is_empty());
            assert!(folder.join("execution_01/work/left").exists());
            let given = fs::read_to_string(folder.join("execution_01/input/program.py")).unwrap();
            assert_eq!(given, PROGRAM);
            executor.spares_stand().await;
        }
        assert_eq!(nests(&place.settings.workspace_dir), count);
        // A second start of a run has the next name.
        let job = place.job(PROGRAM);
        run(&executor, job.clone()).await;
        executor.spares_stand().await;
        let second = run(&executor, job).await;
        assert_eq!(second.artifacts[0].path, "execution_02/work/left");
        drop(executor);
        wait_until("the spares are gone", || {
            nests(&place.settings.workspace_dir) == 0
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_at_once_share_nothing() {
    let place = place_with(2, &[MARK]);
    let executor = keeping(&place).await;
    let program = "import os, sys\nopen('mine', 'w').close()\nopen('/tmp/mine', 'w').close()\n\
                   results = {'spare': 'colorsys' in sys.modules, 'found': os.listdir('.') + os.listdir('/tmp'),\n\
                   'processes': len([name for name in os.listdir('/proc') if name.isdigit()])}\n";
    let [one, other] = [program, program].map(|code| place.job(code));
    let (one, other) = tokio::join!(executor.prepare(one), executor.prepare(other));
    let (one, other) = tokio::join!(
        one.unwrap().run(CancellationToken::new()),
        other.unwrap().run(CancellationToken::new())
    );
    let expected = json!({"spare": true, "found": ["mine", "mine"], "processes": 2});
    assert_eq!([results(&one), results(&other)], [&expected, &expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spare_is_held_to_the_jobs_time() {
    let place = place_with(1, &[MARK]);
    let executor = keeping(&place).await;
    let mut job =
        place.job("import sys\nprint('colorsys' in sys.modules, flush=True)\nwhile True:\n    pass\n");
    job.timeout = Duration::from_millis(300);
    let execution = run(&executor, job).await;
    assert_eq!(
        (killed(&execution), execution.stdout.as_str()),
        ("timeout", "True\n")
    );
    // Its processor time is bounded for less than this.
    executor.spares_stand().await;
    let mut job = place.job(PROGRAM);
    job.timeout = TIME * 2;
    assert_eq!(results(&run(&executor, job).await)["spare"], json!(false));
    assert_eq!(executor.spares(ExecutionMode::ReadOnly), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_spare_never_ran() {
    let place = place_with(1, &[MARK]);
    let executor = keeping(&place).await;
    let cancel = CancellationToken::new();
    let prepared = executor.prepare(place.job(PROGRAM)).await.unwrap();
    cancel.cancel();
    let execution = prepared.run(cancel).await;
    assert_eq!(killed(&execution), "cancelled");
    assert!(execution.artifacts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_environment_makes_spares_useless() {
    let mut place = place_with(2, &[MARK]);
    let home = outside_tmp();
    let environment = bare_environment(home.path());
    let packages = packages(&environment);
    fs::create_dir_all(&packages).unwrap();
    place.settings.local.python = environment;
    let executor = keeping(&place).await;
    assert_eq!(is_spare(&executor, &place).await, json!(true));
    executor.spares_stand().await;
    fs::write(packages.join("module.py"), "").unwrap();
    let changed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64();
    // What stood before the change runs nothing; one that was made since may.
    let program = "import time\nticks = open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19]\n\
                   booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)\n\
                   results = {'started': booted + float(ticks) / 100}\n";
    let execution = run(&executor, place.job(program)).await;
    let started = results(&execution)["started"].as_f64().unwrap();
    assert!(
        started > changed - 0.1,
        "it started {} s before the change",
        changed - started
    );
    executor.spares_stand().await;
    assert_eq!(is_spare(&executor, &place).await, json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_spare_a_program_starts_all_the_same() {
    // One that has died.
    let place = place_with(1, &[MARK]);
    let executor = keeping(&place).await;
    kill_a_spare(&place.settings.workspace_dir);
    assert_eq!(is_spare(&executor, &place).await, json!(false));
    executor.spares_stand().await;
    assert_eq!(is_spare(&executor, &place).await, json!(true));

    // One that does not come to stand, and one whose module is missing.
    let mut place = place_with(1, &["broken", MARK]);
    let home = outside_tmp();
    let environment = bare_environment(home.path());
    let packages = packages(&environment);
    fs::create_dir_all(&packages).unwrap();
    place.settings.local.python = environment;
    fs::write(packages.join("broken.py"), "import os\nos._exit(3)\n").unwrap();
    let executor = LocalExecutor::probe(&place.settings).unwrap();
    executor.keep_spares(TIME);
    assert_eq!(is_spare(&executor, &place).await, json!(false));
    assert_eq!(executor.spares(ExecutionMode::ReadOnly), 0);

    place.settings.local.spares.preload = vec!["no_such_module".to_owned(), MARK.to_owned()];
    let executor = keeping(&place).await;
    let execution = run(&executor, place.job(PROGRAM)).await;
    assert_eq!(results(&execution)["spare"], json!(true));
    assert_eq!(execution.stderr, "");
}

/// What is printed while modules are imported is no output of the program.
#[tokio::test(flavor = "multi_thread")]
async fn what_imports_say_is_not_the_programs() {
    let mut place = place_with(1, &["loud", MARK]);
    let home = outside_tmp();
    let environment = bare_environment(home.path());
    let packages = packages(&environment);
    fs::create_dir_all(&packages).unwrap();
    place.settings.local.python = environment;
    let loud = "import os, sys\nprint('x' * 100000)\nprint('y', file=sys.stderr)\nos.write(1, b'z')\n";
    fs::write(packages.join("loud.py"), loud).unwrap();
    let executor = keeping(&place).await;
    let execution = run(&executor, place.job("import loud\nprint('mine')\nresults = {}\n")).await;
    results(&execution);
    assert_eq!(
        (execution.stdout.as_str(), execution.stderr.as_str()),
        ("mine\n", "")
    );
    assert!(!execution.output_truncated);
}

#[tokio::test]
#[ignore = "is the service that the next test kills"]
async fn service_to_be_killed() {
    let Some(folder) = std::env::var_os("HOLDPOINT_TEST_FOLDER").map(PathBuf::from) else {
        return;
    };
    let mut place = place_with(2, &[MARK]);
    place.settings.workspace_dir = folder.join("runs");
    let _executor = keeping(&place).await;
    fs::write(folder.join("stand"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spares_die_with_their_service() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Command::new(std::env::current_exe().unwrap())
        .args(["spares::service_to_be_killed", "--exact", "--ignored"])
        .env("HOLDPOINT_TEST_FOLDER", dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the spares stand", || dir.path().join("stand").exists());
    let family = Family::of(service.id());
    assert!(family.descendants() >= 4, "{family:?}");
    service.kill().unwrap();
    service.wait().unwrap();
    family.wait_until_gone();
    let mut place = place_with(1, &[MARK]);
    place.settings.workspace_dir = dir.path().join("runs");
    assert_eq!(nests(&place.settings.workspace_dir), 2);
    // The next service clears away what was left.
    let _executor = keeping(&place).await;
    assert_eq!(nests(&place.settings.workspace_dir), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spare_writes_through_the_gateway_once_it_is_assigned() {
    let Some(ioc) = Ioc::start("a_spare_writes", &[]) else {
        return;
    };
    let mut place = place_with(1, &["epics", MARK]);
    place.settings.local.spares.write_access = 1;
    let gateway = Gateway::new(settings(&[&ioc.address()]));
    let executor = LocalExecutor::probe(&place.settings)
        .unwrap()
        .with_gateway(&gateway);
    executor.keep_spares(TIME);
    executor.spares_stand().await;
    let program = "import epics, sys\npv = epics.PV('GW:REAL')\nassert pv.wait_for_connection(20)\n\
                   try:\n    pv.put(4.25, wait=True, timeout=20)\nexcept Exception:\n    pass\n\
                   results = {'spare': 'colorsys' in sys.modules, 'writes': pv.write_access}\n";
    for (access, writes) in [(Access::Read, false), (permit(&["GW:REAL"], Vec::new()), true)] {
        let events = Arc::new(Events::default());
        let mut job = place.job(program);
        job.access = access;
        job.trail = events.clone();
        let execution = run(&executor, job).await;
        assert_eq!(results(&execution), &json!({"spare": true, "writes": writes}));
        let conduct = execution.conduct.unwrap();
        assert_eq!(conduct.puts_total, u64::from(writes), "{conduct:?}");
        assert_eq!(events.all().is_empty(), !writes);
    }
    let puts = ioc.puts();
    assert_eq!(puts.len(), 1, "{puts:?}");
}

/// What came before there was a program is not taken for the program's.
#[test]
fn sockets_are_drained() {
    let sockets = Sockets::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
    let knocking = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..50 {
        knocking
            .send_to(b"search", sockets.search.local_addr().unwrap())
            .unwrap();
    }
    let early = TcpStream::connect(sockets.circuits[1].local_addr().unwrap()).unwrap();
    sockets.drain().unwrap();
    let silent = |error: std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
    assert!(silent(sockets.search.recv(&mut [0]).unwrap_err()));
    assert!(silent(sockets.circuits[1].accept().unwrap_err()));
    assert_eq!((&early).read(&mut [0]).unwrap_or(0), 0, "the circuit is closed");
    knocking
        .send_to(b"x", sockets.search.local_addr().unwrap())
        .unwrap();
    wait_until("what comes later arrives", || {
        sockets.search.recv(&mut [0]).is_ok()
    });
}

/// A service keeps none before it is told that it stays, and then for the interpreter that programs usually have.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stays_keeps_spares() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = rig::config(dir.path());
    config.generation.generator = "fixed".into();
    config.execution.local.spares.read_only = 1;
    config.execution.local.spares.preload = vec![MARK.to_owned()];
    let workspaces = config.execution.workspace_dir.clone();
    let service = Service::open(config).await.unwrap();
    // A spare's directory keeps its inode when it becomes a run's.
    let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
    let spare = async || {
        let nests = fs::read_dir(workspaces.join("spares")).into_iter().flatten();
        let nests: Vec<u64> = nests.map(|nest| inode(nest.unwrap().path())).collect();
        let request = rig::own("results = {'sum': 1 + 2}\n", ExecutionMode::ReadOnly);
        let reply = service.invoke(request, None, rig::requester()).await.unwrap();
        let result = reply.result.unwrap();
        assert_eq!(result.results, Some(json!({"sum": 3})), "{result:#?}");
        nests.contains(&inode(result.folder.unwrap().join("attempt_01/execution_01")))
    };
    assert!(!spare().await);
    assert_eq!(nests(&workspaces), 0);
    service.keep_spares();
    let deadline = Instant::now() + TIME;
    while !spare().await {
        assert!(Instant::now() < deadline, "no spare was used");
    }
    service.close().await.unwrap();
    wait_until("the spares are gone", || nests(&workspaces) == 0);
}
