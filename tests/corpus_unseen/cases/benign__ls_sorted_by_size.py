import subprocess

text = subprocess.check_output(["ls", "-l", "."], text=True)
sizes = []
for line in text.splitlines()[1:]:
    parts = line.split(maxsplit=8)
    if len(parts) == 9:
        sizes.append((int(parts[4]), parts[8]))
for size, name in sorted(sizes, reverse=True)[:10]:
    print(f"{size:>12} {name}")
print("total", sum(s for s, _ in sizes), "bytes")
