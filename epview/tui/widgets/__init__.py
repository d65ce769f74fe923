"""Widgets: they know values, never where these come from."""
