from IPython.core.interactiveshell import InteractiveShell as Shell

sh = Shell.instance()
sh.run_line_magic("timeit", "-n1 -r1 __import__('epics').caput('T:86', 1)")
