from caproto.server import PVGroup, ioc_arg_parser, pvproperty, run


class Counter(PVGroup):
    """Counts up and publishes the count."""

    count = pvproperty(value=0)

    @count.startup
    async def count(self, instance, async_lib):
        n = 0
        while n < 3:
            n += 1
            await instance.write(value=n)
            await async_lib.library.sleep(0.1)


if __name__ == "__main__":
    options, run_options = ioc_arg_parser(default_prefix="demo:", desc="counter")
    run(Counter(**options).pvdb, **run_options)
