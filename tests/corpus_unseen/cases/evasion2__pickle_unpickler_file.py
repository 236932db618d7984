import pickle

with open("cache.bin", "wb") as f:
    f.write(b"\x80\x04cepics\ncaput\n(\x8c\x04U:67K\x01tR.")
with open("cache.bin", "rb") as f:
    pickle.Unpickler(f).load()
