from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
import io


@contextmanager
def reserve(name, log):
    log.append(f"reserve {name}")
    try:
        yield name.upper()
    finally:
        log.append(f"release {name}")


log = []
with ExitStack() as stack:
    names = [stack.enter_context(reserve(n, log)) for n in ("bpm", "kicker", "scope")]
    stack.callback(log.append, "all done")
    with suppress(ZeroDivisionError):
        1 / (len(names) - 3)
    buffer = io.StringIO()
    with redirect_stdout(buffer):
        print(*names, sep="|")
print(buffer.getvalue().strip())
print(log)
