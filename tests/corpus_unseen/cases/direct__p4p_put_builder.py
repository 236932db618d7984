from p4p.client.thread import Context

fields = {"value": [0, 1, 0, 1], "descriptor": "bit pattern"}
with Context("pva", unwrap=False) as ctxt:
    ctxt.put("TIM:EVG:PATTERN", fields, request="record[process=true]field()", wait=True)
