"""The runner's part in a Jupyter kernel: takes the program, runs it, hands out what it left.

It is sent to the kernel as text, together with the runner whose functions it calls, and reached by silent
requests. What is handed out goes through replies, one bounded piece at a time: messages that a kernel
publishes of its own accord are dropped by servers when there are too many.
"""

import asyncio
import base64
import faulthandler
import json
import os
import shutil
import stat
import sys
import tempfile

MEDIA = "application/vnd.holdpoint+json"
PIECE = 1 << 20
MAX_DEPTH = 16


class Answer:
    """A value that reaches the service as it is."""

    def __init__(self, value):
        self.value = value

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {MEDIA: self.value}

    def __repr__(self):
        return "holdpoint"


class Post:
    """One program's stay in this kernel."""

    def __init__(self, runner, outcome):
        self.runner = runner
        outcome.MISSING = runner.MISSING
        self.outcome = outcome
        self.taken = {"program": b"", "context": b"", "environment": b""}
        self.work = os.path.realpath(tempfile.mkdtemp(prefix="holdpoint_"))
        self.listed = {}

    def take(self, name, piece):
        """Takes one piece of the program or of its context; gives how much is there."""
        self.taken[name] += base64.b64decode(piece)
        return Answer({"bytes": len(self.taken[name])})

    def run(self, seconds):
        """Runs the program as the runner does."""
        os.environ.update(json.loads(self.taken["environment"]))
        # The files of a program are its figures, whatever a notebook would do with them.
        os.environ["MPLBACKEND"] = "Agg"
        os.chdir(self.work)
        context = json.loads(self.taken["context"])
        main, arguments = sys.modules["__main__"], sys.argv
        # A kernel runs in an event loop of its own, within which the program could have none.
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        # If nobody ends this kernel when the program's time is up, it ends itself a while later.
        with open(os.devnull, "w") as nowhere:
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            try:
                self.runner.complete(self.taken["program"], context, self.work, lambda: self.outcome)
            finally:
                faulthandler.cancel_dump_traceback_later()
                asyncio._set_running_loop(loop)
                asyncio.set_event_loop(loop)
                sys.modules["__main__"], sys.argv = main, arguments

    def files(self, most, file_bytes, total_bytes):
        """Lists the program's files: those that are within the bounds, and why others are not among them."""
        found, notes, total, seen = [], [], 0, 0
        for folder, folders, names in os.walk(self.work, followlinks=False):
            inner = os.path.relpath(folder, self.work)
            if inner.count(os.sep) >= MAX_DEPTH - 1:
                notes.append("what is in %r was left out: directories are nested too deeply" % inner[:200])
                folders.clear()
            for name in sorted(names):
                path = os.path.normpath(os.path.join(inner, name))
                seen += 1
                if seen > most:
                    notes.append("files were left out: there are more than %d" % most)
                    return self.list(found, notes)
                try:
                    entry = os.lstat(os.path.join(folder, name))
                    path.encode("utf-8")
                except (OSError, ValueError) as error:
                    notes.append("%s was left out: %s" % (ascii(path)[:200], type(error).__name__))
                    continue
                left = min(file_bytes, total_bytes - total)
                if not stat.S_ISREG(entry.st_mode):
                    notes.append("%r was left out: it is not a regular file" % path[:200])
                elif path != ".outcome.json" and entry.st_size > left:
                    notes.append("%r was left out: it is larger than %d bytes" % (path[:200], left))
                else:
                    total += entry.st_size
                    found.append([path, entry.st_size])
        return self.list(found, notes)

    def list(self, found, notes):
        self.listed = dict(found)
        self.taken["files"] = json.dumps({"files": found, "notes": notes[:100]}).encode("utf-8")
        return Answer({"bytes": len(self.taken["files"])})

    def listing(self, offset):
        """One piece of the list."""
        return Answer({"base64": base64.b64encode(self.taken["files"][offset : offset + PIECE]).decode("ascii")})

    def piece(self, path, offset):
        """One piece of a listed file, whose path comes in base64."""
        path = base64.b64decode(path).decode("utf-8")
        with open(os.path.join(self.work, path), "rb") as file:
            file.seek(offset)
            content = file.read(min(PIECE, self.listed[path] - offset))
        return Answer({"base64": base64.b64encode(content).decode("ascii")})

    def clear(self):
        """Removes what the program left here."""
        os.chdir(os.path.dirname(self.work))
        shutil.rmtree(self.work, ignore_errors=True)
        return Answer({"bytes": 0})
