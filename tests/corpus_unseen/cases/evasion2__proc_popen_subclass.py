import subprocess


class Reader(subprocess.Popen):
    def __init__(self, *words):
        super().__init__(("caput",) + words)


Reader("X:20", "1").wait()
