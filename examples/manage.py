"""The account: projects, what is left, what was used, and a key that soon expires: python examples/manage.py."""

from __future__ import annotations

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main() -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        for found in deepgram.projects.list():
            project = deepgram.project(found)
            print(f"{found.name} ({found.project_id})")
            for balance in project.balances.list():
                print(f"  {balance.amount} {balance.units}")
            for request in project.requests.list(status="succeeded"):
                print(f"  {request.created} {request.path}")

            key = project.keys.create(comment="for an hour", scopes=["usage:write"], time_to_live_in_seconds=3600)
            print(f"  made key {key.api_key_id}; its secret is shown once, so keep it now")
            if key.api_key_id:
                project.keys.delete(key.api_key_id)


if __name__ == "__main__":
    main()
