"""The course in a browser, with nothing installed: python -m notebooks.lite. JupyterLite is JupyterLab as static files."""
