import asyncio
import epics

loop = asyncio.new_event_loop()
loop.set_exception_handler(lambda l, ctx: epics.caput("T:14", 1))
loop.call_exception_handler({"message": "x"})
loop.close()
