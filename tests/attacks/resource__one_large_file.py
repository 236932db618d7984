# what: make one file larger than allowed
# expect: closed | killed signal
# control: none, the limit holds without isolation too
opened = []
try:
    with open("large", "wb", 0) as file:
        for _ in range(10):
            file.write(bytes(1 << 20))
    opened.append("10 MB")
except OSError:
    pass
results = {"open": opened}
