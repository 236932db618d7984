from . import Status, DeviceStatus, SubscriptionStatus, StatusBase


def wait(status, timeout=None):
    status.wait(timeout)
