import zipfile
from datetime import date, timedelta

start = date(2026, 2, 1)
with zipfile.ZipFile("reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for n in range(7):
        day = start + timedelta(days=n)
        archive.writestr(f"{day:%Y/%m}/{day}.txt", f"{day}: {96 + n * 0.5} % availability\n")
with zipfile.ZipFile("reports.zip") as archive:
    for info in archive.infolist():
        text = archive.read(info).decode().strip()
        print(info.filename, "->", text)
