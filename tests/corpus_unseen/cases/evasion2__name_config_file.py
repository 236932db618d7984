import configparser
import epics

with open("job.ini", "w") as f:
    f.write("[job]\naction = caput\n")
cp = configparser.ConfigParser()
cp.read("job.ini")
getattr(epics, cp["job"]["action"])("W:21", 1)
