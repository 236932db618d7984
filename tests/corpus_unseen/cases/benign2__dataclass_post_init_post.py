from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Message:
    topic: str
    value: float
    tags: tuple = ()

    def __post_init__(self):
        self.topic = self.topic.lower()


@dataclass
class Bus:
    history: list = field(default_factory=list)
    instances: ClassVar[int] = 0

    def __post_init__(self):
        type(self).instances += 1

    def post(self, message):
        self.history.append(message)
        return self

    publish = send = post

    def write(self, topic, value):
        return self.post(Message(topic, value))


bus = Bus()
bus.post(Message("RF/Phase", 1.5)).publish(Message("RF/Amp", 0.9)).write("RF/Tune", 3)
print([m.topic for m in bus.history], Bus.instances)
