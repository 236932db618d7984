from p4p.client.asyncio import Context

c = Context("pva").put("T:78", 1)
try:
    c.send(None)
except StopIteration:
    pass
