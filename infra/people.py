"""The accounts of people, in Cognito: they outlive the application, as the data do."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.settings import Settings


def pool_of_people(scope: Construct) -> cognito.UserPool:
    """The pool. It stays when its stack is deleted, and cannot be deleted by mistake."""
    return cognito.UserPool(
        scope,
        "people",
        self_sign_up_enabled=Settings.of(scope).open_sign_up,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        keep_original=cognito.KeepOriginalAttrs(email=True),
        standard_attributes=cognito.StandardAttributes(email=cognito.StandardAttribute(required=True, mutable=True)),
        # Length is what counts; rules on kinds of characters only make passwords harder to remember.
        password_policy=cognito.PasswordPolicy(
            min_length=8,
            require_lowercase=False,
            require_uppercase=False,
            require_digits=False,
            require_symbols=False,
        ),
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        deletion_protection=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
