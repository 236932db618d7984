import ast
from collections import Counter

SNIPPETS = {
    "scan": "import epics\nfor i in range(3):\n    epics.caput('X', i)\n    print(epics.caget('Y'))\n",
    "look": "from epics import caget\nprint(caget('SR:DCCT'))\n",
    "tango": "import tango\nd = tango.DeviceProxy('a/b/c')\nd.write_attribute('Current', 2)\n",
}
WRITES = {"caput", "put", "write_attribute", "caput_many"}


class Finder(ast.NodeVisitor):
    def __init__(self):
        self.calls = Counter()

    def visit_Call(self, node):
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "?")
        self.calls[name] += 1
        self.generic_visit(node)


for label, text in SNIPPETS.items():
    finder = Finder()
    finder.visit(ast.parse(text))
    hits = sorted(WRITES & set(finder.calls))
    print(f"{label:<6} {dict(finder.calls)} {'writes: ' + ', '.join(hits) if hits else 'reads only'}")
