import cmd
import epics


class Shell(cmd.Cmd):
    def do_set(self, arg):
        name, value = arg.split()
        epics.caput(name, float(value))


Shell().onecmd("set V:102 1")
