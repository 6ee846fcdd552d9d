"""The interpreter of CloudFormation templates."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.deployment import Host, UnsupportedResourceError, deploy
from infra.local.template import Template, TemplateError


def template(**body: Any) -> Template:
    return Template(
        body,
        pseudo={"AWS::Region": "eu-west-1", "AWS::Partition": "aws"},
        physical_id=lambda name: f"id-of-{name}",
        attribute=lambda name, attribute: f"{attribute}-of-{name}",
        exports={"Other:Name": "exported"},
        aliases={"https://public.example": "http://127.0.0.1:1"},
    )


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Thing"}, "id-of-Thing"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Size"}, "small"),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "Arn-of-Thing"),
        ({"Fn::GetAtt": "Thing.Arn"}, "Arn-of-Thing"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Thing"}, 1]]}, "a-id-of-Thing-1"),
        ({"Fn::Join": ["", ["https://", "public.example", "/x"]]}, "http://127.0.0.1:1/x"),
        ({"Fn::Sub": "${Thing}/${Thing.Arn}/${AWS::Region}/${!Kept}"}, "id-of-Thing/Arn-of-Thing/eu-west-1/${Kept}"),
        ({"Fn::Sub": ["${a}${Thing}", {"a": {"Ref": "Size"}}]}, "smallid-of-Thing"),
        ({"Fn::Select": [1, {"Fn::Split": [":", "a:b:c"]}]}, "b"),
        ({"Fn::If": ["Here", "yes", "no"]}, "yes"),
        ({"Fn::If": ["NotHere", "yes", {"Ref": "Thing"}]}, "id-of-Thing"),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "k"]}, "v"),
        ({"Fn::ImportValue": "Other:Name"}, "exported"),
        ({"Fn::Base64": "text"}, "dGV4dA=="),
        ({"a": [{"Ref": "AWS::NoValue"}, 1], "b": {"Ref": "AWS::NoValue"}}, {"a": [1]}),
        ({"Ref": "Thing", "more": 1}, {"Ref": "Thing", "more": 1}),
    ],
)
def test_intrinsic_functions(value: Any, resolved: Any) -> None:
    conditions = {
        "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        "NotHere": {"Fn::Not": [{"Condition": "Here"}]},
    }
    subject = template(
        Parameters={"Size": {"Default": "small"}}, Conditions=conditions, Mappings={"Map": {"eu-west-1": {"k": "v"}}}
    )
    assert subject.resolve(value) == resolved


def test_conditions_combine() -> None:
    yes, no = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}
    subject = template(
        Conditions={"And": {"Fn::And": [yes, no]}, "Or": {"Fn::Or": [yes, no]}, "Not": {"Fn::Not": [no]}}
    )
    assert [subject.condition(name) for name in ("And", "Or", "Not")] == [False, True, True]


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Transform": {}},
        {"Ref": "AWS::Nonsense"},
        {"Fn::ImportValue": "Nobody:Nothing"},
        {"Fn::FindInMap": ["Map", "a", "b"]},
        {"Fn::If": ["Unknown", 1, 2]},
    ],
)
def test_what_is_not_understood_is_an_error(value: Any) -> None:
    with pytest.raises(TemplateError):
        template(Mappings={"Map": {}}).resolve(value)


def test_an_unknown_resource_type_is_an_error_with_type_and_logical_id(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedResourceError, match=r"AWS::Quantum::Computer \(Deep\)"):
        _deploy(tmp_path, {"Deep": {"Type": "AWS::Quantum::Computer"}})


def test_a_circular_reference_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="circular reference: A -> B -> A"):
        _deploy(
            tmp_path,
            {
                "A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "B"}}},
                "B": {"Type": "AWS::Logs::LogGroup", "DependsOn": "A"},
            },
        )


def test_an_unknown_attribute_is_an_error(tmp_path: Path) -> None:
    log = {"Type": "AWS::Logs::LogGroup"}
    user = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::GetAtt": ["Log", "Colour"]}}}
    with pytest.raises(TemplateError, match="attribute Colour of AWS::Logs::LogGroup"):
        _deploy(tmp_path, {"Log": log, "User": user})


def _deploy(folder: Path, resources: dict[str, Any]) -> None:
    artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"S": artifact}}))
    (folder / "S.template.json").write_text(json.dumps({"Resources": resources}))
    deploy(folder, Host(client=lambda service: None, api_url="http://x", open_function_url=lambda *_: "http://x/"))
