"""The main job, from end to end, against a real EPICS server.

Every step says what it does, runs the real command, and checks what came of it, at the control system too.
The first surprise ends the demo with a message and exit code 1. `make demo` sets everything up and runs it.
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent

# The exit codes this demo relies on; the binary's help lists them all.
DONE, FAILED, INTERRUPTED, CONFLICT = 0, 1, 10, 16

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
BOLD, DIM, GREEN, YELLOW, PLAIN = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[0m") if COLOUR else ("",) * 5
)


class Surprise(Exception):
    """Something was not as this demo promises."""


def expect(what: str, found, wanted) -> None:
    """Checks one promise, and says that it holds."""
    if found != wanted:
        raise Surprise(f"{what}: expected {wanted!r}, found {found!r}")
    print(f"{GREEN}  ✓ {what}{PLAIN}", flush=True)


def step(title: str, text: str = "") -> None:
    step.number = getattr(step, "number", 0) + 1
    print(f"\n{BOLD}{step.number}. {title}{PLAIN}")
    if text:
        print(textwrap.fill(text, 100, initial_indent="   ", subsequent_indent="   "))
    sys.stdout.flush()


class Server:
    """The EPICS server: a process of its own that counts every put that reaches it."""

    def __init__(self, folder: Path):
        self.log = folder / "puts.jsonl"
        self.log.touch()
        self.process = subprocess.Popen(
            [sys.executable, HERE / "ioc.py", "--with-parent", "--log", self.log],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        words = self.process.stdout.readline().split()
        if not words or words[0] != "READY":
            raise Surprise("the EPICS server did not start")
        self.ports = dict(word.split("=") for word in words[1:])

    def environment(self) -> dict[str, str]:
        return {
            "HOLDPOINT_DEMO_CA_PORT": self.ports["port"],
            "EPICS_CA_ADDR_LIST": "127.0.0.1",
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_CA_SERVER_PORT": self.ports["port"],
        }

    def read(self, pv: str) -> float:
        """The value, read over the network as any client would."""
        from caproto.sync.client import read

        value = float(read(pv, repeater=False).data[0])
        print(f"{DIM}  EPICS: {pv} = {value:g}{PLAIN}")
        return value

    def puts(self) -> list[tuple[str, float]]:
        """Every put that has reached the server."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [(line["pv"], line["value"]) for line in lines]

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Holdpoint:
    """The command, each time as a new process."""

    def __init__(self, binary: Path, data: Path):
        self.binary = binary
        self.globals = ["--config", str(HERE / "config.yml"), "--data-dir", str(data)]

    def call(self, words: tuple[str, ...], **streams) -> subprocess.CompletedProcess:
        command = [str(self.binary), *words, *self.globals]
        return subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, text=True, **streams)

    def run(self, *words: str, exits: int = DONE) -> None:
        """Runs a command as a person would, and shows what it says."""
        print(f"{DIM}  $ holdpoint {shlex.join(words)}{PLAIN}", flush=True)
        done = self.call(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(textwrap.indent(done.stdout, "  │ ", lambda _: True), end="", flush=True)
        expect(f"exit code {exits}", done.returncode, exits)

    def read(self, *words: str):
        """Runs a command with --json and gives what it says."""
        done = self.call((*words, "--json"), capture_output=True)
        try:
            return json.loads(done.stdout)
        except ValueError:
            said = f"{done.stdout}{done.stderr}".strip()
            raise Surprise(f"holdpoint {shlex.join(words)} --json gave no JSON but: {said}") from None

    def the_pending(self) -> dict:
        """The one approval that is pending."""
        pending = self.read("pending")
        if len(pending) != 1:
            raise Surprise(f"one approval should be pending, there are {len(pending)}")
        return pending[0]


def walk(holdpoint: Holdpoint, server: Server) -> None:
    step("The machine before", "A real EPICS server runs on loopback. The demo reads it as any client would.")
    before = server.read("SR:MAG:QF1:CURRENT:RB")
    expect("no put has reached the server", server.puts(), [])

    step(
        "A request that sets a magnet",
        "demo/set_magnet.py writes SR:MAG:QF1:CURRENT:SP. It is analyzed and rehearsed, its puts going nowhere, and "
        "stops at the gate: the command ends, and nothing of it stays in memory.",
    )
    holdpoint.run(
        "run", "--user-query", "Raise QF1 to 182.5 A", "--task-objective", "Set the current of the magnet QF1",
        "--execution-folder-name", "set_qf1", "--execution-mode", "write_access", "--code", "demo/set_magnet.py",
        "--as", "operator", exits=INTERRUPTED,
    )  # fmt: skip
    expect("the magnet is as it was", server.read("SR:MAG:QF1:CURRENT:RB"), before)
    expect("no put has reached the server", server.puts(), [])

    step("Who waits?", "A new process finds the question in the store: code, findings, what each PV holds and would hold.")
    holdpoint.run("pending")
    question = holdpoint.the_pending()
    thread = question["thread_id"]
    holdpoint.run("show", thread)
    shown = holdpoint.read("show", thread)
    code = hashlib.sha256((HERE / "set_magnet.py").read_bytes()).hexdigest()
    expect("the question is about exactly the file's bytes (SHA-256)", shown["code_sha256"], code)
    expect("its status is interrupted", shown["status"], "interrupted")
    planned = [(line["name"], line["value"], line["wanted"]) for line in shown["interrupts"][0]["question"]["channels"]]
    expect("the question tells value now and value wanted", planned, [("SR:MAG:QF1:CURRENT:SP", before, 182.5)])

    step("Approve", "The decision makes a grant for one execution of exactly this code. The code runs, sandboxed.")
    holdpoint.run("approve", question["interrupt_id"], "--as", "shift-leader")
    expect("the magnet has changed", server.read("SR:MAG:QF1:CURRENT:RB"), 182.5)
    done = [("SR:MAG:QF1:CURRENT:SP", 182.5)]
    expect("exactly one put has reached the server", server.puts(), done)
    approved = holdpoint.read("show", thread)
    expect("its status is completed", approved["status"], "completed")
    expect("the code that ran is the code that was shown", approved["code_sha256"], code)

    step("Approve again", "An answer counts once.")
    holdpoint.run("approve", question["interrupt_id"], "--as", "shift-leader", exits=CONFLICT)
    expect("still exactly one put has reached the server", server.puts(), done)

    step("A second request, rejected", "It comes from a JSON file and would set QD1 to 250 A.")
    before = server.read("SR:MAG:QD1:CURRENT:RB")
    holdpoint.run("run", "examples/requests/raise_qd1.json", "--as", "operator", exits=INTERRUPTED)
    question = holdpoint.the_pending()
    holdpoint.run(
        "reject", question["interrupt_id"], "--reason", "250 A is above what QD1 may carry", "--as", "shift-leader",
    )  # fmt: skip
    expect("its status is rejected", holdpoint.read("show", question["thread_id"])["status"], "rejected")
    expect("the magnet is as it was", server.read("SR:MAG:QD1:CURRENT:RB"), before)
    expect("no further put has reached the server", server.puts(), done)
    expect("nothing is pending", holdpoint.read("pending"), [])

    step("More than was approved", "demo/overreach.py hides a second put from the analysis. The gateway lets none pass.")
    holdpoint.run(
        "run", "--task-objective", "Set the current of the magnet QF1", "--execution-mode", "write_access",
        "--code", "demo/overreach.py", "--as", "operator", exits=INTERRUPTED,
    )  # fmt: skip
    question = holdpoint.the_pending()
    holdpoint.run(
        "approve", question["interrupt_id"], "--channels", "SR:MAG:QF1:CURRENT:SP", "--as", "shift-leader", exits=FAILED,
    )  # fmt: skip
    done.append(("SR:MAG:QF1:CURRENT:SP", 183.0))
    expect("only the approved put has reached the server", server.puts(), done)

    step("Put back what it wrote", "A revert is a request like any other: analyzed, rehearsed, asked about.")
    holdpoint.run("revert", question["thread_id"], "--as", "operator", exits=INTERRUPTED)
    question = holdpoint.the_pending()
    holdpoint.run("approve", question["interrupt_id"], "--as", "shift-leader")
    done.append(("SR:MAG:QF1:CURRENT:SP", 182.5))
    expect("the magnet is as it was before", server.read("SR:MAG:QF1:CURRENT:RB"), 182.5)

    step("What happened, and the proof of it", "replay executes nothing: it derives every decision again.")
    holdpoint.run("history", thread)
    holdpoint.run("replay", thread)
    holdpoint.run("verify")
    expect("looking back has put nothing", server.puts(), done)

    step("A read-only request", "Statistics with a figure: nothing to approve, so it runs straight through.")
    arguments = ["examples/requests/beam_statistics.json", "--code", "demo/beam_statistics.py"]
    print(f"{DIM}  $ holdpoint run {' '.join(arguments)} --json{PLAIN}")
    answer = holdpoint.read("run", *arguments, "--as", "operator")
    expect("its status is completed", answer["status"], "completed")
    expect("nobody was asked", answer["interrupts"], [])
    result = answer["result"]
    print(textwrap.indent(json.dumps(result["results"], indent=2), "  │ "))
    expect("the results count the samples", result["results"]["samples"], 12)
    figures = [file for file in result["artifacts"] if file["kind"] == "figure"]
    expect("one figure was made", len(figures), 1)
    figure = Path(result["figures"][0])
    digest = hashlib.sha256(figure.read_bytes()).hexdigest()
    expect("it is the one the record names (SHA-256)", digest, figures[0]["sha256"])
    print(f"  the figure: {figure}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--holdpoint", type=Path, required=True, help="the binary")
    binary = parser.parse_args().holdpoint.resolve()

    # A fresh folder that the sandbox's user may pass through, wherever the checkout is.
    folder = Path(tempfile.mkdtemp(prefix="holdpoint-demo-"))
    folder.chmod(0o711)
    latest = CHECKOUT / ".demo"
    if latest.is_symlink():
        if latest.resolve().name.startswith("holdpoint-demo-"):
            shutil.rmtree(latest.resolve(), ignore_errors=True)
        latest.unlink()
    latest.symlink_to(folder)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server = None
    try:
        server = Server(folder)
        if COLOUR:
            os.environ["CLICOLOR_FORCE"] = "1"
        os.environ.update(server.environment(), HOLDPOINT_DEMO_PYTHON=os.path.realpath(sys.prefix))
        print(f"Every command below also carries --config demo/config.yml --data-dir {folder}/data")
        walk(Holdpoint(binary, folder / "data"), server)
    except Surprise as surprise:
        print(f"\nThe demo stopped at a surprise. {surprise}\nWhat it left is in {folder}", file=sys.stderr)
        return 1
    finally:
        if server:
            server.stop()
    print(f"\n{GREEN}{BOLD}All as promised.{PLAIN} Everything it made is in {folder} (make clean-demo removes it).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
