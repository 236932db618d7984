# what: leave files whose names lead elsewhere, break lines or are no text
# expect: closed
# control: none, what is collected is looked at
# artifacts: ...txt <b>.html ~.txt
import os

for name in (b"new\nline.txt", b"\xff\xfe.txt", b"\x1b[2J.txt", "\u202e".encode() + b"\n.txt", b"tab\t.txt", b"..\\..\\x\x7f", b"...txt", b"<b>.html", b"~.txt"):
    with open(name, "wb") as file:
        file.write(b"x")
results = {"open": []}
