# what: read a file of the host that everyone may read
# expect: closed
# control: open
opened = []
for path in (context["secret"], "/etc/passwd", "/etc/hostname"):
    try:
        with open(path) as file:
            opened += [path] if file.read() else []
    except OSError:
        pass
results = {"open": opened}
