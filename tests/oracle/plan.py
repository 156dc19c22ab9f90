"""What `pml explain --json` says of a prompt, and whether it can be true.

The claims are checked from the definitions alone (docs of the JSON, and the definition of an artifact as one
dense, causal prefill over context and segment), without asking the program again. Standard library only.
"""
from __future__ import annotations

import xml.etree.ElementTree as xml
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Reader = Callable[[tuple[int, ...]], str]
ENCODED = {"bos", "static", "default", "standin", "value"}  # kinds whose tokens the schema alone decides
OWN_TEXT = {"argument", "text"}  # kinds that one request brings along


@dataclass(frozen=True)
class Row:
    token: int
    position: int  # slot
    segment: int
    source: str  # cached | live | repaired


@dataclass(frozen=True)
class Segment:
    id: int
    kind: str  # bos | static | default | standin | value | argument | text
    module: str  # path; empty for the schema's own text
    parameter: str  # whose default, stand-in, value or argument it is
    tokens: tuple[int, ...]
    first: int  # slot of the first token
    last: int
    shift: int  # slots between where it was encoded and where it is used
    present: bool
    digest: str  # empty: no artifact
    context: tuple[int, ...]  # segment ids, in order
    exact: bool
    dropped: tuple[int, ...]
    ghosts: tuple[int, ...]
    moved: tuple[int, ...]
    kind_of_context: str  # isolated | guaranteed | typical | adjacent | scaffold | automatic; empty: no artifact

    def placed(self) -> list[tuple[int, int]]:
        """(token, position) of each of its rows in the prompt."""
        return [(token, self.first + offset) for offset, token in enumerate(self.tokens)]

    def encoded(self) -> list[tuple[int, int]]:
        """(token, position) of each of its rows where its artifact was encoded."""
        return [(token, position - self.shift) for token, position in self.placed()]


@dataclass(frozen=True)
class Plan:
    layout: str  # preserve | pack
    rows: list[Row]  # in position order
    segments: dict[int, Segment]

    def chain(self, segment: Segment) -> dict[int, int]:
        """Where the segments of its context stood when it was encoded: id -> first position, in order.

        In `preserve` at their slots; in `pack` one behind the other from 0 on.
        """
        if self.layout == "preserve":
            return {id: self.segments[id].first for id in segment.context}
        firsts, end = {}, 0
        for id in segment.context:
            firsts[id] = end
            end += len(self.segments[id].tokens)
        return firsts

    def encoded_context(self, segment: Segment) -> list[tuple[int, int]]:
        """(token, position) of the rows that a segment was encoded after, in position order."""
        rows = []
        for id, first in self.chain(segment).items():
            rows += [(token, first + offset) for offset, token in enumerate(self.segments[id].tokens)]
        return sorted(rows, key=lambda row: row[1])

    def spliced(self) -> list[Segment]:
        """The present segments that have an artifact."""
        return [segment for segment in self.segments.values() if segment.present and segment.digest]

    def stable(self) -> dict[str, Any]:
        """What must not change between runs, machines and KV types: everything but the digests.

        Rows are listed as runs [first position, number, segment, source]; their tokens are the segment's.
        """
        runs: list[list[Any]] = []
        for row in self.rows:
            if runs and runs[-1][2:] == [row.segment, row.source] and sum(runs[-1][:2]) == row.position:
                runs[-1][1] += 1
            else:
                runs.append([row.position, 1, row.segment, row.source])
        return {
            "layout": self.layout,
            "rows": runs,
            "segments": [
                {
                    "id": segment.id,
                    "kind": segment.kind,
                    "module": segment.module,
                    "tokens": list(segment.tokens),
                    "first": segment.first,
                    "last": segment.last,
                    "shift": segment.shift,
                    "present": segment.present,
                    "context": list(segment.context),
                    "exact": segment.exact,
                    "dropped": sorted(segment.dropped),
                    "ghosts": sorted(segment.ghosts),
                    "moved": sorted(segment.moved),
                }
                for segment in self.segments.values()
            ],
        }


def read_plan(explained: dict[str, Any]) -> Plan:
    """The plan in the object that `pml explain --json` prints."""
    rows = []
    for number, row in enumerate(explained["rows"]):
        if row["row"] != number:
            raise ValueError(f"row {number} of the plan says that it is row {row['row']}")
        rows.append(Row(row["token"], row["position"], row["segment"], row["source"]))
    segments = {}
    for entry in explained["segments"]:
        segments[entry["id"]] = Segment(
            id=entry["id"],
            kind=entry["kind"],
            module=entry["module"],
            parameter=entry.get("parameter") or "",
            tokens=tuple(entry["tokens"]),
            first=entry["first"],
            last=entry["last"],
            shift=entry["shift"],
            present=entry["present"],
            digest=entry.get("digest") or "",
            context=tuple(entry.get("context") or ()),
            exact=bool(entry.get("exact")),
            dropped=tuple(entry.get("dropped") or ()),
            ghosts=tuple(entry.get("ghosts") or ()),
            moved=tuple(entry.get("moved") or ()),
            kind_of_context=entry.get("context_kind") or "",
        )
    if len(segments) != len(explained["segments"]):
        raise ValueError("two segments of the plan have one id")
    return Plan(explained["layout"], rows, segments)


def complaints_about_rows(plan: Plan) -> list[str]:
    """Rows in position order, no two at one position, and saying what their segments say; packed without gaps."""
    complaints = []
    if plan.layout == "pack" and [row.position for row in plan.rows] != list(range(len(plan.rows))):
        complaints.append("the packed rows do not stand one behind the other from 0 on")
    for before, after in zip(plan.rows, plan.rows[1:]):
        if before.position >= after.position:
            complaints.append(f"position {after.position} follows position {before.position}")
    if plan.rows and plan.rows[-1].source == "cached":
        complaints.append("the last row is a cached one")
    for segment in plan.segments.values():
        name = f"segment {segment.id}"
        rows = [(row.token, row.position) for row in plan.rows if row.segment == segment.id]
        if not segment.tokens or segment.last - segment.first + 1 != len(segment.tokens):
            complaints.append(f"{name}: {len(segment.tokens)} tokens in [{segment.first}, {segment.last}]")
        if rows != (segment.placed() if segment.present else []):
            complaints.append(f"{name}: its rows are not its tokens at its positions")
        if segment.shift != 0 and (plan.layout == "preserve" or not segment.digest):
            complaints.append(f"{name}: shifted by {segment.shift}; fixed slots and live rows shift nothing")
    complaints += [
        f"row at {row.position}: unknown segment {row.segment}"
        for row in plan.rows
        if row.segment not in plan.segments
    ]
    return complaints


def complaints_about_contexts(plan: Plan) -> list[str]:
    """`context`, `dropped`, `ghosts`, `moved` and `exact` of every present segment, from their definitions."""
    complaints = []
    sources = {id: {row.source for row in plan.rows if row.segment == id} for id in plan.segments}
    every_row_before_exact = True
    for segment in sorted(plan.segments.values(), key=lambda segment: segment.first):
        if not segment.present:
            continue
        name = f"segment {segment.id}"
        before = [row for row in plan.rows if row.position < segment.first]
        if segment.digest:
            context = [plan.segments[id] for id in segment.context]
            chain = plan.chain(segment)
            encoded = plan.encoded_context(segment) + segment.encoded()
            slots = [slot for _, slot in encoded]
            if list(chain.values()) != sorted(chain.values()) or any(
                left >= right for left, right in zip(slots, slots[1:])
            ):
                complaints.append(f"{name}: its context overlaps, or is out of order")
            if plan.layout == "pack" and slots != list(range(len(slots))):
                complaints.append(f"{name}: was not encoded right behind its context")
            if any(other.kind in OWN_TEXT for other in context):
                complaints.append(f"{name}: its context holds a request's own text")
            present = list(dict.fromkeys(row.segment for row in before))
            dropped = {id for id in present if id not in segment.context}
            ghosts = {other.id for other in context if not other.present}
            moved = {
                other.id
                for other in context
                if other.present and other.first - chain[other.id] != segment.shift
            }
            if set(segment.moved) != moved:
                complaints.append(f"{name}: moved {sorted(segment.moved)}, should be {sorted(moved)}")
            if set(segment.dropped) != dropped:
                complaints.append(f"{name}: dropped {sorted(segment.dropped)}, should be {sorted(dropped)}")
            if set(segment.ghosts) != ghosts:
                complaints.append(f"{name}: ghosts {sorted(segment.ghosts)}, should be {sorted(ghosts)}")
            seen = [(token, position + segment.shift) for token, position in plan.encoded_context(segment)]
            cached_exact = seen == [(row.token, row.position) for row in before]
            live_exact = every_row_before_exact if sources[segment.id] != {"cached"} else True
            exact = cached_exact and live_exact
            if segment.kind in OWN_TEXT:
                complaints.append(f"{name}: a request's own text has an artifact")
        else:
            exact = every_row_before_exact
            if "cached" in sources[segment.id]:
                complaints.append(f"{name}: cached rows without a digest")
            if segment.context or segment.dropped or segment.ghosts or segment.moved:
                complaints.append(f"{name}: a live segment has context, or dropped, ghost or moved edges")
        if segment.exact != exact:
            complaints.append(f"{name}: exact is {segment.exact}, should be {exact}")
        every_row_before_exact = every_row_before_exact and exact
    return complaints


@dataclass(frozen=True)
class Module:
    """What a schema says of a module, or of itself (path '')."""

    parent: str | None
    required: bool
    cached: bool
    context: str  # isolated | guaranteed | typical | adjacent
    group: int = -1  # the union or pool that it is a member of
    stands_in: bool = False  # for its union
    pool: tuple[str, ...] = ()  # the members of its pool
    after: tuple[str, ...] = ()  # paths of modules that it stands behind
    needs: tuple[str, ...] = ()  # paths that its rule names, all of them joined by `and`
    values: tuple[tuple[str, str], ...] = ()  # what its parameters with values hold in contexts: name, text


def read_modules(schema: Path, context: str) -> dict[str, Module]:
    """Path -> module, by a plain walk of the XML; unions, pools and roles are transparent."""
    modules: dict[str, Module] = {}
    groups: list[xml.Element] = []

    def values_of(element: xml.Element) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for child in element:
            if child.tag == "parameter" and child.get("values"):
                found.append((child.get("name", ""), child.get("default") or child.get("scaffold") or ""))
            elif child.tag in ("system", "user", "assistant"):
                found += values_of(child)
        return tuple(found)

    def walk(element: xml.Element, path: str) -> None:
        is_group = element.tag in ("union", "pool")
        if is_group:
            groups.append(element)
        group = len(groups) - 1 if is_group else -1
        members = [child.get("name") for child in element if child.tag == "module"]
        for child in element:
            if child.tag != "module":
                walk(child, path)
                continue
            name = f"{path}/{child.get('name')}".lstrip("/")
            modules[name] = Module(
                group=group,
                stands_in=element.tag == "union" and child.get("name") == element.get("scaffold", members[0]),
                pool=tuple(f"{path}/{member}".lstrip("/") for member in members) if element.tag == "pool" else (),
                parent=path,
                required=child.get("required") == "true",
                cached=(child.get("cache") or ("true" if modules[path].cached else "false")) == "true",
                context=child.get("context", modules[path].context),
                after=tuple(f"{path}/{other}".lstrip("/") for other in (child.get("after") or "").split()),
                needs=tuple(term for term in (child.get("requires") or "").split(" and ") if term and " " not in term),
                values=values_of(child),
            )
            walk(child, name)

    root = xml.parse(schema).getroot()
    modules[""] = Module(None, True, root.get("cache") != "false", root.get("context", context), values=values_of(root))
    walk(root, "")
    return modules


def complaints_about_choice(plan: Plan, modules: dict[str, Module], read: Reader | None = None) -> list[str]:
    """Is every context the one that its kind asks for? `read` gives the text of tokens;
    without it values of parameters are left aside.

    `isolated` asks for BOS. `guaranteed` asks for what every prompt with the segment has before it: the text
    of the schema, of the ancestors and of the module itself, and required children of all of these; a
    parameter counts with its default or stand-in. Uncached modules are in no context. `typical` adds the
    stand-ins of unions, and in a pool the first three other members. `adjacent` asks for that, but of the union
    right before the segment for the member that the prompt has. What a scaffold asks for is not checked here; an
    automatic context is all that is before the segment.
    """
    typical = ("typical", "adjacent")

    def stands_before(other: Segment, segment: Segment) -> bool:
        if plan.layout == "pack" and not other.present:  # a ghost takes no room
            return other.first <= segment.first
        return other.first < segment.first

    def owner(segment: Segment) -> str:
        path = segment.module
        while path not in modules:  # a parameter may be named behind its module
            path = path.rpartition("/")[0]
        return path

    def companions(pool: tuple[str, ...], own: set[str]) -> list[str]:
        """The first three other members, without those that may not stand there: before a module of `own` that they
        stand behind, or behind one of those before them that stands behind them."""
        chosen: list[str] = []
        for other in pool:
            is_behind_own = any(member in modules[other].after for member in own)
            is_too_late = any(other in modules[earlier].after for earlier in chosen)
            if other not in own and not is_behind_own and not is_too_late and len(chosen) < 3:
                chosen.append(other)
        return chosen

    def assumed(path: str | None, kind: str, beside: str | None) -> set[str]:
        """The modules that are taken to be present in a prompt with the module `path`; of its union, `beside`."""
        closure: set[str] = set()
        while path is not None:
            closure.add(path)
            path = modules[path].parent
        own = set(closure)
        taken = {modules[name].group for name in own} - {-1}  # unions and pools with a member of its own

        def is_present(name: str, module: Module) -> bool:
            if module.required:
                return True
            if kind not in typical:
                return False
            if beside and module.group == modules[beside].group:
                return name == beside
            return (module.stands_in and module.group not in taken) or name in companions(module.pool, own)

        grown = True
        while grown:
            needed = {need for name in closure for need in modules[name].needs}
            needed |= {need.rpartition("/")[0] for need in needed if "/" in need}
            more = needed | {name for name, module in modules.items() if module.parent in closure and is_present(name, module)}
            grown = not more <= closure
            closure |= more
        return {path for path in closure if modules[path].cached}

    def neighbour(segment: Segment) -> str | None:
        """The present member of the union right before a segment: of nested ones the outer."""
        own: set[str | None] = set()
        path: str | None = owner(segment)
        while path is not None:
            own.add(path)
            path = modules[path].parent
        for other in sorted(plan.segments.values(), key=lambda other: -other.first):
            if not (other.present and stands_before(other, segment)) or other.kind == "bos":
                continue
            members, path = [], owner(other)
            while path is not None and path not in own:
                members += [path] if modules[path].group != -1 and not modules[path].pool else []
                path = modules[path].parent
            if members:
                return members[-1]
        return None

    def is_companion(other: Segment, segment: Segment) -> bool:
        """A module of the same pool: it stands before this one in the context, wherever the prompt has it."""
        path = owner(segment)
        return any(
            modules[name].pool and owner(other).startswith(name) and not path.startswith(name)
            for name in modules
            if any(path.startswith(member) for member in modules[name].pool)
        )

    def stands_in(value: Segment) -> bool:
        """Is this value of a parameter the one that contexts hold?"""
        held = dict(modules[owner(value)].values).get(value.parameter, "")
        return read is not None and bool(held) and read(value.tokens).strip() == held

    complaints = []
    for segment in plan.segments.values():
        if not (segment.present and segment.digest):
            continue
        module = modules[owner(segment)]
        if not module.cached:
            complaints.append(f"segment {segment.id}: a module with cache=\"false\" has an artifact")
        if segment.kind_of_context == "scaffold":
            continue
        if segment.kind_of_context == "automatic":
            if not segment.exact:
                complaints.append(f"segment {segment.id}: an automatic context is not what stands before it")
            continue
        beside = neighbour(segment) if module.context == "adjacent" else None
        closure = assumed(owner(segment), module.context, beside) if module.context != "isolated" else set()
        wanted = [
            other.id
            for other in sorted(plan.segments.values(), key=lambda other: (other.first, other.id))
            if (stands_before(other, segment) or is_companion(other, segment))
            and other.kind in ENCODED
            and (other.kind == "bos" or owner(other) in closure)
            and (other.kind != "value" or stands_in(other))
        ]
        # Companions stand in the order of the schema, wherever the prompt has them.
        context = [id for id in segment.context if read is not None or plan.segments[id].kind != "value"]
        if sorted(context) != sorted(wanted):
            complaints.append(f"segment {segment.id}: context {context}, {module.context} is {wanted}")
    return complaints


def complaints(plan: Plan, modules: dict[str, Module], read: Reader | None = None) -> list[str]:
    """Everything that is wrong with a plan; empty if nothing is."""
    found = complaints_about_rows(plan) + complaints_about_contexts(plan)
    return found + complaints_about_choice(plan, modules, read)
