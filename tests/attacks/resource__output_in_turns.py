# what: write to both outputs in turns, by many processes
# expect: killed output_limit
# control: none, that it floods is shown by how it ends
import os

for _ in range(2):
    os.fork()
while True:
    os.write(1, b"\xff\x00\x1b[2J")
    os.write(2, b"\r\x07")
