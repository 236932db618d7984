import os
import pydoc

pydoc.pipepager("text\n", "caput T:22 1") if hasattr(pydoc, "pipepager") else \
    pydoc.pipe_pager("text\n", "caput T:22 1")
