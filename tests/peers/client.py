"""People and readers on the server, by Mastodon.py: `client.py SERVER COMMAND …` prints one line of JSON.

    join USER NAME SITE TEXT…   signs up, fills in the profile, posts these texts
    post TOKEN TEXT…            posts
    revoke TOKEN                takes a token back
    read USER TOKEN             every post of an account, oldest first, and what stands above the last one
"""

import json
import sys
from html.parser import HTMLParser

from mastodon import Mastodon


class Text(HTMLParser):
    """The text of a post as a person sees it, and where its links lead."""

    def __init__(self, html):
        super().__init__()
        self.text, self.links = "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "p" and self.text:
            self.text += "\n\n"
        if tag == "br":
            self.text += "\n"
        if tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        self.text += data


def join(server, user, name, site, *texts):
    app = Mastodon.create_app("peers", api_base_url=server)
    stranger = Mastodon(*app, api_base_url=server)
    token = stranger.create_account(user, "correct horse", f"{user}@mail.example", agreement=True)
    person = Mastodon(access_token=token, api_base_url=server)
    fields = [("Site", site)]
    account = person.account_update_credentials(display_name=name, note="News, all day", fields=fields)
    post(server, token, *texts)
    return {"token": token, "url": account.url}


def post(server, token, *texts):
    person = Mastodon(access_token=token, api_base_url=server)
    statuses = [person.status_post(text, language="en") for text in texts]
    return [{"id": str(status.id), "url": status.url} for status in statuses]


def revoke(server, token):
    app = Mastodon.create_app("peers", api_base_url=server)
    Mastodon(*app, access_token=token, api_base_url=server).revoke_access_token(allow_http=True)
    return {}


def read(server, user, token):
    reader = Mastodon(access_token=token, api_base_url=server)
    account = reader.account_lookup(user)
    statuses = reader.fetch_remaining(reader.account_statuses(account, limit=2))
    statuses.reverse()
    above = reader.status_context(statuses[-1]).ancestors if statuses else []
    return {
        "posts": [seen(reader, status) for status in statuses],
        "above_last": [str(status.id) for status in above],
    }


def seen(reader, status):
    page = Text(status.content)
    return {
        "id": str(status.id),
        "text": page.text,
        "source": reader.status_source(status).text,
        "links": page.links,
        "in_reply_to": status.in_reply_to_id and str(status.in_reply_to_id),
        "visibility": status.visibility,
        "language": status.language,
        "spoiler": status.spoiler_text,
        "mentions": [mention.acct for mention in status.mentions],
        "tags": [tag.name for tag in status.tags],
        "is_boost": status.reblog is not None,
    }


server, command, *words = sys.argv[1:]
commands = {"join": join, "post": post, "revoke": revoke, "read": read}
print(json.dumps(commands[command](server, *words)))
