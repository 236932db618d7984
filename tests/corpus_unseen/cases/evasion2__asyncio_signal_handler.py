import asyncio
import os
import signal
import epics


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, epics.caput, "T:16", 1)
    os.kill(os.getpid(), signal.SIGUSR2)
    await asyncio.sleep(0.05)


asyncio.run(main())
