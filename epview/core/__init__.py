"""The pure core: objects in, verdicts out. No I/O, no clock, no threads, no Textual, no kubernetes."""
