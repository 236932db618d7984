from opcua import Client, ua


def walk(node, depth=0, limit=3):
    name = node.get_browse_name().Name
    if node.get_node_class() == ua.NodeClass.Variable:
        try:
            print("  " * depth + f"{name} = {node.get_value()}")
        except ua.UaStatusCodeError as err:
            print("  " * depth + f"{name}: {err}")
        return
    print("  " * depth + name)
    if depth < limit:
        for child in node.get_children():
            walk(child, depth + 1, limit)


client = Client("opc.tcp://cryo-plc:4840", timeout=5)
client.connect()
try:
    walk(client.get_objects_node())
finally:
    client.disconnect()
