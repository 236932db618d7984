# what: close every stream and every descriptor
# expect: closed
# control: none, how it ends is what is asked
import os

os.closerange(0, 64)
results = {"open": []}
