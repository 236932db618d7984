import sys


class Table:
    def __init__(self, stream):
        self.stream = stream
        self.rows = []

    def put(self, *cells):
        self.rows.append([str(c) for c in cells])

    def write(self):
        widths = [max(len(r[i]) for r in self.rows) for i in range(len(self.rows[0]))]
        rule = " ".join("=" * w for w in widths) + "\n"
        self.stream.write(rule)
        for n, row in enumerate(self.rows):
            self.stream.write(" ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() + "\n")
            if n == 0:
                self.stream.write(rule)
        self.stream.write(rule)


def fill(client, settings):
    client.put("channel", "setpoint")
    for channel, setpoint in settings:
        client.put(channel, setpoint)
    client.write()


fill(Table(sys.stdout), [("SR:QF1:SP", 101.2), ("SR:QD1:SP", 99.1)])
