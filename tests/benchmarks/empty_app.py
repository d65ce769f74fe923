"""The yardstick of everything on a screen: a Textual app that shows one line and nothing else."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class EmptyApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("nothing-to-show")


if __name__ == "__main__":
    EmptyApp().run()
