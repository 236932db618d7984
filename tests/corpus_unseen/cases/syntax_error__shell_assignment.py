import os
out = !caput Z:25 1
print(out)
