"""The demo's task: sort customer messages of a made-up smart-home shop by the team that has to act."""

from pathlib import Path

TICKETS = Path(__file__).with_name("support_tickets.jsonl")

LABELS = {
    "billing": "money already charged, owed or promised: charges, invoices, receipts, ways to pay, discount or "
    "gift-card codes that are refused, cancelling or renewing a plan, an agreed refund that has not been paid.",
    "shipping": "an order that was placed and is not yet, or not completely, in the customer's hands: when and where "
    "it arrives, late, lost or incomplete parcels, customs, changing or cancelling an order before it arrives.",
    "returns": "goods that the customer has, or has sent back, and wants to return, swap, or have repaired or "
    "replaced: unwanted goods, the wrong item, damage on arrival, return labels and deadlines, warranty claims.",
    "technical": "help to set up or use a device, the app or the website, or to make it work again.",
    "account": "signing in and the account itself: passwords, codes, personal data, who has access, "
    "which messages we send, closing the account, privacy.",
    "sales": "before buying: what a product can do and what it fits, stock, prices, offers, quotes, "
    "where we deliver, choosing a plan or moving to a bigger one.",
}

_DEFINITIONS = "\n".join(f"- {label}: {definition}" for label, definition in LABELS.items())

PROMPT = f"""\
You sort the messages that customers send to Hearthlight, a shop for smart-home devices with an app and a paid \
cloud plan. Name the team that has to act:

{_DEFINITIONS}

Judge by what the customer wants done now, not by the topics the message touches on the way there.
- Trouble with signing in is account, even when it shows in the app.
- A device that fails is technical while the customer wants it to work, and returns once they want it repaired, \
replaced or taken back.
- Money back for goods is returns until we have accepted the goods back; after that, a refund still missing is billing.
- A question that decides whether somebody orders at all is sales, even about payment, delivery, guarantee or returns.

Answer with the label alone, in lower case.

<message>
{{input}}
</message>"""


def message_in(prompt: str) -> str:
    """The customer's message inside a rendered `PROMPT`; any other text is taken whole."""
    _, opened, rest = prompt.partition("<message>")
    message, closed, _ = rest.rpartition("</message>")
    return (message if opened and closed else prompt).strip()
