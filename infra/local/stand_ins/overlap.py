"""Stand-in models that compare a message with examples: tf-idf overlap, alone or together with the phrase rules.

The examples were written for these models; none of them is one of the demo's tickets.
"""

import math
import re
from collections import Counter

from infra.local.stand_ins.keywords import phrase_scores
from infra.local.stand_ins.words import stems

EXAMPLES = {
    "billing": (
        "I was charged twice for the same order, please check my credit card statement.",
        "Could you send me an invoice with our VAT number for last month's purchase?",
        "My payment was declined although there is enough money on the card.",
        "The voucher code is not accepted at the checkout.",
        "I want to cancel my subscription before it renews next month.",
        "You confirmed my refund weeks ago but the money is not in my bank account yet.",
        "Why is the amount on my bill higher than the price on the website?",
        "Which ways to pay do you accept, and can I pay in instalments or by bank transfer?",
        "The receipt shows our old company name, please correct it for our accountant.",
        "You took the monthly fee for the cloud plan although I ended it.",
    ),
    "shipping": (
        "My parcel has not arrived and the tracking has not changed for days.",
        "My order should go to another address than the one I entered, it has not shipped yet.",
        "The courier says it was delivered, but there is nothing at my door.",
        "One item was missing from the package that came today.",
        "When will my order be dispatched? It is already a week late.",
        "Please cancel my order from this morning, it has not left the warehouse yet.",
        "The driver did not ring and left a card, when is the next attempt?",
        "Customs wants a document before it releases my shipment.",
        "Only half of the things I ordered were in the carton.",
        "Can the courier leave it with a neighbour or at a pick-up point while I am away?",
    ),
    "returns": (
        "I would like to send this back and get my money back, it is not what I expected.",
        "The lamp arrived broken, the glass was cracked in the box.",
        "You sent me the wrong colour, can I exchange it for the white one?",
        "How do I get a return label and how many days do I have?",
        "It stopped working after five months, I want a replacement under warranty.",
        "Did the item I returned reach your warehouse?",
        "It is too large for our kitchen and we don't need it any more, the box is unopened.",
        "The handle broke off, can you repair it?",
        "Who collects the faulty panel from my house?",
        "What I ordered is not what I got, please take it back.",
    ),
    "technical": (
        "The camera loses the wifi connection every night and shows offline.",
        "The app crashes as soon as I open the settings.",
        "How do I pair the sensor with the hub? The light keeps blinking red.",
        "Since the firmware update the thermostat shows the wrong temperature.",
        "Which button resets the bulb to factory settings?",
        "Your website shows a blank page when I open the manual.",
        "Nothing happens when I press the switch, the lamp does not react.",
        "Where in the menu do I change the schedule and the brightness?",
        "The video is blurred and stops every few seconds although the signal is good.",
        "My voice assistant cannot find the speaker in the living room any more.",
    ),
    "account": (
        "No e-mail comes when I ask for a new password.",
        "Please change the e-mail address and the phone number in my profile.",
        "I cannot log in because the verification code is rejected.",
        "Delete my account and all personal data that you keep about me.",
        "How can I give my wife access to our home without sharing my login?",
        "Stop sending me the newsletter and marketing messages.",
        "Someone I don't know has logged in to my profile.",
        "My former flatmate is still the owner in the app, please remove him.",
        "My name is spelt wrong in your letters, how do I correct it?",
        "Who at your company can see my recordings? I worry about my privacy.",
    ),
    "sales": (
        "Does the doorbell work with older transformers? I am thinking of buying one.",
        "The outdoor camera is sold out, will you get more of them soon?",
        "What would forty sensors for our office cost, is there a price for large quantities?",
        "What is the difference between the basic and the pro model, and which do you recommend?",
        "Are there special offers for pensioners or at Christmas?",
        "How much does the bigger cloud plan cost for six cameras?",
        "Will it fit a wall of concrete, how big is it and which colours does it come in?",
        "We are thinking about equipping our hotel, whom can I talk to about an offer?",
        "I have not decided yet: can it be used outdoors in winter?",
        "Do you also sell lamps for children, and do you ship to Norway?",
    ),
}

_EXAMPLE_STEMS = [(label, Counter(stems(text))) for label, texts in EXAMPLES.items() for text in texts]
_OCCURRENCES = Counter(stem for _, example in _EXAMPLE_STEMS for stem in example)
_RULES_SHARE = 0.6
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def _weights(counts: Counter[str]) -> dict[str, float]:
    rarity = {stem: math.log((1 + len(_EXAMPLE_STEMS)) / (1 + _OCCURRENCES[stem])) for stem in counts}
    weights = {stem: (1 + math.log(count)) * rarity[stem] for stem, count in counts.items()}
    length = math.hypot(*weights.values()) or 1.0
    return {stem: weight / length for stem, weight in weights.items()}


_EXAMPLE_WEIGHTS = [(label, _weights(example)) for label, example in _EXAMPLE_STEMS]


def overlap_scores(message: str) -> dict[str, float]:
    """Per label, the cosine (0 to 1) with its two nearest examples, added up."""
    asked = _weights(Counter(stems(message)))
    cosines: dict[str, list[float]] = {label: [] for label in EXAMPLES}
    for label, example in _EXAMPLE_WEIGHTS:
        cosines[label].append(sum(weight * asked.get(stem, 0.0) for stem, weight in example.items()))
    return {label: sum(sorted(found)[-2:]) for label, found in cosines.items()}


def nearest_examples(message: str) -> str:
    """The label of the nearest examples."""
    scores = overlap_scores(message)
    return max(scores, key=scores.__getitem__)


def rules_and_overlap(message: str) -> str:
    """The label with the highest sum of phrase score and overlap, each as a share of its total.

    Phrases of the last sentence count twice: what a customer wants tends to come at the end.
    """
    last = phrase_scores(_SENTENCE_END.split(message)[-1])
    rules = {label: score + last[label] for label, score in phrase_scores(message).items()}
    overlap = overlap_scores(message)
    rules_total, overlap_total = sum(rules.values()) or 1, sum(overlap.values()) or 1.0
    shares = {
        label: _RULES_SHARE * rules[label] / rules_total + (1 - _RULES_SHARE) * overlap[label] / overlap_total
        for label in rules
    }
    return max(shares, key=shares.__getitem__)
