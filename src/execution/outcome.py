"""What a program leaves: its results, its figures, its artifacts, the tale of its end.

runner.py loads this when it is first needed. It imports the standard library only; numpy, pandas and
matplotlib are looked at only where the program itself has imported them.
"""

import base64
import datetime
import decimal
import enum
import io
import json
import linecache
import math
import os
import pathlib
import re
import sys
import tokenize
import traceback
import uuid

PROGRAM = "program.py"
MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_TEXT = 1 << 20
MAX_REPR = 10_000
MAX_OUTCOME = 8 << 20
MAX_VALUES = 600_000


class Plain:
    """Turns Python values into plain JSON values; never raises for what it is given."""

    def __init__(self, notes):
        self.notes = notes
        self.nodes = 0
        self.open = set()

    def note(self, text):
        if text not in self.notes and len(self.notes) < 100:
            self.notes.append(text)

    def full(self):
        """Whether no further value has room."""
        if self.nodes < MAX_NODES:
            return False
        self.note("results were cut: too many values")
        return True

    def array(self, values, depth):
        """The values as a list, which one mark ends where there is no more room."""
        plain = []
        for value in values:
            if self.full():
                plain.append({"_type": "truncated", "reason": "too many values"})
                break
            plain.append(self.of(value, depth))
        return plain

    def of(self, value, depth=0):
        self.nodes += 1
        if depth > MAX_DEPTH:
            self.note("results were cut: nested too deeply")
            return {"_type": "truncated", "reason": "nested too deeply"}
        if id(value) in self.open:
            return {"_type": "cycle"}
        self.open.add(id(value))
        try:
            return self.convert(value, depth + 1)
        except Exception as error:
            return {"_type": "repr", "class": class_name(value), "value": "<unreadable: %s>" % type(error).__name__}
        finally:
            self.open.discard(id(value))

    def convert(self, value, depth):
        if value is None or value is True or value is False:
            return value
        if isinstance(value, enum.Enum):
            return self.of(value.value, depth)
        if isinstance(value, str):
            return self.text(value)
        special = self.scientific(value, depth)
        if special is not MISSING:
            return special
        if isinstance(value, int):
            return whole_number(int(value))
        if isinstance(value, float):
            return real_number(float(value))
        if isinstance(value, complex):
            return {"_type": "complex", "real": real_number(value.real), "imag": real_number(value.imag)}
        if isinstance(value, dict):
            return self.mapping(value, depth)
        if isinstance(value, (list, tuple, range)):
            return self.array(value, depth)
        if isinstance(value, (set, frozenset)):
            items = sorted(value, key=lambda item: (type(item).__name__, repr(item)))
            return {"_type": "set", "items": self.array(items, depth + 1)}
        if isinstance(value, (bytes, bytearray, memoryview)):
            return {"_type": "bytes", "base64": self.text(base64.b64encode(bytes(value)).decode("ascii"))}
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        if isinstance(value, datetime.timedelta):
            return {"_type": "timedelta", "seconds": value.total_seconds()}
        if isinstance(value, decimal.Decimal):
            return {"_type": "decimal", "value": str(value)}
        if isinstance(value, (pathlib.PurePath, uuid.UUID)):
            return self.text(str(value))
        return {"_type": "repr", "class": class_name(value), "value": clean(repr(value)[:MAX_REPR])}

    def text(self, value):
        if len(value) > MAX_TEXT:
            self.note("results were cut: a text of %d characters" % len(value))
            return {"_type": "truncated", "reason": "text too long", "start": clean(value[:MAX_REPR])}
        return clean(value)

    def mapping(self, value, depth):
        items = list(value.items())
        if any(isinstance(key, str) and key == "_type" for key, _ in items):
            return {"_type": "dict", "items": self.array(items, depth + 1)}
        names = {clean(key) for key, _ in items if isinstance(key, str)}
        taken, plain = set(), {}
        for key, item in items:
            name = clean(key if isinstance(key, str) else key_text(key))
            if not isinstance(key, str) and (name in names or name in taken):
                name = "%s (%s)" % (name, type(key).__name__)
            serial, free = 2, name
            while free in taken or (not isinstance(key, str) and free in names):
                free, serial = "%s #%d" % (name, serial), serial + 1
            taken.add(free)
            if self.full():
                plain[free] = {"_type": "truncated", "reason": "too many values"}
                break
            plain[free] = self.of(item, depth)
        return plain

    def scientific(self, value, depth):
        np = sys.modules.get("numpy")
        if np is not None and hasattr(np, "ndarray"):
            if isinstance(value, np.ndarray):
                if value.size > MAX_NODES:
                    self.note("results were cut: an array of %d values" % value.size)
                    return {
                        "_type": "truncated",
                        "reason": "array too large",
                        "shape": list(value.shape),
                        "dtype": str(value.dtype),
                    }
                if value.dtype.kind in "mM":
                    return self.of(value.astype(str).tolist(), depth)
                return self.of(value.tolist(), depth)
            if isinstance(value, (np.datetime64, np.timedelta64)):
                return None if np.isnat(value) else str(value)
            if isinstance(value, np.complexfloating):
                return self.of(complex(value), depth)
            if isinstance(value, np.floating):
                return real_number(float(value))
            if isinstance(value, np.generic):
                item = value.item()
                return MISSING if isinstance(item, np.generic) else self.of(item, depth)
        pd = sys.modules.get("pandas")
        if pd is not None and hasattr(pd, "DataFrame"):
            if value is pd.NaT or value is pd.NA:
                return None
            if isinstance(value, pd.DataFrame):
                return {
                    "_type": "dataframe",
                    "columns": self.array(value.columns.tolist(), depth + 1),
                    "index": self.array(value.index.tolist(), depth + 1),
                    "data": self.array(value.itertuples(index=False, name=None), depth + 1),
                }
            if isinstance(value, pd.Series):
                return {
                    "_type": "series",
                    "name": self.of(value.name, depth),
                    "index": self.array(value.index.tolist(), depth + 1),
                    "values": self.array(value.tolist(), depth + 1),
                }
            if isinstance(value, pd.Index):
                return self.array(value.tolist(), depth)
        return MISSING


MISSING = object()


def class_name(value):
    kind = type(value)
    return clean("%s.%s" % (kind.__module__, kind.__qualname__))[:200]


def clean(text):
    """The text without lone surrogates, which no JSON reader has to accept."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def whole_number(value):
    if -(1 << 63) <= value < (1 << 64):
        return value
    return {"_type": "int", "value": hex(value) if value.bit_length() > 10_000 else str(value)}


def real_number(value):
    if math.isfinite(value):
        return value
    return {"_type": "float", "value": "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")}


def key_text(key):
    return str(key) if key is None or isinstance(key, (bool, int, float)) else repr(key)[:MAX_REPR]


class Artifacts:
    """The program's `save_artifact`."""

    def __init__(self, work, notes):
        self.folder = os.path.join(work, "artifacts")
        self.notes = notes
        self.manifest = []

    def save(self, obj, title="artifact", description="", artifact_type=None):
        """Saves an object as a file under artifacts/ and returns its path."""
        extension, content = self.content(obj, artifact_type)
        slug = re.sub(r"[^a-z0-9]+", "_", clean(title).lower()).strip("_")[:60] or "artifact"
        name = "%s_%s.%s" % (uuid.uuid4().hex[:12], slug, extension)
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        self.manifest.append(
            {"file": name, "title": clean(title), "description": clean(description), "bytes": len(content)}
        )
        with open(os.path.join(self.folder, "manifest.json"), "w", encoding="utf-8") as file:
            json.dump(self.manifest, file, indent=1)
        return path

    def content(self, obj, kind):
        if isinstance(obj, (bytes, bytearray)):
            return "bin", bytes(obj)
        if isinstance(obj, str):
            return {"html": "html", "markdown": "md"}.get(kind, "txt"), clean(obj).encode("utf-8")
        if hasattr(obj, "savefig"):
            buffer = io.BytesIO()
            obj.savefig(buffer, format="png", dpi=150)
            return "png", buffer.getvalue()
        if hasattr(obj, "write_html") and hasattr(obj, "to_html"):
            return "html", clean(obj.to_html()).encode("utf-8")
        pd = sys.modules.get("pandas")
        if pd is not None and isinstance(obj, pd.DataFrame):
            return "html", clean(obj.to_html()).encode("utf-8")
        if isinstance(obj, (dict, list, tuple)):
            return "json", json.dumps(Plain(self.notes).of(obj), indent=1, allow_nan=False).encode("utf-8")
        return "txt", clean(repr(obj)).encode("utf-8")


def save_figures(work, notes):
    """Saves every open matplotlib figure."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None or not hasattr(plt, "get_fignums"):
        return
    folder = os.path.join(work, "figures")
    for position, number in enumerate(plt.get_fignums(), 1):
        try:
            os.makedirs(folder, exist_ok=True)
            plt.figure(number).savefig(os.path.join(folder, "figure_%02d.png" % position), dpi=100)
        except Exception as error:
            notes.append(clean("figure %d could not be saved: %s" % (position, error))[:500])


def cut(text, most):
    """The text's beginning and end, where it is longer than `most`."""
    text = clean(text)
    return text if len(text) <= most else text[: most // 2] + "\n[…]\n" + text[-most // 2 :]


def describe(error, source):
    """The exception as the outcome tells it, in the program's own line numbers."""
    remember_lines(source)
    tb, line = error.__traceback__, None
    while tb is not None and tb.tb_frame.f_code.co_filename != PROGRAM:
        tb = tb.tb_next
    walk = tb
    while walk is not None:
        if walk.tb_frame.f_code.co_filename == PROGRAM:
            line = walk.tb_lineno
        walk = walk.tb_next
    if line is None and isinstance(error, SyntaxError) and error.filename == PROGRAM:
        line = error.lineno
    if isinstance(error, SystemExit):
        message = "exit status %s" % error.code if isinstance(error.code, int) else str(error.code)
    else:
        try:
            message = str(error)
        except Exception:
            message = "<the exception's text cannot be read>"
    try:
        text = "".join(traceback.format_exception(type(error), error, tb))
    except Exception:
        text = "%s: %s\n" % (type(error).__name__, message)
    return {
        "type": "raised",
        "error_type": clean(type(error).__name__),
        "message": cut(message, 10_000),
        "traceback": cut(text, 20_000),
        "line": line,
    }


def text_of(source):
    """The program's text, with plain line ends."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return io.StringIO(source.decode(encoding, "replace"), newline=None).read()


def remember_lines(source):
    """Makes the program's lines known to tracebacks, whatever files it has made."""
    try:
        lines = text_of(source).splitlines(True)
        linecache.cache[PROGRAM] = (len(source), None, lines, PROGRAM)
    except Exception:
        pass


def has_too_many_values(text):
    """Whether a JSON text holds more values than its reader takes."""

    def marks(text):
        return 1 + text.count(",") + text.count("[") + text.count("{")

    # The texts among the values, which may hold marks too, are left out only where that could matter.
    return marks(text) > MAX_VALUES and marks(re.sub(r'"(?:[^"\\]|\\.)*"', "", text)) > MAX_VALUES


def write_outcome(work, outcome, results):
    """Writes the outcome in one step: a reader sees all of it or nothing."""
    notes, state = outcome["notes"], "missing"
    outcome["results"] = None
    if isinstance(results, dict):
        state = "saved"
        plain = Plain(notes).mapping(results, 1)
        outcome["results"] = plain
    elif results is not MISSING:
        state = "not_a_dict"
        notes.append("results is a %s, not a dict" % clean(type(results).__name__))
    outcome["results_state"] = state
    text = json.dumps(outcome, allow_nan=False)
    excess = "%d bytes as JSON" % len(text) if len(text) > MAX_OUTCOME else None
    if excess is None and has_too_many_values(text):
        excess = "more than %d values as JSON" % MAX_VALUES
    if excess is not None:
        notes.append("results were left out: %s" % excess)
        outcome["results"] = {"_type": "truncated", "reason": "results too large"}
        text = json.dumps(outcome, allow_nan=False)
    path = os.path.join(work, ".outcome.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)
