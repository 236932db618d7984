import operator


def make_register(initial=0):
    state = {"value": initial, "writes": 0}

    def put(v):
        state["value"] = v
        state["writes"] += 1

    def get():
        return state["value"]

    return {"put": put, "caput": put, "get": get, "writes": lambda: state["writes"]}


register = make_register()
program = [("put", 3), ("caput", 8), ("get",), ("put", 13), ("get",)]
for verb, *args in program:
    result = register[verb](*args)
    if result is not None:
        print(verb, "->", result)
print("writes:", register["writes"]())
print(list(map(operator.itemgetter(0), program)))
