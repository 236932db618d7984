import doctest


def gap_to_field(gap):
    """Convert a gap to a field.

    >>> import epics
    >>> epics.caput('U:52', 1)
    1
    """
    return 1.8 / gap


doctest.run_docstring_examples(gap_to_field, {})
