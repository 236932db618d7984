import numpy as np
import xarray as xr

y, x = np.mgrid[-2:2:64j, -3:3:96j]
frames = [np.exp(-((x - 0.1 * k) ** 2) - (y / 0.6) ** 2) for k in range(6)]
da = xr.DataArray(
    np.stack(frames),
    dims=("shot", "y", "x"),
    coords={"shot": range(6), "y": y[:, 0], "x": x[0]},
    name="image",
)
profile = da.sum("y")
centre = (profile * profile["x"]).sum("x") / profile.sum("x")
da.loc[dict(shot=3)] = 0.0
da.attrs["units"] = "counts"
ds = da.to_dataset().assign(centre=centre)
print(ds["centre"].values.round(3))
print(ds["image"].sel(shot=0, x=0.0, method="nearest").max().item())
print("empty shots:", [int(s) for s in ds.shot if float(ds["image"].sel(shot=s).sum()) == 0])
