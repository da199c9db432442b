"""Laws of cutting a soundfont: the same bytes, mono where it is wanted, in tune, no sample lost that is played."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from soundfonts.cut import LONGEST, Cut, resolved, shortened
from soundfonts.ogg import numbered, vorbis

from msgld.music.render.sf2 import sf2_bytes
from msgld.music.render.soundfont import SAMPLE, Instrument, Preset, Recording, SoundFont, Zone, parsed

RATE = 22_050
_PAN, _RELEASE, _INSTRUMENT, _MODES = 17, 38, 41, 54
LEFT, RIGHT = 4, 2


def tone(cents: float = 0.0) -> np.ndarray:
    """Two seconds of A4 with four partials, so many cents too high."""
    time = np.arange(2 * RATE) / RATE
    hertz = 440 * 2 ** (cents / 1200)
    return np.rint(sum(6000 / k * np.sin(2 * np.pi * k * hertz * time) for k in range(1, 5))).astype("<i2")


def stereo(program: int, cents: float = 0.0) -> SoundFont:
    """A soundfont with one preset, whose only note is a stereo pair with a loop in its middle."""
    sides = [(LEFT, -500), (RIGHT, 500)]
    recordings = [Recording(f"tone{side}", 0, 0, (1000, 30_000), RATE, 69, 0, kind)
                  for (kind, _), side in zip(sides, ("(L)", "(R)"), strict=True)]  # fmt: skip
    zones = tuple(Zone(((_PAN, pan & 0xFFFF), (_RELEASE, 5000), (_MODES, 1), (SAMPLE, number)))
                  for number, (_, pan) in enumerate(sides))  # fmt: skip
    preset = Preset("tone", 0, program, (Zone(((_INSTRUMENT, 0),)),))
    waves = [tone(cents), tone(cents)]
    return parsed(
        np.frombuffer(sf2_bytes([preset], [Instrument("tone", zones)], recordings, waves), np.uint8)
    )


def cut_of(program: int, cents: float = 0.0) -> Cut:
    cut = Cut(stereo(program, cents))
    cut.take(0, program)
    return cut


def test_solo_instruments_become_mono_and_stand_in_the_middle():
    cut = cut_of(56)
    (zone,) = resolved(cut.instruments[0])
    assert len(cut.recordings) == 1
    assert zone[_PAN] == 0


def test_pianos_stay_in_stereo():
    cut = cut_of(0)
    assert len(cut.recordings) == 2
    assert [zone[_PAN] for zone in resolved(cut.instruments[0])] == [-500 & 0xFFFF, 500]


def test_what_no_note_plays_is_left_out_and_loops_are_kept():
    ((one, wave),) = shortened(cut_of(56))
    assert 30_000 < len(wave) < len(tone())
    assert one.loop == (1000, 30_000)
    assert np.array_equal(wave, tone()[: len(wave)])


@pytest.mark.parametrize("cents", [-35, 0, 20])
def test_the_choir_is_put_in_tune(cents: int):
    assert [one.cents for one, _ in shortened(cut_of(52, cents))] == [pytest.approx(-cents, abs=2)] * 2


def test_guitars_are_damped_and_others_are_not():
    (guitar,), (trumpet,) = (resolved(cut_of(program).instruments[0]) for program in (25, 56))
    assert 2 ** (guitar[_RELEASE] / 1200) == pytest.approx(LONGEST, rel=0.01)
    assert trumpet[_RELEASE] == 5000


def test_streams_depend_on_the_sound_alone():
    assert vorbis(tone(), RATE, 0.4) == vorbis(tone(), RATE, 0.4)


def test_a_numbered_stream_still_decodes():
    stream = vorbis(tone(), RATE, 0.6)
    other = numbered(stream, 77)
    assert other != stream
    wave = soundfile.read(io.BytesIO(other), dtype="int16")[0]
    assert len(wave) == len(tone())
    assert np.abs(wave.astype(int) - tone()).max() < 1500
