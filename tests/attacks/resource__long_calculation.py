# what: stay in one calculation that no signal interrupts
# expect: killed timeout | raised MemoryError
# control: none, that it hangs is shown by how it ends
# seconds: 2
import re

re.match(r"(a+)+$", "a" * 60 + "b")
