"""Runs one program, byte for byte, and has what it left saved.

Started as `python -I -B runner.py INPUT WORK [MODULE ...]`. It imports the modules, says that it is ready, waits for the word to go, reads
INPUT/program.py and INPUT/context.json, and leaves WORK/.outcome.json. Whatever the start does not need is
in INPUT/outcome.py and is loaded later: imports are most of the time between a start and a program's first line.
"""

import os
import sys
import types

READY = b"holdpoint: ready\n"
PROGRAM = "program.py"
PATH = list(sys.path)
MISSING = object()
RESERVE = 64 << 20


class Later:
    """outcome.py, loaded when it is first needed, with the search path as it was before the program."""

    def __init__(self, inputs):
        self.file = os.path.join(inputs, "outcome.py")
        self.module = None

    def __call__(self):
        if self.module is None:
            module = types.ModuleType("holdpoint_outcome")
            with open(self.file, "rb") as file:
                text = file.read()
            path, sys.path = sys.path, list(PATH)
            try:
                exec(compile(text, self.file, "exec", dont_inherit=True), module.__dict__)
            finally:
                sys.path = path
            module.MISSING = MISSING
            self.module = module
        return self.module


class Source:
    """The program's text, for those who ask its module for it."""

    def __init__(self, source, later):
        self.source = source
        self.later = later

    def get_source(self, name):
        """The text of the module `name`, which is the program."""
        return self.later().text_of(self.source)


def saver(later, work, notes):
    """The program's `save_artifact`."""
    artifacts = []

    def save_artifact(obj, title="artifact", description="", artifact_type=None):
        """Saves an object as a file under artifacts/ and returns its path."""
        if not artifacts:
            artifacts.append(later().Artifacts(work, notes))
        return artifacts[0].save(obj, title, description, artifact_type)

    return save_artifact


def read_context(inputs):
    """The program's `context`; an empty one needs no parser."""
    with open(os.path.join(inputs, "context.json"), "rb") as file:
        text = file.read()
    if text == b"{}":
        return {}
    import json

    return json.loads(text)


def run(source, context, save_artifact, later, reserve):
    """Runs the program; gives its end and its module. What is in `reserve` is let go once it has ended."""
    module = types.ModuleType("__main__")
    module.__file__ = PROGRAM
    module.__builtins__ = __builtins__
    module.context = context
    module.save_artifact = save_artifact
    module.__loader__ = Source(source, later)
    sys.modules["__main__"] = module
    sys.argv = [PROGRAM]
    try:
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)
        end = {"type": "finished"}
    except SystemExit as error:
        reserve.clear()
        clean_exit = error.code is None or (isinstance(error.code, int) and error.code == 0)
        end = {"type": "finished"} if clean_exit else later().describe(error, source)
    except BaseException as error:
        reserve.clear()
        end = later().describe(error, source)
    return end, module


def threads():
    """The threads there are; none are known of while nothing has loaded what counts them."""
    threading = sys.modules.get("threading")
    return set() if threading is None else set(threading.enumerate())


def join_threads(besides):
    """Waits for the program's threads, as the interpreter does at its end; `besides` are those it found."""
    threading = sys.modules.get("threading")
    while threading is not None:
        others = [
            thread
            for thread in threading.enumerate()
            if thread not in besides
            and thread is not threading.current_thread()
            and not thread.daemon
            and thread.is_alive()
        ]
        if not others:
            return
        for thread in others:
            thread.join()


def preload(names):
    """Imports modules before there is a program. What they print is not the program's, and a module that cannot
    be imported is missed by the program, if it wants it: it is told of on the standard error and passed over."""
    out = os.dup(1)
    os.dup2(2, 1)
    for name in names:
        try:
            __import__(name)
        except Exception as error:
            text = "the module %s cannot be imported: %s: %s" % (name, type(error).__name__, error)
            os.write(2, (text + "\n").encode("utf-8", "replace"))
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(out, 1)
    os.close(out)


def main():
    inputs, work = sys.argv[1], sys.argv[2]
    if sys.argv[3:]:
        preload(sys.argv[3:])
    os.write(1, READY)
    if os.read(0, 16) != b"go\n":
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.reconfigure(line_buffering=True)
    with open(os.path.join(inputs, PROGRAM), "rb") as file:
        source = file.read()
    context, later = read_context(inputs), Later(inputs)
    sys.exit(1 if complete(source, context, work, later) else 0)


def complete(source, context, work, later):
    """Runs the program and leaves its outcome in `work`; gives whether it raised."""
    notes, owner, found = [], os.getpid(), threads()
    # A program that has used up its memory must still be told of: this much is kept back for that. Nothing
    # touches it, so it costs address space alone.
    reserve = [bytes(RESERVE)]
    out, err = sys.stdout, sys.stderr
    end, module = run(source, context, saver(later, work, notes), later, reserve)
    reserve.clear()
    for stream in (out, err):
        try:
            stream.flush()
        except Exception:
            pass
    raised = end["type"] == "raised"
    if raised:
        try:
            err.write(end["traceback"])
            err.flush()
        except Exception:
            pass
    if os.getpid() != owner:
        os._exit(1 if raised else 0)
    join_threads(found)
    outcome = {"version": 1, "end": end, "notes": notes}
    later().save_figures(work, notes)
    try:
        later().write_outcome(work, outcome, vars(module).get("results", MISSING))
    except BaseException as error:
        notes.append(later().cut("results could not be saved: %s: %s" % (type(error).__name__, error), 500))
        later().write_outcome(work, outcome, MISSING)
    return raised


if __name__ == "__main__":
    main()
