//! The launcher's walls, one by one, in each isolation that the host offers.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use holdpoint::{
    config::{Config, Isolation},
    execution::{Access, Executor, HostReport, LocalExecutor, Permit, Placement, ProgramEnd},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::execution::{Place, killed, offered, place, python, results, skip, wait_until};

/// The isolations with walls.
fn walled() -> Vec<Isolation> {
    let mut offered = offered();
    offered.retain(|isolation| *isolation != Isolation::None);
    offered
}

fn place_in(isolation: Isolation) -> Place {
    let mut place = place();
    place.settings.local.isolation = isolation;
    place.let_others_pass();
    place
}

/// Python that tries each of `attempts` and keeps what came of it, by name.
fn trying(attempts: &[(&str, String)]) -> String {
    let mut code = "import ctypes, errno, fcntl, os, socket, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                    def call(number, *words):\n    ctypes.set_errno(0)\n    \
                    got = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(word) for word in words))\n    \
                    if got == -1:\n        raise OSError(ctypes.get_errno(), '')\nresults = {}\n"
        .to_owned();
    for (name, attempt) in attempts {
        code.push_str(&format!(
            "try:\n    {attempt}\n    results['{name}'] = 'done'\nexcept OSError as e:\n    \
             results['{name}'] = errno.errorcode.get(e.errno, str(e))\n"
        ));
    }
    code
}

/// System calls that open walls are refused, whichever wall stands.
#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_that_open_walls_are_refused() {
    let attempts: &[(&str, &str)] = &[
        ("unshare a user namespace", "call(272, 0x10000000)"),
        (
            "clone into a user namespace",
            "call(56, 0x10000000 | 17, 0, 0, 0, 0)",
        ),
        ("setns", "call(308, 0, 0)"),
        ("mount", "call(165, 0, 0, 0, 0, 0)"),
        ("open_tree", "call(428, -100, 0, 1)"),
        ("fsopen", "call(430, 0, 0)"),
        ("chroot", "os.chroot('/')"),
        ("pivot_root", "call(155, 0, 0)"),
        ("ptrace", "call(101, 0, 0, 0, 0)"),
        ("process_vm_readv", "call(310, 1, 0, 0, 0, 0, 0)"),
        ("pidfd_getfd", "call(438, 0, 0, 0)"),
        ("keyctl", "call(250, 0, -3, 1)"),
        ("add_key", "call(248, 0, 0, 0, 0, 0)"),
        ("io_uring_setup", "call(425, 8, 0)"),
        ("bpf", "call(321, 0, 0, 0)"),
        ("perf_event_open", "call(298, 0, 0, -1, -1, 0)"),
        ("userfaultfd", "call(323, 1)"),
        ("open_by_handle_at", "call(304, -100, 0, 0)"),
        ("quotactl", "call(179, 0, 0, 0, 0)"),
        ("kexec_load", "call(246, 0, 0, 0, 0)"),
        ("init_module", "call(175, 0, 0, 0)"),
        ("clock_settime", "call(227, 0, 0)"),
        ("personality", "call(135, 0x0040000)"),
        (
            "a packet socket",
            "socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)",
        ),
        (
            "a netlink socket",
            "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        ),
        (
            "a crypto socket",
            "socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)",
        ),
        ("a vsock", "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)"),
        ("typing for others", "fcntl.ioctl(0, 0x5412, b'x')"),
    ];
    // What lies in memory a filter cannot see, and the second table of calls has numbers of its own.
    let unknown: &[(&str, &str)] = &[
        ("clone3", "call(435, 0, 0)"),
        ("ptrace of the second table", "call(0x40000000 + 521, 0, 0, 0, 0)"),
        (
            "unshare of the second table",
            "call(0x40000000 + 272, 0x10000000)",
        ),
    ];
    let code = |attempts: &[(&str, &str)]| {
        let attempts: Vec<_> = attempts
            .iter()
            .map(|(name, attempt)| (*name, (*attempt).to_owned()))
            .collect();
        trying(&attempts)
    };
    for isolation in walled() {
        let place = place_in(isolation);
        for (attempts, expected) in [(attempts, "EPERM"), (unknown, "ENOSYS")] {
            let execution = place.run(&code(attempts)).await;
            for (name, _) in attempts {
                assert_eq!(results(&execution)[name], expected, "{isolation:?}: {name}");
            }
        }
    }
}

/// Nothing of the service is open in a program but the three streams, and standard input is nobody's.
#[tokio::test]
async fn a_program_inherits_nothing() {
    for isolation in offered() {
        let place = place_in(isolation);
        let execution = place
            .run(
                "import os\nopen_ones = {fd for fd in range(3, 1024) if os.path.exists(f'/proc/self/fd/{fd}')}\n\
                 results = {'open': sorted(open_ones), 'input': os.readlink('/proc/self/fd/0')}\n",
            )
            .await;
        assert_eq!(
            results(&execution),
            &json!({"open": [], "input": "/dev/null"}),
            "{isolation:?}"
        );
    }
}

/// Without namespaces, the file system and everything beyond the process is closed by Landlock and seccomp.
#[tokio::test]
async fn landlock_alone_is_a_wall() {
    if !walled().contains(&Isolation::Landlock) {
        return;
    }
    let place = place_in(Isolation::Landlock);
    let secret = tempfile::tempdir_in("/var/tmp").unwrap();
    let file = secret.path().join("secret");
    fs::write(&file, "secret").unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(secret.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(secret.path().join("door")).unwrap();
    fs::set_permissions(secret.path().join("door"), fs::Permissions::from_mode(0o777)).unwrap();
    let here = secret.path().display();
    let attempts = [
        ("read", format!("open('{here}/secret').read()"), "EACCES"),
        ("write", format!("open('{here}/secret', 'w')"), "EACCES"),
        ("cut", format!("os.truncate('{here}/secret', 0)"), "EACCES"),
        ("list", format!("os.listdir('{here}')"), "EACCES"),
        ("make", format!("open('{here}/new', 'w')"), "EACCES"),
        ("remove", format!("os.remove('{here}/secret')"), "EACCES"),
        (
            "link",
            format!("os.link('{here}/secret', 'mine')"),
            "EXDEV|EACCES",
        ),
        ("mode", format!("os.chmod('{here}/secret', 0o600)"), "EPERM"),
        ("times", format!("os.utime('{here}/secret', (0, 0))"), "EPERM"),
        ("users", "open('/etc/passwd').read()".to_owned(), "EACCES"),
        ("temporary files", "open('/tmp/x', 'w')".to_owned(), "EACCES"),
        ("shared memory", "open('/dev/shm/x', 'w')".to_owned(), "EACCES"),
        (
            "the first process",
            "open('/proc/1/environ').read()".to_owned(),
            "EACCES",
        ),
        (
            "its parent",
            "open(f'/proc/{os.getppid()}/environ').read()".to_owned(),
            "EACCES",
        ),
        (
            "TCP",
            "socket.socket().connect(('127.0.0.1', 22))".to_owned(),
            "EPERM",
        ),
        (
            "UDP",
            "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)".to_owned(),
            "EPERM",
        ),
        (
            "a door",
            format!("socket.socket(socket.AF_UNIX).connect('{here}/door')"),
            "EPERM",
        ),
        (
            "a pair that sends elsewhere",
            "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)".to_owned(),
            "EPERM",
        ),
        ("a pair", "socket.socketpair()".to_owned(), "done"),
        ("its keeper", "os.kill(os.getppid(), 9)".to_owned(), "EPERM"),
        ("everyone", "os.kill(-1, 9)".to_owned(), "EPERM"),
        (
            "limits of another",
            "call(302, os.getppid(), 0, 0, 0)".to_owned(),
            "EPERM",
        ),
        ("System V memory", "call(29, 0, 4096, 0o1777)".to_owned(), "EPERM"),
    ];
    let code: Vec<_> = attempts
        .iter()
        .map(|(name, attempt, _)| (*name, attempt.clone()))
        .collect();
    let execution = place.run(&trying(&code)).await;
    for (name, attempt, expected) in &attempts {
        let found = results(&execution)[name].as_str().unwrap();
        assert!(
            expected.split('|').any(|one| one == found),
            "{name}, {attempt}: {found}"
        );
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "secret");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
    // Its own directory is a program's own.
    let own = place
        .run("import os, shutil\nos.mkdir('a')\nopen('a/x', 'w').write('1')\nos.rename('a/x', 'y')\nresults = {'is': os.listdir('.')}\n")
        .await;
    let names = results(&own)["is"].as_array().unwrap().len();
    assert_eq!(names, 2, "{own:?}");
}

/// What scientific programs need works behind the walls.
#[tokio::test]
async fn packages_work_behind_the_walls() {
    if !python().1 {
        return skip("packages_work_behind_the_walls");
    }
    for isolation in walled() {
        let mut place = place_in(isolation);
        place.settings.max_memory_bytes = 4 << 30;
        let execution = place
            .run(
                "import asyncio, subprocess, sys, tempfile, threading\nfrom concurrent.futures import ThreadPoolExecutor\n\
                 import numpy as np, pandas as pd, matplotlib.pyplot as plt\n\
                 a = np.random.default_rng(1).normal(size=(200, 200))\nu, s, v = np.linalg.svd(a)\n\
                 with ThreadPoolExecutor(4) as pool:\n    squares = list(pool.map(lambda x: x * x, range(10)))\n\
                 async def later():\n    await asyncio.sleep(0.001)\n    return 7\n\
                 frame = pd.DataFrame({'x': range(5)})\nframe.to_csv('frame.csv')\n\
                 with tempfile.TemporaryFile() as file:\n    file.write(b'x')\n\
                 said = subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True).stdout\n\
                 plt.plot(s)\nresults = {'rank': int((s > 1e-9).sum()), 'sum': sum(squares), 'later': asyncio.run(later()), \
                 'said': said.strip(), 'mean': float(pd.read_csv('frame.csv')['x'].mean())}\n",
            )
            .await;
        assert_eq!(
            results(&execution),
            &json!({"rank": 200, "sum": 285, "later": 7, "said": "42", "mean": 2.0}),
            "{isolation:?}"
        );
        assert!(
            execution.artifacts.iter().any(|one| one.kind == "figure"),
            "{isolation:?}"
        );
        if isolation == Isolation::Landlock {
            continue;
        }
        let pool = place
            .run(
                "import multiprocessing as mp\ndef f(x):\n    return x * x\nwith mp.get_context('fork').Pool(3) as pool:\n    \
                 results = {'all': pool.map(f, range(5))}\n",
            )
            .await;
        assert_eq!(results(&pool), &json!({"all": [0, 1, 4, 9, 16]}), "{isolation:?}");
    }
}

/// With a control group, the limits are those of the whole run, and its end for memory is told.
#[tokio::test]
async fn a_control_group_limits_the_whole_run() {
    if !walled().contains(&Isolation::BubblewrapCgroup) {
        return;
    }
    let mut place = place_in(Isolation::BubblewrapCgroup);
    place.settings.max_memory_bytes = 256 << 20;
    // One after the other, each within the limit of a process: together they are beyond that of the run.
    let eaten = place
        .run(
            "import os, time\nmeals = []\nfor _ in range(4):\n    listen, tell = os.pipe()\n    if os.fork() == 0:\n        \
             meal = bytearray(b'x') * (100 << 20)\n        os.write(tell, b'x')\n        time.sleep(1000)\n    \
             os.close(tell)\n    meals.append(os.read(listen, 1) == b'x')\nresults = {'meals': meals}\n",
        )
        .await;
    match &eaten.end {
        ProgramEnd::Killed { code, .. } => assert_eq!(code, "memory_limit"),
        // The kernel has chosen a child.
        _ => assert!(results(&eaten).is_object()),
    }
    assert!(
        eaten.notes.join(" ").contains("execution.limits.memory_bytes"),
        "{eaten:?}"
    );
    let executor = LocalExecutor::probe(&place.settings).unwrap();
    let backend = executor.backend(&Placement::default());
    assert!(["v1", "v2"].contains(&backend.facts["cgroup"].as_str().unwrap()));
}

/// What a service that was killed left behind is ended and removed by the next one.
#[test]
fn what_was_left_behind_is_cleared() {
    if !walled().contains(&Isolation::BubblewrapCgroup) {
        return;
    }
    let place = place_in(Isolation::BubblewrapCgroup);
    let report = HostReport::of(&place.settings);
    let groups = report
        .findings
        .iter()
        .find(|finding| finding.subject == "control groups")
        .unwrap();
    let (_, homes) = groups.found.split_once(": ").unwrap();
    let name = format!("run_{}", uuid::Uuid::new_v4().simple());
    let left: Vec<PathBuf> = homes
        .split(", ")
        .map(|home| Path::new(home).join(&name))
        .collect();
    let mut daemon = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    // The last one first: until the first is there, other services do not look at it.
    for dir in left.iter().rev() {
        fs::create_dir(dir).unwrap();
        fs::write(dir.join("cgroup.procs"), daemon.id().to_string()).unwrap();
    }
    LocalExecutor::probe(&place.settings).unwrap();
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(daemon.wait().unwrap().signal(), Some(9));
    wait_until("the groups are gone", || left.iter().all(|dir| !dir.exists()));
}

/// Programs get sockets that are handed out, and are told of nothing else.
#[tokio::test]
async fn sockets_are_handed_out() {
    for isolation in walled() {
        let mut place = place_in(isolation);
        for (name, value) in [("EPICS_CA_ADDR_LIST", "192.0.2.1"), ("SITE", "here")] {
            place
                .settings
                .local
                .environment
                .insert(name.to_owned(), value.to_owned());
        }
        let mut epics = Config::builtin().control_system.epics;
        epics.address_list = vec!["192.0.2.1:5064".to_owned()];
        epics.pva_gateway = Some("192.0.2.1:5075".to_owned());
        epics.max_servers = 4;
        let executor = LocalExecutor::probe(&place.settings)
            .unwrap()
            .with_control_system(&epics);
        let job = |access: Access| {
            let mut job = place.job(
                "import os, socket\ndef holds(kind, port):\n    try:\n        socket.socket(socket.AF_INET, kind).bind(('127.0.0.1', port))\n        \
                 return False\n    except OSError as e:\n        return e.errno == 98\n\
                 results = {name: value for name, value in os.environ.items() if name.startswith(('EPICS', 'SITE'))}\n\
                 results['held'] = [holds(socket.SOCK_DGRAM, 5064), holds(socket.SOCK_DGRAM, 5065), \
                 holds(socket.SOCK_STREAM, 5064), holds(socket.SOCK_STREAM, 5075)]\n\
                 for port in (5064, 5075):\n    socket.create_connection(('127.0.0.1', port), 5).close()\n",
            );
            job.access = access;
            job
        };
        for access in [Access::Read, Access::Write(Permit::default())] {
            let prepared = executor.prepare(job(access.clone())).await;
            if isolation == Isolation::Landlock {
                // There is no namespace that sockets could stand in.
                match access {
                    Access::Read => drop(prepared.unwrap()),
                    _ => assert!(
                        prepared
                            .err()
                            .unwrap()
                            .to_string()
                            .contains("no way to the control system")
                    ),
                }
                continue;
            }
            let execution = prepared.unwrap().run(CancellationToken::new()).await;
            let found: &Value = results(&execution);
            assert_eq!(found["held"], json!([true, true, true, true]), "{found}");
            assert_eq!(found["EPICS_CA_ADDR_LIST"], "127.0.0.1");
            assert_eq!(found["EPICS_PVA_NAME_SERVERS"], "127.0.0.1:5075");
            assert_eq!(found["EPICS_CA_AUTO_ADDR_LIST"], "NO");
            assert_eq!(found["SITE"], "here");
        }
    }
}

/// A launcher that the programs' user could change, or that is not there, is refused.
#[test]
fn the_launcher_must_be_there_and_safe() {
    use std::os::unix::fs::PermissionsExt;
    let mut place = place();
    let told = |place: &Place| LocalExecutor::probe(&place.settings).unwrap_err().to_string();
    place.settings.local.launcher = Some("/no/such/launcher".into());
    assert!(
        told(&place).contains("execution.local.launcher"),
        "{}",
        told(&place)
    );
    if !place.is_root() {
        return;
    }
    let own = place.dir.path().join("launch");
    fs::copy(env!("CARGO_BIN_EXE_holdpoint-launch"), &own).unwrap();
    place.settings.local.launcher = Some(own.clone());
    LocalExecutor::probe(&place.settings).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(told(&place).contains("can change"), "{}", told(&place));
}

/// A program that ignores signals ends on time, and nothing of it is left, whatever holds it together.
#[tokio::test]
async fn a_stubborn_program_ends_on_time() {
    for isolation in offered() {
        let place = place_in(isolation);
        let mut job = place.job("import signal\nfor n in (1, 2, 15):\n    signal.signal(n, signal.SIG_IGN)\nwhile True:\n    pass\n");
        job.timeout = Duration::from_secs(1);
        let execution = place.run_job(job).await;
        assert_eq!(killed(&execution), "timeout", "{isolation:?}");
        assert!(execution.seconds < 5.0, "{isolation:?}: {}", execution.seconds);
        assert!(execution.notes.is_empty(), "{isolation:?}: {:?}", execution.notes);
    }
}
