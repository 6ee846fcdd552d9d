"""How people sign in: at Cognito's managed sign-in, or at a provider that the deployment names."""

from aws_cdk import Aws, Duration, Fn
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.data_stack import DataStack
from infra.settings import Settings

_STACK_UUID = Fn.select(2, Fn.split("/", Aws.STACK_ID))  # arn:…:stack/GeroApp/<uuid>


class SignIn(Construct):
    """What `api` is told, in `environment`. In the local cloud nothing: that has a sign-in of its own."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack, http_api: apigateway.HttpApi) -> None:
        super().__init__(scope, construct_id)
        settings = Settings.of(self)
        self.environment: dict[str, str] = {}
        if settings.local:
            return
        self.environment["GERO_OPEN_WORKSPACES"] = str(settings.open_workspaces).lower()
        if data.people:
            self._add_client(data.people, http_api.api_endpoint, settings.sign_in_prefix)
        elif settings.sign_in_issuer and settings.sign_in_client_id:
            self._tell(settings.sign_in_issuer, settings.sign_in_client_id)

    def _tell(self, issuer: str, client_id: str) -> None:
        self.environment |= {"GERO_SIGN_IN_ISSUER": issuer, "GERO_SIGN_IN_CLIENT_ID": client_id}

    def _add_client(self, people: cognito.UserPool, api_url: str, prefix: str | None) -> None:
        """A client of the pool. It is public: the console proves by PKCE who asked, and keeps no secret."""
        client = cognito.UserPoolClient(
            self,
            "client",
            user_pool=people,
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=[f"{api_url}/sign-in/callback"],
                logout_urls=[f"{api_url}/sign-in"],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            # Read once, when somebody comes back: the console's session is its own.
            id_token_validity=Duration.minutes(5),
            access_token_validity=Duration.minutes(5),
            refresh_token_validity=Duration.hours(1),
        )
        domain = cognito.UserPoolDomain(
            self,
            "domain",
            user_pool=people,
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix or f"gero-{_STACK_UUID}"),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        # The newer pages show nothing for a client that has no style, be it Cognito's own.
        cognito.CfnManagedLoginBranding(
            self,
            "style",
            user_pool_id=people.user_pool_id,
            client_id=client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        self._tell(people.user_pool_provider_url, client.user_pool_client_id)
        self.environment["GERO_SIGN_IN_DOMAIN"] = f"{domain.domain_name}.auth.{Aws.REGION}.amazoncognito.com"
