"""Protocol and transport joined: conversations that last, each with its tasks in one `async with`."""
