#!/usr/bin/env python3
"""Write cookies.tsv and companies.tsv from two public collections of facts.

    generate.py open-cookie-database.json entities.json

The first is the Open Cookie Database as packed by @slashgear/gdpr-cookie-scanner 3.8.2 (dist/data/), the second
third-party-web 0.30.0 (dist/entities-nostats.json). Names, owners, categories, lifetimes and domains are taken:
facts, no sentences. Both files land beside this script, sorted, so that the same input gives the same bytes.

Nothing from here is ever essential: "Functional" in the first collection also covers session recording and video
players. What is essential stands in estate.tsv, written by hand.
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent

COOKIE_PURPOSES = {
    "Functional": "preferences",
    "Personalization": "preferences",
    "Security": "preferences",
    "Necessary": "preferences",
    "Analytics": "analytics",
    "Marketing": "marketing",
}
STRICTNESS = ["preferences", "analytics", "marketing"]

# "Functional" cookies of platforms whose business is measuring, testing, recording or advertising.
PLATFORM_FLOORS = {
    **dict.fromkeys(
        ["Adobe Analytics", "Convert Insights", "Crazy Egg", "Dynamic Yield", "Dynatrace", "Ezoic", "Google Analytics",
         "Google Optimize", "Hotjar", "Lucky Orange", "Microsoft Azure App Insights", "Parse.ly", "Piano", "Qualtrics",
         "SiteSpect", "Visual Website Optimizer", "Yandex.Metrica"],
        "analytics",
    ),
    **dict.fromkeys(
        ["Adobe Audience Manager", "Blueconic.com", "Command Act", "CreativeCDN", "DoubleClick/Google Marketing",
         "Facebook", "Google Ads", "Google AdSense", "ID5", "Instagram", "LinkedIn", "Permutive", "Pinterest", "Prebid",
         "PubMatic", "RD Station", "SAP", "ShareThis", "Sleeknote", "Smartadserver", "Snapchat", "Spotify", "Squeezely",
         "Taboola", "Tailtarget", "Twitch", "Viafoura", "Vimeo", "Wistia", "X", "Xandr", "Youtube", "betweendigital.com"],
        "marketing",
    ),
}

# Names any site may give a cookie of its own: to call them LinkedIn's or Adform's would be a false accusation, so they
# stay unknown, which holds them and reports them.
TOO_GENERAL = set(
    "ID UID uid uuid token locale lang LANG optout opt_out Cart sess visitor version api_token device_id sessionid "
    "csrftoken test user_session c d g i m n s t u hash gdpr cf ss ts pid cid".split()
)

# Endings too short or too plain to stand before a `*`; the name itself stays.
PLAIN_STEMS = {"_lv", "_sid", "_ut", "cap", "data-", "done_redirects", "isFirstSession", "partner-", "prism_", "put_",
               "recs-", "sharing_", "store_notice", "userlang", "visitor_id", "welcome-"}
SHORTEST_STEM = 4
# Where a longer pattern says the same with less risk.
EXACTER = {"mp_": "mp_*_mixpanel", "visitor_id": "visitor_id*-hash"}

# What a company's category says about its tags; anything else says nothing.
COMPANY_PURPOSES = {
    "ad": "marketing",
    "social": "marketing",
    "marketing": "marketing",
    "video": "marketing",
    "tag-manager": "marketing",
    "analytics": "analytics",
    "customer-success": "preferences",
    "content": "preferences",
}

# Public suffixes and other people's hosting, mistaken for one company's domain.
NOT_A_COMPANY = {"net.pl", "net.net", "de.com"}

# Whole web presences, linked to by ordinary pages: an address in a script's text does not make it a tracker.
PRESENCES = set(
    "answers.com aol.co.uk aol.com apple.com bbb.org bing.com ebay.com feefo.com force.com guardian.co.uk hootsuite.com "
    "hotukdeals.com ibmcloud.com line.me msn.com microsoft.com oath.com okta.com onet.pl poll.fm polldaddy.com "
    "qualtrics.com questionpro.com quora.com reviews.co.uk reviews.io salesforce.com sas.com snapchat.com spiceworks.com "
    "surveymonkey.com theguardian.com trustpilot.com wayfair.com wowcher.co.uk wp.pl www.linkedin.com yahoo.com "
    "msecnd.net ipv6test.net jsonip.com campaigner.com mailmunch.co getresponse.com app.link ctctcdn.com "
    "msgfocus.com adestra.com dotmailer.com jwplayer.com jwplatform.com jwpcdn.com ooyala.com buto.tv gigya.com "
    "loginradius.com unbounce.com klaviyo.com infusionsoft.com confirmit.com opinionstage.com marketo.com".split()
)


# A sentence where a lifetime was wanted.
LIFETIMES = {"14 days if you select": "14 days or session"}


def clean(text):
    """One line without tabs, soft hyphens or zero-width characters; UTF-8 read as Latin-1 put right."""
    text = text or ""
    try:
        text = text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        pass
    return re.sub(r"\s+", " ", re.sub("[\u00ad\u200b\u200c\u200d\ufeff]", "", text)).strip()


def pattern(entry):
    name = clean(entry["cookie"])
    if str(entry["wildcardMatch"]) != "1" or name in PLAIN_STEMS - EXACTER.keys():
        return name
    if name in EXACTER:
        return EXACTER[name]
    return name + "*" if len(name) >= SHORTEST_STEM else name


def cookie_purpose(platform, entry):
    purpose = COOKIE_PURPOSES[entry["category"]]
    return max(purpose, PLATFORM_FLOORS.get(platform, purpose), key=STRICTNESS.index)


def retention(entry):
    written = clean(entry["retentionPeriod"])
    return next((short for start, short in LIFETIMES.items() if written.startswith(start)), written) or "-"


def cookies(database):
    rows = {}
    for platform, entries in database.items():
        for entry in entries:
            name = pattern(entry)
            if not name or name in TOO_GENERAL or name.strip("*") == "":
                continue
            row = (cookie_purpose(platform, entry), clean(platform) or "-", retention(entry))
            known = rows.get(name)
            # Two owners of one name: the stricter purpose holds.
            if known is None or STRICTNESS.index(row[0]) > STRICTNESS.index(known[0]):
                rows[name] = row
    return [(name, *rows[name]) for name in sorted(rows)]


def companies(entities):
    rows = {}
    for entity in entities:
        category = entity["category"]
        purpose = COMPANY_PURPOSES.get(category, "-")
        for written in entity["domains"]:
            domain = clean(written).lower().removeprefix("*.")
            if domain not in NOT_A_COMPANY:
                kind = "presence" if domain in PRESENCES else category
                rows.setdefault(domain, (clean(entity["name"]), purpose, kind))
    return [(domain, *rows[domain]) for domain in sorted(rows)]


def write(name, columns, rows):
    lines = ["# " + "\t".join(columns), *("\t".join(row) for row in rows)]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def main():
    database, entities = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:3])
    write("cookies.tsv", ["pattern", "purpose", "platform", "retention"], cookies(database))
    write("companies.tsv", ["domain", "company", "purpose", "kind"], companies(entities))


if __name__ == "__main__":
    main()
