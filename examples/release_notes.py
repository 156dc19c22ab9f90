"""A prompt as a function builds it: what function_to_pml.py is for."""
from __future__ import annotations

RULES = "Use short sentences & plain words. Never promise dates.\n"


def release_notes(product: str, version: str = "1.0", audience: str = "users", breaking: bool = False,
                  migration: str | None = None, brief: bool = False) -> str:
    """Asks for the notes of a release."""
    text = "You write release notes.\n" + RULES
    text += f"The product is {product}, version {version:8}.\n"
    match audience:
        case "users":
            text += "The readers use it <every day>. Say what changes for them.\n"
        case "administrators" | "operators":
            text += "The readers run it for others. Begin with what they must do.\n"
            if breaking:
                text += "List every setting that has changed its name.\n"
        case _:
            text += f"The readers are {audience}.\n"
    if breaking:
        text += "Something breaks in this release: say so in the first sentence.\n"
        if migration is not None:
            text += f"How to migrate: {migration}\n"
        else:
            text += "There is no guide for the migration yet.\n"
    closing = "Write one paragraph." if brief else "Write a list with a heading for each part."
    return text + closing
