"""The chat's face: people, conversations, groups, contacts, presence, sync, the socket, imports."""

from fastapi import APIRouter

from api.chat import contacts, conversations, groups, imports, messages, people, shims, sync
from api.chat.socket import endpoint

router = APIRouter(prefix="/chat")
for each in (people, conversations, messages, groups, contacts, shims, sync, imports, endpoint):
    router.include_router(each.router)
