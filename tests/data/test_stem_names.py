"""What names of files say about stems."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld.data.stem_folders.names import read_names
from msgld.data.stem_folders.words import COMPLEMENT, NOWHERE, stems_to_train, vocabulary, words_of
from msgld.errors import UsageError
from msgld.stems import MIXTURE, STEMS


def stem_of_file(name: str, stems: tuple[str, ...] = STEMS) -> str | None:
    """The stem that a file of this name holds, by its name alone."""
    return read_names([name], "", stems)[0].stem


SINGLE = {
    "bass": ["bass", "Bass", "BASS", "song - bass", "01 Bass", "bass_guitar.L", "Bass DI", "double bass", "bass.R",
             "BassGuitar", "SynthBass", "808 bass", "sub bass", "Bass (1)", "bass mono", "song - bass - take 2"],
    "drums": ["drums", "Drum", "bass drum", "kick", "Kick In", "snare", "overheads", "OH L", "OHs", "hihat", "hi-hat",
              "toms", "floor tom 2", "cymbals", "perc", "Percussion", "drum mix", "Drumkit", "Schlagzeug"],
    "guitar": ["guitar", "e-gtr", "eGtr", "GTRs", "acoustic guitar", "Acoustic Guitar 2", "12 String", "guitar solo"],
    "piano": ["piano", "rhodes", "ep", "keys", "grand piano", "Electric Piano", "keyboard", "Bass Line - piano"],
    "vocals": ["vocals", "vox", "backing vocals", "Song (Vocals)", "Lead Vox 2", "choir"],
    "other": ["strings", "Strings (continued)", "synth", "organ", "brass", "sax",
              "bass clarinet", "other", "residual", "kazoo", "other_keys", "synth lead"],
    MIXTURE: ["mixture", "full_mix", "linear_mixture", "mixdown", "master", "mix 2", "Song - Master"],
    COMPLEMENT: ["no_drums", "no drums", "drumless", "minus bass", "without vocals", "novocals", "instrumental",
                 "karaoke", "1_Song_(Instrumental)", "all but bass", "(no drums)", "accompaniment"],
}  # fmt: skip
UNCLEAR = [
    "Audio 3_01", "take2", "bass and drums", "bass_drums", "Bass + Drum", "piano guitar", "Bass (Master)", "key Am",
    "Bassist", "string", "Restless", "Bass Line - Audio 3", "Keys - Strings", "808", "", "holiday", "bassment",
]  # fmt: skip


@pytest.mark.parametrize(("name", "stem"), [(name, stem) for stem, names in SINGLE.items() for name in names])
def test_names_are_read_as_words(name: str, stem: str) -> None:
    assert stem_of_file(name) == stem


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_is_not_clear_is_not_guessed(name: str) -> None:
    assert stem_of_file(name) is None


def test_stems_of_the_model_come_first_and_what_it_lacks_goes_to_other() -> None:
    assert stem_of_file("vocals", ("bass", "drums")) == NOWHERE
    assert stem_of_file("lead vox", ("bass", "vocals")) == "vocals"
    assert stem_of_file("kick", ("kick", "drums")) == "kick"
    assert stem_of_file("snare", ("kick", "drums")) == "drums"
    assert stem_of_file("Backing Vocals 2", ("vocals", "backing vocals", "other")) == "backing vocals"
    assert stem_of_file("accompaniment", ("vocals", "accompaniment")) == "accompaniment"
    assert vocabulary(STEMS).stem(words_of("Kick Drum")) == "drums"
    for name in ("tuba player", "mixture", "bass and drums", ""):
        assert vocabulary(STEMS).stem(words_of(name)) is None


FOLDERS = [
    ("Drum Song", ["Drum Song - bass", "Drum Song - drums", "Drum Song"], ["bass", "drums", None]),
    ("x", ["Drum Song - bass", "Drum Song - Audio 3"], ["bass", None]),
    ("x", ["bass - Drum Song", "guitar - Drum Song", "mixture - Drum Song"], ["bass", "guitar", MIXTURE]),
    ("x", ["Bass L", "Bass R"], ["bass", "bass"]),
    ("x", ["bass", "bass drum"], ["bass", "drums"]),
    ("x", ["bass guitar", "bass drum"], ["bass", "drums"]),
    ("x", ["my_bass_guitar", "my_bass_piano"], [None, "piano"]),
    ("Drum Song", ["drum_song_bass"], ["bass"]),
    ("x", ["Piano Man", "Piano Man - bass", "Piano Man - drums"], [None, "bass", "drums"]),
    ("Piano Man", ["Piano Man", "bass", "drums"], [None, "bass", "drums"]),
    ("x", ["Bass - Ampeg", "Guitar - Strat", "Drums - Kick"], ["bass", "guitar", "drums"]),
    ("x", ["Bass Line - Audio 3", "Bass Line - piano", "kick"], [None, "piano", "drums"]),
    ("x", ["Bass - 01", "Bass - 02"], [None, None]),
    ("Bass", ["Bass", "drums"], ["bass", "drums"]),
    ("x", ["01 Song bass", "02 Song drums"], ["bass", "drums"]),
    ("x", ["DrumSongBass", "DrumSongPiano", "mixture"], ["bass", "piano", MIXTURE]),
    ("x", ["synth bass", "synth lead"], ["bass", "other"]),
]  # fmt: skip


@pytest.mark.parametrize(("folder", "names", "stems"), FOLDERS)
def test_a_songs_title_is_no_stem(folder: str, names: list[str], stems: list[str | None]) -> None:
    assert [meant.stem for meant in read_names(names, folder, STEMS)] == stems


WORDS = {"bass": "bass", "drums": "drums", "kick": "drums", "snare": "drums", "guitar": "guitar", "gtr": "guitar",
         "piano": "piano", "rhodes": "piano", "vocals": "vocals", "synth": "other", "strings": "other"}  # fmt: skip
TITLES = [
    "",
    "my song",
    "drum song",
    "bass line",
    "piano man",
    "keys to the city",
    "no more vocals",
    "mix tape",
]
CASES = [str.lower, str.upper, str.title]


@given(
    st.sampled_from(TITLES), st.sampled_from([" ", "_", "-", ".", " - ", "__"]), st.sampled_from(CASES),
    st.lists(st.sampled_from(sorted(WORDS)), min_size=2, max_size=6, unique=True), st.booleans(),
    st.sampled_from(["", " L", "_01", ".R", " DI", " (2)", " - take 1"]),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_titles_numbers_case_and_separators_change_nothing(
    title, separator, case, words, numbered, suffix
) -> None:
    inner = separator.strip() or " "
    names = [separator.join(part for part in (title.replace(" ", inner[0]), word) if part) for word in words]
    names = [case(f"{i:02d}{separator}{name}" if numbered else name) + suffix for i, name in enumerate(names)]
    meant = [one.stem for one in read_names(names, "folder", STEMS)]
    assert meant == [WORDS[word] for word in words], names


@given(st.sampled_from(["no", "minus", "without"]), st.sampled_from([" ", "_", "-"]), st.sampled_from(sorted(WORDS)),
       st.sampled_from(CASES))  # fmt: skip
def test_a_negation_is_never_a_stem(word: str, separator: str, stem: str, case) -> None:
    assert stem_of_file(case(f"{word}{separator}{stem}")) == COMPLEMENT


@given(st.lists(st.text(max_size=20), max_size=5), st.text(max_size=10))
def test_any_text_is_read(names: list[str], folder: str) -> None:
    for meant in read_names(names, folder, STEMS):
        assert meant.stem is None or meant.stem in (*STEMS, MIXTURE, COMPLEMENT)


@pytest.mark.parametrize(
    "names",
    [(), ("",), ("bass", "Bass "), ("drum", "drums"), ("../x",), ("a/b",), ("mixture",), ("residual",), ("ignore",),
     ("nul",), ("bass.",), ("x" * 101,), ("a\nb",), ("a*",)],
)  # fmt: skip
def test_stem_names_are_checked(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        stems_to_train(names)
    assert stems_to_train(("Bass", "lead vocals", "808")) == ("bass", "lead vocals", "808")
