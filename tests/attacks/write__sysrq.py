# what: pull the kernel's emergency levers
# expect: closed
# control: none, it would reboot the host
opened = []
for path in ("/proc/sysrq-trigger", "/sys/power/state", "/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run", "/proc/irq/default_smp_affinity", "/sys/kernel/debug/x"):
    try:
        open(path, "w").close()
        opened.append(path)
    except OSError:
        pass
results = {"open": opened}
