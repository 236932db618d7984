"""Times Holdpoint's analysis and other tools on the same files, in one run, and prints a table.

`make bench-analysis` installs the tools and the packages whose files are read, and starts this.
All figures are CPU time on one core: of what a tool's own process takes, its start included.
"""

import argparse
import ast
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings

PACKAGES = ["epics", "caproto", "ophyd", "bluesky", "p4p", "numpy"]
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def best(work, rounds):
    """The least CPU time of `work`, in seconds, of this process and of those it starts."""
    def now():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    times = []
    for _ in range(rounds):
        since = now()
        work()
        times.append(now() - since)
    return min(times)


def expressions():
    """The regular expressions of the traditional detector, as the analyzer has them built in."""
    source = (ROOT / "src/analysis/patterns.rs").read_text()
    return re.findall(r'^    r"(.+)",$', source, re.MULTILINE)


def quietly(*command):
    """Runs `command`; scanners tell by their exit code that they found something."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} failed with {done.returncode}:\n{done.stderr}")


def ours(site):
    """Holdpoint's own benchmark: the rate over all files, and all it printed."""
    command = ["cargo", "bench", "--locked", "--bench", "analysis", "--", str(site)]
    printed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(re.search(r"^whole .*?([\d.]+) MB/s", printed, re.MULTILINE).group(1)), printed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=pathlib.Path, default=pathlib.Path(sysconfig.get_path("purelib")))
    site = parser.parse_args().site
    tools = pathlib.Path(sys.executable).parent
    paths = sorted(path for package in PACKAGES for path in (site / package).rglob("*.py"))
    sources = [path.read_bytes() for path in paths]
    texts = [source.decode() for source in sources]
    size = sum(map(len, sources)) / 1e6
    print(f"{len(paths)} files, {size:.2f} MB\n", flush=True)
    warnings.simplefilter("ignore")
    patterns = [re.compile(pattern) for pattern in expressions()]
    rate, printed = ours(site)
    rows = [("Holdpoint, from bytes to findings", rate)]

    def measure(name, work, rounds=1):
        rows.append((name, size / best(work, rounds)))

    measure(f"CPython {sys.version.split()[0]}, ast.parse alone", lambda: [ast.parse(s) for s in sources], 3)
    measure(
        f"the {len(patterns)} regular expressions alone, in Python",
        lambda: [pattern.search(text) for text in texts for pattern in patterns],
        3,
    )
    with tempfile.TemporaryDirectory() as folder:
        # Under plain names, since tools leave out folders that look like tests.
        for number, path in enumerate(paths):
            shutil.copyfile(path, pathlib.Path(folder) / f"f{number}.py")
        measure("bandit", lambda: quietly(tools / "bandit", "-q", "-r", folder))
        measure(
            "semgrep, 2 rules",
            lambda: quietly(
                tools / "semgrep", "scan", "--metrics=off", "--disable-version-check", "--quiet", "--jobs=1",
                "--config", HERE / "semgrep.yml", folder,
            ),
        )
    print(printed)
    for name, rate in rows:
        print(f"{name:48} {rate:8.2f} MB/s")


if __name__ == "__main__":
    main()
