import webbrowser

webbrowser.GenericBrowser(["caput", "%s", "1"]).open("T:21")
