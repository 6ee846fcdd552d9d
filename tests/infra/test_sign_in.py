"""How people sign in to what is deployed: at Cognito or another provider, and never at the development sign-in."""

import json
from graphlib import TopologicalSorter
from typing import Any

import pytest
from aws_cdk import App

from infra.settings import Settings
from tests.infra.synthesis import Synthesis, Template, deployable, synthesis

OTHER = {"sign_in_issuer": "https://sso.example.com", "sign_in_client_id": "gero"}


def told(template: Template) -> dict[str, Any]:
    """What `api` is told of signing in."""
    variables = template.functions["api"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if "SIGN_IN" in name or "OPEN_WORKSPACES" in name}


def kinds(found: Synthesis) -> set[str]:
    resources = [*found.data.content["Resources"].values(), *found.app.content["Resources"].values()]
    return {body["Type"] for body in resources if "Cognito" in body["Type"]}


def chosen(**context: Any) -> Settings:
    return Settings.of(App(context={f"gero:{key}": value for key, value in context.items()}))


def test_accounts_outlive_both_stacks() -> None:
    (pool,) = [body for body in deployable().data.content["Resources"].values() if "UserPool" in body["Type"]]
    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert pool["Properties"]["DeletionProtection"] == "ACTIVE"


def test_people_have_an_address_that_they_confirmed_and_a_long_password() -> None:
    pool = deployable().data.only("AWS::Cognito::UserPool")
    assert (pool["UsernameAttributes"], pool["AutoVerifiedAttributes"]) == (["email"], ["email"])
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert pool["AccountRecoverySetting"]["RecoveryMechanisms"] == [{"Name": "verified_email", "Priority": 1}]
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is False


def test_the_client_is_public_and_takes_codes_at_the_consoles_own_address_only() -> None:
    app = deployable().app
    (api,) = app.of_type("AWS::ApiGatewayV2::Api")
    own = {"Fn::GetAtt": [api, "ApiEndpoint"]}
    client = app.only("AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "email"]
    assert client["CallbackURLs"] == [{"Fn::Join": ["", [own, "/sign-in/callback"]]}]
    assert client["LogoutURLs"] == [{"Fn::Join": ["", [own, "/sign-in"]]}]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert "ALLOW_USER_PASSWORD_AUTH" not in client["ExplicitAuthFlows"]


def test_the_pages_are_the_newer_ones_and_have_a_style() -> None:
    app = deployable().app
    (client,) = app.of_type("AWS::Cognito::UserPoolClient")
    assert app.only("AWS::Cognito::UserPoolDomain")["ManagedLoginVersion"] == 2
    style = app.only("AWS::Cognito::ManagedLoginBranding")
    assert (style["ClientId"], style["UseCognitoProvidedValues"]) == ({"Ref": client}, True)


def test_the_console_is_told_where_people_sign_in() -> None:
    app = deployable().app
    (client,), (domain,) = app.of_type("AWS::Cognito::UserPoolClient"), app.of_type("AWS::Cognito::UserPoolDomain")
    variables = told(app)
    assert "ProviderURL" in json.dumps(variables["GERO_SIGN_IN_ISSUER"])
    assert variables["GERO_SIGN_IN_CLIENT_ID"] == {"Ref": client}
    there = [{"Ref": domain}, ".auth.", {"Ref": "AWS::Region"}, ".amazoncognito.com"]
    assert variables["GERO_SIGN_IN_DOMAIN"] == {"Fn::Join": ["", there]}
    assert variables["GERO_OPEN_WORKSPACES"] == "false"


def test_nothing_waits_for_itself() -> None:
    """CloudFormation refuses a circle, which the synthesis does not see; the API, its client and `api` are near one."""
    resources = deployable().app.content["Resources"]
    waits = {name: {other for other in named(body) if other in resources} for name, body in resources.items()}
    assert len(list(TopologicalSorter(waits).static_order())) == len(resources)


def named(part: Any) -> set[str]:
    """The logical ids that a part of a template needs."""
    if isinstance(part, list):
        return set().union(*map(named, part))
    if not isinstance(part, dict):
        return set()
    attribute = [part["Fn::GetAtt"][0]] if "Fn::GetAtt" in part else []
    waited_for = part.get("DependsOn", [])
    own = {*attribute, *([waited_for] if isinstance(waited_for, str) else waited_for), str(part.get("Ref"))}
    return own.union(*map(named, part.values()))


def test_only_the_api_is_told() -> None:
    others = [found for name, found in deployable().app.functions.items() if name != "api"]
    assert "SIGN_IN" not in json.dumps(others)


def test_a_deployment_may_name_another_provider_and_has_no_accounts_then() -> None:
    found = deployable(**OTHER, open_workspaces="true")
    assert told(found.app) == {
        "GERO_SIGN_IN_ISSUER": "https://sso.example.com",
        "GERO_SIGN_IN_CLIENT_ID": "gero",
        "GERO_OPEN_WORKSPACES": "true",
    }
    assert kinds(found) == set()


def test_the_local_clouds_template_has_no_sign_in_at_all() -> None:
    assert (told(synthesis().app), kinds(synthesis())) == ({}, set())


def test_no_deployable_template_leads_to_this_machine_or_holds_the_development_sign_in() -> None:
    for found in (deployable(), deployable(**OTHER, open_workspaces="true")):
        text = json.dumps([found.data.content, found.app.content])
        for trace in ("http://", "127.0.0.1", "localhost", "infra/local", "stand_in", "gero-console"):
            assert trace not in text, trace


@pytest.mark.parametrize(
    "context",
    [
        {"sign_in_issuer": "https://sso.example.com"},
        {"sign_in_client_id": "gero"},
        {"sign_in_issuer": "http://127.0.0.1:4000", "sign_in_client_id": "gero"},
        {"sign_in_prefix": "Gero"},
        {"sign_in_prefix": "my-cognito"},
    ],
    ids=str,
)
def test_a_faulty_choice_fails_the_synthesis(context: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"gero:sign_in_"):
        chosen(**context)


def test_accounts_are_open_and_workspaces_are_not_unless_a_deployment_says_so() -> None:
    assert (chosen().open_sign_up, chosen().open_workspaces) == (True, False)
    other = chosen(open_sign_up="false", open_workspaces="true", sign_in_prefix="gero-of-ada")
    assert (other.open_sign_up, other.open_workspaces, other.sign_in_prefix) == (False, True, "gero-of-ada")
