"""The little linear algebra that a fit of a few dozen candidates needs, in plain lists."""

from collections.abc import Sequence

Matrix = list[list[float]]


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a symmetric positive definite matrix, by Gauss-Jordan elimination, which needs no pivots there."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for k in range(size):
        pivot = [value / rows[k][k] for value in rows[k]]
        for i, row in enumerate(rows):
            if i != k and row[k]:
                factor = row[k]
                rows[i] = [value - factor * p for value, p in zip(row, pivot, strict=True)]
        rows[k] = pivot
    return [row[size:] for row in rows]


def multiplied(one: Matrix, other: Matrix) -> Matrix:
    """The product of two matrices."""
    columns = list(zip(*other, strict=True))
    return [[_dot(row, column) for column in columns] for row in one]


def times(matrix: Matrix, vector: Sequence[float]) -> list[float]:
    """A matrix times a column."""
    return [_dot(row, vector) for row in matrix]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
