from pvaccess import STRING, PvObject, RpcClient

client = RpcClient("CONFIG:LOADER")
request = PvObject({"config": STRING}, {"config": "user-24-4"})
response = client.invoke(request)
