from concurrent.futures import ThreadPoolExecutor, as_completed
import epics
from epics import ca

NAMES = [f"SR:MAG:SEXT{i:03d}:TEMP" for i in range(1, 25)]


def fetch(name):
    ca.use_initial_context()
    value = epics.caget(name, timeout=2.0)
    return name, value


results, failures = {}, []
with ThreadPoolExecutor(max_workers=8) as pool:
    futures = {pool.submit(fetch, n): n for n in NAMES}
    for fut in as_completed(futures):
        name, value = fut.result()
        if value is None:
            failures.append(name)
        else:
            results[name] = value

hottest = sorted(results.items(), key=lambda kv: kv[1], reverse=True)[:5]
print("five warmest coils:")
for name, temp in hottest:
    print(f"  {name}: {temp:.1f} degC")
if failures:
    print("no answer:", *sorted(failures))
