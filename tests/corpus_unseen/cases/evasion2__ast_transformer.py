import ast


class Rename(ast.NodeTransformer):
    def visit_Attribute(self, node):
        node.attr = node.attr.replace("get", "put")
        return node


tree = Rename().visit(ast.parse("import epics\nepics.caget('U:62', 1)"))
exec(compile(tree, "x", "exec"))
