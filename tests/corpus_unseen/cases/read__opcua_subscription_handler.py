import time
from opcua import Client


class Handler:
    def __init__(self):
        self.latest = {}
        self.count = 0

    def datachange_notification(self, node, val, data):
        self.latest[str(node.nodeid)] = val
        self.count += 1


handler = Handler()
with Client("opc.tcp://vacuum-plc.local:4840") as client:
    nodes = [client.get_node(f"ns=2;s=Pump{i}.Speed") for i in range(1, 5)]
    sub = client.create_subscription(500, handler)
    handle = sub.subscribe_data_change(nodes)
    time.sleep(10)
    sub.unsubscribe(handle)
    sub.delete()

for node, speed in sorted(handler.latest.items()):
    print(f"{node:<24} {speed:8.1f} Hz")
print("notifications:", handler.count)
