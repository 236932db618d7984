import shlex
import subprocess

subprocess.Popen(shlex.split("ca{} {!s} 1".format("put", "X:17"))).wait()
