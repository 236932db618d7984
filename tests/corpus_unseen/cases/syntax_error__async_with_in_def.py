import asyncua


def main():
    async with asyncua.Client("opc.tcp://h:4840") as c:
        c.get_node("ns=2;i=1").write_value(1)


main()
