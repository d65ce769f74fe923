"""epview: why does this Service (not) reach its pods?"""

__version__ = "0.1.0"
