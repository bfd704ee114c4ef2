"""The models on offer, natively: `deepgram.models`, and `deepgram.project(id).models` with a project's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dgasync.api import operations

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.api.account import Account
    from dgasync.api.operations import Operation
    from dgasync.models.account_calls import AccountCall, ModelsCall
    from dgasync.models.catalogue import ModelResponse, ModelsResponse

__all__ = ["AsyncModels"]


class AsyncModels:
    """The public models, or those that a project may use."""

    def __init__(
        self,
        account: Account,
        all_of_them: Operation[ModelsResponse] = operations.LIST_MODELS,
        one_of_them: Operation[ModelResponse] = operations.GET_MODEL,
    ) -> None:
        self._account = account
        self._all = all_of_them
        self._one = one_of_them

    async def list(self, **options: Unpack[ModelsCall]) -> ModelsResponse:
        """Those that hear in `.stt`, those that speak in `.tts`; older versions too with `include_outdated=True`."""
        return await self._account.ask(self._all, options)

    async def get(self, model_id: str, /, **call: Unpack[AccountCall]) -> ModelResponse:
        """One of them, by its uuid."""
        return await self._account.ask(self._one, call, model_id=model_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"
