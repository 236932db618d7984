import os
import subprocess

sp = subprocess._fork_exec
err_r, err_w = os.pipe()
words = [b"caput", b"T:20", b"1"]
paths = tuple(os.path.join(os.fsencode(d), b"caput") for d in os.get_exec_path())
pid = sp(words, paths, True, (err_w,), None, None, -1, -1, -1, -1, -1, -1, err_r, err_w,
         True, False, 0, None, None, None, -1, None, True) if os.sys.version_info < (3, 14) else \
    os.spawnvp(os.P_NOWAIT, "caput", words)
os.waitpid(pid, 0)
