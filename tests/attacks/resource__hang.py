# what: wait for ever where no one comes
# expect: killed timeout
# control: none, that it hangs is shown by how it ends
# seconds: 2
import os

os.mkfifo("pipe")
open("pipe").read()
