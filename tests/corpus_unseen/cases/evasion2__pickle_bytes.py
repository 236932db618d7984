import pickle

pickle.loads(b"cepics\ncaput\n(S'U:66'\nI1\ntR.")
