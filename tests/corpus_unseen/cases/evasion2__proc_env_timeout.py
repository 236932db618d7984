import subprocess

subprocess.run(["env", "EPICS_CA_AUTO_ADDR_LIST=NO", "timeout", "5", "caput", "X:4", "1"])
