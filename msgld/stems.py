"""The stems in one table, and the letters that name dimensions in shapes.

To add a stem, add an entry to ``_TABLE`` and a player to :mod:`msgld.data.band`.

Letters of shapes:

B  batch
K  tracks: the S stems in the order of ``STEMS``, then the mixture as the last track
S  stems
C  channels of a latent frame
T  latent frames, one every 4 x 512 samples (46 ms)
M  mel bands
N  mel columns, one every 512 samples
F  bins of an STFT
L  samples of audio at ``RATE``

A *level* is a noise level between 0 (known) and 1 (pure noise); every frame of every track has its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stem:
    """One kind of instruments.

    Attributes:
        name: of the stem and of its files.
        pitched: whether it plays notes that have a pitch.
        pan: place of a generated stem in the stereo image, -1 (left) to 1 (right).
        spread: fraction of the training clips' random panning that this stem gets, 0 to 1.
        programs: General MIDI programs (drum kits if unpitched); a stem without any is not trained by default.
        instruments: name for musicians -> the programs it stands for.
        examples: some of these names, for help texts.
        words: phrases, separated by commas, that denote the stem in file names. The longest phrase counts.
    """

    name: str
    pitched: bool = True
    pan: float = 0.0
    spread: float = 1.0
    programs: tuple[int, ...] = ()
    instruments: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    examples: str = ""
    words: str = ""


_TABLE = (
    Stem("bass", spread=0.2, programs=tuple(range(32, 40)), examples="acoustic, slap, synth",
         instruments={"acoustic": (32,), "finger": (33,), "pick": (34,), "fretless": (35,), "slap": (36, 37),
             "synth": (38, 39)},
         words="""bass, basses, bassline, bass line, bass guitar, bass gtr, e bass, electric bass, acoustic bass,
             upright bass, double bass, contrabass, contrabajo, kontrabass, stand up bass, fretless bass, slap bass,
             finger bass, picked bass, sub bass, synth bass, bass synth, synthbass, 808 bass, bass 808, moog bass,
             basse, bajo, basso, baixo"""),
    Stem("drums", pitched=False, spread=0.2, programs=(0, 8, 16, 24, 25, 32, 40), examples="jazz, brush, power",
         instruments={"standard": (0,), "room": (8,), "power": (16,), "electronic": (24,), "analogue": (25,),
             "jazz": (32,), "brush": (40,)},
         words="""drum, drums, drumkit, drum kit, drumset, drum set, drum machine, drum loop, drum room, bass drum,
             double bass drum, kick, kick drum, kik, bd, snare, snare drum, snr, sd, tom, toms, rack tom, floor tom,
             hat, hats, hi hat, hihat, hh, cymbal, cymbals, crash, ride, overhead, overheads, over head, oh, ohs,
             percussion, perc, percs, conga, congas, bongo, bongos, shaker, tambourine, tamb, cowbell, clap, claps,
             rimshot, cajon, djembe, tabla, woodblock, claves, maracas, timbales, guiro, cabasa, batterie, bateria,
             batteria, schlagzeug, percusion, percussioni, perkussion"""),
    Stem("guitar", pan=-0.4, programs=tuple(range(24, 32)), examples="nylon, jazz, distortion",
         instruments={"nylon": (24,), "steel": (25,), "jazz": (26,), "clean": (27,), "muted": (28,),
             "overdrive": (29,), "distortion": (30,), "harmonics": (31,)},
         words="""guitar, guitars, gtr, gtrs, guit, guits, e gtr, egtr, a gtr, agtr, ac gtr, acgtr, el gtr, e guitar,
             electric guitar, acoustic guitar, 12 string, string guitar, synth lead guitar, steel guitar, pedal steel,
             lap steel, gitarre, gitarren, e gitarre, guitare, guitares, guitarra, guitarras, chitarra, chitarre"""),
    Stem("piano", pan=0.4, programs=tuple(range(8)), examples="grand, rhodes, harpsichord",
         instruments={"grand": (0,), "bright": (1,), "electric-grand": (2,), "honky-tonk": (3,), "rhodes": (4,),
             "fm": (5,), "harpsichord": (6,), "clavinet": (7,)},
         words="""piano, pianos, pno, pianoforte, grand piano, upright piano, electric piano, e piano, epiano,
             el piano, ep, rhodes, wurli, wurly, wurlitzer, clav, clavinet, harpsichord, keys, kbd, keyboard,
             keyboards, klavier, fluegel, flugel, teclado"""),
    Stem("vocals", spread=0.5, programs=(52, 53, 54), examples="choir, oohs",
         instruments={"choir": (52,), "oohs": (53,), "synth-voice": (54,)},
         words="""vocal, vocals, vox, voice, voices, vocalist, singer, lead vocal, lead vox, ld vox, lead vocals,
             backing vocal, backing vocals, backing vox, background vocals, bgv, bgvs, bv, bvs, choir, acapella,
             acappella, a cappella, a capella, rap, adlib, adlibs, ad lib, ad libs, bass vocal, bass vocals,
             bass voice, bass vox, bass singer, gesang, stimme, stimmen, voix, voz, voces, voce, voci"""),
    Stem("strings",
         words="""strings, bowed strings, string section, string quartet, string ensemble, string orchestra, violin,
             violins, viola, violas, cello, cellos, violoncello, fiddle, orchestra, orch"""),
    Stem("winds",
         words="""brass, horn, horns, french horn, trumpet, trumpets, tpt, trombone, trombones, tbn, bass trombone,
             bass trumpet, tuba, sax, saxes, saxophone, bass sax, alto sax, tenor sax, baritone sax, flute, flutes,
             bass flute, clarinet, clarinets, bass clarinet, oboe, bassoon, contrabassoon, piccolo, pan flute,
             whistle, woodwind, woodwinds, wind, winds, harmonica, bass harmonica, melodica, accordion, bandoneon,
             bagpipe"""),
    Stem("organ", words="organ, organs, hammond, b3, b 3, church organ, pipe organ"),
    Stem("synth",
         words="""synth, synths, synthesizer, synthesiser, synth lead, lead synth, synth pad, pad, pads, arp, arps,
             arpeggio, pluck, drone"""),
    Stem("other", pan=0.15, examples="strings, trumpet, organ",
         programs=(*range(8, 24), *range(40, 52), *range(55, 96)),
         instruments={"vibraphone": (11,), "marimba": (12,), "organ": (16, 17, 18), "church-organ": (19,),
             "accordion": (21,), "harmonica": (22,), "violin": (40,), "cello": (42,), "strings": (48, 49, 50, 51),
             "trumpet": (56,), "trombone": (57,), "brass": (61, 62, 63),
             "saxophone": (64, 65, 66, 67), "clarinet": (71,), "flute": (73,), "lead": (80, 81, 82),
             "pad": (88, 89, 90, 91)},
         words="""other, others, rest, residual, remainder, misc, other keys, other plucked, fx, sfx, effects,
             sound effects, riser, ambience, atmos, turntable, turntables, scratches, banjo, mandolin, uke, ukulele,
             bouzouki, sitar, koto, harp, lute, oud, erhu, shamisen, zither, dulcimer, celesta, celeste, marimba,
             bass marimba, vibraphone, vibes, xylophone, glockenspiel, glock, bells, tubular bells, chimes, kalimba,
             steel drum, steel drums, steel pan, chromatic percussion, tuned percussion, pitched percussion, timpani,
             mallets, mellotron, theremin, kazoo, didgeridoo"""),
)  # fmt: skip

TABLE: Mapping[str, Stem] = {stem.name: stem for stem in _TABLE}
"""All stems that have a name of their own; a model takes the files of those that it lacks for ``other``."""

STEMS: tuple[str, ...] = tuple(stem.name for stem in _TABLE if stem.programs)
"""The stems that music in notes is rendered into, in the order of the track axis."""

UNPITCHED: tuple[str, ...] = tuple(stem.name for stem in _TABLE if not stem.pitched)
"""Stems whose notes have no pitch."""

MIXTURE = "mixture"
"""Name of the last track."""

OTHER = "other"
"""Name of the stem that holds whatever has none of its own."""

RATE = 44_100
"""Samples per second inside the model."""


def about(name: str) -> Stem:
    """The entry of a stem in the table; a stem without one is pitched and in the middle."""
    return TABLE.get(name, Stem(name))


def stem_among(stem: str, stems: Collection[str]) -> str:
    """The stem, of those of a model or a set, that holds another's sound: its own, or ``other``."""
    return stem if stem in stems else OTHER


def stem_of(program: int, is_drum: bool = False) -> str:
    """The stem that plays a General MIDI program (0 to 127); percussion is drums whatever its program."""
    if is_drum:
        return "drums"
    return next((stem.name for stem in _TABLE if stem.pitched and program in stem.programs), "other")
