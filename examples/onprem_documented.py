"""Credentials for a Deepgram of your own, as the documents have it: python examples/onprem_documented.py.

Later documents call it self-hosted: `deepgram.selfhosted.v("1")` is the same.
"""

from __future__ import annotations

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main() -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    for project in deepgram.manage.v("1").get_projects().projects or ():
        found = deepgram.onprem.v("1").list_onprem_credentials(project.project_id or "")
        print(f"{project.name}: {len(found.distribution_credentials or ())} credentials")


if __name__ == "__main__":
    main()
