import ast

LINES = [
    "{'plane': 'x', 'points': 11}",
    "[0.1, 0.2, 0.3]",
    "(1, 'two', 3.0)",
    "__import__('os')",
]
for line in LINES:
    try:
        value = ast.literal_eval(line)
    except (ValueError, SyntaxError) as err:
        print("not plain data:", line, type(err).__name__)
    else:
        print(type(value).__name__, value)
tree = ast.parse("a = caput('X', 1)")
calls = [n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call)]
print("calls in the text:", calls)
