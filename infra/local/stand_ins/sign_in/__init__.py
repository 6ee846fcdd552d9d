"""The development sign-in: an identity provider on this machine that speaks OpenID Connect as Cognito does.

It is part of the local cloud and of no deployment. E-mail addresses count as verified: there is no mail here.

sign_in = SignIn()
sign_in.accounts.create("ada@example.com", "a good password")
sign_in.app()  # serve it on loopback; its issuer is the address it is served at
"""

from infra.local.stand_ins.sign_in.accounts import Account, AccountError, Accounts
from infra.local.stand_ins.sign_in.provider import CLIENT_ID, SignIn

__all__ = ["CLIENT_ID", "Account", "AccountError", "Accounts", "SignIn"]
