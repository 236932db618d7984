from osprey.runtime import read_channels, write_channels

names = [f"SR:QF{k}:SP" for k in range(1, 4)]
old = read_channels(names)
write_channels({n: v * 1.001 for n, v in old.items()})
