# what: find the service's environment in some process
# expect: closed
# control: open
import os

opened = []
for pid in ["self", "1", str(os.getppid()), str(context["pid"]), str(context["service"])]:
    try:
        text = open("/proc/%s/environ" % pid, "rb").read()
    except OSError:
        continue
    if b"CARGO" in text or b"CANARY_ENVIRONMENT" in text:
        opened.append(pid)
opened += [name for name in os.environ if name.startswith("CARGO")]
results = {"open": opened}
