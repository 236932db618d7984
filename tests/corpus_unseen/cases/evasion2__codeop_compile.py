import codeop
import types

block = codeop.compile_command("__import__('epics').caput('U:45', 1)", symbol="eval")
types.FunctionType(block, globals())()
