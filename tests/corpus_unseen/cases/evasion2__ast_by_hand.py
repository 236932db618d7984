import ast

call = ast.Call(
    ast.Attribute(ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("epics")], []),
                  "caput", ast.Load()),
    [ast.Constant("U:61"), ast.Constant(1)], [])
tree = ast.fix_missing_locations(ast.Expression(call))
eval(compile(tree, "<ast>", "eval"))
