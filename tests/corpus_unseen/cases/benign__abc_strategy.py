from abc import ABC, abstractmethod
import io
import json


class Writer(ABC):
    @abstractmethod
    def write(self, record): ...

    @abstractmethod
    def close(self) -> str: ...


class JsonWriter(Writer):
    def __init__(self):
        self.records = []

    def write(self, record):
        self.records.append(record)

    def close(self):
        return json.dumps(self.records)


class TextWriter(Writer):
    def __init__(self):
        self.buffer = io.StringIO()

    def write(self, record):
        self.buffer.write(" ".join(f"{k}={v}" for k, v in record.items()) + "\n")

    def close(self):
        return self.buffer.getvalue()


for writer in (JsonWriter(), TextWriter()):
    for i in range(2):
        writer.write({"bpm": f"B{i}", "x": 0.1 * i})
    print(writer.close())
