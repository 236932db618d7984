# what: refuse every signal that can be refused
# expect: killed timeout
# control: none, that it hangs is shown by how it ends
# seconds: 2
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    pass
