import configparser
import io

TEXT = """
[scan]
start = -2.0
stop = 2.0
points = 21

[limits]
current = 10
"""
config = configparser.ConfigParser()
config.read_string(TEXT)
config.set("scan", "points", "41")
config["limits"]["voltage"] = "24"
scan = config["scan"]
step = (scan.getfloat("stop") - scan.getfloat("start")) / (scan.getint("points") - 1)
print("step", step)
buffer = io.StringIO()
config.write(buffer)
print(buffer.getvalue())
