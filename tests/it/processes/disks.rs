//! Stores that are damaged or foreign, and disks that are full or can't be written.

use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::site::*;

/// A site whose store holds a finished thread and a question that waits; gives that question.
fn told() -> (Site, String) {
    let site = Site::new(json!({}));
    let code = site.file("done.py", "results = {'answer': 42}\n");
    for number in 0..6 {
        site.run(&["run", "--code", &code, "--thread", &format!("done-{number}")])
            .expect(COMPLETED);
    }
    let question = site.ask("asked", &put(1.0));
    (site, question)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &target),
            kind if kind.is_file() => drop(fs::copy(entry.path(), target).unwrap()),
            _ => {}
        }
    }
}

fn remove(path: &Path) {
    match path.is_dir() {
        true => fs::remove_dir_all(path).unwrap(),
        false => fs::remove_file(path).unwrap(),
    }
}

/// Whatever was done to the store, it tells what it held or says that it is damaged, and where.
#[test]
fn a_damaged_store_is_refused_or_tells_the_truth() {
    let (site, question) = told();
    let whole = site.path().join("whole");
    copy(&site.data(), &whole);
    let threads = site.run(&["threads"]).json();
    let size = fs::metadata(whole.join("store/sled/db")).unwrap().len();
    type Damage = Box<dyn Fn(&Path)>;
    let cut = |at: u64| -> Damage {
        Box::new(move |store: &Path| {
            let db = fs::OpenOptions::new()
                .write(true)
                .open(store.join("sled/db"))
                .unwrap();
            db.set_len(at).unwrap();
        })
    };
    let flip = |at: u64| -> Damage {
        Box::new(move |store: &Path| {
            let db = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .open(store.join("sled/db"))
                .unwrap();
            let mut bytes = [0; 64];
            db.read_exact_at(&mut bytes, at).unwrap();
            db.write_all_at(&bytes.map(|byte| byte ^ 0x55), at).unwrap();
        })
    };
    let gone = |name: &'static str| -> Damage { Box::new(move |store: &Path| remove(&store.join(name))) };
    let junk = |name: &'static str| -> Damage {
        Box::new(move |store: &Path| fs::write(store.join(name), "this is no store\n".repeat(100)).unwrap())
    };
    let damages = [
        cut(0),
        cut(1),
        cut(size / 2),
        cut(size - 1),
        flip(0),
        flip(300),
        flip(4_000),
        flip(20_000),
        flip(50_000),
        gone("sled/db"),
        gone("sled/conf"),
        gone("sled"),
        gone("log"),
        gone("lock"),
        junk("sled/db"),
        junk("sled/conf"),
        junk("log/00000001.log"),
    ];
    let mut refused = 0;
    for (number, damage) in damages.iter().enumerate() {
        remove(&site.data());
        copy(&whole, &site.data());
        damage(&site.data().join("store"));
        for words in [
            &["pending"][..],
            &["threads"],
            &["verify"],
            &["reject", &question, "--reason", "no"],
        ] {
            let said = site.run(words);
            let store = site.data().canonicalize().unwrap().join("store");
            match said.code() {
                Some(COMPLETED) => match words[0] {
                    "pending" => {
                        assert_eq!(said.json()[0]["interrupt_id"], json!(question), "damage {number}")
                    }
                    "threads" => assert_eq!(said.json(), threads, "damage {number}"),
                    "verify" => assert_eq!(said.json()["ok"], true, "damage {number}"),
                    _ => assert_eq!(said.told(), "rejected", "damage {number}"),
                },
                Some(FAILED) if words[0] == "verify" && said.json()["ok"] == false => refused += 1,
                Some(FAILED) => {
                    let error = &said.json()["error"];
                    let codes = ["store_damaged", "store_foreign", "value_damaged"];
                    assert!(
                        codes.contains(&error["code"].as_str().unwrap()),
                        "damage {number}: {error}"
                    );
                    let message = error["message"].as_str().unwrap();
                    assert!(
                        message.contains(store.to_str().unwrap()),
                        "damage {number}: {message}"
                    );
                    refused += 1;
                }
                other => panic!("damage {number}, {words:?}: {other:?} {said:#?}"),
            }
            assert!(
                !said.stderr.contains("panicked"),
                "damage {number}: {}",
                said.stderr
            );
        }
    }
    assert!(
        refused > 20,
        "only {refused} of {} were noticed",
        damages.len() * 4
    );
}

#[test]
fn what_is_no_store_is_left_alone() {
    let site = Site::new(json!({}));
    fs::create_dir_all(site.data().join("store")).unwrap();
    fs::write(site.data().join("store/letters.txt"), "dear reader").unwrap();
    let said = site.run(&["pending"]);
    said.refuse(
        FAILED,
        "store_foreign",
        site.data().join("store").to_str().unwrap(),
    );
    let left: Vec<_> = fs::read_dir(site.data().join("store"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter().all(|name| name == "letters.txt" || name == "lock"),
        "{left:?}"
    );

    let site = Site::new(json!({}));
    fs::write(site.data(), "a file").unwrap();
    site.run(&["pending"])
        .refuse(FAILED, "directory", site.data().to_str().unwrap());
    assert_eq!(fs::read_to_string(site.data()).unwrap(), "a file");
}

/// A mount namespace of its own, with a small disk in which a data directory can lie.
struct Disk {
    keeper: Child,
    place: PathBuf,
}

impl Disk {
    /// A disk of 64 MiB at the site's data directory; `None` where nothing can be mounted.
    fn at(test: &str, site: &Site) -> Option<Self> {
        let place = site.data();
        fs::create_dir(&place).unwrap();
        let script = "mount -t tmpfs -o size=64m,mode=700 holdpoint-test \"$1\" && echo mounted && exec cat";
        let mut keeper = Command::new("unshare")
            .args(Self::user(&["--mount"], "--map-root-user"))
            .args(["sh", "-c", script, "sh"])
            .arg(&place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(keeper.stdout.take().unwrap()),
            &mut line,
        )
        .unwrap();
        let disk = Self { keeper, place };
        if line != "mounted\n" {
            skip(
                test,
                "no file system can be mounted here: it needs unshare and a mount namespace",
            );
            return None;
        }
        Some(disk)
    }

    fn user<'a>(words: &[&'a str], unless_root: &'a str) -> Vec<&'a str> {
        let root = rustix::process::geteuid().is_root();
        let more = (!root).then_some(unless_root);
        words.iter().copied().chain(more).collect()
    }

    /// Puts the disk under a command.
    fn under(&self, command: Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside
            .args(["--mount", "--target", &self.keeper.id().to_string()])
            .args(Self::user(&[], "--user"))
            .args(Self::user(&[], "--preserve-credentials"))
            .arg("--wd=/")
            .arg("--")
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null());
        inside
    }

    #[track_caller]
    fn run(&self, site: &Site, words: &[&str]) -> Said {
        let mut command = site.command(words);
        command.arg("--json");
        Running::start(self.under(command)).end()
    }

    #[track_caller]
    fn shell(&self, script: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(&self.place);
        Running::start(self.under(shell)).end().expect(0);
    }

    fn fill(&self) {
        self.shell("dd if=/dev/zero of=\"$1/filling\" bs=64k 2>/dev/null; dd if=/dev/zero of=\"$1/rest\" bs=1 count=4096 2>/dev/null; true");
    }

    fn free(&self) {
        self.shell("rm -f \"$1/filling\" \"$1/rest\"");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The namespace and its disk end with the last process in it.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[test]
fn on_a_full_disk_requests_fail_cleanly_and_work_goes_on_once_there_is_room() {
    let test = "on_a_full_disk_requests_fail_cleanly_and_work_goes_on_once_there_is_room";
    // What stays free is more than the ballast, so that giving this up lets nothing new begin.
    let site = Site::new(json!({ "holdpoint": { "store": { "min_free_bytes": "16 MiB" } } }));
    let Some(disk) = Disk::at(test, &site) else { return };
    let code = site.file("write.py", put(1.0));
    let ask = |thread: &str| {
        disk.run(
            &site,
            &[
                "run",
                "--execution-mode",
                "write_access",
                "--code",
                &code,
                "--thread",
                thread,
            ],
        )
    };
    let mut asked = vec![ask("thread-0").expect(INTERRUPTED).interrupt()];
    for round in 1..4 {
        disk.fill();
        let said = ask(&format!("full-{round}"));
        said.refuse(FAILED, "disk_full", site.data().to_str().unwrap());
        disk.run(&site, &["reject", &asked[0], "--reason", "no"])
            .refuse(FAILED, "disk_full", "");
        // What can be read is still told.
        let pending = disk.run(&site, &["pending"]);
        assert_eq!(ids(&pending.expect(COMPLETED).json()), sorted(&asked));
        disk.free();
        asked.push(ask(&format!("thread-{round}")).expect(INTERRUPTED).interrupt());
        assert_eq!(ids(&disk.run(&site, &["pending"]).json()), sorted(&asked));
        assert_eq!(disk.run(&site, &["verify"]).expect(COMPLETED).json()["ok"], true);
    }
    disk.run(&site, &["reject", &asked[0], "--reason", "no"])
        .expect(COMPLETED);
}

fn ids(pending: &Value) -> Vec<String> {
    let ids: Vec<String> = pending
        .as_array()
        .unwrap()
        .iter()
        .map(|asked| asked["interrupt_id"].as_str().unwrap().to_owned())
        .collect();
    sorted(&ids)
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}

#[test]
fn a_disk_that_cannot_be_written_is_an_error_that_says_so() {
    let test = "a_disk_that_cannot_be_written_is_an_error_that_says_so";
    let site = Site::new(json!({}));
    let Some(disk) = Disk::at(test, &site) else { return };
    let code = site.file("write.py", put(1.0));
    let ask = ["run", "--execution-mode", "write_access", "--code", &code];
    let question = disk.run(&site, &ask).expect(INTERRUPTED).interrupt();
    disk.shell("mount -o remount,ro \"$1\"");
    for words in [&ask[..], &["reject", &question, "--reason", "no"]] {
        let said = disk.run(&site, words);
        said.expect(FAILED);
        let message = said.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(site.data().to_str().unwrap()), "{message}");
        assert!(message.contains("ead-only"), "{message}");
    }
    disk.shell("mount -o remount,rw \"$1\"");
    assert_eq!(ids(&disk.run(&site, &["pending"]).json()), [question]);
}

/// The data directory belongs to someone else, who may not be this user.
#[test]
fn someone_elses_data_directory_is_an_error_that_says_so() {
    let test = "someone_elses_data_directory_is_an_error_that_says_so";
    if !rustix::process::geteuid().is_root() {
        skip(test, "only root can be two users");
        return;
    }
    let site = Site::new(json!({}));
    let question = site.ask("asked", &put(1.0));
    fs::set_permissions(site.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = site.path().join("holdpoint");
    fs::copy(env!("CARGO_BIN_EXE_holdpoint"), &binary).unwrap();
    for words in [&["pending"][..], &["reject", &question, "--reason", "no"]] {
        let command = site.command(words);
        let mut other = Command::new("setpriv");
        other
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(&binary)
            .args(command.get_args())
            .arg("--json")
            .env_remove("CONFIG_FILE")
            .stdin(Stdio::null());
        let said = Running::start(other).end();
        said.expect(FAILED);
        let message = said.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(site.data().to_str().unwrap()), "{message}");
        assert!(message.contains("ermission denied"), "{message}");
    }
    assert_eq!(site.run(&["show", "asked"]).interrupt(), question);
}
