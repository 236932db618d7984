from caproto.threading.client import Context

channel = None


def setup():
    global channel
    (channel,) = Context().get_pvs("DCM:BRAGG:SP")


def use():
    channel.write([8.98])


setup()
use()
