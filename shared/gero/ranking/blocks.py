"""Sets of block numbers as sorted inclusive ranges: what was merged, in a few bytes."""

BlockRanges = tuple[tuple[int, int], ...]


def contains(ranges: BlockRanges, block: int) -> bool:
    """Whether `block` lies in one of the ranges."""
    return any(first <= block <= last for first, last in ranges)


def disjoint_union(one: BlockRanges, other: BlockRanges) -> BlockRanges:
    """Both sets as the fewest ranges; raises ValueError when they share a block."""
    union: list[tuple[int, int]] = []
    for first, last in sorted(one + other):
        if union and first <= union[-1][1]:
            raise ValueError(f"block {first} was merged before")
        if union and first == union[-1][1] + 1:
            union[-1] = (union[-1][0], last)
        else:
            union.append((first, last))
    return tuple(union)
