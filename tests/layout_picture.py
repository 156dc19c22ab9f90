#!/usr/bin/env python3
"""The pictures of `pml layout`: sound documents, bars where `--json` says, whatever names and texts hold.

Needs no model, and nothing but Python 3. Arguments: --pml PROGRAM, then those of unittest.
"""
from __future__ import annotations

import argparse
import html.parser
import json
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
LEFT, WIDTH = 20.0, 1160.0  # of a line of bars

SCHEMA = """<schema name="trip">
  <scaffold name="usual" modules="rome stay"/>
  You plan journeys.
  <union name="place">
    <module name="rome">The destination is Rome. August is hot.</module>
    <module name="oslo">The destination is Oslo.</module>
  </union>
  <module name="stay" reserve="20">
    They stay for <parameter name="days" length="20" default="one week"/>.
    <module name="where" required="true">A hotel.</module>
    <slot name="remarks" length="40"/>
  </module>
</schema>
"""
PROMPT = """<prompt schema="trip"><oslo/><stay days="ten days"><remarks>By ship.</remarks></stay>And then?</prompt>"""
PACKED = """<schema name="notes" layout="pack">
  Notes: <pool name="all"><module name="a">One.</module><module name="b">Two, longer.</module></pool> Be brief.
</schema>
"""
KINDS = {"module": "module", "frame": "module", "union": "union", "pool": "pool", "parameter": "parameter",
         "slot": "slot"}


class Bar:
    """A group of a picture: what it says, and where its rectangle is."""

    def __init__(self, group: ElementTree.Element) -> None:
        self.kind, *self.marks = group.get("class", "").split()
        self.first, self.last = int(group.get("data-first", "")), int(group.get("data-last", ""))
        self.title = group.findtext(f"{SVG}title") or ""
        self.label = group.findtext(f"{SVG}text") or ""
        rectangle = group.find(f"{SVG}rect")
        assert rectangle is not None
        self.x, self.y, self.width, self.height = (
            float(rectangle.get(name, "")) for name in ("x", "y", "width", "height"))


class Page(html.parser.HTMLParser):
    """The elements of a page, and the text that stands in elements of each name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data

    def bars(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == "g" and "data-first" in attributes]


class LayoutPicture(unittest.TestCase):
    pml: Path

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def call(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([str(self.pml), *arguments], cwd=self.folder, capture_output=True, text=True,
                              encoding="utf-8", env={"PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stderr}")
        return done

    def draw(self, schema: str, *options: str) -> tuple[ElementTree.Element, str, dict]:
        """Both pictures of a schema, and what --json says of it."""
        (self.folder / "s.pml").write_text(schema, encoding="utf-8")
        done = self.call("layout", "s.pml", "--json", "--svg", "s.svg", "--html", "s.html", *options)
        return (ElementTree.parse(self.folder / "s.svg").getroot(),
                (self.folder / "s.html").read_text(encoding="utf-8"), json.loads(done.stdout))

    @staticmethod
    def bars_of(svg: ElementTree.Element) -> list[Bar]:
        return [Bar(group) for group in svg.iter(f"{SVG}g") if group.get("data-first") is not None]

    def check_elements(self, bars: list[Bar], layout: dict) -> None:
        """Every element but the schema has one bar of its kind, over its slots."""
        drawn = sorted((KINDS[bar.kind], bar.first, bar.last) for bar in bars if bar.kind in KINDS)
        stated = sorted((element["kind"], element["first"], element["last"]) for element in layout["elements"]
                        if element["kind"] != "schema")
        self.assertEqual(drawn, stated)

    def test_bars_are_where_the_layout_says(self) -> None:
        svg, page, layout = self.draw(SCHEMA)
        bars = self.bars_of(svg)
        self.check_elements(bars, layout)
        scale = WIDTH / layout["slots"]
        for bar in bars:
            self.assertAlmostEqual(bar.x, LEFT + scale * bar.first, delta=0.01, msg=bar.title)
            wide = scale * (bar.last + 1 - bar.first)
            self.assertTrue(wide - 2.01 <= bar.width <= max(0.8, wide) + 0.01, (bar.title, bar.width, wide))
        texts = [(bar.first, bar.last) for bar in bars if bar.kind == "text"]
        for first, last in texts:
            self.assertIn((first, last), [(segment["first"], segment["last"]) for segment in layout["segments"]])
        stay = next(element for element in layout["elements"] if element["name"] == "stay")
        room, = (bar for bar in bars if bar.kind == "room")
        self.assertEqual((room.first, room.last), (stay["last"] - 19, stay["last"]))
        scaffold = next(bar for bar in bars if bar.kind == "scaffold")
        self.assertEqual((scaffold.label, scaffold.last), ("usual", stay["last"]))
        # The page holds the same bars; its script moves them.
        drawn = sorted((str(bar["class"]), int(bar["data-first"] or ""), int(bar["data-last"] or ""))
                       for bar in Page(page).bars())
        self.assertEqual(drawn, sorted((" ".join([bar.kind, *bar.marks]), bar.first, bar.last) for bar in bars))

    def test_what_is_alike_in_place_stands_below_each_other(self) -> None:
        for schema in (SCHEMA, PACKED):
            svg, _, layout = self.draw(schema)
            bars = [bar for bar in self.bars_of(svg) if bar.kind in ("module", "text", "parameter", "slot", "room")]
            for i, bar in enumerate(bars):
                for other in bars[:i]:
                    apart = bar.x >= other.x + other.width or other.x >= bar.x + bar.width
                    below = bar.y >= other.y + other.height or other.y >= bar.y + bar.height
                    self.assertTrue(apart or below, (bar.title, other.title))
            self.check_elements(self.bars_of(svg), layout)

    def test_hover_tells_path_slots_and_text(self) -> None:
        svg, _, _ = self.draw(SCHEMA)
        titles = [bar.title for bar in self.bars_of(svg)]
        self.assertIn("stay/where\nmodule, required; slots ~93-101 (9); ~9 tokens of text\nA hotel.", titles)
        self.assertIn("days\nparameter of stay; slots ~72-91 (20)\ndefault: one week", titles)
        self.assertIn("counts characters", " ".join(svg.itertext()))

    def test_a_selection_is_strong_and_the_rest_is_pale(self) -> None:
        (self.folder / "p.pml").write_text(PROMPT, encoding="utf-8")
        svg, page, _ = self.draw(SCHEMA, "--prompt", "p.pml")
        bars = self.bars_of(svg)
        marks = {bar.title.split("\n")[0]: bar.marks for bar in bars if bar.title}
        self.assertEqual((marks["oslo"], marks["rome"], marks["place"]), (["present"], ["absent"], ["present"]))
        self.assertEqual((marks["stay/where"], marks["remarks"]), (["present"], ["present"]))
        self.assertEqual(marks["usual"], ["absent"])  # Rome is not selected
        self.assertEqual([bar.kind for bar in bars].count("argument"), 2)
        self.assertEqual([bar.kind for bar in bars].count("free"), 1)
        self.assertIn("p.pml", page)
        for options in (("--prompt", "p.pml"), ("--user", "Why?")):
            self.assertIn("--svg FILE", self.call("layout", "s.pml", *options, code=2).stderr)
        svg, _, _ = self.draw(SCHEMA, "--user", "Why?")
        self.assertNotIn("oslo", {bar.title.split("\n")[0] for bar in self.bars_of(svg) if "present" in bar.marks})

    def test_packed_positions_are_said_to_be_those_of_the_shortest_prompt(self) -> None:
        svg, page, layout = self.draw(PACKED)
        for text in (" ".join(svg.itertext()), page):
            self.assertIn("the positions in the shortest prompt that has the element", text)
        self.check_elements(self.bars_of(svg), layout)

    def test_no_text_is_markup(self) -> None:
        hostile = "</script></title><b>&amp; \"quoted\" 'x' ]]>"
        (self.folder / "t.txt").write_bytes(hostile.encode() + b"\x01\x1b[31m\x7f\xef\xbf\xbf")
        escaped = hostile.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        prompt = "<b>&'\".pml"
        (self.folder / prompt).write_text(f'<prompt p="{escaped}"><f/></prompt>', encoding="utf-8")
        svg, page, _ = self.draw(
            f'<schema name="s"><module name="a">{escaped.replace("]]>", "]]&gt;")}</module>'
            f'<parameter name="p" length="90" default="{escaped}"/><module name="f" src="t.txt"/></schema>',
            "--prompt", prompt)
        titles = [bar.title for bar in self.bars_of(svg)]
        self.assertIn(hostile, [title.split("\n")[-1] for title in titles])
        self.assertIn(hostile + "\ufffd" + "\ufffd[31m" + "\ufffd" * 2, [title.split("\n")[-1] for title in titles])
        self.assertTrue(any(title.endswith("argument: " + hostile) for title in titles))
        self.assertIn(prompt, " ".join(svg.itertext()))
        parsed = Page(page)
        self.assertFalse({"b", "i"} & {tag for tag, _ in parsed.elements})
        self.assertEqual(page.count("<script"), 1)
        self.assertTrue(any(prompt in text for text in parsed.texts["p"]))
        self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", page))

    def test_a_page_needs_nothing_from_outside(self) -> None:
        _, page, _ = self.draw(SCHEMA)
        self.assertNotIn("http", page)
        for _, attributes in Page(page).elements:
            self.assertFalse({"src", "href"} & attributes.keys())

    def test_a_thousand_modules_stay_legible_and_small(self) -> None:
        words = "river stone quiet market lantern harbour winter table " * 40
        modules = "".join(f'<module name="m{i}">{words}</module>' for i in range(1000))
        svg, page, layout = self.draw(f'<schema name="large">{modules}</schema>')
        for name in ("s.svg", "s.html"):
            self.assertLess((self.folder / name).stat().st_size, 2_000_000)
        bars = self.bars_of(svg)
        self.assertEqual({bar.label for bar in bars if bar.first < layout["slots"] / 2} & {"m0", "m100"},
                         {"m0", "m100"})
        for bar in bars:
            self.assertGreaterEqual(bar.x, LEFT - 0.01)
            self.assertLessEqual(bar.x + bar.width, LEFT + WIDTH + 0.8)  # the least width
        self.assertEqual(len(Page(page).bars()), 1000)

    def test_elements_beyond_a_bound_are_left_out_and_it_is_said(self) -> None:
        modules = "".join(f'<module name="m{i}">x</module>' for i in range(25000))
        svg, page, _ = self.draw(f'<schema name="huge">{modules}</schema>')
        for text in (" ".join(svg.itertext()), page):
            self.assertIn("Only the first 20000 of 25001 elements are drawn", text)
        self.assertLess((self.folder / "s.html").stat().st_size, 12_000_000)

    def test_a_schema_without_text_is_drawn(self) -> None:
        for schema in ('<schema name="none"/>', '<schema name="empty"><module name="a"/><module name="b"/></schema>'):
            svg, _, layout = self.draw(schema)
            self.check_elements(self.bars_of(svg), layout)

    def test_a_picture_that_cannot_be_written_is_said(self) -> None:
        (self.folder / "s.pml").write_text(SCHEMA, encoding="utf-8")
        for option in ("--svg", "--html"):
            said = self.call("layout", "s.pml", option, "missing/s.out", code=3).stderr
            self.assertIn("missing/s.out: cannot be written", said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pml", type=Path, required=True)
    own, rest = parser.parse_known_args()
    LayoutPicture.pml = own.pml.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
