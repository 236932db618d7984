from opcua import Client

with Client("opc.tcp://172.16.0.8:4840") as c:
    [n.set_value(0) for n in (c.get_node("ns=2;i=4"), c.get_node("ns=2;i=5"))]
