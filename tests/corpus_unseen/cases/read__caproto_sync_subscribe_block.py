from caproto.sync.client import block, subscribe

seen = []


def on_update(sub, response):
    seen.append(response.data[0])
    print(len(seen), response.data[0], response.metadata.units)


subs = [subscribe(name, data_type="control") for name in ("LASER:ENERGY", "LASER:POINTING:X")]
for sub in subs:
    sub.add_callback(on_update)
block(*subs, duration=5)
for sub in subs:
    sub.clear()
print("updates", len(seen))
