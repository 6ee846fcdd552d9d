"""The pages, one module a screen; each has a `router`."""

from fastapi import APIRouter

from functions.api.console.pages import (
    add_model,
    board_settings,
    candidates,
    create_leaderboard,
    dataset,
    detail,
    home,
    leaderboards,
    model_recipes,
    models,
    push_tokens,
    ranking,
    reviews,
    run,
    run_logs,
    run_matrix,
    schedule,
    settings,
    settings_integrations,
    settings_members,
    settings_tokens,
    sign_in,
    start_run,
    traces,
    workspaces,
)


def routers() -> list[APIRouter]:
    """Every page's router."""
    return [
        home.router,
        schedule.router,
        push_tokens.router,
        detail.router,
        dataset.router,
        board_settings.router,
        create_leaderboard.router,
        leaderboards.router,
        add_model.router,
        candidates.router,
        settings_tokens.router,
        settings_integrations.router,
        settings_members.router,
        settings.router,
        model_recipes.router,
        models.router,
        ranking.router,
        reviews.router,
        run_logs.router,
        run_matrix.router,
        run.router,
        sign_in.router,
        start_run.router,
        traces.router,
        workspaces.router,
    ]
