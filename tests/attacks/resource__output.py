# what: write to standard output without end, without a line's end
# expect: killed output_limit
# control: none, that it floods is shown by how it ends
import os

while True:
    os.write(1, b"x" * 4096)
