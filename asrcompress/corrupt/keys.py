"""What a corrupted corpus depends on, as one hash: the key of a cache."""

from __future__ import annotations

from asrcompress.core.audio import AudioFormat
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Corpus
from asrcompress.core.files import sha256_of_json
from asrcompress.core.provenance import versions
from asrcompress.corrupt.effect import bind
from asrcompress.corrupt.sources import Libraries

CODE_VERSION = 2  # raise it with every change of what is written, apart from the effects'
_PACKAGES = (
    "librosa",
    "numpy",
    "pyroomacoustics",
    "scipy",
    "soundfile",
    "soxr",
)  # those that make the samples


def corpus_key(
    corpus: Corpus,
    corpus_sha256: str,
    condition: Condition,
    libraries: Libraries,
    audio_format: AudioFormat,
) -> str:
    """A hash that changes whenever the corrupted corpus can: never of names or paths only.

    `corpus_sha256` is the corpus's own, and the libraries are opened, once for all conditions:
    both read every file.

    It holds the bytes of the source audio, references and fields, the condition, the bytes of
    those noises and responses that can be drawn, the effects' code versions, and the packages
    with the codecs.

    Raises:
        InputError: the condition has mistakes, or a file cannot be read.
    """
    import soundfile

    steps = bind(condition)
    used = [use for step in steps for use in step.uses(libraries)]
    for use in used:
        use.source.check(use.kind)
    return sha256_of_json(
        {
            "code": CODE_VERSION,
            "corpus": corpus_sha256,
            "fields": [dict(utterance.fields) for utterance in corpus.utterances],
            "condition": condition.as_json(),
            "effects": {step.name: step.code_version for step in steps},
            "libraries": {use.name: use.source.fingerprint(use.kind) for use in used},
            "audio_format": audio_format,
            "versions": {name: versions()[name] for name in _PACKAGES},
            "libsndfile": soundfile.__libsndfile_version__,  # the codecs are its own
        }
    )
