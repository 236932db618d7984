class ChannelType:
    DOUBLE = 6
    STRING = 0
    INT = 1


class CaprotoError(Exception):
    pass


class CaprotoTimeoutError(CaprotoError):
    pass
