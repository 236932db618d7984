# what: plant files that Python would read at the start of the next program
# expect: closed
# control: none, what is planted may lie in its own workspace
import os
import site
import sys

opened = []
for folder in [site.getusersitepackages(), os.path.expanduser("~/.config/matplotlib")]:
    try:
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, "usercustomize.py"), "w").write("raise SystemExit(5)")
    except OSError:
        pass
for folder in sys.path[1:] + ["/usr/local/lib/python3/dist-packages", os.path.dirname(sys.executable), "/usr/lib/python3/dist-packages"]:
    for name in ("sitecustomize.py", "holdpoint_attack.pth", "json.py"):
        try:
            open(os.path.join(folder, name), "w").close()
            opened.append(folder)
        except OSError:
            pass
opened += [name for name in os.environ if name.startswith(("PYTHON", "LD_"))]
opened += [] if sys.flags.isolated and sys.flags.no_user_site and sys.flags.ignore_environment else ["not isolated"]
results = {"open": opened}
