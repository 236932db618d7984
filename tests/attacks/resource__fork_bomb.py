# what: fork without end
# expect: killed timeout
# control: none, it would hurt the host
# seconds: 2
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
