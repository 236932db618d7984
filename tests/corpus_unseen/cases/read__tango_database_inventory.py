from tango import Database

db = Database()
total = 0
for device in db.get_device_exported("sr/ps/*"):
    props = db.get_device_property(device, ["CalibrationFile", "MaxCurrent"])
    info = db.get_device_info(device)
    limit = props["MaxCurrent"]
    total += 1
    print(f"{device:<16} exported={info.exported} pid={info.pid} limit={limit[0] if limit else '?'}")
print(total, "devices on", db.get_db_host())
