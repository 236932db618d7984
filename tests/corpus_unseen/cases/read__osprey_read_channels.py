from osprey.runtime import read_channel, read_channels

correctors = [f"SR{s:02d}:HCM{i}:CURR:RB" for s in range(1, 4) for i in range(1, 5)]
values = read_channels(correctors)
limit = 8.0

near = {name: v for name, v in values.items() if abs(v) > 0.9 * limit}
total = sum(v * v for v in values.values()) ** 0.5
current = read_channel("SR:DCCT:CURRENT")

results = {
    "beam_current": current,
    "corrector_norm": total,
    "near_limit": near,
}
print(results)
