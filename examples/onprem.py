"""Credentials for a Deepgram of your own, self-hosted: python examples/onprem.py. It makes some, and deletes them."""

from __future__ import annotations

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main() -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        for found in deepgram.projects.list():
            credentials = deepgram.project(found).credentials
            made = credentials.create(comment="for the rack in the cellar", scopes=["self-hosted:products"])
            for each in credentials.list():
                about = each.distribution_credentials
                print(about and f"{about.comment}, {about.created}")
            if made.distribution_credentials and made.distribution_credentials.distribution_credentials_id:
                credentials.delete(made.distribution_credentials.distribution_credentials_id)


if __name__ == "__main__":
    main()
