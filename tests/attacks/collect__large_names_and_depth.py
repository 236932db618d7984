# what: leave the longest names in the deepest directories
# expect: closed | killed workspace_limit
# control: none, what is collected is looked at
# artifacts:
import os

for _ in range(60):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
with open("x" * 255, "w") as file:
    file.write("x")
results = {"open": []}
