from .run_engine import RunEngine, Msg
