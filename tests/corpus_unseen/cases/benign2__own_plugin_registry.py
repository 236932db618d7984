HANDLERS = {}


def handler(name):
    def register(func):
        HANDLERS[name] = func
        return func
    return register


@handler("set")
def handle_set(state, key, value):
    state[key] = value


@handler("scale")
def handle_scale(state, key, factor):
    state[key] *= factor


@handler("drop")
def handle_drop(state, key):
    state.pop(key, None)


state = {}
script = """set qf1 101.2
set qd1 99.1
scale qf1 1.01
drop qd1"""
for line in script.splitlines():
    verb, key, *rest = line.split()
    HANDLERS[verb](state, key, *map(float, rest))
print(state)
