from gero.cli.faults import fault_lines


def test_lines_with_the_same_fault_are_told_together() -> None:
    empty = [{"line": number, "error": "is empty"} for number in (9, 1, 2, 3, 7)]
    assert fault_lines([*empty, {"line": 4, "error": "is too long"}]) == [
        "lines 1-3, 7, 9: is empty",
        "line 4: is too long",
    ]
    assert fault_lines(empty[:1] * 2 + [{"line": None, "error": "is empty"}]) == ["lines 9: is empty"]


def test_of_many_places_and_of_many_faults_the_first_are_shown() -> None:
    scattered = fault_lines([{"line": number, "error": "is empty"} for number in range(1, 2001, 2)])
    assert scattered == ["lines 1, 3, 5, 7, 9, 11, 13, 15 and more, 1,000 in all: is empty"]
    different = fault_lines([{"line": number, "error": f"{number} is odd"} for number in range(1, 1025)])
    assert (different[0], different[-1], len(different)) == ("line 1: 1 is odd", "and 1,004 more", 21)


def test_a_fault_names_its_field_once() -> None:
    assert fault_lines([{"line": 0, "field": "input", "error": "input: is missing"}]) == ["input: is missing"]
    assert fault_lines([{"line": 3, "field": "input", "error": "is missing"}]) == ["line 3: input: is missing"]
