from epics import ca

ca.initialize_libca()
chid = ca.create_channel("GUN:HV:SP", auto_cb=True)
ca.connect_channel(chid, timeout=2)
start = ca.get(chid)
for kv in (20, 40, 60):
    ca.put(chid, start + kv, wait=True, timeout=20)
    ca.pend_event(1e-3)
ca.flush_io()
