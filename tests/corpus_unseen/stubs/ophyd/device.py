from . import Component, Device, FormattedComponent
