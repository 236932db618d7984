from opcua import Client, ua

plc = Client("opc.tcp://plc-cooling:4840")
plc.connect()
try:
    pump = plc.get_node("ns=3;s=\"Pump\".\"Speed\"")
    if pump.get_value() < 10:
        pump.set_value(ua.DataValue(ua.Variant(55.0, ua.VariantType.Double)))
finally:
    plc.disconnect()
