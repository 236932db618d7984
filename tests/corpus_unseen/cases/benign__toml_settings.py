import tomllib

settings = tomllib.loads("""
title = "tune measurement"
[excitation]
plane = "x"
band = [0.20, 0.32]
[bpm]
names = ["BPM01", "BPM07"]
turns = 2048
""")
low, high = settings["excitation"]["band"]
resolution = 1 / settings["bpm"]["turns"]
bins = int((high - low) / resolution)
print(f"{settings['title']}: {bins} bins between {low} and {high}")
for key, value in settings["bpm"].items():
    print(key, value)
