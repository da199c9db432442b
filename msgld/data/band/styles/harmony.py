"""Chord progressions, in Roman numerals counted on the major scale; ``|`` parts bars."""

from __future__ import annotations

POP_MAJOR = (
    "I|V|vi|IV", "vi|IV|I|V", "I|vi|IV|V", "IV|I|V|vi", "I|iii|IV|V", "I|IV|vi|V", "I|V|ii|IV", "I|IV|I|V",
    "vi|V|IV|V", "I|V|vi|iii|IV|I|IV|V", "I|I|IV|IV|vi|vi|V|V", "IV|V|iii|vi|IV|V|I|I", "I|bVII|IV|I",
    "I|IV|ii|V", "I|Isus4|IV|Vsus4", "I V|vi IV|I V|IV V", "I|III7|vi|IV", "I|ii|iii|IV",
    "vi|iii|IV|I|vi|iii|IV|V", "I|IV|iv|I",
)  # fmt: skip
POP_MINOR = (
    "i|bVI|bIII|bVII", "i|bVII|bVI|bVII", "i|iv|bVII|bIII", "i|bVI|iv|V7", "i|v|bVI|bVII", "bVI|bVII|i|i",
    "i|bIII|bVII|iv", "i|iv|i|V7", "i|bVII|bVI|V7", "i|bVI|bIII|bVII|i|bVI|iv|V7", "iv|i|V7|i",
    "i|i|iv|iv|bVI|bVII|i|i", "bVI|i|bVII|v",
)  # fmt: skip
ROCK_MAJOR = (
    "I|IV|V|IV", "I|bVII|IV|I", "I|IV|I|V", "I|V|bVII|IV", "I|I|IV|V", "I|bIII|IV|I", "I|bVI|bVII|I",
    "I|V|IV|IV", "I|vi|IV|V", "I|IV|bVII|IV", "V|IV|I|I", "I bVII|IV I",
)  # fmt: skip
ROCK_MINOR = (
    "i|bVII|bVI|bVII", "i|bIII|bVII|IV", "i|i|bVI|bVII", "i|bVI|bVII|i", "i|iv|bVI|V", "i|bVII|IV|i",
    "i|bIII|iv|bVI", "i bVII|bVI bVII", "i|v|iv|i", "i|i|i|bVII", "i|bII|i|bVII",
)  # fmt: skip
METAL = (
    "i|i|bVI|bVII", "i|bII|i|bII", "i|bVI|bII|V", "i|bIII|bII|i", "i|i|bV|iv", "i|bVII|bVI|bII",
    "i bVI|bIII bVII", "i|i|i|bII",
)  # fmt: skip
DORIAN = (
    "i7|IV7", "i7|i7|IV7|IV7", "i7|ii7|i7|IV7", "i7|bIIImaj7|IV7|i7", "i9|IV13", "i7|IV9|i7|bVII",
    "i|IV|bVII|i", "i7|v7|IV7|i7",
)  # fmt: skip
MIXOLYDIAN = (
    "I|bVII|IV|I", "I7|IV7", "I7|bVII|IV7|I7", "I|v|IV|I", "I|bVII|I|bVII", "I|IV|bVII|IV", "I7|I7|v7|IV7",
)  # fmt: skip
FUNK = ("I9|I9|IV9|I9", "I9", "I7#9|IV9", "I13|bVII9|IV9|I13", "I9|I9|I9|IV9 V9", "i7|IV9", "I9|II9|IV9|I9")
FUNK_MINOR = (
    "i7|IV9", "i9", "i7|bVII9|bVImaj7|V7#9", "i7|i7|iv7|V7#9", "i9|bIIImaj7|iv9|V7alt", "i7|bVI9|V7#9|i7",
)  # fmt: skip
BLUES = (
    "I7|I7|I7|I7|IV7|IV7|I7|I7|V7|IV7|I7|V7", "I7|IV7|I7|I7|IV7|IV7|I7|I7|V7|IV7|I7|V7",
    "I7|IV7|I7|I7|IV7|#ivo7|I7|VI7|ii7|V7|I7 VI7|ii7 V7", "i7|i7|i7|i7|iv7|iv7|i7|i7|bVI7|V7|i7|V7",
    "I7|IV7|I7|IV7|V7|IV7|I7|V7", "I9|I9|I9|I9|IV9|IV9|I9|I9|V9|IV9|I9|V7#9",
)  # fmt: skip
JAZZ_MAJOR = (
    "Imaj7|vi7|ii7|V7", "ii7|V7|Imaj7|VI7b9", "Imaj7|VI7|ii7|V7", "Imaj7|IVmaj7|iii7 VI7|ii7 V7",
    "iii7|VI7|ii7|V7", "Imaj7|Imaj7|v7|I7|IVmaj7|iv6|iii7 VI7|ii7 V7",
    "Imaj7|#io7|ii7|#iio7|iii7|VI7b9|ii7|V7", "III7|III7|VI7|VI7|II7|II7|V7|V7",
    "I6|VI7|II7|V7|I6|IV7|iii7 VI7|ii7 V7", "ii7|V7|iii7|VI7b9|ii7|V7|I6|I6",
    "Imaj9|bVII13|iii7|VI7alt|ii9|V13|I69|V7alt", "Imaj7|iih7 V7|Imaj7|v7 I7|IVmaj7|iv7 bVII7|Imaj7|ii7 V7",
    "Imaj7|bIIImaj7|bVImaj7|bII7", "Imaj7|II7|ii7|V7",
)  # fmt: skip
JAZZ_MINOR = (
    "i7|iv7|iih7|V7b9", "iih7|V7b9|i6|i6", "i7|bVI7|iih7|V7alt",
    "iv7|bVII7|bIIImaj7|bVImaj7|iih7|V7b9|i6|i6", "i6|iih7 V7b9|i6|v7 I7b9|iv7|bVII7|bIIImaj7|iih7 V7b9",
    "i9|i9|bIII7|bIII7|bVImaj7|V7alt|i69|V7#9", "i7|bVII7|bVImaj7|V7b9",
)  # fmt: skip
BOSSA_MAJOR = (
    "Imaj7|Imaj7|II7|II7|ii7|V7|Imaj7|bII7", "Imaj9|VI7b9|ii9|V13", "Imaj7|#io7|ii7|V7",
    "Imaj7|vi7|ii7|V7b9", "Imaj7|iv6|iii7|VI7b9|ii7|V7|I69|I69", "Imaj7|bIIImaj7|ii7|bIImaj7",
    "IVmaj7|iv7|iii7|VI7|ii7|V7|Imaj7|I7",
)  # fmt: skip
BOSSA_MINOR = (
    "i9|i9|iih7|V7b9", "i69|bVImaj7|iih7|V7b9", "i7|iv7|bVII7|bIIImaj7|iih7|V7b9|i6|i6",
    "i7|VI7|iih7|V7alt", "i9|bII7|i9|V7#9",
)  # fmt: skip
BALLAD_MAJOR = (
    "I|V|vi|IV", "Imaj7|iii7|IVmaj7|V7sus4", "I|iii7|vi7|I7|IVmaj7|iv6|I|V7sus4", "Imaj7|vi7|ii7|V7",
    "I|V|vi|iii|IV|I|ii7|V", "Iadd9|vi7|IVmaj7|Vsus4", "I|#io7|ii7|V7", "I|III7|vi7|IV|I|V|IV|I",
    "IVmaj7|V|iii7|vi7", "vi7|IVmaj7|I|V", "I|I7|IV|iv",
)  # fmt: skip
BALLAD_MINOR = (
    "i|bVI|bIII|bVII", "i|iv7|bVII|bIIImaj7|bVImaj7|iih7|V7|i", "i|imaj7|i7|i6",
    "i|V7|bVI|bIII|iv|i|iih7|V7", "iadd9|bVImaj7|bIII|bVII", "i|iv|V7|i",
)  # fmt: skip
REGGAE_MAJOR = (
    "I|IV|I|V", "I|V|vi|IV", "I|ii|I|ii", "I|IV", "I|vi|ii|V", "I|I|IV|V", "I|V|IV|IV", "I|bVII|IV|I",
)  # fmt: skip
REGGAE_MINOR = ("i|iv", "i|bVII", "i7|iv7|i7|v7", "i|bVI|bVII|i", "i|v|iv|i", "i|bIII|bVII|iv")
DISCO_MINOR = (
    "i7|IV9", "i7|bVII|bVImaj7|V7", "iv7|bVII9|bIIImaj7|bVImaj7|iv7|V7|i7|i7", "i|bVI|bVII|v7",
    "i9|iv9|bVII13|bIIImaj9", "bVImaj7|v7|i7|i7",
)  # fmt: skip
DISCO_MAJOR = (
    "Imaj7|iii7|ii7|V9sus4", "ii9|V13|Imaj9|vi9", "I|vi7|ii7|V7", "IVmaj7|iii7|ii7|Imaj7",
    "I|IV|ii7|V7sus4", "IVmaj9|V9sus4|iii7|vi7",
)  # fmt: skip
HOUSE_MINOR = (
    "i7|bVImaj7|bIIImaj7|bVII", "i9|iv9", "i7|v7", "i7|bVII|iv7|v7", "i9", "i9|bVImaj9|iv9|v7",
    "bVImaj7|bVII|i7|i7", "i|i|bVI|bVII",
)  # fmt: skip
SOUL_MAJOR = (
    "I|vi7|ii7|V7", "Imaj7|IVmaj7", "I|ii7|iii7|IVmaj7", "I|IV|I|V9sus4", "Imaj9|vi9|ii9|V13",
    "I|I7|IV|iv6", "IV|V|iii7|vi7", "ii7|iii7|IVmaj7|V7sus4",
)  # fmt: skip
SOUL_MINOR = (
    "i7|iv7", "i9|iv9|bVII13|bIIImaj7", "i7|bVImaj7|iv7|V7#9", "i7|v7|bVImaj7|V7sus4", "iv7|i7|V7#9|i7",
)  # fmt: skip
COUNTRY = (
    "I|I|IV|I|I|I|V|V|I|I7|IV|I|I|V|I|I", "I|IV|V|I", "I|V|I|IV", "I|IV|I|V|I|IV|V|I", "vi|IV|I|V",
    "I|I|V|V|V|V|I|I", "IV|I|V|I", "I|II7|IV|I",
)  # fmt: skip
FOLK_MAJOR = (
    "I|IV|I|V", "I|V|vi|IV", "I|I|V|V|IV|IV|I|I", "I|iii|IV|I", "I|IV|V|I", "vi|V|IV|I", "I|ii|IV|I",
    "I|V|I|V|IV|I|V|I",
)  # fmt: skip
FOLK_MINOR = ("i|bVII|i|bVII", "i|bVII|bVI|V", "i|bIII|bVII|i", "i|iv|i|bVII", "i|v|bVI|bIII|iv|i|bVII|i")
LATIN_MAJOR = (
    "I|IV|V|IV", "I|IV|V7|IV", "I|ii7|V7|I", "I6|VI7|ii7|V7", "V7|V7|I|I", "I|V7|V7|I",
    "Imaj7|IVmaj7|iii7 VI7|ii7 V7",
)  # fmt: skip
LATIN_MINOR = (
    "i|iv|V7|iv", "i|bVII|bVI|V7", "i|V7|V7|i", "i7|IV7|i7|IV7", "iv7|bVII7|bIIImaj7|bVImaj7|iih7|V7|i|i",
    "i|i|iv|V7", "iih7|V7b9|i7|i7",
)  # fmt: skip
MARCH = (
    "I|I|V7|V7|V7|V7|I|I", "I|IV|V7|I", "I|I|IV|IV|V7|V7|I|V7", "I|V7|I|V7|IV|I|V7|I", "I|VI7|II7|V7",
    "I|IV|I|V|I|II7|V|V7",
)  # fmt: skip
MARCH_MINOR = ("i|V7|i|V7", "i|iv|V7|i", "i|bVII|bVI|V7", "i|i|iv|V7|bVI|iv|V7|i")
HIPHOP = (
    "i|bVI", "i7|iv7", "i|bVII|bVI|V7", "i|i|bVI|bVII", "i9|bVImaj7", "i|iv", "i|v", "i7|bVImaj7|iv7|V7#9",
    "i|bII", "i|bVI|bIII|bVII",
)  # fmt: skip
HIPHOP_MAJOR = (
    "Imaj7|vi7", "ii9|V13|Imaj9|VI7alt", "Imaj7|IVmaj7", "IVmaj7|iii7|vi7|vi7", "ii7|iii7", "Imaj9|iv9",
)  # fmt: skip
DNB = (
    "i|bVI|bIII|bVII", "i9|i9|bVImaj7|bVImaj7", "i|i|iv|v", "i9|iv9", "i|i|bVI|bVII", "bVImaj7|bVII|i|i",
    "i|bII|i|bVII",
)  # fmt: skip
AFRO = ("i7|i7|IV7|IV7", "i7", "i7|bVII|i7|bVII", "i7|iv7", "i9|IV9", "i7|bIII|IV7|i7")
AFRO_MAJOR = ("I|IV|V|IV", "I|ii7", "I7|IV7|V7|IV7", "I|IV|I|V7")
WALTZ_MAJOR = (
    "I|I|V7|V7|V7|V7|I|I", "I|vi|ii|V7", "Imaj7|vi7|ii7|V7", "I|V|vi|iii|IV|I|IV|V7", "I|I7|IV|iv|I|V7|I|I",
    "Imaj7|VI7b9|ii7|V7|iii7|VI7|ii7|V7", "I|IV|I|V7|I|IV|V7|I",
)  # fmt: skip
WALTZ_MINOR = (
    "i|i|V7|V7|iv|i|V7|i", "i|iv|V7|i", "i|bVII|bVI|V7", "i7|iv7|iih7|V7b9", "iv|i|V7|i|bVI|bIII|iih7|V7",
)  # fmt: skip
