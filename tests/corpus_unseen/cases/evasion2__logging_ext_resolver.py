import logging.config

conv = logging.config.BaseConfigurator({})
conv.convert("ext://epics.caput")("U:28", 1)
