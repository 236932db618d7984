from itertools import product

areas = ["LTB", "BTS"]
kinds = {"Q": 6, "HCM": 4, "VCM": 4}
names = [
    f"{area}:PS:{kind}{i}:{suffix}"
    for area, (kind, n), suffix in product(areas, kinds.items(), ("SP", "RB"))
    for i in range(1, n + 1)
]
pairs = {n: n.removesuffix("SP") + "RB" for n in names if n.endswith(":SP")}
missing = [rb for rb in pairs.values() if rb not in set(names)]
print(len(names), "names,", len(pairs), "pairs,", len(missing), "missing")
by_area = {a: sorted(n for n in names if n.startswith(a + ":")) for a in areas}
for area, group in by_area.items():
    head, tail = group[0], group[-1]
    print(area, len(group), head, "...", tail)
put_list = [("caput", n, 0) for n in list(pairs)[:3]]
print("\n".join(" ".join(map(str, p)) for p in put_list))
