from gero.reviews import pool
from tests.gero.plans import candidate, stored_plan
from tests.gero.reviews.answered import answered, own_words, take


def ids(found: pool.Pool) -> list[str]:
    return [row.id for row in found.rows]


def test_the_pool_is_the_first_rows_in_the_plans_order_with_every_answer(cloud: None) -> None:
    plan = answered(rows=8)
    found = pool.gather(plan, 5)
    assert ids(found) == ["r0", "r1", "r2", "r3", "r4"]
    assert found.contenders == ("a", "b", "c")
    assert [one.text for one in found.rows[3].answers] == ["a on r3", "b on r3", "c on r3"]
    assert (found.rows[3].input, found.rows[3].expected) == ("input 3", ("3",))


def test_more_rows_than_there_are_are_all_rows(cloud: None) -> None:
    assert len(pool.gather(answered(rows=4), 100).rows) == 4


def test_a_failed_answer_is_marked_and_an_empty_one_is_an_answer(cloud: None) -> None:
    def answer(model: str, row_id: str) -> str | None:
        return {"a": None, "b": ""}.get(model, "text")

    found = pool.gather(answered(rows=2, answer=answer), 2)
    assert [one.failed for one in found.rows[0].answers] == [True, False, False]


def test_a_model_that_was_not_asked_all_rows_is_no_contender(cloud: None) -> None:
    plan = stored_plan(rows=6, candidates=tuple(candidate(name, "http://x.test/v1") for name in "abc"))
    for block in range(2):
        for name in "abc":
            not_asked = (block, name) == (1, "c")
            take(plan, block, name, (lambda model, row: None) if not_asked else own_words, attempts=int(not not_asked))
    found = pool.gather(plan, 6)
    assert found.contenders == ("a", "b")
    assert len(found.rows) == 6


def test_where_a_race_left_one_model_there_are_fewer_rows_and_two_contenders(cloud: None) -> None:
    plan = stored_plan(rows=9, candidates=tuple(candidate(name, "http://x.test/v1") for name in "abc"))
    for block, names in enumerate(("abc", "ab", "a")):
        for name in names:
            take(plan, block, name)
    found = pool.gather(plan, 9)
    assert found.contenders == ("a", "b")
    assert len(found.rows) == 6


def test_a_row_that_the_platform_could_not_ask_one_model_is_left_out(cloud: None) -> None:
    plan = stored_plan(rows=6)
    for block, name in ((0, "a"), (0, "b"), (1, "a")):
        take(plan, block, name)
    take(plan, 1, "b", lost={"r4"})
    assert ids(pool.gather(plan, 6)) == ["r0", "r1", "r2", "r3", "r5"]


def test_traces_of_other_runs_and_of_inference_are_not_mistaken_for_answers(cloud: None) -> None:
    answered(rows=3, answer=lambda model, row_id: "of another run")
    plan = answered(rows=3)
    answered(rows=3, answer=lambda model, row_id: "of a later run")
    found = pool.gather(plan, 3)
    assert {one.text for row in found.rows for one in row.answers} == {f"{m} on r{n}" for m in "abc" for n in range(3)}


def test_a_huge_answer_is_cut_for_people_but_keeps_its_own_digest(cloud: None) -> None:
    huge = "x" * 300_000
    plan = answered(rows=1, names=("a", "b"), answer=lambda model, row_id: huge + model)
    (row,) = pool.gather(plan, 1).rows
    assert row.answers[0].text.endswith("[… 100,001 more characters]")
    assert row.answers[0].digest != row.answers[1].digest


def test_stored_rows_are_read_again(cloud: None) -> None:
    plan = answered(rows=2)
    found = pool.gather(plan, 2)
    pool.save(plan, found.rows)
    assert pool.load("w", "l", plan.run_id, 1) == found.rows[1]
