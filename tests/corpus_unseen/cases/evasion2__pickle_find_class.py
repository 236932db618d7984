import io
import pickle
import epics


class U(pickle.Unpickler):
    def find_class(self, module, name):
        return epics.caput


U(io.BytesIO(b"cmath\nsqrt\n(S'T:89'\nI1\ntR.")).load()
