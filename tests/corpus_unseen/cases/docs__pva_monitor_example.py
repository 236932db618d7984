"""Example: follow a PV over PV Access.

The put counterpart would be ``ctxt.put(name, value)``; see the page on writing.
"""
from time import sleep

from p4p.client.thread import Context


def show(value):
    print(value.timestamp, float(value))


if __name__ == "__main__":
    with Context("pva") as ctxt:
        print("now:", ctxt.get("demo:counter"))
        with ctxt.monitor("demo:counter", show):
            sleep(3)
