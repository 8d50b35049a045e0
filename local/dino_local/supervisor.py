"""Starts programs stage by stage, restarts those that die, and stops all of them in reverse order."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict, deque

from dino_local.logs import Logs
from dino_local.offspring import Guard
from dino_local.process import Child, StartFailed
from dino_local.program import Program

# A server that dies this often within WINDOW seconds ends the platform: its data or its flags are at fault.
SERVER_DEATHS = 3
WINDOW = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Supervisor:
    """Runs the stages of a plan.

    Args:
        stages: programs that start together, stage after stage.
        logs: takes the children's lines and ours.
        guard: ends the children should this process be killed.
    """

    def __init__(self, stages: tuple[tuple[Program, ...], ...], logs: Logs, guard: Guard) -> None:
        """Prepare; nothing runs yet."""
        self._stages = stages
        self._logs = logs
        self._guard = guard
        self._children: dict[str, Child] = {}
        self._monitors: list[asyncio.Task[None]] = []
        self._deaths: dict[str, deque[float]] = defaultdict(deque)
        self._failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Start every stage and wait until each of its programs is healthy.

        Raises:
            StartFailed: a program ended or did not become healthy; its last lines are in the message.
        """
        for stage in self._stages:
            try:
                async with asyncio.TaskGroup() as group:
                    for program in stage:
                        group.create_task(self._start(program))
            except* StartFailed as failures:
                # One reason is enough; the others were cancelled or are of the same kind.
                raise failures.exceptions[0] from None

    async def failure(self) -> str:
        """Wait for the reason why the platform cannot go on."""
        return await self._failure

    async def stop(self) -> None:
        """Stop everything, the last stage first."""
        for monitor in self._monitors:
            monitor.cancel()
        await asyncio.gather(*self._monitors, return_exceptions=True)
        for stage in reversed(self._stages):
            running = [self._children[program.name] for program in stage if program.name in self._children]
            await asyncio.gather(*(self._stop(child) for child in running if child.alive))

    def kill(self) -> None:
        """End every child at once, without asking."""
        for child in self._children.values():
            child.signal(signal.SIGKILL)

    async def _start(self, program: Program) -> None:
        seconds = await self._launch(program)
        self._logs.say(f"{program.name} ready in {seconds:.1f} s: {program.address}")
        self._monitors.append(asyncio.create_task(self._watch(program), name=f"watch {program.name}"))

    async def _launch(self, program: Program) -> float:
        child = Child(program, sink=self._logs.child, guard=self._guard)
        self._children[program.name] = child
        await child.start()
        return await child.wait_ready()

    async def _stop(self, child: Child) -> None:
        if not await child.stop():
            self._logs.say(f"{child.program.name} did not end within {child.program.stop_seconds:g} s and was killed")

    async def _watch(self, program: Program) -> None:
        while True:
            status = await self._children[program.name].wait()
            what = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            self._logs.say(f"{program.name} {what}; its output is in {program.name}.log")
            while not await self._revive(program):
                if self._failure.done():
                    return

    async def _revive(self, program: Program) -> bool:
        deaths = self._deaths[program.name]
        now = time.monotonic()
        deaths.append(now)
        while now - deaths[0] > WINDOW:
            deaths.popleft()
        if program.kind == "server" and len(deaths) >= SERVER_DEATHS:
            last = "\n".join(f"    {line}" for line in self._children[program.name].tail()[-10:])
            reason = f"{program.name} died {len(deaths)} times within {WINDOW:g} s; its last lines:\n{last}"
            if not self._failure.done():
                self._failure.set_result(reason)
            return False
        pause = min(FIRST_PAUSE * 2 ** (len(deaths) - 1), LONGEST_PAUSE)
        self._logs.say(f"{program.name} starts again in {pause:g} s")
        await asyncio.sleep(pause)
        try:
            seconds = await self._launch(program)
        except StartFailed as error:
            self._logs.say(str(error))
            await self._children[program.name].stop()
            return False
        self._logs.say(f"{program.name} ready again in {seconds:.1f} s")
        return True
