"""Stand-in models that look for words: two dozen of them, or some fifty weighted phrases."""

import re
from collections import Counter

from infra.local.stand_ins.words import stems

_FALLBACK = "technical"

_KEYWORDS = {
    "billing": "invoice charged payment card",
    "shipping": "parcel delivered tracking courier",
    "returns": "return exchange broken warranty",
    "technical": "app error wifi update",
    "account": "password account login name",
    "sales": "price stock offer buy",
}
_LABEL_OF_STEM = {stem: label for label, keywords in _KEYWORDS.items() for stem in stems(keywords)}

_PHRASES = {
    "billing": {
        r"charg(e|ed|es|ing)|debit(ed|s)?|bill(ed|s|ing)?|invoiced?": 3,
        r"invoices?|receipts?|vat|tax|bookkeep\w*|accountant|accounting|expenses": 3,
        r"credit card|visa|mastercard|american express|card|paypal|direct debit|bank|iban|transfer\w*|wallet": 3,
        r"paid|pay|paying|payments?|money|total|amount|sums?|fees?|euros?|net|gross": 2,
        r"(charged|billed|paid|deducted|debited) .{0,20}(twice|again|double|two times)|overcharged": 4,
        r"declined|bounce[ds]?|instal?lments?|reminders?|credited|balance|statement|exchange rate": 3,
        r"(promo|discount|voucher|gift.?card|gift|coupon) ?codes?|vouchers?|percent off|not eligible": 4,
        r"(cancel\w*|end|stop|leave|left|don't want) .{0,20}(plan|subscription|cloud|trial)|renew\w*": 5,
        r"refund.*(not|n't|never|still|yet|where)|where.*refund|(still )?waiting for the \d+": 3,
    },
    "shipping": {
        r"parcels?|packages?|cartons?|courier|driver|postman|van|letterbox": 3,
        r"track\w*|in transit|dispatch\w*|shipped|shipping|shipments?|label created|express": 4,
        r"deliver(y|ed|ing)?|arriv(e|ed|es|ing)|came|come|comes": 2,
        r"(has|have|had)(n't| not)? (still )?(not )?(arrived|come)|never (came|arrived)|not (yet )?(here|arrived)": 4,
        r"customs|import dut(y|ies)|depot|pick.?up|collection|neighbou?r|doorstep|porch|warehouse": 3,
        r"(delivery|shipping|house) (address|number)|wrong address|(cancel|change|stop) (my|the|an) order": 4,
        r"add .* to (the|my) order|in preparation|reroute\w*|another attempt|hold (the|my)|stop it": 4,
        r"(was|were|is|are)(n't| not) in (the box|here)|missing|only (one|got|received)|incomplete|follows": 3,
        r"late|delayed|lost|where is|when (does|do|will|is)|weeks ago|supposed to|order \d+": 2,
    },
    "returns": {
        r"returns?|returning|returned": 3,
        r"(send|sending|sent|give|bring|take|hand|go|going|put|get)\b.{0,30} (back|in the post)": 4,
        r"exchange|swap|trade[ds]?|replac(e|ed|ement|ing)|repair(ed)?|warranty|guarantee|a new (one|unit)|another": 3,
        r"money back|refund|surplus|pick (it|them|up)|drop (it|them) off|not for us": 3,
        r"return label|prepaid label|rma|original packaging|unopened|sealed|30 days|seal": 4,
        r"damaged?|broken?|smashed|crack(ed|s)?|scratch(ed|es)?|dent(ed|s)?|frayed|soaked|wet|faulty|defective": 3,
        r"wrong (colou?r|size|item|model|one|socket)|ordered .*(but|got|received|sent)|(you|was|were) sent": 4,
        r"(no longer|don't|do not|doesn't) (need|want|like|fit|match)|changed my mind|too (big|small|tall)": 4,
        r"unpack(ed|ing)?|out of the box|gift from|lens": 2,
    },
    "technical": {
        r"app|firmware|update[ds]?|bluetooth|wi.?fi|router|signal|browser|firefox|android|iphone|widget": 2,
        r"(does|do|did|will|is|are|wo|ca|can)(n't| not) (\w+ )?(work|connect|respond|react|turn|pair|load|find)": 4,
        r"crash\w*|fr[eo]ez\w*|frozen|errors?|bugs?|glitch\w*|offline|disconnect\w*|reboots?|flicker\w*": 4,
        r"set ?up|install\w*|configur\w*|pair(ing|ed)?|reset|calibrat\w*|mount|settings?|schedules?|menu": 3,
        r"how (do|can|does) (i|we) (use|connect|set|make|get|turn|stop|add|mount|fix)|which (button|way)": 2,
        r"batter(y|ies)|notifications?|blink\w*|buzz\w*|chopp?y|blank|stuck|gr[ea]y|upside down|by itself": 3,
        r"stopped working|keeps \w+ing|blank|black screen|won't|loading|no response|wrong temperature": 3,
        r"export\w*|record(s|ings?)|live (video|view)|sensitivity|brightness|dimmer|voice assistant|sunset": 2,
    },
    "account": {
        r"passwords?|log(ged)? ?(in|out|on)|login|sign(ed|ing)? ?(in|out|on)|locked out|unlock": 5,
        r"account|profiles?|user ?name|registered|registration|member(ship)?|security question": 3,
        r"two.?(step|factor)|2fa|verification|authenticator|one.?time|codes? .*(sms|text|mail)|digits": 5,
        r"e.?mail address|phone number|surname|my (own |user )?name|date of birth|personal (data|details)": 4,
        r"privacy|gdpr|data|(delete|erase|forget|remove|merge)\w*|owner(ship)?": 3,
        r"newsletters?|marketing|mails (a|per|about)|stop sending|survey|unsubscribe\w*": 4,
        r"hacked|stranger|someone (else|logged)|access|invit\w*|permission|rights?|ex.?(partner|wife|husband)": 3,
        r"look in|watch|able to see|share|second-hand|belongs to": 2,
    },
    "sales": {
        r"prices?|cost|costs|cheap\w*|expensive|dear|quote|offers?|bulk|wholesale|reseller|how much|contract": 3,
        r"in stock|restock|available|availability|discontinued|refurbished|black friday|sale|discount for": 4,
        r"(thinking|looking|planning|going|wondering|like|keen) .{0,8}(buy\w*|order\w*|get\w*|for|move up)": 3,
        r"before (i|we|deciding|buying|ordering)|decid(e|es|ing)|hesitat\w*|weighing": 3,
        r"compatible|works? with|recommend|which (one|model|thermostat|camera|lamp)|support": 3,
        r"difference between|compar\w*|better than|upgrade|bigger|business plan|trial|new model|pro": 2,
        r"do you (also |ever |even )?(sell|have|offer|deliver|ship|make|carry)|would .{0,25}(fit|work|be enough)": 5,
        r"what colou?rs|how (long|heavy|large|big|many)|come in|is there (a|any|such)|hotel|office|school": 2,
    },
}

_RULES = [
    (re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE), label, weight)
    for label, phrases in _PHRASES.items()
    for phrase, weight in phrases.items()
]


def count_keywords(message: str) -> str:
    """The label whose keywords occur most often; of equals, the one that occurs first."""
    found = Counter(_LABEL_OF_STEM[stem] for stem in stems(message) if stem in _LABEL_OF_STEM)
    return found.most_common(1)[0][0] if found else _FALLBACK


def phrase_scores(message: str) -> dict[str, int]:
    """The summed weights of the phrases that occur, per label."""
    scores = dict.fromkeys(_PHRASES, 0)
    for pattern, label, weight in _RULES:
        if pattern.search(message):
            scores[label] += weight
    return scores


def weigh_phrases(message: str) -> str:
    """The label with the highest score."""
    scores = phrase_scores(message)
    return max(scores, key=scores.__getitem__) if any(scores.values()) else _FALLBACK
