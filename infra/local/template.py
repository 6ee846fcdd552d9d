"""Resolves the intrinsic functions of one CloudFormation template.

Faithful to CloudFormation for Ref, Fn::GetAtt, Join, Sub, Select, Split, If, FindInMap, ImportValue, Base64, GetAZs,
conditions and AWS::NoValue. An unknown function or pseudo parameter is an error, never an empty string.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")
_NO_VALUE = object()


class TemplateError(ValueError):
    """The template asks for something that the local cloud cannot give."""


class Template:
    """One stack's template; `physical_id` and `attribute` create a resource the first time it is referred to."""

    def __init__(
        self,
        body: dict[str, Any],
        *,
        pseudo: Mapping[str, str],
        physical_id: Callable[[str], Any],
        attribute: Callable[[str, str], Any],
        exports: Mapping[str, Any],
        aliases: Mapping[str, str],
    ) -> None:
        """`aliases` are texts that joins and substitutions may make, and what stands for them here."""
        self.resources: dict[str, dict[str, Any]] = body.get("Resources", {})
        self._body = body
        self._pseudo = pseudo
        self._physical_id = physical_id
        self._attribute = attribute
        self._exports = exports
        self._aliases = aliases
        self._parameters = {name: value.get("Default") for name, value in body.get("Parameters", {}).items()}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Join": self._join,
            "Fn::Sub": self._sub,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import_value,
            "Fn::Base64": self._base64,
            "Fn::GetAZs": self._get_azs,
        }

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function replaced; properties of AWS::NoValue are left out."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise TemplateError(f"the intrinsic function {name} is not supported")
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def outputs(self) -> dict[str, Any]:
        """Output name to resolved value."""
        return {name: self.resolve(output["Value"]) for name, output in self._outputs()}

    def exported(self) -> dict[str, Any]:
        """Export name to resolved value, for Fn::ImportValue of later stacks."""
        return {
            self.resolve(output["Export"]["Name"]): self.resolve(output["Value"])
            for _, output in self._outputs()
            if "Export" in output
        }

    def is_wanted(self, resource: dict[str, Any]) -> bool:
        """False when the resource or output has a condition that does not hold."""
        return "Condition" not in resource or self.condition(resource["Condition"])

    def condition(self, name: str) -> bool:
        """The value of a named condition."""
        conditions = self._body.get("Conditions", {})
        if name not in conditions:
            raise TemplateError(f"there is no condition {name}")
        return self._holds(conditions[name])

    def _outputs(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, output) for name, output in self._body.get("Outputs", {}).items() if self.is_wanted(output)]

    def _holds(self, expression: Any) -> bool:
        if not isinstance(expression, dict):
            return str(expression).lower() == "true"
        name, argument = next(iter(expression.items()))
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::Equals":
                return bool(self.resolve(argument[0]) == self.resolve(argument[1]))
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(map(self._holds, argument))
            case "Fn::Or":
                return any(map(self._holds, argument))
        raise TemplateError(f"the condition function {name} is not supported")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._pseudo:
            return self._pseudo[name]
        if name.startswith("AWS::"):
            raise TemplateError(f"the pseudo parameter {name} is not supported")
        if name in self._parameters:
            return self._parameters[name]
        return self._physical_id(name)

    def _get_att(self, argument: Any) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._attribute(name, self.resolve(attribute))

    def _join(self, argument: Any) -> str:
        separator, values = argument
        return self._localized(str(separator).join(str(value) for value in self.resolve(values)))

    def _sub(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else (argument[0], self.resolve(argument[1]))

        def replace(match: re.Match[str]) -> str:
            literal, name = match[1], match[2]
            if literal:
                return "${" + name + "}"
            if name in variables:
                return str(variables[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return self._localized(_PLACEHOLDER.sub(replace, text))

    def _localized(self, text: str) -> str:
        for public, local in self._aliases.items():
            text = text.replace(public, local)
        return text

    def _select(self, argument: Any) -> Any:
        return self.resolve(argument[1])[int(self.resolve(argument[0]))]

    def _split(self, argument: Any) -> list[str]:
        return str(self.resolve(argument[1])).split(argument[0])

    def _if(self, argument: Any) -> Any:
        name, when_true, when_false = argument
        return self.resolve(when_true if self.condition(name) else when_false)

    def _find_in_map(self, argument: Any) -> Any:
        mapping, first, second = self.resolve(argument)[:3]
        try:
            return self._body["Mappings"][mapping][first][second]
        except KeyError:
            raise TemplateError(f"the mapping {mapping} has no {first}.{second}") from None

    def _import_value(self, argument: Any) -> Any:
        name = self.resolve(argument)
        if name not in self._exports:
            raise TemplateError(f"no stack deployed before this one exports {name}")
        return self._exports[name]

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(str(self.resolve(argument)).encode()).decode()

    def _get_azs(self, argument: Any) -> list[str]:
        return [self._pseudo["AWS::Region"] + zone for zone in "abc"]
