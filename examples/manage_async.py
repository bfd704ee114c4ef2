"""The account, with `await`: members and keys of each project, at once: python examples/manage_async.py."""

from __future__ import annotations

import asyncio

from dgasync import AsyncDeepgramClient, AsyncProjectHandle, ClientOptionsFromEnv


async def shown(project: AsyncProjectHandle, name: str | None) -> str:
    members, keys = await asyncio.gather(project.members.list().all(), project.keys.list().all())
    return f"{name}: {len(members)} members, {len(keys)} keys"


async def main() -> None:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        projects = await deepgram.projects.list().all()
        for line in await asyncio.gather(*(shown(deepgram.project(each), each.name) for each in projects)):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
