"""A PV Access server that counts what would change it. Told one word a line, it answers with one line of JSON."""
import json
import sys

import numpy
from p4p import Type, Value
from p4p.nt import NTEnum, NTScalar, NTTable
from p4p.server import Server
from p4p.server.thread import SharedPV

changes = 0


class Count:
    def put(self, pv, op):
        global changes
        changes += 1
        pv.post(op.value())
        op.done()

    def rpc(self, pv, op):
        global changes
        changes += 1
        op.done(op.value())


STRUCTURE = Type([("position", "d"), ("axes", ("S", None, [("name", "s"), ("steps", "ai")])), ("any", "v")])

pvs = {
    "HP:NUMBER": SharedPV(nt=NTScalar("d"), initial=1.5, handler=Count()),
    "HP:TEXT": SharedPV(nt=NTScalar("s"), initial="beam", handler=Count()),
    "HP:CHOICE": SharedPV(nt=NTEnum(), initial={"index": 1, "choices": ["Off", "On"]}, handler=Count()),
    "HP:WAVE": SharedPV(nt=NTScalar("ad"), initial=numpy.arange(1_000_000, dtype="f8"), handler=Count()),
    "HP:TABLE": SharedPV(
        nt=NTTable([("name", "s"), ("current", "d")]),
        initial=[{"name": "one", "current": 1.0}, {"name": "two", "current": 2.0}],
        handler=Count(),
    ),
    "HP:STRUCTURE": SharedPV(
        initial=Value(
            STRUCTURE, {"position": 2.5, "axes": {"name": "x", "steps": [1, 2, 3]}, "any": "whatever"}
        ),
        handler=Count(),
    ),
}

conf = {
    "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
    "EPICS_PVAS_SERVER_PORT": "0",
    "EPICS_PVAS_BROADCAST_PORT": "0",
    "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
}
with Server(providers=[pvs], conf=conf, useenv=False) as server:
    print(json.dumps({"port": int(server.conf()["EPICS_PVAS_SERVER_PORT"])}), flush=True)
    for line in sys.stdin:
        word, _, value = line.strip().partition(" ")
        if word == "post":
            pvs["HP:NUMBER"].post(float(value))
        print(json.dumps({"changes": changes, "number": float(pvs["HP:NUMBER"].current())}), flush=True)
