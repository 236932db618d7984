from tango import AttributeProxy

freq = AttributeProxy("sr/rf/master/frequency")
now = freq.read().value
freq.write(now + 10.0)
