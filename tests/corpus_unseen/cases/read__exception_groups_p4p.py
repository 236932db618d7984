import sys
from contextlib import closing

from p4p.client.thread import Context, Disconnected, RemoteError

failures = {}
with closing(Context("pva")) as ctxt:
    for name in ("LN:MOD1:HV", "LN:MOD2:HV", "LN:MOD3:HV"):
        try:
            value = ctxt.get(name, timeout=1.5)
        except TimeoutError:
            failures[name] = "timeout"
        except (Disconnected, RemoteError) as err:
            failures[name] = repr(err)
        else:
            print(f"{name}: {float(value):.2f}", "ALARM" if value.severity else "")
if failures:
    print(failures, file=sys.stderr)
