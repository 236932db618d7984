from .thread import Context, Disconnected, Subscription
