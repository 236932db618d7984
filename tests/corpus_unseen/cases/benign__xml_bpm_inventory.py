import xml.etree.ElementTree as ET

root = ET.Element("inventory", version="2")
for cell in range(1, 4):
    sector = ET.SubElement(root, "sector", number=str(cell))
    for k in range(1, 3):
        bpm = ET.SubElement(sector, "bpm", name=f"BPM{cell:02d}{k}")
        bpm.set("gain", f"{1 + 0.01 * cell * k:.3f}")
        bpm.text = "in service"
root.find("./sector[@number='2']/bpm").set("gain", "0")
weak = [b.get("name") for b in root.iter("bpm") if float(b.get("gain")) < 0.5]
print("switched off:", weak)
print(ET.tostring(root, encoding="unicode")[:160])
