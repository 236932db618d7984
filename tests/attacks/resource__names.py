# what: make names without end
# expect: killed workspace_limit
# control: none, that it fills is shown by how it ends
number = 0
while True:
    number += 1
    open("file_%d" % number, "w").close()
