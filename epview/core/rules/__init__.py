"""The rules, one a file, found by looking into this package.

A module is named ``epNNN_what_it_says`` and holds ``RULE``. Its docstring is the rule's page: a first
line, then the headings *What it means*, *Why it happens*, *How to see it yourself*, *What to do* and
*References*.
"""
