import re
import subprocess


def cli(tool, *args):
    if tool not in ("caget", "cainfo"):
        raise ValueError(tool)
    done = subprocess.run([tool, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=15)
    return done.stdout


FIELD = re.compile(r"^\s+(?P<key>[A-Z][\w ]+):\s+(?P<value>.+)$", re.M)
for name in ("TIM:EVG:STATE", "TIM:EVR1:STATE"):
    facts = dict(FIELD.findall(cli("cainfo", name)))
    print(name, facts.get("Host"), facts.get("Data type"))
    print("  value", cli("caget", "-t", name).strip())
