"""A visitor without a browser: Streamlit's own protocol over a real websocket, for tests and measurements."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

FILM = "film-"  # its key begins so, and stands in the id of its element
PATIENCE = 60.0  # seconds for an answer


@dataclass
class Visitor:
    """One open page. `steps` are those that its film can show."""

    socket: ClientConnection
    query: str = ""
    page: str = ""
    session: str = ""  # the id that the server gave it
    film: str = ""  # the id of the film's element
    fragment: str = ""
    deltas: list = field(default_factory=list)  # of the last answer

    async def open(self, page: str, query: str = "") -> float:
        """Ask for a page. Seconds until its script has run, again where it asked for that."""
        self.page, self.query = page, query
        return await self._ask()

    async def commit(self, step: int, seq: int = 0) -> float:
        """Let go of the film at a step. Seconds until the page has answered: what is computed behind it comes later."""
        view = {"view": {"step": step, "seq": seq, "panels": []}}
        return await self._ask(WidgetState(id=self.film, json_value=json.dumps(view)), self.fragment)

    async def _ask(self, state: WidgetState | None = None, fragment: str = "") -> float:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        message.rerun_script.fragment_id = fragment
        message.rerun_script.context_info.timezone = "UTC"
        if state:
            message.rerun_script.widget_states.widgets.append(state)
        begin = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self._until_it_has_run(), PATIENCE)
        return time.perf_counter() - begin

    async def _until_it_has_run(self) -> None:
        self.deltas = []
        async for data in self.socket:
            answer = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
            match answer.WhichOneof("type"):
                case "new_session":
                    self.session = answer.new_session.initialize.session_id
                case "delta":
                    self._note(answer.delta)
                case "script_finished" if answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return

    def _note(self, delta) -> None:
        self.deltas.append(delta)
        element = delta.new_element.bidi_component
        if FILM in element.id and element.component_name.endswith("grokviz_film"):
            self.film, self.fragment = element.id, delta.fragment_id


async def come(port: int) -> Visitor:
    """A visitor of the server on a port of this machine, who has asked for nothing yet."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    socket = await connect(address, subprotocols=["streamlit"], max_size=None, ping_interval=None)  # type: ignore[list-item]
    return Visitor(socket)
