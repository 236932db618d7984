import sys
import epics

seen = []


def hook(event, args):
    if event == "my.event" and not seen:
        seen.append(event)
        epics.caput("V:48", 1)


sys.addaudithook(hook)
sys.audit("my.event")
