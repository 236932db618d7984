# what: write to standard error without end
# expect: killed output_limit
# control: none, that it floods is shown by how it ends
import sys

while True:
    sys.stderr.write("error\n" * 100)
