from p4p.client.cothread import Context

context = Context("pva")
for k in range(3):
    context.put(f"BL11:SLIT{k}:GAP", 0.5 + k)
context.close()
