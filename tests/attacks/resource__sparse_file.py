# what: make a file that is huge by name only
# expect: closed
# control: none, the limit of a file's size holds without isolation too
# artifacts:
import os

opened = []
for size in (1 << 40, 1 << 33):
    try:
        with open("sparse", "wb") as file:
            os.truncate(file.fileno(), size)
        opened.append(size)
    except OSError:
        pass
os.remove("sparse")
results = {"open": opened}
