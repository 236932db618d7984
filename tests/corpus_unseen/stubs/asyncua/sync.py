from opcua import Client, Node
