"""The command convert: every format, and back."""

import numpy as np
from commands import answer_of, complaint

from skipgram_lib import SkipGram, load_vectors
from skipgram_lib.apps.cli.program import main


def test_convert_writes_every_format_and_reads_it_back(
    model, tmp_path, capsys
):
    source, wanted = model, SkipGram.load(model).vectors
    for name in ["a.bin", "b.txt", "c.vec.gz", "d.npz", "e.safetensors", "f"]:
        answer = answer_of(capsys, "convert", source, tmp_path / name)
        assert answer["words"] == len(wanted)
        assert answer["bytes"] > 0
        source = tmp_path / name
        found = load_vectors(source)
        assert found.words == wanted.words
        assert (found.matrix == wanted.matrix).all()
    assert main(["convert", str(source), str(tmp_path / "g.npz")]) == 0
    assert "g.npz: 5 words x 8" in capsys.readouterr().out


def test_convert_obeys_its_options(model, tmp_path, capsys):
    out = tmp_path / "half"
    answer_of(
        capsys,
        "convert",
        model,
        out,
        "--to",
        "npz",
        "--dtype",
        "float16",
        "--matrix",
        "sum",
        "--limit",
        "2",
    )
    found = load_vectors(out, format="npz")
    wanted = SkipGram.load(model).word_vectors("sum")
    assert found.matrix.dtype == np.float16
    assert found.words == wanted.words[:2]
    np.testing.assert_allclose(found.matrix, wanted.matrix[:2], rtol=1e-3)
    answer_of(
        capsys, "convert", out, tmp_path / "again.txt", "--format", "npz"
    )
    assert load_vectors(tmp_path / "again.txt").words == found.words


def test_convert_keeps_nan_only_if_asked(tmp_path, capsys):
    bad, out = tmp_path / "bad.txt", tmp_path / "out.txt"
    bad.write_text("2 2\na 1 nan\nb 2 3\n")
    assert main(["convert", str(bad), str(out)]) == 1
    assert "bad.txt" in complaint(capsys)
    assert not out.exists()
    answer_of(capsys, "convert", bad, out, "--no-finite")
    assert np.isnan(load_vectors(out, finite=False)["a"][1])
