"""Soundfonts: what a file says of itself, those that are held out, and those made from loose recordings."""

from __future__ import annotations

import shutil
import struct

import numpy as np
import pytest
import soundfile
from soundfonts.compress import compressed
from soundfonts.kits import kind_of, kit
from soundfonts.make import in_bank
from soundfonts.patches import patch
from soundfonts.samples import cents_off, instrument, key_of, levelled, loudness
from soundfonts.synthetic import KEYS, driven, families, zones_of
from soundfonts.synthetic import RATE as SYNTHETIC_RATE
from soundfonts.write import Preset, Zone, write_soundfont

from msgld.data.fonts import (
    KITS,
    find_soundfonts,
    fitting,
    heldout_soundfont,
    recordings_of,
    related,
    sounds_of,
)
from msgld.data.frozen import heldout_names
from msgld.data.render import Renderer
from msgld.errors import DataError
from msgld.music.midi.parts import Part

RATE = 22_050


def tone(frequency, seconds=1.0, partials=4, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    return sum(0.2 / k * np.sin(2 * np.pi * k * frequency * time) for k in range(1, partials + 1)).astype(
        np.float32
    )


def frequency_of(key):
    return 440 * 2 ** ((key - 69) / 12)


def note(key, program=0, drum=False, velocity=100, seconds=1.0):
    ones = np.ones(1)
    return Part(
        "drums" if drum else "piano", program, drum, 0 * ones, seconds * ones, np.array([key]), np.array([velocity]),
        ones, 0 * ones,
    )  # fmt: skip


def play(font, part, seconds=1.0):
    return Renderer(font, RATE).render([part], 0, seconds).mean(0)


@pytest.fixture
def font(tmp_path):
    """A piano of one recording, a bass of two, and a kit."""
    zones = [Zone(tone(frequency_of(57.3)), RATE, 57.3)]
    low, high = (Zone(tone(frequency_of(k)), RATE, k, keys, hits) for k, keys, hits in (
        (40, (0, 127), (0, 64)), (47, (0, 127), (65, 127)),
    ))  # fmt: skip
    kick = Zone(tone(60, 0.3), RATE, 36, (36, 36))
    path = tmp_path / "own.sf2"
    write_soundfont(
        path,
        "own",
        [Preset("piano", 0, zones), Preset("bass", 33, [low, high]), Preset("kit", 0, [kick], KITS)],
    )
    return path


@pytest.mark.parametrize("key", [45, 57, 66])
def test_a_recording_is_played_at_the_pitch_of_the_key(font, key):
    assert abs(cents_off(play(font, note(key)), RATE, key)) < 4


@pytest.mark.parametrize(("velocity", "key"), [(40, 40), (100, 47)])
def test_a_velocity_plays_its_own_recording_and_no_other(font, velocity, key):
    # The recordings have partials up to the fourth only: 5 times the frequency of one is heard in neither.
    sound = play(font, note(50, program=33, velocity=velocity))
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    wanted = frequency_of(50)
    assert abs(np.argmax(spectrum) / len(sound) * RATE - wanted) < 2
    other = RATE * np.argmax(spectrum) / len(sound) * 2 ** ((47 - 40) / 12 * (1 if key == 47 else -1))
    near = slice(round((other - 4) * len(sound) / RATE), round((other + 4) * len(sound) / RATE))
    assert spectrum[near].max() < 0.05 * spectrum.max()


def test_a_loop_sounds_as_long_as_the_key_is_held(tmp_path):
    rate, period = 22_000, 100
    wave = tone(rate / period, 0.2, rate=rate)
    for name, loop in (("looped", (period, 11 * period)), ("once", None)):
        write_soundfont(
            tmp_path / f"{name}.sf2", name, [Preset("organ", 0, [Zone(wave, rate, 57, loop=loop)])]
        )
    looped, once = (
        play(tmp_path / f"{name}.sf2", note(57, seconds=2.0), 2.0)[RATE:] for name in ("looped", "once")
    )
    assert np.abs(looped).max() > 0.02 > 1e3 * np.abs(once).max()


def test_a_file_says_what_it_plays(font):
    assert sounds_of(font) == {(0, 0), (0, 33), (KITS, 36)}


def test_odd_tables_without_filling_are_read_as_musescore_writes_them(font, tmp_path):
    data = font.read_bytes()
    info = data.index(b"LIST")
    (size,) = struct.unpack_from("<I", data, info + 4)
    odd = b"LIST" + struct.pack("<I", size + 9) + data[info + 8 : info + 8 + size] + b"ICOP\x01\0\0\0a"
    bare = tmp_path / "bare.sf3"
    bare.write_bytes(data[:info] + odd + data[info + 8 + size :])
    assert sounds_of(bare) == sounds_of(font)
    assert recordings_of(bare) == recordings_of(font)


@pytest.mark.parametrize("data", [b"", b"RIFF\x04\0\0\0sfbk", b"not a soundfont" * 9])
def test_what_is_no_soundfont_is_said_to_be_none(tmp_path, data):
    path = tmp_path / "wrong.sf2"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"wrong\.sf2 is not an SF2"):
        sounds_of(path)


def test_the_frozen_fingerprints_are_those_of_the_held_out_soundfont():
    assert set(heldout_names()["recordings"]) == recordings_of(heldout_soundfont())


def test_no_training_hears_the_held_out_soundfont_under_another_name(tmp_path, font):
    shutil.copy(heldout_soundfont(), tmp_path / "mine.sf2")
    assert related(tmp_path / "mine.sf2") and not related(font)
    assert find_soundfonts(tmp_path) == [font.resolve()]
    font.unlink()
    with pytest.raises(DataError, match="held-out"):
        find_soundfonts(tmp_path)


@pytest.mark.parametrize("folder", ["soundfonts", "sounds/sf2", "sounds/sf3"])
@pytest.mark.parametrize("variable", ["XDG_DATA_HOME", "XDG_DATA_DIRS"])
def test_soundfonts_of_the_system_and_of_the_user_are_found(tmp_path, monkeypatch, font, variable, folder):
    with pytest.raises(DataError, match=r"no soundfont in the system's folders: install .*--soundfont"):
        find_soundfonts()
    place = tmp_path / "share" / folder
    place.mkdir(parents=True)
    shutil.move(font, place / "own.sf2")
    monkeypatch.setenv(variable, str(tmp_path / "share"))
    assert find_soundfonts() == [(place / "own.sf2").resolve()]


def test_parts_are_played_by_soundfonts_that_have_their_programs(tmp_path, font):
    kick = [Zone(tone(60, 0.3), RATE, 36, (36, 36))]
    only = tmp_path / "kit.sf2"
    write_soundfont(only, "kit", [Preset("kit", 0, kick, KITS)])
    fonts, bass, piano, drums = [only, font], note(40, 33), note(60), note(36, drum=True)
    assert fitting(fonts, [bass]) == fitting(fonts, [bass, drums]) == fitting(fonts, [piano]) == [font]
    assert fitting(fonts, [drums]) == fitting(fonts, []) == fonts
    assert fitting(fonts, [note(60, 99)]) == fonts  # nobody has it: any may play the nearest


def test_presets_can_be_moved_to_the_bank_of_drums(font):
    font.write_bytes(in_bank(font.read_bytes(), KITS))
    assert {bank for bank, _ in sounds_of(font)} == {KITS}


@pytest.mark.parametrize("cents", [-41, 0, 23])
@pytest.mark.parametrize("key", [33, 57, 81])
def test_how_far_a_note_is_out_of_tune_is_heard(cents, key):
    wave = tone(frequency_of(key + cents / 100), 1.2, 8)
    assert abs(cents_off(wave, RATE, key) - cents) <= 2


@pytest.mark.parametrize(
    ("name", "key"), [("A4", 69), ("Fs3", 54), ("C#4", 61), ("Bb2", 46), ("C1v10", 24), ("piano", None)]
)
def test_names_of_notes(name, key):
    assert key_of(name) == key


def test_an_instrument_is_put_in_tune_and_mistaken_names_are_left_out(tmp_path):
    for name, frequency in (("A2", 110 * 2 ** (30 / 1200)), ("A3", 220), ("A4", 440 * 2 ** (80 / 1200))):
        soundfile.write(tmp_path / f"{name}.wav", tone(frequency, 1.2), RATE)
    zones = instrument(tmp_path)
    assert [round(zone.root, 1) for zone in zones] == [45.3, 57.0]
    assert [zone.keys for zone in zones] == [(0, 50), (51, 127)]


def test_levelled_notes_have_the_level_and_keep_their_balance():
    zones = [Zone(gain * tone(220), RATE, 57) for gain in (0.1, 0.2, 0.5)]
    sounds = [loudness(zone.wave, RATE) for zone in levelled(zones, 0.1)]
    np.testing.assert_allclose(sounds, [0.05, 0.1, 0.25], rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Kick", "kick"), ("BassDrum", "kick"), ("Snare Jazz", "snare"), ("Snare Roll", None), ("Pearl Side Stick", "rim"),
     ("Closed HH", "closed"), ("VariBreaks Hat 1 Op", "open"), ("Sabian Hat Pedal", "pedal"), ("Tom Low", "floor"),
     ("Crash Jazz", "crash"), ("ride-cup", "bell"), ("Zap 1", None)],
)  # fmt: skip
def test_what_a_drum_is_by_its_name(name, kind):
    assert kind_of(name) == kind


def test_a_kit_has_its_layers_on_general_midi_keys(tmp_path):
    drums = {"Kick": 60.0, "Snare": 200.0, "Closed HH": 4000.0}
    layers = "<layer><filename>{0}</filename><min>{1}</min><max>{2}</max><gain>{3}</gain></layer>"
    text = ""
    for name, frequency in drums.items():
        soundfile.write(tmp_path / f"{name}.wav", np.stack([tone(frequency, 0.2)] * 2, 1), RATE)
        text += f"<instrument><name>{name}</name><volume>0.5</volume>"
        text += (
            layers.format(f"{name}.wav", 0, 0.5, 1)
            + layers.format("missing.wav", 0.5, 1, 1)
            + "</instrument>"
        )
    head = '<drumkit_info xmlns="http://www.hydrogen-music.org/drumkit"><instrumentList>'
    (tmp_path / "drumkit.xml").write_text(f"{head}{text}</instrumentList></drumkit_info>")
    zones = kit(tmp_path)
    assert {zone.keys[0] for zone in zones} == {35, 36, 38, 40, 42, 44}  # and no hat is called open
    assert {zone.pan for zone in zones} == {-1.0, 1.0} and {zone.velocities for zone in zones} == {(0, 64)}
    assert {zone.choke for zone in zones if zone.keys[0] in (42, 46)} == {1}
    assert abs(np.abs(zones[0].wave).max() - 0.5 * np.abs(tone(60.0, 0.2)).max()) < 1e-3
    (tmp_path / "Kick.wav").unlink()
    assert kit(tmp_path) == []


def gravis(roots, rate=RATE):
    """A patch with a looped tone of 16 bits for each of some keys."""
    data = b"GF1PATCH110\0ID#000002\0".ljust(129, b"\0")
    data += bytes(63 + 6) + bytes([len(roots)]) + bytes(40)
    for key in roots:
        wave = np.rint(32767 * tone(frequency_of(key), 0.5)).astype("<i2").tobytes()
        herz = round(1000 * frequency_of(key))
        head = bytes(8) + struct.pack("<3IH3I", len(wave), 0, len(wave), rate, herz, herz, herz)
        data += head.ljust(55, b"\0") + bytes([1 | 4]) + bytes(40) + wave
    return data


def test_a_patch_is_played_in_tune_and_without_gaps(tmp_path):
    (tmp_path / "some.pat").write_bytes(gravis([45, 60]))
    zones = patch(tmp_path / "some.pat")
    assert [zone.keys for zone in zones] == [(0, 45), (46, 127)]
    write_soundfont(tmp_path / "some.sf2", "some", [Preset("some", 0, zones)])
    for key in (45, 62):
        assert abs(cents_off(play(tmp_path / "some.sf2", note(key)), RATE, key)) < 4
    drum = patch(tmp_path / "some.pat", 38)
    assert len(drum) == 1 and drum[0].keys == (38, 38) and drum[0].loop is None


def test_what_is_no_patch_is_said_to_be_none(tmp_path):
    (tmp_path / "wrong.pat").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="not a GF1 patch"):
        patch(tmp_path / "wrong.pat")


@pytest.fixture(scope="module")
def invented():
    chosen = (
        "grand",
        "steel guitar",
        "electric bass",
        "organ",
        "strings",
        "lead",
        "distorted guitar",
        "mallets",
    )
    made = {name: families()[name] for name in chosen}
    return {
        name: (family, zones_of(family, np.random.default_rng(3), KEYS[1:8:2]))
        for name, family in made.items()
    }


@pytest.mark.parametrize("name", ["grand", "steel guitar", "electric bass", "organ", "strings", "lead"])
def test_invented_instruments_are_in_tune(invented, name):
    for zone in invented[name][1]:
        assert abs(cents_off(zone.wave[zone.rate // 4 :], zone.rate, zone.root)) < 15


def test_invented_notes_are_held_without_a_step_or_die_away(invented):
    for name, (family, zones) in invented.items():
        for zone in zones:
            assert np.isfinite(zone.wave).all() and np.abs(zone.wave).max() > 0
            if family.decay:
                assert zone.loop is None and np.abs(zone.wave[-50:]).max() < 0.02 * np.abs(zone.wave).max(), (
                    name
                )
            else:  # the loop's end goes on as its beginning does
                first, after = zone.loop
                around, size = (
                    np.concatenate([zone.wave[after - 40 : after], zone.wave[first : first + 40]]),
                    1e-3,
                )
                true = zone.wave[first - 40 : first + 40]
                size += np.abs(true).max()
                assert np.abs(around - true).max() < 0.15 * size, name


def test_instruments_of_another_seed_are_others():
    family = families()["steel guitar"]
    one, again, other = (
        zones_of(family, np.random.default_rng(seed), KEYS[3:4])[0].wave for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    size = min(len(one), len(other))
    assert abs(np.corrcoef(one[:size], other[:size])[0, 1]) < 0.9


def test_an_amplifier_adds_overtones():
    clean = np.sin(2 * np.pi * 400 * np.arange(8000) / SYNTHETIC_RATE)
    spectrum = np.abs(np.fft.rfft(driven(clean, 30.0)))
    step = round(400 * 8000 / SYNTHETIC_RATE)
    assert spectrum[3 * step] > 0.1 * spectrum[step]


def test_a_compressed_soundfont_plays_the_same_notes_loops_and_velocities(font, tmp_path):
    time = np.arange(RATE) / RATE
    held = Zone(
        tone(frequency_of(60))[: RATE // 2] * np.minimum(1, 40 * time[: RATE // 2]),
        RATE,
        60,
        loop=(RATE // 4, RATE // 2),
    )
    looped = tmp_path / "looped.sf2"
    write_soundfont(looped, "looped", [Preset("organ", 16, [held])])
    for path, parts in (
        (font, [note(57), note(40, 33, velocity=40), note(36, drum=True)]),
        (looped, [note(60, 16)]),
    ):
        font, before = path.read_bytes(), [play(path, part) for part in parts]
        for turn in ("once", "twice"):
            small = tmp_path / f"{path.stem}-{turn}.sf3"
            font = compressed(font, 0.6)
            small.write_bytes(font)
            assert sounds_of(small) == sounds_of(path)
            for part, old in zip(parts, before, strict=True):
                assert np.square(play(small, part) - old).sum() < 0.01 * np.square(old).sum(), turn


def test_what_is_no_soundfont_is_not_compressed():
    with pytest.raises(ValueError, match="not a SoundFont 2 file"):
        compressed(b"RIFF" + bytes(60), 0.3)
