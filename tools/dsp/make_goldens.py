#!/usr/bin/env python3
"""Writes tests/dsp/goldens/*.txt: what SciPy and python_speech_features make of a signal that the tests make, too.

    pip install numpy scipy python_speech_features
    tools/dsp/make_goldens.py
"""

import pathlib

import numpy
import python_speech_features.base as psf
import scipy.fft
import scipy.signal

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "tests/dsp/goldens"


def signal(samples, rate):
    """Two tones, one gliding, and a chirp of noise that needs no random numbers."""
    t = numpy.arange(samples) / rate
    x = 0.5 * numpy.sin(2 * numpy.pi * (0.03 * rate * t + 200 * t * t)) + 0.2 * numpy.cos(2 * numpy.pi * 0.21 * rate * t)
    return (x + 0.05 * numpy.sin(numpy.arange(samples) ** 2 * 0.7)).astype(numpy.float32).astype(numpy.float64)


def write(name, rows):
    with open(GOLDENS / f"{name}.txt", "w") as file:
        for row in rows:
            file.write(" ".join(f"{v:.6f}" for v in row) + "\n")


def frames(x, length, stride):
    return numpy.array([x[i:i + length] for i in range(0, len(x) - length + 1, stride)])


def main():
    GOLDENS.mkdir(parents=True, exist_ok=True)
    rate = 16000
    x = signal(1600, rate)
    # mel bands of frames without a window or emphasis
    power = psf.sigproc.powspec(frames(x, 320, 320), 512)
    banks = psf.get_filterbanks(32, 512, rate, 0, rate / 2)
    write("mel_32_fft512", 10 * numpy.log10(power @ banks.T))
    banks = psf.get_filterbanks(20, 512, rate, 300, 4000)
    write("mel_20_fft512_300_4000", 10 * numpy.log10(power @ banks.T))
    # spectrogram with a periodic Hann window
    window = scipy.signal.get_window("hann", 256)
    power = numpy.abs(scipy.fft.rfft(frames(x, 256, 128) * window, 256)) ** 2 / 256
    write("spectrogram_hann_fft256", 10 * numpy.log10(power[:4]))


main()
