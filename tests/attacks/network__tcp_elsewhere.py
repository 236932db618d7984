# what: reach the cloud's metadata, a router, a name server, the world
# expect: closed
# control: none, the host itself may be alone
import socket

opened = []
for address in (("169.254.169.254", 80), ("10.0.0.1", 80), ("172.17.0.1", 80), ("192.168.0.1", 53), ("1.1.1.1", 53)):
    try:
        socket.create_connection(address, 2).close()
        opened.append(address[0])
    except OSError as error:
        # Nothing may even be tried: that no answer came proves nothing.
        if isinstance(error, TimeoutError):
            opened.append(address[0])
results = {"open": opened}
