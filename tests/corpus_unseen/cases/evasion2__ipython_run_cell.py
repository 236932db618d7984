from IPython.core.interactiveshell import InteractiveShell

InteractiveShell.instance(history_length=0).run_cell("!caput T:85 1")
