import asyncio
from epics import caput

loop = asyncio.new_event_loop()
loop.call_soon(caput, "V:54", 1)
loop.call_later(0.01, loop.stop)
loop.run_forever()
