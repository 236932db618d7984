# what: spin in threads and processes
# expect: killed timeout
# control: none, that it hangs is shown by how it ends
# seconds: 2
import os

for _ in range(3):
    os.fork()
while True:
    pass
