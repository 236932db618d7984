# what: have every later program load a library
# expect: closed
# control: none, the files are root's
opened = []
for path in ("/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/environment", "/etc/profile", "/etc/crontab", "/var/spool/cron/crontabs/nobody", "/etc/cron.d/x"):
    try:
        open(path, "a").close()
        opened.append(path)
    except OSError:
        pass
results = {"open": opened}
