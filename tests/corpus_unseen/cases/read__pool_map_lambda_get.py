from concurrent.futures import ThreadPoolExecutor
import epics

pvs = [epics.PV(f"BR:PS:HCM{i}:CURR_RB") for i in range(1, 13)]
pvs = [pv for pv in pvs if pv.wait_for_connection(1.0)]
with ThreadPoolExecutor(4) as pool:
    values = list(pool.map(lambda pv: pv.get(timeout=1), pvs))
ranked = sorted(zip(values, pvs), key=lambda pair: -abs(pair[0] or 0))
for value, pv in ranked[:3]:
    print(f"{pv.pvname} carries {value:.3f} {pv.units}")
