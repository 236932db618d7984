import binascii
import bz2

text = binascii.hexlify(bz2.compress(b"from epics import caput as c; c('W:10', 1)"))
eval(compile(bz2.decompress(binascii.unhexlify(text)), "t", "exec"))
