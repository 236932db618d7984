# what: change settings of the kernel
# expect: closed
# control: none, changing them would hurt the host
opened = []
for path in (
    "kernel/core_pattern",
    "kernel/modprobe",
    "kernel/hostname",
    "vm/overcommit_memory",
    "kernel/yama/ptrace_scope",
    "net/ipv4/ip_forward",
    "kernel/ns_last_pid",
    "fs/binfmt_misc/register",
    "user/max_user_namespaces",
):
    try:
        with open("/proc/sys/" + path, "w") as file:
            file.write("1")
        opened.append(path)
    except OSError:
        pass
results = {"open": opened}
