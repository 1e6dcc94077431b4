"""The widgets: the only place that knows anywidget and ipywidgets."""
