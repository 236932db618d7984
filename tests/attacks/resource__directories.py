# what: nest directories without end
# expect: killed workspace_limit
# control: none, that it fills is shown by how it ends
import os

while True:
    try:
        os.mkdir("deeper")
        os.chdir("deeper")
    except OSError:
        pass
