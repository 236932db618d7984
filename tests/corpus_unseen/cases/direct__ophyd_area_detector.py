from ophyd.areadetector import SimDetector

det = SimDetector("13SIM1:", name="det")
det.cam.acquire_time.put(0.05)
det.cam.num_images.set(5).wait()
det.stage_sigs["cam.image_mode"] = 1
det.trigger().wait()
