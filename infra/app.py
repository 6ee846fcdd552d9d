"""Gero on AWS, as a CDK app: `python -m infra.app` writes its templates to cdk.out."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Tags

from infra.app_stack import AppStack
from infra.data_stack import DataStack

CDK_JSON = Path(__file__).resolve().parent.parent / "cdk.json"
# The command line sets these by itself. SAM and the local cloud find a function by its path.
METADATA = {"aws:cdk:enable-path-metadata": True, "aws:cdk:enable-asset-metadata": True}


def build(context: Mapping[str, Any] | None = None, outdir: str | None = None) -> App:
    """The app with both stacks, not yet synthesized.

    `context` adds to that of cdk.json; what the CDK command line hands over (`-c`, --output) wins over both.
    """
    from_file = json.loads(CDK_JSON.read_text())["context"]
    app = App(
        context={**METADATA, **from_file, **(context or {})},
        outdir=outdir or os.environ.get("CDK_OUTDIR", "cdk.out"),
    )
    data = DataStack(app, "GeroData")
    AppStack(app, "GeroApp", data=data)
    Tags.of(app).add("application", "gero")
    return app


if __name__ == "__main__":
    build().synth()
