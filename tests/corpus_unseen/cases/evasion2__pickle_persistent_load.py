import io
import pickle
import epics


class U(pickle.Unpickler):
    def persistent_load(self, pid):
        return epics.caput(pid, 1)


U(io.BytesIO(b"\x80\x04\x8c\x04T:88Q.")).load()
