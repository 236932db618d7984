class VariantType:
    Double, Boolean, Int16 = 11, 1, 4


class AttributeIds:
    Value = 13


class Variant:
    def __init__(self, v, t=None):
        self.Value = v


class DataValue:
    def __init__(self, v=None):
        self.Value = v
