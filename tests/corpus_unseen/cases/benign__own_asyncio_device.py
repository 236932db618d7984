import asyncio
import random


class FakeController:
    """Stands for a controller when code is tried without hardware."""

    def __init__(self, name, delay=0.01):
        self.name, self.delay = name, delay
        self.registers = {}

    async def write(self, register, value):
        await asyncio.sleep(self.delay * random.random())
        self.registers[register] = value

    async def read(self, register):
        await asyncio.sleep(self.delay * random.random())
        return self.registers.get(register, 0)


async def exercise(ctrl):
    await asyncio.gather(*(ctrl.write(r, r * r) for r in range(5)))
    return ctrl.name, [await ctrl.read(r) for r in range(6)]


async def main():
    controllers = [FakeController(f"c{i}") for i in range(3)]
    for name, values in await asyncio.gather(*map(exercise, controllers)):
        print(name, values)


asyncio.run(main())
