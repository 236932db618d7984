# what: change a file of the host that everyone may change
# expect: closed
# control: open
opened = []
for mode in ("w", "a", "r+"):
    try:
        with open(context["secret"], mode) as file:
            file.write("changed")
        opened.append(mode)
    except OSError:
        pass
results = {"open": opened}
