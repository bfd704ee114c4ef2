"""The account as the documents have it: python examples/manage_documented.py."""

from __future__ import annotations

import sys

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main() -> None:
    manage = DeepgramClient(config=ClientOptionsFromEnv()).manage.v("1")
    projects = manage.get_projects().projects
    if not projects:
        sys.exit("The key can see no project.")
    for project in projects:
        print(f"ID: {project.project_id}, Name: {project.name}")
        for balance in manage.get_balances(project.project_id or "").balances or ():
            print(f"  Balance: {balance.amount} {balance.units}")


if __name__ == "__main__":
    main()
