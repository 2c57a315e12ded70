"""Manifests of every format: encodings, paths, numbers, nesting, sizes and contradictions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.hostile.promises import Case, Sandbox, hold_promises, named

GOOD = {"audio_filepath": "s0-0.wav", "text": "yes no"}
_NESTED = 100_000  # deeper than Python's stack
_CORRUPT = ("--snr", "10", "--workers", "1", "-o", "out")


def _nemo(name: str, content: str | bytes, codes: tuple[int, ...] = (2,), *said: str) -> Case:
    """A manifest.jsonl of that content beside good recordings."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        corpus = sandbox.copy("corpus")
        sandbox.write("corpus/manifest.jsonl", content)
        return ["corrupt", corpus, *_CORRUPT]

    return Case(f"nemo-{name}", make, codes, said)


def _row(name: str, codes: tuple[int, ...] = (2,), **fields: object) -> Case:
    """A good row, and one with such fields; `raw` numbers come as JSON text."""
    other = {"audio_filepath": "s1-0.wav", "text": "up", **fields}
    named_elsewhere = str(fields.get("audio_filepath")).startswith("/")
    said = () if 0 in codes or named_elsewhere else ("given/corpus",)
    return _nemo(name, f"{json.dumps(GOOD)}\n{json.dumps(other)}\n", codes, *said)


def _raw(name: str, fields: str, codes: tuple[int, ...] = (2,)) -> Case:
    """A row whose further fields are JSON text that Python would not write."""
    row = f'{{"audio_filepath": "s1-0.wav", "text": "up", {fields}}}'
    return _nemo(name, f"{json.dumps(GOOD)}\n{row}\n", codes)


_GOOD_LINE = json.dumps(GOOD)
_BOTH = _GOOD_LINE + "\n" + json.dumps({"audio_filepath": "s1-0.wav", "text": "up"})
NEMO = (
    _nemo("utf-16", _BOTH.encode("utf-16")),
    _nemo("utf-16-without-mark", _BOTH.encode("utf-16-le")),
    _nemo("utf-32", _BOTH.encode("utf-32")),
    _nemo("latin-1", '{"audio_filepath": "s0-0.wav", "text": "caf\xe9"}'.encode("latin-1")),
    _nemo("byte-order-mark", b"\xef\xbb\xbf" + _BOTH.encode(), (0,)),
    _nemo("two-byte-order-marks", b"\xef\xbb\xbf\xef\xbb\xbf" + _BOTH.encode()),
    _nemo("crlf", _BOTH.replace("\n", "\r\n") + "\r\n", (0,)),
    _nemo("carriage-returns-alone", _BOTH.replace("\n", "\r"), (0, 2)),
    _nemo("no-final-newline", _BOTH, (0,)),
    _nemo("blank-lines", f"\n\n{_BOTH}\n \n\t\n", (0,)),
    _nemo("empty", b"", (5,)),
    _nemo("blank", b"\n\n  \n", (5,)),
    _nemo("nul-bytes", bytes(4096)),
    _nemo("nul-inside-a-line", _BOTH.encode() + b"\n\x00\n"),
    _nemo("form-feeds", f"\x0c{_BOTH}"),
    _nemo("random-bytes", bytes((i * 197 + 13) % 256 for i in range(5000))),
    _nemo("list", "[1, 2]\n"),
    _nemo("text", '"hello"\n'),
    _nemo("number", "3\n"),
    _nemo("null", "null\n"),
    _nemo("one-array-of-rows", json.dumps([GOOD])),
    _nemo("truncated", _BOTH[:-5]),
    _nemo("single-quotes", "{'audio_filepath': 's0-0.wav'}"),
    _nemo("trailing-comma", '{"audio_filepath": "s0-0.wav",}'),
    _nemo("comment", "// corpus\n" + _BOTH),
    _nemo("two-on-a-line", _GOOD_LINE + _GOOD_LINE),
    _nemo("nested-lists", '{"audio_filepath": ' + "[" * _NESTED + "]" * _NESTED + "}"),
    _nemo("nested-objects", '{"a": ' * _NESTED + "1" + "}" * _NESTED),
    _nemo("line-of-10-MB", json.dumps({**GOOD, "text": "a " * 5_000_000}), (0,)),
    _nemo("line-of-20-MB", json.dumps({**GOOD, "text": "a " * 10_000_000})),
    _nemo("line-of-20-MB-without-end", "{" + '"a' * 10_000_000),
    _nemo("key-of-1-MB", json.dumps({**GOOD, "k" * 1_000_000: 1}), (0, 2)),
    _nemo("id-of-1-MB", json.dumps({**GOOD, "id": "k" * 1_000_000}), (0, 2)),
    _nemo("100000-columns", json.dumps({**GOOD, **{f"c{i}": i for i in range(100_000)}}), (0,)),
    _nemo("same-row-twice", f"{_GOOD_LINE}\n{_GOOD_LINE}\n", (2,), "twice"),
    _nemo("all-missing", '{"audio_filepath": "nowhere.wav", "text": "a"}'),
    _nemo("duplicate-keys", '{"audio_filepath": "x.wav", "audio_filepath": "s0-0.wav"}', (0, 2)),
    _row("no-audio", audio_filepath=None),
    _row("audio-is-a-list", audio_filepath=["a.wav"]),
    _row("audio-is-an-object", audio_filepath={"path": "a.wav"}),
    _row("audio-is-true", audio_filepath=True),
    _row("audio-is-blank", audio_filepath=""),
    _row("audio-is-the-folder", audio_filepath="."),
    _row("audio-is-the-parent", audio_filepath=".."),
    _row("audio-with-nul", audio_filepath="a\0.wav"),
    _row("audio-with-half-a-character", audio_filepath="a\ud800.wav"),
    _row("audio-of-5000-characters", audio_filepath="a" * 5000),
    _row("audio-of-3000-folders", audio_filepath="a/" * 3000 + "b.wav"),
    _row("audio-climbs-out", audio_filepath="../" * 40 + "etc/passwd"),
    _row("audio-is-absolute", audio_filepath="/etc/passwd"),
    _row("audio-is-the-manifest", audio_filepath="manifest.jsonl"),
    _row("audio-is-dev-zero", audio_filepath="/dev/zero"),
    _row("audio-is-dev-random", audio_filepath="/dev/urandom"),
    _row("audio-is-a-terminal", audio_filepath="/dev/tty"),
    _row("audio-is-proc-self-mem", audio_filepath="/proc/self/mem"),
    _row("audio-is-standard-input", audio_filepath="-"),
    _row("audio-is-a-pipe", audio_filepath="touch canary |"),
    _row("audio-is-a-web-address", audio_filepath="http://127.0.0.1:9/a.wav"),
    _row("audio-is-a-file-address", audio_filepath="file:///etc/passwd"),
    _row("text-is-a-number", text=3),
    _row("text-is-a-list", text=["a", "b"]),
    _row("text-is-half-a-character", text="a\udc00"),
    _row("text-steers-the-terminal", (0,), text="\x1b[2J\x07 \u202e evil"),
    _row("text-is-html", (0,), text="</script><script>alert(1)</script>"),
    _row("text-is-a-formula", (0,), text='=HYPERLINK("http://x")'),
    _row("id-is-that-of-another", id="s0-0"),
    _row("id-is-a-list", (0, 2), id=[1]),
    _row("id-climbs-out", (0, 2), id="../../../escape"),
    _row("id-is-absolute", (0, 2), id="/tmp/escape"),
    _row("id-with-newline", (0, 2), id="a\nerror: all is well"),
    _row("id-steers-the-terminal", (0, 2), id="a\x1b[2J\u202e"),
    _row("id-with-nul", (0, 2), id="a\0b"),
    _row("id-of-dots", (0, 2), id=".."),
    _row("id-of-300-characters", (0, 2), id="i" * 300),
    _row("negative-duration", duration=-1),
    _row("duration-is-text", duration="soon"),
    _row("duration-is-true", (0, 2), duration=True),
    _row("duration-is-a-list", duration=[1]),
    _row("duration-of-a-billion-years", (0, 2), duration=3e16),
    _row("duration-of-1e308", (0, 2), duration=1e308),
    _row("negative-offset", offset=-0.5),
    _row("offset-beyond-the-end", offset=1e9, duration=1),
    _row("offset-of-1e308", (2,), offset=1e308, duration=1e308),
    _row("offset-is-an-object", offset={"s": 1}),
    _row("no-time-at-all", (2,), offset=0.1, duration=0),
    _row("channel-9", channel=9),
    _row("channel-is-negative", (0, 2), channel=-1),
    _row("speaker-is-an-object", (0, 2), speaker={"a": 1}),
    _row("speaker-is-nested", (0, 2), speaker=[[[[]]]]),
    _row("speaker-steers-the-terminal", (0, 2), speaker="\x1b[31m\u202e<b>|`"),
    _raw("nan-duration", '"duration": NaN'),
    _raw("infinite-duration", '"duration": Infinity'),
    _raw("duration-1e999", '"duration": 1e999'),
    _raw("duration-of-400-digits", '"duration": ' + "9" * 400),
    _raw("duration-of-5000-digits", '"duration": ' + "9" * 5000),
    _raw("offset-of-400-digits", '"offset": ' + "9" * 400),
    _raw("offset-1e-999", '"offset": 1e-999, "duration": 0.1', (0,)),
    _raw("column-of-400-digits", '"take": ' + "9" * 400, (0, 2)),
    _raw("column-of-1e999", '"take": 1e999', (0, 2)),
    _raw("column-with-half-a-character-in-a-list", '"take": ["\\ud800"]', (0, 2)),
    _raw("column-name-with-half-a-character", '"\\ud800": 1', (0, 2)),
)


def _table(
    name: str, content: str | bytes, codes: tuple[int, ...] = (2,), file: str = "metadata.csv"
) -> Case:
    """A table beside good recordings."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        corpus = sandbox.copy("corpus")
        (corpus / "manifest.jsonl").unlink()
        sandbox.write(f"corpus/{file}", content)
        return ["corrupt", corpus, *_CORRUPT]

    return Case(f"table-{name}", make, codes)


_CSV = "file_name,transcription\ns0-0.wav,yes no\ns1-0.wav,up\n"
TABLES = (
    _table("good", _CSV, (0,)),
    _table("crlf-and-mark", b"\xef\xbb\xbf" + _CSV.replace("\n", "\r\n").encode(), (0,)),
    _table("utf-16", _CSV.encode("utf-16")),
    _table("latin-1", _CSV.replace("yes", "\xe9").encode("latin-1")),
    _table("semicolons", _CSV.replace(",", ";"), (0,)),
    _table("header-alone", "file_name,transcription\n", (5,)),
    _table("empty", "", (2, 5)),
    _table("no-header", "s0-0.wav,yes\n"),
    _table("column-twice", _CSV.replace("transcription", "file_name")),
    _table("short-row", _CSV + "s1-0.wav\n"),
    _table("long-row", _CSV + "s1-0.wav,a,b,c\n"),
    _table("open-quote", _CSV + '"s1-0.wav,a\n'),
    _table("stray-quote", _CSV + 's1-0.wav,"a"b\n'),
    _table("nul", _CSV.encode() + b"s1\x00-0.wav,a\n"),
    _table("field-of-1-MB", _CSV + f"x.wav,{'a' * 1_000_000}\n"),
    _table("100000-columns", ",".join(f"c{i}" for i in range(20_000)) + "\n"),
    _table("carriage-returns", _CSV.replace("\n", "\r"), (0, 2)),
    _table("audio-twice", _CSV + "s0-0.wav,again\n"),
    _table("climbs-out", _CSV + "../../../../../../etc/passwd,a\n"),
    _table("formula", _CSV.replace("up", "=1+1"), (0,)),
    _table(
        "tsv-named-clips", 'client_id\tpath\tsentence\n1\ts0-0.wav\t"yes\n', (0,), "manifest.tsv"
    ),
    _table("jsonl-good", '{"file_name": "s0-0.wav"}\n', (0,), "metadata.jsonl"),
    _table("jsonl-without-audio", '{"text": "a"}\n', (2,), "metadata.jsonl"),
    _table("jsonl-audio-is-a-number", '{"file_name": 3}\n', (2,), "metadata.jsonl"),
    _table(
        "jsonl-huge-duration",
        '{"file_name": "s0-0.wav", "duration": ' + "9" * 400 + "}",
        (2,),
        "metadata.jsonl",
    ),
    _table("parquet", b"PAR1" + bytes(100), (2,), "metadata.parquet"),
)


def _tree(name: str, files: dict[str, str | bytes], codes: tuple[int, ...] = (2,)) -> Case:
    """A folder with such files and the recordings a-1.wav and a-2.wav."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        corpus = sandbox.copy("corpus")
        (corpus / "manifest.jsonl").unlink()
        (corpus / "s0-0.wav").rename(corpus / "a-1.wav")
        (corpus / "s1-0.wav").rename(corpus / "a-2.wav")
        for file, content in files.items():
            sandbox.write(f"corpus/{file}", content)
        return ["corrupt", corpus, *_CORRUPT]

    return Case(name, make, codes)


def _kaldi(name: str, codes: tuple[int, ...] = (2,), **files: str | bytes) -> Case:
    whole: dict[str, str | bytes] = {"wav.scp": "r1 a-1.wav\nr2 a-2.wav\n"}
    whole |= {file.replace("wav_scp", "wav.scp"): content for file, content in files.items()}
    return _tree(f"kaldi-{name}", whole, codes)


TREES = (
    _kaldi("good", (0,), text="r1 yes\nr2 no\n"),
    _kaldi("crlf", (0,), wav_scp="r1 a-1.wav\r\nr2 a-2.wav\r\n"),
    _kaldi("pipe", wav_scp="r1 touch ../../canary |\nr2 a-2.wav\n"),
    _kaldi("pipe-in-front", wav_scp="r1 | touch canary\n"),
    _kaldi("sph2pipe", wav_scp="r1 sph2pipe -f wav a.sph |\n"),
    _kaldi("shell", wav_scp="r1 $(touch canary)\nr2 a-2.wav\n"),
    _kaldi("ark", wav_scp="r1 wav.ark:17\n"),
    _kaldi("standard-input", wav_scp="r1 -\n"),
    _kaldi("no-path", wav_scp="r1\n"),
    _kaldi("empty", (2, 5), wav_scp=""),
    _kaldi("name-twice", wav_scp="r1 a-1.wav\nr1 a-2.wav\n"),
    _kaldi("utf-16", wav_scp="r1 a-1.wav\n".encode("utf-16")),
    _kaldi("text-without-recording", text="r1 yes\nr2 no\nr9 up\n"),
    _kaldi("recording-without-text", text="r1 yes\n"),
    _kaldi("segment-of-nothing", segments="u1\n"),
    _kaldi("segment-of-unknown", segments="u1 r9 0 1\n"),
    _kaldi("segment-backwards", segments="u1 r1 1 0\n"),
    _kaldi("segment-nan", segments="u1 r1 nan nan\n"),
    _kaldi("segment-infinite", segments="u1 r1 0 inf\n"),
    _kaldi("segment-1e308", segments="u1 r1 1e307 1e308\n"),
    _kaldi("segment-beyond", segments="u1 r1 0 99999\n"),
    _kaldi("segment-short-line", segments="u1 r1\n"),
    _kaldi("segment-five-columns", segments="u1 r1 0 0.2 0 9 9\n"),
    _kaldi("segment-channel-99", segments="u1 r1 0 0.2 99\n"),
    _kaldi("durations-are-words", utt2dur="r1 long\nr2 short\n"),
    _kaldi("durations-nan", utt2dur="r1 nan\nr2 1\n"),
    _kaldi("speakers-steer", (0,), utt2spk="r1 \x1b[2J\nr2 \u202e\n"),
    _tree("librispeech-good", {"1/2/a.trans.txt": "a-1 YES\n", "1/2/a-1.wav": b""}, (2,)),
    _tree("librispeech-climbs-out", {"x.trans.txt": "../../a-1 YES\n"}),
    _tree("librispeech-absolute", {"x.trans.txt": "/etc/passwd YES\n"}),
    _tree("librispeech-nul", {"x.trans.txt": "a\0-1 YES\n"}),
    _tree("librispeech-long-id", {"x.trans.txt": "a" * 5000 + " YES\n"}),
    _tree("librispeech-empty", {"x.trans.txt": ""}, (5,)),
    _tree("librispeech-latin-1", {"x.trans.txt": "a-1 caf\xe9".encode("latin-1")}),
    _tree("librispeech-no-text", {"x.trans.txt": "a-1"}, (0,)),
    _tree("texts-good", {"a-1.txt": "yes", "a-2.txt": "no"}, (0,)),
    _tree("texts-one-missing", {"a-1.txt": "yes"}),
    _tree("texts-latin-1", {"a-1.txt": "caf\xe9".encode("latin-1"), "a-2.txt": "no"}),
    _tree("texts-nul", {"a-1.txt": "\0\0", "a-2.txt": "no"}, (0,)),
    _tree("two-manifests", {"my.jsonl": json.dumps({"audio_filepath": "a-1.wav"})}),
)

_CUT = {
    "id": "c1",
    "type": "MonoCut",
    "start": 0,
    "duration": 0.5,
    "channel": 0,
    "recording": {
        "id": "r1",
        "sources": [{"type": "file", "channels": [0], "source": "s0-0.wav"}],
        "sampling_rate": 16_000,
        "num_samples": 8000,
        "duration": 0.5,
    },
    "supervisions": [{"id": "s1", "start": 0, "duration": 0.5, "text": "yes"}],
}


def _cuts(name: str, change: Callable[[dict], object], codes: tuple[int, ...] = (2,)) -> Case:
    """A cut with a change; RAW:... in a text becomes that JSON."""
    cut = json.loads(json.dumps(_CUT))
    change(cut)
    text = json.dumps(cut)
    while '"RAW:' in text:
        head, _, rest = text.partition('"RAW:')
        raw, _, tail = rest.partition('"')
        text = head + raw + tail

    def make(sandbox: Sandbox) -> Sequence[object]:
        corpus = sandbox.copy("corpus")
        (corpus / "manifest.jsonl").unlink()
        sandbox.write("corpus/cuts.jsonl", text + "\n")
        return ["corrupt", corpus / "cuts.jsonl", *_CORRUPT]

    return Case(f"lhotse-{name}", make, codes)


def _source(cut: dict, **fields: object) -> None:
    cut["recording"]["sources"][0].update(fields)


_HUGE = "RAW:" + "9" * 400
LHOTSE = (
    _cuts("good", lambda _: None, (0,)),
    _cuts("no-recording", lambda c: c.pop("recording")),
    _cuts("recording-is-text", lambda c: c.update(recording="r1")),
    _cuts("no-sources", lambda c: c["recording"].pop("sources")),
    _cuts("sources-are-numbers", lambda c: c["recording"].update(sources=[1, 2])),
    _cuts("source-is-a-command", lambda c: _source(c, type="command", source="touch canary")),
    _cuts("source-is-an-address", lambda c: _source(c, type="url", source="http://127.0.0.1:9/")),
    _cuts("source-in-memory", lambda c: _source(c, type="memory", source="AAAA")),
    _cuts("source-is-a-list", lambda c: _source(c, source=["a"])),
    _cuts("source-climbs-out", lambda c: _source(c, source="../../../../../etc/passwd")),
    _cuts("channels-are-text", lambda c: _source(c, channels="01")),
    _cuts("channels-are-a-number", lambda c: _source(c, channels=0)),
    _cuts("channels-are-objects", lambda c: _source(c, channels=[{}])),
    _cuts("channel-is-an-object", lambda c: c.update(channel={"a": 1})),
    _cuts("channel-is-a-list-of-lists", lambda c: c.update(channel=[[0]])),
    _cuts("channel-99", lambda c: c.update(channel=99)),
    _cuts("transforms-are-a-number", lambda c: c["recording"].update(transforms=5)),
    _cuts("transforms", lambda c: c["recording"].update(transforms=[{"name": "Speed"}])),
    _cuts("rate-0", lambda c: c["recording"].update(sampling_rate=0)),
    _cuts("rate-negative", lambda c: c["recording"].update(sampling_rate=-1), (0, 2)),
    _cuts("rate-huge", lambda c: c["recording"].update(sampling_rate=_HUGE)),
    _cuts("rate-1e999", lambda c: c["recording"].update(sampling_rate="RAW:1e999"), (0, 2)),
    _cuts("recording-duration-huge", lambda c: c["recording"].update(duration=_HUGE)),
    _cuts("duration-huge", lambda c: c.update(duration=_HUGE)),
    _cuts("duration-1e999", lambda c: c.update(duration="RAW:1e999")),
    _cuts("duration-negative", lambda c: c.update(duration=-1), (2,)),
    _cuts("start-huge", lambda c: c.update(start=_HUGE)),
    _cuts("start-1e999", lambda c: c.update(start="RAW:1e999")),
    _cuts("start-is-text", lambda c: c.update(start="0")),
    _cuts("supervisions-are-text", lambda c: c.update(supervisions="s1")),
    _cuts("supervision-start-huge", lambda c: c["supervisions"][0].update(start=_HUGE)),
    _cuts("supervision-duration-huge", lambda c: c["supervisions"][0].update(duration=_HUGE)),
    _cuts("supervision-text-is-a-list", lambda c: c["supervisions"][0].update(text=["a"])),
    _cuts("supervision-id-is-a-list", lambda c: c["supervisions"][0].update(id=[1]), (0, 2)),
    _cuts("custom-is-nested", lambda c: c["supervisions"][0].update(custom=[[[]]]), (0,)),
    _cuts("type-is-a-list", lambda c: c.update(type=["MonoCut"])),
    _cuts("type-is-mixed", lambda c: c.update(type="MixedCut")),
    _cuts("id-is-a-number", lambda c: c.update(id=3)),
)


def _places() -> Iterator[Case]:
    """What stands where a manifest is expected."""

    def case(name: str, place: Callable[[Sandbox], object], codes: tuple[int, ...] = (2,)) -> Case:
        return Case(f"place-{name}", lambda sandbox: ["corrupt", place(sandbox), *_CORRUPT], codes)

    def special(name: str, kind: str, put: Callable[[str], object]) -> Case:
        """A special file under the name of a manifest, in a folder of good recordings."""

        def place(sandbox: Sandbox) -> object:
            corpus = sandbox.copy("corpus")
            (corpus / "manifest.jsonl").unlink()
            put(str(corpus / name))
            return corpus

        return case(f"{kind}-called-{name}", place, (0, 2))

    for name in ("manifest.jsonl", "metadata.csv", "wav.scp", "x.trans.txt", "s0-0.txt"):
        yield special(name, "pipe", os.mkfifo)
        yield special(name, "device", lambda path: os.symlink("/dev/zero", path))
        yield special(name, "folder", os.mkdir)
        yield special(name, "loop", lambda path: os.symlink(path, path))
    yield case("empty-folder", lambda s: _folder(s, "empty"), (5,))
    yield case("nowhere", lambda s: s.given / "nowhere")
    yield case("below-a-file", lambda s: s.write("file", "") / "below")
    yield case("name-of-5000", lambda _: "a" * 5000)
    yield case("dev-zero", lambda _: "/dev/zero")
    yield case("dev-stdin", lambda _: "/dev/stdin")
    yield case("pipe", lambda s: _pipe(s, "pipe.jsonl"))
    yield case("unknown-file", lambda s: s.write("data.bin", bytes(100)))
    yield case("empty-name", lambda _: "")
    yield case("loop", _loop)
    yield case("gz-bomb", _gz_bomb)
    yield case("gz-cut", lambda s: s.write("a.jsonl.gz", b"\x1f\x8b\x08\x00\x00\x00"))
    yield case("gz-that-is-not", lambda s: s.write("a.jsonl.gz", _BOTH))
    yield case("hub-with-path", lambda _: "hf:../../etc/passwd")
    yield case("hub-with-nothing", lambda _: "hf:")
    yield case("hub-with-colons", lambda _: "hf:::::")


def _folder(sandbox: Sandbox, name: str) -> object:
    (sandbox.given / name).mkdir()
    return sandbox.given / name


def _pipe(sandbox: Sandbox, name: str) -> object:
    os.mkfifo(sandbox.given / name)
    return sandbox.given / name


def _loop(sandbox: Sandbox) -> object:
    """A folder whose sub-folder is itself: walked once, not for ever."""
    corpus = sandbox.given / "corpus"
    corpus.mkdir()
    os.symlink(corpus, corpus / "inner")
    return corpus


def _gz_bomb(sandbox: Sandbox) -> object:
    """64 MB in one line, of 64 KB."""
    import gzip

    return sandbox.write("bomb.jsonl.gz", gzip.compress(b'{"a": "' + b"a" * (64 << 20)))


CASES = (*NEMO, *TABLES, *TREES, *LHOTSE)


@pytest.mark.parametrize("case", named([*CASES, *_places()]))
def test_manifest(case: Case, sandbox: Sandbox) -> None:
    """A manifest that cannot be used is one line with its place; a legal one is read."""
    hold_promises(case, sandbox)
