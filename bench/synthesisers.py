"""What synthesisers make of the same MIDI: pitch, loudness, pedal, bends, kits, speed, and how reliably.

    python bench/synthesisers.py FluidR3_GM.sf2

Measures midirenderer, and TinySoundFont and FluidSynth (the program ``fluidsynth``) where they are installed.
"""

from __future__ import annotations

import argparse
import io
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import soundfile

Event = tuple[float, bytes]
Play = Callable[[bytes], tuple[np.ndarray, int]]

PROGRAMS = (0, 4, 19, 24, 33, 56, 71, 80)
TICKS, TEMPO = 5000, 500_000
KEY = 57


def midi(events: Sequence[Event]) -> bytes:
    """A file of (seconds, message), whose ticks are 0.1 ms."""
    track, before = bytearray(b"\0\xff\x51\x03" + TEMPO.to_bytes(3, "big")), 0
    for at, message in sorted(events, key=lambda event: event[0]):
        tick = round(at * 10_000)
        track += varying(tick - before) + message
        before = tick
    track += b"\0\xff\x2f\0"
    return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, TICKS, b"MTrk", len(track)) + track


def varying(number: int) -> bytes:
    out = [number & 127]
    while number := number >> 7:
        out.append(number & 127 | 128)
    return bytes(reversed(out))


def note(at: float, seconds: float, key: int, velocity: int = 100, channel: int = 0) -> list[Event]:
    return [(at, bytes([0x90 | channel, key, velocity])), (at + seconds, bytes([0x80 | channel, key, 0]))]


def control(at: float, number: int, value: int, channel: int = 0) -> list[Event]:
    return [(at, bytes([0xB0 | channel, number, value]))]


def program(number: int, channel: int = 0) -> list[Event]:
    return [(0.0, bytes([0xC0 | channel, number])), *dry(channel)]


def dry(channel: int = 0) -> list[Event]:
    return control(0, 91, 0, channel) + control(0, 93, 0, channel)


def end(at: float) -> list[Event]:
    return control(at, 20, 0, 15)


def midirenderer(font: Path) -> Play:
    import midirenderer as library

    data = font.read_bytes()

    def play(file: bytes) -> tuple[np.ndarray, int]:
        wave, rate = soundfile.read(io.BytesIO(library.render_wave_from(data, file)), dtype="float32")
        return wave.T, rate

    return play


def tinysoundfont(font: Path) -> Play:
    import tinysoundfont as library

    def play(file: bytes) -> tuple[np.ndarray, int]:
        synth = library.Synth(samplerate=44_100)
        number = synth.sfload(str(font))
        sequencer = library.Sequencer(synth)
        with tempfile.TemporaryDirectory() as folder:
            (source := Path(folder, "in.mid")).write_bytes(file)
            sequencer.midi_load(str(source))
        for channel in range(16):
            synth.program_select(channel, number, 0, 0, channel == 9)
        blocks = []
        while not sequencer.is_empty():
            blocks.append(np.frombuffer(bytes(synth.generate(441)), np.float32).reshape(-1, 2))
        synth.sfunload(number)
        return np.concatenate(blocks).T, 44_100

    return play


def fluidsynth(font: Path) -> Play:
    subprocess.run(["fluidsynth", "--version"], check=True, capture_output=True)

    def play(file: bytes) -> tuple[np.ndarray, int]:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.mid"), Path(folder, "out.wav")
            source.write_bytes(file)
            command = [
                "fluidsynth",
                "-niq",
                "-R0",
                "-C0",
                "-g1",
                "-Twav",
                "-Ofloat",
                "-r44100",
                "-F",
                str(target),
            ]
            subprocess.run([*command, str(font), str(source)], check=True, capture_output=True)
            wave, rate = soundfile.read(target, dtype="float32")
        return wave.T, rate

    return play


def rms(wave: np.ndarray) -> float:
    return float(np.sqrt((wave.astype(np.float64) ** 2).mean()))


def decibels(ratio: float) -> float:
    return 20 * float(np.log10(max(ratio, 1e-9)))


def cents(wave: np.ndarray, rate: int, key: float) -> float:
    """How far a note is from its key, by the strongest bin within a semitone of its first partials."""
    part = wave[:, round(0.3 * rate) : round(1.3 * rate)]
    size = 1 << 20
    power = (np.abs(np.fft.rfft(part * np.hanning(part.shape[1]), size)) ** 2).sum(0)
    tried = np.arange(-100, 101)
    partials = np.arange(1, 9)
    hertz = 440 * 2 ** ((key - 69 + tried / 100) / 12)
    bins = np.rint(hertz[:, None] * partials * size / rate).astype(int)
    return float(tried[np.argmax(np.log(power[bins] + 1e-8 * power.max()).sum(1))])


def measured(play: Play) -> dict[str, str]:
    """The figures of one synthesiser."""

    def sound(*parts: list[Event], last: float = 2.0) -> tuple[np.ndarray, int]:
        return play(midi([*chain.from_iterable(parts), *end(last)]))

    off = [cents(*sound(program(each), note(0, 1.5, KEY)), KEY) for each in PROGRAMS]
    loud, soft = (rms(sound(program(0), note(0, 1, KEY, velocity))[0]) for velocity in (127, 64))
    full, half = (rms(sound(program(0), control(0, 7, value), note(0, 1, KEY))[0]) for value in (127, 64))
    held, rate = sound(program(19), control(0, 64, 127), note(0.1, 0.2, KEY))
    wide = control(0, 101, 0) + control(0, 100, 0) + control(0, 6, 12)
    bent = sound(program(80), wide, [(0.0, bytes([0xE0, 127, 127]))], note(0.01, 1.5, KEY))
    kits = [sound(program(kit, 9), note(0, 0.5, 38, channel=9))[0] for kit in (0, 25)]
    missing = sound(program(125), note(0, 1, KEY))[0]
    ended = play(midi([*program(19), *note(0, 1.0, KEY)]))
    again = sound(program(0), note(0, 1, KEY))[0], sound(program(0), note(0, 1, KEY))[0]
    onset = sound(program(80), note(0.5003, 1, KEY))
    first = np.flatnonzero(np.abs(onset[0]).max(0) > 1e-3)[0] / onset[1] - 0.5003
    with ThreadPoolExecutor(4) as pool:
        files = [midi([*program(0), *note(0, 1, key), *end(2)]) for key in range(50, 58)]
        same = all(
            np.array_equal(a[0], b[0]) for a, b in zip(pool.map(play, files), map(play, files), strict=True)
        )
    chords = ((0.25 * at, 48 + (7 * at + third) % 30) for at in range(400) for third in (0, 4, 7))
    busy = [event for at, key in chords for event in note(at, 0.24, key)]
    began = time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    sound(program(0), busy, last=102)
    spent = time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - began
    return {
        "rate": f"{rate}",
        "cents off, worst of eight programs": f"{max(np.abs(off)):.0f}",
        "velocity 127 : 64, dB (law: 11.9)": f"{decibels(loud / soft):.1f}",
        "volume 127 : 64, dB (law: 11.9)": f"{decibels(full / half):.1f}",
        "pedal, dB of what sounds after the key is let go": f"{decibels(rms(held[:, rate:]) / rms(held)):.0f}",
        "bend by 12 semitones, cents off": f"{cents(*bent, KEY + 12):.0f}",
        "kits 0 and 25 differ": str(kits[0].shape != kits[1].shape or not np.array_equal(*kits)),
        "program 125, dBFS": f"{decibels(rms(missing)):.0f}",
        "seconds after the last event": f"{ended[0].shape[1] / ended[1] - 1:.2f}",
        "onset late, ms": f"{1000 * first:.1f}",
        "the same bytes twice": str(np.array_equal(*again)),
        "the same in four threads": str(same),
        "times real time (chords, one core)": f"{102 / spent:.0f}",
        "memory, MB": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}",
    }


def opens(make: Callable[[Path], Play], font: Path) -> str:
    """Whether a soundfont can be played."""
    try:
        wave, _ = make(font)(midi([*program(0), *note(0, 1, KEY), *end(1.5)]))
    except BaseException as error:  # a panic in Rust is no Exception
        return type(error).__name__
    return "yes" if rms(wave) > 1e-4 else "silent"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("soundfont", type=Path)
    parser.add_argument("--sf3", type=Path, help="one in the SF3 format, to be tried")
    parser.add_argument("--only", help="one of the synthesisers, so that memory is its own")
    options = parser.parse_args()
    for make in (midirenderer, tinysoundfont, fluidsynth):
        if options.only not in (None, make.__name__):
            continue
        try:
            play = make(options.soundfont)
        except (ImportError, OSError) as error:
            print(f"{make.__name__}: not here ({error})", file=sys.stderr)
            continue
        print(f"## {make.__name__}")
        for name, figure in measured(play).items():
            print(f"{name}: {figure}")
        if options.sf3:
            print(f"SF3: {opens(make, options.sf3)}")


if __name__ == "__main__":
    main()
