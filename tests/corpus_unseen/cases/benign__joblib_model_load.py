from pathlib import Path

import joblib
import numpy as np

model_file = Path("lifetime_model.joblib")
if model_file.exists():
    model = joblib.load(model_file)
    x = np.linspace(50, 300, 6)[:, None]
    for current, lifetime in zip(x[:, 0], model.predict(x)):
        print(f"{current:.0f} mA: {lifetime:.1f} h")
else:
    print("no model stored yet")
