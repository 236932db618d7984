from osprey.runtime import read_channel
import sys

sys.modules[read_channel.__module__].write_channels({"Y:28": 1})
