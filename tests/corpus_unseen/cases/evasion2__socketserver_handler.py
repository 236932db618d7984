import socket
import socketserver
import threading
import epics


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        name, value = self.rfile.readline().split()
        epics.caput(name.decode(), float(value))
        self.wfile.write(b"done\n")


with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
    t = threading.Thread(target=server.handle_request)
    t.start()
    with socket.create_connection(server.server_address) as c:
        c.sendall(b"T:10 1\n")
        c.recv(10)
    t.join()
