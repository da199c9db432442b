"""The words by which musicians, workstations and other programs call stems, in one table.

A further stem is one line in ``STEM_WORDS``; a model without that stem takes its files for ``other``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

STEM_WORDS: Mapping[str, str] = {
    "bass": """bass, basses, bassline, bass line, bass guitar, bass gtr, e bass, electric bass, acoustic bass,
        upright bass, double bass, contrabass, contrabajo, kontrabass, stand up bass, fretless bass, slap bass,
        finger bass, picked bass, sub bass, synth bass, bass synth, synthbass, 808 bass, bass 808, moog bass, basse,
        bajo, basso, baixo""",
    "drums": """drum, drums, drumkit, drum kit, drumset, drum set, drum machine, drum loop, drum room, bass drum,
        double bass drum, kick, kick drum, kik, bd, snare, snare drum, snr, sd, tom, toms, rack tom, floor tom,
        hat, hats, hi hat, hihat, hh, cymbal, cymbals, crash, ride, overhead, overheads,
        over head, oh, ohs, percussion, perc, percs,
        conga, congas, bongo, bongos, shaker, tambourine, tamb, cowbell, clap, claps, rimshot, cajon, djembe, tabla,
        woodblock, claves, maracas, timbales, guiro, cabasa, batterie, bateria, batteria, schlagzeug, percusion,
        percussioni, perkussion""",
    "guitar": """guitar, guitars, gtr, gtrs, guit, guits, e gtr, egtr, a gtr, agtr, ac gtr, acgtr, el gtr, e guitar,
        electric guitar, acoustic guitar, 12 string, string guitar, synth lead guitar, steel guitar, pedal steel,
        lap steel, gitarre, gitarren, e gitarre, guitare, guitares, guitarra, guitarras, chitarra, chitarre""",
    "piano": """piano, pianos, pno, pianoforte, grand piano, upright piano, electric piano, e piano, epiano, el piano,
        ep, rhodes, wurli, wurly, wurlitzer, clav, clavinet, harpsichord, keys, kbd, keyboard, keyboards, klavier,
        fluegel, flugel, teclado""",
    "vocals": """vocal, vocals, vox, voice, voices, vocalist, singer, lead vocal, lead vox, ld vox, lead vocals,
        backing vocal, backing vocals, backing vox, background vocals, bgv, bgvs, bv, bvs, choir, acapella, acappella,
        a cappella, a capella, rap, adlib, adlibs, ad lib, ad libs, bass vocal, bass vocals, bass voice, bass vox,
        bass singer, gesang, stimme, stimmen, voix, voz, voces, voce, voci""",
    "strings": """strings, bowed strings, string section, string quartet, string ensemble, string orchestra, violin,
        violins, viola, violas, cello, cellos, violoncello, fiddle, orchestra, orch""",
    "winds": """brass, horn, horns, french horn, trumpet, trumpets, tpt, trombone, trombones, tbn, bass trombone,
        bass trumpet, tuba, sax, saxes, saxophone, bass sax, alto sax, tenor sax, baritone sax, flute, flutes,
        bass flute, clarinet, clarinets, bass clarinet, oboe, bassoon, contrabassoon, piccolo, pan flute, whistle,
        woodwind, woodwinds, wind, winds, harmonica, bass harmonica, melodica, accordion, bandoneon, bagpipe""",
    "organ": "organ, organs, hammond, b3, b 3, church organ, pipe organ",
    "synth": """synth, synths, synthesizer, synthesiser, synth lead, lead synth, synth pad, pad, pads, arp, arps,
        arpeggio, pluck, drone""",
    "other": """other, others, rest, residual, remainder, misc, other keys, other plucked, fx, sfx, effects,
        sound effects, riser, ambience, atmos, turntable, turntables, scratches, banjo, mandolin, uke, ukulele,
        bouzouki, sitar, koto, harp, lute, oud, erhu, shamisen, zither, dulcimer, celesta, celeste, marimba,
        bass marimba, vibraphone, vibes, xylophone, glockenspiel, glock, bells, tubular bells, chimes, kalimba,
        steel drum, steel drums, steel pan, chromatic percussion, tuned percussion, pitched percussion, timpani,
        mallets, mellotron, theremin, kazoo, didgeridoo""",
}
"""Phrases of each group. The longest phrase counts: ``bass drum`` is no bass."""

OPEN_WORDS = frozenset({"other", "others", "rest", "residual", "remainder", "misc"})
"""Names of a stem that holds whatever the set has no other file for."""

MIXTURE = "mixture"
"""What :func:`msgld.data.stem_names.stem_of_file` returns for the sum of all stems."""

COMPLEMENT = "complement"
"""What it returns for a mixture that lacks something: ``no_drums``, ``instrumental``."""

SUM_WORDS: Mapping[str, str] = {
    MIXTURE: """mixture, mix, mixdown, mix down, full mix, fullmix, linear mixture, stereo mix, rough mix, main mix,
        final mix, master, mastered, premaster, full song, full track, two track, 2 track""",
    COMPLEMENT: """instrumental, instrumentals, karaoke, accompaniment, accompaniments, backing track, playback,
        minus one, everything else""",
}


def phrases(text: str) -> tuple[str, ...]:
    """Phrases between commas."""
    return tuple(" ".join(part.split()) for part in text.split(","))


NEGATIONS = frozenset(phrases("no, non, minus, without, sans, less, wo, ohne, sin, senza, not, but, except"))

EXACT = frozenset({"bass drum", "double bass drum"})
"""Phrases without a plural: ``bass_drums`` is rather bass and drums."""

PLURAL = frozenset({"key", "string"})
"""Words that name an instrument in the plural only: ``keys``, ``strings``."""

SUBMIX = frozenset({"mix", "submix", "sub", "bus", "buss", "group", "comp"})
"""After a stem's name these mean the sum of its parts: ``drum mix``."""

PLACES = frozenset(
    phrases("""l, r, c, left, right, center, centre, mid, side, mono, stereo, di, amp, mic, mics, in, out, top, bottom,
        close, room, far, near, dry, wet, take, dbl, double, dub, x""")
)
"""Words that distinguish recordings of one instrument."""


def singular(word: str) -> str:
    """A word without the s of a plural; ``bass`` keeps its own."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def plain(text: str) -> str:
    """Text without accents, whichever way they are stored."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


_JOINED = re.compile(r"[+&,]")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"\d+|[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|.")


def words_of(text: str, camel: bool = True) -> tuple[str, ...]:
    """Words in lower case; ``+``, ``&`` and the comma count as ``and``. ``camel`` parts ``bassGuitar`` in two."""
    runs = _RUN.findall(_JOINED.sub(" and ", plain(text)))
    parts = [part for run in runs for part in (_CAMEL.findall(run) if camel else [run])]
    return tuple(part.casefold() for part in parts)
