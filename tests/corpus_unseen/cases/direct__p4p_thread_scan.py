from p4p.client.thread import Context, Disconnected
from p4p.nt import NTScalar

ctxt = Context("pva", nt={"epics:nt/NTScalar:1.0": NTScalar})
rows = []
try:
    for volts in range(0, 50, 10):
        ctxt.put("LAB:HV:SetPoint", volts, timeout=2.0)
        rows.append((volts, float(ctxt.get("LAB:HV:Readback"))))
except Disconnected:
    print("lost the server")
finally:
    ctxt.close()
print(rows)
