from p4p.client.thread import Context

for put in (Context("pva").put, ):
    put("Y:23", 1)
