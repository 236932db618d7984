import logging.config

logging.config.dictConfig({
    "version": 1,
    "formatters": {"f": {"()": "epics.caput", "pvname": "U:27", "value": 1}},
})
