"""List the imagers of a beamline and where they stand."""
import happi

client = happi.Client.from_config()
results = client.search(beamline="LFE", active=True)
results = sorted(results, key=lambda item: item["z"])

print(f"{len(results)} active devices in LFE")
for result in results:
    z = result["z"]
    device = result.get()
    device.wait_for_connection(timeout=3)
    print(f"{result['name']:<10} z={z:8.3f} m  at {device.position:.3f} {device.egu}")
