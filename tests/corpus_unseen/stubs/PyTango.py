from tango import *
from tango import DeviceProxy, AttributeProxy, Group
