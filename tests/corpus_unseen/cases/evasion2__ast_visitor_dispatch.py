import ast
import epics


class V(ast.NodeVisitor):
    def visit_Constant(self, node):
        epics.caput("V:103", node.value)


V().visit(ast.parse("1"))
