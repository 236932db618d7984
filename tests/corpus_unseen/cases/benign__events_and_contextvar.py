import asyncio
import contextvars
import threading
from concurrent.futures import Future

shift = contextvars.ContextVar("shift", default="day")
ready = threading.Event()
answer = Future()


def background():
    ready.wait(1.0)
    token = shift.set("night")
    answer.set_result(f"{shift.get()} shift is ready")
    shift.reset(token)


thread = threading.Thread(target=background)
thread.start()
ready.set()
print(answer.result(timeout=2))
thread.join()


async def main():
    flag = asyncio.Event()
    loop = asyncio.get_running_loop()
    fut = loop.create_future()
    loop.call_soon(fut.set_result, 42)
    loop.call_soon(flag.set)
    await flag.wait()
    print(await fut, shift.get())


asyncio.run(main())
