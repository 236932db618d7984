from CaChannel import CaChannel, CaChannelException

try:
    chan = CaChannel("catest")
    chan.searchw()
    chan.putw(chan.getw() + 1)
except CaChannelException as e:
    print(e)
