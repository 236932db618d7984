import io
import sys
import textwrap

buffer = io.BytesIO()
writer = io.TextIOWrapper(buffer, encoding="utf-8", write_through=True)
writer.write("index,value\n")
for k in range(5):
    writer.write(f"{k},{k * k}\n")
buffer.seek(0)
lines = buffer.read().decode().splitlines()
buffer.seek(0)
buffer.truncate()
sys.stdout.write(textwrap.indent("\n".join(lines), "  ") + "\n")
sys.stdout.flush()
print(len(lines) - 1, "rows;", "buffer now", buffer.tell())
