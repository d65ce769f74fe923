"""The Textual interface: it shows Views and never fetches."""
