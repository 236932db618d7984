import ipywidgets as widgets
from IPython.display import display

slider = widgets.FloatSlider(min=-5, max=5, step=0.1, description="current")
progress = widgets.IntProgress(max=10)
label = widgets.HTML()


def update(change):
    label.value = f"<b>{change['new']:.2f} A</b>"
    progress.value = min(10, progress.value + 1)


slider.observe(update, names="value")
slider.value = 1.5
dropdown = widgets.Dropdown(options=["QF1", "QD1"], value="QF1")
dropdown.value = "QD1"
display(widgets.VBox([slider, dropdown, progress, label]))
