import subprocess

NAMES = ["SR:VAC:IP01:P", "SR:VAC:IP02:P", "SR:VAC:IP03:P"]


def caget(names, timeout=3):
    done = subprocess.run(
        ["caget", "-w", str(timeout), *names],
        capture_output=True, text=True, timeout=timeout + 5, check=False,
    )
    out = {}
    for line in done.stdout.splitlines():
        name, _, text = line.partition(" ")
        try:
            out[name] = float(text.split()[-1])
        except (ValueError, IndexError):
            out[name] = None
    if done.stderr:
        print("messages:", done.stderr.strip())
    return out


pressures = caget(NAMES)
for name in NAMES:
    print(name, pressures.get(name))
