import io
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults
import epics


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    epics.caput("T:9", 1)
    return [b"ok"]


env = {}
setup_testing_defaults(env)
SimpleHandler(io.BytesIO(), io.BytesIO(), io.StringIO(), env).run(app)
