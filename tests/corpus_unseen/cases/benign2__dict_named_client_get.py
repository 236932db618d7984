client = {"read": [], "write": []}
ca = dict(get=3, put=4)
motor = [0.0]

client["write"].append(("SR:QF1", 1.0))
client.get("read").extend(["SR:DCCT", "SR:GAP"])
client.setdefault("monitor", []).insert(0, "SR:TUNE")
motor[0] += 2.5
motor.append(motor[-1] * 2)
ca["put"] = ca.get("get", 0) + ca.pop("put")
print(client, ca, motor)
caput = ca["put"]
caput += 1
print("caput is just a number here:", caput)
