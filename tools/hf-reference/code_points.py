"""What the writers of Unicode tables have in common."""


def ranges(code_points):
    """The first and the last of each run of neighbors."""
    out = []
    for c in sorted(code_points):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out
